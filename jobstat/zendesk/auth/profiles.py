"""The accounts that jobstat knows: what is not secret of them, in a file."""

from __future__ import annotations

import fcntl
import os
import re
import time
import tomllib
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jobstat import clock
from jobstat.errors import Unavailable, UsageError
from jobstat.zendesk.auth.account import Account, account_from_url
from jobstat.zendesk.auth.credentials import AuthMethod
from jobstat.zendesk.auth.files import check_private, read_settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

# No account has such a name.
_FILE_LOCK = "_accounts"

LOCK_TIMEOUT = 10.0
"""Seconds that another jobstat may take to write the file."""

_HEADING = "# Written by jobstat auth. The secrets are in the system's keyring.\n\n"


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known of how jobstat is logged in to an account, but for secrets."""

    kind: AuthMethod
    client_id: str | None = None
    email: str | None = None
    user: str | None = None


@dataclass(slots=True)
class Profiles:
    """The accounts by their origins, and which of them is the default."""

    default: str | None = None
    records: dict[str, Profile] = field(default_factory=dict)

    @property
    def default_account(self) -> Account | None:
        """The account of which all is about, if nothing else is said."""
        return Account(self.default) if self.default else None


class NoHome(UsageError):
    """There is no place for what a user configures."""


class NoLock(UsageError):
    """The lock file cannot be written."""


def folder() -> Path:
    """Where jobstat keeps its file: the user's configuration directory.

    Raises NoHome.
    """
    from platformdirs import user_config_path

    try:
        return user_config_path("jobstat", appauthor=False)
    except RuntimeError as error:
        raise NoHome("there is no home directory", hint="Set HOME.") from error


def load() -> Profiles:
    """The accounts that are known. Raises UsageError where that cannot be read."""
    try:
        path = _path()
    except NoHome:
        return Profiles()
    try:
        document = tomllib.loads(read_settings(path, check_private).decode())
    except FileNotFoundError:
        return Profiles()
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise _not_ours(path) from error
    try:
        return _parsed(document)
    except (ValueError, TypeError, AttributeError, KeyError, UsageError) as error:
        raise _not_ours(path) from error


def change(edit: Callable[[Profiles], None], meanwhile: Callable[[], None]) -> Profiles:
    """Change the accounts that are known; gives them.

    ``meanwhile`` is done when nothing but a rename is left to be done, and where it
    fails, nothing has changed. Raises UsageError, Unavailable, and what it raises.
    """
    with locked(_FILE_LOCK, LOCK_TIMEOUT):
        known = load()
        edit(known)
        path = _path()
        new = path.with_name(f".{path.name}.{os.getpid()}")
        _remove_stale(path)
        try:
            _write(new, known)
            meanwhile()
            new.replace(path)
        except OSError as error:
            raise UsageError(f"cannot write {path}: {error.strerror}") from error
        finally:
            with suppress(OSError):
                new.unlink()
    return known


def check_writable() -> None:
    """Raises UsageError where nothing can be changed, as far as that is clear."""
    with locked(_FILE_LOCK, LOCK_TIMEOUT):
        load()


@contextmanager
def locked(name: str, timeout: float) -> Iterator[None]:
    """Keep other processes of this user out of the same; ``timeout`` is in seconds.

    Raises Unavailable where one of them is in there for all that time, NoLock where
    the lock cannot be written, UsageError where another user could take it away.
    """
    path = folder() / f"{re.sub('[^0-9a-z._-]', '_', name)}.lock"
    deadline = clock.monotonic() + timeout
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_private(path.parent, path.parent.stat())
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(path, flags, 0o600)
    except OSError as error:
        raise NoLock(f"cannot write {path}: {error.strerror}") from error
    try:
        while True:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if clock.monotonic() > deadline:
                    raise Unavailable(
                        f"another jobstat keeps the lock {path}"
                    ) from None
                time.sleep(0.05)
            except OSError as error:
                raise NoLock(f"cannot lock {path}: {error.strerror}") from error
        yield
    finally:
        os.close(fd)


def _not_ours(path: Path) -> UsageError:
    return UsageError(
        f"{path} is not what jobstat wrote", hint="Move it away, and log in again."
    )


def _parsed(document: dict[str, Any]) -> Profiles:
    known = Profiles(default=document.get("default"))
    for url, told in document.get("accounts", {}).items():
        texts = {name: told.get(name) for name in ("client_id", "email", "user")}
        if not all(text is None or isinstance(text, str) for text in texts.values()):
            raise ValueError(f"{url} has a value that is no text")
        account = account_from_url(url, "an account")
        known.records[account.origin] = Profile(AuthMethod(told["kind"]), **texts)
    if known.default is not None and known.default not in known.records:
        raise ValueError("the default is none of its accounts")
    return known


def _path() -> Path:
    named = folder() / "accounts.toml"
    try:
        # Where it is a link, what it leads to is replaced.
        path = named.resolve()
        for directory in (named.parent, path.parent):
            with suppress(FileNotFoundError):
                check_private(directory, directory.stat())
    except (OSError, RuntimeError) as error:
        why = getattr(error, "strerror", None) or "its links go round in a circle"
        raise UsageError(f"cannot read {named}: {why}") from error
    return path


def _remove_stale(path: Path) -> None:
    """Remove the new files of killed processes: only the holder of the lock has one."""
    stale = re.compile(rf"\.{re.escape(path.name)}\.[0-9]+")
    with suppress(OSError):
        for file in path.parent.iterdir():
            if stale.fullmatch(file.name):
                file.unlink()


def _write(path: Path, known: Profiles) -> None:
    import tomli_w

    accounts = {
        origin: {
            name: str(value)
            for name in ("kind", "client_id", "email", "user")
            if (value := getattr(record, name)) is not None
        }
        for origin, record in known.records.items()
    }
    default = {"default": known.default} if known.default else {}
    text = _HEADING + tomli_w.dumps({**default, "accounts": accounts})
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    # What cannot be text, as half of a character, is of no use either.
    with os.fdopen(
        os.open(path, flags, 0o600), "w", encoding="utf-8", errors="replace"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
