"""The token store: the accounts file, the keyring entries, and their locks."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import threading
from contextlib import nullcontext, suppress
from typing import TYPE_CHECKING, Any

import pytest
from children import BOUND
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobstat import critical
from jobstat.errors import AuthError, SignalReceived, Unavailable, UsageError
from jobstat.zendesk.auth import keyring, profiles, store
from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.auth.credentials import AuthMethod
from jobstat.zendesk.auth.files import LockError, lock
from jobstat.zendesk.auth.keyring import KeyringError
from jobstat.zendesk.auth.oauth import Tokens
from jobstat.zendesk.auth.profiles import Profile, load_profiles
from jobstat.zendesk.auth.store import (
    StoredSecrets,
    delete_login,
    load_secrets,
    lock_account,
    lock_if_possible,
    parse_secrets,
    save_login,
    save_secrets,
)
from jobstat.zendesk.background import BackgroundCall

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

ACME = Account("https://acme.zendesk.com")
SANDBOX = Account("https://acme-sandbox.zendesk.com")
PROFILE = Profile(AuthMethod.TOKEN, user='Ada "\x1b[31m" \N{SNOWMAN}')
SECRETS = StoredSecrets(Tokens("t0ken", "r3fresh", 7.5, 6.5), "s3cret")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of the accounts file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "jobstat"


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The entries of the keyring."""
    entries: dict[str, str] = {}

    def write(
        name: str, secret: str, parts: Sequence[str] = (), timeout: float = 3.0
    ) -> None:
        entries[name] = secret

    monkeypatch.setattr(keyring, "read", lambda name, timeout=3.0: entries.get(name))
    monkeypatch.setattr(keyring, "write", write)
    monkeypatch.setattr(keyring, "delete", lambda name: entries.pop(name, None))
    return entries


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
        plain: StoredSecrets(Tokens("pl4in")),
        tls: StoredSecrets(Tokens("3ncrypted")),
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


@pytest.mark.parametrize(
    "content",
    [
        "default = ",
        "default = 3",
        "a = " + "[" * 100_000,
        'default = "https://acme.zendesk.com"',
        "accounts = 3",
        "[accounts]\nx = 3",
        '[accounts."https://a.example"]',
        '[accounts."https://a.example"]\nkind = "gift"',
        '[accounts."https://a.example"]\nkind = "token"\nuser = 3',
        '[accounts."http://a.example"]\nkind = "token"',
        '[accounts."https://me:pw@a.example"]\nkind = "token"',
    ],
)
def test_malformed_accounts_file_raises_a_usage_error(
    folder: Path, content: str
) -> None:
    folder.mkdir()
    (folder / "accounts.toml").write_text(content)
    with pytest.raises(UsageError, match=r"accounts\.toml"):
        load_profiles()


def test_directory_in_place_of_accounts_toml_raises_a_usage_error(folder: Path) -> None:
    (folder / "accounts.toml").mkdir(parents=True)
    with pytest.raises(UsageError, match="Is a directory"):
        load_profiles()


def test_accounts_file_over_1_mib_raises_a_usage_error(folder: Path) -> None:
    folder.mkdir()
    (folder / "accounts.toml").write_text("#" * 2**20)
    assert load_profiles().accounts == {}
    (folder / "accounts.toml").write_text("#" * (2**20 + 1))
    with pytest.raises(UsageError, match="it is larger than 1 MiB"):
        load_profiles()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=100) | st.text(max_size=100).map(str.encode))
def test_any_file_content_loads_or_raises_a_usage_error(
    folder: Path, content: bytes
) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "accounts.toml").write_bytes(content)
    with suppress(UsageError):
        load_profiles()


def test_full_disk_leaves_the_file_and_the_keyring_unchanged(
    folder: Path, entries: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_login(ACME, PROFILE, SECRETS, default=False)
    before = (folder / "accounts.toml").read_bytes()

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left on device"):
        save_login(SANDBOX, PROFILE, SECRETS, default=False)
    assert (folder / "accounts.toml").read_bytes() == before
    assert list(entries) == ["acme.zendesk.com"]
    assert {path.suffix for path in folder.iterdir()} == {".toml", ".lock"}


def test_saving_through_a_symlink_keeps_the_symlink(
    folder: Path, entries: dict[str, str]
) -> None:
    folder.mkdir()
    real = folder.parent / "elsewhere.toml"
    real.write_text("")
    (folder / "accounts.toml").symlink_to(real)
    save_login(ACME, PROFILE, SECRETS, default=False)
    assert (folder / "accounts.toml").is_symlink()
    assert "acme" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_saving_removes_temporary_files_of_killed_processes(
    folder: Path, entries: dict[str, str]
) -> None:
    folder.mkdir()
    for name in (".accounts.toml.1", f".accounts.toml.{os.getpid()}"):
        (folder / name).write_text("left")
    (folder / ".accounts.toml.swp").write_text("an editor's")
    save_login(ACME, PROFILE, SECRETS, default=False)
    names = {".accounts.toml.swp", "accounts.toml"}
    locks = {"_accounts.lock", "acme.zendesk.com.lock"}
    assert {path.name for path in folder.iterdir()} == names | locks


def test_temporary_file_is_not_written_through_a_symlink(
    folder: Path, entries: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    victim = folder.parent / "victim"
    victim.write_text("precious")
    link = folder / f".accounts.toml.{os.getpid()}"
    link.symlink_to(victim)
    save_login(ACME, PROFILE, SECRETS, default=False)
    # Another user plants the link again after stale files were removed.
    monkeypatch.setattr(profiles, "_remove_stale", lambda path: link.symlink_to(victim))
    with pytest.raises(UsageError, match="File exists"):
        save_login(SANDBOX, PROFILE, SECRETS, default=False)
    assert victim.read_text() == "precious"
    assert list(load_profiles().accounts) == [ACME.origin]


def test_lock_file_is_not_opened_through_a_symlink(folder: Path) -> None:
    folder.mkdir()
    (folder / "x.lock").symlink_to(folder / "elsewhere")
    with (
        pytest.raises(LockError, match=r"cannot write .*x\.lock"),
        lock(folder, "x", 1),
    ):
        pass
    assert not (folder / "elsewhere").exists()


def make_world_writable(path: Path) -> str:
    path.chmod(0o1777 if path.is_dir() else 0o606)
    return f"chmod o-w {path}"


def give_to_another_user(path: Path) -> str:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to another user")
    os.chown(path, 12345, -1)
    return f"sudo chown 0 {path}"


@pytest.mark.parametrize(
    ("target", "changed"),
    [
        ("jobstat", "jobstat"),
        ("jobstat", "jobstat/accounts.toml"),
        ("real", "jobstat"),
        ("real", "real"),
        ("real", "real/accounts.toml"),
    ],
)
@pytest.mark.parametrize("change", [make_world_writable, give_to_another_user])
def test_config_that_another_user_can_change_is_refused(
    folder: Path,
    entries: dict[str, str],
    target: str,
    changed: str,
    change: Callable[[Path], str],
) -> None:
    """That user could set a default account, which would get the credential."""
    save_login(ACME, PROFILE, SECRETS, default=False)
    if target == "real":
        (folder.parent / "real").mkdir()
        (folder / "accounts.toml").rename(folder.parent / "real" / "accounts.toml")
        (folder / "accounts.toml").symlink_to("../real/accounts.toml")
    path = folder.parent / changed
    load_profiles()
    command = change(path)
    with pytest.raises(UsageError, match=f"{re.escape(str(path))} ") as refused:
        load_profiles()
    assert refused.value.hint == f"Check what it holds, then run: {command}"
    with pytest.raises(UsageError, match=f"{re.escape(str(path))} "):
        save_login(SANDBOX, PROFILE, SECRETS, default=True)
    assert list(entries) == ["acme.zendesk.com"]


def test_directory_writable_by_every_user_gets_no_lock_file(folder: Path) -> None:
    folder.mkdir()
    make_world_writable(folder)
    with pytest.raises(UsageError, match="can be written by every user"):  # noqa: SIM117 - the inner lock is tested
        with lock(folder, "x", 1):
            pass
    assert not list(folder.iterdir())


def test_config_may_be_group_writable_or_owned_by_root(
    folder: Path, entries: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_login(ACME, PROFILE, SECRETS, default=False)
    folder.chmod(0o775)
    (folder / "accounts.toml").chmod(0o664)
    assert load_profiles().accounts
    if (folder / "accounts.toml").stat().st_uid == 0:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
        assert load_profiles().accounts


def test_held_lock_times_out_and_a_released_lock_is_taken(folder: Path) -> None:
    with lock(folder, "x", 1), pytest.raises(Unavailable, match="another jobstat"):  # noqa: SIM117 - the inner lock is tested
        with lock(folder, "x", 0.1):
            pass
    with lock(folder, "x", 0.1):
        pass


def test_held_renewal_lock_raises_unavailable(folder: Path) -> None:
    with lock_account(ACME, 1), pytest.raises(Unavailable, match="another jobstat"):  # noqa: SIM117 - the inner lock is tested
        with lock_if_possible(ACME, 0.1, pytest.fail):
            pass


def test_renewal_lock_is_taken_with_the_given_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timeouts: list[float] = []

    def record(account: Account, timeout: float) -> AbstractContextManager[None]:
        timeouts.append(timeout)
        return nullcontext()

    monkeypatch.setattr(store, "lock_account", record)
    with lock_if_possible(ACME, 0.1, pytest.fail):
        assert timeouts == [0.1]


def test_writing_an_entry_passes_the_timeout_to_the_keyring(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timeouts: list[float] = []

    def record(name: str, secret: str, parts: Sequence[str], timeout: float) -> None:
        timeouts.append(timeout)

    monkeypatch.setattr(keyring, "write", record)
    save_secrets(ACME, SECRETS, 10.0)
    assert timeouts == [10.0]


def test_lock_on_a_file_system_without_locks_raises_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(fd: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(LockError, match="cannot lock"), lock(folder, "x", 1):
        pass


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
    "error", [KeyringError("it did not answer any longer"), KeyboardInterrupt()]
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
        save_login(account, other, StoredSecrets(None, "an0ther"), default=True)
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
        save_login(ACME, PROFILE, StoredSecrets(None, "an0ther"), default=True)
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
    monkeypatch.setattr("jobstat.zendesk.auth.store.LOCK_TIMEOUT", 0.05)
    with lock_account(ACME, 1), pytest.raises(Unavailable, match="keeps the lock"):
        change()
    assert ((folder / "accounts.toml").read_bytes(), entries) == before


def test_signal_during_a_save_does_not_lose_the_login(
    folder: Path, entries: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, may_go_on = threading.Event(), threading.Event()
    write = keyring.write

    def slow(*arguments: Any) -> None:
        begun.set()
        assert may_go_on.wait(BOUND)
        write(*arguments)

    def wait(apart: BackgroundCall[Any], left: object) -> bool:
        assert begun.wait(BOUND)
        raise SignalReceived(2)

    monkeypatch.setattr(keyring, "write", slow)
    monkeypatch.setattr(BackgroundCall, "wait", wait)
    with pytest.raises(SignalReceived):
        save_login(ACME, PROFILE, SECRETS, default=False)
    assert critical.is_active()
    critical.finish(may_go_on.set)
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


def test_lone_surrogate_in_a_user_name_is_stored_as_a_question_mark(
    folder: Path, entries: dict[str, str]
) -> None:
    save_login(ACME, Profile(AuthMethod.TOKEN, user="\ud800x"), SECRETS, default=False)
    assert load_profiles().accounts[ACME.origin].user == "?x"


def test_fifo_in_place_of_accounts_toml_is_not_read_or_replaced(
    folder: Path, entries: dict[str, str]
) -> None:
    folder.mkdir()
    os.mkfifo(folder / "accounts.toml")
    with pytest.raises(UsageError, match="it is not a regular file"):
        load_profiles()
    with pytest.raises(UsageError, match="it is not a regular file"):
        save_login(ACME, PROFILE, SECRETS, default=False)
    assert stat.S_ISFIFO((folder / "accounts.toml").stat().st_mode)
    assert entries == {}


def test_symlink_to_itself_raises_a_usage_error(folder: Path) -> None:
    folder.mkdir()
    (folder / "accounts.toml").symlink_to(folder / "accounts.toml")
    with pytest.raises(UsageError, match=r"form a loop|symbolic links"):
        load_profiles()


def test_config_directory_without_permission_raises_a_usage_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Path) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.stat", refused)
    with pytest.raises(UsageError, match="Permission denied"):
        load_profiles()


def test_account_named_accounts_does_not_share_the_lock_of_the_file(
    folder: Path, entries: dict[str, str]
) -> None:
    for name in ("accounts", "accounts.toml"):
        save_login(Account(f"https://{name}"), PROFILE, SECRETS, default=False)
    assert len(load_profiles().accounts) == 2


def test_missing_home_loads_no_accounts_and_refuses_to_save(
    monkeypatch: pytest.MonkeyPatch, entries: dict[str, str]
) -> None:
    def none(*_: object, **__: object) -> None:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("platformdirs.user_config_path", none)
    assert load_profiles().accounts == {}
    with pytest.raises(UsageError, match="there is no home directory"):
        save_login(ACME, PROFILE, SECRETS, default=False)
    assert entries == {}


def test_lock_name_cannot_leave_the_config_directory(folder: Path) -> None:
    with lock(folder, "../../x:/y", 1):
        pass
    assert [path.name for path in folder.iterdir()] == [".._.._x__y.lock"]


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
    import json

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
    with pytest.raises(AuthError, match="is not what jobstat wrote"):
        load_secrets(ACME)


def test_repr_does_not_contain_secrets() -> None:
    text = repr(SECRETS) + repr(profiles.Profiles())
    assert not any(secret in text for secret in ("t0ken", "r3fresh", "s3cret"))
