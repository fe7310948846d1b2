"""Find the records whose items failed. Refuse if the results leave a doubt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jobstat.errors import JobstatError, UsageError
from jobstat.exits import Exit
from jobstat.jobs.failures import error_text
from jobstat.jobs.job import Item, Job, Verdict, judge
from jobstat.jobs.matching import doubt, match_items, wrong_file
from jobstat.jobs.records import Document, Record
from jobstat.jobs.signs import shows_any_failure
from jobstat.jobs.text import flatten
from jobstat.jobs.vocabulary import (
    OTHER_STATUS_NAMES,
    SUCCESS_COUNTS,
    SUCCESS_FLAGS,
    plain_name,
)

_OUTCOME_NAMES = OTHER_STATUS_NAMES | SUCCESS_FLAGS | {"status", "success"}
"""Plain names of fields that a failed item explains: "success": false."""


class Unfinished(JobstatError):
    """A job has no results yet."""

    exit = Exit.UNFINISHED


@dataclass(frozen=True, slots=True)
class FailedRecord:
    """A record to send again.

    ``index`` is its place in its file, from 0. ``item`` is None if the job failed
    without a result for each record.
    """

    record: Record
    index: int
    job: Job
    item: Item | None

    @property
    def fields(self) -> Mapping[str, object]:
        """The fields of the item, or the error of the job if there is no item."""
        if self.item is None:
            return {"error": self.job.status, "details": self.job.message}
        return self.item.fields

    @property
    def error_cells(self) -> tuple[str, str]:
        """The error and its details, as text."""
        error, details = (flatten(self.fields.get(n)) for n in ("error", "details"))
        if self.item and not (error or details):
            error = error_text(self.item)
        return error, details


def find_failed_records(
    sent: Sequence[tuple[Job, Document]], *, all_of_failed_jobs: bool = False
) -> list[FailedRecord]:
    """Return the records whose items failed, in their order.

    Each job is given with the document that was sent for it. With
    ``all_of_failed_jobs``, include all records of a job that failed without items.
    Raise Unfinished if a job has not ended, and UsageError if it is in doubt which
    records failed.
    """
    _check_ended([job for job, _ in sent])
    found: list[FailedRecord] = []
    refused: list[UsageError] = []
    for job, document in sent:
        try:
            found += _find_in_job(job, document, all_of_failed_jobs=all_of_failed_jobs)
        except UsageError as error:
            refused.append(error)
    if refused:
        raise _first_of(refused)
    return found


def _first_of(errors: Sequence[UsageError]) -> UsageError:
    """Return the first error, which counts the others."""
    first, others = errors[0], len(errors) - 1
    if not others:
        return first
    files = "1 more file is" if others == 1 else f"{others} more files are"
    return UsageError(f"{first.message} ({files} in doubt)", hint=first.hint)


def _check_ended(jobs: Sequence[Job]) -> None:
    """Raise Unfinished if one of the jobs has not ended."""
    unfinished = [job for job in jobs if not judge(job).finished]
    if not unfinished:
        return
    first, count = unfinished[0], len(unfinished)
    if count == 1:
        message = f"{first.id} has not ended: its status is {first.status}"
        hint = f"Wait for its end with: jobstat watch {first.id}"
    else:
        message = f"{count} of {len(jobs)} jobs have not ended; the first is {first.id}"
        hint = "Wait for their end with: jobstat watch"
    raise Unfinished(message, hint=hint)


def _find_in_job(
    job: Job, document: Document, *, all_of_failed_jobs: bool
) -> list[FailedRecord]:
    """Return the records of one job whose items failed."""
    verdict, records = judge(job), document.records
    _check_count(job, document)
    if verdict is Verdict.OK and (not job.items or job.has_one_result):
        return []
    if job.has_one_result:
        raise doubt(job, "it has one result for all records")
    if not job.items and verdict is Verdict.JOB_FAILED:
        if all_of_failed_jobs:
            return [FailedRecord(r, i, job, None) for i, r in enumerate(records)]
        raise UsageError(
            f"{job.id} failed without results, so it is unknown which records failed",
            hint=_all_records_hint(job),
        )
    if 0 < len(job.items) < len(records):
        count = f"{len(job.items)} of {len(records)} records"
        raise doubt(job, f"it has results for only {count}")
    if verdict is not Verdict.OK and not job.failed:
        raise doubt(job, "it reports a failure without naming the record")
    if _shows_other_failure(job):
        raise doubt(job, "it reports a failure that its results do not explain")
    return [
        FailedRecord(records[place], place, job, item)
        for place, item in match_items(job, document).items()
    ]


def _all_records_hint(job: Job) -> str:
    if worked_on := count_worked_on(job):
        return (
            f"Zendesk had worked on {worked_on} of them. --all-of-failed-jobs writes"
            " all, which may create duplicates."
        )
    return "If none succeeded, add --all-of-failed-jobs to write all of them."


def count_worked_on(job: Job) -> int:
    """Return how many records Zendesk had worked on when a job failed without items."""
    is_failure = judge(job) is Verdict.JOB_FAILED and not job.items
    return max(job.progress or 0, 0) if is_failure else 0


def _shows_other_failure(job: Job) -> bool:
    """Return whether a job itself reports more failures than its items explain."""
    failed, succeeded = len(job.failed), len(job.items) - len(job.failed)
    if not (failed and succeeded):
        return False
    if None not in (job.total, job.progress):
        missing = (job.total or 0) - (job.progress or 0)
        if missing > failed:
            return True
    fields = {name: value for name, value in job.fields.items() if name != "results"}
    return shows_any_failure(_without_counts(fields, failed, succeeded))


def _without_counts(
    fields: Mapping[str, object], failed: int, succeeded: int
) -> dict[str, object]:
    """Return fields without the outcome words and counts that agree with the items."""
    others: dict[str, object] = {}
    for name, value in fields.items():
        key = plain_name(name)
        count = succeeded if key in SUCCESS_COUNTS else failed
        is_word = key in _OUTCOME_NAMES and isinstance(value, str | bool)
        if isinstance(value, dict):
            others[name] = _without_counts(value, failed, succeeded)
        elif not is_word and str(value).strip() != str(count):
            others[name] = value
    return others


def _check_count(job: Job, document: Document) -> None:
    """Raise UsageError if the file and the job differ in the number of records."""
    results = 0 if job.has_one_result else len(job.items)
    expected = results if job.total is None else max(job.total, results)
    is_unknown = job.total is None and not results
    if expected != len(document.records) and not is_unknown:
        given = len(document.records)
        records = "1 record" if given == 1 else f"{given} records"
        reason = f"it has {records}, the job has {expected}"
        raise wrong_file(job, document, reason)
