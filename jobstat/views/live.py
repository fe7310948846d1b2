"""How a watch is shown while it lasts on a terminal: redrawn in place."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from jobstat.jobs.duration import clock
from jobstat.views.progress import Silent, trying_again
from jobstat.views.words import UNKNOWN, safe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from rich.console import RenderableType
    from rich.live import Live as RichLive

    from jobstat.jobs.following import Clock
    from jobstat.jobs.watching import Watch, Watched
    from jobstat.views.terminal import Terminal

_DISTURBING = frozenset(
    {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP}
)

REDRAWS = 1.0
"""Frames a second while nothing changes: enough for a clock in seconds."""


class Live(Silent):
    """A view that is redrawn in place; it vanishes when it is left.

    ``last`` is whether a job's end is left standing: not where its report does.
    """

    def __init__(
        self,
        watch: Watch,
        account: str,
        terminal: Terminal,
        clock: Clock,
        *,
        last: bool,
    ) -> None:
        self._last = last
        self._watch = watch
        self._account = account
        self._terminal = terminal
        self._clock = clock
        self._console = terminal.console()
        self._live: RichLive | None = None

    def __enter__(self) -> Self:
        from rich.live import Live as RichLive

        self._live = RichLive(
            get_renderable=self._frame,
            console=self._console,
            auto_refresh=True,
            refresh_per_second=REDRAWS,
            transient=True,
            redirect_stdout=False,
            redirect_stderr=False,
            vertical_overflow="crop",
        )
        with _undisturbed():
            self._live.start(refresh=True)
        if signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL:
            signal.signal(signal.SIGTSTP, self._suspend)
        return self

    def __exit__(self, *exception: object) -> None:
        if self._live:
            with _undisturbed():
                self._live.stop()
                self._live = None

    @contextmanager
    def aside(self) -> Iterator[None]:
        live = self._live is not None
        self.__exit__()
        yield
        if live and self._watch.open:
            self.__enter__()

    def changed(self, watched: Watched, now: float) -> None:
        del watched, now
        if self._live:
            with _undisturbed():
                self._live.refresh()

    troubled = changed

    def closed(self, watched: Watched, now: float) -> None:
        from jobstat.views.screen import summary_line

        if self._last and watched.job:
            with self.aside():
                self._console.print(
                    *self._full(watched, now, self._console.width, live=False),
                    *summary_line(watched.job, unicode=self._terminal.unicode),
                    sep="\n",
                )

    def _suspend(self, number: int, frame: FrameType | None) -> None:
        """Give the terminal back while the job control of a shell has it."""
        del frame
        with self.aside():
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            signal.signal(number, self._suspend)

    def _frame(self) -> RenderableType:
        from rich.console import Group

        now = self._clock.monotonic()
        width, height = self._console.size
        jobs = self._watch.open
        if len(jobs) == 1:
            lines = list(self._full(jobs[0], now, width))
            # The bar is the second line: what does not fit goes from the end.
            return Group(*lines[: max(height - 1, 1)])
        room = max(height - 3, 1)
        lines = [self._short(watched, now) for watched in jobs[:room]]
        if len(jobs) > room:
            lines.append(self._note(f"and {len(jobs) - room} more"))
        lines.append(self._note(clock(now - self._watch.started)))
        return Group(*lines)

    def _full(
        self, watched: Watched, now: float, width: int, *, live: bool = True
    ) -> Iterator[RenderableType]:
        from jobstat.views.screen import job_lines

        elapsed = now - self._watch.started
        if watched.job:
            yield from job_lines(
                watched.job,
                self._account,
                width=width,
                unicode=self._terminal.unicode,
                elapsed=elapsed if watched.ran else None,
                left=watched.time_left(now) if live else None,
                live=live,
            )
        else:
            yield self._note(f"{watched.id}  {self._account}")
            yield self._note(f"asking …  {clock(elapsed)}")
        if watched.error and live:
            yield self._trouble(watched, now)

    def _short(self, watched: Watched, now: float) -> RenderableType:
        from jobstat.views.screen import short_line

        if watched.error:
            return self._trouble(watched, now)
        if watched.job:
            return short_line(watched.job, watched.id, unicode=self._terminal.unicode)
        return self._note(f"  asking …  {watched.id}")

    def _trouble(self, watched: Watched, now: float) -> RenderableType:
        from rich.text import Text

        words = f"! {safe(str(watched.error))}; {trying_again(watched, now)}"
        return Text(words, UNKNOWN.style, overflow="fold")

    @staticmethod
    def _note(words: str) -> RenderableType:
        from rich.text import Text

        return Text(words, "dim", overflow="fold")


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Put off the signals that would leave a frame half drawn.

    They are blocked in this thread, and so in the one that is started within
    and redraws from then on; one that comes is delivered at the end.
    """
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _DISTURBING)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
