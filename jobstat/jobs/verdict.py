"""What a job's state means: the question jobstat is there to answer."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from jobstat.exits import Exit

if TYPE_CHECKING:
    from jobstat.jobs.job import Job

KNOWN_STATES = ("queued", "working", "completed", "failed", "killed")
"""Zendesk's words; the schema has no enum, so that a new one may come."""


class Verdict(Enum):
    """How a job stands, whatever Zendesk's status word makes of it."""

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

    ``completed`` only says that Zendesk has gone through the items: whether
    they succeeded stands in the results. An unknown status is unfinished.
    """
    if job.state in {"failed", "killed"}:
        return Verdict.JOB_FAILED
    if job.state != "completed":
        return Verdict.UNFINISHED
    if job.failed:
        return Verdict.ITEMS_FAILED
    return Verdict.OK
