"""The progress of items, and an estimate of the time left."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from jobstat.jobs.job import Job, judge


@dataclass(slots=True)
class ProgressEstimate:
    """The pace at which a count approaches its total.

    Times are seconds on the clock of the loop. ``last_queued_at`` is when an answer
    last showed that the work had not begun. ``first`` and ``latest`` are pairs of a
    time and the count then: ``first`` at the start, ``latest`` at the last change.
    ``steps`` is the number of changes.
    """

    total: int | None = None
    last_queued_at: float | None = None
    first: tuple[float, int] | None = None
    latest: tuple[float, int] | None = None
    steps: int = 0

    def update(self, total: int | None, done: int | None, now: float) -> None:
        """Record the counts at this moment. None means unknown or not begun."""
        self.total = total
        if done is None or done < 0:
            self.last_queued_at, self.first, self.latest, self.steps = (
                now,
                None,
                None,
                0,
            )
        elif self.first is None and self.last_queued_at is not None:
            # The work began between two answers. Assume half-way, so that the first
            # count already gives a pace.
            began_at = (self.last_queued_at + now) / 2
            self.first, self.latest = (began_at, 0), (now, done)
            self.steps = int(done > 0)
        elif self.latest is None or done < self.latest[1]:
            self.first = self.latest = (now, done)
            self.steps = 0
        elif done > self.latest[1]:
            self.latest = (now, done)
            self.steps += 1

    def time_left(self, now: float) -> float | None:
        """Return the seconds to the end at the pace so far, negative if overdue.

        Return None while there is no total or no pace.
        """
        if not (self.total and self.latest and (pace := self._pace)):
            return None
        latest_at, done = self.latest
        return (self.total - done) / pace - (now - latest_at)

    @property
    def _pace(self) -> float | None:
        """The items a second from the first count to the latest one."""
        if not (self.first and self.latest):
            return None
        (first_at, first_done), (latest_at, done) = self.first, self.latest
        if done <= first_done or latest_at <= first_at:
            return None
        return (done - first_done) / (latest_at - first_at)

    @property
    def rate(self) -> float | None:
        """The items a second so far, None before the second change."""
        return self._pace if self.steps > 1 else None

    @property
    def seconds_per_step(self) -> float:
        """The average seconds between two changes, 0 before the first one."""
        if not (self.first and self.latest and self.steps):
            return 0.0
        return (self.latest[0] - self.first[0]) / self.steps

    def eta(self, now: float) -> float | None:
        """Return the seconds left, 0 if overdue, None before the second change."""
        left = self.time_left(now)
        return max(left, 0.0) if left is not None and self.steps > 1 else None


def count_items(jobs: Iterable[Job]) -> tuple[int, int]:
    """Return the number of done items and of all items of these jobs.

    All items of a finished job are done, with any outcome. A job without a total does
    not count.
    """
    done = total = 0
    for job in jobs:
        if job.total and job.total > 0:
            total += job.total
            is_finished = judge(job).finished
            done += job.total if is_finished else _clamp(job.progress or 0, job.total)
    return done, total


def _clamp(progress: int, total: int) -> int:
    return min(max(progress, 0), total)
