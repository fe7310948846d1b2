"""New tokens are saved in spite of keyring errors and other processes."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from children import TIMEOUT, wait_until
from endpoint import granting, refusing
from fake_store import EXPIRED, FakeStore, expiring_in

from jobstat import critical
from jobstat.errors import AuthError, Unavailable
from jobstat.zendesk.auth.credentials import bearer
from jobstat.zendesk.auth.keyring import KEYRING_TIMEOUT, KeyringError
from jobstat.zendesk.auth.oauth import Tokens
from jobstat.zendesk.auth.refreshing import SAVE_TIMEOUT
from jobstat.zendesk.auth.store import LoginSecrets

if TYPE_CHECKING:
    from fake_store import NewKeyringProvider


def test_refresh_uses_tokens_of_another_process_then_its_own_unsaved_ones(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    provider, fake = new_keyring_provider(LoginSecrets(EXPIRED))
    fake.secrets = LoginSecrets(replace(EXPIRED, access="others", refresh="r2"))
    save_only_old_tokens(fake)
    endpoint = granting(refresh_token="r3")
    provider.after_401(bearer("old", "a test"), endpoint.http, TIMEOUT)
    assert endpoint.fields()["refresh_token"] == "r2"
    assert fake.refresh_token == "r2"
    fake.can_save = lambda _: True
    endpoint = granting(refresh_token="r4")
    provider.after_401(bearer("old", "a test"), endpoint.http, TIMEOUT)
    assert endpoint.fields()["refresh_token"] == "r3"
    assert [entry.tokens and entry.tokens.refresh for entry in fake.saved] == [
        *("r2", "r3", "r3"),
        *("r3", "r4"),
    ]


def save_only_old_tokens(fake: FakeStore) -> None:
    """Let saving fail from the token request on."""
    fake.can_save = lambda secrets: secrets == fake.secrets


def test_unwritable_keyring_prevents_the_token_request(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    """The request would revoke the old tokens, and other processes have no others."""
    for entry in (LoginSecrets(EXPIRED), LoginSecrets(expiring_in(60))):
        provider, fake = new_keyring_provider(entry)
        fake.can_save = lambda _: False
        endpoint = granting(refresh_token="r2")
        if entry.tokens == EXPIRED:
            with pytest.raises(KeyringError):
                provider.credential(endpoint.http, TIMEOUT)
        else:
            assert provider.credential(endpoint.http, TIMEOUT).secret == "old"
        assert endpoint.requests == []


def test_unwritable_keyring_causes_a_warning_at_the_end_unless_it_recovers(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    provider, fake = new_keyring_provider(LoginSecrets(expiring_in(60)))
    fake.can_save = lambda _: False
    assert provider.credential(granting().http, TIMEOUT).secret == "old"
    provider.save_unsaved()
    assert provider.warnings == [
        "the login was not renewed: the keyring cannot be used"
    ]
    provider, fake = new_keyring_provider(LoginSecrets(expiring_in(60)))
    fake.can_save = lambda _: False
    assert provider.credential(granting().http, TIMEOUT).secret == "old"
    fake.can_save = lambda _: True
    provider.credential(granting(refresh_token="r2").http, TIMEOUT)
    provider.save_unsaved()
    assert provider.warnings == []


def test_client_secret_gets_tokens_even_if_they_cannot_be_stored(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    provider, fake = new_keyring_provider(LoginSecrets(EXPIRED, "s3cret"))
    fake.can_save = lambda _: False
    assert provider.credential(granting().http, TIMEOUT).secret == "t0ken"
    assert fake.save_timeouts == [KEYRING_TIMEOUT]
    provider.save_unsaved()
    assert provider.warnings == []


def test_unsaved_tokens_of_an_abandoned_refresh_are_saved_at_the_end(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    provider, fake = new_keyring_provider(LoginSecrets(EXPIRED))
    save_only_old_tokens(fake)
    endpoint = granting(refresh_token="r2")
    endpoint.ready = threading.Event()
    with pytest.raises(Unavailable):
        provider.credential(endpoint.http, 0.05)
    endpoint.ready.set()
    critical.wait(lambda: None)
    fake.can_save = lambda _: True
    provider.save_unsaved()
    assert fake.refresh_token == "r2"


def test_failed_save_of_new_tokens_is_tried_once_more(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    provider, fake = new_keyring_provider(LoginSecrets(EXPIRED))
    fake.can_save = lambda _: len(fake.saved) != 2
    provider.credential(granting(refresh_token="r2").http, TIMEOUT)
    assert fake.refresh_token == "r2"
    assert fake.save_timeouts == [KEYRING_TIMEOUT, SAVE_TIMEOUT, SAVE_TIMEOUT]
    provider.save_unsaved()
    assert provider.warnings == []
    assert len(fake.saved) == 3


def test_unsaved_tokens_are_saved_at_the_end(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    provider, fake = new_keyring_provider(LoginSecrets(EXPIRED))
    save_only_old_tokens(fake)
    provider.credential(granting(refresh_token="r2").http, TIMEOUT)
    assert fake.refresh_token == "r1"
    fake.can_save = lambda _: True
    provider.save_unsaved()
    assert fake.refresh_token == "r2"
    assert provider.warnings == []


def test_tokens_that_cannot_be_stored_cause_one_warning(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    provider, fake = new_keyring_provider(LoginSecrets(EXPIRED))
    save_only_old_tokens(fake)
    provider.credential(granting(refresh_token="r2").http, TIMEOUT)
    for _ in range(2):
        provider.save_unsaved()
        (warning,) = provider.warnings
        assert warning == (
            "the renewed login could not be stored: the keyring cannot be used;"
            " log in again with jobstat auth login --subdomain acme"
        )


def test_unsaved_tokens_do_not_replace_those_of_another_process(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    provider, fake = new_keyring_provider(LoginSecrets(EXPIRED))
    save_only_old_tokens(fake)
    provider.credential(granting(refresh_token="r2").http, TIMEOUT)
    fake.can_save = lambda _: True
    others = fake.secrets = LoginSecrets(Tokens("others", "r9"))
    provider.save_unsaved()
    assert fake.secrets == others
    assert provider.warnings == []


def test_tokens_that_could_not_be_stored_do_not_overwrite_a_newer_login(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    provider, fake = new_keyring_provider(LoginSecrets(EXPIRED))
    save_only_old_tokens(fake)
    credential = provider.credential(granting(refresh_token="r2").http, TIMEOUT)
    fake.can_save = lambda _: True
    login = fake.secrets = LoginSecrets(Tokens("newer-login", "r9"))
    another = provider.after_401(credential, granting().http, TIMEOUT)
    assert another
    assert another.secret == "newer-login"
    provider.save_unsaved()
    assert fake.secrets == login


def test_refused_refresh_uses_the_new_tokens_of_another_process(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    """Without a lock, two processes may refresh at once: Zendesk refuses the second."""
    provider, fake = new_keyring_provider(LoginSecrets(EXPIRED))
    endpoint = refusing(400, b'{"error": "invalid_grant"}')
    endpoint.ready = threading.Event()
    with pytest.raises(Unavailable):
        provider.credential(endpoint.http, 0.05)
    wait_until(lambda: endpoint.requests)
    fake.secrets = LoginSecrets(Tokens("others", "r2"))
    endpoint.ready.set()
    assert provider.credential(endpoint.http, TIMEOUT).secret == "others"
    provider.save_unsaved()
    assert provider.warnings == []


def test_refused_refresh_without_new_tokens_is_an_error(
    new_keyring_provider: NewKeyringProvider,
) -> None:
    provider, _ = new_keyring_provider(LoginSecrets(Tokens("old", "r1")))
    with pytest.raises(AuthError, match="cannot be renewed"):
        provider.after_401(bearer("old", "a test"), refusing(400, b"").http, TIMEOUT)
