"""The verdict on a job: the question that jobstat answers.

Every sign of failure counts, and every doubt counts against success.
"""

from __future__ import annotations

import re
from enum import Enum
from functools import lru_cache
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

_SEPARATORS = re.compile(r"[\s_.-]+")
_ERROR = re.compile("errors?|exception")
_FAILURE = re.compile("failed|failures?")
"""How the names of fields begin that report a failure."""

_OTHER_SUCCESS = frozenset({"succeeded", "successful", "ok"})
"""Names that deny success with false. With a number they count."""

_REFUSED = (
    "fail|error|reject|denied|unprocess|unauthori|forbidden|bad.?request|not.?found"
    "|unavailable|timed.?out|bad.?gateway|gateway.?time|exception"
)
_NOT_DONE = (
    "kill|cancel|abort|terminat|refus|invalid|unsuccess|conflict|skipp|timeout|pending"
    "|queued|ignored|stopped|dropped|incomplete|missing|(?<!un)blocked|lost|expired"
    "|unable|too.?many|exceed|cannot"
    "|not.?(?:created|updated|deleted|allowed|processed|imported)"
    "|(?<![a-z])not(?![a-z])"
)
_CODE = r"^false$|^no$|(?<!\d)[45]\d\d(?!\d)"

_FAILED_ITEM = re.compile(f"{_REFUSED}|{_NOT_DONE}|{_CODE}")
"""The status of an item that did not succeed, in lower case: words, HTTP codes."""

_FAILED_WITHIN = re.compile(f"{_REFUSED}|{_CODE}")
"""The same of an object inside an item. Others may be a record's: a pending ticket."""

_FAILED_NAME = re.compile(f"{_REFUSED}|{_NOT_DONE}")
"""The name of a group or a count of items that did not succeed."""

_NEUTRAL_NAME = re.compile("queuedat|cancell?able|timeout(?:m?s|seconds)?")
"""Names of fields about a job that look alike, and hold numbers as well."""

_ADDRESS = re.compile(r"[^\s@]@[^\s@]+\.")
"""An e-mail address: no word in it tells anything."""

_COUNT = re.compile(r"\s*(?:0*[1-9][0-9.,]*|true|yes)\s*", re.IGNORECASE | re.ASCII)
"""A number or a truth, written as a text."""


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
    if counts_failures(others) or hides_failure(others):
        return Verdict.ITEMS_FAILED
    return Verdict.OK


def has_ended(job: Job) -> bool:
    """Whether the job's status says that it has ended, well or not."""
    return job.state == "completed" or job.state in FAILED_STATES


def falls_short(job: Job) -> bool:
    """Whether fewer items were processed than there are, and no result says why."""
    if job.total is None or job.progress is None:
        return False
    if job.has_one_result and _is_true(job.items[0].fields.get("success")):
        return False
    # What stands in an object beside the items may have been taken for one.
    listed = len(job.items) if isinstance(job.fields.get("results"), list) else 0
    return max(job.progress, listed) < job.total


def lacks_results(job: Job, before: Job | None = None) -> bool:
    """Whether a completed job counted items and has no results, not even an empty list.

    They may follow a moment later. ``before`` is an earlier answer, which may have
    counted items, too.
    """
    if job.state != "completed" or judge(job) is Verdict.JOB_FAILED:
        return False
    counts = [count for j in (job, before) if j for count in (j.total, j.progress)]
    return (
        any((count or 0) > 0 for count in counts) and job.fields.get("results") is None
    )


def is_failed_item(fields: Mapping[str, object], *, may_be_group: bool = False) -> bool:
    """Whether an item shows any sign of failure, also in an object inside it.

    Zendesk has several forms, and servers that answer as Zendesk does have more.
    Field names are compared without regard to case and separators. What
    ``may_be_group`` may have items inside it rather than a record: there each
    status counts as an item's.
    """
    within = _FAILED_ITEM if may_be_group else _FAILED_WITHIN
    return _shows_failure(fields, _FAILED_ITEM, within)


def is_key(name: str) -> bool:
    """Whether a name is no word, but the index, id or address of an item."""
    return bool(_ADDRESS.search(name)) or any(map(str.isdigit, name))


@lru_cache(maxsize=1024)
def is_failed_group(name: str) -> bool:
    """Whether what has this name failed: ``{"rejected": [...]}``, ``"rejected": 3``."""
    if _ADDRESS.search(name):
        return False
    return any(_FAILED_NAME.search(text) for text in (name.lower(), plain_name(name)))


def is_own_field(name: str, value: object) -> bool:
    """Whether a field of a results object is about all items, and not some of them."""
    key = plain_name(name)
    if _ADDRESS.search(name):
        return False
    if key == "success" or _ERROR.match(key):
        return not isinstance(value, list) or not value
    if key == "status":
        return not isinstance(value, list)
    is_text = isinstance(value, str)
    named = bool(_FAILURE.match(key)) if is_text else is_failed_group(name)
    is_plain = not isinstance(value, list | dict)
    return key == "details" or (is_plain and (named or key in _OTHER_SUCCESS))


def errors_of(fields: Mapping[str, object]) -> list[object]:
    """The errors of the job itself, without those of its items."""
    return [
        value
        for name, value in fields.items()
        if _ERROR.match(plain_name(name)) and _holds(value) and not _is_number(value)
    ]


def shows_error(fields: Mapping[str, object]) -> bool:
    """Whether a job or an answer itself reports an error. A null tells nothing."""
    denied = any(
        plain_name(name) in _OTHER_SUCCESS | {"success"} and _is_false(value)
        for name, value in fields.items()
    )
    return denied or bool(errors_of(fields))


def counts_failures(fields: Mapping[str, object]) -> bool:
    """Whether a job or an answer itself counts failures: ``"failed": 3``."""
    return any(
        _names_failure(name, value)
        for name, value in fields.items()
        if not _ERROR.match(plain_name(name)) or _is_number(value)
    )


def has_failed_status(fields: Mapping[str, object]) -> bool:
    """Whether an answer has a status of its own that says that it failed."""
    told = {plain_name(name): value for name, value in fields.items()}
    return _FAILED_ITEM.search(str(told.get("status", "")).lower()) is not None


def hides_failure(fields: Mapping[str, object]) -> bool:
    """Whether an object inside a job or an answer reports a failure."""
    return any(
        _shows_failure(value, _FAILED_WITHIN, _FAILED_WITHIN)
        for value in fields.values()
    )


def _shows_failure(
    value: object, statuses: re.Pattern[str], within: re.Pattern[str]
) -> bool:
    """Whether it shows a sign of failure, by its statuses and those ``within`` it."""
    if isinstance(value, list):
        return any(_shows_failure(entry, statuses, within) for entry in value)
    if not isinstance(value, dict):
        return False
    if any(_is_sign(name, inner, statuses, within) for name, inner in value.items()):
        return True
    # An error without words, whose details have some.
    named = {plain_name(name): inner for name, inner in value.items()}
    return _holds(named.get("details")) and any(map(_ERROR.match, named))


def _is_sign(
    name: str, value: object, statuses: re.Pattern[str], within: re.Pattern[str]
) -> bool:
    key = plain_name(name)
    return (
        (key == "success" and not _is_true(value))
        or (key in _OTHER_SUCCESS and _is_false(value))
        or (key == "status" and bool(statuses.search(str(value).strip().lower())))
        or _names_failure(name, value)
        or _shows_failure(value, within, within)
    )


def _names_failure(name: str, value: object) -> bool:
    """Whether a field's name reports a failure, and the field holds something."""
    key = plain_name(name)
    if _ADDRESS.search(name) or _NEUTRAL_NAME.fullmatch(key):
        return False
    named = _ERROR.match(key) or _FAILURE.match(key)
    if not named and isinstance(value, str) and not _COUNT.fullmatch(value):
        return False  # a text such as "skipped_at" or "refusal_policy" may have
    return _holds(value) and bool(named or is_failed_group(name))


@lru_cache(maxsize=1024)
def plain_name(name: str) -> str:
    """A field's name as it is compared: in lower case, without separators."""
    return _SEPARATORS.sub("", name).lower()


def _is_true(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().lower() == "true"
    return value is True or value == 1


def _is_false(value: object) -> bool:
    if isinstance(value, str):
        text = value.strip().lower()
        return text == "0" or bool(_FAILED_ITEM.search(text))
    return value is False or (_is_number(value) and value == 0)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _holds(value: object) -> bool:
    """Whether a field has something in it: null, false, 0 and blanks are nothing."""
    return bool(value.strip()) if isinstance(value, str) else bool(value)
