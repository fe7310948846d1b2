"""The data of a poll: a tracked job, a request about jobs, and its result.

All times are seconds on the clock of the loop.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jobstat.errors import InvalidResponse, JobstatError, NotFound
from jobstat.exits import Exit
from jobstat.jobs.job import Job, judge, lacks_results
from jobstat.jobs.progress import ProgressEstimate

if TYPE_CHECKING:
    from jobstat.jobs.retry import Outage, Retry

STALL_AFTER = 180.0
"""Minimum seconds without progress that are a stall."""

STALL_FACTOR = 3.0
"""A stall is also this many times longer than the average time between changes."""


@dataclass(slots=True)
class TrackedJob:
    """One job of a watch, and when to poll it next.

    ``exit`` is None while the job is polled. ``error`` is why polling stopped
    before the job ended. ``seen_running`` is true if an answer showed the
    job unfinished. ``requested_at`` is the time of the last request. ``changed_at`` is
    the time of the last answer that a view shows differently. ``began_at`` is an
    estimate of when the work began, None if no answer showed the job queued.

    ``poll_alone`` keeps the job out of batches. ``times_omitted`` counts the answers to
    batches that omitted the job.

    ``not_found`` is the 404 of the last answer, while the job may be too new to be
    found. ``unconfirmed`` is an answer that must come twice to be believed: a completed
    job without results.
    """

    id: str
    retry: Retry
    next_poll_at: float
    job: Job | None = None
    seen_running: bool = False
    exit: Exit | None = None
    error: JobstatError | None = None
    requested_at: float | None = None
    changed_at: float | None = None
    last_queued_at: float | None = None
    began_at: float | None = None
    estimate: ProgressEstimate = field(default_factory=ProgressEstimate)
    poll_alone: bool = False
    times_omitted: int = 0
    not_found: NotFound | None = None
    unconfirmed: Job | None = None

    @property
    def outage(self) -> Outage | None:
        """The outage of the requests for this job."""
        return self.retry.outage

    @property
    def last_success_at(self) -> float | None:
        """The time of the last good answer about this job."""
        return self.retry.last_success_at

    @property
    def stalled_since(self) -> float | None:
        """The time of the last change, if the answers since then show a stall.

        A queued job waits for its turn. A job without a count may make progress that
        no answer shows.
        """
        job, changed_at, answered_at = self.job, self.changed_at, self.last_success_at
        if job is None or changed_at is None or answered_at is None:
            return None
        is_counting = job.state != "queued" and job.progress is not None
        if self.exit is not None or self.outage or not is_counting:
            return None
        expected = STALL_FACTOR * self.estimate.seconds_per_step
        is_stall = answered_at - changed_at >= max(STALL_AFTER, expected)
        return changed_at if is_stall else None

    def looks_different(self, job: Job) -> bool:
        """Return whether a view shows this answer differently from the last one."""
        return self.job is None or _display_key(self.job) != _display_key(job)

    def needs_confirmation(self, job: Job, *, from_batch: bool) -> bool:
        """Return whether this answer must come twice to be believed."""
        if not lacks_results(job, self.job, from_batch=from_batch):
            return False
        first = self.unconfirmed
        return first is None or len(job.items) < len(first.items)

    def accept(self, job: Job, now: float, *, once: bool) -> None:
        """Believe this answer. Stop polling if the job ended, or if ``once`` is set."""
        if self.looks_different(job):
            self.changed_at = now
        is_queued = job.state == "queued"
        if is_queued:
            self.last_queued_at = now
        elif self.began_at is None and self.last_queued_at is not None:
            # The work began between two answers. Assume that it was half-way.
            self.began_at = (self.last_queued_at + now) / 2
        self.estimate.update(job.total, None if is_queued else job.progress, now)
        self.job, self.unconfirmed = job, None
        verdict = judge(job)
        self.seen_running = self.seen_running or not verdict.finished
        if verdict.finished or once:
            self.exit = verdict.exit

    def schedule_alone(self, moment: float) -> None:
        """Poll the job at this moment, in a request for this job alone."""
        self.next_poll_at, self.poll_alone = moment, True

    def fail(self, error: JobstatError) -> None:
        """Stop polling the job because of an error."""
        self.exit, self.error = error.exit, error

    def close(self, code: Exit, outage: Outage | None) -> None:
        """Stop polling an unfinished job.

        The reason is ``outage``, else the outage of the requests for this job, if any.
        """
        self.exit = code
        outage = outage or self.outage
        self.error = outage.error if outage else None
        if self.unconfirmed and not self.error:
            self.error = InvalidResponse(
                f"{self.id} completed without results;"
                " there was no time to confirm that",
                hint="Ask for the results with jobstat show ID.",
            )
        if code is Exit.TIMEOUT and self.job is None and self.not_found:
            # The job never appeared, and the timeout came before NOT_FOUND_GRACE.
            self.fail(self.not_found)


@dataclass(frozen=True, slots=True)
class PollRequest:
    """A request for the statuses of these jobs. ``timeout`` is in seconds."""

    jobs: tuple[TrackedJob, ...]
    timeout: float
    requested_at: float


@dataclass(frozen=True, slots=True)
class PollResult:
    """The jobs of a good answer.

    ``skipped`` are the ids of the entries that are not a job status, None without one.
    """

    jobs: tuple[Job, ...]
    skipped: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait before the next step of a watch, in seconds."""

    seconds: float


def _display_key(job: Job) -> tuple[object, ...]:
    """Return the parts of a job that a view shows."""
    counts = (job.total, job.progress, len(job.items), len(job.failed))
    return (job.status, job.message, judge(job), *counts)
