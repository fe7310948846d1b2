"""Logins whose tokens are followed by others: how, and that none is lost by it."""

from __future__ import annotations

import time
from contextlib import nullcontext, suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from jobstat import clock
from jobstat.errors import (
    AuthError,
    JobstatError,
    Unavailable,
    UsageProblem,
)
from jobstat.holding import held
from jobstat.zendesk.auth.credentials import Credential, Kind, bearer
from jobstat.zendesk.auth.keyring import PATIENCE, KeyringProblem
from jobstat.zendesk.auth.providers import Login
from jobstat.zendesk.auth.store import Entry
from jobstat.zendesk.background import Apart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.auth.oauth import Tokens
    from jobstat.zendesk.auth.store import Keep
    from jobstat.zendesk.http import Http

    Idle = Callable[[], None] | None

STORE_PATIENCE = 10.0
"""Seconds that the keyring may take to store new tokens, each of two times."""


class Renewing(Login):
    """OAuth tokens, followed by others before they expire, or when they are refused.

    They come of the entry's refresh token, else of its client's secret. Where it is
    kept, other processes may renew it too.
    """

    renews = True

    def __init__(
        self,
        account: Account,
        client_id: str,
        entry: Entry,
        kind: Kind,
        source: str,
        keep: Keep | None = None,
    ) -> None:
        self.kind, self.source, self.client_id = kind, source, client_id
        self.warnings = []
        if keep:
            self.remedy = f"Log in again with {account.login}"
        self._account = account
        self._entry = entry
        self._keep = keep
        self._stored = entry
        self._unstored: Entry | None = None
        self._renewal: Apart[Entry] | None = None
        self._problem: JobstatError | None = None
        self._put_off: KeyringProblem | None = None
        self._seen = set(self._entry.secrets)

    @property
    def expires_at(self) -> float | None:
        return self._entry.tokens.expires_at if self._entry.tokens else None

    def credential(self, http: Http, within: float, idle: Idle = None) -> Credential:
        tokens = self._entry.tokens
        if tokens is None:
            self._renew(http, within, idle)
        elif self._renewal or (tokens.is_stale(time.time()) and self._can_renew):
            try:
                self._renew(http, within / 2, idle)
            except JobstatError as problem:
                # Until its end, the old one is as good as another.
                if self.has_expired:
                    raise
                if isinstance(problem, KeyringProblem):
                    self._put_off = problem
        return self._shown

    def another(
        self, refused: Credential, http: Http, within: float, idle: Idle = None
    ) -> Credential | None:
        if self._can_renew:
            self._renew(http, within, idle)
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
            self._warn(f"the login was not renewed: {self._put_off.sentence}")
        if self._renewal and self._problem:
            self._warn(
                f"the login was not renewed: {self._problem.sentence}; if it is refused"
                f" from now on, log in again with {self._account.login}"
            )

    def _renew(self, http: Http, within: float, idle: Idle) -> None:
        """Get other tokens, and keep them.

        What takes longer than ``within`` seconds goes on in its thread, and a later
        call takes its tokens. The process does not end before they are stored.
        """
        until = clock.monotonic() + within
        if self._renewal is None:
            self._problem = None
            self._renewal = Apart(lambda: self._renewed(http, until), "renewal")
        renewal = self._renewal
        if not renewal.wait(lambda: until - clock.monotonic(), idle):
            raise Unavailable(f"{self._account.name} has not renewed the login yet")
        self._renewal = None
        try:
            self._entry = renewal.result()
        except UsageProblem as problem:
            # It is of the login, and not of what this is about.
            raise AuthError(problem.sentence, hint=problem.hint) from problem
        self._put_off = None
        self._seen |= set(self._entry.secrets)

    def _renewed(self, http: Http, until: float) -> Entry:
        keep = self._keep
        left = until - clock.monotonic()
        with keep.locked_if_writable(left, self._warn) if keep else nullcontext():
            entry = self._entry
            if keep:
                entry = self._kept_now(keep, until - clock.monotonic())
                if entry != self._entry and _is_fresh(entry):
                    return entry  # another process was here before
                if not entry.client_secret:
                    # The request ends the old tokens: can new ones be stored?
                    keep.write(entry)
                    self._stored, self._unstored = entry, None
            # A client's secret gets other tokens at any time: nothing would be lost.
            holding = nullcontext() if entry.client_secret else held()
            # The caller may close its own connection while this request lasts.
            with holding, http.apart() as own:
                try:
                    entry = Entry(self._ask(own, entry), entry.client_secret)
                except JobstatError as problem:
                    if keep and (newer := self._newer(keep, entry)):
                        return newer  # another process was quicker, without a lock
                    self._problem = problem
                    raise
                if keep:
                    self._store(keep, entry)
        return entry

    def _kept_now(self, keep: Keep, within: float) -> Entry:
        """The newest entry: what another process has kept, else our own."""
        kept = keep.read(within)
        if kept is None:
            raise AuthError(
                f"the keyring has no entry for {self._account.name} any longer",
                hint=self.remedy,
            )
        if kept == self._stored:
            return self._entry  # newer, where it could not be stored
        self._stored = kept
        return kept

    def _ask(self, http: Http, entry: Entry) -> Tokens:
        from jobstat.zendesk.auth.oauth import mint, refresh

        account, client = self._account, self.client_id or ""
        if entry.client_secret:
            return mint(http, account, client, entry.client_secret)
        token = (entry.tokens and entry.tokens.refresh) or ""
        tokens = refresh(http, account, client, token)
        # Where it gave no other one, the old one is still good (RFC 6749).
        return tokens if tokens.refresh else replace(tokens, refresh=token)

    def _newer(self, keep: Keep, entry: Entry) -> Entry | None:
        """What another process has stored in place of ``entry``, if it can be used."""
        with suppress(JobstatError):
            kept = keep.read(PATIENCE)
            if kept and kept != entry and _is_fresh(kept):
                return kept
        return None

    def _store(self, keep: Keep, entry: Entry) -> None:
        """Store new tokens. What fails twice is tried once more at the end.

        With a client's secret, storing them only saves requests: it is tried once.
        """
        patience = [PATIENCE] if entry.client_secret else [STORE_PATIENCE] * 2
        for within in patience:
            with suppress(JobstatError):
                keep.write(entry, within)
                self._stored = entry
                return
        self._unstored = None if entry.client_secret else entry

    def _store_late(self, keep: Keep, entry: Entry) -> None:
        try:
            with keep.locked_if_writable(PATIENCE, self._warn):
                # Unless another process has stored its own, or the user logged out.
                if keep.read(PATIENCE) == self._stored:
                    keep.write(entry)
        except JobstatError as problem:
            self._warn(
                f"the renewed login could not be stored: {problem.sentence};"
                f" log in again with {self._account.login}"
            )

    def _warn(self, warning: str) -> None:
        if warning not in self.warnings:
            self.warnings.append(warning)


def _is_fresh(entry: Entry) -> bool:
    return entry.tokens is not None and not entry.tokens.is_stale(time.time())
