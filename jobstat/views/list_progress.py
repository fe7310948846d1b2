"""The progress of reading the account's list of jobs, which may take minutes."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Self

from jobstat.jobs.page_reader import ReadingObserver
from jobstat.jobs.retry import Outage
from jobstat.views.wording import format_outage, format_rate_limit_wait

if TYPE_CHECKING:
    from jobstat.views.terminal import Terminal

SHOW_ABOVE = 300
"""The number of jobs above which the reading of a list shows its progress."""

REMIND_AFTER = 60.0
"""Minimum seconds between two lines about the rate limit, off a terminal."""


class ListProgress(ReadingObserver):
    """A view of the reading of a list, and a context manager around it.

    On a terminal it is one line with the number of jobs read, erased at the end. Each
    failed request has a line that stays. Elsewhere, so has a wait for the rate limit.
    """

    def __init__(self, terminal: Terminal, *, quiet: bool) -> None:
        self._terminal = terminal
        self._quiet = quiet
        self._count = 0
        self._is_line_shown = False
        self._next_notice_at = -inf

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._erase()

    def page_read(self, count: int) -> None:
        """Count this many more jobs."""
        self._count += count
        if self._count > SHOW_ABOVE:
            self._show("")

    def pausing(self) -> None:
        """Say that the list will be read again, and count again from 0."""
        self._show("once more in a moment")
        self._count = 0

    def waiting(self, outage: Outage | None, until: float, now: float) -> None:
        """Say why the next page waits: for a retry, or for the rate limit."""
        if outage:
            self._print(format_outage(outage, None, now))
        elif self._terminal.live:
            self._show(format_rate_limit_wait(until, now))
        elif now >= self._next_notice_at:
            self._next_notice_at = max(until, now + REMIND_AFTER)
            self._print(format_rate_limit_wait(until, now))

    def _print(self, message: str) -> None:
        self._erase()
        if not self._quiet:
            line = self._terminal.stamp(message)
            self._terminal.print_quietly(f"jobstat: {line}\n")

    def _show(self, note: str) -> None:
        if self._quiet or not self._terminal.live:
            return
        count = f"reading the list of jobs: {self._count:,}"
        line = "; ".join(filter(None, [count, note]))
        width = self._terminal.size.columns - 1
        self._terminal.write_quietly(f"\r{line[:width]}\x1b[K")
        self._is_line_shown = True

    def _erase(self) -> None:
        if self._is_line_shown:
            self._terminal.write_quietly("\r\x1b[K")
            self._is_line_shown = False
