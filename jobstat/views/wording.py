"""Jobs in words: what every view for people says, whatever it looks like."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from jobstat.jobs.duration import format_duration
from jobstat.jobs.job import FAILED_STATES, MAX_COUNT, Verdict, falls_short, judge
from jobstat.jobs.signs import find_errors
from jobstat.views.sanitize import (
    MAX_ERROR,
    MAX_MESSAGE,
    MAX_NAME,
    MAX_TEXT,
    sanitize,
)

if TYPE_CHECKING:
    from jobstat.errors import JobstatError
    from jobstat.jobs.job import Item, Job
    from jobstat.jobs.retry import Outage

_HAS_COLUMN = frozenset(
    {"index", "id", "account_id", "title", "action", "status", "success"}
    | {"error", "errors", "details"}
)
"""Fields of an item with a column of their own, or of no use to people."""


MAX_ITEMS = 1_000_000
"""Items of a job; Zendesk takes 100 in a request."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """A sign for a state; its word always stands beside it."""

    sign: str
    plain: str
    style: str

    def on(self, *, unicode: bool) -> str:
        """The sign, or its stand-in where only ASCII can be shown."""
        return self.sign if unicode else self.plain


GOOD = Glyph("✓", "+", "green")
BAD = Glyph("✗", "x", "red")
_STATES = {
    "queued": Glyph("◦", "~", "blue"),
    "working": Glyph("▸", ">", "cyan"),
}
UNKNOWN = Glyph("?", "?", "yellow")


def status_glyph(job: Job) -> Glyph:
    """The sign of a job's state."""
    match judge(job):
        case Verdict.OK:
            return GOOD
        case Verdict.UNFINISHED:
            return _STATES.get(job.state, UNKNOWN)
        case _:
            return BAD


def format_status(job: Job) -> str:
    """A job's state in a word, or two where one would not be the truth."""
    status = sanitize(job.status, MAX_NAME)
    return f"{status}, {flaw}" if (flaw := _hidden_failure(job)) else status


def short_status(job: Job) -> str:
    """The same where there is little room, as in a column."""
    return _hidden_failure(job) or sanitize(job.status, MAX_NAME)


def _hidden_failure(job: Job) -> str:
    """A failure that the job's status hides; empty where there is none."""
    match judge(job):
        case Verdict.JOB_FAILED if job.state not in FAILED_STATES:
            return "with an error"
        case Verdict.ITEMS_FAILED if _is_only_short(job):
            return "in part"
        case Verdict.ITEMS_FAILED:
            return "with failures"
        case _:
            return ""


def _is_only_short(job: Job) -> bool:
    """Whether a job completed without all of its items, though none is told to fail."""
    return falls_short(job) and not job.failed


def job_title(job: Job) -> str:
    """What kind of job it is, as far as Zendesk tells."""
    return sanitize(job.job_type or "Job", MAX_NAME)


def job_id(job: Job) -> str:
    """The id that the answer has."""
    return sanitize(job.id, MAX_NAME)


_ENDED_AS = {
    "killed": "was killed",
    "cancelled": "was cancelled",
    "canceled": "was cancelled",
    "aborted": "was aborted",
    "terminated": "was terminated",
    "rejected": "was rejected",
}
"""How a job ended, by its status. All others failed."""


def problem_of(error: JobstatError) -> str:
    """What went wrong, in a sentence that may hold words from outside."""
    return sanitize(error.message, MAX_ERROR)


def format_counts(job: Job) -> str:
    """``19/40``, or as much of it as is known; empty when nothing is."""
    if job.total is None and job.progress is None:
        return ""
    progress = 0 if job.progress is None and job.state == "queued" else job.progress
    return f"{_counted_or_unknown(progress)}/{_counted_or_unknown(job.total)}"


def _counted_or_unknown(count: int | None) -> str:
    return "?" if count is None or abs(count) > MAX_COUNT else str(count)


def percent_done(job: Job) -> int | None:
    """Whole percent done, from 0 to 100; None while it cannot be known."""
    if "?" in (_counted_or_unknown(job.total), _counted_or_unknown(job.progress)):
        return None
    if not job.total or job.total < 0 or job.progress is None:
        return None
    return percentage(job.progress, job.total)


def percentage(done: int, total: int) -> int:
    """Whole percent, from 0 to 100, and 100 only for all of them."""
    return min(max(100 * done // total, 0), 100)


def format_failures(job: Job) -> str:
    """How many items failed, as far as that is known; empty where none did."""
    failed, told = item_counts(job)
    return f"{failed} of {counted(told, 'item')} failed" if failed else ""


def format_verdict(job: Job) -> str:
    """The verdict in a sentence; empty while there is none."""
    failed, told = item_counts(job)
    partly = job.total is not None and 0 < told < job.total <= MAX_ITEMS
    of_all = f"; Zendesk reported {told} of {job.total}" if partly else ""
    match judge(job):
        case Verdict.UNFINISHED:
            return f"{counted(failed, 'item')} failed so far" if failed else ""
        case Verdict.JOB_FAILED:
            errors = sanitize(_to_text(find_errors(job.fields)), MAX_MESSAGE)
            return (
                f"the job {_ENDED_AS.get(job.state, 'failed')}"
                + (f": {errors}" if errors else "")
                + (f"; {counted(failed, 'item')} failed" if failed else "")
            )
        case Verdict.ITEMS_FAILED:
            if failed:
                words = f"{failed} of {counted(told, 'item')} failed"
            elif _is_only_short(job):
                done = f"{max(job.progress or 0, told)} of {job.total} items"
                return f"only {done} were processed; Zendesk does not say why"
            else:
                words = "the job reports failures, but not of which items"
            return words + of_all
        case Verdict.OK:
            if told:
                return f"{counted(told, 'item')}, none failed{of_all}"
            return "completed; Zendesk reported no results"


def item_counts(job: Job) -> tuple[int, int]:
    """How many items failed, of how many that there are results of.

    One result for all of them counts as the job's total, where that is a number that
    one can believe.
    """
    failed, told = len(job.failed), len(job.items)
    if job.has_one_result and 0 < (job.total or 0) <= MAX_ITEMS:
        told = job.total or 0
        failed = told * bool(failed)
    return failed, told


class Column(StrEnum):
    """A column of the results table, in the order in which they stand."""

    INDEX = "INDEX"
    ID = "ID"
    TITLE = "TITLE"
    ACTION = "ACTION"
    STATUS = "STATUS"
    ERRORS = "ERRORS"
    DETAILS = "DETAILS"


_NAMES = frozenset({Column.INDEX, Column.ID, Column.ACTION, Column.STATUS})


@dataclass(frozen=True, slots=True)
class Row:
    """An item as a row of the results table: its text by column."""

    failed: bool
    cells: dict[Column, str]

    def cell(self, column: Column) -> str:
        """The text in a column: a dash for an id that the item lacks, else nothing."""
        return self.cells.get(column, "") or "-" * (column is Column.ID)


@dataclass(frozen=True, slots=True)
class ResultsTable:
    """The results of a job for people. ``columns`` are those that any row fills."""

    columns: tuple[Column, ...]
    rows: list[Row]


def results_table(
    job: Job, most: int = MAX_TEXT, *, failed: bool = False
) -> ResultsTable:
    """The results: failed items first, else in the job's order.

    With ``failed`` only the failed ones. ``most`` is the longest text of a cell,
    in characters; the rest is counted.
    """
    one = job.has_one_result
    items = job.failed
    if not failed:
        items += tuple(item for item in job.items if not item.failed)
    rows = [_row(item, "all" if one else _index_of(item), most) for item in items]
    return ResultsTable(
        tuple(c for c in Column if any(c in row.cells for row in rows)), rows
    )


def _index_of(item: Item) -> str:
    return "-" if item.index is None else str(item.index)


def _row(item: Item, index: str, most: int) -> Row:
    fields = item.fields
    reasons = [fields.get("error"), fields.get("errors")]
    details = [fields.get("details")]
    if item.failed:
        reasons, details = reasons + details, []
    details += [
        f"{name}={_to_text(value)}"
        for name, value in fields.items()
        if name not in _HAS_COLUMN and value not in (None, "")
    ]
    texts = {
        Column.INDEX: index,
        Column.ID: _join("", fields.get("id")),
        Column.TITLE: _join("", fields.get("title")),
        Column.ACTION: _join("", fields.get("action")),
        Column.STATUS: _status_of(item),
        Column.ERRORS: _join(": ", *reasons),
        Column.DETAILS: _join("  ", *details) or None,
    }
    return Row(
        item.failed,
        {
            column: sanitize(text, MAX_NAME if column in _NAMES else most)
            for column, text in texts.items()
            if text is not None
        },
    )


def _join(separator: str, *values: object) -> str | None:
    """The values as one text, None where all of them are missing."""
    found = [_to_text(value) for value in values if value is not None]
    return separator.join(filter(None, found)) if found else None


def _status_of(item: Item) -> str:
    """The item's own status, with the verdict where it does not say it."""
    status = _to_text(item.fields.get("status")).strip()
    if not item.failed:
        return status or "ok"
    if status.casefold() in {"", "failed"}:
        return status or "failed"
    return f"{status}, failed"


def _to_text(value: object) -> str:
    """A JSON value in a line; an error of Zendesk's form by its description."""
    if isinstance(value, dict):
        description = value.get("description")
        if isinstance(description, str):
            return description
        parts = ((name, _to_text(inner)) for name, inner in value.items())
        return ", ".join(f"{name}: {inner}" for name, inner in parts if inner)
    if isinstance(value, list):
        return ", ".join(filter(None, map(_to_text, value)))
    if value is None or isinstance(value, bool):
        return {None: "", True: "true", False: "false"}[value]
    return str(value)


def problem_lines(message: str, hint: str | None) -> str:
    """An error as stderr shows it: what happened, and what to do."""
    lines = f"jobstat: {sanitize(message, MAX_ERROR)}\n"
    return lines + (f"  {sanitize(hint)}\n" if hint else "")


def format_traceback(error: BaseException) -> str:
    """Where an error comes from, for whoever debugs: with words from outside."""
    from traceback import format_exception

    lines = "".join(format_exception(error)).split("\n")
    return "\n".join(map(sanitize, lines))


def retry_note(outage: Outage, last_success_at: float | None, now: float) -> str:
    """When it is tried again, and how old what is known is."""
    left = outage.retry_at - now
    again = f"trying again {f'in {format_duration(left + 0.5)}' if left > 0 else 'now'}"
    if last_success_at is None:
        return again
    return f"{again}, last answer {format_duration(now - last_success_at)} ago"


def waiting_for_limit(until: float, now: float) -> str:
    """How long the account's rate limit delays the next request."""
    wait = format_duration(until - now + 0.5)
    return f"waiting for the rate limit; next request in {wait}"


def counted(count: int, noun: str) -> str:
    """``1 item``, ``2 items``."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
