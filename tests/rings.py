"""Keyrings that stand in for a system's own, good ones and bad ones.

A process takes the one that ``PYTHON_KEYRING_BACKEND`` names. What is in it stands
in the file that ``RING`` names.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from subprocess import CalledProcessError
from typing import TYPE_CHECKING, ClassVar

from keyring.backend import KeyringBackend, SchemeSelectable
from keyring.errors import KeyringError, KeyringLocked

if TYPE_CHECKING:
    from collections.abc import Callable


class Ring(KeyringBackend):
    """A keyring in a file."""

    priority: ClassVar[float] = 1

    def _read(self) -> dict[str, str]:
        path = Path(os.environ["RING"])
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def _write(self, held: dict[str, str]) -> None:
        path = Path(os.environ["RING"])
        new = path.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(held))
        new.replace(path)

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._write({**self._read(), f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        held = self._read()
        del held[f"{service}/{username}"]
        self._write(held)


class Noting(Ring):
    """Leaves a file that says that it was asked."""

    def get_password(self, service: str, username: str) -> str | None:
        Path(os.environ["RING"]).with_name("asked").touch()
        return super().get_password(service, username)


class Hanging(Ring):
    """Asks somebody who is not there."""

    def get_password(self, service: str, username: str) -> str | None:
        time.sleep(600)
        return None

    set_password = delete_password = get_password  # type: ignore[assignment] # too


class Asking(Ring):
    """Answers once there is a file of the name that ``ANSWERED`` has."""

    def get_password(self, service: str, username: str) -> str | None:
        while not Path(os.environ["ANSWERED"]).exists():
            time.sleep(0.05)
        return super().get_password(service, username)


class Locked(Ring):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("Failed to unlock the collection!")


class Lockable(Ring):
    """Locked as long as there is a file of the name that ``LOCK`` has."""

    def get_password(self, service: str, username: str) -> str | None:
        if Path(os.environ["LOCK"]).exists():
            raise KeyringLocked("Failed to unlock the collection!")
        return super().get_password(service, username)


class Failing(Ring):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringError("no\nbus")


class Defective(Ring):
    """Raises what no keyring should."""

    def get_password(self, service: str, username: str) -> str | None:
        raise ZeroDivisionError


class Leaving(Ring):
    """Wants to end the process."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyboardInterrupt


class Chain(Ring):
    """Several keyrings, as the library makes it of them."""

    @property
    def backends(self) -> list[Ring]:
        return [Ring(), SecretService()]  # type: ignore[no-untyped-call] # keyring's own


class Reading(Ring):
    """Can be read, and not be written."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringError(f"cannot keep {password}")


class Revealing(Ring):
    """Cannot be written, and repeats the secret outside its error's arguments."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise {
            "command": CalledProcessError(1, ["pass", f"--password={password}"]),
            "file": FileNotFoundError(2, "No such file", f"/keep/{password}"),
            "tuple": RuntimeError(("cannot keep", password)),
        }[os.environ["REVEALING"]]


class Hostile(Ring):
    """Cannot be written, and says so with what clears a screen."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringError("no\x1b[2J\u202e")


class SecretService(SchemeSelectable, Ring):
    """Finds by attributes, as the Secret Service of Linux does."""

    def _key(self, service: str, username: str) -> str:
        attributes: dict[str, str] = self._query(service, username)
        return json.dumps(attributes, sort_keys=True)

    def get_password(self, service: str, username: str) -> str | None:
        return self._read().get(self._key(service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._write({**self._read(), self._key(service, username): password})


def zcli_writes(kind: type[Ring], path: Path, name: str, secret: str) -> None:
    """Store a secret as zcli does it on a system with such a keyring."""
    keys: dict[type[Ring], Callable[[], str]] = {
        SecretService: lambda: json.dumps({"account": name, "service": "zcli"}),
        Chain: lambda: json.dumps({"account": name, "service": "zcli"}),
    }
    key = keys.get(kind, lambda: f"zcli/{name}")()
    path.write_text(json.dumps({key: secret}))
