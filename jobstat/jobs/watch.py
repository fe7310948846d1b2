"""Watching jobs: what is known of them, and what to do next.

A watch is told what was answered and when; it never asks, for a job or the time.
"""

from __future__ import annotations

from collections import Counter
from heapq import nsmallest
from math import inf
from typing import TYPE_CHECKING

from jobstat.errors import InvalidResponse, NotFound, Unauthorized, Unreachable
from jobstat.exits import Exit, combine
from jobstat.jobs.job import Job, judge, lacks_results
from jobstat.jobs.poll import PollRequest, PollResult, TrackedJob, Wait
from jobstat.jobs.progress import ProgressEstimate
from jobstat.jobs.rate_limit import MIN_ANNOUNCED_WAIT, RateLimiter
from jobstat.jobs.retry import Outage, record_failure, request_timeout, should_give_up
from jobstat.jobs.schedule import delay_after_answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jobstat.errors import JobstatError
    from jobstat.jobs.policy import WatchPolicy

NOT_FOUND_GRACE = 10.0
"""Seconds in which a job that is not found may be too young to be found."""

CONFIRM_DELAY = 1.0
"""Seconds until a completed job without results is asked for once more."""

MAX_BATCH = 100
"""Ids in one request; Zendesk is said to refuse more."""


class Watch:
    """What is known of the jobs that are watched, and what to do next.

    ``rng`` gives random numbers from 0 to 1; ``rate_limiter`` is what is left of
    the account's rate limit, where it has been used before. ``outage`` is what
    keeps the account from answering at all, None when it does. ``estimate`` is how
    the items of all the jobs move on, as far as they are known. ``unreported`` are the
    jobs of which something is known that nobody was told yet.
    """

    def __init__(
        self,
        ids: Iterable[str],
        policy: WatchPolicy,
        started: float,
        rng: Callable[[], float] = lambda: 0.5,
        rate_limiter: RateLimiter | None = None,
    ) -> None:
        self.policy = policy
        self.started = started
        self.jobs = [TrackedJob(id, next_poll_at=started) for id in dict.fromkeys(ids)]
        self.outage: Outage | None = None
        self.last_success_at: float | None = None
        self.estimate = ProgressEstimate()
        self._rng = rng
        self._batch_size = MAX_BATCH
        self._batching_works = False
        self._individual_is_next = False
        self._retried_401 = False
        self.unreported: list[TrackedJob] = []
        self.rate_limiter = rate_limiter or RateLimiter(policy.rate_limit_share)

    @property
    def pending(self) -> list[TrackedJob]:
        """The jobs that are still to be asked for."""
        return [tracked for tracked in self.jobs if tracked.exit is None]

    @property
    def ends_at(self) -> float:
        """When the time-out ends it all."""
        timeout = self.policy.timeout
        return inf if timeout is None else self.started + timeout

    def ended_by(self, code: Exit) -> bool:
        """Whether a job is no longer asked for by reason of this code."""
        return any(tracked.exit is code for tracked in self.jobs)

    def exit(self, *, exit_zero: bool = False) -> Exit:
        """The exit code of the whole, once no job is open."""
        exits = (tracked.exit for tracked in self.jobs)
        told = (Exit.UNFINISHED if code is None else code for code in exits)
        return combine(told, exit_zero=exit_zero)

    @property
    def items(self) -> tuple[int, int]:
        """How many items are done, of how many, as far as the jobs are known.

        The items of a job that has ended are done, whatever became of them.
        """
        jobs = [tracked.job for tracked in self.jobs if tracked.job]
        known = [(job, job.total) for job in jobs if job.total and job.total > 0]
        return (
            sum(_items_done(job, total) for job, total in known),
            sum(total for _, total in known),
        )

    def time_left(self, now: float) -> float | None:
        """Seconds to the end of all, as far as it can be foretold.

        The pace of all items together knows of the jobs that have not begun; that
        of the slowest job is longer where it alone is left.
        """
        courses = [self.estimate, *(tracked.estimate for tracked in self.pending)]
        known = [left for c in courses if (left := c.eta(now)) is not None]
        return max(known, default=None)

    def held_until(self, now: float) -> float | None:
        """When the rate limit allows the next request, where it is what delays it."""
        if self.outage or not self.pending:
            return None  # a setback tells its own time
        first, _ = self._first_due(self.pending, now)
        free_at = self.rate_limiter.free_at
        next_poll_at = max(first.next_poll_at, now)
        return (
            free_at
            if not first.outage and free_at - next_poll_at > MIN_ANNOUNCED_WAIT
            else None
        )

    def next(self, now: float) -> PollRequest | Wait | None:
        """The next thing to do, None when nothing is left to do."""
        if self.policy.fail_fast and self._any_failed():
            self.close()
        jobs = self.pending
        if not jobs:
            return None
        left = self.ends_at - now
        if left <= 0:
            self._close_all(Exit.TIMEOUT, self.outage)
            return None
        first, batch = self._first_due(jobs, now)
        at = max(first.next_poll_at, self._not_before())
        if at > now:
            return Wait(min(at - now, left))
        asked = self._batch(batch, now)
        self._individual_is_next = not asked[0].poll_individually
        for tracked in asked:
            tracked.asked_at = now
        self.rate_limiter.record_request(now)
        outage = self.outage or asked[0].outage
        return PollRequest(
            asked, min(left, request_timeout(outage, self.policy, now)), now
        )

    def answered(self, request: PollRequest, answer: PollResult, now: float) -> None:
        """Take in a good answer; what it tells is added to the news."""
        self.outage, self.last_success_at, self._retried_401 = None, now, False
        if len(request.jobs) == 1:
            # Whatever id it has: there is only one job that it can be about.
            found: dict[str, list[Job | None]] = {request.jobs[0].id: [answer.jobs[0]]}
        else:
            found = _by_asked_id(request, answer)
            self._batching_works = True
        if self._batching_works or self._batch_size > 1:
            self._batch_size = min(2 * self._batch_size, MAX_BATCH)
        rng = self._rng()
        for tracked in request.jobs:
            match found.get(tracked.id, []):
                case []:
                    self._on_omitted(tracked, now)
                case [Job() as job]:
                    self._on_job(tracked, job, now, rng, alone=len(request.jobs) == 1)
                case _:
                    self._poll_individually(tracked, now)
        if all(tracked.job for tracked in self.pending):
            done, total = self.items
            self.estimate.update(total, done or None, now)

    def failed(
        self, request: PollRequest, error: JobstatError, now: float
    ) -> Outage | None:
        """Take in a failed request; gives what is to be said of it, if anything.

        Raises the error again when it ends the whole watch: a refused
        credential and a refused request would meet the other jobs as well.
        """
        several, tracked = len(request.jobs) > 1, request.jobs[0]
        for asked in request.jobs:
            asked.next_poll_at = max(
                asked.next_poll_at, request.asked_at + self.policy.interval
            )
            asked.not_found = None  # unless this error says so again
        if several and not self._affects_all_requests(error):
            # Not every server knows the request for several jobs, and one job
            # may spoil the answer about all: asked for singly it says so alone.
            # While answers are good they may be about ever more again, unless
            # the request has never been answered, or was refused once more.
            self._batching_works = self._batching_works and self._batch_size > 2  # noqa: PLR2004 - not at the first new try
            self._batch_size = 1
            if not error.transient:
                return None
        if isinstance(error, NotFound):
            self.outage = None
            return self._not_found(tracked, error, now)
        if not (error.transient or self._should_retry_401(error)):
            raise error
        if several or self.outage or not isinstance(error, InvalidResponse):
            # One broken answer is the job's own, several in a row are not.
            self.outage = self._record_failure(self, request, error, now)
            if self._should_give_up(self.outage, now):
                self._close_all(error.exit, self.outage)
                return None
        if several:
            return self.outage
        tracked.outage = self._record_failure(tracked, request, error, now)
        tracked.next_poll_at, tracked.poll_individually = tracked.outage.retry_at, True
        if self._should_give_up(tracked.outage, now):
            tracked.exit, tracked.error = error.exit, error
            return None
        return self.outage or tracked.outage

    @staticmethod
    def _affects_all_requests(error: JobstatError) -> bool:
        """Whether it would meet any request alike."""
        of_all = isinstance(error, Unreachable | Unauthorized)
        return of_all or error.retry_after is not None

    def _should_retry_401(self, error: JobstatError) -> bool:
        """Whether a credential that was good may be so again: it is tried once."""
        first = isinstance(error, Unauthorized) and not self._retried_401
        self._retried_401 = self._retried_401 or first
        return first and self.last_success_at is not None and not self.policy.once

    def _should_give_up(self, outage: Outage, now: float) -> bool:
        # The time-out that cut a request short is what ends the watch then.
        return should_give_up(outage, self.policy, now) and now < self.ends_at

    def _any_failed(self) -> bool:
        return any(tracked.exit not in {None, Exit.OK} for tracked in self.jobs)

    def close(self) -> None:
        """End the watch early: no job is asked for again."""
        self._close_all(Exit.UNFINISHED)

    def _close_all(self, code: Exit, outage: Outage | None = None) -> None:
        for tracked in self.pending:
            because = outage or tracked.outage
            tracked.exit = code
            tracked.error = because.error if because else None
            if tracked.unconfirmed and not tracked.error:
                tracked.error = InvalidResponse(
                    f"{tracked.id} completed without results;"
                    " there was no time to confirm that"
                )
            if code is Exit.TIMEOUT and tracked.job is None and tracked.not_found:
                # It was never there, and the time-out only cut the grace short.
                tracked.exit, tracked.error = Exit.NOT_FOUND, tracked.not_found

    def _first_due(
        self, jobs: list[TrackedJob], now: float
    ) -> tuple[TrackedJob, list[TrackedJob]]:
        """The job that is to be asked for first, and all that may go with it."""
        together = [job for job in jobs if not job.poll_individually]
        alone = min(
            (job for job in jobs if job.poll_individually),
            key=_next_poll_at,
            default=None,
        )
        first = min(together, key=_next_poll_at, default=None)
        if alone is None or first is None:
            next_poll_at = alone or first
            assert next_poll_at is not None  # noqa: S101 - there is an open job
            return next_poll_at, together if alone is None else [next_poll_at]
        both_due = max(alone.next_poll_at, first.next_poll_at) <= max(
            now, self._not_before()
        )
        # Where requests are few, neither many lost jobs hold up the others, nor
        # these, of which one request tells, a lost one.
        if (
            self._individual_is_next
            if both_due
            else alone.next_poll_at < first.next_poll_at
        ):
            return alone, [alone]
        return first, together

    def _batch(self, jobs: list[TrackedJob], now: float) -> tuple[TrackedJob, ...]:
        """Those that are due first; a job more in a request costs nothing."""
        interval = self.policy.interval
        may_be_asked = (
            job
            for job in jobs
            if job.next_poll_at <= now
            or job.asked_at is None
            or job.asked_at + interval <= now
        )
        return tuple(nsmallest(self._batch_size, may_be_asked, key=_next_poll_at))

    def _not_before(self) -> float:
        """The time before which nothing at all is asked."""
        return self.outage.retry_at if self.outage else self.rate_limiter.free_at

    def _on_job(
        self, tracked: TrackedJob, job: Job, now: float, rng: float, *, alone: bool
    ) -> None:
        tracked.outage, tracked.last_success_at = None, now
        tracked.poll_individually = tracked.times_omitted > 1
        before = tracked.unconfirmed
        if before and before.failed and not job.failed:
            job = before  # What failed once does not succeed later.
        elif lacks_results(job, tracked.job, from_batch=not alone) and (
            before is None or len(job.items) < len(before.items)
        ):
            # An answer about several jobs may leave the results out.
            tracked.unconfirmed, tracked.poll_individually = job, True
            in_time = max(self.ends_at - now, 0) / 2
            tracked.next_poll_at = now + max(
                min(CONFIRM_DELAY, in_time), self.policy.interval
            )
            return
        self._accept(tracked, job)
        begun = job.state != "queued"
        tracked.estimate.update(job.total, job.progress if begun else None, now)
        delay = delay_after_answer(
            now - self.started, tracked.estimate.time_left(now), rng=rng
        )
        tracked.next_poll_at = now + max(delay, self.policy.interval)

    def _accept(self, tracked: TrackedJob, job: Job) -> None:
        if tracked.job is None or _display_key(tracked.job) != _display_key(job):
            # First of all: a signal may come at any moment.
            self.unreported.append(tracked)
        tracked.job, tracked.unconfirmed = job, None
        verdict = judge(job)
        tracked.seen_running = tracked.seen_running or not verdict.finished
        if verdict.finished or self.policy.once:
            tracked.exit = verdict.exit

    def _on_omitted(self, tracked: TrackedJob, now: float) -> None:
        """An answer about several jobs left this one out."""
        # Before the time-out there should be time to ask for it singly.
        early = now < (self.started + self.ends_at) / 2
        if early and self._may_appear_yet(tracked, now):
            tracked.next_poll_at = now + max(1.0, self.policy.interval)
        else:
            # Left out twice, it is never again asked for with others.
            tracked.times_omitted += 1
            self._poll_individually(tracked, now)

    def _poll_individually(self, tracked: TrackedJob, now: float) -> None:
        """Ask for the job by a request of its own, as soon as may be."""
        tracked.poll_individually = True
        tracked.next_poll_at = now + self.policy.interval

    def _not_found(
        self, tracked: TrackedJob, error: NotFound, now: float
    ) -> Outage | None:
        if not self._may_appear_yet(tracked, now):
            tracked.exit, tracked.error = error.exit, error
            return None
        tracked.not_found = error
        tracked.next_poll_at = now + max(1.0, self.policy.interval)
        tracked.outage = Outage(
            error, 0, now, max(tracked.next_poll_at, self._not_before())
        )
        return tracked.outage

    def _may_appear_yet(self, tracked: TrackedJob, now: float) -> bool:
        """Whether a job that is not found may be too young to be found."""
        seen_or_once = tracked.job is not None or self.policy.once
        grace = min(NOT_FOUND_GRACE, self.policy.retry_for)
        return not seen_or_once and now - self.started < grace

    def _record_failure(
        self,
        of: Watch | TrackedJob,
        request: PollRequest,
        error: JobstatError,
        now: float,
    ) -> Outage:
        outage = record_failure(
            of.outage,
            error,
            self.policy,
            last_success_at=of.last_success_at,
            asked_at=request.asked_at,
            timeout=request.timeout,
            now=now,
        )
        return outage.held(self.rate_limiter.free_at, self.policy)


def _next_poll_at(tracked: TrackedJob) -> float:
    return tracked.next_poll_at


def _by_asked_id(
    request: PollRequest, answer: PollResult
) -> dict[str, list[Job | None]]:
    """The jobs of an answer by the ids that were asked for; equal copies are one.

    None stands for an entry that is no job status. A job is also found where its id
    is written in another case, unless two of the ids that were asked for differ by
    case alone.
    """
    found: dict[str, list[Job | None]] = {tracked.id: [] for tracked in request.jobs}
    spellings = Counter(id.lower() for id in found)
    folded = {id.lower(): id for id in found if spellings[id.lower()] == 1}
    for id, job in [
        *((job.id, job) for job in answer.jobs),
        *((id, None) for id in answer.skipped if id is not None),
    ]:
        asked = id if id in found else folded.get(id.lower())
        if asked is not None and job not in found[asked]:
            found[asked].append(job)
    return found


def _items_done(job: Job, total: int) -> int:
    if judge(job).finished:
        return total
    return min(max(job.progress or 0, 0), total)


def _display_key(job: Job) -> tuple[object, ...]:
    counts = (job.total, job.progress, len(job.items), len(job.failed))
    return (job.status, job.message, judge(job), *counts)
