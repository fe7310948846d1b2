"""How a watch is shown while it lasts on a terminal: redrawn in place."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from math import inf
from typing import TYPE_CHECKING, Self

from jobstat.jobs.duration import clock
from jobstat.views.frame import Frame
from jobstat.views.many import sentence_on
from jobstat.views.progress import Silent
from jobstat.views.words import UNKNOWN, safe, trying_again

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

    from rich.console import Console, ConsoleOptions, RenderableType
    from rich.live import Live as RichLive
    from rich.segment import Segment

    from jobstat.jobs.following import Clock
    from jobstat.jobs.patience import Setback
    from jobstat.jobs.watching import Watch, Watched
    from jobstat.views.many import Parts
    from jobstat.views.terminal import Terminal

_DISTURBING = frozenset(
    {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGTSTP}
)

REDRAWS = 1.0
"""Frames a second while nothing changes: enough for a clock in seconds."""

ECHO = "^C"
"""What a terminal shows of Ctrl-C behind the last line: there must be room for it,
or it wraps, and what is erased is a line too few."""

LEAST_GAP = 0.1
"""Seconds between two frames that changes ask for."""


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
        self._refreshed_at = -inf

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
        del watched
        self._refresh(now)

    def troubled(self, asked: Sequence[Watched], setback: Setback, now: float) -> None:
        del asked, setback
        self._refresh(now)

    def closed(self, watched: Watched, now: float) -> None:
        from jobstat.views.screen import summary_line

        if self._last and watched.job and len(self._watch.jobs) == 1:
            with self.aside():
                self._console.print(
                    *self._full(watched, now, self._console.width, live=False),
                    *summary_line(watched.job, unicode=self._terminal.unicode),
                    sep="\n",
                )

    def ended(self, now: float) -> None:
        if self._last and len(self._watch.jobs) > 1:
            with self.aside():
                words = sentence_on(self._watch, self._account, self._terminal)
                elapsed = clock(now - self._watch.started)
                self._terminal.write(f"{words}  {elapsed}\n")

    def _refresh(self, now: float) -> None:
        # One answer may tell of a hundred jobs: the frame of the next second
        # shows the others.
        if self._live and now - self._refreshed_at >= LEAST_GAP:
            self._refreshed_at = now
            with _undisturbed():
                self._live.refresh()

    def _suspend(self, number: int, frame: FrameType | None) -> None:
        """Give the terminal back while the job control of a shell has it."""
        del frame
        with self.aside():
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            signal.signal(number, self._suspend)

    def _frame(self) -> RenderableType:
        from rich.console import Group
        from rich.constrain import Constrain

        if not self._watch.open:
            # What follows says it all.
            return Group()
        now = self._clock.monotonic()
        width, height = self._console.size
        width = max(width - len(ECHO), 1)
        room = max(height - 1, 1)
        if len(self._watch.jobs) > 1:
            frame = Frame(
                self._watch,
                self._account,
                now,
                width=width,
                height=room,
                unicode=self._terminal.unicode,
            )
            return _Lines(frame.lines())
        # The bar is the second line: what does not fit goes from the end.
        lines = list(self._full(self._watch.jobs[0], now, width))[:room]
        return Constrain(Group(*lines), width)

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
                left=watched.course.told_left(now) if live else None,
                live=live,
            )
        else:
            yield self._note(f"{watched.id}  {self._account}")
            yield self._note(f"asking …  {clock(elapsed)}")
        if live:
            yield from self._trouble(watched, now)

    def _trouble(self, watched: Watched, now: float) -> Iterator[RenderableType]:
        from rich.text import Text

        if setback := watched.setback:
            again = trying_again(setback, watched.fresh_at, now)
            words = f"! {safe(str(setback.error))}; {again}"
            yield Text(words, UNKNOWN.style, overflow="fold")

    @staticmethod
    def _note(words: str) -> RenderableType:
        from rich.text import Text

        return Text(words, "dim", overflow="fold")


class _Lines:
    """Lines of parts, for rich: as they are, without the cost of wrapping."""

    def __init__(self, lines: list[Parts]) -> None:
        self._lines = lines

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[Segment]:
        from rich.segment import Segment

        del options
        for number, line in enumerate(self._lines):
            if number:
                yield Segment.line()
            for text, style in line:
                yield Segment(text, console.get_style(style) if style else None)


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
