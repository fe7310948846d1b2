"""Batches: the choice of jobs for a request, and the entries of its answer."""

from __future__ import annotations

from collections import Counter
from heapq import nsmallest
from operator import attrgetter
from typing import TYPE_CHECKING

from jobstat.errors import Unauthorized, Unreachable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobstat.errors import JobstatError
    from jobstat.jobs.job import Job
    from jobstat.jobs.poll import PollRequest, PollResult, TrackedJob

MAX_BATCH = 100
"""Ids in one request. Zendesk is reported to reject more."""

_next_poll_at = attrgetter("next_poll_at")


def first_due(jobs: Sequence[TrackedJob]) -> TrackedJob:
    """Return the job to poll first."""
    return min(jobs, key=_next_poll_at)


class Batching:
    """Chooses the jobs of each request.

    A batch fails if the server does not support requests for several jobs, or if one of
    its jobs breaks the answer. After a failed batch, poll the jobs one by one, so that
    only the broken job fails. Then double the batch after each good answer. Stop
    batching if no batch ever worked, or if the next batch of two fails as well.

    ``interval`` is the minimum time between requests for a job, in seconds.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._size = MAX_BATCH
        self._works = False
        self._individual_is_next = False

    def next_group(
        self, pending: Sequence[TrackedJob], now: float, free_at: float
    ) -> list[TrackedJob]:
        """Return the jobs that may share the next request.

        This is one job that is polled individually, or all the others. If both are
        due when the next request is allowed at ``free_at``, they take turns: with few
        requests a minute neither may hold up the other.
        """
        batched = [job for job in pending if not job.poll_individually]
        individual = [job for job in pending if job.poll_individually]
        if not individual:
            return batched
        first = first_due(individual)
        if not batched:
            return [first]
        batch_at = first_due(batched).next_poll_at
        if max(first.next_poll_at, batch_at) <= max(now, free_at):
            is_individual = self._individual_is_next
        else:
            is_individual = first.next_poll_at < batch_at
        return [first] if is_individual else batched

    def take(self, group: Sequence[TrackedJob], now: float) -> tuple[TrackedJob, ...]:
        """Return the jobs of this group for a request now, the most urgent first.

        Jobs that are not due yet fill it up: they cost nothing more.
        """
        allowed = (
            job
            for job in group
            if job.next_poll_at <= now
            or job.requested_at is None
            or job.requested_at + self._interval <= now
        )
        jobs = tuple(nsmallest(self._size, allowed, key=_next_poll_at))
        self._individual_is_next = not jobs[0].poll_individually
        return jobs

    def record_success(self, request: PollRequest) -> None:
        """Let the next batch be larger after a good answer."""
        self._works = self._works or len(request.jobs) > 1
        if self._works or self._size > 1:
            self._size = min(2 * self._size, MAX_BATCH)

    def record_failure(self, error: JobstatError) -> bool:
        """Poll the jobs one by one after a failed batch. Return whether that may help.

        It does not help if requests for single jobs would meet the same error.
        """
        is_about_account = isinstance(error, Unreachable | Unauthorized)
        if is_about_account or error.retry_after is not None:
            return False
        has_failed_again = self._size <= 2  # noqa: PLR2004 - the first new batch has two
        self._works = self._works and not has_failed_again
        self._size = 1
        return True


def match_results(
    request: PollRequest, result: PollResult
) -> dict[str, list[Job | None]]:
    """Return the entries of an answer by the ids of the request; merge equal copies.

    None stands for an entry that is not a job status. The answer about one job is about
    that job, whatever its id. In a batch the letter case of an id is ignored, unless
    two ids of the request differ only by case.
    """
    if len(request.jobs) == 1:
        return {request.jobs[0].id: [result.jobs[0]]}
    entries: dict[str, list[Job | None]] = {tracked.id: [] for tracked in request.jobs}
    spellings = Counter(id.lower() for id in entries)
    by_lower_case = {id.lower(): id for id in entries if spellings[id.lower()] == 1}
    for id, job in [
        *((job.id, job) for job in result.jobs),
        *((id, None) for id in result.skipped if id is not None),
    ]:
        requested = id if id in entries else by_lower_case.get(id.lower())
        if requested is not None and job not in entries[requested]:
            entries[requested].append(job)
    return entries
