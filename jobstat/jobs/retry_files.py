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
    model: Document, failed: Sequence[FailedRecord], *, with_errors: bool = False
) -> str:
    """Return a document like ``model`` that holds the failed records.

    ``with_errors`` adds two columns to CSV.
    """
    document = model.with_records([one.record for one in failed])
    if with_errors and model.format is Format.CSV:
        document = add_errors(document, [one.error_cells for one in failed])
    return document.text


def render_files(
    model: Document, failed: Sequence[FailedRecord], batch: int, *, with_errors: bool
) -> RetryFiles:
    """Return files of at most ``batch`` records each.

    ``with_errors`` adds two columns to CSV, and a file beside each file of JSON.
    """
    files = RetryFiles({}, {})
    batches = [failed[i : i + batch] for i in range(0, len(failed), batch)]
    digits = max(3, len(str(len(batches))))
    for number, records in enumerate(batches, start=1):
        name = f"{number:0{digits}}"
        text = render_document(model, records, with_errors=with_errors)
        files.records[f"retry-{name}.{model.format.value}"] = text
        if with_errors and model.format is not Format.CSV:
            # Not "retry-*.jsonl": a loop over the files must not send the errors.
            files.errors[f"errors-{name}.jsonl"] = _render_errors(records)
    return files


def _render_errors(failed: Sequence[FailedRecord]) -> str:
    """Return a line of JSON for each record: its place, and why it failed."""
    text = ""
    for position, one in enumerate(failed):
        error, details = one.error_cells
        line = {
            "position": position,
            "job_id": one.job.id,
            "index": one.index,
            "id": one.fields.get("id"),
            "error": error,
            "details": details,
        }
        text += f"{json.dumps(line)}\n"
    return text
