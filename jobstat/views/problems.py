"""The reasons why jobs and items failed, with examples, for the views of a CI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobstat.exits import Exit
from jobstat.jobs.failures import Failure, group_failures
from jobstat.views.sanitize import sanitize
from jobstat.views.summary import failed_jobs, status_label
from jobstat.views.wording import format_verdict, job_id, pluralize

if TYPE_CHECKING:
    from jobstat.jobs.poll import TrackedJob

MAX_REASON = 300
"""Characters of a reason."""

MAX_EXAMPLE = 150
"""Characters of an example."""

MAX_EXAMPLES = 3
"""Examples of a reason."""


@dataclass(frozen=True, slots=True)
class Problem:
    """The reason why some items or jobs failed, with examples, all sanitized.

    ``noun`` is ``item`` or ``job``.
    """

    count: int
    noun: str
    reason: str
    examples: tuple[str, ...]

    @property
    def counted(self) -> str:
        """How many items or jobs failed: ``612 items``."""
        return pluralize(self.count, self.noun)


def find_problems(jobs: Sequence[TrackedJob]) -> list[Problem]:
    """Return the reasons why jobs failed as a whole, then those of failed items."""
    reasons: dict[str, list[str]] = {}
    for tracked in failed_jobs(jobs):
        if not (
            tracked.exit is Exit.ITEMS_FAILED and tracked.job and tracked.job.failed
        ):
            reasons.setdefault(_job_reason(tracked), []).append(tracked.id)
    causes = group_failures(tracked.job for tracked in jobs if tracked.job)
    names_job = len(jobs) > 1
    return [
        *(
            Problem(len(ids), "job", reason, tuple(ids[:MAX_EXAMPLES]))
            for reason, ids in reasons.items()
        ),
        *(
            Problem(
                len(cause.failures),
                "item",
                sanitize(cause.text, MAX_REASON),
                tuple(
                    _describe_failure(failure, names_job=names_job)
                    for failure in cause.failures[:MAX_EXAMPLES]
                ),
            )
            for cause in causes
        ),
    ]


def _job_reason(tracked: TrackedJob) -> str:
    """Return why a job did not succeed, without its items."""
    if tracked.exit in {Exit.JOB_FAILED, Exit.ITEMS_FAILED} and tracked.job:
        return sanitize(format_verdict(tracked.job), MAX_REASON)
    if tracked.exit is Exit.AUTH and tracked.error:
        return sanitize(tracked.error.message, MAX_REASON)
    return status_label(tracked)[1]


def _describe_failure(failure: Failure, *, names_job: bool) -> str:
    """Return the place of a failed item, and the variable parts of its error."""
    item = failure.item
    id = item.fields.get("id")
    places = [
        "" if item.index is None else f"index {item.index}",
        "" if id in (None, "") else f"id {id}",
        f"of job {job_id(failure.job)}" if names_job else "",
    ]
    place = " ".join(filter(None, places))
    example = ": ".join(filter(None, [place, ", ".join(failure.values)]))
    return sanitize(example, MAX_EXAMPLE)
