"""The jobs that a text names, such as one that is piped into a command.

It may be what Zendesk answered to bulk requests, what jobstat wrote, or ids and
URLs; one after the other and mixed.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobstat.errors import UsageError
from jobstat.jobs.error_body import error_message
from jobstat.jobs.job import KNOWN_STATES
from jobstat.jobs.pages import has_next_page
from jobstat.jobs.parse import MAX_DEPTH, describe_type, is_too_deep
from jobstat.jobs.reference import Reference, parse_id, parse_reference
from jobstat.jobs.signs import (
    counts_failures,
    has_failed_status,
    hides_failure,
    shows_error,
)
from jobstat.jobs.vocabulary import plain_name

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_INPUT = 10 * 2**20
"""Bytes that are read; 1,000 jobs with all their results are about as many."""

_BLANK = re.compile(r"[\s\x1e]+")
"""JSON text sequences (RFC 7464) put a record separator before each."""

_WORD = re.compile(r"\S+")
_SENTENCE = re.compile(
    r"[A-Z][a-z]{1,30}(?: [A-Za-z]{1,30}[,.]?){2,40}(?=\s*$)", re.MULTILINE
)
"""A line in words: Zendesk refuses by some of its limits in plain text."""

_REASON = re.compile(
    r"(?:[45]\d\d )?(?:Bad Request|Unauthorized|Forbidden|Not Found|Request Timeout"
    r"|Conflict|Gone|(?:Payload|Content) Too Large|Unprocessable (?:Entity|Content)"
    r"|Locked|Too Many Requests|Internal Server Error|Bad Gateway|Service Unavailable"
    r"|Gateway Time-?out)[.!]?(?=\s*$)",
    re.MULTILINE,
)
"""A line in HTTP's own words, such as ``502 Bad Gateway``."""

_WEB_PAGE = re.compile(
    r"""<(?:!doctype\s+)?html.*?(?:</html>|\Z
    |(?=^(?:[ \t]*(?:\[\s*)?\{\s*"(?:job_status|id|url|ticket)|(?:V3-)?[0-9a-f]{32}\s*$|https?://\S+/job_statuses/)))""",
    re.IGNORECASE | re.DOTALL | re.MULTILINE | re.VERBOSE,
)
"""Cut off, it ends where a line begins with an answer, or names a job."""

_TITLE = re.compile(r"(?i)<title>([^<]{1,100})")

_ANSWER = {"job_status", "job_statuses"}
"""Names in an answer that holds jobs."""

_OTHER_JOBS = frozenset({"jobstatus", "jobstatuses", "jobs", "jobids"})
"""Plain names under which other servers may have jobs."""

_SIGNS = (shows_error, counts_failures, hides_failure, has_failed_status)
"""What tells of a refusal beside them."""


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise UsageError("JSON with an object that has a name twice")
    return fields


_DECODER = json.JSONDecoder(object_pairs_hook=_unique)


@dataclass(frozen=True, slots=True)
class RejectedRequest:
    """A request that Zendesk refused, in its words.

    ``running`` are the jobs that it names as in the way, when the account had too
    many of them.
    """

    words: str
    running: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class JobInput:
    """What was found: the jobs that are named, and the refusals."""

    named: tuple[Reference, ...]
    refusals: tuple[RejectedRequest, ...] = ()

    @property
    def jobs(self) -> tuple[Reference, ...]:
        """All jobs, those that are in the way of others last."""
        running = (job for refusal in self.refusals for job in refusal.running)
        return (*self.named, *running)

    @property
    def problem(self) -> UsageError | None:
        """The refusals as an error, None where there is nothing to complain of.

        One that names the jobs in the way is none: it is one of the ways to name
        jobs.
        """
        words = [refusal.words for refusal in self.refusals if not refusal.running]
        return UsageError(_told(words)) if words else None

    @property
    def warnings(self) -> list[str]:
        """What should be said before the jobs are shown."""
        told = [_told([refusal.words for refusal in self.refusals])]
        if any(refusal.running for refusal in self.refusals):
            told.append("the jobs in the way are taken too")
        return ["; ".join(told)] if self.refusals else []


def parse_input(content: bytes) -> JobInput:
    """The jobs and refusals in a text, in their order.

    Raises UsageError for what is neither, with the line where it stands: then
    none of its jobs is taken, lest one were overlooked.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _problem(line, "this is not text in UTF-8") from None
    named: dict[Reference, None] = {}
    refusals: list[RejectedRequest] = []
    words: set[object] = set()
    page_at: int | None = None  # a page of a list that is not its last
    place = _after(_BLANK, text, 0)
    while place < len(text):
        try:
            value, place_after = _read(text, place)
            is_new = not (isinstance(value, str) and value in words)
            for found in _named(value) if is_new else ():
                if isinstance(found, RejectedRequest):
                    refusals.append(found)
                else:
                    named[found] = None
            if isinstance(value, str):
                words.add(value)
            for page in _lists_in(value):
                goes_on = has_next_page(page)
                if goes_on is not None:
                    page_at = place if goes_on else None
        except UsageError as problem:
            line = text.count("\n", 0, place) + 1
            raise _problem(line, problem.message, problem.hint) from None
        place = _after(_BLANK, text, place_after)
    if page_at is not None:
        raise _problem(
            text.count("\n", 0, page_at) + 1,
            "a page of a list of jobs, without the next one",
            hint="Give it all pages, or use jobstat watch --all.",
        )
    return JobInput(tuple(named), tuple(refusals))


def _after(form: re.Pattern[str], text: str, place: int) -> int:
    found = form.match(text, place)
    return found.end() if found else place


def _read(text: str, place: int) -> tuple[object, int]:
    """The JSON value or word that begins at that place, and where it ends."""
    if text[place] in '{["':
        try:
            value, end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError):
            raise UsageError("JSON that is cut off or broken") from None
        if is_too_deep(value):
            raise UsageError(f"JSON nested deeper than {MAX_DEPTH} levels")
        return value, end
    if page := _WEB_PAGE.match(text, place):
        # So answers a proxy, or Zendesk when it cannot: it started no job.
        title = _TITLE.search(page[0])
        words = f"a web page, {title[1].strip()!r}" if title else "a web page"
        return {"error": f"{words}, in place of an answer"}, page.end()
    if said := _REASON.match(text, place) or _SENTENCE.match(text, place):
        return {"error": said[0]}, said.end()
    word = text[place : _after(_WORD, text, place)]
    if word.startswith("HTTP/"):
        raise UsageError(
            "the head of an HTTP answer, where JSON or a job should be",
            hint="Call curl without -i.",
        )
    return word, place + len(word)


def _named(value: object) -> Iterator[Reference | RejectedRequest]:
    """The jobs that a value names, or the words of Zendesk's refusal."""
    match value:
        case str():
            yield parse_reference(value)
        case list():
            for entry in value:
                if isinstance(entry, list):
                    raise UsageError("JSON that names no job: a list of lists")
                yield from _named(entry)
        case {"id": str(), "status": str(), **rest} if not _ANSWER & rest.keys():
            yield _reference_to(value)
        case dict():
            yield from _in_answer(value)
        case _:
            raise UsageError(f"JSON that names no job: {describe_type(value)}")


def _in_answer(answer: dict[str, object]) -> Iterator[Reference | RejectedRequest]:
    """The jobs in an answer, and the words of a refusal beside them."""
    several = answer.get("job_statuses")
    beside = {name: v for name, v in answer.items() if name not in _ANSWER}
    _refuse_other_jobs(beside)
    if isinstance(answer.get("id"), str) and answer.get("status") in KNOWN_STATES:
        raise UsageError("JSON with a job status in another")
    is_refusal = any(is_sign(beside) for is_sign in _SIGNS)
    if "job_status" in answer and (answer["job_status"] is not None or not is_refusal):
        yield _reference_to(answer["job_status"])
    if isinstance(several, list):
        yield from map(_reference_to, several)
    elif several is not None:
        raise UsageError(
            f"job_statuses should be a list, but is {describe_type(several)}"
        )
    if is_refusal:
        running = answer.get("current_job_ids")
        if not (isinstance(running, list) and answer.get("error") == "TooManyJobs"):
            running = []
        words = error_message(answer) or json.dumps(beside, ensure_ascii=False)
        yield RejectedRequest(words, tuple(map(parse_id, running)))
    elif not _ANSWER & answer.keys():
        raise UsageError("JSON that names no job: an object without job_status")


def _lists_in(value: object) -> Iterator[dict[str, object]]:
    """The lists of jobs in a value, such as those in an array of jq's."""
    if isinstance(value, list):
        for entry in value:
            yield from _lists_in(entry)
    elif isinstance(value, dict) and "job_statuses" in value:
        yield value


def _refuse_other_jobs(value: object) -> None:
    """Raise UsageError where there may be another job, at any depth."""
    for entry in value if isinstance(value, list) else [value]:
        for name, inner in entry.items() if isinstance(entry, dict) else ():
            if plain_name(name) in _OTHER_JOBS and isinstance(inner, dict | list):
                raise UsageError(f"JSON with {name!r} where job_status should be")
            _refuse_other_jobs(inner)


def _reference_to(job: object) -> Reference:
    _refuse_other_jobs(job)
    id = job.get("id") if isinstance(job, dict) else None
    if id is None:
        raise UsageError(f"a job status without id: {describe_type(job)}")
    return parse_id(id)


def _told(refusals: list[str]) -> str:
    """What was refused: how many requests, and why, each reason once."""
    reasons = list(dict.fromkeys(words.rstrip(".") for words in refusals))
    what = "a request" if len(refusals) == 1 else f"{len(refusals)} requests"
    more = f"; and {len(reasons) - 3} other reasons" if len(reasons) > 3 else ""  # noqa: PLR2004 - as many as one reads
    return f"Zendesk refused {what}: {'; '.join(reasons[:3])}{more}"


def _problem(line: int, what: str, hint: str | None = None) -> UsageError:
    return UsageError(f"standard input, line {line}: {what}", hint=hint)
