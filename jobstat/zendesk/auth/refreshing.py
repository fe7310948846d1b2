"""Providers of OAuth tokens that expire: they get new tokens and lose none."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from jobstat import clock, critical
from jobstat.errors import AuthError, JobstatError, Unavailable, UsageError
from jobstat.zendesk.auth import store
from jobstat.zendesk.auth.credentials import KEYRING, AuthMethod, Credential, bearer
from jobstat.zendesk.auth.keyring import KEYRING_TIMEOUT, KeyringError
from jobstat.zendesk.auth.providers import CredentialProvider
from jobstat.zendesk.auth.store import StoredSecrets
from jobstat.zendesk.background import BackgroundCall

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.background import OnTick
    from jobstat.zendesk.http import HttpClient

STORE_TIMEOUT = 10.0
"""Seconds that the keyring may take to store new tokens, in each of two attempts."""


class RefreshingProvider(CredentialProvider):
    """OAuth tokens in memory, refreshed before they expire and after a 401.

    New tokens come from the client's secret, else from the refresh token.
    """

    refreshable = True

    def __init__(
        self,
        account: Account,
        client_id: str,
        secrets: StoredSecrets,
        method: AuthMethod,
        source: str,
    ) -> None:
        super().__init__(method, source)
        self.client_id = client_id
        self._account = account
        self._secrets = secrets
        self._all_secrets = set(secrets.texts)
        self._refresh_call: BackgroundCall[StoredSecrets] | None = None

    @property
    def expires_at(self) -> float | None:
        return self._secrets.tokens.expires_at if self._secrets.tokens else None

    def credential(
        self, http: HttpClient, timeout: float, on_tick: OnTick = None
    ) -> Credential:
        tokens = self._secrets.tokens
        if tokens is None:
            self._refresh(http, timeout, on_tick)
        elif self._refresh_call or (
            tokens.needs_refresh(time.time()) and self._can_refresh
        ):
            try:
                self._refresh(http, timeout / 2, on_tick)
            except JobstatError as error:
                # Zendesk takes the old token until it expires.
                if self.has_expired:
                    raise
                self._on_refresh_error(error)
        return self._bearer()

    def after_401(
        self,
        refused: Credential,
        http: HttpClient,
        timeout: float,
        on_tick: OnTick = None,
    ) -> Credential | None:
        if self._can_refresh:
            self._refresh(http, timeout, on_tick)
        credential = self._bearer()
        return None if credential == refused else credential

    def secrets(self) -> Iterable[str]:
        return self._all_secrets

    @property
    def _can_refresh(self) -> bool:
        tokens = self._secrets.tokens
        return bool(self._secrets.client_secret or (tokens and tokens.refresh))

    def _bearer(self) -> Credential:
        tokens = self._secrets.tokens
        assert tokens is not None  # noqa: S101 - the first refresh sets it
        return bearer(tokens.access, self.source, self.method, tokens.expires_at)

    def _refresh(self, http: HttpClient, timeout: float, on_tick: OnTick) -> None:
        """Replace the tokens.

        A refresh that takes longer than ``timeout`` seconds goes on in its thread, and
        the next call waits for it again. Raise Unavailable then.
        """
        deadline = clock.monotonic() + timeout
        if self._refresh_call is None:
            self._refresh_call = BackgroundCall(
                lambda: self._fetch_secrets(http, deadline), "refresh"
            )
        call = self._refresh_call
        if not call.wait(lambda: deadline - clock.monotonic(), on_tick):
            raise Unavailable(f"{self._account.name} has not renewed the login yet")
        self._refresh_call = None
        try:
            self._secrets = call.result()
        except UsageError as error:
            # The login is at fault, not the arguments of this command.
            raise AuthError(error.message, hint=error.hint) from error
        self._all_secrets |= set(self._secrets.texts)

    def _fetch_secrets(self, http: HttpClient, deadline: float) -> StoredSecrets:
        """Return new tokens. The refresh thread runs this.

        ``deadline`` bounds locks and the keyring; a token request has its own timeout.
        """
        del deadline
        with _uninterrupted(self._secrets):
            return self._request_tokens(http, self._secrets)

    def _request_tokens(self, http: HttpClient, old: StoredSecrets) -> StoredSecrets:
        from jobstat.zendesk.auth.oauth import client_credentials_grant, refresh

        account, client_id = self._account, self.client_id or ""
        # The caller may close its own connection while this request lasts.
        with http.clone() as own:
            if secret := old.client_secret:
                tokens = client_credentials_grant(own, account, client_id, secret)
                return StoredSecrets(tokens, secret)
            token = (old.tokens and old.tokens.refresh) or ""
            tokens = refresh(own, account, client_id, token)
        # Without a new refresh token, the old one stays valid (RFC 6749, section 6).
        return StoredSecrets(
            tokens if tokens.refresh else replace(tokens, refresh=token)
        )

    def _on_refresh_error(self, error: JobstatError) -> None:
        """Handle an error that does not matter yet: the old token is still valid."""


class StoredProvider(RefreshingProvider):
    """OAuth tokens in the keyring, which other processes may refresh too."""

    def __init__(
        self,
        account: Account,
        client_id: str,
        secrets: StoredSecrets,
        method: AuthMethod,
    ) -> None:
        super().__init__(account, client_id, secrets, method, KEYRING)
        self.hint = f"Log in again with {account.login_command}"
        self._stored = secrets  # as last seen in the keyring
        self._unstored: StoredSecrets | None = None
        self._request_error: JobstatError | None = None
        self._keyring_error: KeyringError | None = None

    def finish(self) -> None:
        """Store tokens that are not stored yet; warn if the login was not renewed."""
        if self._unstored:
            self._store_late(self._unstored)
        if self._keyring_error:
            self._warn(f"the login was not renewed: {self._keyring_error.message}")
        if self._refresh_call and self._request_error:
            self._warn(
                f"the login was not renewed: {self._request_error.message}; if it is"
                f" refused from now on, log in again with {self._account.login_command}"
            )

    def _refresh(self, http: HttpClient, timeout: float, on_tick: OnTick) -> None:
        if self._refresh_call is None:
            self._request_error = None
        super()._refresh(http, timeout, on_tick)
        self._keyring_error = None

    def _fetch_secrets(self, http: HttpClient, deadline: float) -> StoredSecrets:
        timeout = deadline - clock.monotonic()
        with store.lock_if_possible(self._account, timeout, self._warn):
            old = self._load_newest(deadline - clock.monotonic())
            if old != self._secrets and _is_fresh(old):
                return old  # another process has refreshed them
            if not old.client_secret:
                # The request ends the old tokens: check that new ones can be stored.
                store.save_secrets(self._account, old)
                self._stored, self._unstored = old, None
            with _uninterrupted(old):
                try:
                    new = self._request_tokens(http, old)
                except JobstatError as error:
                    # Without a lock, another process may have been quicker.
                    if newer := self._load_fresh(other_than=old):
                        return newer
                    self._request_error = error
                    raise
                self._store(new)
        return new

    def _load_newest(self, timeout: float) -> StoredSecrets:
        """Return the secrets of another process if it has stored any, else our own."""
        stored = store.load_secrets(self._account, timeout)
        if stored is None:
            raise AuthError(
                f"the keyring has no entry for {self._account.name} any longer",
                hint=self.hint,
            )
        if stored == self._stored:
            return self._secrets  # newer than the keyring's if storing them failed
        self._stored, self._unstored = stored, None
        return stored

    def _load_fresh(self, other_than: StoredSecrets) -> StoredSecrets | None:
        with suppress(JobstatError):
            stored = store.load_secrets(self._account, KEYRING_TIMEOUT)
            if stored and stored != other_than and _is_fresh(stored):
                return stored
        return None

    def _store(self, secrets: StoredSecrets) -> None:
        """Store new tokens. If that fails, ``finish`` tries again.

        Make one attempt if the client's secret can get tokens at any time, else two.
        """
        replaceable = bool(secrets.client_secret)
        timeouts = [KEYRING_TIMEOUT] if replaceable else [STORE_TIMEOUT] * 2
        for timeout in timeouts:
            with suppress(JobstatError):
                store.save_secrets(self._account, secrets, timeout)
                self._stored = secrets
                return
        self._unstored = None if replaceable else secrets

    def _store_late(self, secrets: StoredSecrets) -> None:
        account = self._account
        try:
            with store.lock_if_possible(account, KEYRING_TIMEOUT, self._warn):
                # Another process may have stored its own, or the user logged out.
                if store.load_secrets(account, KEYRING_TIMEOUT) == self._stored:
                    store.save_secrets(account, secrets)
        except JobstatError as error:
            self._warn(
                f"the renewed login could not be stored: {error.message};"
                f" log in again with {account.login_command}"
            )

    def _on_refresh_error(self, error: JobstatError) -> None:
        if isinstance(error, KeyringError):
            self._keyring_error = error

    def _warn(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)


def _uninterrupted(old: StoredSecrets) -> AbstractContextManager[None]:
    """Keep the process from ending before the new tokens are stored.

    A client's secret gets other tokens at any time, so nothing would be lost.
    """
    return nullcontext() if old.client_secret else critical.section()


def _is_fresh(secrets: StoredSecrets) -> bool:
    tokens = secrets.tokens
    return tokens is not None and not tokens.needs_refresh(time.time())
