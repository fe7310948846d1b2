"""Read the user's jobs from standard input."""

from __future__ import annotations

import os
import select
import stat
import sys

from jobstat import clock
from jobstat.errors import TimedOut, UsageError
from jobstat.views.terminal import standard_error

_GIVE_JOBS = "Give the ids of the jobs as arguments instead of -."
"""The hint if standard input cannot be read."""


def may_hold_jobs() -> bool:
    """Return whether standard input is a file or a pipe."""
    try:
        mode = os.fstat(sys.stdin.fileno()).st_mode
    except (AttributeError, OSError, ValueError):  # closed, or replaced by a program
        return False
    return stat.S_ISREG(mode) or stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


def read_input(max_bytes: int, timeout: float | None = None) -> bytes:
    """Return all of standard input.

    Tell a user at a terminal that jobstat waits for input. Raise UsageError if
    standard input is closed, fails or is larger than ``max_bytes``, and TimedOut if the
    input does not end within ``timeout`` seconds.
    """
    if sys.stdin is None:
        raise UsageError("standard input is closed", hint=_GIVE_JOBS)
    if sys.stdin.isatty():
        standard_error().print_quietly(
            "jobstat: reading jobs from the keyboard; end with Ctrl-D\n"
        )
    try:
        content = _read_to_end(sys.stdin.fileno(), max_bytes + 1, timeout)
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(
            f"cannot read standard input: {reason}", hint=_GIVE_JOBS
        ) from error
    if len(content) > max_bytes:
        raise UsageError(
            f"standard input is larger than {max_bytes // 2**20} MiB",
            hint="Give only the ids of the jobs, or fewer jobs at once.",
        )
    return content


def _read_to_end(fd: int, max_bytes: int, timeout: float | None) -> bytes:
    """Read a file descriptor, blocking or not, to its end. Raise TimedOut."""
    deadline = None if timeout is None else clock.monotonic() + timeout
    content = bytearray()
    while len(content) < max_bytes:
        left = None if deadline is None else max(deadline - clock.monotonic(), 0)
        readable, _, _ = select.select([fd], [], [], left)
        if not readable:
            raise TimedOut(
                "the timeout ran out before the end of standard input",
                hint="Give a longer --timeout, or check what writes the input.",
            )
        try:
            chunk = os.read(fd, max_bytes - len(content))
        except BlockingIOError:
            continue  # another process has read the input first
        if not chunk:
            break
        content += chunk
    return bytes(content)
