"""Read configuration files, which another user may have planted, and lock them."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jobstat import clock
from jobstat.errors import Unavailable, UsageError

if TYPE_CHECKING:
    from pathlib import Path

MAX_SIZE = 2**20
"""Maximum bytes of a configuration file."""

LOCK_POLL_INTERVAL = 0.05
"""Seconds between two attempts to take a lock."""


class LockError(UsageError):
    """The lock file is not writable, or the file system has no locks."""


def read_settings(
    path: Path, check: Callable[[Path, os.stat_result], None] | None = None
) -> bytes:
    """Return the content of a regular file of at most ``MAX_SIZE`` bytes.

    ``check`` may refuse the open file by an exception. Raise OSError, also for a file
    that is not regular: reading a FIFO could take forever.
    """
    with open(path, "rb", opener=_open_nonblocking) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        if check:
            check(path, status)
        content = file.read(MAX_SIZE + 1)
    if len(content) > MAX_SIZE:
        raise OSError(errno.EFBIG, f"it is larger than {MAX_SIZE // 2**20} MiB")
    return content


def check_private(path: Path, status: os.stat_result) -> None:
    """Raise UsageError for a file or directory that another user can change.

    root may own it. Its group may write to it, because many systems give each user a
    group.
    """
    if status.st_uid not in {0, os.geteuid()}:
        problem, command = "belongs to another user", f"sudo chown {os.geteuid()}"
    elif status.st_mode & stat.S_IWOTH:
        problem, command = "can be written by every user", "chmod o-w"
    else:
        return
    from shlex import quote

    raise UsageError(
        f"{path} {problem}",
        hint=f"Check its content, then run: {command} {quote(str(path))}",
    )


@contextmanager
def lock(directory: Path, name: str, timeout: float) -> Iterator[None]:
    """Hold the lock of this name against this user's other processes.

    Raise Unavailable if one of them holds it for ``timeout`` seconds, LockError if
    there can be no lock, UsageError if another user can change the directory.
    """
    path = directory / f"{re.sub('[^0-9a-z._-]', '_', name)}.lock"
    deadline = clock.monotonic() + timeout
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        check_private(directory, directory.stat())
        flags = os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC
        fd = os.open(path, flags, 0o600)
    except OSError as error:
        raise LockError(
            f"cannot write {path}: {error.strerror}",
            hint=f"Check the permissions of {directory}",
        ) from error
    try:
        while not _try_lock(fd, path):
            if clock.monotonic() > deadline:
                raise Unavailable(
                    f"another jobstat holds the lock {path}",
                    hint="Wait until the other jobstat ends, or end it.",
                )
            time.sleep(LOCK_POLL_INTERVAL)
        yield
    finally:
        os.close(fd)


def _try_lock(fd: int, path: Path) -> bool:
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError as error:
        raise LockError(
            f"cannot lock {path}: {error.strerror}",
            hint="Use a home directory on a file system that has locks.",
        ) from error
    return True


def _open_nonblocking(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
