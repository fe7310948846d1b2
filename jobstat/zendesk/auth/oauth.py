"""OAuth with an account: all that knows oauthlib, which makes and reads its messages.

It asks for JSON where OAuth has forms, as Zendesk's documentation does.
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
from jobstat.zendesk.errors import reason, refusal
from jobstat.zendesk.http import Request
from jobstat.zendesk.redact import redacting

if TYPE_CHECKING:
    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.http import HttpClient

SCOPE = "read"

TOKEN_TIMEOUT = 30.0
"""Seconds that a token request may take, also where its caller has less time.

Zendesk revokes the old tokens when it answers: a lost answer is a lost login.
"""

REFRESH_LIFETIME = 89 * 86400
"""Seconds that a login may lie unused: Zendesk grants up to 90 days."""

MAX_LIFETIME = 100 * 365 * 86400
"""Seconds of a life that is taken for one: what is longer is nonsense."""

MARGIN = 0.1
MAX_MARGIN = 60.0
"""How long before its end a token is renewed: a tenth of its life, at most so many
seconds."""

# oauthlib takes no http, nor does it know that a loopback address is another matter
# (RFC 8252). Where it wants a URL, it gets one with https; only the query is used.
_ANYWHERE = "https://127.0.0.1/"


@dataclass(frozen=True, slots=True)
class Tokens:
    """What a token endpoint gave; times are in Unix seconds, None if not told.

    ``renew_at`` is when the access token is old enough to be renewed.
    """

    access: str = field(repr=False)
    refresh: str | None = field(default=None, repr=False)
    expires_at: float | None = None
    renew_at: float | None = None

    def needs_refresh(self, now: float) -> bool:
        """Whether the access token should no longer be used."""
        return self.renew_at is not None and now >= self.renew_at


class AuthorizationCodeFlow:
    """A user's consent that is to be had in a browser, at ``url``.

    ``redirect_uri`` is where the browser is sent with the answer.
    """

    def __init__(self, account: Account, client_id: str, redirect_uri: str) -> None:
        from oauthlib.oauth2 import WebApplicationClient

        self._account = account
        self._client_id = client_id
        self._redirect_uri = redirect_uri
        self._client = WebApplicationClient(client_id)
        self._verifier = self._client.create_code_verifier(64)
        self._client.state = self._client.state_generator()
        uri = self._client.prepare_request_uri(
            _ANYWHERE,
            redirect_uri=redirect_uri,
            scope=SCOPE,
            state=self._client.state,
            code_challenge=self._client.create_code_challenge(self._verifier, "S256"),
            code_challenge_method="S256",
        )
        query = urlsplit(uri).query
        self.url = f"{account.origin}/oauth/authorizations/new?{query}"

    def parse_redirect(self, address: str) -> str:
        """The code in the address that the browser was sent to.

        Raises UsageError for what is no answer to this, AuthError for one that
        says no.
        """
        from oauthlib.oauth2 import MismatchingStateError, OAuth2Error

        try:
            query = urlsplit(address.strip()).query
            found = self._client.parse_request_uri_response(
                f"{_ANYWHERE}?{query}", state=self._client.state
            )
        except (ValueError, MismatchingStateError) as error:
            raise UsageError("that is not the answer to this login") from error
        except OAuth2Error as error:
            if error.error == "missing_code":
                raise UsageError("there is no code in that address") from error
            words = f"{error.error}: {error.description or ''}".rstrip(": ")
            denied = error.error == "access_denied"
            said = "was denied in the browser" if denied else f"failed: {words}"
            raise AuthError(f"the login at {self._account.name} {said}") from error
        return str(found["code"])

    def tokens(self, http: HttpClient, code: str) -> Tokens:
        """The tokens for a code. Raises what ``client_credentials_grant`` raises."""
        form = self._client.prepare_request_body(
            code=code, redirect_uri=self._redirect_uri, code_verifier=self._verifier
        )
        return _ask(
            http,
            self._account,
            {
                **dict(parse_qsl(form)),
                "scope": SCOPE,
                "refresh_token_expires_in": REFRESH_LIFETIME,
            },
            refused=f"{self._account.name} does not take the login",
            hint=f"Is the OAuth client {self._client_id} a public one, with the"
            f" redirect URL {self._redirect_uri}?",
        )


def client_credentials_grant(
    http: HttpClient,
    account: Account,
    client_id: str,
    secret: str,
) -> Tokens:
    """A token for client credentials.

    Raises AuthError for a refusal, and for all else what asking for a job raises.
    No error repeats a secret.
    """
    from oauthlib.oauth2 import BackendApplicationClient

    form = BackendApplicationClient(client_id).prepare_request_body(
        include_client_id=True, client_secret=secret, scope=SCOPE
    )
    return _ask(
        http,
        account,
        dict(parse_qsl(form)),
        refused=f"{account.name} does not take the client credentials",
        hint=f"Is {client_id} a confidential OAuth client of this account, and is that"
        " its secret?",
    )


def refresh(
    http: HttpClient,
    account: Account,
    client_id: str,
    refresh_token: str,
) -> Tokens:
    """New tokens for old ones, which Zendesk ends.

    Raises what ``client_credentials_grant`` raises.

    ``refresh_token_expires_in`` is taken here too (Zendesk's announcement of refresh
    tokens, April 2025). Without it, a login would end after 30 days unused.
    """
    from oauthlib.oauth2 import WebApplicationClient

    form = WebApplicationClient(client_id).prepare_refresh_body(
        refresh_token=refresh_token, client_id=client_id
    )
    return _ask(
        http,
        account,
        {**dict(parse_qsl(form)), "refresh_token_expires_in": REFRESH_LIFETIME},
        refused=f"the login at {account.name} cannot be renewed",
        hint=f"Log in again with {account.login_command}",
    )


def _ask(
    http: HttpClient,
    account: Account,
    fields: dict[str, str | int],
    *,
    refused: str,
    hint: str,
) -> Tokens:
    request = Request(
        "/oauth/tokens",
        {"Content-Type": "application/json"},
        json.dumps(fields).encode(),
    )
    names = ("client_secret", "refresh_token", "code", "code_verifier")
    with redacting(lambda: [str(fields[name]) for name in names if name in fields]):
        asked_at = time.time()
        response = http.send(request, TOKEN_TIMEOUT)
        if response.status in {400, 401, 403}:
            raise AuthError(f"{refused} ({reason(response)})", hint=hint)
        if response.status == 404:
            raise UsageError(
                f"there is no OAuth at {account.name} ({reason(response)})",
                hint="Is that the right account?",
            )
        if not response.is_success:
            raise refusal(response, account)
        return _parsed(response.body, account, asked_at)


def _parsed(body: bytes, account: Account, asked_at: float) -> Tokens:
    """The tokens in an answer.

    Zendesk has ended the old tokens, so the new ones are taken even if another field
    of the answer is odd.
    """
    try:
        told = json.loads(body.decode("utf-8-sig"))
        access, other = (_token(told.get(n)) for n in ("access_token", "refresh_token"))
    except (ValueError, RecursionError, AttributeError):
        # Not with its cause: there may be a token in it.
        access = other = None
    if access is None:
        raise InvalidResponse(f"the answer of {account.name} is no token")
    life = _seconds(told.get("expires_in"))
    if not 0 < life < MAX_LIFETIME:
        return Tokens(access, other)
    margin = min(life * MARGIN, MAX_MARGIN)
    expires_at = asked_at + life
    return Tokens(access, other, expires_at, expires_at - margin)


def _token(told: object) -> str | None:
    if not isinstance(told, str):
        return None
    with suppress(UsageError):
        check_token(told, "the answer")
        return told
    return None


def _seconds(told: object) -> float:
    """A number of seconds, also where it is written as a text; 0 for anything else."""
    if isinstance(told, str | int | float) and not isinstance(told, bool):
        with suppress(ValueError, OverflowError):
            return float(told)
    return 0.0
