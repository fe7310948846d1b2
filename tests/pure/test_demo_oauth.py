"""The demo's OAuth is as strict as Zendesk's. The login tests rely on that."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from jobstat.demo.fake_account import AccountError
from jobstat.demo.oauth import (
    CLIENT_SECRET,
    CODE_LIFETIME,
    CONFIDENTIAL_CLIENT,
    PUBLIC_CLIENT,
    REFRESH_TOKEN_LIFETIME,
    FakeOAuth,
)

VERIFIER = "v" * 64
CHALLENGE = urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest())
REDIRECT = "http://127.0.0.1:15627/callback"
QUERY = {
    "response_type": "code",
    "client_id": PUBLIC_CLIENT,
    "redirect_uri": REDIRECT,
    "scope": "read",
    "state": "st4te",
    "code_challenge": CHALLENGE.rstrip(b"=").decode(),
    "code_challenge_method": "S256",
}
SECRET = {
    "grant_type": "client_credentials",
    "client_id": CONFIDENTIAL_CLIENT,
    "client_secret": CLIENT_SECRET,
    "scope": "read",
}


def token_request(oauth: FakeOAuth, now: float = 0.0) -> dict[str, Any]:
    """Return a client's request for tokens, after the user's consent."""
    target = oauth.redirect_after_consent({**QUERY, "answer": "allow"}, now)
    query = parse_qs(urlsplit(target).query)
    assert query["state"] == ["st4te"]
    return {
        "grant_type": "authorization_code",
        "client_id": PUBLIC_CLIENT,
        "redirect_uri": REDIRECT,
        "code": query["code"][0],
        "code_verifier": VERIFIER,
    }


def grant_error(oauth: FakeOAuth, fields: dict[str, Any], now: float = 0.0) -> str:
    with pytest.raises(AccountError) as caught:
        oauth.grant_tokens(fields, now)
    return str(caught.value.body["error"])


def test_authorization_code_works_once_and_expires_after_2_minutes() -> None:
    oauth = FakeOAuth()
    fields = token_request(oauth)
    tokens = oauth.grant_tokens(fields, CODE_LIFETIME - 1)
    assert (tokens["token_type"], tokens["scope"]) == ("bearer", "read")
    assert oauth.accepts(tokens["access_token"], CODE_LIFETIME)
    assert grant_error(oauth, fields, CODE_LIFETIME - 1) == "invalid_grant"
    assert grant_error(oauth, token_request(oauth), CODE_LIFETIME) == "invalid_grant"


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": CONFIDENTIAL_CLIENT},
        {"redirect_uri": "http://127.0.0.1:1/callback"},
        {"code_verifier": "w" * 64},
        {"code_verifier": ""},
        {"code": "other"},
    ],
)
def test_code_is_refused_with_another_client_redirect_or_verifier(
    change: dict[str, str],
) -> None:
    oauth = FakeOAuth()
    assert grant_error(oauth, token_request(oauth) | change) == "invalid_grant"


@pytest.mark.parametrize(
    "change",
    [
        {"client_id": "other"},
        {"redirect_uri": "https://evil.example/callback"},
        {"redirect_uri": "http://127.0.0.1.evil.example/callback"},
        {"response_type": "token"},
        {"code_challenge": ""},
        {"code_challenge_method": "plain"},
        {"scope": "everything"},
        {"scope": ""},
    ],
)
def test_invalid_authorization_request_gets_no_page_and_no_code(
    change: dict[str, str],
) -> None:
    oauth = FakeOAuth()
    with pytest.raises(AccountError):
        oauth.render_consent_page(QUERY | change)
    with pytest.raises(AccountError):
        oauth.redirect_after_consent({**QUERY, **change, "answer": "allow"}, 0.0)


def test_denied_authorization_redirects_without_a_code() -> None:
    target = FakeOAuth().redirect_after_consent({**QUERY, "answer": "deny"}, 0.0)
    query = parse_qs(urlsplit(target).query)
    assert (query["error"], query["state"]) == (["access_denied"], ["st4te"])
    assert "code" not in query


def test_authorization_page_escapes_markup_in_the_state() -> None:
    page = FakeOAuth().render_consent_page({**QUERY, "state": '"><script>'})
    assert "<script>" not in page


def test_refresh_invalidates_the_old_access_and_refresh_tokens() -> None:
    oauth = FakeOAuth()
    first = oauth.grant_tokens(token_request(oauth), 0.0)
    fields = {
        "grant_type": "refresh_token",
        "client_id": PUBLIC_CLIENT,
        "refresh_token": first["refresh_token"],
    }
    assert grant_error(oauth, {**fields, "client_id": "other"}) == "invalid_client"
    second = oauth.grant_tokens(fields, 1.0)
    assert not oauth.accepts(first["access_token"], 1.0)
    assert oauth.accepts(second["access_token"], 1.0)
    assert grant_error(oauth, fields, 1.0) == "invalid_grant"
    fields["refresh_token"] = second["refresh_token"]
    assert grant_error(oauth, fields, 1.0 + REFRESH_TOKEN_LIFETIME) == "invalid_grant"
    assert grant_error(oauth, {**fields, "refresh_token": None}) == "invalid_grant"


def test_client_credentials_grant_returns_no_refresh_token() -> None:
    oauth = FakeOAuth()
    tokens = oauth.grant_tokens(SECRET, 0.0)
    assert "refresh_token" not in tokens
    assert tokens["expires_in"] == 1800
    assert oauth.accepts(tokens["access_token"], 1799.0)
    assert not oauth.accepts(tokens["access_token"], 1800.0)
    for change in ({"client_secret": "x"}, {"client_id": PUBLIC_CLIENT}):
        assert grant_error(oauth, SECRET | change) == "invalid_client"
    assert grant_error(oauth, SECRET | {"scope": "all"}) == "invalid_scope"
    assert grant_error(oauth, {"grant_type": "password"}) == "unsupported_grant_type"


@pytest.mark.parametrize("life", [299, 172_801, "300", None])
def test_expires_in_out_of_bounds_is_refused(life: object) -> None:
    assert grant_error(FakeOAuth(), SECRET | {"expires_in": life}) == "invalid_request"


def test_configured_lifetime_overrides_the_requested_expires_in() -> None:
    tokens = FakeOAuth(token_lifetime=20.0).grant_tokens(
        SECRET | {"expires_in": 300}, 0.0
    )
    assert tokens["expires_in"] == 20
