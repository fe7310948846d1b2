"""Credentials: what is shown to the account, and those that the environment holds."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from jobstat.errors import AuthError, UsageError
from jobstat.zendesk.redact import as_bytes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobstat.zendesk.auth.account import Account

_TOKEN = re.compile(r"[!-~]+")
_EMAIL = re.compile(r"[^\s:\x00-\x1f\x7f]+@[^\s:\x00-\x1f\x7f]+")
_PASSWORD = re.compile(r"[^\x00-\x1f\x7f]+")

CLIENT_ID = "ZENDESK_OAUTH_CLIENT_ID"
CLIENT_SECRET = "ZENDESK_OAUTH_CLIENT_SECRET"  # noqa: S105 - the variable's name

API_TOKENS_END = 1_809_129_600.0
"""The end of 30 April 2027, UTC, in Unix seconds."""

IN_ENVIRONMENT = (
    f"ZENDESK_OAUTH_TOKEN, or {CLIENT_ID} and {CLIENT_SECRET},"
    " or ZENDESK_EMAIL and ZENDESK_API_TOKEN."
)


class AuthMethod(StrEnum):
    """How a credential was come by, by the word that is stored of it."""

    BROWSER = "browser"
    CLIENT = "client-credentials"
    TOKEN = "token"  # noqa: S105 - a word
    API_TOKEN = "api-token"  # noqa: S105 - likewise
    PASSWORD = "password"  # noqa: S105 - likewise


@dataclass(frozen=True, slots=True)
class Credential:
    """What proves to the account who asks.

    ``source`` says where it is from. ``expires_at`` is in Unix seconds, None where
    that is not told. The header and the secret are never part of a ``repr``.
    """

    source: str
    kind: AuthMethod
    authorization: str = field(repr=False)
    secret: str = field(repr=False)
    expires_at: float | None = None

    @property
    def secrets(self) -> tuple[str, str]:
        """What no error may repeat."""
        return self.authorization.partition(" ")[2], self.secret


def bearer(
    token: str,
    source: str,
    kind: AuthMethod = AuthMethod.TOKEN,
    expires_at: float | None = None,
) -> Credential:
    """An OAuth access token. Raises UsageError for what cannot be one."""
    check_token(token, source)
    return Credential(source, kind, f"Bearer {token}", token, expires_at)


def api_token(email: str, token: str, source: str, *, of: str = "") -> Credential:
    """An API token of a user; ``of`` names where the address is from.

    Raises UsageError for what cannot be one.
    """
    check_email(email, of or source)
    check_token(token, source)
    authorization = _basic(f"{email}/token", token)
    return Credential(source, AuthMethod.API_TOKEN, authorization, token)


def check_email(email: str, source: str) -> None:
    """Raises UsageError for what is no e-mail address."""
    if not _EMAIL.fullmatch(email):
        raise UsageError(f"{source} is not an e-mail address")


def check_client_id(id: str, source: str) -> None:
    """Raises UsageError for what cannot be the id of an OAuth client."""
    if not (id and id.isprintable()):
        raise UsageError(f"{source} is not the id of an OAuth client")


def check_token(token: str, source: str) -> None:
    """Raises UsageError for what can be neither a token nor a client's secret."""
    _check(source, token, _TOKEN, "one word of ASCII")


def from_environment(environ: Mapping[str, str]) -> Credential | None:
    """The first credential that the environment holds whole, checked for a header.

    Client credentials are none yet: a token is to be had for them first. Raises
    UsageError for one that cannot be used as it stands. No error repeats a secret.
    """
    if token := environ.get("ZENDESK_OAUTH_TOKEN"):
        return bearer(token, "ZENDESK_OAUTH_TOKEN")
    if client_from_env(environ):
        return None
    email = environ.get("ZENDESK_EMAIL")
    if email and (token := environ.get("ZENDESK_API_TOKEN")):
        return api_token(email, token, "ZENDESK_API_TOKEN", of="ZENDESK_EMAIL")
    if email and (password := environ.get("ZENDESK_PASSWORD")):
        check_email(email, "ZENDESK_EMAIL")
        _check("ZENDESK_PASSWORD", password, _PASSWORD, "one line")
        authorization = _basic(email, password)
        return Credential(
            "ZENDESK_PASSWORD", AuthMethod.PASSWORD, authorization, password
        )
    return None


def client_from_env(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """The OAuth client that the environment holds: its id and its secret.

    Raises UsageError where one of them cannot be used as it stands.
    """
    id, secret = environ.get(CLIENT_ID), environ.get(CLIENT_SECRET)
    if not (id and secret):
        return None
    check_client_id(id, CLIENT_ID)
    check_token(secret, CLIENT_SECRET)
    return id, secret


def env_source(environ: Mapping[str, str]) -> str | None:
    """The variable that ``from_environment`` or ``client_from_env`` would take."""
    wholes = (
        ("ZENDESK_OAUTH_TOKEN",),
        (CLIENT_ID, CLIENT_SECRET),
        ("ZENDESK_API_TOKEN", "ZENDESK_EMAIL"),
        ("ZENDESK_PASSWORD", "ZENDESK_EMAIL"),
    )
    whole = (names[0] for names in wholes if all(map(environ.get, names)))
    return next(whole, None)


def api_token_deprecation(now: float) -> str:
    """What is to be said of an API token; ``now`` is in Unix seconds."""
    days = int((API_TOKENS_END - now) // 86400)
    if days < 0:
        return "Zendesk ended API tokens on 30 April 2027; log in with OAuth"
    when = f"in {days} days" if days else "today"
    return (
        f"Zendesk ends API tokens on 30 April 2027, {when}; log in with OAuth by then"
    )


_INCOMPLETE = (
    (CLIENT_ID, CLIENT_SECRET),
    (CLIENT_SECRET, CLIENT_ID),
    ("ZENDESK_EMAIL", "ZENDESK_API_TOKEN"),
    ("ZENDESK_API_TOKEN", "ZENDESK_EMAIL"),
    ("ZENDESK_PASSWORD", "ZENDESK_EMAIL"),
)


def missing_credential(
    environ: Mapping[str, str], account: Account, problem: str | None = None
) -> AuthError:
    """The error for an account for which there is no credential at all.

    ``problem`` is what keeps it from being found, where something does.
    """
    because = f"; {problem}" if problem else ""
    if source := env_source(environ):
        return AuthError(
            f"no credential is stored for {account.name}{because}",
            hint=f"{source} goes only to an account that is named: --base-url"
            f" {account.origin}",
        )
    for there, missing in _INCOMPLETE:
        if environ.get(there):
            return AuthError(
                f"half a credential: {there} is set without {missing}",
                hint=f"Set {missing} beside it, or ZENDESK_OAUTH_TOKEN alone.",
            )
    login = "Set" if problem else f"Log in once with {account.login_command}, or set"
    return AuthError(
        f"no credential for {account.name}{because}", hint=f"{login} {IN_ENVIRONMENT}"
    )


def _check(source: str, value: str, form: re.Pattern[str], what: str) -> None:
    if not form.fullmatch(value):
        raise UsageError(
            f"{source} is not {what}: it holds a character that does not belong there",
            hint="Give it bare: without Bearer, a blank or a line break.",
        )


def _basic(user: str, secret: str) -> str:
    return "Basic " + b64encode(as_bytes(f"{user}:{secret}")).decode()
