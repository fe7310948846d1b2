"""The token store: the secrets of a login in the keyring, its profile in a file."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from jobstat import critical
from jobstat.errors import AuthError
from jobstat.zendesk.auth import keyring
from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.auth.files import LockError, lock
from jobstat.zendesk.auth.keyring import KEYRING_TIMEOUT, KeyringError
from jobstat.zendesk.auth.profiles import (
    Profile,
    Profiles,
    config_directory,
    edit_profiles,
    replace_file,
)
from jobstat.zendesk.background import BackgroundCall

if TYPE_CHECKING:
    from jobstat.zendesk.auth.oauth import Tokens

ACCOUNT_LOCK_TIMEOUT = 60.0
"""Seconds to wait for another jobstat, whose token request may take 30 of them."""

MAX_TIMESTAMP = 1e11
"""Unix seconds. A later time is not plausible."""


@dataclass(frozen=True, slots=True)
class LoginSecrets:
    """The secrets of a login, or of the environment's OAuth client.

    Those of a login are one keyring entry, so that they change together.
    """

    tokens: Tokens | None
    client_secret: str | None = field(default=None, repr=False)

    @property
    def texts(self) -> list[str]:
        """Each secret alone. Errors must not show any of them."""
        tokens = [self.tokens.access, self.tokens.refresh] if self.tokens else []
        return [text for text in (*tokens, self.client_secret) if text]

    def dump(self) -> str:
        """Return the text of the keyring entry."""
        tokens = self.tokens
        # Entries of older versions have these keys, so they stay.
        fields = {
            "token": tokens and tokens.access,
            "refresh_token": tokens and tokens.refresh,
            "expires_at": tokens and tokens.expires_at,
            "renew_at": tokens and tokens.refresh_at,
            "client_secret": self.client_secret,
        }
        return json.dumps({key: v for key, v in fields.items() if v is not None})


def parse_secrets(text: str) -> LoginSecrets:
    """Parse the text of a keyring entry.

    Raise ValueError, or RecursionError for deep nesting, if jobstat did not write it.
    """
    from jobstat.zendesk.auth.oauth import Tokens

    fields = json.loads(text)
    if not isinstance(fields, dict):
        raise ValueError("not an object")  # noqa: TRY004 - json raises ValueError too
    secrets = [fields.get(key) for key in ("token", "refresh_token", "client_secret")]
    times = [fields.get(key) for key in ("expires_at", "renew_at")]
    if not all(secret is None or _is_secret(secret) for secret in secrets):
        raise ValueError("invalid secret")
    if not all(at is None or _is_timestamp(at) for at in times):
        raise ValueError("invalid time")
    token, refresh_token, client_secret = secrets
    tokens = Tokens(token, refresh_token, *times) if token else None
    return LoginSecrets(tokens, client_secret)


def _is_secret(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable()


def _is_timestamp(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < MAX_TIMESTAMP


def load_secrets(account: Account, timeout: float | None = None) -> LoginSecrets | None:
    """Return the secrets of an account, None if there are none.

    Wait ``timeout`` seconds, at most ``KEYRING_TIMEOUT``; None allows more time for the
    keyring's dialog. Raise KeyringError, or AuthError if jobstat did not write the
    entry.
    """
    text = keyring.read(account.entry_name, timeout)
    try:
        return parse_secrets(text) if text else None
    except (ValueError, RecursionError):
        raise AuthError(
            f"the keyring's entry for {account.name} is not in jobstat's format",
            hint=f"Log in again with {account.login_command}",
        ) from None


def save_secrets(
    account: Account, secrets: LoginSecrets, timeout: float = KEYRING_TIMEOUT
) -> None:
    """Replace the secrets of an account within ``timeout`` seconds.

    Raise KeyringError.
    """
    keyring.write(account.entry_name, secrets.dump(), secrets.texts, timeout)


def lock_account(account: Account, timeout: float) -> AbstractContextManager[None]:
    """Keep other processes from changing the login of an account during the block.

    Raise Unavailable if another process holds the lock for ``timeout`` seconds,
    LockError if there can be no lock, UsageError if another user can write there.
    """
    return lock(config_directory(), account.entry_name, timeout)


@contextmanager
def lock_if_possible(
    account: Account, timeout: float, warn: Callable[[str], None]
) -> Iterator[None]:
    """Lock an account. Without a lock, call ``warn`` and run the block all the same.

    There is no lock in a read-only home directory. Raise Unavailable and UsageError as
    ``lock_account`` does.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(lock_account(account, timeout))
        except LockError as error:
            warn(f"the login is renewed without a lock: {error.message}")
        yield


def check_store() -> None:
    """Raise KeyringError, UsageError or Unavailable if no login can be stored."""
    keyring.read("")  # tries the keyring; no account has an empty name
    with edit_profiles():
        pass


def save_login(
    account: Account, profile: Profile, secrets: LoginSecrets, *, default: bool
) -> bool:
    """Store a login, and return whether its account is the default now.

    The account becomes the default if ``default`` is set or if there is no default yet.
    Raise KeyringError, UsageError or Unavailable if the login cannot be stored; the
    previous one stays. A signal does not interrupt the change.
    """

    def save() -> Profiles:
        with (
            lock_account(account, ACCOUNT_LOCK_TIMEOUT),
            critical.section(),
            edit_profiles() as profiles,
        ):
            profiles.accounts[account.origin] = profile
            if default or profiles.default is None:
                profiles.default = account.origin
            # An error restores the old entry until the new file replaces the old one.
            # If SIGKILL comes between the entry and the file, a new login repairs both.
            with _restoring_entry(account), replace_file(profiles):
                save_secrets(account, secrets)
            return profiles

    return _run_uninterrupted(save).default == account.origin


def delete_login(account: Account) -> Account | None:
    """Delete a login, and return the account that is the default now.

    If the default is deleted and one other account is left, that one becomes the
    default. Raise AuthError if jobstat is not logged in to the account, else as
    ``save_login`` does.
    """
    # Hold no lock while the keyring may show its dialog.
    has_entry = keyring.read(account.entry_name) is not None

    def delete() -> Profiles:
        with (
            lock_account(account, ACCOUNT_LOCK_TIMEOUT),
            critical.section(),
            edit_profiles() as profiles,
        ):
            had_profile = profiles.accounts.pop(account.origin, None) is not None
            if not (had_profile or has_entry):
                raise AuthError(
                    f"not logged in to {account.name}",
                    hint="jobstat auth status shows the accounts.",
                )
            if profiles.default == account.origin:
                others = list(profiles.accounts)
                profiles.default = others[0] if len(others) == 1 else None
            with replace_file(profiles):
                keyring.delete(account.entry_name)
            return profiles

    return _run_uninterrupted(delete).default_account


@contextmanager
def _restoring_entry(account: Account) -> Iterator[None]:
    """Restore the account's keyring entry if the block raises an exception."""
    before = keyring.read(account.entry_name, KEYRING_TIMEOUT)
    try:
        yield
    except BaseException:
        with suppress(KeyringError):
            if before is None:
                keyring.delete(account.entry_name)
            else:
                keyring.write(account.entry_name, before)
        raise


def _run_uninterrupted(change: Callable[[], Profiles]) -> Profiles:
    """Run a change in a thread, where no signal interrupts it."""
    call = BackgroundCall(change, "accounts")
    call.wait(lambda: inf)
    return call.result()
