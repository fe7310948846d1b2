"""The reasons why jobs and items failed, with examples, for the views of a CI."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobstat.exits import Exit
from jobstat.jobs.failures import group_failures
from jobstat.views.causes import MAX_CAUSE, format_examples, format_first
from jobstat.views.sanitize import sanitize
from jobstat.views.summary import failed_jobs, status_label
from jobstat.views.wording import format_verdict, pluralize

if TYPE_CHECKING:
    from jobstat.jobs.poll import TrackedJob


@dataclass(frozen=True, slots=True)
class Problem:
    """The reason why some items or jobs failed, with examples, sanitized.

    ``noun`` is ``item`` or ``job``.
    """

    count: int
    noun: str
    reason: str
    examples: str

    @property
    def counted(self) -> str:
        """How many items or jobs failed: ``612 items``."""
        return pluralize(self.count, self.noun)


def find_problems(jobs: Sequence[TrackedJob]) -> list[Problem]:
    """Return the reasons why whole jobs failed, then the reasons why items failed."""
    examples_of: dict[str, list[str]] = {}
    for tracked in failed_jobs(jobs):
        has_failed_items = tracked.job and tracked.job.failed
        if tracked.exit is not Exit.ITEMS_FAILED or not has_failed_items:
            examples_of.setdefault(_job_reason(tracked), []).append(_example(tracked))
    problems = [
        Problem(len(examples), "job", reason, format_first(examples, separator="; "))
        for reason, examples in examples_of.items()
    ]
    names_jobs = len(jobs) > 1
    for cause in group_failures(tracked.job for tracked in jobs if tracked.job):
        reason = sanitize(cause.text, MAX_CAUSE)
        examples = format_examples(cause, names_jobs=names_jobs)
        problems.append(Problem(cause.count, "item", reason, examples))
    return problems


def _example(tracked: TrackedJob) -> str:
    """Return the id and the message of a job."""
    message = tracked.job.message if tracked.job else ""
    return ": ".join(filter(None, [tracked.id, sanitize(message or "", MAX_CAUSE)]))


def _job_reason(tracked: TrackedJob) -> str:
    """Return why a job did not succeed, without its items."""
    if tracked.exit in {Exit.JOB_FAILED, Exit.ITEMS_FAILED} and tracked.job:
        return sanitize(format_verdict(tracked.job), MAX_CAUSE)
    if tracked.exit is Exit.AUTH and tracked.error:
        return sanitize(tracked.error.message, MAX_CAUSE)
    return status_label(tracked)[1]
