"""Jobs, errors and waits in words, the same in every view."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobstat.jobs.duration import format_duration
from jobstat.jobs.job import (
    FAILED_STATES,
    MAX_COUNT,
    MAX_ITEMS,
    Job,
    Verdict,
    falls_short,
    item_counts,
    judge,
)
from jobstat.jobs.signs import find_errors
from jobstat.jobs.text import flatten
from jobstat.views.sanitize import MAX_ERROR, MAX_MESSAGE, MAX_NAME, sanitize
from jobstat.views.terminal import Glyphs

if TYPE_CHECKING:
    from jobstat.jobs.retry import Outage

FormatDuration = Callable[[float], str]
"""A function that formats seconds: ``format_duration`` or ``spell_duration``."""


@dataclass(frozen=True, slots=True)
class Glyph:
    """A sign for a status. A word always stands beside it."""

    sign: str
    ascii: str
    style: str

    def render(self, glyphs: Glyphs) -> str:
        """Return the sign, its ASCII form, or nothing."""
        match glyphs:
            case Glyphs.UNICODE:
                return self.sign
            case Glyphs.ASCII:
                return self.ascii
            case Glyphs.NONE:
                return ""

    def label(self, words: str, glyphs: Glyphs) -> str:
        """Return the words after the sign, if there are both."""
        return " ".join(filter(None, [self.render(glyphs), words]))


GOOD = Glyph("✓", "+", "green")
BAD = Glyph("✗", "x", "red")
QUEUED = Glyph("◦", "~", "blue")
WORKING = Glyph("▸", ">", "cyan")
UNKNOWN = Glyph("?", "?", "yellow")


def status_glyph(job: Job) -> Glyph:
    """Return the glyph of a job's status."""
    match judge(job):
        case Verdict.OK:
            return GOOD
        case Verdict.UNFINISHED:
            return {"queued": QUEUED, "working": WORKING}.get(job.state, UNKNOWN)
        case _:
            return BAD


def format_status(job: Job) -> str:
    """Return a job's status, with a failure that the status itself hides."""
    status, failure = sanitize(job.status, MAX_NAME), _hidden_failure(job)
    return f"{status}, {failure}" if failure else status


def short_status(job: Job) -> str:
    """Return a job's status for a column: the hidden failure, if there is one."""
    return _hidden_failure(job) or sanitize(job.status, MAX_NAME)


def _hidden_failure(job: Job) -> str:
    """Return a failure that the job's status hides, or an empty string."""
    match judge(job):
        case Verdict.JOB_FAILED if job.state not in FAILED_STATES:
            return "with an error"
        case Verdict.ITEMS_FAILED if _is_incomplete(job):
            return "in part"
        case Verdict.ITEMS_FAILED:
            return "with failures"
        case _:
            return ""


def _is_incomplete(job: Job) -> bool:
    """Return whether a job processed too few items, and no result explains it."""
    return falls_short(job) and not job.failed


def job_title(job: Job) -> str:
    """Return the type of a job."""
    return sanitize(job.job_type or "Job", MAX_NAME)


def job_id(job: Job) -> str:
    """Return the id of a job, as it is in the answer."""
    return sanitize(job.id, MAX_NAME)


def format_counts(job: Job) -> str:
    """Return ``19/40``, ``?/40`` if the progress is unknown, or an empty string."""
    if job.total is None and job.progress is None:
        return ""
    progress = 0 if job.progress is None and job.state == "queued" else job.progress
    return f"{_format_count(progress)}/{_format_count(job.total)}"


def _format_count(count: int | None) -> str:
    return "?" if count is None or abs(count) > MAX_COUNT else f"{count:,}"


def percent_done(job: Job) -> int | None:
    """Return the whole percent done, from 0 to 100, or None if it is unknown."""
    if "?" in (_format_count(job.total), _format_count(job.progress)):
        return None
    if not job.total or job.total < 0 or job.progress is None:
        return None
    return whole_percent(job.progress, job.total)


def whole_percent(done: int, total: int) -> int:
    """Return the whole percent, from 0 to 100, and 100 only if all is done."""
    return min(max(100 * done // total, 0), 100)


def format_progress(job: Job) -> str:
    """Return ``19/40  47%``, or the part of it that is known."""
    percent = percent_done(job)
    parts = [format_counts(job), "" if percent is None else f"{percent}%"]
    return "  ".join(filter(None, parts))


def format_failures(job: Job) -> str:
    """Return how many items failed so far, or an empty string if none did."""
    failed, reported = item_counts(job)
    return f"{failed:,} of {pluralize(reported, 'item')} failed" if failed else ""


_ENDED_AS = {
    "killed": "was killed",
    "cancelled": "was cancelled",
    "canceled": "was cancelled",
    "aborted": "was aborted",
    "terminated": "was terminated",
    "rejected": "was rejected",
}
"""The words for each failed status. A job of any other failed status "failed"."""


def format_verdict(job: Job) -> str:
    """Return a sentence about a job's outcome, or about its failures so far, if any."""
    failed, reported = item_counts(job)
    match judge(job):
        case Verdict.UNFINISHED:
            return f"{pluralize(failed, 'item')} failed so far" if failed else ""
        case Verdict.JOB_FAILED:
            errors = sanitize(flatten([*find_errors(job.fields).values()]), MAX_MESSAGE)
            return (
                f"the job {_ENDED_AS.get(job.state, 'failed')}"
                + (f": {errors}" if errors else "")
                + (f"; {pluralize(failed, 'item')} failed" if failed else "")
            )
        case Verdict.ITEMS_FAILED:
            return _format_failed_items(job)
        case Verdict.OK if reported:
            return (
                f"{pluralize(reported, 'item')}, none failed{_format_unreported(job)}"
            )
        case Verdict.OK:
            return "completed; Zendesk reported no results"


def _format_failed_items(job: Job) -> str:
    failed, reported = item_counts(job)
    if failed:
        items = pluralize(reported, "item")
        return f"{failed:,} of {items} failed{_format_unreported(job)}"
    if _is_incomplete(job):
        done = f"{max(job.progress or 0, reported):,} of {job.total:,} items"
        return f"only {done} were processed; Zendesk does not say why"
    unreported = _format_unreported(job)
    return f"the job reports failures, but not of which items{unreported}"


def _format_unreported(job: Job) -> str:
    """Return how many items have a result, if some have none."""
    _, reported = item_counts(job)
    if job.total is None or not 0 < reported < job.total <= MAX_ITEMS:
        return ""
    return f"; Zendesk reported {reported:,} of {job.total:,}"


def pluralize(count: int, noun: str) -> str:
    """Return ``1 item`` or ``1,606 items``."""
    return f"{count} {noun}" if count == 1 else f"{count:,} {noun}s"


def format_outage(
    outage: Outage,
    last_success_at: float | None,
    now: float,
    duration: FormatDuration = format_duration,
) -> str:
    """Return an error, the time until the retry, and the age of the last answer."""
    return "; ".join(outage_parts(outage, last_success_at, now, duration))


def outage_parts(
    outage: Outage,
    last_success_at: float | None,
    now: float,
    duration: FormatDuration = format_duration,
) -> tuple[str, str]:
    """Return the error, and the words of ``format_outage`` after it."""
    wait = outage.retry_at - now
    delay = duration(max(wait + 0.5, 1.0))
    retry = f"retrying in {delay}" if wait > 0 else "retrying now"
    age = _format_answer_age(last_success_at, now, duration)
    return sanitize(outage.error.message, MAX_ERROR), retry + age


def format_rate_limit_wait(
    until: float,
    now: float,
    last_success_at: float | None = None,
    duration: FormatDuration = format_duration,
) -> str:
    """Return how long the account's rate limit delays the next request."""
    wait = duration(until - now + 0.5)
    message = f"waiting for the rate limit; next request in {wait}"
    return message + _format_answer_age(last_success_at, now, duration)


def _format_answer_age(
    last_success_at: float | None, now: float, duration: FormatDuration
) -> str:
    if last_success_at is None:
        return ""
    return f", last answer {duration(now - last_success_at)} ago"


def format_stall(
    since: float, now: float, duration: FormatDuration = format_duration
) -> str:
    """Return for how many minutes a job made no progress."""
    minutes = (now - since) // 60 * 60
    return f"no progress for {duration(minutes)}"


def format_problem(message: str, hint: str | None) -> str:
    """Return an error for stderr: what happened, then a hint what to do."""
    lines = f"jobstat: {sanitize(message, MAX_ERROR)}\n"
    return lines + (f"  {sanitize(hint)}\n" if hint else "")


def format_traceback(error: BaseException) -> str:
    """Return the traceback of an error, which may quote text from outside."""
    from traceback import format_exception

    return "".join(format_exception(error))
