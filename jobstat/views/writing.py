"""Writes that a signal or a deadline can end, so that none blocks for ever."""

from __future__ import annotations

import os
import select
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from math import inf
from typing import TextIO

from jobstat import clock
from jobstat.errors import OutputError
from jobstat.signals import ENDING_SIGNALS

CHUNK = select.PIPE_BUF
"""Bytes that a pipe takes at once when ``select`` calls it writable."""

RETRY_DELAY = 0.01
"""Seconds until the next try when a terminal has too little room for a write."""

STALL_TIMEOUT = 1.0
"""Seconds that a write waits for a reader once the deadline has passed."""

_deadline = inf


def limit_writes(deadline: float) -> None:
    """Fail a write that has no reader after ``deadline`` of ``jobstat.clock``."""
    global _deadline  # noqa: PLW0603 - the streams belong to the whole process
    _deadline = deadline


def write_all(stream: TextIO, text: str) -> None:
    """Write and flush the text.

    Raise OutputError if nobody reads it by the deadline of ``limit_writes``, and
    OSError if the stream fails.
    """
    stream.flush()
    try:
        fd = stream.fileno()
    except (OSError, ValueError):  # io.StringIO, as click's test runner has
        stream.write(text)
        stream.flush()
        return
    content = text.encode(stream.encoding, "backslashreplace")
    is_terminal = stream.isatty()
    with _nonblocking(fd, is_terminal=is_terminal) as writable_fd:
        _write_chunks(writable_fd, content, interruptible=is_terminal)


def redirect_to_devnull(stream: TextIO | None) -> None:
    """Send the rest of a broken stream's output to /dev/null.

    Python would flush it again when it exits, fail, and change the exit code.
    """
    if stream is not None:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


@contextmanager
def _nonblocking(fd: int, *, is_terminal: bool) -> Iterator[int]:
    """Yield a descriptor whose writes do not block, for the same terminal or file.

    A terminal may have room for only a part of a write. It is opened again, because
    the shell shares the flags of the inherited descriptor.
    """
    reopened = None
    if is_terminal:
        with suppress(OSError):  # another user's terminal, as after su
            reopened = os.open(
                os.ttyname(fd), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK
            )
    try:
        yield fd if reopened is None else reopened
    finally:
        if reopened is not None:
            os.close(reopened)


def _write_chunks(fd: int, content: bytes, *, interruptible: bool) -> None:
    """Write the content in chunks, each as soon as there is room for it.

    Signals wait while a chunk is written, so that no line of data is cut in two. They
    arrive while nobody reads. With ``interruptible`` they always arrive: select does
    not tell how much room a terminal has.
    """
    remaining, stalled_at = memoryview(content), inf
    blocked = () if interruptible else ENDING_SIGNALS
    previous = signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
    try:
        while remaining:
            if not select.select([], [fd], [], 0)[1]:
                signal.pthread_sigmask(signal.SIG_SETMASK, previous)
                _wait_for_reader(fd)
                signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
            try:
                remaining = remaining[os.write(fd, remaining[:CHUNK]) :]
                stalled_at = inf
            except BlockingIOError:  # writable, but without room for this chunk
                stalled_at = min(stalled_at, clock.monotonic())
                clock.sleep(min(_time_left(stalled_at), RETRY_DELAY))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, previous)


def _wait_for_reader(fd: int) -> None:
    stalled_at = clock.monotonic()
    while not select.select([], [fd], [], min(_time_left(stalled_at), 60))[1]:
        pass


def _time_left(stalled_at: float) -> float:
    """Return the seconds until a stalled write fails. Raise OutputError at 0."""
    seconds = max(_deadline, stalled_at + STALL_TIMEOUT) - clock.monotonic()
    if seconds <= 0:
        raise OutputError(
            "cannot write the output: nobody reads it",
            hint="Check the program after the pipe: it may be paused or stuck.",
        )
    return seconds
