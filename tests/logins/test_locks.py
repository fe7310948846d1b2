"""The locks that keep jobstat's processes from changing a login at once."""

from __future__ import annotations

import errno
import os
from contextlib import nullcontext
from typing import TYPE_CHECKING

import pytest

from jobstat.errors import Unavailable, UsageError
from jobstat.zendesk.auth import store
from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.auth.files import LockError, lock
from jobstat.zendesk.auth.store import lock_account, lock_if_possible

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

ACME = Account("https://acme.zendesk.com")


def test_lock_file_is_not_opened_through_a_symlink(folder: Path) -> None:
    folder.mkdir()
    (folder / "x.lock").symlink_to(folder / "elsewhere")
    with (
        pytest.raises(LockError, match=r"cannot write .*x\.lock"),
        lock(folder, "x", 1),
    ):
        pass
    assert not (folder / "elsewhere").exists()


def test_directory_writable_by_every_user_gets_no_lock_file(folder: Path) -> None:
    folder.mkdir()
    folder.chmod(0o1777)
    with pytest.raises(UsageError, match="can be written by every user"):  # noqa: SIM117 - the inner lock is tested
        with lock(folder, "x", 1):
            pass
    assert not list(folder.iterdir())


def test_wait_for_a_held_lock_times_out_and_a_released_lock_is_taken(
    folder: Path,
) -> None:
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


def test_lock_on_a_file_system_without_locks_raises_an_error(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def flock(fd: int, operation: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr("fcntl.flock", flock)
    with pytest.raises(LockError, match="cannot lock"), lock(folder, "x", 1):
        pass


def test_lock_name_cannot_leave_the_config_directory(folder: Path) -> None:
    with lock(folder, "../../x:/y", 1):
        pass
    assert [path.name for path in folder.iterdir()] == [".._.._x__y.lock"]
