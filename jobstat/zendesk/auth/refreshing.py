"""Providers of OAuth tokens: they refresh the tokens, and never lose new ones.

A message to the user says "renew the login" for a refresh.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from jobstat import clock, critical
from jobstat.errors import AuthError, JobstatError, Unavailable, UsageError
from jobstat.zendesk.auth import store
from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.auth.credentials import KEYRING, AuthMethod, Credential, bearer
from jobstat.zendesk.auth.keyring import KEYRING_TIMEOUT, KeyringError
from jobstat.zendesk.auth.providers import CredentialProvider
from jobstat.zendesk.auth.store import LoginSecrets
from jobstat.zendesk.background import BackgroundCall, OnTick

if TYPE_CHECKING:
    from jobstat.zendesk.http import HttpClient

SAVE_TIMEOUT = 10.0
"""Seconds that each of two attempts to save new tokens in the keyring may take."""


class RefreshingProvider(CredentialProvider):
    """OAuth tokens in memory, refreshed before they expire and after a 401.

    A client secret gets new tokens; without one, the refresh token does. This class
    serves the client of the environment, ``KeyringProvider`` serves logins.
    """

    refreshable = True

    def __init__(
        self,
        account: Account,
        client_id: str,
        secrets: LoginSecrets,
        method: AuthMethod,
        source: str,
    ) -> None:
        super().__init__(method, source)
        self.client_id = client_id
        self._account = account
        self._login_secrets = secrets
        self._secret_texts = set(secrets.texts)
        self._refresh_call: BackgroundCall[LoginSecrets] | None = None

    @property
    def expires_at(self) -> float | None:
        return (
            self._login_secrets.tokens.expires_at
            if self._login_secrets.tokens
            else None
        )

    def credential(
        self, http: HttpClient, timeout: float, on_tick: OnTick = None
    ) -> Credential:
        tokens = self._login_secrets.tokens
        if tokens is None:
            self._refresh(http, timeout, on_tick)
        elif self._refresh_call or (
            tokens.needs_refresh(time.time()) and self._can_refresh
        ):
            try:
                self._refresh(http, timeout / 2, on_tick)
            except JobstatError as error:
                # Zendesk accepts the old token until it expires.
                if self.has_expired:
                    raise
                self._on_early_refresh_error(error)
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

    def secret_texts(self) -> Iterable[str]:
        return self._secret_texts

    @property
    def _can_refresh(self) -> bool:
        """Whether these tokens can be refreshed: Zendesk may send no refresh token."""
        tokens = self._login_secrets.tokens
        return bool(self._login_secrets.client_secret or (tokens and tokens.refresh))

    def _bearer(self) -> Credential:
        tokens = self._login_secrets.tokens
        assert tokens is not None  # noqa: S101 - the first refresh sets it
        return bearer(tokens.access, self.source, self.method, tokens.expires_at)

    def _refresh(self, http: HttpClient, timeout: float, on_tick: OnTick) -> None:
        """Replace the tokens within ``timeout`` seconds.

        Raise Unavailable after that time. The refresh then goes on in its thread, and
        the next call waits for it. Raise AuthError or Unavailable if it fails.
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
            self._login_secrets = call.result()
        except UsageError as error:
            # Exit with 4: the login is wrong, not the command line.
            raise AuthError(error.message, hint=error.hint) from error
        self._secret_texts |= set(self._login_secrets.texts)

    def _fetch_secrets(self, http: HttpClient, caller_deadline: float) -> LoginSecrets:
        """Return new tokens. The refresh thread runs this.

        The caller stops waiting at ``caller_deadline``. A token request goes on.
        """
        del caller_deadline  # only KeyringProvider needs it, for its lock and keyring
        with _critical_if_irreplaceable(self._login_secrets):
            return self._request_tokens(http, self._login_secrets)

    def _request_tokens(self, http: HttpClient, old: LoginSecrets) -> LoginSecrets:
        from jobstat.zendesk.auth.oauth import client_credentials_grant, refresh

        account, client_id = self._account, self.client_id or ""
        # The caller may close ``http`` during this request.
        with http.clone() as own_http:
            if secret := old.client_secret:
                tokens = client_credentials_grant(own_http, account, client_id, secret)
                return LoginSecrets(tokens, secret)
            refresh_token = (old.tokens and old.tokens.refresh) or ""
            tokens = refresh(own_http, account, client_id, refresh_token)
        if not tokens.refresh:
            # The old refresh token stays valid (RFC 6749, section 6).
            tokens = replace(tokens, refresh=refresh_token)
        return LoginSecrets(tokens)

    def _on_early_refresh_error(self, error: JobstatError) -> None:
        """Handle a failed refresh while the old token is still valid."""


class KeyringProvider(RefreshingProvider):
    """OAuth tokens of a login. Other processes may refresh them in the keyring too."""

    def __init__(
        self,
        account: Account,
        client_id: str,
        secrets: LoginSecrets,
        method: AuthMethod,
    ) -> None:
        super().__init__(account, client_id, secrets, method, KEYRING)
        self.hint = f"Log in again with {account.login_command}"
        self._in_keyring = secrets  # as last read or saved
        self._unsaved: LoginSecrets | None = None  # newer, but saving them failed
        self._request_error: JobstatError | None = None
        self._keyring_error: KeyringError | None = None

    def save_unsaved(self) -> None:
        """Save tokens that are not saved yet; warn if the login was not renewed."""
        if self._unsaved:
            self._save_at_end(self._unsaved)
        if self._keyring_error:
            self._warn(f"the login was not renewed: {self._keyring_error.message}")
        # A refresh failed after its caller had stopped waiting for it.
        if self._refresh_call and self._request_error:
            self._warn(
                f"the login was not renewed: {self._request_error.message}; if Zendesk"
                f" refuses it, log in again with {self._account.login_command}"
            )

    def _refresh(self, http: HttpClient, timeout: float, on_tick: OnTick) -> None:
        if self._refresh_call is None:
            self._request_error = None
        super()._refresh(http, timeout, on_tick)
        self._keyring_error = None

    def _fetch_secrets(self, http: HttpClient, caller_deadline: float) -> LoginSecrets:
        timeout = caller_deadline - clock.monotonic()
        with store.lock_if_possible(self._account, timeout, self._warn):
            old = self._load_newest(caller_deadline - clock.monotonic())
            if old != self._login_secrets and _is_fresh(old):
                return old  # another process has refreshed them
            if not old.client_secret:
                # The request revokes the old tokens. Save them again first: if that
                # fails, the new ones could not be saved either.
                store.save_secrets(self._account, old)
                self._in_keyring, self._unsaved = old, None
            with _critical_if_irreplaceable(old):
                try:
                    new = self._request_tokens(http, old)
                except JobstatError as error:
                    # Without a lock, another process may have used the refresh token.
                    if newer := self._load_fresh(other_than=old):
                        return newer
                    self._request_error = error
                    raise
                self._save(new)
        return new

    def _load_newest(self, timeout: float) -> LoginSecrets:
        """Return the keyring's secrets if another process changed them, else our own.

        ``timeout`` is in seconds. Raise KeyringError, or AuthError if the keyring has
        no entry any longer.
        """
        loaded = store.load_secrets(self._account, timeout)
        if loaded is None:
            raise AuthError(
                f"the keyring no longer has an entry for {self._account.name}",
                hint=self.hint,
            )
        if loaded == self._in_keyring:
            return self._login_secrets
        # Unsaved tokens are older than those of the other process: forget them.
        self._in_keyring, self._unsaved = loaded, None
        return loaded

    def _load_fresh(self, other_than: LoginSecrets) -> LoginSecrets | None:
        """Return the keyring's secrets, None for old, expiring or unreadable ones."""
        with suppress(JobstatError):
            loaded = store.load_secrets(self._account, KEYRING_TIMEOUT)
            if loaded and loaded != other_than and _is_fresh(loaded):
                return loaded
        return None

    def _save(self, secrets: LoginSecrets) -> None:
        """Save new tokens. If that fails, ``save_unsaved`` saves irreplaceable ones."""
        is_replaceable = bool(secrets.client_secret)
        timeouts = [KEYRING_TIMEOUT] if is_replaceable else [SAVE_TIMEOUT] * 2
        for timeout in timeouts:
            with suppress(JobstatError):
                store.save_secrets(self._account, secrets, timeout)
                self._in_keyring = secrets
                return
        self._unsaved = None if is_replaceable else secrets

    def _save_at_end(self, secrets: LoginSecrets) -> None:
        account = self._account
        try:
            with store.lock_if_possible(account, KEYRING_TIMEOUT, self._warn):
                # Another process may have saved its own, or the user logged out.
                if store.load_secrets(account, KEYRING_TIMEOUT) == self._in_keyring:
                    store.save_secrets(account, secrets)
        except JobstatError as error:
            self._warn(
                f"the renewed login could not be stored: {error.message};"
                f" log in again with {account.login_command}"
            )

    def _on_early_refresh_error(self, error: JobstatError) -> None:
        if isinstance(error, KeyringError):
            self._keyring_error = error

    def _warn(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)


def _critical_if_irreplaceable(old: LoginSecrets) -> AbstractContextManager[None]:
    """Keep the process from ending during a request that revokes the old tokens.

    A client secret can get tokens again at any time, so nothing would be lost.
    """
    return nullcontext() if old.client_secret else critical.section()


def _is_fresh(secrets: LoginSecrets) -> bool:
    tokens = secrets.tokens
    return tokens is not None and not tokens.needs_refresh(time.time())
