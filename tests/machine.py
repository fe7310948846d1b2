"""A user's machine, on which the real program is used."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import tomllib
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import SystemRandom
from typing import TYPE_CHECKING, Any

from children import child
from forks import run_forked
from support import JOBSTAT, environment

from jobstat.demo.oauth import CLIENT_SECRET, CONFIDENTIAL_CLIENT, PUBLIC_CLIENT
from jobstat.demo.server import DemoServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from children import Child


TESTS = Path(__file__).parent


@dataclass
class Grants:
    """What is asked of the account's OAuth: when tokens were granted, and how.

    ``taken`` counts the tokens that were shown and taken, ``refused`` the others,
    ``asked`` all the requests for one.
    """

    granted: list[tuple[float, str]] = field(default_factory=list)
    taken: int = 0
    refused: int = 0
    asked: int = 0


@dataclass
class Machine:
    """A user's machine: a home, a keyring, an account that the user works with."""

    home: Path
    demo: DemoServer
    ring: str = "Ring"
    more: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.demo.base_url.partition("://")[2]

    @property
    def env(self) -> dict[str, str]:
        ring = {
            "RING": str(self.home / "ring.json"),
            "PYTHONPATH": str(TESTS),
            "PYTHON_KEYRING_BACKEND": f"rings.{self.ring}",
        }
        places = {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.config.parent)}
        return environment() | ring | places | self.more

    @property
    def config(self) -> Path:
        return self.home / "config" / "jobstat"

    @property
    def accounts(self) -> dict[str, Any]:
        path = self.config / "accounts.toml"
        return tomllib.loads(path.read_text()) if path.exists() else {}

    @property
    def held(self) -> dict[str, Any]:
        """What the keyring has of the account."""
        path = self.home / "ring.json"
        entries = json.loads(path.read_text()) if path.exists() else {}
        text = entries.get(f"jobstat/{self.demo.base_url}")
        return dict(json.loads(text)) if text else {}

    def run(
        self, *arguments: str, typed: str | None = None, **more: str
    ) -> subprocess.CompletedProcess[str]:
        return run_forked(*arguments, env=self.env | more, typed=typed)

    def start(
        self, *arguments: str, program: Sequence[str] = JOBSTAT, **more: str
    ) -> AbstractContextManager[Child]:
        """Run jobstat while the block lasts."""
        return child(
            [*program, *arguments],
            env=self.env | more,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def hold(self, **changes: object) -> None:
        """Change what the keyring has of the account."""
        entry = json.dumps({**self.held, **changes})
        (self.home / "ring.json").write_text(
            json.dumps({f"jobstat/{self.demo.base_url}": entry})
        )

    def login(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        """Log in by the client's secret."""
        return self.run(
            *("auth", "login", "--base-url", self.demo.base_url),
            *("--client-id", CONFIDENTIAL_CLIENT, "--with-secret", *arguments),
            typed=CLIENT_SECRET,
            **more,
        )

    def login_by_browser(
        self, *arguments: str, answer: str = "allow", port: int | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Log in by a browser, whose user answers so."""
        while True:
            done = self.run(
                *("auth", "login", "--base-url", self.demo.base_url),
                *("--client-id", PUBLIC_CLIENT, "--port", str(port or free_port())),
                *arguments,
                BROWSER=f"{sys.executable} {TESTS / 'browser.py'} {answer} %s",
                BROWSER_LOG=str(self.home / "browser.json"),
            )
            # Another process may have taken the free port meanwhile.
            if port or "cannot wait for the browser on" not in done.stderr:
                return done

    @contextmanager
    def another(self) -> Iterator[Machine]:
        """The same machine, and another account."""
        with DemoServer(duration=1.0) as demo:
            yield Machine(self.home, demo, self.ring)


def free_port() -> int:
    """A port that nothing else is likely to take.

    The system itself gives ports from 32,768 on to those who do not choose one.
    """
    while True:
        port = SystemRandom().randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
