"""The jobs that standard input names.

Standard input may hold Zendesk's answers to bulk requests, the output of jobstat, ids
and URLs, in any order.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from jobstat.errors import UsageError
from jobstat.jobs.error_body import error_message
from jobstat.jobs.input_text import decode_text, naming_line, read_values
from jobstat.jobs.job import KNOWN_STATES
from jobstat.jobs.pages import has_next_page
from jobstat.jobs.parse import describe_type
from jobstat.jobs.reference import Reference, parse_id, parse_reference
from jobstat.jobs.signs import has_failed_status, shows_any_failure
from jobstat.jobs.vocabulary import plain_name

MAX_INPUT = 10 * 2**20
"""Bytes of standard input: about as many as 1,000 jobs with all their results have."""

MAX_REASONS = 3
"""Different error messages of refused requests to quote."""

_JOB_FIELDS = {"job_status", "job_statuses"}
"""Names of the fields in which Zendesk sends jobs."""

_OTHER_JOB_FIELDS = frozenset({"jobstatus", "jobstatuses", "jobs", "jobids"})
"""Plain names of fields in which other servers may hold jobs."""


@dataclass(frozen=True, slots=True)
class RefusedRequest:
    """A request that Zendesk refused, with its error message.

    A TooManyJobs error names the ``running`` jobs of the account.
    """

    message: str
    running: tuple[Reference, ...] = ()


@dataclass(frozen=True, slots=True)
class JobInput:
    """The jobs and the refused requests on standard input, in their order.

    ``entries`` may name a job twice. With ``has_list`` they are not all in the order of
    the requests: Zendesk's lists of jobs have an order of their own.
    """

    entries: tuple[Reference | RefusedRequest, ...]
    has_list: bool = False

    @property
    def named(self) -> tuple[Reference, ...]:
        """The jobs that are named directly, each once."""
        jobs = (entry for entry in self.entries if isinstance(entry, Reference))
        return tuple(dict.fromkeys(jobs))

    @property
    def refused(self) -> tuple[RefusedRequest, ...]:
        """The refused requests."""
        return tuple(e for e in self.entries if isinstance(e, RefusedRequest))

    @property
    def jobs(self) -> tuple[Reference, ...]:
        """All jobs. Those that TooManyJobs errors name come last."""
        running = (job for request in self.refused for job in request.running)
        return (*self.named, *running)

    @property
    def problem(self) -> UsageError | None:
        """The refused requests as one error, None if there are none.

        A TooManyJobs error that names jobs is not a problem.
        """
        messages = [request.message for request in self.refused if not request.running]
        return (
            UsageError(
                _summarize(messages), hint="Correct the bulk request and send it again."
            )
            if messages
            else None
        )

    @property
    def warnings(self) -> list[str]:
        """The warnings to show before the jobs."""
        if not self.refused:
            return []
        warning = _summarize([request.message for request in self.refused])
        if any(request.running for request in self.refused):
            warning += "; the running jobs that it names are included"
        return [warning]


def parse_input(content: bytes) -> JobInput:
    """Parse standard input into jobs and refused requests, in their order.

    Raise UsageError with the line number for anything else, so that no job is
    overlooked.
    """
    text = decode_text(content)
    entries: list[Reference | RefusedRequest] = []
    parsed_words: dict[str, list[Reference | RefusedRequest]] = {}
    incomplete_list_at: int | None = None
    has_list = False
    for value, position in read_values(text):
        if isinstance(value, str) and value in parsed_words:
            entries += parsed_words[value]
            continue
        with naming_line(text, position):
            named = list(_parse_value(value))
            entries += named
            if isinstance(value, str):
                parsed_words[value] = named
            for page in _find_lists(value):
                jobs = page["job_statuses"]
                has_list = has_list or (isinstance(jobs, list) and len(jobs) > 1)
                has_next = has_next_page(page)
                if has_next is not None:
                    incomplete_list_at = position if has_next else None
    if incomplete_list_at is not None:
        with naming_line(text, incomplete_list_at):
            raise UsageError(
                "the list of jobs is incomplete: its next page is missing",
                hint="Give all pages, or use jobstat watch --all.",
            )
    return JobInput(tuple(entries), has_list)


def _parse_value(value: object) -> Iterator[Reference | RefusedRequest]:
    """Yield the jobs that a value names, and the refused requests that it reports."""
    match value:
        case str():
            yield parse_reference(value)
        case list():
            for entry in value:
                if isinstance(entry, list):
                    raise UsageError("this JSON names no job: it is a list of lists")
                yield from _parse_value(entry)
        case {"id": str(), "status": str(), **others} if (
            not _JOB_FIELDS & others.keys()
        ):
            yield _parse_job(value)
        case dict():
            yield from _parse_answer(value)
        case _:
            raise UsageError(f"this JSON names no job: it is {describe_type(value)}")


def _parse_answer(answer: dict[str, object]) -> Iterator[Reference | RefusedRequest]:
    """Yield the jobs of an answer, and the refused request if it reports an error."""
    beside = {name: v for name, v in answer.items() if name not in _JOB_FIELDS}
    _reject_other_jobs(beside)
    if isinstance(answer.get("id"), str) and answer.get("status") in KNOWN_STATES:
        raise UsageError("one job status is inside another: it is unclear which to use")
    is_error = shows_any_failure(beside) or has_failed_status(beside)
    if "job_status" in answer and (answer["job_status"] is not None or not is_error):
        yield _parse_job(answer["job_status"])
    jobs = answer.get("job_statuses")
    if isinstance(jobs, list):
        yield from map(_parse_job, jobs)
    elif jobs is not None:
        raise UsageError(f"job_statuses must be a list, but is {describe_type(jobs)}")
    if is_error:
        message = error_message(answer) or json.dumps(beside, ensure_ascii=False)
        yield RefusedRequest(message, _parse_running_jobs(answer))
    elif not _JOB_FIELDS & answer.keys():
        raise UsageError("this JSON names no job: it is an object without job_status")


def _parse_running_jobs(answer: dict[str, object]) -> tuple[Reference, ...]:
    """Return the jobs that a TooManyJobs error names."""
    ids = answer.get("current_job_ids")
    if answer.get("error") == "TooManyJobs" and isinstance(ids, list):
        return tuple(map(parse_id, ids))
    return ()


def _parse_job(job: object) -> Reference:
    _reject_other_jobs(job)
    id = job.get("id") if isinstance(job, dict) else None
    if id is None:
        raise UsageError(f"a job status has no id: it is {describe_type(job)}")
    return parse_id(id)


def _find_lists(value: object) -> Iterator[dict[str, object]]:
    """Yield the lists of jobs in a value; jq puts several into an array."""
    if isinstance(value, list):
        for entry in value:
            yield from _find_lists(entry)
    elif isinstance(value, dict) and "job_statuses" in value:
        yield value


def _reject_other_jobs(value: object) -> None:
    """Raise UsageError if there may be another job inside, at any depth."""
    for entry in value if isinstance(value, list) else [value]:
        for name, inner in entry.items() if isinstance(entry, dict) else ():
            may_hold_jobs = plain_name(name) in _OTHER_JOB_FIELDS
            if may_hold_jobs and isinstance(inner, dict | list):
                raise UsageError(f"this JSON has {name!r} where job_status should be")
            _reject_other_jobs(inner)


def _summarize(messages: list[str]) -> str:
    """Return how many requests were refused and why, each reason once."""
    reasons = list(dict.fromkeys(message.rstrip(".") for message in messages))
    count = "a request" if len(messages) == 1 else f"{len(messages)} requests"
    quoted = "; ".join(reasons[:MAX_REASONS])
    others = len(reasons) - MAX_REASONS
    if others > 0:
        quoted += f"; and {others} more reason{'s' if others > 1 else ''}"
    return f"Zendesk refused {count}: {quoted}"
