"""The data of a poll: a tracked job, a request about jobs, and its result.

All times are seconds on the clock of the loop.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jobstat.jobs.progress import ProgressEstimate

if TYPE_CHECKING:
    from jobstat.errors import JobstatError, NotFound
    from jobstat.exits import Exit
    from jobstat.jobs.job import Job
    from jobstat.jobs.retry import Outage


@dataclass(slots=True)
class TrackedJob:
    """One job of a watch, and when to poll it next.

    ``exit`` is set once the job is not polled any more. ``error`` is then the reason,
    unless the job itself ended. ``seen_running`` tells whether it was seen before its
    end. ``last_success_at`` is the time of the last good answer, ``asked_at`` that of
    the last request.

    ``poll_individually`` keeps the job out of batch requests. ``times_omitted`` counts
    the answers to batches that left it out.

    ``not_found`` is the error of the last answer, while the job may still be too young
    to be found. ``unconfirmed`` is an answer that must come twice to be believed: a
    completed job without results.
    """

    id: str
    next_poll_at: float
    job: Job | None = None
    seen_running: bool = False
    exit: Exit | None = None
    error: JobstatError | None = None
    outage: Outage | None = None
    last_success_at: float | None = None
    asked_at: float | None = None
    estimate: ProgressEstimate = field(default_factory=ProgressEstimate)
    poll_individually: bool = False
    times_omitted: int = 0
    not_found: NotFound | None = None
    unconfirmed: Job | None = None


@dataclass(frozen=True, slots=True)
class PollRequest:
    """A request for the status of these jobs; ``timeout`` is in seconds."""

    jobs: tuple[TrackedJob, ...]
    timeout: float
    asked_at: float


@dataclass(frozen=True, slots=True)
class PollResult:
    """The jobs of a good answer.

    ``skipped`` are the ids of its entries that are not a job status.
    """

    jobs: tuple[Job, ...]
    skipped: tuple[str | None, ...] = ()


@dataclass(frozen=True, slots=True)
class Wait:
    """A pause before the next step of a watch, in seconds."""

    seconds: float
