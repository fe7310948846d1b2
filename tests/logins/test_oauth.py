"""OAuth's messages: what is asked, and what any answer comes to."""

from __future__ import annotations

import json
import threading
import time
import traceback
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import parse_qs, urlsplit

import pytest
from children import BOUND, wait_until
from hypothesis import given
from hypothesis import strategies as st

from jobstat import critical
from jobstat.errors import (
    AuthError,
    InvalidResponse,
    JobstatError,
    SignalReceived,
    Unavailable,
    UsageError,
)
from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.auth.credentials import AuthMethod, bearer
from jobstat.zendesk.auth.keyring import KEYRING_TIMEOUT, KeyringProblem
from jobstat.zendesk.auth.oauth import (
    TOKEN_TIMEOUT,
    AuthorizationCodeFlow,
    Tokens,
    client_credentials_grant,
    refresh,
)
from jobstat.zendesk.auth.refreshing import STORE_TIMEOUT, RefreshingProvider
from jobstat.zendesk.auth.store import LOCK_TIMEOUT, StoredSecrets
from jobstat.zendesk.http import Request, Response

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from jobstat.zendesk.auth.store import Keep
    from jobstat.zendesk.http import HttpClient

ACME = Account("https://acme.zendesk.com")
REDIRECT = "http://127.0.0.1:15627/callback"


@dataclass
class Endpoint:
    """In place of HttpClient: answers so, and keeps what it is asked."""

    response: Response
    asked: list[Request] = field(default_factory=list)
    ready: threading.Event | None = None
    withins: list[float] = field(default_factory=list)

    def send(
        self,
        request: Request,
        timeout: float,
        on_tick: Callable[[], None] | None = None,
    ) -> Response:
        self.asked.append(request)
        self.withins.append(timeout)
        if self.ready:
            assert self.ready.wait(BOUND)
        return self.response

    def apart(self) -> AbstractContextManager[Endpoint]:
        return nullcontext(self)

    @property
    def http(self) -> HttpClient:
        return cast("HttpClient", self)

    def fields(self) -> Any:
        (request,) = self.asked
        assert request.path == "/oauth/tokens"
        assert request.headers["Content-Type"] == "application/json"
        return json.loads(request.body or b"")


def granting(**fields: Any) -> Endpoint:
    told = {"access_token": "t0ken", "token_type": "bearer", "scope": "read"}
    return Endpoint(Response(200, {}, json.dumps(told | fields).encode()))


def refusing(code: int, body: bytes, **headers: str) -> Endpoint:
    return Endpoint(Response(code, headers, body))


def test_what_is_asked_for_client_credentials() -> None:
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
    assert tokens.renew_at == pytest.approx(began + 1740, abs=5)


def test_what_is_asked_with_a_refresh_token() -> None:
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
    assert tokens.renew_at
    assert tokens.expires_at - tokens.renew_at == pytest.approx(30)


def test_the_life_of_a_token_counts_from_the_request(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 1000.0

    def answered(request: Request, timeout: float) -> Response:
        nonlocal now
        now += 20
        return endpoint.response

    endpoint = granting(expires_in=300)
    monkeypatch.setattr(endpoint, "send", answered)
    monkeypatch.setattr(time, "time", lambda: now)
    assert (
        client_credentials_grant(endpoint.http, ACME, "ci", "s3cret").expires_at == 1300
    )


def test_what_the_browser_is_sent_with_and_what_the_code_is_sent_with() -> None:
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
    authorization.tokens(endpoint.http, code)
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
    ("query", "kind", "says"),
    [
        ("code=1&state=other", UsageError, "not the answer to this login"),
        ("code=1", UsageError, "not the answer"),
        ("error=access_denied", UsageError, "not the answer"),
        ("state={state}", UsageError, "no code in that address"),
        ("error=access_denied&state={state}", AuthError, "was denied in the browser"),
        (
            "error=invalid_scope&error_description=No+such&state={state}",
            AuthError,
            "failed: invalid_scope: No such",
        ),
    ],
)
def test_what_comes_back_without_a_code(
    query: str, kind: type[JobstatError], says: str
) -> None:
    authorization = AuthorizationCodeFlow(ACME, "app", REDIRECT)
    (state,) = parse_qs(urlsplit(authorization.url).query)["state"]
    with pytest.raises(kind, match=says):
        authorization.parse_redirect(f"{REDIRECT}?{query.format(state=state)}")


@given(st.text())
def test_any_text_is_no_answer(text: str) -> None:
    with pytest.raises(UsageError):
        AuthorizationCodeFlow(ACME, "app", REDIRECT).parse_redirect(text)


@pytest.mark.parametrize(
    ("endpoint", "kind", "says"),
    [
        (refusing(400, b'{"error":"invalid_grant"}'), AuthError, "invalid_grant"),
        (refusing(401, b"s3cret"), AuthError, "does not take"),
        (refusing(403, b""), AuthError, "403"),
        (refusing(404, b""), UsageError, "no OAuth at acme.zendesk.com"),
        (refusing(429, b"", **{"retry-after": "7"}), Unavailable, "limits"),
        (refusing(503, b""), Unavailable, "cannot answer now"),
        (refusing(302, b"", location="https://evil.example"), UsageError, "evil"),
        (refusing(422, b""), UsageError, "422"),
    ],
)
def test_what_is_refused(
    endpoint: Endpoint, kind: type[JobstatError], says: str
) -> None:
    with pytest.raises(kind, match=says) as caught:
        client_credentials_grant(endpoint.http, ACME, "ci", "s3cret")
    assert "s3cret" not in words_of(caught.value)


def asks() -> dict[str, Callable[[HttpClient], Tokens]]:
    authorization = AuthorizationCodeFlow(ACME, "app", REDIRECT)
    return {
        "s3cret": lambda http: client_credentials_grant(http, ACME, "ci", "s3cret"),
        "r3fresh": lambda http: refresh(http, ACME, "app", "r3fresh"),
        "c0de": lambda http: authorization.tokens(http, "c0de"),
    }


@pytest.mark.parametrize("secret", asks())
@pytest.mark.parametrize("code", [400, 401, 404, 500, 422])
def test_no_refusal_repeats_what_was_sent(secret: str, code: int) -> None:
    said = {"error": "invalid", "error_description": f"no such: {secret}"}
    endpoint = refusing(code, json.dumps(said).encode())
    with pytest.raises(JobstatError, match=r"no such: \[hidden\]") as caught:
        asks()[secret](endpoint.http)
    assert secret not in words_of(caught.value)


def words_of(error: BaseException) -> str:
    """All that an error and its causes say."""
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
def test_what_is_no_token_is_a_broken_answer(body: bytes) -> None:
    with pytest.raises(InvalidResponse) as caught:
        client_credentials_grant(refusing(200, body).http, ACME, "ci", "s3cret")
    assert "t0ken" not in words_of(caught.value)


@pytest.mark.parametrize(
    ("told", "life"),
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
def test_tokens_are_taken_whatever_stands_beside_them(
    told: dict[str, Any], life: float | None
) -> None:
    """The old ones have ended: tokens that are not taken are a lost login."""
    tokens = refresh(granting(refresh_token="r2", **told).http, ACME, "app", "r1")
    assert (tokens.access, tokens.refresh) == ("t0ken", "r2")
    if life is None:
        assert tokens.expires_at is None
    else:
        assert tokens.expires_at == pytest.approx(time.time() + life, abs=5)


@pytest.mark.parametrize("other", [3, "a\nb", "", [], None])
def test_access_token_is_taken_without_a_refresh_token(other: object) -> None:
    tokens = refresh(granting(refresh_token=other).http, ACME, "app", "r1")
    assert (tokens.access, tokens.refresh) == ("t0ken", None)


def test_tokens_may_come_with_a_byte_order_mark() -> None:
    body = '\ufeff{"access_token": "t0ken"}'.encode()
    assert (
        client_credentials_grant(refusing(200, body).http, ACME, "ci", "s3cret").access
        == "t0ken"
    )


@given(st.binary() | st.text().map(str.encode))
def test_any_answer_is_tokens_or_a_broken_answer(body: bytes) -> None:
    try:
        tokens = client_credentials_grant(
            refusing(200, body).http, ACME, "ci", "s3cret"
        )
    except InvalidResponse:
        return
    assert tokens.access


@pytest.mark.parametrize("life", ["absent", None, -5, 0, 1e12, 10**400, 3_153_600_000])
def test_a_token_whose_end_is_not_told_never_is_stale(life: Any) -> None:
    told = {} if life == "absent" else {"expires_in": life}
    tokens = client_credentials_grant(granting(**told).http, ACME, "ci", "s3cret")
    assert tokens.expires_at is None
    assert not tokens.needs_refresh(1e12)


def renewing(tokens: Tokens | None, secret: str | None = None) -> RefreshingProvider:
    return RefreshingProvider(
        ACME, "app", StoredSecrets(tokens, secret), AuthMethod.BROWSER, "a test"
    )


def test_a_server_that_gives_no_other_refresh_token_means_the_old_one() -> None:
    login = renewing(Tokens("old", "r1", 5.0, 4.0))
    for _ in range(2):
        endpoint = granting(expires_in=0)
        shown = login.credential(endpoint.http, 5)
        assert shown.authorization == "Bearer t0ken"
        other = login.after_401(shown, endpoint.http, 5)
        assert endpoint.asked
        assert other is None  # it gave the same again


def test_a_token_that_cannot_be_renewed_is_shown_to_the_end() -> None:
    login = renewing(Tokens("old", None, 5.0, 4.0))
    endpoint = granting()
    shown = login.credential(endpoint.http, 5)
    assert shown.authorization == "Bearer old"
    assert login.after_401(shown, endpoint.http, 5) is None
    assert endpoint.asked == []


def soon(expires_in: float) -> Tokens:
    return Tokens("old", "r1", time.time() + expires_in, time.time() - 1)


@pytest.mark.parametrize(
    "endpoint", [refusing(500, b""), refusing(400, b""), refusing(404, b"")]
)
def test_an_old_token_is_shown_until_its_end_where_there_is_no_other(
    endpoint: Endpoint,
) -> None:
    shown = renewing(soon(60)).credential(endpoint.http, 5)
    assert shown.authorization == "Bearer old"
    assert endpoint.asked
    with pytest.raises(JobstatError):
        renewing(soon(-1)).credential(endpoint.http, 5)


def test_a_token_is_renewed_before_its_end() -> None:
    shown = renewing(soon(60)).credential(granting().http, 5)
    assert shown.authorization == "Bearer t0ken"


@pytest.mark.parametrize("code", [301, 404, 418, 422])
def test_what_is_wrong_with_a_renewal_is_of_the_login(code: int) -> None:
    """It ends a watch as such, and not as if its job had gone."""
    endpoint = refusing(code, b"", location="https://other.example")
    with pytest.raises(AuthError):
        renewing(soon(-1)).credential(endpoint.http, 5)


class Shelf:
    """In place of a keyring entry."""

    def __init__(self, entry: StoredSecrets) -> None:
        self.entry = entry
        self.may_write: Callable[[StoredSecrets], bool] = lambda _: True
        self.written: list[StoredSecrets] = []
        self.write_withins: list[float] = []
        self.withins: list[float] = []

    def locked_if_writable(self, timeout: float, warn: Any) -> Any:
        self.withins.append(timeout)
        return nullcontext()

    def read(self, timeout: float) -> StoredSecrets | None:
        self.withins.append(timeout)
        return self.entry

    def write(self, entry: StoredSecrets, timeout: float = 3.0) -> None:
        self.written.append(entry)
        self.write_withins.append(timeout)
        if not self.may_write(entry):
            raise KeyringProblem("the keyring cannot be used")
        self.entry = entry

    @property
    def refresh(self) -> str | None:
        return self.entry.tokens.refresh if self.entry.tokens else None


EXPIRED = Tokens("old", "r1", 5.0, 4.0)


def kept(entry: StoredSecrets) -> tuple[RefreshingProvider, Shelf]:
    shelf = Shelf(entry)
    keep = cast("Keep", shelf)
    return RefreshingProvider(
        ACME, "app", entry, AuthMethod.BROWSER, "a test", keep
    ), shelf


def test_token_request_has_a_timeout_of_its_own() -> None:
    endpoint = granting(refresh_token="r2")
    renewing(EXPIRED).credential(endpoint.http, 0.01)
    assert endpoint.withins == [TOKEN_TIMEOUT]


def test_token_request_has_a_connection_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared, own = granting(), granting(refresh_token="r2")
    monkeypatch.setattr(shared, "apart", lambda: nullcontext(own))
    renewing(EXPIRED).credential(shared.http, BOUND)
    assert (len(shared.asked), len(own.asked)) == (0, 1)


def test_renewal_that_takes_too_long_is_used_by_a_later_call() -> None:
    endpoint = granting(refresh_token="r2", expires_in=300)
    endpoint.ready = threading.Event()
    login, shelf = kept(StoredSecrets(EXPIRED))
    refused = bearer("old", "a test")
    for ask in (login.credential, partial(login.after_401, refused)):
        with pytest.raises(Unavailable, match="has not renewed the login yet"):
            ask(endpoint.http, 0.05)
    endpoint.ready.set()
    assert login.credential(endpoint.http, BOUND).secret == "t0ken"
    assert (shelf.refresh, len(endpoint.asked)) == ("r2", 1)


def test_lock_and_keyring_are_waited_for_as_long_as_the_request_may_take() -> None:
    login, shelf = kept(StoredSecrets(EXPIRED))
    login.credential(granting(refresh_token="r2").http, BOUND)
    assert len(shelf.withins) == 2
    assert max(shelf.withins) <= BOUND


def test_renewal_of_a_token_that_still_works_leaves_time_for_the_request() -> None:
    login, shelf = kept(StoredSecrets(soon(600)))
    login.credential(granting(refresh_token="r2").http, BOUND)
    assert max(shelf.withins) <= BOUND / 2


def test_tokens_that_could_not_be_stored_follow_those_of_another_process() -> None:
    login, shelf = kept(StoredSecrets(EXPIRED))
    shelf.entry = StoredSecrets(replace(EXPIRED, access="others", refresh="r2"))
    takes_old_ones_only(shelf)
    endpoint = granting(refresh_token="r3")
    login.after_401(bearer("old", "a test"), endpoint.http, BOUND)
    assert endpoint.fields()["refresh_token"] == "r2"
    assert shelf.refresh == "r2"
    shelf.may_write = lambda _: True
    endpoint = granting(refresh_token="r4")
    login.after_401(bearer("old", "a test"), endpoint.http, BOUND)
    assert endpoint.fields()["refresh_token"] == "r3"
    assert [entry.tokens and entry.tokens.refresh for entry in shelf.written] == [
        *("r2", "r3", "r3"),
        *("r3", "r4"),
    ]


def takes_old_ones_only(shelf: Shelf) -> None:
    """Writing fails from the token request on."""
    shelf.may_write = lambda entry: entry == shelf.entry


def test_no_tokens_are_asked_for_that_could_not_be_stored() -> None:
    """The request would end the old ones, which are all that other processes have."""
    for entry in (StoredSecrets(EXPIRED), StoredSecrets(soon(60))):
        login, shelf = kept(entry)
        shelf.may_write = lambda _: False
        endpoint = granting(refresh_token="r2")
        if entry.tokens == EXPIRED:
            with pytest.raises(KeyringProblem):
                login.credential(endpoint.http, BOUND)
        else:
            assert login.credential(endpoint.http, BOUND).secret == "old"
        assert endpoint.asked == []


def test_login_that_was_not_renewed_is_warned_of_at_the_end() -> None:
    login, shelf = kept(StoredSecrets(soon(60)))
    shelf.may_write = lambda _: False
    assert login.credential(granting().http, BOUND).secret == "old"
    login.settle()
    assert login.warnings == ["the login was not renewed: the keyring cannot be used"]
    login, shelf = kept(StoredSecrets(soon(60)))
    shelf.may_write = lambda _: False
    assert login.credential(granting().http, BOUND).secret == "old"
    shelf.may_write = lambda _: True
    login.credential(granting(refresh_token="r2").http, BOUND)
    login.settle()
    assert login.warnings == []


def test_clients_secret_gets_tokens_that_cannot_be_stored() -> None:
    login, shelf = kept(StoredSecrets(EXPIRED, "s3cret"))
    shelf.may_write = lambda _: False
    assert login.credential(granting().http, BOUND).secret == "t0ken"
    assert shelf.write_withins == [KEYRING_TIMEOUT]
    login.settle()
    assert login.warnings == []


def test_tokens_that_nobody_waited_for_are_stored_at_the_end() -> None:
    login, shelf = kept(StoredSecrets(EXPIRED))
    takes_old_ones_only(shelf)
    endpoint = granting(refresh_token="r2")
    endpoint.ready = threading.Event()
    with pytest.raises(Unavailable):
        login.credential(endpoint.http, 0.05)
    endpoint.ready.set()
    critical.wait(lambda: None)
    shelf.may_write = lambda _: True
    login.settle()
    assert shelf.refresh == "r2"


def test_tokens_that_could_not_be_stored_at_once_are_stored_at_the_second_try() -> None:
    login, shelf = kept(StoredSecrets(EXPIRED))
    shelf.may_write = lambda _: len(shelf.written) != 2
    login.credential(granting(refresh_token="r2").http, BOUND)
    assert shelf.refresh == "r2"
    assert shelf.write_withins == [KEYRING_TIMEOUT, STORE_TIMEOUT, STORE_TIMEOUT]
    login.settle()
    assert login.warnings == []
    assert len(shelf.written) == 3


def test_tokens_that_could_not_be_stored_are_stored_at_the_end() -> None:
    login, shelf = kept(StoredSecrets(EXPIRED))
    takes_old_ones_only(shelf)
    login.credential(granting(refresh_token="r2").http, BOUND)
    assert shelf.refresh == "r1"
    shelf.may_write = lambda _: True
    login.settle()
    assert shelf.refresh == "r2"
    assert login.warnings == []


def test_tokens_that_cannot_be_stored_at_all_are_warned_of_once() -> None:
    login, shelf = kept(StoredSecrets(EXPIRED))
    takes_old_ones_only(shelf)
    login.credential(granting(refresh_token="r2").http, BOUND)
    for _ in range(2):
        login.settle()
        (warning,) = login.warnings
        assert warning == (
            "the renewed login could not be stored: the keyring cannot be used;"
            " log in again with jobstat auth login --subdomain acme"
        )


def test_tokens_are_not_stored_late_in_place_of_those_of_another_process() -> None:
    login, shelf = kept(StoredSecrets(EXPIRED))
    takes_old_ones_only(shelf)
    login.credential(granting(refresh_token="r2").http, BOUND)
    shelf.may_write = lambda _: True
    others = shelf.entry = StoredSecrets(Tokens("others", "r9"))
    login.settle()
    assert shelf.entry == others
    assert login.warnings == []


def test_refused_refresh_token_may_have_been_used_by_another_process() -> None:
    """Without a lock, two may ask at once: the second one is refused."""
    login, shelf = kept(StoredSecrets(EXPIRED))
    endpoint = refusing(400, b'{"error": "invalid_grant"}')
    endpoint.ready = threading.Event()
    with pytest.raises(Unavailable):
        login.credential(endpoint.http, 0.05)
    wait_until(lambda: endpoint.asked)
    shelf.entry = StoredSecrets(Tokens("others", "r2"))
    endpoint.ready.set()
    assert login.credential(endpoint.http, BOUND).secret == "others"
    login.settle()
    assert login.warnings == []


def test_refused_refresh_token_that_no_other_process_used_is_an_error() -> None:
    login, _ = kept(StoredSecrets(Tokens("old", "r1")))
    with pytest.raises(AuthError, match="cannot be renewed"):
        login.after_401(bearer("old", "a test"), refusing(400, b"").http, BOUND)


def test_process_waits_as_long_as_a_renewal_may_take() -> None:
    keyring = 2 * KEYRING_TIMEOUT + 2 * STORE_TIMEOUT
    assert TOKEN_TIMEOUT + keyring <= critical.MAX_WAIT <= LOCK_TIMEOUT


def test_slow_renewal_of_a_refused_token_is_used_before_the_token_is_shown_again() -> (
    None
):
    endpoint = granting(refresh_token="r2")
    endpoint.ready = threading.Event()
    login, _ = kept(StoredSecrets(Tokens("old", "r1")))
    with pytest.raises(Unavailable):
        login.after_401(bearer("old", "a test"), endpoint.http, 0.05)
    endpoint.ready.set()
    assert login.credential(endpoint.http, BOUND).secret == "t0ken"


def test_slow_renewal_leaves_an_old_token_in_use_until_its_end() -> None:
    endpoint = granting(refresh_token="r2", expires_in=300)
    endpoint.ready = threading.Event()
    login, _ = kept(StoredSecrets(Tokens("old", "r1", time.time() + 600, 4.0)))
    assert login.credential(endpoint.http, 0.05).secret == "old"
    endpoint.ready.set()
    assert login.credential(endpoint.http, BOUND).secret == "t0ken"


def test_process_waits_for_a_renewal_that_was_interrupted() -> None:
    def stop() -> None:
        raise SignalReceived(2)

    endpoint = granting(refresh_token="r2", expires_in=300)
    endpoint.ready = threading.Event()
    login, shelf = kept(StoredSecrets(EXPIRED))
    with pytest.raises(SignalReceived):
        login.credential(endpoint.http, BOUND, stop)
    assert critical.is_active()
    told: list[str] = []

    def tell() -> None:
        told.append("once")
        assert endpoint.ready
        endpoint.ready.set()

    critical.finish(tell)
    assert (shelf.refresh, told) == ("r2", ["once"])
    assert not critical.is_active()
    login.settle()
    assert login.warnings == []


def test_process_does_not_wait_for_a_token_that_its_secret_can_get_again() -> None:
    endpoint = granting(expires_in=300)
    endpoint.ready = threading.Event()
    with pytest.raises(Unavailable):
        renewing(None, "s3cret").credential(endpoint.http, 0.05)
    wait_until(lambda: endpoint.asked)
    assert not critical.is_active()
    endpoint.ready.set()


def test_no_renewal_begins_when_the_process_ends() -> None:
    endpoint = granting(refresh_token="r2")
    critical.finish(lambda: None)
    with pytest.raises(critical.ProcessEnding):
        renewing(EXPIRED).credential(endpoint.http, BOUND)
    assert endpoint.asked == []


def test_renewal_that_fails_when_nobody_waits_is_warned_of() -> None:
    endpoint = refusing(400, b'{"error": "invalid_grant"}')
    endpoint.ready = threading.Event()
    login, _ = kept(StoredSecrets(EXPIRED))
    with pytest.raises(Unavailable):
        login.credential(endpoint.http, 0.05)
    login.settle()
    assert login.warnings == []  # not known yet
    with pytest.raises(Unavailable):
        login.credential(endpoint.http, 0.05)
    endpoint.ready.set()
    critical.wait(lambda: None)
    login.settle()
    (warning,) = login.warnings
    assert warning == (
        "the login was not renewed: the login at acme.zendesk.com cannot be renewed"
        " (400: invalid_grant); if it is refused from now on, log in again with"
        " jobstat auth login --subdomain acme"
    )


def test_renewal_that_succeeds_after_one_that_failed_is_not_warned_of() -> None:
    login, _ = kept(StoredSecrets(EXPIRED))
    with pytest.raises(AuthError):
        login.credential(refusing(400, b"").http, BOUND)
    endpoint = granting(refresh_token="r2")
    endpoint.ready = threading.Event()
    with pytest.raises(Unavailable):
        login.credential(endpoint.http, 0.05)
    endpoint.ready.set()
    critical.wait(lambda: None)
    login.settle()
    assert login.warnings == []


def test_secrets_that_were_shown_are_never_repeated() -> None:
    login = renewing(Tokens("old-token", "r1-token", 5.0, 4.0), "s3cret")
    login.credential(granting().http, 5)
    assert {"old-token", "r1-token", "s3cret", "t0ken"} <= set(login.secrets())
