"""Reading files of settings, which another user may have planted."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

from jobstat.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MAX_SIZE = 2**20
"""Bytes of a file of settings."""


def read_settings(
    path: Path, check: Callable[[Path, os.stat_result], None] | None = None
) -> bytes:
    """Return the content of a regular file of at most ``MAX_SIZE`` bytes.

    ``check`` may refuse the file once it is open. Raises OSError, also for a file of
    another kind: to read a FIFO could take forever.
    """
    with open(path, "rb", opener=_open_without_waiting) as file:
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

    root may own it. Its group may write it: many systems give each user a group.
    """
    if status.st_uid not in {0, os.geteuid()}:
        what, command = "belongs to another user", f"sudo chown {os.geteuid()}"
    elif status.st_mode & stat.S_IWOTH:
        what, command = "can be written by every user", "chmod o-w"
    else:
        return
    from shlex import quote

    raise UsageError(
        f"{path} {what}",
        hint=f"Check what it holds, then run: {command} {quote(str(path))}",
    )


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
