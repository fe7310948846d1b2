"""The texts of the files that hold the failed records."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from jobstat.jobs.failed_records import FailedRecord
from jobstat.jobs.records import Document, Format
from jobstat.jobs.records_csv import add_errors

NAME_STARTS = ("retry-", "errors-")
"""The beginnings of the names of all files."""


@dataclass(frozen=True, slots=True)
class RetryFiles:
    """The files with the records, and the files with their errors, by name."""

    records: dict[str, str]
    errors: dict[str, str]


def render_document(
    template: Document, failed: Sequence[FailedRecord], *, with_errors: bool = False
) -> str:
    """Return a document like ``template`` that holds the failed records.

    ``with_errors`` adds two columns to CSV.
    """
    document = template.with_records([record.record for record in failed])
    if with_errors and template.format is Format.CSV:
        document = add_errors(document, [record.error_cells for record in failed])
    return document.text


def render_files(
    template: Document, failed: Sequence[FailedRecord], batch: int, *, with_errors: bool
) -> RetryFiles:
    """Return files of at most ``batch`` records each.

    ``with_errors`` adds two columns to CSV, and a file beside each file of JSON.
    """
    files = RetryFiles({}, {})
    batches = [failed[i : i + batch] for i in range(0, len(failed), batch)]
    digits = max(3, len(str(len(batches))))
    for number, records in enumerate(batches, start=1):
        name = f"{number:0{digits}}"
        text = render_document(template, records, with_errors=with_errors)
        files.records[f"retry-{name}.{template.format.value}"] = text
        if with_errors and template.format is not Format.CSV:
            # Not "retry-*.jsonl": a loop over the files must not send the errors.
            files.errors[f"errors-{name}.jsonl"] = _render_errors(records)
    return files


def _render_errors(failed: Sequence[FailedRecord]) -> str:
    """Return a line of JSON for each record: its place, and why it failed."""
    text = ""
    for position, record in enumerate(failed):
        error, details = record.error_cells
        line = {
            "position": position,
            "job_id": record.job.id,
            "index": record.index,
            "id": record.fields.get("id"),
            "error": error,
            "details": details,
        }
        text += f"{json.dumps(line)}\n"
    return text
