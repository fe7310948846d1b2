"""The verdict on a job: the question that jobstat answers.

Every sign of failure counts, and every doubt counts against success.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from jobstat.exits import Exit
from jobstat.jobs.signs import (
    counts_failures,
    has_failed_status,
    hides_failure,
    is_true,
    shows_error,
)

if TYPE_CHECKING:
    from jobstat.jobs.job import Job

KNOWN_STATES = ("queued", "working", "completed", "failed", "killed")
"""Zendesk's words. The schema has no enum, so a new one may come."""

FAILED_STATES = frozenset(
    {"failed", "failure", "killed", "cancelled", "canceled", "aborted", "terminated"}
    | {"error", "errored", "rejected"}
)
"""Status words with which a job has ended without success."""


class Verdict(Enum):
    """How a job stands, which Zendesk's status word may not tell."""

    OK = Exit.OK
    ITEMS_FAILED = Exit.ITEMS_FAILED
    JOB_FAILED = Exit.JOB_FAILED
    UNFINISHED = Exit.UNFINISHED

    @property
    def exit(self) -> Exit:
        """The exit code that tells a script of this verdict."""
        return self.value

    @property
    def finished(self) -> bool:
        """Whether the job will not change any more."""
        return self is not Verdict.UNFINISHED


def judge(job: Job) -> Verdict:
    """The verdict on a job.

    ``completed`` only says that Zendesk has gone through the items. Whether they
    succeeded stands in the results. An unknown status is unfinished.
    """
    if job.state in FAILED_STATES or shows_error(job.fields):
        return Verdict.JOB_FAILED
    if job.state != "completed":
        return Verdict.UNFINISHED
    if job.failed or falls_short(job):
        return Verdict.ITEMS_FAILED
    others = {name: v for name, v in job.fields.items() if name != "results"}
    signs = (counts_failures, hides_failure, has_failed_status)
    if any(shows_failure(others) for shows_failure in signs):
        return Verdict.ITEMS_FAILED
    return Verdict.OK


def has_ended(job: Job) -> bool:
    """Whether the job's status says that it has ended, well or not."""
    return job.state == "completed" or job.state in FAILED_STATES


def falls_short(job: Job) -> bool:
    """Whether fewer items were processed than there are, and no result says why."""
    if job.total is None:
        return False
    if job.has_one_result and is_true(job.items[0].fields.get("success")):
        return False
    if job.progress is None:
        return 0 < len(job.items) < job.total and not job.has_one_result
    return job.progress < job.total


def lacks_results(job: Job, before: Job | None = None, *, alone: bool = True) -> bool:
    """Whether a completed job should have results and has none, not even an empty list.

    It should where it counted items: they may follow a moment later. ``before`` is an
    earlier answer, which may have counted items, too. An answer that was not about it
    ``poll_individually`` may have left out some or all of them.
    """
    if job.state != "completed" or judge(job) is Verdict.JOB_FAILED:
        return False
    known = _counted(job) or (_counted(before) if before else 0)
    if not alone and len(job.items) < max(known, 1) and not job.has_one_result:
        return True
    return known > 0 and job.fields.get("results") is None


def _counted(job: Job) -> int:
    return max(job.total or 0, job.progress or 0)
