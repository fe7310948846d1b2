"""A token store in memory, and providers that use it."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from endpoint import ACME

from jobstat.zendesk.auth.credentials import AuthMethod
from jobstat.zendesk.auth.keyring import KEYRING_TIMEOUT, KeyringError
from jobstat.zendesk.auth.oauth import Tokens
from jobstat.zendesk.auth.refreshing import RefreshingProvider
from jobstat.zendesk.auth.store import LoginSecrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.auth.refreshing import KeyringProvider

    NewKeyringProvider = Callable[[LoginSecrets], tuple[KeyringProvider, "FakeStore"]]

EXPIRED = Tokens("old", "r1", 5.0, 4.0)


def expiring_in(expires_in: float) -> Tokens:
    """Return tokens that are still valid, but should be refreshed."""
    return Tokens("old", "r1", time.time() + expires_in, time.time() - 1)


def new_refreshing(
    tokens: Tokens | None, secret: str | None = None
) -> RefreshingProvider:
    return RefreshingProvider(
        ACME, "app", LoginSecrets(tokens, secret), AuthMethod.BROWSER, "a test"
    )


class FakeStore:
    """The keyring entry of one account."""

    def __init__(self, secrets: LoginSecrets) -> None:
        self.secrets = secrets
        self.can_save: Callable[[LoginSecrets], bool] = lambda _: True
        self.saved: list[LoginSecrets] = []
        self.save_timeouts: list[float] = []
        self.timeouts: list[float] = []

    @contextmanager
    def lock(self, account: Account, timeout: float, warn: object) -> Iterator[None]:
        self.timeouts.append(timeout)
        yield

    def load(self, account: Account, timeout: float) -> LoginSecrets | None:
        self.timeouts.append(timeout)
        return self.secrets

    def save(
        self, account: Account, secrets: LoginSecrets, timeout: float = KEYRING_TIMEOUT
    ) -> None:
        self.saved.append(secrets)
        self.save_timeouts.append(timeout)
        if not self.can_save(secrets):
            raise KeyringError("the keyring cannot be used")
        self.secrets = secrets

    @property
    def refresh_token(self) -> str | None:
        return self.secrets.tokens.refresh if self.secrets.tokens else None
