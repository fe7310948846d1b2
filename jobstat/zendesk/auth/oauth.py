"""The OAuth requests to an account. Only this module imports oauthlib.

oauthlib builds and parses OAuth's messages. It builds forms, but Zendesk documents
JSON, so jobstat sends their fields as JSON.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlsplit

from jobstat.errors import AuthError, InvalidResponse, UsageError
from jobstat.zendesk.auth.credentials import check_token
from jobstat.zendesk.errors import format_reason, response_error
from jobstat.zendesk.exchange import Request
from jobstat.zendesk.redact import redacting

if TYPE_CHECKING:
    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.http import HttpClient

SCOPE = "read"

TOKEN_TIMEOUT = 30.0
"""Seconds that a token request may take, even if its caller has less time.

Zendesk revokes the old tokens when it answers. Without the answer, the login is lost.
"""

REFRESH_TOKEN_LIFETIME = 89 * 86400
"""Seconds that a login may stay unused. Zendesk allows at most 90 days."""

MAX_LIFETIME = 100 * 365 * 86400
"""Seconds; a longer lifetime is not plausible."""

REFRESH_MARGIN = 0.1
"""A token is refreshed when this part of its lifetime is left."""

MAX_REFRESH_MARGIN = 60.0
"""A token is refreshed at most this many seconds before it expires."""

# oauthlib refuses an http URL, even of a loopback address, which RFC 8252 allows.
# Give it this URL instead: only the query matters.
_DUMMY_URL = "https://127.0.0.1/"


@dataclass(frozen=True, slots=True)
class Tokens:
    """The tokens that Zendesk granted. Times are in Unix seconds, None if unknown.

    ``refresh_at`` is the time to refresh the access token, shortly before it expires.
    """

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expires_at: float | None = None
    refresh_at: float | None = None

    def needs_refresh(self, now: float) -> bool:
        """Return whether the access token should be refreshed."""
        return self.refresh_at is not None and now >= self.refresh_at


class AuthorizationCodeFlow:
    """OAuth's authorization code flow with PKCE: the user consents in a browser.

    The user opens ``url``. Zendesk then redirects the browser to ``redirect_uri`` with
    a code.
    """

    def __init__(self, account: Account, client_id: str, redirect_uri: str) -> None:
        from oauthlib.oauth2 import WebApplicationClient

        self._account = account
        self._client_id = client_id
        self.redirect_uri = redirect_uri
        self._client = WebApplicationClient(client_id)
        self._verifier = self._client.create_code_verifier(64)
        self._client.state = self._client.state_generator()
        uri = self._client.prepare_request_uri(
            _DUMMY_URL,
            redirect_uri=redirect_uri,
            scope=SCOPE,
            state=self._client.state,
            code_challenge=self._client.create_code_challenge(self._verifier, "S256"),
            code_challenge_method="S256",
        )
        query = urlsplit(uri).query
        self.url = f"{account.origin}/oauth/authorizations/new?{query}"

    def parse_redirect(self, address: str) -> str:
        """Return the code in the address to which Zendesk redirected the browser.

        Raise UsageError for any other address, AuthError if the login was denied.
        """
        from oauthlib.oauth2 import MismatchingStateError, OAuth2Error

        try:
            query = urlsplit(address.strip()).query
            fields = self._client.parse_request_uri_response(
                f"{_DUMMY_URL}?{query}", state=self._client.state
            )
        except (ValueError, MismatchingStateError) as error:
            raise UsageError("that address is not from this login") from error
        except OAuth2Error as error:
            if error.error == "missing_code":
                raise UsageError(
                    "that is not the address of the page after the login"
                ) from error
            reason = f"{error.error}: {error.description or ''}".rstrip(": ")
            denied = error.error == "access_denied"
            outcome = "was denied in the browser" if denied else f"failed: {reason}"
            hint = "Check the OAuth client in Zendesk's Admin Center, and log in again."
            if denied:
                hint = "To log in, allow jobstat to read the account in the browser."
            message = f"the login at {self._account.name} {outcome}"
            raise AuthError(message, hint=hint) from error
        return str(fields["code"])

    def request_tokens(self, http: HttpClient, code: str) -> Tokens:
        """Exchange a code for tokens. Raise as ``client_credentials_grant`` does."""
        form = self._client.prepare_request_body(
            code=code, redirect_uri=self.redirect_uri, code_verifier=self._verifier
        )
        return _request_tokens(
            http,
            self._account,
            {
                **dict(parse_qsl(form)),
                "scope": SCOPE,
                "refresh_token_expires_in": REFRESH_TOKEN_LIFETIME,
            },
            message=f"{self._account.name} refuses the login",
            hint=f"Check in Zendesk's Admin Center that the OAuth client"
            f" {self._client_id} is public and has the redirect URL"
            f" {self.redirect_uri}",
        )


def client_credentials_grant(
    http: HttpClient,
    account: Account,
    client_id: str,
    secret: str,
) -> Tokens:
    """Request tokens with a client's id and secret.

    Raise AuthError if Zendesk refuses, UsageError for a wrong address or request,
    InvalidResponse or Unavailable if a retry may help. No error shows a secret.
    """
    from oauthlib.oauth2 import BackendApplicationClient

    form = BackendApplicationClient(client_id).prepare_request_body(
        include_client_id=True, client_secret=secret, scope=SCOPE
    )
    return _request_tokens(
        http,
        account,
        dict(parse_qsl(form)),
        message=f"{account.name} refuses the client credentials",
        hint=f"Check in Zendesk's Admin Center that the OAuth client {client_id} is"
        " confidential, and check its secret.",
    )


def refresh(
    http: HttpClient,
    account: Account,
    client_id: str,
    refresh_token: str,
) -> Tokens:
    """Exchange a refresh token for new tokens. Zendesk revokes the old ones.

    Without ``refresh_token_expires_in``, a login would expire after 30 unused days
    (Zendesk's announcement of refresh tokens, April 2025). Raise as
    ``client_credentials_grant`` does.
    """
    from oauthlib.oauth2 import WebApplicationClient

    form = WebApplicationClient(client_id).prepare_refresh_body(
        refresh_token=refresh_token, client_id=client_id
    )
    return _request_tokens(
        http,
        account,
        {**dict(parse_qsl(form)), "refresh_token_expires_in": REFRESH_TOKEN_LIFETIME},
        message=f"the login at {account.name} cannot be renewed",
        hint=f"Log in again with {account.login_command}",
    )


def _request_tokens(
    http: HttpClient,
    account: Account,
    fields: dict[str, str | int],
    *,
    message: str,
    hint: str,
) -> Tokens:
    """Send a token request. ``message`` and ``hint`` are for the error of a refusal."""
    request = Request(
        "/oauth/tokens",
        {"Content-Type": "application/json"},
        json.dumps(fields).encode(),
    )
    secret_keys = ("client_secret", "refresh_token", "code", "code_verifier")
    with redacting(lambda: [str(fields[key]) for key in secret_keys if key in fields]):
        requested_at = time.time()
        response = http.send(request, TOKEN_TIMEOUT)
        if response.is_success:
            return _parse_tokens(response.body, account, requested_at)
        reason = format_reason(response)
        if response.status in {400, 401, 403}:
            raise AuthError(f"{message} ({reason})", hint=hint)
        if response.status == 404:
            raise UsageError(
                f"{account.name} offers no OAuth login ({reason})",
                hint="Check the account's address.",
            )
        raise response_error(response, account)


def _parse_tokens(body: bytes, account: Account, requested_at: float) -> Tokens:
    """Parse the response to a token request. Raise InvalidResponse without a token.

    Zendesk has revoked the old tokens, so accept the new ones even if another field of
    the response is invalid.
    """
    try:
        fields = json.loads(body.decode("utf-8-sig"))
        access = _parse_token(fields.get("access_token"))
        refresh_token = _parse_token(fields.get("refresh_token"))
    except (ValueError, RecursionError, AttributeError):
        access = None
    if access is None:
        # Raise it without a cause, which might show a token.
        raise InvalidResponse(
            f"{account.name} sent no token",
            hint="Try again. If that does not help, check the account's address.",
        )
    lifetime = _parse_seconds(fields.get("expires_in"))
    if not 0 < lifetime < MAX_LIFETIME:
        return Tokens(access, refresh_token)
    margin = min(lifetime * REFRESH_MARGIN, MAX_REFRESH_MARGIN)
    expires_at = requested_at + lifetime
    return Tokens(access, refresh_token, expires_at, expires_at - margin)


def _parse_token(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    with suppress(UsageError):
        check_token(value, "the answer")
        return value
    return None


def _parse_seconds(value: object) -> float:
    """Return a number of seconds, also from a string; 0 for anything else."""
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        with suppress(ValueError, OverflowError):
            return float(value)
    return 0.0
