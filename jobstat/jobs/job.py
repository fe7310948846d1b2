"""A job and the verdict on it.

Every sign of failure counts, and every doubt counts against success.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from jobstat.exits import Exit
from jobstat.jobs.signs import has_failed_status, shows_any_failure, shows_error
from jobstat.jobs.values import is_true

MAX_COUNT = 2**53
"""The largest count that every JSON reader keeps exactly. Larger ones are capped."""

MAX_ITEMS = 1_000_000
"""Maximum plausible total of items. Zendesk takes 100 in a request."""

KNOWN_STATES = ("queued", "working", "completed", "failed", "killed")
"""Zendesk's status words. Its schema does not limit them, so others may appear."""

FAILED_STATES = frozenset(
    {"failed", "failure", "killed", "cancelled", "canceled", "aborted", "terminated"}
    | {"error", "errored", "rejected"}
)
"""Status words of a job that ended without success."""


@dataclass(frozen=True, slots=True)
class Item:
    """The result of one record of the bulk request.

    ``index`` is the record's position in the request, from 0. It is Zendesk's own
    ``index`` if there is one, else the position in the results, which keep the order
    of the request. It is None if the results are sorted into groups.
    """

    index: int | None
    fields: dict[str, Any]
    failed: bool


@dataclass(frozen=True, slots=True)
class Job:
    """A job status at one moment.

    ``total`` and ``progress`` count items; None means unknown. ``items`` is empty
    until the job ends. ``failed`` holds the failed items in their order. ``fields``
    is the complete object from the server. ``verdict`` is kept, because a view of 200
    jobs asks for it each second.
    """

    id: str
    status: str
    job_type: str | None
    url: str | None
    total: int | None
    progress: int | None
    message: str | None
    items: tuple[Item, ...]
    fields: dict[str, Any] = field(repr=False)
    failed: tuple[Item, ...] = field(init=False, repr=False)
    verdict: Verdict = field(init=False, repr=False)

    def __post_init__(self) -> None:
        failed = tuple(item for item in self.items if item.failed)
        object.__setattr__(self, "failed", failed)
        object.__setattr__(self, "verdict", _judge(self))

    @property
    def state(self) -> str:
        """The status in lower case, for comparisons."""
        return self.status.casefold()

    @property
    def has_one_result(self) -> bool:
        """Whether one result stands for all items, as for a permanent delete."""
        return len(self.items) == 1 and self.items[0].fields is self.fields["results"]


class Verdict(Enum):
    """The outcome of a job, which its status word alone does not tell."""

    OK = Exit.OK
    ITEMS_FAILED = Exit.ITEMS_FAILED
    JOB_FAILED = Exit.JOB_FAILED
    UNFINISHED = Exit.UNFINISHED

    @property
    def exit(self) -> Exit:
        """The exit code for this verdict."""
        return self.value

    @property
    def finished(self) -> bool:
        """Whether the job will not change any more."""
        return self is not Verdict.UNFINISHED


def judge(job: Job) -> Verdict:
    """Return the verdict on a job.

    ``completed`` only means that Zendesk processed every item. The results say
    whether the items succeeded. A completed job that reports an error itself has
    failed. A job with an unknown status is unfinished.
    """
    return job.verdict


def _judge(job: Job) -> Verdict:
    """Decide the verdict when a job is parsed."""
    if job.state in FAILED_STATES or shows_error(job.fields):
        return Verdict.JOB_FAILED
    if job.state != "completed":
        return Verdict.UNFINISHED
    if job.failed or falls_short(job):
        return Verdict.ITEMS_FAILED
    # An error beside the results fails the job, any other failure fails items.
    own_fields = {name: v for name, v in job.fields.items() if name != "results"}
    if shows_any_failure(own_fields) or has_failed_status(own_fields):
        return Verdict.ITEMS_FAILED
    return Verdict.OK


def item_counts(job: Job) -> tuple[int, int]:
    """Return how many items failed, and how many have a result.

    One result for all items counts as the job's total, if that is plausible.
    """
    failed, reported = len(job.failed), len(job.items)
    if job.has_one_result and 0 < (job.total or 0) <= MAX_ITEMS:
        reported = job.total or 0
        failed = reported * bool(failed)
    return failed, reported


def has_final_status(job: Job) -> bool:
    """Return whether the status word is final, with any outcome.

    The verdict may be final before: on a working job that reports an error.
    """
    return job.state == "completed" or job.state in FAILED_STATES


def falls_short(job: Job) -> bool:
    """Return whether Zendesk processed fewer items than the job's total.

    One result that stands for all items may explain the difference.
    """
    if job.total is None:
        return False
    if job.has_one_result and is_true(job.items[0].fields.get("success")):
        return False
    if job.progress is None:
        return 0 < len(job.items) < job.total and not job.has_one_result
    return job.progress < job.total


def lacks_results(
    job: Job, previous: Job | None = None, *, from_batch: bool = False
) -> bool:
    """Return whether a completed job should have results but has none.

    A job that counted items should have results; they may follow a moment later.
    ``previous`` is an earlier answer about the job, which may have counted items too.
    An answer to a batch request (``from_batch``) may lack some or all results.
    """
    if job.state != "completed" or judge(job) is Verdict.JOB_FAILED:
        return False
    count = _count_items(job) or (_count_items(previous) if previous else 0)
    if from_batch and len(job.items) < max(count, 1) and not job.has_one_result:
        return True
    return count > 0 and job.fields.get("results") is None


def _count_items(job: Job) -> int:
    return max(job.total or 0, job.progress or 0)
