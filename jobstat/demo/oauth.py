"""The fake account's OAuth: clients, codes and tokens, without a network.

Two clients are registered. The public one is for browsers, with any redirect URL on
this machine. The confidential one is for programs.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from html import escape
from secrets import compare_digest, token_hex
from typing import Any
from urllib.parse import urlencode, urlsplit

from jobstat.demo.fake_account import AccountError

PUBLIC_CLIENT = "jobstat-demo"
CONFIDENTIAL_CLIENT = "jobstat-demo-server"
CLIENT_SECRET = "demo-secret"  # noqa: S105 - valid at the fake account only

DEFAULT_LIFETIME = 1800.0
"""Seconds that an access token is valid unless the client asks for a time.

Zendesk has the same default.
"""

MIN_LIFETIME, MAX_LIFETIME = 300, 172_800
"""The bounds of the lifetime that a client may ask for, in seconds."""

CODE_LIFETIME = 120.0
"""Seconds that an authorization code is valid."""

REFRESH_TOKEN_LIFETIME = 30 * 86400.0
"""Seconds that a refresh token is valid."""

SCOPES = frozenset({"read", "write"})

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Allow {client}?</title>
<body style="font: 16px sans-serif; max-width: 30em; margin: 4em auto">
<h1>A fake Zendesk</h1>
<p><b>{client}</b> would like to have access to this account, with the scope
<b>{scope}</b>.</p>
<form method="post" action="/oauth/authorizations">{fields}
<button name="answer" value="allow">Allow</button>
<button name="answer" value="deny">Deny</button>
</form></body></html>
"""

_INVALID_GRANT = (
    "The provided access grant is invalid, expired, or revoked (e.g. invalid assertion,"
    " expired authorization token, bad end-user password credentials, or mismatching"
    " authorization code and redirection URI)."
)


@dataclass(frozen=True, slots=True)
class _AuthorizationCode:
    redirect_uri: str
    challenge: str
    scope: str
    expires_at: float


@dataclass(slots=True)
class TokenPair:
    """An access token and its refresh token. Times are POSIX seconds."""

    access: str
    refresh: str | None
    scope: str
    expires_at: float
    refreshable_until: float


@dataclass(slots=True)
class FakeOAuth:
    """The codes and tokens that the account granted.

    ``token_lifetime`` is the time in seconds that access tokens are valid. If it is
    None, the client chooses it within Zendesk's bounds.
    """

    token_lifetime: float | None = None
    pairs: list[TokenPair] = field(default_factory=list)
    _codes: dict[str, _AuthorizationCode] = field(default_factory=dict)

    def render_consent_page(self, query: dict[str, str]) -> str:
        """Return the page that asks the user for consent. Raise AccountError."""
        _check_authorization_request(query)
        fields = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in query.items()
        )
        client, scope = escape(query["client_id"]), escape(query["scope"])
        return _PAGE.format(client=client, scope=scope, fields=fields)

    def redirect_after_consent(self, form: dict[str, str], now: float) -> str:
        """Return the redirect URL with the user's answer. Raise AccountError."""
        _check_authorization_request(form)
        query = {"state": form["state"]} if "state" in form else {}
        if form.get("answer") == "allow":
            code = token_hex(16)
            self._codes[code] = _AuthorizationCode(
                form["redirect_uri"],
                form["code_challenge"],
                form["scope"],
                now + CODE_LIFETIME,
            )
            query["code"] = code
        else:
            query["error"] = "access_denied"
            query["error_description"] = (
                "The end-user denied the authorization request."
            )
        return f"{form['redirect_uri']}?{urlencode(query)}"

    def grant_tokens(self, fields: dict[str, Any], now: float) -> dict[str, Any]:
        """Return new tokens for one of the three grant types. Raise AccountError."""
        match fields.get("grant_type"):
            case "authorization_code":
                pair = self._exchange_code(fields, now)
            case "refresh_token":
                pair = self._refresh(fields, now)
            case "client_credentials":
                pair = self._grant_to_client(fields, now)
            case other:
                message = f"No such grant: {other}"
                raise _oauth_error(400, "unsupported_grant_type", message)
        self.pairs = [p for p in self.pairs if p.refreshable_until > now]
        self.pairs.append(pair)
        response = {
            "access_token": pair.access,
            "token_type": "bearer",
            "scope": pair.scope,
            "expires_in": round(pair.expires_at - now),
        }
        if pair.refresh:
            response["refresh_token"] = pair.refresh
            response["refresh_token_expires_in"] = round(pair.refreshable_until - now)
        return response

    def accepts(self, token: str, now: float) -> bool:
        """Return whether an access token is valid."""
        return any(p.access == token and now < p.expires_at for p in self.pairs)

    def _exchange_code(self, fields: dict[str, Any], now: float) -> TokenPair:
        code = self._codes.pop(str(fields.get("code")), None)
        verifier = str(fields.get("code_verifier", "")).encode()
        digest = hashlib.sha256(verifier).digest()
        challenge = urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            code is None
            or now >= code.expires_at
            or fields.get("client_id") != PUBLIC_CLIENT
            or fields.get("redirect_uri") != code.redirect_uri
            or not compare_digest(challenge, code.challenge)
        ):
            raise _oauth_error(400, "invalid_grant", _INVALID_GRANT)
        return self._new_pair(fields, code.scope, now, refreshable=True)

    def _refresh(self, fields: dict[str, Any], now: float) -> TokenPair:
        token = fields.get("refresh_token")
        for pair in self.pairs:
            if pair.refresh == token and token and now < pair.refreshable_until:
                break
        else:
            raise _oauth_error(400, "invalid_grant", _INVALID_GRANT)
        if fields.get("client_id") != PUBLIC_CLIENT:
            raise _oauth_error(401, "invalid_client", "There is no such client.")
        # Zendesk revokes the old pair at once.
        self.pairs.remove(pair)
        return self._new_pair(fields, pair.scope, now, refreshable=True)

    def _grant_to_client(self, fields: dict[str, Any], now: float) -> TokenPair:
        secret = str(fields.get("client_secret", ""))
        is_valid = compare_digest(secret.encode(), CLIENT_SECRET.encode())
        if fields.get("client_id") != CONFIDENTIAL_CLIENT or not is_valid:
            raise _oauth_error(
                401,
                "invalid_client",
                "Client authentication failed due to unknown client, no client"
                " authentication included, or unsupported authentication method.",
            )
        _check_scope(str(fields.get("scope", "")))
        return self._new_pair(fields, str(fields["scope"]), now, refreshable=False)

    def _new_pair(
        self, fields: dict[str, Any], scope: str, now: float, *, refreshable: bool
    ) -> TokenPair:
        lifetime = fields.get("expires_in", DEFAULT_LIFETIME)
        if self.token_lifetime is not None:
            lifetime = self.token_lifetime
        elif not (
            isinstance(lifetime, int | float)
            and MIN_LIFETIME <= lifetime <= MAX_LIFETIME
        ):
            raise _oauth_error(
                400, "invalid_request", "expires_in is out of its bounds."
            )
        return TokenPair(
            token_hex(32),
            token_hex(32) if refreshable else None,
            scope,
            now + lifetime,
            now + (REFRESH_TOKEN_LIFETIME if refreshable else lifetime),
        )


def _check_authorization_request(request: dict[str, str]) -> None:
    """Raise AccountError unless the public client may send this request."""
    if request.get("client_id") != PUBLIC_CLIENT:
        raise _oauth_error(400, "invalid_client", "There is no such public client.")
    uri = urlsplit(request.get("redirect_uri", ""))
    if uri.scheme != "http" or uri.hostname not in {"127.0.0.1", "localhost"}:
        message = "The redirect_uri is not registered."
        raise _oauth_error(400, "invalid_request", message)
    if request.get("response_type", "code") != "code":
        raise _oauth_error(400, "unsupported_response_type", "It must be code.")
    has_challenge = request.get("code_challenge")
    if not has_challenge or request.get("code_challenge_method") != "S256":
        raise _oauth_error(400, "invalid_request", "A public client must use PKCE.")
    _check_scope(request.get("scope", ""))


def _check_scope(scope: str) -> None:
    if not scope or not SCOPES.issuperset(scope.split()):
        raise _oauth_error(400, "invalid_scope", f"The scope is invalid: {scope}")


def _oauth_error(status: int, error: str, description: str) -> AccountError:
    return AccountError(status, {"error": error, "error_description": description})
