"""What the keyring keeps of an account, and how it is changed."""

from __future__ import annotations

import json
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from typing import TYPE_CHECKING

from jobstat import critical
from jobstat.errors import AuthError
from jobstat.zendesk.auth.keyring import KEYRING_TIMEOUT, KeyringProblem
from jobstat.zendesk.background import BackgroundCall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.auth.oauth import Tokens
    from jobstat.zendesk.auth.profiles import Profile, Profiles


LOCK_TIMEOUT = 60.0
"""Seconds that another jobstat may take to renew a login: its request has 30."""

MAX_TIMESTAMP = 1e11
"""Unix seconds of a time that is taken for one: what is later is nonsense."""


@dataclass(frozen=True, slots=True)
class StoredSecrets:
    """What the keyring holds of an account: one text, so that it changes at once."""

    tokens: Tokens | None
    client_secret: str | None = field(default=None, repr=False)

    @property
    def secrets(self) -> list[str]:
        """What no error may repeat."""
        found = [self.tokens.access, self.tokens.refresh] if self.tokens else []
        return [text for text in (*found, self.client_secret) if text]

    def dump(self) -> str:
        """The text that is stored."""
        tokens = self.tokens
        told = {
            "token": tokens and tokens.access,
            "refresh_token": tokens and tokens.refresh,
            "expires_at": tokens and tokens.expires_at,
            "renew_at": tokens and tokens.renew_at,
            "client_secret": self.client_secret,
        }
        return json.dumps({name: v for name, v in told.items() if v is not None})


def parse_secrets(text: str) -> StoredSecrets:
    """What ``dump`` wrote. Raises ValueError for anything else."""
    from jobstat.zendesk.auth.oauth import Tokens

    told = json.loads(text)
    if not isinstance(told, dict):
        raise ValueError("not an object")  # noqa: TRY004 - as json's own errors
    texts = [told.get(name) for name in ("token", "refresh_token", "client_secret")]
    times = [told.get(name) for name in ("expires_at", "renew_at")]
    if not all(text is None or _is_secret(text) for text in texts):
        raise ValueError("a secret that is none")
    if not all(at is None or _is_time(at) for at in times):
        raise ValueError("a time that is none")
    token, refresh_token, client_secret = texts
    tokens = Tokens(token, refresh_token, *times) if token else None
    return StoredSecrets(tokens, client_secret)


def _is_secret(told: object) -> bool:
    return isinstance(told, str) and told.isascii() and told.isprintable()


def _is_time(told: object) -> bool:
    return isinstance(told, int | float) and 0 <= told < MAX_TIMESTAMP


class Keep:
    """The keyring entry of an account."""

    def __init__(self, account: Account) -> None:
        self._account = account

    def locked(self, timeout: float) -> AbstractContextManager[None]:
        """Keep other processes from changing it; ``timeout`` is in seconds."""
        from jobstat.zendesk.auth.profiles import locked

        return locked(self._account.entry_name, timeout)

    @contextmanager
    def locked_if_writable(
        self, timeout: float, warn: Callable[[str], None]
    ) -> Iterator[None]:
        """Lock it, or warn and go on where the lock cannot be written.

        Raises Unavailable where another process holds the lock all the time.
        """
        from jobstat.zendesk.auth.profiles import NoLock

        with ExitStack() as stack:
            try:
                stack.enter_context(self.locked(timeout))
            except NoLock as problem:
                warn(f"the login is renewed without a lock: {problem.message}")
            yield

    def read(self, timeout: float | None = None) -> StoredSecrets | None:
        """The entry; ``timeout`` is as that of the keyring's ``read``.

        Raises KeyringProblem, AuthError for what cannot be one.
        """
        from jobstat.zendesk.auth import keyring

        text = keyring.read(self._account.entry_name, timeout)
        try:
            return parse_secrets(text) if text else None
        except (ValueError, RecursionError):
            raise AuthError(
                f"the keyring's entry for {self._account.name} is not what jobstat"
                " wrote",
                hint=f"Log in again with {self._account.login_command}",
            ) from None

    def write(self, entry: StoredSecrets, timeout: float = KEYRING_TIMEOUT) -> None:
        """Put an entry in the place of the one before; ``timeout`` is in seconds.

        Raises KeyringProblem.
        """
        from jobstat.zendesk.auth import keyring

        name, secrets = self._account.entry_name, entry.secrets
        keyring.write(name, entry.dump(), secrets, timeout)


def check_store() -> None:
    """Raises KeyringProblem or UsageError where nothing could be remembered."""
    from jobstat.zendesk.auth import keyring
    from jobstat.zendesk.auth.profiles import check_writable

    keyring.read("")  # no account has this name: it is asked whether it works
    check_writable()


def save_login(
    account: Account, record: Profile, entry: StoredSecrets, *, default: bool
) -> bool:
    """Store a login in place of one before; gives whether it is the default account's.

    It is also where it is the only one. Where that cannot be done, all stays as it
    was: raises KeyringProblem, UsageError, Unavailable. A signal does not leave it
    half done.
    """
    from jobstat.zendesk.auth import keyring
    from jobstat.zendesk.auth.profiles import change

    def edit(known: Profiles) -> None:
        known.records[account.origin] = record
        if default or known.default is None:
            known.default = account.origin

    keep = Keep(account)

    def store() -> Profiles:
        with keep.locked(LOCK_TIMEOUT), critical.section():
            before = keyring.read(account.entry_name, KEYRING_TIMEOUT)
            try:
                return change(edit, lambda: keep.write(entry))
            except BaseException:
                with suppress(KeyringProblem):
                    if before is None:
                        keyring.delete(account.entry_name)
                    else:
                        keyring.write(account.entry_name, before)
                raise

    return _apart(store).default == account.origin


def delete_login(account: Account) -> Account | None:
    """Forget an account; gives the one that is the default after that, if any is.

    That is the only one that is left. Raises AuthError where nothing is known of it,
    and what ``save_login`` raises.
    """
    from jobstat.zendesk.auth import keyring
    from jobstat.zendesk.auth.profiles import change

    def edit(known: Profiles) -> None:
        if known.records.pop(account.origin, None) is None and not entry:
            raise AuthError(f"not logged in to {account.name}")
        if known.default == account.origin:
            left = list(known.records)
            known.default = left[0] if len(left) == 1 else None

    entry = keyring.read(account.entry_name)  # here it may still ask a person

    def erase() -> Profiles:
        nonlocal entry
        with Keep(account).locked(LOCK_TIMEOUT), critical.section():
            entry = keyring.read(account.entry_name, KEYRING_TIMEOUT)
            return change(edit, lambda: keyring.delete(account.entry_name))

    return _apart(erase).default_account


def _apart(call: Callable[[], Profiles]) -> Profiles:
    """What a call gives, in a thread: no signal interrupts it there."""
    work = BackgroundCall(call, "accounts")
    work.wait(lambda: inf)
    return work.result()
