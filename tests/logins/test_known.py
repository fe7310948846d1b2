"""The file of accounts: whatever stands in it, and whatever happens to it."""

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
RECORD = Profile(AuthMethod.TOKEN, user='Ada "\x1b[31m" \N{SNOWMAN}')
ENTRY = StoredSecrets(Tokens("t0ken", "r3fresh", 7.5, 6.5), "s3cret")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the file is to be."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "jobstat"


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the keyring holds."""
    entries: dict[str, str] = {}

    def write(
        name: str, secret: str, parts: Sequence[str] = (), timeout: float = 3.0
    ) -> None:
        entries[name] = secret

    monkeypatch.setattr(keyring, "read", lambda name, timeout=3.0: entries.get(name))
    monkeypatch.setattr(keyring, "write", write)
    monkeypatch.setattr(keyring, "delete", lambda name: entries.pop(name, None))
    return entries


def test_what_is_remembered_is_read_again(folder: Path, held: dict[str, str]) -> None:
    assert save_login(ACME, RECORD, ENTRY, default=False)
    client = Profile(AuthMethod.CLIENT, client_id="ci")
    assert not save_login(SANDBOX, client, ENTRY, default=False)
    found = load_profiles()
    assert found.accounts == {ACME.origin: RECORD, SANDBOX.origin: client}
    assert found.default_account == ACME
    assert store.parse_secrets(held["acme.zendesk.com"]) == ENTRY
    assert save_login(SANDBOX, client, ENTRY, default=True)
    assert load_profiles().default_account == SANDBOX
    assert delete_login(SANDBOX) == ACME
    assert delete_login(ACME) is None
    assert (load_profiles().accounts, held) == ({}, {})
    assert {path.suffix for path in folder.iterdir()} == {".toml", ".lock"}


def test_http_and_https_of_one_host_are_two_logins(
    folder: Path, held: dict[str, str]
) -> None:
    plain, tls = (Account(f"{scheme}://localhost") for scheme in ("http", "https"))
    entries = {
        plain: StoredSecrets(Tokens("pl4in")),
        tls: StoredSecrets(Tokens("3ncrypted")),
    }
    for account, entry in entries.items():
        save_login(account, RECORD, entry, default=False)
    assert {account: load_secrets(account) for account in entries} == entries
    with lock_account(plain, 1), lock_account(tls, 1):
        pass
    assert delete_login(plain) == tls
    assert load_secrets(tls) == entries[tls]


def test_which_of_several_is_the_default_is_not_guessed(
    folder: Path, held: dict[str, str]
) -> None:
    for account in (ACME, SANDBOX, Account("https://third.example")):
        save_login(account, RECORD, ENTRY, default=False)
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
def test_a_file_that_is_not_what_was_written(folder: Path, content: str) -> None:
    folder.mkdir()
    (folder / "accounts.toml").write_text(content)
    with pytest.raises(UsageError, match=r"accounts\.toml"):
        load_profiles()


def test_a_file_that_cannot_be_read(folder: Path) -> None:
    (folder / "accounts.toml").mkdir(parents=True)
    with pytest.raises(UsageError, match="Is a directory"):
        load_profiles()


def test_only_a_mebibyte_is_read(folder: Path) -> None:
    folder.mkdir()
    (folder / "accounts.toml").write_text("#" * 2**20)
    assert load_profiles().accounts == {}
    (folder / "accounts.toml").write_text("#" * (2**20 + 1))
    with pytest.raises(UsageError, match="it is larger than 1 MiB"):
        load_profiles()


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=100) | st.text(max_size=100).map(str.encode))
def test_any_file_is_accounts_or_one_error(folder: Path, content: bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "accounts.toml").write_bytes(content)
    with suppress(UsageError):
        load_profiles()


def test_a_full_disk_leaves_the_file_and_the_keyring_as_they_were(
    folder: Path, held: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_login(ACME, RECORD, ENTRY, default=False)
    before = (folder / "accounts.toml").read_bytes()

    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(UsageError, match="No space left on device"):
        save_login(SANDBOX, RECORD, ENTRY, default=False)
    assert (folder / "accounts.toml").read_bytes() == before
    assert list(held) == ["acme.zendesk.com"]
    assert {path.suffix for path in folder.iterdir()} == {".toml", ".lock"}


def test_a_link_stays_one(folder: Path, held: dict[str, str]) -> None:
    folder.mkdir()
    real = folder.parent / "elsewhere.toml"
    real.write_text("")
    (folder / "accounts.toml").symlink_to(real)
    save_login(ACME, RECORD, ENTRY, default=False)
    assert (folder / "accounts.toml").is_symlink()
    assert "acme" in real.read_text()
    assert stat.S_IMODE(real.stat().st_mode) == 0o600


def test_what_killed_processes_left_is_removed(
    folder: Path, held: dict[str, str]
) -> None:
    folder.mkdir()
    for name in (".accounts.toml.1", f".accounts.toml.{os.getpid()}"):
        (folder / name).write_text("left")
    (folder / ".accounts.toml.swp").write_text("an editor's")
    save_login(ACME, RECORD, ENTRY, default=False)
    names = {".accounts.toml.swp", "accounts.toml"}
    locks = {"_accounts.lock", "acme.zendesk.com.lock"}
    assert {path.name for path in folder.iterdir()} == names | locks


def test_the_new_file_is_not_written_through_a_link(
    folder: Path, held: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.mkdir()
    victim = folder.parent / "victim"
    victim.write_text("precious")
    link = folder / f".accounts.toml.{os.getpid()}"
    link.symlink_to(victim)
    save_login(ACME, RECORD, ENTRY, default=False)
    # Planted again, once the old ones are removed.
    monkeypatch.setattr(profiles, "_remove_stale", lambda path: link.symlink_to(victim))
    with pytest.raises(UsageError, match="File exists"):
        save_login(SANDBOX, RECORD, ENTRY, default=False)
    assert victim.read_text() == "precious"
    assert list(load_profiles().accounts) == [ACME.origin]


def test_a_lock_is_not_opened_through_a_link(folder: Path) -> None:
    folder.mkdir()
    (folder / "x.lock").symlink_to(folder / "elsewhere")
    with (
        pytest.raises(LockError, match=r"cannot write .*x\.lock"),
        lock(folder, "x", 1),
    ):
        pass
    assert not (folder / "elsewhere").exists()


def by_mode(path: Path) -> str:
    path.chmod(0o1777 if path.is_dir() else 0o606)
    return f"chmod o-w {path}"


def by_owner(path: Path) -> str:
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
@pytest.mark.parametrize("change", [by_mode, by_owner])
def test_what_another_user_can_change_is_refused(
    folder: Path,
    held: dict[str, str],
    target: str,
    changed: str,
    change: Callable[[Path], str],
) -> None:
    """It could name an account as the default, to which the credential goes then."""
    save_login(ACME, RECORD, ENTRY, default=False)
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
        save_login(SANDBOX, RECORD, ENTRY, default=True)
    assert list(held) == ["acme.zendesk.com"]


def test_a_directory_that_another_user_can_change_gets_no_lock(folder: Path) -> None:
    folder.mkdir()
    by_mode(folder)
    with pytest.raises(UsageError, match="can be written by every user"):  # noqa: SIM117 - it is tried
        with lock(folder, "x", 1):
            pass
    assert not list(folder.iterdir())


def test_a_group_may_write_and_root_may_own(
    folder: Path, held: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_login(ACME, RECORD, ENTRY, default=False)
    folder.chmod(0o775)
    (folder / "accounts.toml").chmod(0o664)
    assert load_profiles().accounts
    if (folder / "accounts.toml").stat().st_uid == 0:
        monkeypatch.setattr(os, "geteuid", lambda: 12345)
        assert load_profiles().accounts


def test_a_lock_is_waited_for_and_given_up(folder: Path) -> None:
    with lock(folder, "x", 1), pytest.raises(Unavailable, match="another jobstat"):  # noqa: SIM117 - the inner one is tried
        with lock(folder, "x", 0.1):
            pass
    with lock(folder, "x", 0.1):
        pass


def test_a_lock_that_another_process_has_is_not_ignored(folder: Path) -> None:
    with lock_account(ACME, 1), pytest.raises(Unavailable, match="another jobstat"):  # noqa: SIM117 - the inner lock is tested
        with lock_if_possible(ACME, 0.1, pytest.fail):
            pass


def test_a_renewal_waits_for_the_lock_as_long_as_it_may(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timeouts: list[float] = []

    def record(account: Account, timeout: float) -> AbstractContextManager[None]:
        timeouts.append(timeout)
        return nullcontext()

    monkeypatch.setattr(store, "lock_account", record)
    with lock_if_possible(ACME, 0.1, pytest.fail):
        assert timeouts == [0.1]


def test_entry_is_written_for_as_long_as_it_may_take(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    timeouts: list[float] = []

    def record(name: str, secret: str, parts: Sequence[str], timeout: float) -> None:
        timeouts.append(timeout)

    monkeypatch.setattr(keyring, "write", record)
    save_secrets(ACME, ENTRY, 10.0)
    assert timeouts == [10.0]


def test_a_file_system_without_locks_has_none(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(fd: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(LockError, match="cannot lock"), lock(folder, "x", 1):
        pass


def test_changes_of_several_are_all_there(folder: Path, held: dict[str, str]) -> None:
    accounts = [Account(f"https://a{number}.example") for number in range(12)]

    def add(account: Account) -> None:
        save_login(account, RECORD, ENTRY, default=False)

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
def test_what_cannot_be_stored_changes_nothing(
    folder: Path,
    held: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    account: Account,
    error: BaseException,
) -> None:
    """Neither a login that is there already nor one that is new is left by halves."""
    save_login(ACME, RECORD, ENTRY, default=False)
    before = ((folder / "accounts.toml").read_bytes(), dict(held))
    other = Profile(AuthMethod.CLIENT, client_id="ci")

    def half(name: str, secret: str, *_: object) -> None:
        held[name] = secret
        if secret != before[1].get(name):
            raise error

    monkeypatch.setattr(keyring, "write", half)
    with pytest.raises(type(error)):
        save_login(account, other, StoredSecrets(None, "an0ther"), default=True)
    assert ((folder / "accounts.toml").read_bytes(), held) == before

    def refused(*_: object) -> None:
        raise KeyringError("it is locked")

    monkeypatch.setattr(keyring, "delete", refused)
    with pytest.raises(KeyringError):
        delete_login(ACME)
    assert ((folder / "accounts.toml").read_bytes(), held) == before


def test_error_is_that_of_storing_though_the_old_entry_cannot_be_put_back(
    folder: Path, held: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_login(ACME, RECORD, ENTRY, default=False)
    errors = [KeyringError("first"), KeyringError("second")]

    def write(*_: object) -> None:
        raise errors.pop(0)

    monkeypatch.setattr(keyring, "write", write)
    with pytest.raises(KeyringError, match="first"):
        save_login(ACME, RECORD, StoredSecrets(None, "an0ther"), default=True)
    assert errors == []


@pytest.mark.parametrize(
    "change",
    [
        lambda: save_login(ACME, RECORD, ENTRY, default=False),
        lambda: delete_login(ACME),
    ],
)
def test_login_is_not_changed_while_another_process_renews_it(
    folder: Path,
    held: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[], object],
) -> None:
    save_login(ACME, RECORD, ENTRY, default=False)
    before = ((folder / "accounts.toml").read_bytes(), dict(held))
    monkeypatch.setattr("jobstat.zendesk.auth.store.LOCK_TIMEOUT", 0.05)
    with lock_account(ACME, 1), pytest.raises(Unavailable, match="keeps the lock"):
        change()
    assert ((folder / "accounts.toml").read_bytes(), held) == before


def test_login_is_stored_though_a_signal_comes_meanwhile(
    folder: Path, held: dict[str, str], monkeypatch: pytest.MonkeyPatch
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
        save_login(ACME, RECORD, ENTRY, default=False)
    assert critical.is_active()
    critical.finish(may_go_on.set)
    assert ACME.origin in load_profiles().accounts
    assert set(held) == {ACME.entry_name}


def test_a_secret_without_a_record_is_forgotten_too(
    folder: Path, held: dict[str, str]
) -> None:
    held[ACME.name] = "{}"
    assert delete_login(ACME) is None
    assert held == {}
    with pytest.raises(AuthError, match="not logged in to acme"):
        delete_login(ACME)


def test_a_name_that_is_half_a_character_is_stored_all_the_same(
    folder: Path, held: dict[str, str]
) -> None:
    save_login(ACME, Profile(AuthMethod.TOKEN, user="\ud800x"), ENTRY, default=False)
    assert load_profiles().accounts[ACME.origin].user == "?x"


def test_a_fifo_is_neither_read_nor_replaced(
    folder: Path, held: dict[str, str]
) -> None:
    folder.mkdir()
    os.mkfifo(folder / "accounts.toml")
    with pytest.raises(UsageError, match="it is not a regular file"):
        load_profiles()
    with pytest.raises(UsageError, match="it is not a regular file"):
        save_login(ACME, RECORD, ENTRY, default=False)
    assert stat.S_ISFIFO((folder / "accounts.toml").stat().st_mode)
    assert held == {}


def test_a_link_that_leads_to_itself(folder: Path) -> None:
    folder.mkdir()
    (folder / "accounts.toml").symlink_to(folder / "accounts.toml")
    with pytest.raises(UsageError, match=r"form a loop|symbolic links"):
        load_profiles()


def test_a_folder_that_must_not_be_looked_into(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(_: Path) -> os.stat_result:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("pathlib.Path.stat", refused)
    with pytest.raises(UsageError, match="Permission denied"):
        load_profiles()


def test_an_account_of_any_name_has_a_lock_of_its_own(
    folder: Path, held: dict[str, str]
) -> None:
    for name in ("accounts", "accounts.toml"):
        save_login(Account(f"https://{name}"), RECORD, ENTRY, default=False)
    assert len(load_profiles().accounts) == 2


def test_without_a_home_nothing_is_known_and_nothing_stored(
    monkeypatch: pytest.MonkeyPatch, held: dict[str, str]
) -> None:
    def none(*_: object, **__: object) -> None:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("platformdirs.user_config_path", none)
    assert load_profiles().accounts == {}
    with pytest.raises(UsageError, match="there is no home directory"):
        save_login(ACME, RECORD, ENTRY, default=False)
    assert held == {}


def test_the_name_of_a_lock_leads_nowhere(folder: Path) -> None:
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
def test_any_entry_is_one_or_a_value_error(document: Any) -> None:
    import json

    try:
        entry = store.parse_secrets(json.dumps(document))
    except ValueError:
        return
    assert store.parse_secrets(entry.dump()) == entry


@pytest.mark.parametrize(
    ("told", "what"),
    [
        ({"token": 7}, "secret"),
        ({"token": "a\nb"}, "secret"),
        ({"token": "t", "refresh_token": "\u2026"}, "secret"),
        ({"token": "t", "expires_at": "soon"}, "time"),
        ({"token": "t", "renew_at": 1e12}, "time"),
    ],
)
def test_what_cannot_be_used_is_no_entry(told: object, what: str) -> None:
    with pytest.raises(ValueError, match=f"invalid {what}"):
        parse_secrets(json.dumps(told))


def test_an_entry_that_is_nested_too_deep_is_not_what_was_written(
    held: dict[str, str],
) -> None:
    held[ACME.name] = "[" * 100_000
    with pytest.raises(AuthError, match="is not what jobstat wrote"):
        load_secrets(ACME)


def test_no_secret_is_in_a_repr() -> None:
    shown = repr(ENTRY) + repr(profiles.Profiles())
    assert not any(secret in shown for secret in ("t0ken", "r3fresh", "s3cret"))
