"""The token store: an account's secrets in the keyring, its profile in a file."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from jobstat import critical
from jobstat.errors import AuthError
from jobstat.zendesk.auth import keyring
from jobstat.zendesk.auth.files import LockError, lock
from jobstat.zendesk.auth.keyring import KEYRING_TIMEOUT, KeyringError
from jobstat.zendesk.auth.profiles import config_folder, edit_profiles, replace_file
from jobstat.zendesk.background import BackgroundCall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.auth.oauth import Tokens
    from jobstat.zendesk.auth.profiles import Profile, Profiles

LOCK_TIMEOUT = 60.0
"""Seconds that another jobstat may hold an account: its token request may take 30."""

MAX_TIMESTAMP = 1e11
"""Unix seconds; a later time is not plausible."""


@dataclass(frozen=True, slots=True)
class StoredSecrets:
    """The secrets of a login: one keyring entry, so that they change together."""

    tokens: Tokens | None
    client_secret: str | None = field(default=None, repr=False)

    @property
    def texts(self) -> list[str]:
        """The secrets one by one: errors must not show them."""
        tokens = [self.tokens.access, self.tokens.refresh] if self.tokens else []
        return [text for text in (*tokens, self.client_secret) if text]

    def dump(self) -> str:
        """Return the text of the keyring entry."""
        tokens = self.tokens
        fields = {
            "token": tokens and tokens.access,
            "refresh_token": tokens and tokens.refresh,
            "expires_at": tokens and tokens.expires_at,
            "renew_at": tokens and tokens.renew_at,
            "client_secret": self.client_secret,
        }
        return json.dumps({key: v for key, v in fields.items() if v is not None})


def parse_secrets(text: str) -> StoredSecrets:
    """Parse the text of a keyring entry. Raise ValueError if jobstat did not write it.

    RecursionError is possible too.
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
    return StoredSecrets(tokens, client_secret)


def _is_secret(value: object) -> bool:
    return isinstance(value, str) and value.isascii() and value.isprintable()


def _is_timestamp(value: object) -> bool:
    return isinstance(value, int | float) and 0 <= value < MAX_TIMESTAMP


def load_secrets(
    account: Account, timeout: float | None = None
) -> StoredSecrets | None:
    """Return the secrets of an account, None if there are none.

    ``timeout`` is that of ``keyring.read``. Raise KeyringError, or AuthError if jobstat
    did not write the entry.
    """
    text = keyring.read(account.entry_name, timeout)
    try:
        return parse_secrets(text) if text else None
    except (ValueError, RecursionError):
        raise AuthError(
            f"the keyring's entry for {account.name} is not what jobstat wrote",
            hint=f"Log in again with {account.login_command}",
        ) from None


def save_secrets(
    account: Account, secrets: StoredSecrets, timeout: float = KEYRING_TIMEOUT
) -> None:
    """Replace the secrets of an account within ``timeout`` seconds.

    Raise KeyringError.
    """
    keyring.write(account.entry_name, secrets.dump(), secrets.texts, timeout)


def lock_account(account: Account, timeout: float) -> AbstractContextManager[None]:
    """Keep other processes from changing the login of an account during the block.

    Raise Unavailable if one of them holds the lock for ``timeout`` seconds, UsageError
    if there can be no lock.
    """
    return lock(config_folder(), account.entry_name, timeout)


@contextmanager
def lock_if_possible(
    account: Account, timeout: float, warn: Callable[[str], None]
) -> Iterator[None]:
    """Lock an account, or call ``warn`` and go on if the lock file is not writable.

    A home directory may be read-only. Raise Unavailable as ``lock_account`` does.
    """
    with ExitStack() as stack:
        try:
            stack.enter_context(lock_account(account, timeout))
        except LockError as error:
            warn(f"the login is renewed without a lock: {error.message}")
        yield


def check_store() -> None:
    """Raise KeyringError or UsageError if no login could be stored."""
    keyring.read("")  # no account has an empty name; this only tries the keyring
    with edit_profiles():
        pass


def save_login(
    account: Account, profile: Profile, secrets: StoredSecrets, *, default: bool
) -> bool:
    """Store a login, and return whether it is the default account's.

    ``default`` makes it the default; so does there being no other. If the login cannot
    be stored, the one before stays: raise KeyringError, UsageError or Unavailable. A
    signal does not interrupt it.
    """

    def save() -> Profiles:
        with (
            lock_account(account, LOCK_TIMEOUT),
            critical.section(),
            edit_profiles() as profiles,
        ):
            profiles.accounts[account.origin] = profile
            if default or profiles.default is None:
                profiles.default = account.origin
            # The file is renamed last: until then, an error restores the old login.
            # After a SIGKILL in between, logging in again repairs the login.
            with _entry_restored_on_error(account), replace_file(profiles):
                save_secrets(account, secrets)
            return profiles

    return _run_uninterrupted(save).default == account.origin


def delete_login(account: Account) -> Account | None:
    """Delete a login, and return the account that is the default now.

    If only one account is left, it becomes the default. Raise AuthError if jobstat is
    not logged in to the account, else as ``save_login`` does.
    """
    # The first read may take the time of a dialog, so it holds no lock.
    has_entry = keyring.read(account.entry_name) is not None

    def delete() -> Profiles:
        with (
            lock_account(account, LOCK_TIMEOUT),
            critical.section(),
            edit_profiles() as profiles,
        ):
            had_profile = profiles.accounts.pop(account.origin, None) is not None
            if not (had_profile or has_entry):
                raise AuthError(f"not logged in to {account.name}")
            if profiles.default == account.origin:
                others = list(profiles.accounts)
                profiles.default = others[0] if len(others) == 1 else None
            with replace_file(profiles):
                keyring.delete(account.entry_name)
            return profiles

    return _run_uninterrupted(delete).default_account


@contextmanager
def _entry_restored_on_error(account: Account) -> Iterator[None]:
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
