"""A watch: the state of the watched jobs, and the choice of the next step.

A watch is pure. The loop (``loop.py``) passes in the answers and the time.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from jobstat.errors import InvalidResponse, JobstatError, NotFound, Unauthorized
from jobstat.exits import Exit, combine
from jobstat.jobs.batching import Batching, earliest, match_results
from jobstat.jobs.job import Job
from jobstat.jobs.poll import PollRequest, PollResult, TrackedJob, Wait
from jobstat.jobs.progress import ProgressEstimate, count_items
from jobstat.jobs.rate_limit import MIN_ANNOUNCED_WAIT, RateLimiter
from jobstat.jobs.retry import Outage, Retry
from jobstat.jobs.schedule import CONFIRM_DELAY, NOT_FOUND_DELAY, delay_after_answer

if TYPE_CHECKING:
    from jobstat.jobs.policy import WatchPolicy

NOT_FOUND_GRACE = 10.0
"""Seconds from the start of the watch in which a job may be too new to be found."""


class Watch:
    """The watched jobs, and the next step.

    ``retry`` is about the requests for any job. ``unreported_changes`` holds the
    changed jobs that no view shows yet.
    """

    def __init__(
        self,
        ids: Iterable[str],
        policy: WatchPolicy,
        started: float,
        rate_limiter: RateLimiter | None = None,
    ) -> None:
        self.policy = policy
        self.started = started
        self.deadline = policy.deadline(started)
        self.rate_limiter = rate_limiter or RateLimiter(policy.rate_limit_share)
        self.retry = self._new_retry()
        self.jobs = [
            TrackedJob(id, self._new_retry(), next_poll_at=started)
            for id in dict.fromkeys(ids)
        ]
        self._pending = self.jobs
        self.unreported_changes: list[TrackedJob] = []
        self.estimate = ProgressEstimate()
        self._batching = Batching(policy.interval)
        self._retried_401 = False

    def _new_retry(self) -> Retry:
        return Retry(self.policy, self.deadline, self.rate_limiter)

    # The state for the views.

    @property
    def pending(self) -> list[TrackedJob]:
        """The jobs that are still polled."""
        # Of 10,000 jobs, few are pending after the first turn: pass over no others.
        self._pending = [t for t in self._pending if t.exit is None]
        return self._pending

    @property
    def outage(self) -> Outage | None:
        """The outage of the whole account."""
        return self.retry.outage

    @property
    def last_success_at(self) -> float | None:
        """The time of the last good answer about any job."""
        return self.retry.last_success_at

    @property
    def items(self) -> tuple[int, int]:
        """The number of done items and of all items, over the jobs seen so far."""
        return count_items(tracked.job for tracked in self.jobs if tracked.job)

    def eta(self, now: float) -> float | None:
        """Return the estimated seconds to the end of all jobs, None if unknown."""
        # The estimate over all items includes queued jobs; one job may take longer.
        estimates = [self.estimate, *(tracked.estimate for tracked in self.pending)]
        etas = [estimate.eta(now) for estimate in estimates]
        return max((eta for eta in etas if eta is not None), default=None)

    def rate_limited_until(self, now: float) -> float | None:
        """Return when the rate limit allows a request, None if it causes no wait."""
        if self.outage or not self.pending:
            return None  # the outage decides when the next request is sent
        first = earliest(self._next_group(now))
        allowed_at = self.rate_limiter.allowed_at
        delay = allowed_at - max(first.next_poll_at, now)
        return allowed_at if delay > MIN_ANNOUNCED_WAIT and not first.outage else None

    def exit(self, *, exit_zero: bool = False) -> Exit:
        """Return the exit code of the watch: the most serious one of its jobs."""
        exits = (tracked.exit for tracked in self.jobs)
        codes = (Exit.UNFINISHED if code is None else code for code in exits)
        return combine(codes, exit_zero=exit_zero)

    # The next step.

    def next_step(self, now: float) -> PollRequest | Wait | None:
        """Return the next request or wait, None at the end of the watch."""
        if self.policy.fail_fast and any(t.exit for t in self.jobs):
            self.close()
        if not self.pending:
            return None
        if now >= self.deadline:
            self.close(Exit.TIMEOUT, self.outage)
            return None
        group = self._next_group(now)
        poll_at = max(earliest(group).next_poll_at, self._request_allowed_at)
        if poll_at > now:
            return Wait(min(poll_at, self.deadline) - now)
        jobs = self._batching.take(group, now)
        for tracked in jobs:
            tracked.requested_at = now
        self.rate_limiter.record_request(now)
        retry = self.retry if self.outage else jobs[0].retry  # one job has its own
        return PollRequest(jobs, retry.request_timeout(now), now)

    def close(self, code: Exit = Exit.UNFINISHED, outage: Outage | None = None) -> None:
        """Stop polling the pending jobs. ``outage`` is the reason, if there is one."""
        for tracked in self.pending:
            tracked.close(code, outage)

    @property
    def _request_allowed_at(self) -> float:
        """The moment from which the outage or the rate limit allows a request."""
        return self.outage.retry_at if self.outage else self.rate_limiter.allowed_at

    def _next_group(self, now: float) -> list[TrackedJob]:
        return self._batching.next_group(self.pending, now, self._request_allowed_at)

    # Good answers.

    def record_result(
        self, request: PollRequest, result: PollResult, now: float
    ) -> None:
        """Update the jobs of a request with its result."""
        self.retry.record_success(now)
        self._batching.record_success(request)
        self._retried_401 = False
        from_batch = len(request.jobs) > 1
        entries = match_results(request, result)
        for tracked in request.jobs:
            match entries[tracked.id]:
                case []:
                    self._on_omitted(tracked, now)
                case [Job() as job]:
                    self._on_job(tracked, job, now, from_batch=from_batch)
                case _:  # not a job status, or contradictory ones
                    tracked.schedule_alone(now + self.policy.interval)
        if all(tracked.job for tracked in self.pending):
            done, total = self.items
            self.estimate.update(total, done or None, now)  # 0 done: not begun

    def _on_job(
        self,
        tracked: TrackedJob,
        job: Job,
        now: float,
        *,
        from_batch: bool,
    ) -> None:
        tracked.retry.record_success(now)
        tracked.poll_alone = tracked.times_omitted > 1
        first = tracked.unconfirmed
        if first and first.failed and not job.failed:
            job = first  # An item that failed once does not succeed later.
        elif tracked.needs_confirmation(job, from_batch=from_batch):
            # Poll the job alone, because a batch may omit results.
            tracked.unconfirmed = job
            delay = min(CONFIRM_DELAY, max(self.deadline - now, 0) / 2)
            tracked.schedule_alone(now + max(delay, self.policy.interval))
            return
        if tracked.looks_different(job):
            # Before the job changes: a signal may interrupt this at any moment.
            self.unreported_changes.append(tracked)
        tracked.accept(job, now, once=self.policy.once)
        watched_for, time_left = now - self.started, tracked.estimate.time_left(now)
        delay = delay_after_answer(watched_for, time_left)
        tracked.next_poll_at = now + max(delay, self.policy.interval)

    def _on_omitted(self, tracked: TrackedJob, now: float) -> None:
        """Handle a job that the answer to a batch omits."""
        # In the second half, poll the job alone at once, before the timeout.
        halfway = (self.started + self.deadline) / 2
        if now < halfway and self._may_be_too_new(tracked, now):
            self._poll_new_job_soon(tracked, now)
        else:
            # A job that was omitted twice is always polled alone.
            tracked.times_omitted += 1
            tracked.schedule_alone(now + self.policy.interval)

    # Failures.

    def record_failure(
        self, request: PollRequest, error: JobstatError, now: float
    ) -> Outage | None:
        """Update the jobs of a failed request. Return the outage to report, if any.

        Raise an error that would come again, such as a refused credential.
        """
        not_before = request.requested_at + self.policy.interval
        for tracked in request.jobs:
            tracked.next_poll_at = max(tracked.next_poll_at, not_before)
            tracked.not_found = None  # another 404 sets it again
        if len(request.jobs) > 1:
            return self._on_failed_batch(request, error, now)
        return self._on_failed_job(request, error, now)

    def _on_failed_batch(
        self, request: PollRequest, error: JobstatError, now: float
    ) -> Outage | None:
        now_one_by_one = self._batching.record_failure(error)
        if now_one_by_one and not error.transient:
            return None  # the error may be about one job: ask for each alone first
        self._raise_if_permanent(error)
        if self._record_and_give_up(self.retry, request, error, now):
            self.close(error.exit, self.outage)
            return None
        return self.outage

    def _on_failed_job(
        self, request: PollRequest, error: JobstatError, now: float
    ) -> Outage | None:
        (tracked,) = request.jobs
        if isinstance(error, NotFound):
            self.retry.outage = None  # a 404 is an answer: the account works
            return self._on_not_found(tracked, error, now)
        self._raise_if_permanent(error)
        # One broken answer is about this job. Several in a row are about the account.
        is_about_account = bool(self.outage) or not isinstance(error, InvalidResponse)
        if is_about_account and self._record_and_give_up(
            self.retry, request, error, now
        ):
            self.close(error.exit, self.outage)
            return None
        # The job's own outage decides when the job is polled again.
        if self._record_and_give_up(tracked.retry, request, error, now):
            tracked.fail(error)
            return None
        assert tracked.outage is not None  # noqa: S101 - set by _record_and_give_up
        tracked.schedule_alone(tracked.outage.retry_at)
        return self.outage or tracked.outage

    def _on_not_found(
        self, tracked: TrackedJob, error: NotFound, now: float
    ) -> Outage | None:
        if not self._may_be_too_new(tracked, now):
            tracked.fail(error)
            return None
        tracked.not_found = error
        self._poll_new_job_soon(tracked, now)
        retry_at = max(tracked.next_poll_at, self._request_allowed_at)
        tracked.retry.outage = Outage(error, failures=0, since=now, retry_at=retry_at)
        return tracked.outage

    def _poll_new_job_soon(self, tracked: TrackedJob, now: float) -> None:
        tracked.next_poll_at = now + max(NOT_FOUND_DELAY, self.policy.interval)

    def _may_be_too_new(self, tracked: TrackedJob, now: float) -> bool:
        """Return whether a job that is not found may just have been created."""
        grace = min(NOT_FOUND_GRACE, self.policy.retry_for)
        is_unseen = tracked.job is None and not self.policy.once
        return is_unseen and now - self.started < grace

    def _raise_if_permanent(self, error: JobstatError) -> None:
        """Raise a permanent error, except the first 401 since the last good answer.

        That 401 is retried once. The client has already tried another credential.
        """
        if error.transient:
            return
        has_worked = self.last_success_at is not None
        is_first_401 = isinstance(error, Unauthorized) and not self._retried_401
        if self.policy.once or not (has_worked and is_first_401):
            raise error
        self._retried_401 = True

    @staticmethod
    def _record_and_give_up(
        retry: Retry, request: PollRequest, error: JobstatError, now: float
    ) -> bool:
        """Record a failure. Return whether to give up."""
        retry.record_failure(
            error, requested_at=request.requested_at, timeout=request.timeout, now=now
        )
        return retry.should_give_up(now)
