"""Work that the process finishes before it ends by an error, a time-out or a signal.

A token request is such work: its answer replaces the tokens that are stored, and
without it the login is lost.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_HOLD = 60.0
"""Seconds that such work may take: a token request has 30, the keyring a few."""

_changed = threading.Condition()
_held = 0
_ending = False


class Ending(Exception):
    """The process is about to end: such work is not begun any more."""


@contextmanager
def held() -> Iterator[None]:
    """Keep the process from ending in the meantime. Raises Ending."""
    global _held  # noqa: PLW0603 - it is about the process as a whole
    with _changed:
        if _ending:
            raise Ending
        _held += 1
    try:
        yield
    finally:
        with _changed:
            _held -= 1
            _changed.notify_all()


def is_held() -> bool:
    """Whether any thread is at such work. Takes no lock: a signal handler asks."""
    return _held > 0


def wait(tell: Callable[[], None]) -> None:
    """Wait for such work, LONGEST at most; ``tell`` is called after a second of it."""
    with _changed:
        if _changed.wait_for(lambda: not _held, 1.0):
            return
    tell()
    with _changed:
        _changed.wait_for(lambda: not _held, MAX_HOLD)


def begin() -> None:
    """Let such work begin: a process may run jobstat several times."""
    global _ending  # noqa: PLW0603 - as above
    with _changed:
        _ending = False


def finish(tell: Callable[[], None]) -> None:
    """Wait for such work, and let none begin any more."""
    global _ending  # noqa: PLW0603 - as above
    with _changed:
        _ending = True
    wait(tell)
