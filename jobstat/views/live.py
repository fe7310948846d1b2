"""The progress of a watch as a live view: redrawn in place on a terminal.

The cursor rests at the start of the frame. A resize may move the lines below the
cursor, but the view can still erase all of its own lines, and none above.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext, suppress
from math import inf
from types import FrameType
from typing import TYPE_CHECKING, Self

from jobstat.errors import OutputError
from jobstat.jobs.loop import Clock
from jobstat.jobs.poll import TrackedJob
from jobstat.views.frame import Frame
from jobstat.views.indicator import Indicator
from jobstat.views.layout import to_ansi
from jobstat.views.progress import Progress
from jobstat.views.report import render_last_status, render_summary
from jobstat.views.screen import NARROW
from jobstat.views.terminal import DEFAULT_SIZE, Terminal

if TYPE_CHECKING:
    from jobstat.jobs.retry import Outage
    from jobstat.jobs.watch import Watch

MIN_FRAME_INTERVAL = 0.1
"""Minimum seconds between two frames."""

HIDE_CURSOR, SHOW_CURSOR = "\x1b[?25l", "\x1b[?25h"
ERASE_LINE, ERASE_BELOW = "\x1b[K", "\x1b[J"
ERASE = f"\r{ERASE_LINE}\x1b7\x1b[B{ERASE_BELOW}\x1b8"
"""Erase the line of the cursor, then the lines below it. A single sequence for both
makes tmux move the lines to its history when the cursor is at the top left."""

RESIZE_SETTLE_TIME = 0.3
"""Seconds without a resize before the next frame. After a resize, tmux reports another
one up to 0.25 s late."""

ASK_AGAIN_AFTER = 10.0
"""Seconds after which the terminal's size and foreground are asked for again.

A signal announces a change, but may be lost: a parent may have blocked it."""

WRITING_SIGNALS = {signal.SIGTSTP, signal.SIGWINCH}
"""Signals whose handlers write to the terminal."""


class LiveProgress(Progress):
    """A view that is redrawn in place, and erased at the end.

    With ``show_final``, the last status of the jobs stays. Without ``show_final``, a
    report follows on the same terminal.
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
        self._indicator = Indicator(watch, terminal)
        # With show_final the view is on stderr: not data, so a failed write is ignored.
        self._write = terminal.write_quietly if show_final else terminal.write
        self._is_active = False
        self._is_drawn = False
        self._drawn_at = -inf
        self._resized_at = -inf
        self._size = DEFAULT_SIZE
        self._asked_at = -inf

    def __enter__(self) -> Self:
        """Install signal handlers, but draw nothing yet.

        If a signal interrupts this method, ``__exit__`` does not run.
        """
        if signal.getsignal(signal.SIGTSTP) is signal.SIG_DFL:
            signal.signal(signal.SIGTSTP, self._on_ctrl_z)
        signal.signal(signal.SIGWINCH, self._on_resize)
        signal.signal(signal.SIGCONT, self._on_continue)
        self._is_active = True
        return self

    def __exit__(self, *exception: object) -> None:
        # The exception that ends the view matters more than a failure to erase it.
        with suppress(OutputError) if any(exception) else nullcontext():
            self.stop()

    def stop(self) -> None:
        self._is_active = False
        self._erase()

    @contextmanager
    def suspended(self) -> Iterator[None]:
        was_active = self._is_active
        self.stop()
        yield
        if was_active and self._watch.pending:
            self._is_active = True
            self._refresh(self._clock.monotonic())

    def job_changed(self, tracked: TrackedJob, now: float) -> None:
        del tracked
        self._refresh(now)

    def request_failed(
        self, jobs: Sequence[TrackedJob], outage: Outage, now: float
    ) -> None:
        del jobs, outage
        self._refresh(now)

    def tick(self, now: float) -> None:
        self._refresh(now)

    def job_done(self, tracked: TrackedJob, now: float) -> None:
        if self._show_final and tracked.job and len(self._watch.jobs) == 1:
            self.stop()
            elapsed = now - self._watch.started if tracked.seen_running else None
            self._write(
                render_last_status(tracked.job, self._account, self._terminal, elapsed)
            )

    def ended(self, now: float) -> None:
        # A signal may interrupt this call or the caller's exit from the context, but
        # not both.
        self.stop()
        if self._show_final and len(self._watch.jobs) > 1:
            elapsed = now - self._watch.started
            self._write(
                render_summary(self._watch, self._account, self._terminal, elapsed)
            )

    def _refresh(self, now: float) -> None:
        # One answer may change a hundred jobs. The next tick shows the later changes.
        is_settled = now - self._resized_at >= RESIZE_SETTLE_TIME
        is_due = now - self._drawn_at >= MIN_FRAME_INTERVAL
        if self._is_active and is_settled and is_due:
            self._draw(now)

    def _draw(self, now: float) -> None:
        self._drawn_at = now
        if self._watch.pending and self._may_draw(now):
            lines = frame_lines(
                self._watch, self._account, now, self._terminal, self._size
            )
            if self._resized_at > now:
                return  # the lines may not fit any more
            up = f"\x1b[{len(lines) - 1}A" if len(lines) > 1 else ""
            frame = f"{ERASE_LINE}\n".join(lines)
            # Set before the write, which a signal may interrupt.
            self._is_drawn = True
            self._write_controls(
                f"\r{HIDE_CURSOR}{self._indicator.update(now)}{frame}{ERASE_LINE}{ERASE_BELOW}{up}\r"
            )

    def _may_draw(self, now: float) -> bool:
        """Return whether this process is in the foreground, and learn the size.

        In the background, the terminal belongs to the shell. The shell, not this
        process, then gets the signal of a resize.
        """
        if now - self._asked_at >= ASK_AGAIN_AFTER:
            # Set before the questions: a signal that makes the answers outdated
            # resets it.
            self._asked_at = now
            if not self._terminal.in_foreground:
                self._asked_at = -inf
                return False
            self._size = self._terminal.size
        return True

    def _erase(self) -> None:
        if self._is_drawn:
            self._write_controls(f"{ERASE}{SHOW_CURSOR}{self._indicator.clear()}")
            # Cleared after the write, which a signal may interrupt. Erasing twice is
            # harmless.
            self._indicator.cleared()
            self._is_drawn = False
            self._drawn_at = -inf

    def _write_controls(self, text: str) -> None:
        """Write control sequences, while signals whose handlers also write wait."""
        previous = signal.pthread_sigmask(signal.SIG_BLOCK, WRITING_SIGNALS)
        try:
            self._write(text)
        except OutputError:
            self._is_drawn = False  # the frame cannot be erased either
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, previous)

    def _on_ctrl_z(self, number: int, frame: FrameType | None) -> None:
        """Erase the frame, and stop this process until the shell continues it."""
        del frame
        self._erase()
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
        signal.signal(number, self._on_ctrl_z)

    def _on_resize(self, number: int, frame: FrameType | None) -> None:
        """Erase the frame: the terminal would wrap its lines at the next resize."""
        del number, frame
        self._resized_at = self._clock.monotonic()
        self._asked_at = -inf
        if self._is_drawn:
            self._write_controls(ERASE)

    def _on_continue(self, number: int, frame: FrameType | None) -> None:
        """Ask again: the shell had the terminal while this process was stopped."""
        del number, frame
        self._asked_at = -inf


def frame_lines(
    watch: Watch,
    account: str,
    now: float,
    terminal: Terminal,
    size: os.terminal_size,
) -> list[str]:
    """Return the lines of a frame. No line reaches the last column.

    Some terminals would wrap such a line, and others erase its last character.
    """
    columns, rows = size
    frame = Frame(
        watch,
        account,
        now,
        width=_frame_width(len(watch.jobs), max(columns - 1, 1), rows),
        height=max(rows - 1, 1),
        glyphs=terminal.glyphs,
    )
    return [to_ansi(line, terminal) for line in frame.lines()]


def _frame_width(jobs: int, columns: int, rows: int) -> int:
    """Return the columns that a frame uses: half of them for a high frame.

    A high frame keeps at least NARROW, if the terminal has as many. Splitting a window
    halves its width. The terminal then wraps longer lines, and moves the first lines
    of a high frame to the scrollback.
    """
    is_high = 2 * jobs > rows
    return min(columns, max(NARROW, columns // 2)) if is_high else columns
