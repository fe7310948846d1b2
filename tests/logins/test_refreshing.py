"""Providers refresh their tokens in time, and no deadline loses the new ones."""

from __future__ import annotations

import threading
import time
from contextlib import nullcontext
from functools import partial
from typing import TYPE_CHECKING

import pytest
from children import TIMEOUT, wait_until
from endpoint import Endpoint, granting, refusing
from fake_store import EXPIRED, expiring_in, new_refreshing

from jobstat import critical
from jobstat.errors import AuthError, JobstatError, SignalReceived, Unavailable
from jobstat.zendesk.auth.credentials import bearer
from jobstat.zendesk.auth.keyring import KEYRING_TIMEOUT
from jobstat.zendesk.auth.oauth import TOKEN_TIMEOUT, Tokens
from jobstat.zendesk.auth.refreshing import SAVE_TIMEOUT
from jobstat.zendesk.auth.store import ACCOUNT_LOCK_TIMEOUT, LoginSecrets

if TYPE_CHECKING:
    from fake_store import NewKeyringProvider


def test_old_refresh_token_stays_in_use_if_the_answer_has_no_refresh_token() -> None:
    provider = new_refreshing(Tokens("old", "r1", 5.0, 4.0))
    for _ in range(2):
        endpoint = granting(expires_in=0)
        credential = provider.credential(endpoint.http, 5)
        assert credential.authorization == "Bearer t0ken"
        another = provider.after_401(credential, endpoint.http, 5)
        assert endpoint.requests
        assert another is None  # the endpoint grants the same token again


def test_token_without_a_refresh_token_is_used_after_it_expired() -> None:
    provider = new_refreshing(Tokens("old", None, 5.0, 4.0))
    endpoint = granting()
    credential = provider.credential(endpoint.http, 5)
    assert credential.authorization == "Bearer old"
    assert provider.after_401(credential, endpoint.http, 5) is None
    assert endpoint.requests == []


@pytest.mark.parametrize(
    "endpoint", [refusing(500, b""), refusing(400, b""), refusing(404, b"")]
)
def test_failed_refresh_is_an_error_only_if_the_token_has_expired(
    endpoint: Endpoint,
) -> None:
    credential = new_refreshing(expiring_in(60)).credential(endpoint.http, 5)
    assert credential.authorization == "Bearer old"
    assert endpoint.requests
    with pytest.raises(JobstatError):
        new_refreshing(expiring_in(-1)).credential(endpoint.http, 5)


def test_token_is_refreshed_before_it_expires() -> None:
    credential = new_refreshing(expiring_in(60)).credential(granting().http, 5)
    assert credential.authorization == "Bearer t0ken"


@pytest.mark.parametrize("code", [301, 404, 418, 422])
def test_unexpected_status_of_the_token_endpoint_is_an_auth_error(code: int) -> None:
    """A 404 of the token endpoint must not look like a missing job."""
    endpoint = refusing(code, b"", location="https://other.example")
    with pytest.raises(AuthError):
        new_refreshing(expiring_in(-1)).credential(endpoint.http, 5)


def test_token_request_has_its_own_timeout() -> None:
    endpoint = granting(refresh_token="r2")
    new_refreshing(EXPIRED).credential(endpoint.http, 0.01)
    assert endpoint.timeouts == [TOKEN_TIMEOUT]


def test_token_request_has_its_own_connection(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    shared, own = granting(), granting(refresh_token="r2")
    monkeypatch.setattr(shared, "clone", lambda: nullcontext(own))
    new_refreshing(EXPIRED).credential(shared.http, TIMEOUT)
    assert (len(shared.requests), len(own.requests)) == (0, 1)


def test_tokens_of_a_slow_refresh_are_used_by_a_later_call(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    endpoint = granting(refresh_token="r2", expires_in=300)
    endpoint.ready = threading.Event()
    provider, fake = new_keyring_provider(LoginSecrets(EXPIRED))
    refused = bearer("old", "a test")
    for request in (provider.credential, partial(provider.after_401, refused)):
        with pytest.raises(Unavailable, match="has not renewed the login yet"):
            request(endpoint.http, 0.05)
    endpoint.ready.set()
    assert provider.credential(endpoint.http, TIMEOUT).secret == "t0ken"
    assert (fake.refresh_token, len(endpoint.requests)) == ("r2", 1)


def test_lock_and_keyring_share_the_timeout_of_the_request(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    provider, fake = new_keyring_provider(LoginSecrets(EXPIRED))
    provider.credential(granting(refresh_token="r2").http, TIMEOUT)
    assert len(fake.timeouts) == 2
    assert max(fake.timeouts) <= TIMEOUT


def test_refresh_of_a_valid_token_takes_at_most_half_of_the_timeout(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    provider, fake = new_keyring_provider(LoginSecrets(expiring_in(600)))
    provider.credential(granting(refresh_token="r2").http, TIMEOUT)
    assert max(fake.timeouts) <= TIMEOUT / 2


def test_waits_at_exit_and_for_locks_outlast_a_refresh() -> None:
    keyring = 2 * KEYRING_TIMEOUT + 2 * SAVE_TIMEOUT
    assert TOKEN_TIMEOUT + keyring <= critical.MAX_WAIT <= ACCOUNT_LOCK_TIMEOUT


def test_slow_refresh_after_a_401_is_awaited_before_the_next_request(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    endpoint = granting(refresh_token="r2")
    endpoint.ready = threading.Event()
    provider, _ = new_keyring_provider(LoginSecrets(Tokens("old", "r1")))
    with pytest.raises(Unavailable):
        provider.after_401(bearer("old", "a test"), endpoint.http, 0.05)
    endpoint.ready.set()
    assert provider.credential(endpoint.http, TIMEOUT).secret == "t0ken"


def test_valid_token_is_used_during_a_slow_refresh(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    endpoint = granting(refresh_token="r2", expires_in=300)
    endpoint.ready = threading.Event()
    provider, _ = new_keyring_provider(
        LoginSecrets(Tokens("old", "r1", time.time() + 600, 4.0))
    )
    assert provider.credential(endpoint.http, 0.05).secret == "old"
    endpoint.ready.set()
    assert provider.credential(endpoint.http, TIMEOUT).secret == "t0ken"


def test_process_waits_for_an_interrupted_refresh(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    def stop() -> None:
        raise SignalReceived(2)

    endpoint = granting(refresh_token="r2", expires_in=300)
    endpoint.ready = threading.Event()
    provider, fake = new_keyring_provider(LoginSecrets(EXPIRED))
    with pytest.raises(SignalReceived):
        provider.credential(endpoint.http, TIMEOUT, stop)
    assert critical.is_active()
    notifications: list[str] = []

    def notify() -> None:
        notifications.append("once")
        assert endpoint.ready
        endpoint.ready.set()

    critical.forbid_and_wait(notify)
    assert (fake.refresh_token, notifications) == ("r2", ["once"])
    assert not critical.is_active()
    provider.save_unsaved()
    assert provider.warnings == []


def test_process_does_not_wait_for_a_client_credentials_grant() -> None:
    endpoint = granting(expires_in=300)
    endpoint.ready = threading.Event()
    with pytest.raises(Unavailable):
        new_refreshing(None, "s3cret").credential(endpoint.http, 0.05)
    wait_until(lambda: endpoint.requests)
    assert not critical.is_active()
    endpoint.ready.set()


def test_no_refresh_starts_when_the_process_ends() -> None:
    endpoint = granting(refresh_token="r2")
    critical.forbid_and_wait(lambda: None)
    with pytest.raises(critical.ProcessEnding):
        new_refreshing(EXPIRED).credential(endpoint.http, TIMEOUT)
    assert endpoint.requests == []


def test_failure_of_an_abandoned_refresh_causes_a_warning(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    endpoint = refusing(400, b'{"error": "invalid_grant"}')
    endpoint.ready = threading.Event()
    provider, _ = new_keyring_provider(LoginSecrets(EXPIRED))
    with pytest.raises(Unavailable):
        provider.credential(endpoint.http, 0.05)
    provider.save_unsaved()
    assert provider.warnings == []  # the request has not failed yet
    with pytest.raises(Unavailable):
        provider.credential(endpoint.http, 0.05)
    endpoint.ready.set()
    critical.wait(lambda: None)
    provider.save_unsaved()
    (warning,) = provider.warnings
    assert warning == (
        "the login was not renewed: the login at acme.zendesk.com cannot be renewed"
        " (400: invalid_grant); if Zendesk refuses it, log in again with"
        " jobstat auth login --subdomain acme"
    )


def test_successful_refresh_after_a_failed_one_causes_no_warning(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    provider, _ = new_keyring_provider(LoginSecrets(EXPIRED))
    with pytest.raises(AuthError):
        provider.credential(refusing(400, b"").http, TIMEOUT)
    endpoint = granting(refresh_token="r2")
    endpoint.ready = threading.Event()
    with pytest.raises(Unavailable):
        provider.credential(endpoint.http, 0.05)
    endpoint.ready.set()
    critical.wait(lambda: None)
    provider.save_unsaved()
    assert provider.warnings == []


def test_provider_returns_its_old_and_new_secrets() -> None:
    provider = new_refreshing(Tokens("old-token", "r1-token", 5.0, 4.0), "s3cret")
    provider.credential(granting().http, 5)
    assert {"old-token", "r1-token", "s3cret", "t0ken"} <= set(provider.secret_texts())
