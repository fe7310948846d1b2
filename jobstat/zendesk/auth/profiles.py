"""The accounts that jobstat is logged in to: a file without secrets."""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jobstat.errors import UsageError
from jobstat.zendesk.auth.account import Account, account_from_url
from jobstat.zendesk.auth.credentials import AuthMethod
from jobstat.zendesk.auth.files import check_private, lock, read_settings

if TYPE_CHECKING:
    from pathlib import Path

PROFILES_LOCK_TIMEOUT = 10.0
"""Seconds to wait for another jobstat that has locked the file."""

_LOCK_NAME = "_accounts"  # no host has an underscore, so no account has this name

_FORMAT_ERRORS = (
    ValueError,
    TypeError,
    AttributeError,
    KeyError,
    RecursionError,
    UsageError,
)
"""Errors of ``_parse``, and of tomllib, for a file that jobstat did not write."""

_HEADING = "# Written by jobstat auth. The secrets are in the system's keyring.\n\n"


@dataclass(frozen=True, slots=True)
class Profile:
    """The part of a login that is not secret. ``user`` is the user's e-mail or name."""

    method: AuthMethod
    client_id: str | None = None
    email: str | None = None
    user: str | None = None


@dataclass(slots=True)
class Profiles:
    """The content of the file. ``accounts`` are the profiles by account origin."""

    default: str | None = None
    accounts: dict[str, Profile] = field(default_factory=dict)

    @property
    def default_account(self) -> Account | None:
        """The default account, None if there is none."""
        return Account(self.default) if self.default else None


class NoHomeError(UsageError):
    """The user has no home directory, so there is no configuration file."""


def config_directory() -> Path:
    """Return jobstat's directory for user configuration. Raise NoHomeError."""
    from platformdirs import user_config_path

    try:
        return user_config_path("jobstat", appauthor=False)
    except RuntimeError as error:
        raise NoHomeError(
            "there is no home directory", hint="Set HOME to your home directory."
        ) from error


def load_profiles() -> Profiles:
    """Return the profiles in the file, none if there is no file. Raise UsageError."""
    try:
        path = _resolved_path()
    except NoHomeError:
        return Profiles()
    try:
        content = read_settings(path, check_private)
    except FileNotFoundError:
        return Profiles()
    except OSError as error:
        raise UsageError(
            f"cannot read {path}: {error.strerror}",
            hint="Check the file and its permissions.",
        ) from error
    try:
        return _parse(tomllib.loads(content.decode()))
    except _FORMAT_ERRORS as error:
        raise UsageError(
            f"{path} is not in jobstat's format",
            hint="Rename the file, and log in again with jobstat auth login.",
        ) from error


@contextmanager
def edit_profiles() -> Iterator[Profiles]:
    """Lock the file and load it. The block saves changes with ``replace_file``.

    Raise UsageError, or Unavailable if another jobstat holds the lock.
    """
    with lock(config_directory(), _LOCK_NAME, PROFILES_LOCK_TIMEOUT):
        yield load_profiles()


@contextmanager
def replace_file(profiles: Profiles) -> Iterator[None]:
    """Write a new file before the block, and replace the old file by it afterwards.

    If the block fails, the old file stays. Raise UsageError if the new file cannot be
    written.
    """
    path = _resolved_path()
    new = path.with_name(f".{path.name}.{os.getpid()}")
    _remove_stale(path)
    try:
        _write(new, profiles)
        yield
        new.replace(path)
    except OSError as error:
        raise UsageError(
            f"cannot write {path}: {error.strerror}",
            hint=f"Check the free space, and the permissions of {path.parent}",
        ) from error
    finally:
        with suppress(OSError):
            new.unlink()


def _resolved_path() -> Path:
    """Return the path of the file, or of its target if it is a symbolic link.

    Raise UsageError if another user can change one of their directories.
    """
    link = config_directory() / "accounts.toml"
    try:
        path = link.resolve()
        for directory in (link.parent, path.parent):
            with suppress(FileNotFoundError):
                check_private(directory, directory.stat())
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "its links form a loop"
        raise UsageError(
            f"cannot read {link}: {reason}",
            hint="Check the link, and the permissions of its directories.",
        ) from error
    return path


def _parse(document: dict[str, Any]) -> Profiles:
    profiles = Profiles(default=document.get("default"))
    for url, table in document.get("accounts", {}).items():
        fields = {key: table.get(key) for key in ("client_id", "email", "user")}
        if not all(text is None or isinstance(text, str) for text in fields.values()):
            raise ValueError(f"{url} has a value that is not text")
        account = account_from_url(url, "an account")
        profiles.accounts[account.origin] = Profile(AuthMethod(table["kind"]), **fields)
    if profiles.default is not None and profiles.default not in profiles.accounts:
        raise ValueError("the default is not one of the accounts")
    return profiles


def _remove_stale(path: Path) -> None:
    """Remove new files of killed processes. A living one would hold the lock."""
    stale = re.compile(rf"\.{re.escape(path.name)}\.[0-9]+")
    with suppress(OSError):
        for file in path.parent.iterdir():
            if stale.fullmatch(file.name):
                file.unlink()


def _write(path: Path, profiles: Profiles) -> None:
    import tomli_w

    # Users rely on the keys: "kind" is an older name of the method.
    accounts = {
        origin: {
            key: value
            for key, value in (
                ("kind", str(profile.method)),
                ("client_id", profile.client_id),
                ("email", profile.email),
                ("user", profile.user),
            )
            if value is not None
        }
        for origin, profile in profiles.accounts.items()
    }
    default = {"default": profiles.default} if profiles.default else {}
    text = _HEADING + tomli_w.dumps({**default, "accounts": accounts})
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    # A user's name may hold half of a surrogate pair, which UTF-8 cannot encode.
    with os.fdopen(
        os.open(path, flags, 0o600), "w", encoding="utf-8", errors="replace"
    ) as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
