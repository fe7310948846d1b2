"""Find the records whose items failed. Refuse if the results leave a doubt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from jobstat.errors import JobstatError, UsageError
from jobstat.exits import Exit
from jobstat.jobs.failures import error_text
from jobstat.jobs.job import Item, Job, Verdict, judge
from jobstat.jobs.records import KEYS, Document, Record, comparable
from jobstat.jobs.text import flatten


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
        """The fields of the item, or those of the job that stand for them."""
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
    return [
        record
        for job, document in sent
        for record in _find_in_job(job, document, all_of_failed_jobs=all_of_failed_jobs)
    ]


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
        raise _doubt(job, "it has one result for all records")
    if not job.items and verdict is Verdict.JOB_FAILED:
        if all_of_failed_jobs:
            return [FailedRecord(r, i, job, None) for i, r in enumerate(records)]
        raise UsageError(
            f"{job.id} failed without results, so it is unknown which records failed",
            hint="If none succeeded, add --all-of-failed-jobs to write all of them.",
        )
    if 0 < len(job.items) < len(records):
        count = f"{len(job.items)} of {len(records)} records"
        raise _doubt(job, f"it has results for only {count}")
    if verdict is not Verdict.OK and not job.failed:
        raise _doubt(job, "it reports a failure, but not of which record")
    return _match_items(job, document) if job.failed else []


def _check_count(job: Job, document: Document) -> None:
    """Raise UsageError if the file and the job differ in the number of records."""
    results = 0 if job.has_one_result else len(job.items)
    expected = results if job.total is None else max(job.total, results)
    is_unknown = job.total is None and not results
    if expected != len(document.records) and not is_unknown:
        given = len(document.records)
        reason = f"it has {given} records, the job has {expected}"
        raise _wrong_file(job, document, reason)


def _match_items(job: Job, document: Document) -> list[FailedRecord]:
    """Match the failed items to records by the first field that they all have."""
    for name in ("index", *KEYS):
        if all(_value(name, item) for item in job.failed):
            break
    else:
        fields = f"index, {', '.join(KEYS[:-1])} or {KEYS[-1]}"
        raise _doubt(job, f"its failed results have no {fields}")
    places: dict[str, list[int]] = {}
    for place, record in enumerate(document.records):
        value = str(place) if name == "index" else record.keys.get(name, "")
        places.setdefault(value, []).append(place)
    uses = Counter(_value(name, item) for item in job.items)
    failed_records = []
    for item in job.failed:
        value = _value(name, item)
        matches = places.get(value, [])
        if uses[value] > 1:
            raise _doubt(job, f"{uses[value]} results have the {name} {value}")
        if len(matches) != 1:
            count = f"{len(matches)} records have" if matches else "no record has"
            raise _wrong_file(job, document, f"{count} the {name} {value}")
        (place,) = matches
        record = document.records[place]
        _check_same(job, document, record, item)
        failed_records.append(FailedRecord(record, place, job, item))
    return sorted(failed_records, key=lambda failed: failed.index)


def _value(name: str, item: Item) -> str:
    """Return the value of an item's field as text, empty if there is none.

    Only Zendesk's own ``index`` counts, not the item's place in the results.
    """
    value = comparable(name, item.fields.get(name))
    if name == "index":
        return str(item.index) if value.isascii() and value.isdecimal() else ""
    return value


def _check_same(job: Job, document: Document, record: Record, item: Item) -> None:
    """Raise UsageError if a record and its item are about different things.

    Compare the first field that both have: an update may change the others.
    """
    for name in KEYS:
        given, expected = record.keys.get(name), _value(name, item)
        if given and expected:
            if given != expected:
                reason = f"a record has the {name} {given} where the job has {expected}"
                raise _wrong_file(job, document, reason)
            return


def _doubt(job: Job, reason: str) -> UsageError:
    return UsageError(
        f"it is unknown which records of {job.id} failed: {reason}",
        hint=f"See its results with: jobstat show {job.id} --json",
    )


def _wrong_file(job: Job, document: Document, reason: str) -> UsageError:
    return UsageError(
        f"{document.name} does not fit {job.id}: {reason}",
        hint="Give each job the file that was sent for it.",
    )
