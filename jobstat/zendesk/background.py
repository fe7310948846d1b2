"""A call in a thread of its own, which can be given up at any moment."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Generic, TypeVar

from jobstat.errors import Unreachable
from jobstat.jobs.loop import TICK

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class BackgroundCall(Generic[T]):
    """A call that nobody else can bound, such as the resolution of a name.

    While it is waited for, signals come through. ``started`` at once, it goes on
    until it ends by itself, or the process does.
    """

    def __init__(self, call: Callable[[], T], name: str) -> None:
        self._call = call
        self._done = threading.Event()
        self._cleanup: Callable[[], None] | None = None
        self._error: BaseException | None = None
        # The thread inherits what is blocked: signals are for the main one, which
        # may put them off.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
        try:
            threading.Thread(target=self._run, name=name, daemon=True).start()
        except RuntimeError as error:
            raise Unreachable("this machine cannot start a thread now") from error
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def wait(
        self, left: Callable[[], float], on_tick: Callable[[], None] | None = None
    ) -> bool:
        """Whether it came to an end while ``left`` gave seconds that were left.

        ``tick`` is called about every second of them.
        """
        while not self._done.wait(min(max(left(), 0), TICK)):
            if left() <= 0:
                return False
            if on_tick:
                on_tick()
        return True

    def result(self) -> T:
        """What came of it, once it has ended. Raises what it raised."""
        if self._error:
            raise self._error
        return self._result

    def abandon(self, cleanup: Callable[[], None]) -> None:
        """Have ``cleanup`` called once it has ended: nobody waits for it."""
        self._cleanup = cleanup
        if self._done.is_set():
            cleanup()

    def _run(self) -> None:
        try:
            self._result = self._call()
        except BaseException as error:  # noqa: BLE001 - told to whoever waits for it
            self._error = error
        self._done.set()
        if self._cleanup:
            self._cleanup()
