"""Credential providers: the credential of an account now, and the one after a 401."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from jobstat.errors import AuthError

if TYPE_CHECKING:
    from jobstat.zendesk.auth.credentials import AuthMethod, Credential
    from jobstat.zendesk.background import OnTick
    from jobstat.zendesk.http import HttpClient


class CredentialProvider(ABC):
    """The source of an account's credential.

    ``method`` and ``source`` say how jobstat got the credential, and from where.
    ``refreshable`` means that jobstat can get a new credential without the user.
    ``hint`` is for the user if Zendesk refuses the credential.
    """

    refreshable = False
    hint = "Check that the credential is for this account and still valid."
    client_id: str | None = None

    def __init__(self, method: AuthMethod, source: str) -> None:
        self.method, self.source = method, source
        self.warnings: list[str] = []
        self._warnings_taken = 0

    @property
    @abstractmethod
    def expires_at(self) -> float | None:
        """The time when the credential expires, in Unix seconds; None if unknown."""

    @abstractmethod
    def credential(
        self, http: HttpClient, timeout: float, on_tick: OnTick = None
    ) -> Credential:
        """Return the credential for the next request within ``timeout`` seconds.

        ``on_tick`` is called about once a second. Raise JobstatError if there is no
        credential.
        """

    @abstractmethod
    def after_401(
        self,
        refused: Credential,
        http: HttpClient,
        timeout: float,
        on_tick: OnTick = None,
    ) -> Credential | None:
        """Return another credential than the refused one, None if there is no other.

        ``timeout``, ``on_tick`` and errors are those of ``credential``.
        """

    @abstractmethod
    def secret_texts(self) -> Iterable[str]:
        """Return all secrets that this provider has had. Errors must not show them."""

    @property
    def has_expired(self) -> bool:
        """Whether the credential is known to have expired."""
        return self.expires_at is not None and self.expires_at <= time.time()

    def check(self) -> None:
        """Raise AuthError if the credential has expired and cannot be refreshed."""
        if self.has_expired and not self.refreshable:
            message = f"the login of {self.source} has expired"
            raise AuthError(message, hint=self.hint)

    def take_warnings(self) -> list[str]:
        """Return the warnings for the user that are new since the last call."""
        new = self.warnings[self._warnings_taken :]
        self._warnings_taken += len(new)
        return new

    def save_unsaved(self) -> None:  # noqa: B027 - most providers have nothing to save
        """Save unsaved tokens and add the last warnings, at the end of a command."""


class FixedProvider(CredentialProvider):
    """A credential that does not change, such as a token from the environment."""

    def __init__(self, credential: Credential) -> None:
        super().__init__(credential.method, credential.source)
        self._credential = credential

    @property
    def expires_at(self) -> float | None:
        return self._credential.expires_at

    def credential(
        self, http: HttpClient, timeout: float, on_tick: OnTick = None
    ) -> Credential:
        del http, timeout, on_tick
        return self._credential

    def after_401(
        self,
        refused: Credential,
        http: HttpClient,
        timeout: float,
        on_tick: OnTick = None,
    ) -> Credential | None:
        del refused, http, timeout, on_tick
        return None

    def secret_texts(self) -> Iterable[str]:
        return self._credential.secret_texts


class ReloadingProvider(FixedProvider):
    """A stored credential that another program may replace at any time.

    ``reload`` reads it again; its argument is a timeout in seconds.
    """

    def __init__(
        self,
        credential: Credential,
        reload: Callable[[float], Credential | None],
        hint: str,
    ) -> None:
        super().__init__(credential)
        self._reload = reload
        self.hint = hint

    def credential(
        self, http: HttpClient, timeout: float, on_tick: OnTick = None
    ) -> Credential:
        del http, on_tick
        if self.has_expired:
            self._credential = self._reload(timeout) or self._credential
        self.check()
        return self._credential

    def after_401(
        self,
        refused: Credential,
        http: HttpClient,
        timeout: float,
        on_tick: OnTick = None,
    ) -> Credential | None:
        del http, on_tick
        reloaded = self._reload(timeout)
        if reloaded is None or reloaded == refused:
            return None
        self._credential = reloaded
        return reloaded
