"""Critical sections: the process does not end while one is active.

A token request is one. Zendesk revokes the old tokens, so the login is lost if the
process ends before the new tokens are saved.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MAX_WAIT = 60.0
"""Seconds after the start of a section. Then the process ends all the same.

A token request may take 30 seconds, and the keyring a few.
"""

NOTIFY_AFTER = 1.0
"""Seconds of waiting after which the user is notified."""

_changed = threading.Condition()
_active = 0
_latest_start = 0.0
_finished = False


class ProcessEnding(Exception):
    """The process is about to end: no critical section may start."""


@contextmanager
def section() -> Iterator[None]:
    """Keep the process from ending during the block.

    Raise ProcessEnding after ``forbid_and_wait``.
    """
    global _active, _latest_start  # noqa: PLW0603 - the state belongs to the process
    with _changed:
        if _finished:
            raise ProcessEnding
        _active += 1
        _latest_start = time.monotonic()
    try:
        yield
    finally:
        with _changed:
            _active -= 1
            _changed.notify_all()


def is_active() -> bool:
    """Return whether a critical section is active.

    A signal handler calls this, so it takes no lock.
    """
    return _active > 0


def wait(notify: Callable[[], None]) -> None:
    """Wait until no section is active, at most ``MAX_WAIT`` after the latest start.

    Call ``notify`` once if that takes longer than ``NOTIFY_AFTER``. A second wait for
    the same section has the same deadline.
    """
    with _changed:
        if _wait_until_idle(NOTIFY_AFTER) or _seconds_left() <= 0:
            return
    notify()
    with _changed:
        _wait_until_idle(MAX_WAIT)


def forbid_and_wait(notify: Callable[[], None]) -> None:
    """Forbid critical sections from now on, and wait as ``wait`` does."""
    global _finished  # noqa: PLW0603 - the state belongs to the process
    with _changed:
        _finished = True
    wait(notify)


def reset() -> None:
    """Allow critical sections again: one process may run jobstat several times."""
    global _finished  # noqa: PLW0603 - the state belongs to the process
    with _changed:
        _finished = False


def _wait_until_idle(timeout: float) -> bool:
    """Wait for up to ``timeout`` seconds. Return whether no section is active."""
    return _changed.wait_for(lambda: not _active, min(timeout, _seconds_left()))


def _seconds_left() -> float:
    return _latest_start + MAX_WAIT - time.monotonic()
