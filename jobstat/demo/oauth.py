"""The pretend account's OAuth: clients, codes and tokens. Knows no network.

Two clients are registered: a public one, for people and their browsers, whose
redirect URL may be any of this machine, and a confidential one for programs.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field
from html import escape
from secrets import compare_digest, token_hex
from typing import Any
from urllib.parse import urlencode, urlsplit

from jobstat.demo.fake_account import Refused

PUBLIC_CLIENT = "jobstat-demo"
CONFIDENTIAL_CLIENT = "jobstat-demo-server"
CLIENT_SECRET = "demo-secret"  # noqa: S105 - it opens nothing but the demo

LIFE = 1800.0
"""Seconds that an access token lives, if nothing else is said: Zendesk's default."""

LIVES = (300, 172_800)
"""Seconds that a client may ask an access token to live."""

CODE_LIFE = 120.0
REFRESH_LIFETIME = 30 * 86400.0

SCOPES = frozenset({"read", "write"})

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>Allow {client}?</title>
<body style="font: 16px sans-serif; max-width: 30em; margin: 4em auto">
<h1>A pretend Zendesk</h1>
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
class _Code:
    redirect_uri: str
    challenge: str
    scope: str
    expires_at: float


@dataclass(slots=True)
class Pair:
    """An access token, and the refresh token that goes with it."""

    access: str
    refresh: str | None
    scope: str
    expires_at: float
    refreshable_until: float


@dataclass(slots=True)
class OAuth:
    """What was granted, and to whom.

    ``life`` is how many seconds access tokens live, whatever a client asks for; None
    leaves it to the client, within Zendesk's bounds. ``pairs`` are those that are
    not dead.
    """

    life: float | None = None
    pairs: list[Pair] = field(default_factory=list)
    _codes: dict[str, _Code] = field(default_factory=dict)

    def page(self, query: dict[str, str]) -> str:
        """The page that asks the user. Raises Refused for a request that is none."""
        self._check_request(query)
        fields = "".join(
            f'<input type="hidden" name="{escape(name)}" value="{escape(value)}">'
            for name, value in query.items()
        )
        client, scope = escape(query["client_id"]), escape(query["scope"])
        return _PAGE.format(client=client, scope=scope, fields=fields)

    def answer(self, form: dict[str, str], now: float) -> str:
        """Where the browser goes with the user's answer. Raises Refused."""
        self._check_request(form)
        told = {"state": form["state"]} if "state" in form else {}
        if form.get("answer") == "allow":
            code = token_hex(16)
            self._codes[code] = _Code(
                form["redirect_uri"],
                form["code_challenge"],
                form["scope"],
                now + CODE_LIFE,
            )
            told["code"] = code
        else:
            told["error"] = "access_denied"
            told["error_description"] = "The end-user denied the authorization request."
        return f"{form['redirect_uri']}?{urlencode(told)}"

    def grant(self, fields: dict[str, Any], now: float) -> dict[str, Any]:
        """A token, by any of the three grants. Raises Refused."""
        kind = fields.get("grant_type")
        if kind == "authorization_code":
            pair = self._by_code(fields, now)
        elif kind == "refresh_token":
            pair = self._by_refresh(fields, now)
        elif kind == "client_credentials":
            pair = self._by_secret(fields, now)
        else:
            raise _denied(400, "unsupported_grant_type", f"No such grant: {kind}")
        self.pairs = [p for p in self.pairs if p.refreshable_until > now]
        self.pairs.append(pair)
        told = {
            "access_token": pair.access,
            "token_type": "bearer",
            "scope": pair.scope,
            "expires_in": round(pair.expires_at - now),
        }
        if pair.refresh:
            told["refresh_token"] = pair.refresh
            told["refresh_token_expires_in"] = round(pair.refreshable_until - now)
        return told

    def takes(self, token: str, now: float) -> bool:
        """Whether an access token is good now."""
        return any(p.access == token and now < p.expires_at for p in self.pairs)

    def _check_request(self, told: dict[str, str]) -> None:
        if told.get("client_id") != PUBLIC_CLIENT:
            raise _denied(400, "invalid_client", "There is no such public client.")
        uri = urlsplit(told.get("redirect_uri", ""))
        if uri.scheme != "http" or uri.hostname not in {"127.0.0.1", "localhost"}:
            raise _denied(400, "invalid_request", "The redirect_uri is not registered.")
        if told.get("response_type", "code") != "code":
            raise _denied(400, "unsupported_response_type", "It must be code.")
        if not told.get("code_challenge") or told.get("code_challenge_method") != (
            "S256"
        ):
            raise _denied(400, "invalid_request", "A public client must use PKCE.")
        self._check_scope(told.get("scope", ""))

    def _check_scope(self, scope: str) -> None:
        if not scope or not SCOPES.issuperset(scope.split()):
            raise _denied(400, "invalid_scope", f"The scope is invalid: {scope}")

    def _by_code(self, fields: dict[str, Any], now: float) -> Pair:
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
            raise _denied(400, "invalid_grant", _INVALID_GRANT)
        return self._pair(fields, code.scope, now, refreshable=True)

    def _by_refresh(self, fields: dict[str, Any], now: float) -> Pair:
        token = fields.get("refresh_token")
        for pair in self.pairs:
            if pair.refresh == token and token and now < pair.refreshable_until:
                break
        else:
            raise _denied(400, "invalid_grant", _INVALID_GRANT)
        if fields.get("client_id") != PUBLIC_CLIENT:
            raise _denied(401, "invalid_client", "There is no such client.")
        # The old pair dies at once.
        self.pairs.remove(pair)
        return self._pair(fields, pair.scope, now, refreshable=True)

    def _by_secret(self, fields: dict[str, Any], now: float) -> Pair:
        secret = str(fields.get("client_secret", ""))
        good = compare_digest(secret.encode(), CLIENT_SECRET.encode())
        if fields.get("client_id") != CONFIDENTIAL_CLIENT or not good:
            raise _denied(
                401,
                "invalid_client",
                "Client authentication failed due to unknown client, no client"
                " authentication included, or unsupported authentication method.",
            )
        self._check_scope(str(fields.get("scope", "")))
        return self._pair(fields, str(fields["scope"]), now, refreshable=False)

    def _pair(
        self, fields: dict[str, Any], scope: str, now: float, *, refreshable: bool
    ) -> Pair:
        life = fields.get("expires_in", LIFE)
        if self.life is not None:
            life = self.life
        elif not (isinstance(life, int | float) and LIVES[0] <= life <= LIVES[1]):
            raise _denied(400, "invalid_request", "expires_in is out of its bounds.")
        return Pair(
            token_hex(32),
            token_hex(32) if refreshable else None,
            scope,
            now + life,
            now + (REFRESH_LIFETIME if refreshable else life),
        )


def _denied(code: int, error: str, description: str) -> Refused:
    """A refusal in OAuth's own words."""
    return Refused(code, {"error": error, "error_description": description})
