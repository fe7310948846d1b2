"""How a watch is shown while it lasts on a terminal: redrawn in place.

The cursor rests at the beginning of the frame, not behind it. So whatever a
terminal does to the lines below when it is resized, all of them are erased, and
none above.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager, nullcontext, suppress
from math import inf
from typing import TYPE_CHECKING, Self

from jobstat.errors import OutputError
from jobstat.jobs.duration import format_elapsed
from jobstat.views.frame import WHOLE_ID, Frame
from jobstat.views.log import NoProgress
from jobstat.views.many import format_summary, to_ansi
from jobstat.views.wording import (
    UNKNOWN,
    problem_of,
    retry_note,
    waiting_for_limit,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from types import FrameType

    from rich.console import RenderableType

    from jobstat.jobs.loop import Clock
    from jobstat.jobs.poll import TrackedJob
    from jobstat.jobs.retry import Outage
    from jobstat.jobs.watch import Watch
    from jobstat.views.terminal import Terminal

MIN_FRAME_GAP = 0.1
"""Seconds between two frames that changes ask for."""

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
ERASE_LINE, ERASE_BELOW = "\x1b[K", "\x1b[J"
ERASE = f"\r{ERASE_LINE}\x1b7\x1b[B{ERASE_BELOW}\x1b8"
"""Erases the line of the cursor, then the lines below it. One sequence for both would
make tmux move the lines to its history when the cursor is at the top left."""

SETTLED = 0.3
"""Seconds without a resize before the next frame. tmux reports a resize up to 0.25 s
late where another one came just before."""

WRITING_SIGNALS = {signal.SIGTSTP, signal.SIGWINCH}
"""Signals whose handlers write to the terminal."""


class LiveProgress(NoProgress):
    """A view that is redrawn in place; it vanishes when it is left.

    ``show_final`` is whether a job's end is left standing: not where its report does.
    """

    def __init__(
        self,
        watch: Watch,
        account: str,
        terminal: Terminal,
        clock: Clock,
        *,
        show_final: bool,
    ) -> None:
        self._show_final = show_final
        self._watch = watch
        self._account = account
        self._terminal = terminal
        self._clock = clock
        # On stderr it is no data: what cannot be shown there is not.
        self._write = terminal.write_quietly if show_final else terminal.write
        self._entered = False
        self._drawn = False
        self._drawn_at = -inf
        self._resized_at = -inf

    def __enter__(self) -> Self:
        """Draw nothing yet: a signal in here would keep ``__exit__`` from running."""
        if signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL:
            signal.signal(signal.SIGTSTP, self._suspend)
        signal.signal(signal.SIGWINCH, self._resize)
        self._entered = True
        return self

    def __exit__(self, *exception: object) -> None:
        self._entered = False
        # What ends the view is told, not that the view could not be erased.
        with suppress(OutputError) if any(exception) else nullcontext():
            self._erase()

    @contextmanager
    def suspended(self) -> Iterator[None]:
        entered = self._entered
        self.__exit__()
        yield
        if entered and self._watch.pending:
            self._entered = True
            self._refresh(self._clock.monotonic())

    def job_changed(self, tracked: TrackedJob, now: float) -> None:
        del tracked
        self._refresh(now)

    def request_failed(
        self, asked: Sequence[TrackedJob], outage: Outage, now: float
    ) -> None:
        del asked, outage
        self._refresh(now)

    def tick(self, now: float) -> None:
        self._refresh(now)

    def job_done(self, tracked: TrackedJob, now: float) -> None:
        from jobstat.views.screen import summary_line

        if self._show_final and tracked.job and len(self._watch.jobs) == 1:
            self.__exit__()
            width = self._terminal.size.columns
            parts = [
                *self._full(tracked, now, width, live=False),
                *summary_line(tracked.job, unicode=self._terminal.unicode),
            ]
            self._write(self._rendered(parts, width))

    def ended(self, now: float) -> None:
        # A signal may interrupt this or the caller's exit from the context, not both.
        self.__exit__()
        if self._show_final and len(self._watch.jobs) > 1:
            elapsed = now - self._watch.started
            self._write(
                format_summary(self._watch, self._account, self._terminal, elapsed)
            )

    def _refresh(self, now: float) -> None:
        # One answer may tell of a hundred jobs: the frame of the next second
        # shows the others.
        settled = now - self._resized_at >= SETTLED
        if self._entered and settled and now - self._drawn_at >= MIN_FRAME_GAP:
            self._draw(now)

    def _draw(self, now: float) -> None:
        self._drawn_at = now
        # A shell that has put the watch into the background has the terminal.
        if self._watch.pending and self._terminal.in_foreground:
            lines = self._frame(now)
            if self._resized_at > now:
                return  # These lines may not fit any more.
            up = f"\x1b[{len(lines) - 1}A" * (len(lines) > 1)
            frame = f"{ERASE_LINE}\n".join(lines)
            # Set before the write: a signal may interrupt it.
            self._drawn = True
            self._steer(f"\r{HIDE_CURSOR}{frame}{ERASE_LINE}{ERASE_BELOW}{up}\r")

    def _erase(self) -> None:
        if self._drawn:
            # Cleared after the write, for the same reason. Erasing twice is harmless.
            self._steer(f"{ERASE}{SHOW_CURSOR}")
            self._drawn = False
            self._drawn_at = -inf

    def _steer(self, text: str) -> None:
        """Write to the terminal. Block the signals whose handlers write to it, too."""
        before = signal.pthread_sigmask(signal.SIG_BLOCK, WRITING_SIGNALS)
        try:
            self._write(text)
        except OutputError:
            self._drawn = False  # it cannot be erased either
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)

    def _suspend(self, number: int, frame: FrameType | None) -> None:
        """Give the terminal back while the job control of a shell has it."""
        del frame
        self._erase()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, self._suspend)

    def _resize(self, number: int, frame: FrameType | None) -> None:
        """Erase the frame, so that the next resize has no lines to wrap."""
        del number, frame
        self._resized_at = self._clock.monotonic()
        if self._drawn:
            self._steer(ERASE)

    def _frame(self, now: float) -> list[str]:
        """The lines of a frame, none of which fills the last column."""
        width, height = self._terminal.size
        # Behind it some terminals would wrap, and others erase what stands there.
        width, room = max(width - 1, 1), max(height - 1, 1)
        if len(self._watch.jobs) > 1:
            frame = Frame(
                self._watch,
                self._account,
                now,
                width=self._line_width(width, height),
                height=room,
                unicode=self._terminal.unicode,
            )
            return [to_ansi(line, self._terminal) for line in frame.lines()]
        parts = self._full(self._watch.jobs[0], now, width)
        # The bar is the second line: what does not fit goes from the end.
        return self._rendered(parts, width).splitlines()[:room]

    def _line_width(self, width: int, height: int) -> int:
        """The columns that a frame of several jobs uses.

        A terminal that becomes narrower wraps longer lines, and so moves the first
        lines of a high frame to the scrollback. A split window halves its width.
        """
        is_high = 2 * len(self._watch.jobs) > height
        return min(width, max(WHOLE_ID, width // 2)) if is_high else width

    def _rendered(self, parts: Iterable[RenderableType], width: int) -> str:
        # A signal may have interrupted another console before it gave its text away.
        console = self._terminal.console()
        with console.capture() as capture:
            for part in parts:
                console.print(part, width=width)
        return capture.get()

    def _full(
        self, tracked: TrackedJob, now: float, width: int, *, live: bool = True
    ) -> Iterator[RenderableType]:
        from jobstat.views.screen import job_lines

        elapsed = now - self._watch.started
        if tracked.job:
            yield from job_lines(
                tracked.job,
                self._account,
                width=width,
                unicode=self._terminal.unicode,
                elapsed=elapsed if tracked.seen_running else None,
                left=tracked.estimate.eta(now) if live else None,
                live=live,
            )
        else:
            yield self._note(f"{tracked.id}  {self._account}")
            yield self._note(f"asking  {format_elapsed(elapsed)}")
        if live:
            yield from self._trouble(tracked, now)

    def _trouble(self, tracked: TrackedJob, now: float) -> Iterator[RenderableType]:
        from rich.text import Text

        words = None
        if outage := tracked.outage:
            again = retry_note(outage, tracked.last_success_at, now)
            words = f"{problem_of(outage.error)}; {again}"
        elif until := self._watch.rate_limited_until(now):
            words = waiting_for_limit(until, now)
        if words:
            yield Text(f"! {words}", UNKNOWN.style, overflow="fold")

    @staticmethod
    def _note(words: str) -> RenderableType:
        from rich.text import Text

        return Text(words, "dim", overflow="fold")
