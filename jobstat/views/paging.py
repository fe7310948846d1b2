"""How the reading of an account's list of jobs is shown, which may take minutes."""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Self

from jobstat.jobs.page_reader import ReadingObserver
from jobstat.views.wording import problem_of, retry_note, waiting_for_limit

if TYPE_CHECKING:
    from jobstat.jobs.retry import Outage
    from jobstat.views.terminal import Terminal

SHORT = 300
"""Jobs that are read without a word."""

REMIND_AFTER = 60.0
"""Seconds after which a wait for the rate limit is announced again."""


class Paging(ReadingObserver):
    """Shows how many jobs have been read, and each wait; a context manager.

    On a terminal this is one line, erased at the end.
    """

    def __init__(self, terminal: Terminal, *, quiet: bool) -> None:
        self._terminal = terminal
        self._quiet = quiet
        self._count = 0
        self._shown = False
        self._limit_told_until = -inf

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._erase()

    def page_read(self, count: int) -> None:
        """So many more jobs were read."""
        self._count += count
        if self._count > SHORT:
            self._show("")

    def pausing(self) -> None:
        """Say that the list will be read once more, and count anew."""
        self._show("once more in a moment")
        self._count = 0

    def waiting(self, outage: Outage | None, until: float, now: float) -> None:
        """The next page waits: for an account that fails, else for the rate limit."""
        if outage:
            again = retry_note(outage, None, now)
            self._note(f"{problem_of(outage.error)}; {again}")
        elif self._terminal.live:
            self._show(waiting_for_limit(until, now))
        elif now >= self._limit_told_until:
            self._limit_told_until = max(until, now + REMIND_AFTER)
            self._note(waiting_for_limit(until, now))

    def _note(self, words: str) -> None:
        self._erase()
        if not self._quiet:
            self._terminal.print_quietly(f"jobstat: {words}\n")

    def _show(self, more: str) -> None:
        if self._quiet or not self._terminal.live:
            return
        words = f"reading the list of jobs: {self._count:,}"
        line = "; ".join(filter(None, [words, more]))
        self._terminal.write_quietly(
            f"\r{line[: self._terminal.size.columns - 1]}\x1b[K"
        )
        self._shown = True

    def _erase(self) -> None:
        if self._shown:
            self._terminal.write_quietly("\r\x1b[K")
            self._shown = False
