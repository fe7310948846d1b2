"""A user's machine, on which the real program runs."""

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

from jobstat.demo.api import TOKEN, USER
from jobstat.demo.oauth import CLIENT_SECRET, CONFIDENTIAL_CLIENT, PUBLIC_CLIENT
from jobstat.demo.server import DemoServer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from contextlib import AbstractContextManager

    from children import Child


TESTS = Path(__file__).parent


@dataclass
class Grants:
    """The token requests to the demo account, and the use of the tokens.

    ``granted`` holds the time and the grant type of each token. ``requests`` counts the
    token requests; ``accepted`` and ``refused`` count the requests that send a token.
    """

    granted: list[tuple[float, str]] = field(default_factory=list)
    accepted: int = 0
    refused: int = 0
    requests: int = 0


@dataclass
class Machine:
    """A home directory, a keyring, and an account of the user.

    ``keyring`` is a class of ``fake_keyrings``, ``settings`` are more variables of the
    environment.
    """

    home: Path
    demo: DemoServer
    keyring: str = "Working"
    settings: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.demo.base_url.partition("://")[2]

    @property
    def env(self) -> dict[str, str]:
        keyring = {
            "KEYRING_FILE": str(self.home / "keyring.json"),
            "PYTHONPATH": str(TESTS),
            "PYTHON_KEYRING_BACKEND": f"fake_keyrings.{self.keyring}",
        }
        folders = {"HOME": str(self.home), "XDG_CONFIG_HOME": str(self.config.parent)}
        return environment() | keyring | folders | self.settings

    @property
    def config(self) -> Path:
        return self.home / "config" / "jobstat"

    @property
    def accounts(self) -> dict[str, Any]:
        path = self.config / "accounts.toml"
        return tomllib.loads(path.read_text()) if path.exists() else {}

    @property
    def entry(self) -> dict[str, Any]:
        """The account's entry in the keyring, empty if there is none."""
        path = self.home / "keyring.json"
        entries = json.loads(path.read_text()) if path.exists() else {}
        text = entries.get(f"jobstat/{self.demo.base_url}")
        return dict(json.loads(text)) if text else {}

    def run(
        self, *arguments: str, typed: str | None = None, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        return run_forked(*arguments, env=self.env | settings, typed=typed)

    def start(
        self, *arguments: str, program: Sequence[str] = JOBSTAT, **settings: str
    ) -> AbstractContextManager[Child]:
        """Run jobstat in the background during the block."""
        return child(
            [*program, *arguments],
            env=self.env | settings,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def change_entry(self, **changes: object) -> None:
        """Change fields of the account's entry in the keyring."""
        entry = json.dumps({**self.entry, **changes})
        (self.home / "keyring.json").write_text(
            json.dumps({f"jobstat/{self.demo.base_url}": entry})
        )

    def login(
        self, *arguments: str, **settings: str
    ) -> subprocess.CompletedProcess[str]:
        """Log in with the client's secret."""
        return self.run(
            *("auth", "login", "--base-url", self.demo.base_url),
            *("--client-id", CONFIDENTIAL_CLIENT, "--with-secret", *arguments),
            typed=CLIENT_SECRET,
            **settings,
        )

    def login_by_browser(
        self, *arguments: str, answer: str = "allow", port: int | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Log in with a browser, whose user gives this answer."""
        while True:
            done = self.run(
                *("auth", "login", "--base-url", self.demo.base_url),
                *("--client-id", PUBLIC_CLIENT, "--port", str(port or free_port())),
                *arguments,
                BROWSER=f"{sys.executable} {TESTS / 'browser.py'} {answer} %s",
                BROWSER_LOG=str(self.home / "browser.json"),
            )
            # Another process may have taken the port meanwhile.
            if port or "cannot wait for the browser on" not in done.stderr:
                return done

    @contextmanager
    def other_account(self) -> Iterator[Machine]:
        """Yield this machine with another account."""
        with DemoServer(duration=1.0) as demo:
            yield Machine(self.home, demo, self.keyring)


def secrets_of(machine: Machine) -> list[str]:
    """Return the secrets of the machine's login, and those of the demo."""
    texts = [value for value in machine.entry.values() if isinstance(value, str)]
    return [*texts, CLIENT_SECRET, TOKEN]


def check_login(machine: Machine, done: subprocess.CompletedProcess[str]) -> None:
    """Check that a login succeeded, that it works, and that no output has a secret."""
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert f"Logged in to {machine.name} as {USER['email']}.\n" in done.stderr
    assert "It is the default account.\n" in done.stderr
    listed = machine.run("list", "--json")
    assert listed.returncode == 0, listed.stderr
    profiles = (machine.config / "accounts.toml").read_text()
    for secret in secrets_of(machine):
        for text in (done.stderr, listed.stderr, profiles):
            assert secret not in text


def free_port() -> int:
    """Return a port that no other process is likely to take.

    Linux gives ports from 32,768 on to processes that do not choose one.
    """
    while True:
        port = SystemRandom().randrange(20_000, 32_000)
        with suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port
