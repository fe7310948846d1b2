"""Critical sections: the process does not end while one is active.

A token request is one. Its answer replaces the stored tokens; if the process ends
first, the login is lost.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_WAIT = 60.0
"""Seconds that the process waits: a token request may take 30, the keyring a few."""

NOTIFY_AFTER = 1.0
"""Seconds of waiting after which the user is told."""

_changed = threading.Condition()
_active = 0
_finished = False


class ProcessEnding(Exception):
    """The process is about to end: no critical section may start."""


@contextmanager
def section() -> Iterator[None]:
    """Keep the process from ending during the block. Raise ProcessEnding."""
    global _active  # noqa: PLW0603 - the count belongs to the process
    with _changed:
        if _finished:
            raise ProcessEnding
        _active += 1
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
    """Wait until no section is active, for up to ``MAX_WAIT`` seconds.

    Call ``notify`` once if that takes longer than ``NOTIFY_AFTER`` seconds.
    """
    with _changed:
        if _changed.wait_for(lambda: not _active, NOTIFY_AFTER):
            return
    notify()
    with _changed:
        _changed.wait_for(lambda: not _active, MAX_WAIT)


def reset() -> None:
    """Allow critical sections again: one process may run jobstat several times."""
    global _finished  # noqa: PLW0603 - the state belongs to the process
    with _changed:
        _finished = False


def finish(notify: Callable[[], None]) -> None:
    """Allow no further critical section, and wait as ``wait`` does."""
    global _finished  # noqa: PLW0603 - the state belongs to the process
    with _changed:
        _finished = True
    wait(notify)
