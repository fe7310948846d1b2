"""Logins: where an account's credential comes from, and where the next one does."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from jobstat.errors import AuthError
from jobstat.zendesk.auth.credentials import (
    CLIENT_ID,
    AuthMethod,
    Credential,
    api_token,
    bearer,
    client_from_env,
    from_environment,
    missing_credential,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.auth.profiles import Profile
    from jobstat.zendesk.auth.store import StoredSecrets
    from jobstat.zendesk.http import HttpClient

    OnTick = Callable[[], None] | None

KEYRING = "keyring"


class CredentialProvider:
    """A credential that stays what it is.

    ``kind`` and ``source`` say what it is, and from where. ``refreshable`` is whether
    another one can be had without its user, ``hint`` what to do when it is refused
    all the same. ``warnings`` are what came up that the user should know of.
    """

    refreshable = False
    hint = "Is it meant for this account, and has it not expired?"
    client_id: str | None = None
    _taken = 0

    def __init__(self, credential: Credential) -> None:
        self._credential = credential
        self.kind, self.source = credential.kind, credential.source
        self.warnings: list[str] = []

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
        if self.has_expired and not self.refreshable:
            words = f"the login of {self.source} has expired"
            raise AuthError(words, hint=self.hint)

    def credential(
        self, http: HttpClient, timeout: float, on_tick: OnTick = None
    ) -> Credential:
        """What is to be shown now.

        ``timeout`` is how many seconds it may take, ``tick`` is called about every
        second of them. Raises JobstatError where there is none to be had.
        """
        del http, timeout, on_tick
        return self._credential

    def after_401(
        self,
        refused: Credential,
        http: HttpClient,
        timeout: float,
        on_tick: OnTick = None,
    ) -> Credential | None:
        """What may be shown in place of one that was refused, if anything.

        Raises what ``credential`` raises.
        """
        del refused, http, timeout, on_tick
        return None

    def take_warnings(self) -> list[str]:
        """The warnings that were not taken before: each is told once."""
        new = self.warnings[self._taken :]
        self._taken += len(new)
        return new

    def settle(self) -> None:
        """Warn of a renewal that failed after its caller had given up."""

    def secrets(self) -> Iterable[str]:
        """What no error may repeat."""
        return self._credential.secrets


class ReloadingProvider(CredentialProvider):
    """A credential that somebody else may put another in place of, where it is kept.

    ``read`` looks there, for so many seconds at most.
    """

    def __init__(
        self,
        credential: Credential,
        read: Callable[[float], Credential | None],
        hint: str,
    ) -> None:
        super().__init__(credential)
        self._read = read
        self.hint = hint

    def credential(
        self, http: HttpClient, timeout: float, on_tick: OnTick = None
    ) -> Credential:
        del http, on_tick
        if self.has_expired:
            self._credential = self._read(timeout) or self._credential
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
        found = self._read(timeout)
        if found is None or found == refused:
            return None
        self._credential = found
        return found


def find_login(account: Account, environ: Mapping[str, str]) -> CredentialProvider:
    """The login for an account: the environment's, jobstat's own, or zcli's.

    What the environment holds goes to no account that only a job's URL names.
    Raises AuthError when there is none, UsageError for one that cannot be used as
    it stands. No error repeats a secret.
    """
    if account.named_by_user and (login := from_the_environment(account, environ)):
        return login
    from jobstat.zendesk.auth.keyring import KeyringProblem

    problem = None
    try:
        if login := own_login(account) or zcli_login(account):
            return login
    except KeyringProblem as error:
        problem = error.message
    raise missing_credential(environ, account, problem)


def from_the_environment(
    account: Account, environ: Mapping[str, str]
) -> CredentialProvider | None:
    """The login that the environment has. Raises UsageError."""
    if credential := from_environment(environ):
        login = CredentialProvider(credential)
        if login.kind is AuthMethod.PASSWORD and account.is_at_zendesk:
            login.warnings.append(
                "Zendesk ended sign-in by password in January 2026;"
                " use ZENDESK_OAUTH_TOKEN"
            )
        return login
    if client := client_from_env(environ):
        from jobstat.zendesk.auth.refreshing import RefreshingProvider
        from jobstat.zendesk.auth.store import StoredSecrets

        id, secret = client
        return RefreshingProvider(
            account, id, StoredSecrets(None, secret), AuthMethod.CLIENT, CLIENT_ID
        )
    return None


def zcli_login(account: Account) -> CredentialProvider | None:
    """The login that zcli has stored, if there is any. Raises KeyringProblem."""
    from jobstat.zendesk.auth import zcli

    credential = zcli.credential_of(account)
    if credential is None:
        return None
    hint = f"Renew it with zcli login, or log in with {account.login_command}"
    return ReloadingProvider(
        credential, lambda timeout: zcli.credential_of(account, timeout), hint
    )


def own_login(account: Account) -> CredentialProvider | None:
    """The login that jobstat has stored, if it knows the account.

    Raises AuthError where the keyring does not have what belongs to it,
    KeyringProblem where it cannot tell, UsageError for a broken file.
    """
    from jobstat.zendesk.auth.profiles import load

    record = load().records.get(account.origin)
    return _login_of(account, record) if record else None


def _login_of(account: Account, record: Profile) -> CredentialProvider:
    from jobstat.zendesk.auth.refreshing import RefreshingProvider
    from jobstat.zendesk.auth.store import Keep

    keep = Keep(account)
    again = f"Log in again with {account.login_command}"
    entry = keep.read()
    if entry is None:
        raise AuthError(f"the keyring has no entry for {account.name}", hint=again)
    if record.client_id:
        return RefreshingProvider(
            account, record.client_id, entry, record.kind, KEYRING, keep
        )

    def read(timeout: float) -> Credential | None:
        found = keep.read(timeout)
        return credential_in(found, record) if found else None

    credential = credential_in(entry, record)
    if credential is None:
        raise AuthError(f"the keyring has no token for {account.name}", hint=again)
    return ReloadingProvider(credential, read, again)


def credential_in(entry: StoredSecrets, record: Profile) -> Credential | None:
    """What is to be shown of an entry. Raises UsageError for what cannot be."""
    if entry.tokens is None:
        return None
    if record.email:
        return api_token(record.email, entry.tokens.access, KEYRING)
    return bearer(entry.tokens.access, KEYRING)
