"""The token store: logins are saved and deleted as a whole."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

import pytest
from children import TIMEOUT
from hypothesis import given
from hypothesis import strategies as st

from jobstat import critical
from jobstat.errors import AuthError, SignalReceived, Unavailable
from jobstat.zendesk.auth import keyring, profiles, store
from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.auth.credentials import AuthMethod
from jobstat.zendesk.auth.keyring import KeyringError
from jobstat.zendesk.auth.oauth import Tokens
from jobstat.zendesk.auth.profiles import Profile, load_profiles
from jobstat.zendesk.auth.store import (
    LoginSecrets,
    delete_login,
    load_secrets,
    lock_account,
    parse_secrets,
    save_login,
    save_secrets,
)
from jobstat.zendesk.background import BackgroundCall

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

ACME = Account("https://acme.zendesk.com")
SANDBOX = Account("https://acme-sandbox.zendesk.com")
PROFILE = Profile(AuthMethod.TOKEN, user='Ada "\x1b[31m" \N{SNOWMAN}')
SECRETS = LoginSecrets(Tokens("t0ken", "r3fresh", 7.5, 6.5), "s3cret")


def test_logins_can_be_saved_loaded_and_deleted(
    folder: Path, entries: dict[str, str]
) -> None:
    assert save_login(ACME, PROFILE, SECRETS, default=False)
    client = Profile(AuthMethod.CLIENT, client_id="ci")
    assert not save_login(SANDBOX, client, SECRETS, default=False)
    loaded = load_profiles()
    assert loaded.accounts == {ACME.origin: PROFILE, SANDBOX.origin: client}
    assert loaded.default_account == ACME
    assert store.parse_secrets(entries["acme.zendesk.com"]) == SECRETS
    assert save_login(SANDBOX, client, SECRETS, default=True)
    assert load_profiles().default_account == SANDBOX
    assert delete_login(SANDBOX) == ACME
    assert delete_login(ACME) is None
    assert (load_profiles().accounts, entries) == ({}, {})
    assert {path.suffix for path in folder.iterdir()} == {".toml", ".lock"}


def test_http_and_https_of_one_host_are_two_logins(
    folder: Path, entries: dict[str, str]
) -> None:
    plain, tls = (Account(f"{scheme}://localhost") for scheme in ("http", "https"))
    secrets = {
        plain: LoginSecrets(Tokens("pl4in")),
        tls: LoginSecrets(Tokens("3ncrypted")),
    }
    for account, secret in secrets.items():
        save_login(account, PROFILE, secret, default=False)
    assert {account: load_secrets(account) for account in secrets} == secrets
    with lock_account(plain, 1), lock_account(tls, 1):
        pass
    assert delete_login(plain) == tls
    assert load_secrets(tls) == secrets[tls]


def test_deleting_the_default_of_three_accounts_picks_no_new_default(
    folder: Path, entries: dict[str, str]
) -> None:
    for account in (ACME, SANDBOX, Account("https://third.example")):
        save_login(account, PROFILE, SECRETS, default=False)
    assert delete_login(ACME) is None
    assert len(load_profiles().accounts) == 2


def test_writing_an_entry_passes_the_timeout_to_the_keyring(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timeouts: list[float] = []

    def record(name: str, secret: str, parts: Sequence[str], timeout: float) -> None:
        timeouts.append(timeout)

    monkeypatch.setattr(keyring, "write", record)
    save_secrets(ACME, SECRETS, 10.0)
    assert timeouts == [10.0]


def test_concurrent_saves_keep_every_account(
    folder: Path, entries: dict[str, str]
) -> None:
    accounts = [Account(f"https://a{number}.example") for number in range(12)]

    def add(account: Account) -> None:
        save_login(account, PROFILE, SECRETS, default=False)

    threads = [threading.Thread(target=add, args=[account]) for account in accounts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(load_profiles().accounts) == {account.origin for account in accounts}


@pytest.mark.parametrize("account", [ACME, SANDBOX])
@pytest.mark.parametrize(
    "error", [KeyringError("the keyring did not answer"), KeyboardInterrupt()]
)
def test_failed_save_or_delete_leaves_file_and_keyring_unchanged(
    folder: Path,
    entries: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    account: Account,
    error: BaseException,
) -> None:
    """This holds for a new login and for one that replaces another."""
    save_login(ACME, PROFILE, SECRETS, default=False)
    before = ((folder / "accounts.toml").read_bytes(), dict(entries))
    other = Profile(AuthMethod.CLIENT, client_id="ci")

    def write_and_fail(name: str, secret: str, *_: object) -> None:
        entries[name] = secret
        if secret != before[1].get(name):
            raise error

    monkeypatch.setattr(keyring, "write", write_and_fail)
    with pytest.raises(type(error)):
        save_login(account, other, LoginSecrets(None, "an0ther"), default=True)
    assert ((folder / "accounts.toml").read_bytes(), entries) == before

    def refused(*_: object) -> None:
        raise KeyringError("it is locked")

    monkeypatch.setattr(keyring, "delete", refused)
    with pytest.raises(KeyringError):
        delete_login(ACME)
    assert ((folder / "accounts.toml").read_bytes(), entries) == before


def test_failed_rollback_raises_the_error_of_the_failed_save(
    folder: Path, entries: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_login(ACME, PROFILE, SECRETS, default=False)
    errors = [KeyringError("first"), KeyringError("second")]

    def write(*_: object) -> None:
        raise errors.pop(0)

    monkeypatch.setattr(keyring, "write", write)
    with pytest.raises(KeyringError, match="first"):
        save_login(ACME, PROFILE, LoginSecrets(None, "an0ther"), default=True)
    assert errors == []


@pytest.mark.parametrize(
    "change",
    [
        lambda: save_login(ACME, PROFILE, SECRETS, default=False),
        lambda: delete_login(ACME),
    ],
)
def test_login_is_not_changed_while_another_process_renews_it(
    folder: Path,
    entries: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[], object],
) -> None:
    save_login(ACME, PROFILE, SECRETS, default=False)
    before = ((folder / "accounts.toml").read_bytes(), dict(entries))
    monkeypatch.setattr("jobstat.zendesk.auth.store.ACCOUNT_LOCK_TIMEOUT", 0.05)
    with lock_account(ACME, 1), pytest.raises(Unavailable, match="holds the lock"):
        change()
    assert ((folder / "accounts.toml").read_bytes(), entries) == before


def test_signal_during_a_save_does_not_lose_the_login(
    folder: Path, entries: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_go_on = threading.Event(), threading.Event()
    write = keyring.write

    def slow(*arguments: Any) -> None:
        begun.set()
        assert may_go_on.wait(TIMEOUT)
        write(*arguments)

    def wait(call: BackgroundCall[Any], time_left: object) -> bool:
        assert begun.wait(TIMEOUT)
        raise SignalReceived(2)

    monkeypatch.setattr(keyring, "write", slow)
    monkeypatch.setattr(BackgroundCall, "wait", wait)
    with pytest.raises(SignalReceived):
        save_login(ACME, PROFILE, SECRETS, default=False)
    assert critical.is_active()
    critical.forbid_and_wait(may_go_on.set)
    assert ACME.origin in load_profiles().accounts
    assert set(entries) == {ACME.entry_name}


def test_deleting_a_login_removes_a_secret_without_a_profile(
    folder: Path, entries: dict[str, str]
) -> None:
    entries[ACME.name] = "{}"
    assert delete_login(ACME) is None
    assert entries == {}
    with pytest.raises(AuthError, match="not logged in to acme"):
        delete_login(ACME)


def test_account_named_accounts_does_not_share_the_lock_of_accounts_toml(
    folder: Path, entries: dict[str, str]
) -> None:
    for name in ("accounts", "accounts.toml"):
        save_login(Account(f"https://{name}"), PROFILE, SECRETS, default=False)
    assert len(load_profiles().accounts) == 2


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    )
    | st.dictionaries(
        st.sampled_from(["token", "refresh_token", "expires_at", "client_secret"]),
        st.none() | st.integers() | st.text(),
    )
)
def test_any_json_is_parsed_as_secrets_or_raises_a_value_error(document: Any) -> None:
    try:
        entry = store.parse_secrets(json.dumps(document))
    except ValueError:
        return
    assert store.parse_secrets(entry.dump()) == entry


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"token": 7}, "secret"),
        ({"token": "a\nb"}, "secret"),
        ({"token": "t", "refresh_token": "\u2026"}, "secret"),
        ({"token": "t", "expires_at": "soon"}, "time"),
        ({"token": "t", "renew_at": 1e12}, "time"),
    ],
)
def test_secrets_with_an_invalid_value_raise_a_value_error(
    fields: object, problem: str
) -> None:
    with pytest.raises(ValueError, match=f"invalid {problem}"):
        parse_secrets(json.dumps(fields))


def test_deeply_nested_keyring_entry_raises_an_auth_error(
    entries: dict[str, str],
) -> None:
    entries[ACME.name] = "[" * 100_000
    with pytest.raises(AuthError, match="is not in jobstat's format"):
        load_secrets(ACME)


def test_repr_does_not_contain_secrets() -> None:
    text = repr(SECRETS) + repr(profiles.Profiles())
    assert not any(secret in text for secret in ("t0ken", "r3fresh", "s3cret"))
