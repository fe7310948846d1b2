"""Batches: the choice of jobs for a request, and the entries of its answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from heapq import nsmallest
from operator import attrgetter
from typing import TYPE_CHECKING

from jobstat.errors import JobstatError, Unauthorized, Unreachable

if TYPE_CHECKING:
    from jobstat.jobs.job import Job
    from jobstat.jobs.poll import PollRequest, PollResult, TrackedJob

MAX_BATCH = 100
"""Ids in one request. Zendesk is reported to reject more."""

RETRY_BATCH = 2
"""Ids in the first batch after a failed one."""

_next_poll_at = attrgetter("next_poll_at")


def earliest(jobs: Sequence[TrackedJob]) -> TrackedJob:
    """Return the job to poll first."""
    return min(jobs, key=_next_poll_at)


class Batching:
    """Chooses the jobs of each request.

    A batch fails if the server does not support requests for several jobs, or if one of
    its jobs breaks the answer. After a failed batch, poll the jobs one by one, so that
    only the broken job fails. Each good answer then doubles the size of the next batch:
    100, failure, 1, 2, 4. The size stays 1 if no batch worked before the failure, or if
    the batch of 2 fails as well.

    ``interval`` is the minimum time between requests for a job, in seconds.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._size = MAX_BATCH
        self._batches_work = False
        self._next_is_alone = False

    def next_group(
        self, pending: Sequence[TrackedJob], now: float, allowed_at: float
    ) -> list[TrackedJob]:
        """Return the jobs that may share the next request.

        These are one job that is polled alone, or all jobs that go into batches. If
        both are due when the next request is allowed (``allowed_at``), they take turns:
        with few requests a minute neither may hold up the other.
        """
        batched = [tracked for tracked in pending if not tracked.poll_alone]
        alone = [tracked for tracked in pending if tracked.poll_alone]
        if not alone:
            return batched
        first = earliest(alone)
        if not batched:
            return [first]
        batch_at = earliest(batched).next_poll_at
        if max(first.next_poll_at, batch_at) <= max(now, allowed_at):
            is_alone = self._next_is_alone
        else:
            is_alone = first.next_poll_at < batch_at
        return [first] if is_alone else batched

    def take(self, group: Sequence[TrackedJob], now: float) -> tuple[TrackedJob, ...]:
        """Return the jobs of this group for a request now, the most urgent first.

        Jobs that are not due yet fill up the batch: they cost no further request.
        """
        allowed = (
            tracked
            for tracked in group
            if tracked.next_poll_at <= now
            or tracked.requested_at is None
            or tracked.requested_at + self._interval <= now
        )
        jobs = tuple(nsmallest(self._size, allowed, key=_next_poll_at))
        self._next_is_alone = not jobs[0].poll_alone
        return jobs

    def record_success(self, request: PollRequest) -> None:
        """Double the size of the next batch, unless batching has stopped."""
        if len(request.jobs) > 1:
            self._batches_work = True
        has_stopped = self._size == 1 and not self._batches_work
        if not has_stopped:
            self._size = min(2 * self._size, MAX_BATCH)

    def record_failure(self, error: JobstatError) -> bool:
        """Poll the jobs one by one after a failed batch, and return True.

        Return False and change nothing if a request for one job would fail as well.
        """
        is_about_account = isinstance(error, Unreachable | Unauthorized)
        if is_about_account or error.retry_after is not None:
            return False
        if self._size <= RETRY_BATCH:
            self._batches_work = False
        self._size = 1
        return True


def match_results(
    request: PollRequest, result: PollResult
) -> dict[str, list[Job | None]]:
    """Return the entries of an answer by the ids of the request, equal ones once.

    None stands for an entry that is not a job status. The answer to a request for one
    job is about that job, even if its id differs. In a batch the letter case of an id
    is ignored, unless two ids of the request differ only by case.
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
