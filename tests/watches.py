"""Watches in a given state, for tests of the views."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from jobstat.jobs.policy import WatchPolicy
from jobstat.jobs.poll import PollRequest, PollResult
from jobstat.jobs.watch import Watch

if TYPE_CHECKING:
    from jobstat.jobs.job import Job


def new_watch(*jobs: Job | None, now: float = 0) -> Watch:
    """Return a watch that has answers about these jobs. None is a job without one."""
    ids = [f"V3-{number:032x}" for number in range(len(jobs))]
    watch = Watch(ids, WatchPolicy(), 0)
    answer(watch, *jobs, now=now)
    return watch


def answer(watch: Watch, *jobs: Job | None, now: float) -> None:
    """Answer a request about all pending jobs, which are as many as ``jobs``."""
    tracked = watch.pending
    pairs = zip(jobs, tracked, strict=True)
    statuses = tuple(replace(job, id=tracked.id) for job, tracked in pairs if job)
    if statuses:
        request = PollRequest(tuple(tracked), 30, now)
        watch.record_result(request, PollResult(statuses), now)
