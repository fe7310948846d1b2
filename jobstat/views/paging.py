"""The progress of reading an account's list of jobs, which may take minutes."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Self

from jobstat.jobs.page_reader import ReadingObserver
from jobstat.views.wording import format_outage, format_rate_limit_wait

if TYPE_CHECKING:
    from jobstat.jobs.retry import Outage
    from jobstat.views.terminal import Terminal

SHOW_ABOVE = 300
"""A shorter list is read without showing how many jobs were read."""

REMIND_AFTER = 60.0
"""Seconds until a wait for the rate limit is announced again."""


class Paging(ReadingObserver):
    """How many jobs were read, and each wait. A context manager.

    On a terminal this is one line, erased at the end. Errors, and off a terminal waits
    for the rate limit, are lines that stay.
    """

    def __init__(self, terminal: Terminal, *, quiet: bool) -> None:
        self._terminal = terminal
        self._quiet = quiet
        self._count = 0
        self._is_shown = False
        self._announce_limit_at = -inf

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
        """Say that the list will be read again, and start counting anew."""
        self._show("once more in a moment")
        self._count = 0

    def waiting(self, outage: Outage | None, until: float, now: float) -> None:
        """Say why the next page waits: for a retry, or for the rate limit."""
        if outage:
            self._print(format_outage(outage, None, now))
        elif self._terminal.live:
            self._show(format_rate_limit_wait(until, now))
        elif now >= self._announce_limit_at:
            self._announce_limit_at = max(until, now + REMIND_AFTER)
            self._print(format_rate_limit_wait(until, now))

    def _print(self, message: str) -> None:
        self._erase()
        if not self._quiet:
            self._terminal.print_quietly(f"jobstat: {message}\n")

    def _show(self, note: str) -> None:
        if self._quiet or not self._terminal.live:
            return
        count = f"reading the list of jobs: {self._count:,}"
        line = "; ".join(filter(None, [count, note]))
        width = self._terminal.size.columns - 1
        self._terminal.write_quietly(f"\r{line[:width]}\x1b[K")
        self._is_shown = True

    def _erase(self) -> None:
        if self._is_shown:
            self._terminal.write_quietly("\r\x1b[K")
            self._is_shown = False
