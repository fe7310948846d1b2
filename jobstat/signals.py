"""The signals that end a process: the first one unwinds it, a later one kills it."""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from jobstat import critical
from jobstat.errors import SignalReceived

ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)

GRACE = 0.5
"""Seconds in which a further signal is ignored.

Ctrl-C may arrive twice: from the terminal, and from a parent that passes it on.
"""

REDELIVERY_DELAY = 0.01
"""Seconds until a signal is delivered again after Python swallowed its exception."""


def raise_on_signals() -> None:
    """Let the first signal raise SignalReceived, so that the terminal is restored.

    Deliver the signal again if Python swallows that exception. A signal that the parent
    ignores, as nohup does, stays ignored.
    """
    for number in ENDING_SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _on_first_signal)
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _redeliver


def end_by_signal(number: int) -> NoReturn:
    """End the process by the signal itself, so that a shell loop stops too."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    raise SystemExit(128 + number)


def prevent_core_dump() -> None:
    """Keep SIGQUIT from writing the credential to a core dump.

    With a limit of 0, Linux may still pass the dump to a program. With 1 it does not.
    """
    hard_limit = resource.getrlimit(resource.RLIMIT_CORE)[1]
    with suppress(ValueError, OSError):  # the hard limit is 0
        resource.setrlimit(resource.RLIMIT_CORE, (1, hard_limit))


def _on_first_signal(number: int, frame: FrameType | None) -> None:
    del frame
    on_later_signal = _LaterSignals()
    for other in ENDING_SIGNALS:
        if signal.getsignal(other) is _on_first_signal:
            signal.signal(other, on_later_signal)
    raise SignalReceived(number)


class _LaterSignals:
    """The handler of all signals after the first one.

    Signals within the grace period are ignored. After that, one signal ends the
    process, or two if a critical section is active.
    """

    def __init__(self) -> None:
        self._grace_ends_at = time.monotonic() + GRACE
        self._count = 0

    def __call__(self, number: int, frame: FrameType | None) -> None:
        del frame
        if time.monotonic() <= self._grace_ends_at:
            return
        self._count += 1
        if self._count > 1 or not critical.is_active():
            end_by_signal(number)


def _redeliver(unraisable: sys.UnraisableHookArgs) -> None:
    """Deliver a signal again if Python swallowed its exception.

    Python only prints an exception that is raised in the callback of a weak reference.
    The import system has such callbacks. This hook runs inside the callback, where an
    exception would be swallowed too, so a timer raises it later.
    """
    exception = unraisable.exc_value
    if not isinstance(exception, SignalReceived):
        sys.__unraisablehook__(unraisable)
        return
    number = exception.signal
    signal.signal(signal.SIGALRM, lambda *_: _on_first_signal(number, None))
    signal.setitimer(signal.ITIMER_REAL, REDELIVERY_DELAY)
