"""The accounts file: its content, its permissions, and symbolic links."""

from __future__ import annotations

import os
import re
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobstat.errors import UsageError
from jobstat.zendesk.auth import profiles
from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.auth.credentials import AuthMethod
from jobstat.zendesk.auth.oauth import Tokens
from jobstat.zendesk.auth.profiles import Profile, load_profiles
from jobstat.zendesk.auth.store import (
    LoginSecrets,
    save_login,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ACME = Account("https://acme.zendesk.com")
SANDBOX = Account("https://acme-sandbox.zendesk.com")
PROFILE = Profile(AuthMethod.TOKEN, user='Ada "\x1b[31m" \N{SNOWMAN}')
SECRETS = LoginSecrets(Tokens("t0ken", "r3fresh", 7.5, 6.5), "s3cret")


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
    assert refused.value.hint == f"Check its content, then run: {command}"
    with pytest.raises(UsageError, match=f"{re.escape(str(path))} "):
        save_login(SANDBOX, PROFILE, SECRETS, default=True)
    assert list(entries) == ["acme.zendesk.com"]


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


def test_missing_home_loads_no_accounts_and_refuses_to_save(
    monkeypatch: pytest.MonkeyPatch, entries: dict[str, str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr("platformdirs.user_config_path", fail)
    assert load_profiles().accounts == {}
    with pytest.raises(UsageError, match="there is no home directory"):
        save_login(ACME, PROFILE, SECRETS, default=False)
    assert entries == {}
