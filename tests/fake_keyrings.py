"""Keyrings that stand in for the system's, working and broken ones.

``PYTHON_KEYRING_BACKEND`` names the one that a process uses. Its entries are in the
file that ``KEYRING_FILE`` names.
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


class Working(KeyringBackend):
    """A keyring in a file, as macOS has one: it finds entries by their names."""

    priority: ClassVar[float] = 1

    def _load(self) -> dict[str, str]:
        path = Path(os.environ["KEYRING_FILE"])
        return dict(json.loads(path.read_text())) if path.exists() else {}

    def _save(self, entries: dict[str, str]) -> None:
        path = Path(os.environ["KEYRING_FILE"])
        new = path.with_suffix(f".{os.getpid()}")
        new.write_text(json.dumps(entries))
        new.replace(path)

    def get_password(self, service: str, username: str) -> str | None:
        return self._load().get(f"{service}/{username}")

    def set_password(self, service: str, username: str, password: str) -> None:
        self._save({**self._load(), f"{service}/{username}": password})

    def delete_password(self, service: str, username: str) -> None:
        entries = self._load()
        del entries[f"{service}/{username}"]
        self._save(entries)


class Recording(Working):
    """Creates the file ``asked`` when it is read."""

    def get_password(self, service: str, username: str) -> str | None:
        Path(os.environ["KEYRING_FILE"]).with_name("asked").touch()
        return super().get_password(service, username)


class Hanging(Working):
    """Shows a dialog that nobody answers."""

    def get_password(self, service: str, username: str) -> str | None:
        time.sleep(600)
        return None

    set_password = delete_password = get_password  # type: ignore[assignment] # they hang too


class Asking(Working):
    """Shows a dialog until the file exists that ``ANSWERED`` names."""

    def get_password(self, service: str, username: str) -> str | None:
        while not Path(os.environ["ANSWERED"]).exists():
            time.sleep(0.05)
        return super().get_password(service, username)


class Locked(Working):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringLocked("Failed to unlock the collection!")


class Lockable(Working):
    """Locked while the file exists that ``LOCK`` names."""

    def get_password(self, service: str, username: str) -> str | None:
        if Path(os.environ["LOCK"]).exists():
            raise KeyringLocked("Failed to unlock the collection!")
        return super().get_password(service, username)


class Failing(Working):
    def get_password(self, service: str, username: str) -> str | None:
        raise KeyringError("no\nbus")


class Defective(Working):
    """Raises an exception that no keyring should raise."""

    def get_password(self, service: str, username: str) -> str | None:
        raise ZeroDivisionError


class Interrupting(Working):
    """Raises the exception of Ctrl-C."""

    def get_password(self, service: str, username: str) -> str | None:
        raise KeyboardInterrupt


class Chain(Working):
    """Several keyrings, chained as the library does it."""

    @property
    def backends(self) -> list[Working]:
        return [Working(), SecretService()]  # type: ignore[no-untyped-call] # keyring has no types for it


class ReadOnly(Working):
    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringError(f"cannot keep {password}")


class Revealing(Working):
    """Cannot be written. Its error shows the secret outside its first argument."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise {
            "command": CalledProcessError(1, ["pass", f"--password={password}"]),
            "file": FileNotFoundError(2, "No such file", f"/keep/{password}"),
            "tuple": RuntimeError(("cannot keep", password)),
        }[os.environ["REVEALING"]]


class Hostile(Working):
    """Cannot be written. Its error holds control characters for a terminal."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise KeyringError("no\x1b[2J\u202e")


class SecretService(SchemeSelectable, Working):
    """Finds entries by attributes, as the Secret Service of Linux does."""

    def _key(self, service: str, username: str) -> str:
        attributes: dict[str, str] = self._query(service, username)
        return json.dumps(attributes, sort_keys=True)

    def get_password(self, service: str, username: str) -> str | None:
        return self._load().get(self._key(service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self._save({**self._load(), self._key(service, username): password})


def save_as_zcli(kind: type[Working], path: Path, name: str, secret: str) -> None:
    """Store a secret as zcli does it on a system with this kind of keyring."""

    def secret_service_key() -> str:
        return json.dumps({"account": name, "service": "zcli"})

    keys: dict[type[Working], Callable[[], str]] = {
        SecretService: secret_service_key,
        Chain: secret_service_key,
    }
    key = keys.get(kind, lambda: f"zcli/{name}")()
    path.write_text(json.dumps({key: secret}))
