"""The OAuth messages that jobstat sends, and the responses that it parses."""

from __future__ import annotations

import json
import time
import traceback
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from endpoint import ACME, Endpoint, granting, refusing
from hypothesis import given
from hypothesis import strategies as st

from jobstat.errors import (
    AuthError,
    InvalidResponse,
    JobstatError,
    Unavailable,
    UsageError,
)
from jobstat.zendesk.auth.oauth import (
    AuthorizationCodeFlow,
    Tokens,
    client_credentials_grant,
    refresh,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from jobstat.zendesk.exchange import Request, Response
    from jobstat.zendesk.http import HttpClient

REDIRECT = "http://127.0.0.1:15627/callback"


def test_client_credentials_grant_sends_id_secret_and_scope() -> None:
    endpoint = granting(expires_in=1800)
    began = time.time()
    tokens = client_credentials_grant(endpoint.http, ACME, "ci", "s3cret")
    assert endpoint.fields() == {
        "grant_type": "client_credentials",
        "client_id": "ci",
        "client_secret": "s3cret",
        "scope": "read",
    }
    assert (tokens.access, tokens.refresh) == ("t0ken", None)
    assert tokens.expires_at == pytest.approx(began + 1800, abs=5)
    assert tokens.refresh_at == pytest.approx(began + 1740, abs=5)


def test_refresh_sends_the_refresh_token_and_returns_new_tokens() -> None:
    endpoint = granting(refresh_token="r2", expires_in=300)
    tokens = refresh(endpoint.http, ACME, "app", "r1")
    assert endpoint.fields() == {
        "grant_type": "refresh_token",
        "client_id": "app",
        "refresh_token": "r1",
        "refresh_token_expires_in": 89 * 86400,
    }
    assert tokens.refresh == "r2"
    assert tokens.expires_at
    assert tokens.refresh_at
    assert tokens.expires_at - tokens.refresh_at == pytest.approx(30)


def test_token_lifetime_counts_from_the_start_of_the_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0

    def send(request: Request, timeout: float) -> Response:
        nonlocal now
        now += 20
        return endpoint.response

    endpoint = granting(expires_in=300)
    monkeypatch.setattr(endpoint, "send", send)
    monkeypatch.setattr(time, "time", lambda: now)
    assert (
        client_credentials_grant(endpoint.http, ACME, "ci", "s3cret").expires_at == 1300
    )


def test_browser_login_sends_a_pkce_challenge_and_its_verifier() -> None:
    authorization = AuthorizationCodeFlow(ACME, "app", REDIRECT)
    url = urlsplit(authorization.url)
    assert f"{url.scheme}://{url.netloc}{url.path}" == (
        "https://acme.zendesk.com/oauth/authorizations/new"
    )
    query = {name: values[0] for name, values in parse_qs(url.query).items()}
    state, challenge = query.pop("state"), query.pop("code_challenge")
    assert query == {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": REDIRECT,
        "scope": "read",
        "code_challenge_method": "S256",
    }
    code = authorization.parse_redirect(f"{REDIRECT}?code=c0de&state={state}")
    endpoint = granting(refresh_token="r1", expires_in=1800)
    authorization.request_tokens(endpoint.http, code)
    fields = endpoint.fields()
    verifier = fields.pop("code_verifier")
    assert fields == {
        "grant_type": "authorization_code",
        "client_id": "app",
        "code": "c0de",
        "redirect_uri": REDIRECT,
        "scope": "read",
        "refresh_token_expires_in": 89 * 86400,
    }
    from base64 import urlsafe_b64encode
    from hashlib import sha256

    hashed = sha256(verifier.encode()).digest()
    assert urlsafe_b64encode(hashed).rstrip(b"=").decode() == challenge
    assert len(state) >= 22
    other = parse_qs(urlsplit(AuthorizationCodeFlow(ACME, "app", REDIRECT).url).query)
    assert state not in other["state"]
    assert challenge not in other["code_challenge"]


@pytest.mark.parametrize(
    ("query", "error_type", "message"),
    [
        ("code=1&state=other", UsageError, "not from this login"),
        ("code=1", UsageError, "not from this login"),
        ("error=access_denied", UsageError, "not from this login"),
        ("state={state}", UsageError, "not the address of the page"),
        ("error=access_denied&state={state}", AuthError, "was denied in the browser"),
        (
            "error=invalid_scope&error_description=No+such&state={state}",
            AuthError,
            "failed: invalid_scope: No such",
        ),
    ],
)
def test_invalid_redirect_raises_an_error_that_names_the_cause(
    query: str, error_type: type[JobstatError], message: str
) -> None:
    authorization = AuthorizationCodeFlow(ACME, "app", REDIRECT)
    (state,) = parse_qs(urlsplit(authorization.url).query)["state"]
    with pytest.raises(error_type, match=message):
        authorization.parse_redirect(f"{REDIRECT}?{query.format(state=state)}")


@given(st.text())
def test_any_text_as_redirect_raises_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        AuthorizationCodeFlow(ACME, "app", REDIRECT).parse_redirect(text)


@pytest.mark.parametrize(
    ("endpoint", "error_type", "message"),
    [
        (refusing(400, b'{"error":"invalid_grant"}'), AuthError, "invalid_grant"),
        (refusing(401, b"s3cret"), AuthError, "refuses"),
        (refusing(403, b""), AuthError, "403"),
        (refusing(404, b""), UsageError, "acme.zendesk.com offers no OAuth login"),
        (refusing(429, b"", **{"retry-after": "7"}), Unavailable, "allows no more"),
        (refusing(503, b""), Unavailable, "cannot answer now"),
        (refusing(302, b"", location="https://evil.example"), UsageError, "evil"),
        (refusing(422, b""), UsageError, "422"),
    ],
)
def test_refused_token_request_names_the_reason_not_the_secret(
    endpoint: Endpoint, error_type: type[JobstatError], message: str
) -> None:
    with pytest.raises(error_type, match=message) as caught:
        client_credentials_grant(endpoint.http, ACME, "ci", "s3cret")
    assert "s3cret" not in format_error(caught.value)


def token_requests() -> dict[str, Callable[[HttpClient], Tokens]]:
    authorization = AuthorizationCodeFlow(ACME, "app", REDIRECT)
    return {
        "s3cret": lambda http: client_credentials_grant(http, ACME, "ci", "s3cret"),
        "r3fresh": lambda http: refresh(http, ACME, "app", "r3fresh"),
        "c0de": lambda http: authorization.request_tokens(http, "c0de"),
    }


@pytest.mark.parametrize("secret", token_requests())
@pytest.mark.parametrize("code", [400, 401, 404, 500, 422])
def test_refused_token_request_redacts_a_repeated_secret(
    secret: str, code: int
) -> None:
    body = {"error": "invalid", "error_description": f"no such: {secret}"}
    endpoint = refusing(code, json.dumps(body).encode())
    with pytest.raises(JobstatError, match=r"no such: \[hidden\]") as caught:
        token_requests()[secret](endpoint.http)
    assert secret not in format_error(caught.value)


def format_error(error: BaseException) -> str:
    """Return the messages of an error and of its causes."""
    lines = traceback.format_exception(error)
    return "".join(line for line in lines if not line.startswith("  File"))


NO_TOKENS = [
    b"",
    b"[]",
    b"null",
    b"3",
    b"\xff",
    b"[" * 100_000,
    b"{}",
    b'{"access_token": 3}',
    b'{"access_token": ""}',
    b'{"access_token": "a b"}',
    b'["access_token"]',
    b'{"error": "invalid_grant"}',
]


@pytest.mark.parametrize("body", NO_TOKENS)
def test_token_answer_without_a_token_raises_invalid_response(body: bytes) -> None:
    with pytest.raises(InvalidResponse) as caught:
        client_credentials_grant(refusing(200, body).http, ACME, "ci", "s3cret")
    assert "t0ken" not in format_error(caught.value)


@pytest.mark.parametrize(
    ("fields", "lifetime"),
    [
        ({"expires_in": "1800"}, 1800),
        ({"expires_in": "1800.0"}, 1800),
        ({"expires_in": "1e3"}, 1000),
        ({"expires_in": []}, None),
        ({"expires_in": {}}, None),
        *(({"expires_in": odd}, None) for odd in ("soon", "", True, "nan")),
        ({"expires_in": float("nan")}, None),
        ({"expires_in": float("inf")}, None),
        ({"scope": {}}, None),
        *(({"scope": odd}, None) for odd in (7, True, None)),
        ({"error": None}, None),
        ({"token_type": 7}, None),
    ],
)
def test_tokens_are_accepted_despite_odd_values_in_other_fields(
    fields: dict[str, Any], lifetime: float | None
) -> None:
    """Zendesk has revoked the old tokens: without the new ones, the login is lost."""
    tokens = refresh(granting(refresh_token="r2", **fields).http, ACME, "app", "r1")
    assert (tokens.access, tokens.refresh) == ("t0ken", "r2")
    if lifetime is None:
        assert tokens.expires_at is None
    else:
        assert tokens.expires_at == pytest.approx(time.time() + lifetime, abs=5)


@pytest.mark.parametrize("other", [3, "a\nb", "", [], None])
def test_access_token_is_kept_if_the_answer_has_a_malformed_refresh_token(
    other: object,
) -> None:
    tokens = refresh(granting(refresh_token=other).http, ACME, "app", "r1")
    assert (tokens.access, tokens.refresh) == ("t0ken", None)


def test_token_answer_may_start_with_a_byte_order_mark() -> None:
    body = '\ufeff{"access_token": "t0ken"}'.encode()
    assert (
        client_credentials_grant(refusing(200, body).http, ACME, "ci", "s3cret").access
        == "t0ken"
    )


@given(st.binary() | st.text().map(str.encode))
def test_any_token_answer_is_parsed_or_raises_invalid_response(body: bytes) -> None:
    try:
        tokens = client_credentials_grant(
            refusing(200, body).http, ACME, "ci", "s3cret"
        )
    except InvalidResponse:
        return
    assert tokens.access


@pytest.mark.parametrize(
    "lifetime", ["absent", None, -5, 0, 1e12, 10**400, 3_153_600_000]
)
def test_token_without_a_usable_expires_in_never_needs_a_refresh(lifetime: Any) -> None:
    fields = {} if lifetime == "absent" else {"expires_in": lifetime}
    tokens = client_credentials_grant(granting(**fields).http, ACME, "ci", "s3cret")
    assert tokens.expires_at is None
    assert not tokens.needs_refresh(1e12)
