"""Logins: where an account's credential comes from, and where the next one does."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING

from jobstat import clock
from jobstat.errors import AuthError, JobstatError, Unavailable, UsageProblem
from jobstat.zendesk.credentials import (
    CLIENT_ID,
    Credential,
    Kind,
    api_token,
    bearer,
    client_of,
    from_environment,
    none_found,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jobstat.zendesk.account import Account
    from jobstat.zendesk.http import Http
    from jobstat.zendesk.kept import Entry, Keep
    from jobstat.zendesk.known import Record
    from jobstat.zendesk.oauth import Tokens

    Idle = Callable[[], None] | None

KEYRING = "keyring"

LEAST_TIME = 1.0
"""Seconds without which no renewal is begun."""

SETTLING = 3.0
"""Seconds that a renewal under way has to end when nobody waits for it any longer:
its new tokens would be lost, and the old ones are dead."""


class Login:
    """A credential that stays what it is.

    ``kind`` and ``source`` say what it is, and from where. ``renews`` is whether
    another one can be had without its user, ``remedy`` what to do when it is refused
    all the same. ``warnings`` are what came up that the
    user should know of.
    """

    renews = False
    remedy = "Is it meant for this account, and has it not expired?"
    client_id: str | None = None

    def __init__(self, credential: Credential) -> None:
        self._credential = credential
        self.kind, self.source = credential.kind, credential.source
        self.warnings: list[str] = []
        if self.kind is Kind.PASSWORD:
            self.warnings.append(
                "Zendesk ended sign-in by password in January 2026;"
                " use ZENDESK_OAUTH_TOKEN"
            )

    @property
    def expires_at(self) -> float | None:
        """When the credential expires, in Unix seconds; None if not known."""
        return self._credential.expires_at

    @property
    def has_expired(self) -> bool:
        """Whether the credential is known to be no longer good."""
        return self.expires_at is not None and self.expires_at <= time.time()

    def check(self) -> None:
        """Raises AuthError where it is known that the account will not take it."""
        if self.has_expired and not self.renews:
            words = f"the login of {self.source} has expired"
            raise AuthError(words, hint=self.remedy)

    def credential(self, http: Http, within: float, idle: Idle = None) -> Credential:
        """What is to be shown now.

        ``within`` is how many seconds it may take, ``idle`` is called about every
        second of them. Raises JobstatError where there is none to be had.
        """
        del http, within, idle
        return self._credential

    def another(
        self, refused: Credential, http: Http, within: float, idle: Idle = None
    ) -> Credential | None:
        """What may be shown in place of one that was refused, if anything.

        Raises what ``credential`` raises.
        """
        del refused, http, within, idle
        return None

    def secrets(self) -> Iterable[str]:
        """What no error may repeat."""
        return self._credential.secrets


class Reread(Login):
    """A credential that somebody else may put another in place of, where it is kept.

    ``read`` looks there, for so many seconds at most.
    """

    def __init__(
        self,
        credential: Credential,
        read: Callable[[float], Credential | None],
        remedy: str,
    ) -> None:
        super().__init__(credential)
        self._read = read
        self.remedy = remedy

    def credential(self, http: Http, within: float, idle: Idle = None) -> Credential:
        del http, idle
        if self.has_expired:
            self._credential = self._read(within) or self._credential
        self.check()
        return self._credential

    def another(
        self, refused: Credential, http: Http, within: float, idle: Idle = None
    ) -> Credential | None:
        del http, idle
        found = self._read(within)
        if found is None or found == refused:
            return None
        self._credential = found
        return found


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
        self._seen = set(self._entry.secrets)

    @property
    def expires_at(self) -> float | None:
        return self._entry.tokens.expires_at if self._entry.tokens else None

    def credential(self, http: Http, within: float, idle: Idle = None) -> Credential:
        tokens = self._entry.tokens
        if tokens is None:
            self._renew(http, within, idle)
        elif tokens.is_stale(time.time()) and self._can_renew:
            try:
                self._renew(http, within / 2, idle)
            except JobstatError:
                # Until its end, the old one is as good as another.
                if self.has_expired:
                    raise
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

    def _renew(self, http: Http, within: float, idle: Idle) -> None:
        """Get other tokens, and keep them, before anything can come between."""
        from jobstat.zendesk.apart import Apart

        until = clock.monotonic() + within
        # Whoever takes the turn has it: asked for and not waited for, tokens are lost.
        turn, ended = threading.Lock(), threading.Event()

        def renewed() -> Entry:
            try:
                return self._renewed(http, until, turn)
            finally:
                ended.set()

        too_late = False
        try:
            work = Apart(renewed, "renewal")
            # Once it asks, it bounds itself, and keeps what comes.
            while not too_late and not work.wait(
                lambda: 1.0 if turn.locked() else until - clock.monotonic(), idle
            ):
                too_late = turn.acquire(blocking=False)
        except BaseException:
            if not turn.acquire(blocking=False):
                ended.wait(SETTLING)
            raise
        if too_late:
            raise _no_time()
        try:
            self._entry = work.result()
        except UsageProblem as problem:
            # It is of the login, and not of what this is about.
            raise AuthError(problem.sentence, hint=problem.hint) from problem
        self._seen |= set(self._entry.secrets)

    def _renewed(self, http: Http, until: float, turn: threading.Lock) -> Entry:
        from jobstat.zendesk.kept import Entry

        keep = self._keep
        with keep.locked(until - clock.monotonic()) if keep else nullcontext():
            entry = self._entry
            if keep:
                entry = self._kept_now(keep, until - clock.monotonic())
                tokens = entry.tokens
                if entry != self._entry and tokens and not tokens.is_stale(time.time()):
                    return entry  # another process was here before
            left = until - clock.monotonic()
            if left < LEAST_TIME or not turn.acquire(blocking=False):
                raise _no_time()
            entry = Entry(self._ask(http, entry, left), entry.client_secret)
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

    def _ask(self, http: Http, entry: Entry, within: float) -> Tokens:
        from jobstat.zendesk.oauth import mint, refresh

        account, client = self._account, self.client_id or ""
        if entry.client_secret:
            return mint(http, account, client, entry.client_secret, within)
        token = (entry.tokens and entry.tokens.refresh) or ""
        tokens = refresh(http, account, client, token, within)
        # Where it gave no other one, the old one is still good (RFC 6749).
        return tokens if tokens.refresh else replace(tokens, refresh=token)

    def _store(self, keep: Keep, entry: Entry) -> None:
        try:
            keep.write(entry)
            self._stored = entry
        except AuthError as problem:
            # This process can go on: it has what the next one will miss.
            warning = (
                f"the renewed login could not be stored: {problem.sentence};"
                f" log in again with {self._account.login}"
            )
            if warning not in self.warnings:
                self.warnings.append(warning)


def _no_time() -> Unavailable:
    return Unavailable("there is no time left to renew the login")


def find_login(account: Account, environ: Mapping[str, str]) -> Login:
    """The login for an account: the environment's, jobstat's own, or zcli's.

    What the environment holds goes to no account that only a job's URL names.
    Raises AuthError when there is none, UsageProblem for one that cannot be used as
    it stands. No error repeats a secret.
    """
    if account.trusted and (login := from_the_environment(account, environ)):
        return login
    from jobstat.zendesk.keyring import KeyringProblem

    problem = None
    try:
        if login := own_login(account) or zcli_login(account):
            return login
    except KeyringProblem as error:
        problem = error.sentence
    raise none_found(environ, account, problem)


def from_the_environment(account: Account, environ: Mapping[str, str]) -> Login | None:
    """The login that the environment has. Raises UsageProblem."""
    if credential := from_environment(environ):
        return Login(credential)
    if client := client_of(environ):
        id, secret = client
        from jobstat.zendesk.kept import Entry

        return Renewing(account, id, Entry(None, secret), Kind.CLIENT, CLIENT_ID)
    return None


def zcli_login(account: Account) -> Login | None:
    """The login that zcli has stored, if there is any. Raises KeyringProblem."""
    from jobstat.zendesk import zcli

    credential = zcli.credential_of(account)
    if credential is None:
        return None
    remedy = f"Renew it with zcli login, or log in with {account.login}"
    return Reread(
        credential, lambda within: zcli.credential_of(account, within), remedy
    )


def own_login(account: Account) -> Login | None:
    """The login that jobstat has stored, if it knows the account.

    Raises AuthError where the keyring does not have what belongs to it,
    KeyringProblem where it cannot tell, UsageProblem for a broken file.
    """
    from jobstat.zendesk.known import load

    record = load().records.get(account.origin)
    return _login_of(account, record) if record else None


def _login_of(account: Account, record: Record) -> Login:
    from jobstat.zendesk.kept import Keep

    keep = Keep(account)
    again = f"Log in again with {account.login}"
    entry = keep.read()
    if entry is None:
        raise AuthError(f"the keyring has no entry for {account.name}", hint=again)
    if record.client_id:
        return Renewing(account, record.client_id, entry, record.kind, KEYRING, keep)

    def read(within: float) -> Credential | None:
        found = keep.read(within)
        return credential_in(found, record) if found else None

    credential = credential_in(entry, record)
    if credential is None:
        raise AuthError(f"the keyring has no token for {account.name}", hint=again)
    return Reread(credential, read, again)


def credential_in(entry: Entry, record: Record) -> Credential | None:
    """What is to be shown of an entry. Raises UsageProblem for what cannot be."""
    if entry.tokens is None:
        return None
    if record.email:
        return api_token(record.email, entry.tokens.access, KEYRING)
    return bearer(entry.tokens.access, KEYRING)
