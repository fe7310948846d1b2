"""Reading files that another program wrote."""

from __future__ import annotations

import errno
import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

MAX_SIZE = 2**20
"""Bytes of a file of settings."""


def read_settings(path: Path) -> bytes:
    """Return the content of a regular file of at most ``MAX_SIZE`` bytes.

    Raises OSError, also for a file of another kind: to read a FIFO could take
    forever.
    """
    with open(path, "rb", opener=_open_without_waiting) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EINVAL, "it is not a regular file")
        content = file.read(MAX_SIZE + 1)
    if len(content) > MAX_SIZE:
        raise OSError(errno.EFBIG, f"it is larger than {MAX_SIZE // 2**20} MiB")
    return content


def _open_without_waiting(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NONBLOCK | os.O_NOCTTY)
