"""The terminal's own progress indicator, such as a bar on its tab or in the taskbar.

The sequence is OSC 9;4 of ConEmu:
https://conemu.github.io/en/AnsiEscapeCodes.html#ConEmu_specific_OSC
"""

from __future__ import annotations

from enum import IntEnum
from math import inf
from typing import TYPE_CHECKING

from jobstat.views.summary import failed_jobs, overall_progress, sum_item_counts
from jobstat.views.wording import whole_percent

if TYPE_CHECKING:
    from jobstat.jobs.poll import TrackedJob
    from jobstat.jobs.watch import Watch
    from jobstat.views.terminal import Terminal

REPEAT_AFTER = 10.0
"""Seconds after which the same state is written again. Ghostty removes an indicator
that was not written for 15 s, in case its program was killed."""


class State(IntEnum):
    """The states of an indicator, as terminals number them."""

    NONE = 0
    NORMAL = 1
    ERROR = 2
    MOVING = 3
    WARNING = 4


class Indicator:
    """The progress indicator of a terminal. Without one, it writes nothing."""

    def __init__(self, watch: Watch, terminal: Terminal) -> None:
        self._watch = watch
        self._is_supported = terminal.shows_progress
        self._shown = ""
        self._shown_at = -inf

    def update(self, now: float) -> str:
        """Return the sequence that shows the progress, if it has to be written."""
        if not self._is_supported:
            return ""
        sequence = _sequence(*_progress(self._watch))
        if sequence == self._shown and now - self._shown_at < REPEAT_AFTER:
            return ""
        self._shown, self._shown_at = sequence, now
        return sequence

    def clear(self) -> str:
        """Return the sequence that removes the indicator, if there is one."""
        return _sequence(State.NONE, 0) if self._shown else ""

    def cleared(self) -> None:
        """Record that the sequence of ``clear`` was written."""
        self._shown, self._shown_at = "", -inf


def _progress(watch: Watch) -> tuple[State, int]:
    """Return the state and the percent. Before the first item, the bar moves."""
    done, total = overall_progress(watch)
    percent = whole_percent(done, total)
    if watch.outage or all(_is_out_of_reach(tracked) for tracked in watch.pending):
        return State.WARNING, percent
    failed_items, _ = sum_item_counts(watch.jobs)
    if failed_items or failed_jobs(watch.jobs):
        return State.ERROR, percent
    return (State.NORMAL, percent) if done else (State.MOVING, 0)


def _is_out_of_reach(tracked: TrackedJob) -> bool:
    """Return whether requests for the job fail. A new job may not be found yet."""
    return tracked.outage is not None and tracked.outage.failures > 0


def _sequence(state: State, percent: int) -> str:
    return f"\x1b]9;4;{state:d};{percent}\x1b\\"
