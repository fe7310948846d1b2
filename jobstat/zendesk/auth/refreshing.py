"""Logins whose tokens are followed by others: how, and that none is lost by it."""

from __future__ import annotations

import time
from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from jobstat import clock, critical
from jobstat.errors import (
    AuthError,
    JobstatError,
    Unavailable,
    UsageError,
)
from jobstat.zendesk.auth.credentials import AuthMethod, Credential, bearer
from jobstat.zendesk.auth.keyring import KEYRING_TIMEOUT, KeyringProblem
from jobstat.zendesk.auth.providers import CredentialProvider
from jobstat.zendesk.auth.store import StoredSecrets
from jobstat.zendesk.background import BackgroundCall

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.auth.oauth import Tokens
    from jobstat.zendesk.auth.store import Keep
    from jobstat.zendesk.http import HttpClient

    OnTick = Callable[[], None] | None

STORE_TIMEOUT = 10.0
"""Seconds that the keyring may take to store new tokens, each of two times."""


class RefreshingProvider(CredentialProvider):
    """OAuth tokens, followed by others before they expire, or when they are refused.

    They come of the entry's refresh token, else of its client's secret. Where it is
    kept, other processes may renew it too.
    """

    refreshable = True

    def __init__(
        self,
        account: Account,
        client_id: str,
        entry: StoredSecrets,
        kind: AuthMethod,
        source: str,
        keep: Keep | None = None,
    ) -> None:
        self.kind, self.source, self.client_id = kind, source, client_id
        self.warnings = []
        if keep:
            self.hint = f"Log in again with {account.login_command}"
        self._account = account
        self._entry = entry
        self._keep = keep
        self._stored = entry
        self._unstored: StoredSecrets | None = None
        self._renewal: BackgroundCall[StoredSecrets] | None = None
        self._problem: JobstatError | None = None
        self._put_off: KeyringProblem | None = None
        self._seen = set(self._entry.secrets)

    @property
    def expires_at(self) -> float | None:
        return self._entry.tokens.expires_at if self._entry.tokens else None

    def credential(
        self, http: HttpClient, timeout: float, on_tick: OnTick = None
    ) -> Credential:
        tokens = self._entry.tokens
        if tokens is None:
            self._renew(http, timeout, on_tick)
        elif self._renewal or (tokens.needs_refresh(time.time()) and self._can_renew):
            try:
                self._renew(http, timeout / 2, on_tick)
            except JobstatError as problem:
                # Until its end, the old one is as good as another.
                if self.has_expired:
                    raise
                if isinstance(problem, KeyringProblem):
                    self._put_off = problem
        return self._shown

    def after_401(
        self,
        refused: Credential,
        http: HttpClient,
        timeout: float,
        on_tick: OnTick = None,
    ) -> Credential | None:
        if self._can_renew:
            self._renew(http, timeout, on_tick)
        return None if self._shown == refused else self._shown

    def secrets(self) -> Iterable[str]:
        return self._seen

    @property
    def _shown(self) -> Credential:
        tokens = self._entry.tokens
        assert tokens is not None  # noqa: S101 - it has been renewed
        return bearer(tokens.access, self.source, self.kind, tokens.expires_at)

    @property
    def _can_renew(self) -> bool:
        tokens = self._entry.tokens
        return bool(self._entry.client_secret or (tokens and tokens.refresh))

    def settle(self) -> None:
        if self._keep and self._unstored:
            self._store_late(self._keep, self._unstored)
        if self._put_off:
            self._warn(f"the login was not renewed: {self._put_off.message}")
        if self._renewal and self._problem:
            self._warn(
                f"the login was not renewed: {self._problem.message}; if it is refused"
                f" from now on, log in again with {self._account.login_command}"
            )

    def _renew(self, http: HttpClient, timeout: float, on_tick: OnTick) -> None:
        """Get other tokens, and keep them.

        What takes longer than ``timeout`` seconds goes on in its thread, and a later
        call takes its tokens. The process does not end before they are stored.
        """
        deadline = clock.monotonic() + timeout
        if self._renewal is None:
            self._problem = None
            self._renewal = BackgroundCall(
                lambda: self._renewed(http, deadline), "renewal"
            )
        renewal = self._renewal
        if not renewal.wait(lambda: deadline - clock.monotonic(), on_tick):
            raise Unavailable(f"{self._account.name} has not renewed the login yet")
        self._renewal = None
        try:
            self._entry = renewal.result()
        except UsageError as problem:
            # It is of the login, and not of what this is about.
            raise AuthError(problem.message, hint=problem.hint) from problem
        self._put_off = None
        self._seen |= set(self._entry.secrets)

    def _renewed(self, http: HttpClient, deadline: float) -> StoredSecrets:
        keep = self._keep
        left = deadline - clock.monotonic()
        with keep.locked_if_writable(left, self._warn) if keep else nullcontext():
            entry = self._entry
            if keep:
                entry = self._kept_now(keep, deadline - clock.monotonic())
                if entry != self._entry and _is_fresh(entry):
                    return entry  # another process was here before
                if not entry.client_secret:
                    # The request ends the old tokens: can new ones be stored?
                    keep.write(entry)
                    self._stored, self._unstored = entry, None
            # A client's secret gets other tokens at any time: nothing would be lost.
            section = nullcontext() if entry.client_secret else critical.section()
            # The caller may close its own connection while this request lasts.
            with section, http.apart() as own:
                try:
                    entry = StoredSecrets(self._ask(own, entry), entry.client_secret)
                except JobstatError as problem:
                    if keep and (newer := self._newer(keep, entry)):
                        return newer  # another process was quicker, without a lock
                    self._problem = problem
                    raise
                if keep:
                    self._store(keep, entry)
        return entry

    def _kept_now(self, keep: Keep, timeout: float) -> StoredSecrets:
        """The newest entry: what another process has kept, else our own."""
        kept = keep.read(timeout)
        if kept is None:
            raise AuthError(
                f"the keyring has no entry for {self._account.name} any longer",
                hint=self.hint,
            )
        if kept == self._stored:
            return self._entry  # newer, where it could not be stored
        self._stored = kept
        return kept

    def _ask(self, http: HttpClient, entry: StoredSecrets) -> Tokens:
        from jobstat.zendesk.auth.oauth import client_credentials_grant, refresh

        account, client = self._account, self.client_id or ""
        if entry.client_secret:
            return client_credentials_grant(http, account, client, entry.client_secret)
        token = (entry.tokens and entry.tokens.refresh) or ""
        tokens = refresh(http, account, client, token)
        # Where it gave no other one, the old one is still good (RFC 6749).
        return tokens if tokens.refresh else replace(tokens, refresh=token)

    def _newer(self, keep: Keep, entry: StoredSecrets) -> StoredSecrets | None:
        """What another process has stored in place of ``entry``, if it can be used."""
        with suppress(JobstatError):
            kept = keep.read(KEYRING_TIMEOUT)
            if kept and kept != entry and _is_fresh(kept):
                return kept
        return None

    def _store(self, keep: Keep, entry: StoredSecrets) -> None:
        """Store new tokens. What fails twice is tried once more at the end.

        With a client's secret, storing them only saves requests: it is tried once.
        """
        patience = [KEYRING_TIMEOUT] if entry.client_secret else [STORE_TIMEOUT] * 2
        for timeout in patience:
            with suppress(JobstatError):
                keep.write(entry, timeout)
                self._stored = entry
                return
        self._unstored = None if entry.client_secret else entry

    def _store_late(self, keep: Keep, entry: StoredSecrets) -> None:
        try:
            with keep.locked_if_writable(KEYRING_TIMEOUT, self._warn):
                # Unless another process has stored its own, or the user logged out.
                if keep.read(KEYRING_TIMEOUT) == self._stored:
                    keep.write(entry)
        except JobstatError as problem:
            self._warn(
                f"the renewed login could not be stored: {problem.message};"
                f" log in again with {self._account.login_command}"
            )

    def _warn(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)


def _is_fresh(entry: StoredSecrets) -> bool:
    return entry.tokens is not None and not entry.tokens.needs_refresh(time.time())
