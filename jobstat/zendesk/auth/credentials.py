"""The credential of a request: its forms, and the variables that may contain it.

No error shows a secret.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from jobstat.errors import AuthError, UsageError
from jobstat.zendesk.redact import to_bytes

if TYPE_CHECKING:
    from jobstat.zendesk.auth.account import Account

_TOKEN = re.compile(r"[!-~]+")
_EMAIL = re.compile(r"[^\s:\x00-\x1f\x7f]+@[^\s:\x00-\x1f\x7f]+")
_PASSWORD = re.compile(r"[^\x00-\x1f\x7f]+")

CLIENT_ID = "ZENDESK_OAUTH_CLIENT_ID"
CLIENT_SECRET = "ZENDESK_OAUTH_CLIENT_SECRET"  # noqa: S105 - the variable's name

KEYRING = "keyring"
"""The source of a credential that jobstat has stored."""

API_TOKENS_END = 1_809_129_600.0
"""The end of 30 April 2027, UTC, in Unix seconds."""

ENV_CREDENTIALS = (
    f"ZENDESK_OAUTH_TOKEN, or {CLIENT_ID} and {CLIENT_SECRET},"
    " or ZENDESK_EMAIL and ZENDESK_API_TOKEN."
)
"""The end of a hint to set a credential in the environment."""


class AuthMethod(StrEnum):
    """The ways to get a credential. Their values are in accounts.toml and in JSON."""

    BROWSER = "browser"
    CLIENT = "client-credentials"
    TOKEN = "token"  # noqa: S105 - not a secret
    API_TOKEN = "api-token"  # noqa: S105 - not a secret
    PASSWORD = "password"  # noqa: S105 - not a secret


@dataclass(frozen=True, slots=True)
class Credential:
    """The Authorization header of a request, and where its secret is from.

    ``expires_at`` is in Unix seconds, None if unknown. ``repr`` shows no secret.
    """

    source: str
    method: AuthMethod
    authorization: str = field(repr=False)
    secret: str = field(repr=False)
    expires_at: float | None = None

    @property
    def secret_texts(self) -> tuple[str, str]:
        """The secret, alone and as in the header. Errors must not show it."""
        return self.authorization.partition(" ")[2], self.secret


def bearer(
    token: str,
    source: str,
    method: AuthMethod = AuthMethod.TOKEN,
    expires_at: float | None = None,
) -> Credential:
    """Return the credential of an OAuth access token. Raise UsageError."""
    check_token(token, source)
    return Credential(source, method, f"Bearer {token}", token, expires_at)


def api_token(
    email: str, token: str, source: str, *, email_source: str = ""
) -> Credential:
    """Return the credential of a user's API token. Raise UsageError.

    Errors name ``source`` for the token and ``email_source`` for the e-mail address.
    """
    check_email(email, email_source or source)
    check_token(token, source)
    authorization = _basic(f"{email}/token", token)
    return Credential(source, AuthMethod.API_TOKEN, authorization, token)


def check_email(email: str, source: str) -> None:
    """Raise UsageError for a text that is not an e-mail address."""
    if not _EMAIL.fullmatch(email):
        raise UsageError(
            f"{source} is not an e-mail address", hint="Example: agent@example.com"
        )


def check_client_id(id: str, source: str) -> None:
    """Raise UsageError for a text that cannot be the id of an OAuth client."""
    if not (id and id.isprintable()):
        raise UsageError(
            f"{source} is not the id of an OAuth client",
            hint="Copy the client's identifier from Zendesk's Admin Center.",
        )


def check_token(token: str, source: str) -> None:
    """Raise UsageError for a text that is neither a token nor a client's secret."""
    _check(source, token, _TOKEN, "a space, a line break or a non-ASCII character")


def credential_from_env(environ: Mapping[str, str]) -> Credential | None:
    """Return the first complete credential of the environment, None if there is none.

    The OAuth client comes before an API token or a password, but ``client_from_env``
    returns it: return None then. Raise UsageError for an invalid credential.
    """
    if token := environ.get("ZENDESK_OAUTH_TOKEN"):
        return bearer(token, "ZENDESK_OAUTH_TOKEN")
    if client_from_env(environ):
        return None
    email = environ.get("ZENDESK_EMAIL")
    if email and (token := environ.get("ZENDESK_API_TOKEN")):
        return api_token(
            email, token, "ZENDESK_API_TOKEN", email_source="ZENDESK_EMAIL"
        )
    if email and (password := environ.get("ZENDESK_PASSWORD")):
        check_email(email, "ZENDESK_EMAIL")
        _check("ZENDESK_PASSWORD", password, _PASSWORD, "a control character")
        authorization = _basic(email, password)
        return Credential(
            "ZENDESK_PASSWORD", AuthMethod.PASSWORD, authorization, password
        )
    return None


def client_from_env(environ: Mapping[str, str]) -> tuple[str, str] | None:
    """Return the id and the secret of the environment's OAuth client, None without one.

    Raise UsageError if the id or the secret is invalid.
    """
    id, secret = environ.get(CLIENT_ID), environ.get(CLIENT_SECRET)
    if not (id and secret):
        return None
    check_client_id(id, CLIENT_ID)
    check_token(secret, CLIENT_SECRET)
    return id, secret


def env_source(environ: Mapping[str, str]) -> str | None:
    """Return the main variable of the environment's credential, None without one."""
    credentials = (
        ("ZENDESK_OAUTH_TOKEN",),
        (CLIENT_ID, CLIENT_SECRET),
        ("ZENDESK_API_TOKEN", "ZENDESK_EMAIL"),
        ("ZENDESK_PASSWORD", "ZENDESK_EMAIL"),
    )
    complete = (names[0] for names in credentials if all(map(environ.get, names)))
    return next(complete, None)


def api_token_deprecation(now: float) -> str:
    """Return the warning about API tokens; ``now`` is in Unix seconds."""
    days = int((API_TOKENS_END - now) // 86400)
    if days < 0:
        return "Zendesk ended API tokens on 30 April 2027; log in with OAuth"
    when = f"in {days} days" if days else "today"
    return (
        f"Zendesk ends API tokens on 30 April 2027, {when}; log in with OAuth by then"
    )


_NEEDED_TOGETHER = (
    (CLIENT_ID, CLIENT_SECRET),
    (CLIENT_SECRET, CLIENT_ID),
    ("ZENDESK_EMAIL", "ZENDESK_API_TOKEN"),
    ("ZENDESK_API_TOKEN", "ZENDESK_EMAIL"),
    ("ZENDESK_PASSWORD", "ZENDESK_EMAIL"),
)
"""A variable, and the variable that it needs."""


def missing_credential(
    environ: Mapping[str, str], account: Account, problem: str | None = None
) -> AuthError:
    """Return the error for an account without a credential.

    ``problem`` is the message of the keyring's error if the keyring failed.
    """
    because = f"; {problem}" if problem else ""
    if source := env_source(environ):
        return AuthError(
            f"no credential is stored for {account.name}{because}",
            hint=f"jobstat sends {source} only to an account that you name. Give"
            f" --base-url {account.origin}",
        )
    for name, missing in _NEEDED_TOGETHER:
        if environ.get(name):
            return AuthError(
                f"half a credential: {name} is set without {missing}",
                hint=f"Set {missing} too, or ZENDESK_OAUTH_TOKEN alone.",
            )
    login = "Set" if problem else f"Log in once with {account.login_command}, or set"
    return AuthError(
        f"no credential for {account.name}{because}", hint=f"{login} {ENV_CREDENTIALS}"
    )


def _check(source: str, value: str, pattern: re.Pattern[str], invalid: str) -> None:
    if not pattern.fullmatch(value):
        raise UsageError(
            f"{source} contains {invalid}",
            hint="Give the value alone, without Bearer and without a line break.",
        )


def _basic(user: str, secret: str) -> str:
    return "Basic " + b64encode(to_bytes(f"{user}:{secret}")).decode()
