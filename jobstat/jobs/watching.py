"""Watching jobs: what is known of them, and what to do next.

A watch is told what was answered and when; it never asks, for a job or the time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobstat.errors import Unreachable
from jobstat.exits import Exit, combine
from jobstat.jobs.polling import (
    LONGEST_DELAY,
    delay_after_answer,
    delay_after_failure,
)
from jobstat.jobs.verdict import judge

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jobstat.errors import JobstatError
    from jobstat.jobs.job import Job

REQUEST_PATIENCE = 30.0
"""Seconds that one request of a watch may take."""

NOT_FOUND_PATIENCE = 10.0
"""Seconds in which a job that is not found may be too young to be found."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: the job, and the account's requests a minute if told."""

    job: Job
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What the user wants of a watch; all durations in seconds.

    ``once`` makes it a show: the first answer ends it, unfinished or not.
    ``tries`` bounds the requests that may fail in a row, None for no bound.
    """

    once: bool = False
    interval: float = 0.0
    timeout: float | None = None
    retry_for: float = 300.0
    tries: int | None = None


SHOW = Policy(once=True, retry_for=10.0, tries=3)


@dataclass(slots=True)
class Watched:
    """One job of a watch: what is known of it, and when to ask again.

    Times are seconds on the loop's clock. ``exit`` is set once the job is no
    longer asked for; ``error`` is why the last request failed, None when it
    did not. ``ran`` is whether it was seen before its end. ``fresh_at`` is when
    its last good answer came, ``patient_since`` from when on the user's patience
    with failures counts.
    """

    id: str
    due: float
    job: Job | None = None
    ran: bool = False
    exit: Exit | None = None
    error: JobstatError | None = None
    failures: int = 0
    fresh_at: float | None = None
    patient_since: float = 0.0
    moved_from: tuple[float, int] | None = None
    moved_to: tuple[float, int] | None = None

    def time_left(self, now: float) -> float | None:
        """Seconds to the end at the pace seen, None while it cannot be known."""
        if not (self.job and self.job.total and self.moved_from and self.moved_to):
            return None
        (began, first), (latest, progress) = self.moved_from, self.moved_to
        if progress <= first or latest <= began:
            return None
        pace = (progress - first) / (latest - began)
        return max((self.job.total - progress) / pace - (now - latest), 0.0)

    def note_progress(self, now: float) -> None:
        """Remember the progress of the job as the point from which it moves on."""
        progress = self.job.progress if self.job else None
        if progress is None:
            return
        if self.moved_from is None or progress < self.moved_from[1]:
            self.moved_from = (now, progress)
        if self.moved_to is None or progress != self.moved_to[1]:
            self.moved_to = (now, progress)


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for this job now, and let it take at most so many seconds."""

    watched: Watched
    within: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is due for so many seconds."""

    seconds: float


class Watch:
    """What is known of the jobs that are watched, and what to do next."""

    def __init__(self, ids: Iterable[str], policy: Policy, started: float) -> None:
        self.policy = policy
        self.started = started
        self.jobs = [Watched(id, due=started) for id in dict.fromkeys(ids)]
        self._heard_at = started

    @property
    def open(self) -> list[Watched]:
        """The jobs that are still to be asked for."""
        return [watched for watched in self.jobs if watched.exit is None]

    def ended_by(self, code: Exit) -> bool:
        """Whether a job is no longer asked for by reason of this code."""
        return any(watched.exit is code for watched in self.jobs)

    def exit(self, *, forgiving: bool = False) -> Exit:
        """The exit code of the whole, once no job is open."""
        exits = (watched.exit for watched in self.jobs)
        told = (Exit.UNFINISHED if code is None else code for code in exits)
        return combine(told, forgiving=forgiving)

    def next(self, now: float) -> Ask | Wait | None:
        """The next thing to do, None when nothing is left to do."""
        if not self.open:
            return None
        left = REQUEST_PATIENCE
        if self.policy.timeout is not None:
            left = self.started + self.policy.timeout - now
            if left <= 0:
                for watched in self.open:
                    watched.exit = Exit.TIMEOUT
                return None
        watched = self._first_due()
        if watched.due > now:
            until = watched.due - now
            return Wait(until if self.policy.timeout is None else min(until, left))
        if not watched.failures:
            # From the last good answer on, but not through a wait that was our
            # own choice: a long interval would leave no patience at all.
            fresh_at = now if watched.fresh_at is None else watched.fresh_at
            chosen = now - fresh_at > LONGEST_DELAY
            watched.patient_since = now if chosen else fresh_at
        return Ask(watched, min(left, self._patience(watched, now)))

    def answered(self, watched: Watched, answer: Answer, now: float) -> bool:
        """Take in a good answer; True when it tells anything new."""
        before, watched.job = watched.job, answer.job
        watched.error, watched.failures = None, 0
        watched.fresh_at = self._heard_at = now
        watched.note_progress(now)
        verdict = judge(answer.job)
        watched.ran = watched.ran or not verdict.finished
        if verdict.finished or self.policy.once:
            watched.exit = verdict.exit
        watched.due = now + delay_after_answer(
            now - self.started,
            interval=self.policy.interval,
            limit=answer.limit,
            jobs=max(len(self.open), 1),
        )
        return before is None or _visible(before) != _visible(answer.job)

    def failed(self, watched: Watched, error: JobstatError, now: float) -> None:
        """Take in a failed request.

        Raises the error again when it ends the whole watch: a refused
        credential and a refused request would meet the other jobs as well.
        """
        watched.error = error
        if not isinstance(error, Unreachable):
            self._heard_at = now
        if error.exit is Exit.NOT_FOUND:
            watched.failures = 0
            if self._may_yet_be_found(watched, now):
                watched.due = now + max(1.0, self.policy.interval)
            else:
                watched.exit = error.exit
            return
        if not error.passing:
            raise error
        watched.failures += 1
        give_up_at = watched.patient_since + self.policy.retry_for
        due = now + delay_after_failure(error, watched.failures, self.policy.interval)
        if (
            now >= give_up_at
            or watched.failures == self.policy.tries
            or (self.policy.once and due >= give_up_at)
        ):
            self._give_up(watched, error)
        # A watch whose patience ends before the delay does asks a last time.
        watched.due = min(due, give_up_at)

    def _first_due(self) -> Watched:
        # A show goes through its jobs in their order.
        if self.policy.once:
            return self.open[0]
        return min(self.open, key=lambda watched: watched.due)

    def _give_up(self, watched: Watched, error: JobstatError) -> None:
        silent = self._heard_at <= watched.patient_since
        # Nothing was heard of any job: the others need not be waited for too.
        for given_up in self.open if silent else [watched]:
            given_up.exit, given_up.error = error.exit, error

    def _may_yet_be_found(self, watched: Watched, now: float) -> bool:
        seen_or_once = watched.job is not None or self.policy.once
        return not seen_or_once and now - self.started < NOT_FOUND_PATIENCE

    def _patience(self, watched: Watched, now: float) -> float:
        if not self.policy.once:
            return REQUEST_PATIENCE
        # However late it is, as after a suspend, a last try has its second.
        return max(watched.patient_since + self.policy.retry_for - now, 1.0)


def _visible(job: Job) -> tuple[object, ...]:
    return (job.status, job.total, job.progress, job.message, len(job.items))
