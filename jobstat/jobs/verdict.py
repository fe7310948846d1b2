"""The verdict on a job: the question that jobstat answers.

Every sign of failure counts, and every doubt counts against success.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from jobstat.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jobstat.jobs.job import Job

KNOWN_STATES = ("queued", "working", "completed", "failed", "killed")
"""Zendesk's words. The schema has no enum, so a new one may come."""

FAILED_STATES = frozenset(
    {"failed", "failure", "killed", "cancelled", "canceled", "aborted", "terminated"}
    | {"error", "errored", "rejected"}
)
"""Status words with which a job has ended without success."""

_ERRORS = frozenset({"error", "errors", "errormessage", "errormessages"})
_FAILURES = frozenset({"failed", "failure", "failures"})
_FAILED_ITEM = re.compile(
    "fail|error|reject|kill|cancel|abort|terminat|refus|denied|invalid|unsuccess"
    r"|^[45]\d\d$"
)
"""The status of an item that failed, in lower case: a word, or an HTTP status code."""


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
    if job.failed or falls_short(job) or _counts_failures(job.fields):
        return Verdict.ITEMS_FAILED
    return Verdict.OK


def falls_short(job: Job) -> bool:
    """Whether fewer items were processed than there are, and no result says why."""
    if job.total is None or job.progress is None or job.has_one_result:
        return False
    return max(job.progress, len(job.items)) < job.total


def lacks_results(job: Job) -> bool:
    """Whether a completed job counted items and has no results, not even an empty list.

    They may follow a moment later.
    """
    if job.state != "completed" or judge(job) is Verdict.JOB_FAILED:
        return False
    counted = (job.total or 0) > 0 or (job.progress or 0) > 0
    return counted and job.fields.get("results") is None


def is_failed_item(fields: Mapping[str, object]) -> bool:
    """Whether an item shows any sign of failure.

    Zendesk has several forms, and servers that answer as Zendesk does have more.
    Field names are compared without regard to case and separators.
    """
    has_details = has_empty_error = False
    for name, value in fields.items():
        key = _key(name)
        if key == "success" and not _is_true(value):
            return True
        if key in _ERRORS | _FAILURES and _holds(value):
            return True
        if key == "status" and _FAILED_ITEM.search(str(value).strip().lower()):
            return True
        has_empty_error |= key in _ERRORS
        has_details |= key == "details" and _holds(value)
    return has_details and has_empty_error


def is_failed_group(name: str) -> bool:
    """Whether results under this name are those that failed: ``{"failed": [...]}``."""
    return _key(name) in _ERRORS | _FAILURES


def is_one_result(results: Mapping[str, object]) -> bool:
    """Whether a results object is one result for all items: ``{"success": true}``."""
    for name, value in results.items():
        key = _key(name)
        if key in _ERRORS | {"success", "status"} and not isinstance(value, list):
            return True
        if key in _FAILURES and value and not isinstance(value, list | dict):
            return True
    return False


def errors_of(fields: Mapping[str, object]) -> list[object]:
    """The errors that a job itself reports. Those of its items are not among them."""
    return [
        value
        for name, value in fields.items()
        if _key(name) in _ERRORS and _holds(value)
    ]


def shows_error(fields: Mapping[str, object]) -> bool:
    """Whether a job or an answer itself reports an error. A null tells nothing."""
    denied = any(
        _key(name) == "success" and value is not None and not _is_true(value)
        for name, value in fields.items()
    )
    return denied or bool(errors_of(fields))


def _counts_failures(fields: Mapping[str, object]) -> bool:
    return any(_key(name) in _FAILURES and _holds(v) for name, v in fields.items())


def _key(name: str) -> str:
    return name.lower().replace("_", "").replace("-", "").strip()


def _is_true(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lower() == "true"
    return value is True or value == 1


def _holds(value: object) -> bool:
    """Whether a field has something in it: null, false, 0 and blanks are nothing."""
    return bool(value.strip()) if isinstance(value, str) else bool(value)
