"""A call in its own thread, which the caller can abandon at any moment."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from jobstat.errors import Unreachable
from jobstat.jobs.loop import TICK

T = TypeVar("T")

OnTick = Callable[[], None] | None
"""A function to call about once a second during a long call: it updates the screen."""


class BackgroundCall(Generic[T]):
    """A call that has no timeout, such as the resolution of a host name.

    The call starts at once, and runs until it returns or the process ends. Signals
    reach the caller while it waits. Raise Unreachable if no thread can start.
    """

    def __init__(self, call: Callable[[], T], name: str) -> None:
        self._call = call
        self._done = threading.Event()
        self._cleanup: Callable[[], None] | None = None
        self._error: BaseException | None = None
        # The thread inherits the signal mask: only the main thread handles signals,
        # and may delay them.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            threading.Thread(target=self._run, name=name, daemon=True).start()
        except RuntimeError as error:
            raise Unreachable(
                "this machine cannot start a thread now",
                hint="Close other programs, or raise the process limit (ulimit -u).",
            ) from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def wait(self, time_left: Callable[[], float], on_tick: OnTick = None) -> bool:
        """Wait while ``time_left()`` is positive. Return whether the call is done."""
        while not self._done.wait(min(max(time_left(), 0), TICK)):
            if time_left() <= 0:
                return False
            if on_tick:
                on_tick()
        return True

    def result(self) -> T:
        """Return the result of a call that is done. Raise its exception."""
        if self._error:
            raise self._error
        return self._result

    def abandon(self, cleanup: Callable[[], None]) -> None:
        """Stop waiting for the call: run ``cleanup`` when it is done."""
        self._cleanup = cleanup
        if self._done.is_set():
            cleanup()

    def _run(self) -> None:
        try:
            self._result = self._call()
        except BaseException as error:  # noqa: BLE001 - ``result`` raises it
            self._error = error
        self._done.set()
        if self._cleanup:
            self._cleanup()
