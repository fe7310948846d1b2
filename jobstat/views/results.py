"""The results of a job as a table."""

from __future__ import annotations

from collections.abc import Sequence

from jobstat.jobs.job import Item, Job
from jobstat.jobs.text import flatten
from jobstat.views.sanitize import MAX_NAME, sanitize
from jobstat.views.table import MISSING, Column, Row, Table
from jobstat.views.wording import BAD, GOOD

_NOT_IN_DETAILS = frozenset(
    {"index", "id", "account_id", "title", "action", "status", "success"}
    | {"error", "errors", "details"}
)
"""Fields of an item that another column shows, or that people do not need."""

INDEX = Column("INDEX", label="index", numeric=True)
ID = Column("ID", label="id")
TITLE = Column("TITLE", own_line=True)
ACTION = Column("ACTION")
STATUS = Column("STATUS")
ERRORS = Column("ERRORS", own_line=True)
DETAILS = Column("DETAILS", own_line=True)

_COLUMNS = (INDEX, ID, TITLE, ACTION, STATUS, ERRORS, DETAILS)
_NAME_COLUMNS = {INDEX, ID, ACTION, STATUS}
"""Columns whose texts are cut to MAX_NAME characters."""


def results_table(items: Sequence[Item], job: Job, max_length: int) -> Table:
    """Return a table of these items of the job, with the columns that any item fills.

    ``max_length`` is the maximum characters of a cell. The rest is only counted.
    """
    rows = [_sanitize_cells(_item_cells(item, job), max_length) for item in items]
    columns = [column for column in _COLUMNS if any(column in row for row in rows)]
    defaults = [MISSING if column is ID else "" for column in columns]
    return Table(
        columns,
        [
            Row(
                BAD if item.failed else GOOD,
                "",
                [row.get(c) or d for c, d in zip(columns, defaults, strict=True)],
            )
            for item, row in zip(items, rows, strict=True)
        ],
    )


def failures_first(job: Job) -> tuple[Item, ...]:
    """Return the items of a job: the failed ones, then the others in their order."""
    return job.failed + tuple(item for item in job.items if not item.failed)


def _item_cells(item: Item, job: Job) -> dict[Column, str | None]:
    """Return the text of each column, or None where the item has no such field."""
    fields = item.fields
    errors = [fields.get("error"), fields.get("errors")]
    details = [fields.get("details")]
    if item.failed:
        errors, details = errors + details, []
    details += [
        f"{name}={flatten(value)}"
        for name, value in fields.items()
        if name not in _NOT_IN_DETAILS and value not in (None, "")
    ]
    return {
        INDEX: "all" if job.has_one_result else _format_index(item),
        ID: _join("", fields.get("id")),
        TITLE: _join("", fields.get("title")),
        ACTION: _join("", fields.get("action")),
        STATUS: _item_status(item),
        ERRORS: _join(": ", *errors),
        DETAILS: _join("  ", *details) or None,
    }


def _sanitize_cells(
    cells: dict[Column, str | None], max_length: int
) -> dict[Column, str]:
    return {
        column: sanitize(text, MAX_NAME if column in _NAME_COLUMNS else max_length)
        for column, text in cells.items()
        if text is not None
    }


def _format_index(item: Item) -> str:
    return MISSING if item.index is None else str(item.index)


def _item_status(item: Item) -> str:
    """Return the item's status, and "failed" if the status hides the failure."""
    status = flatten(item.fields.get("status")).strip()
    if not item.failed:
        return status or "ok"
    if status.casefold() in {"", "failed"}:
        return status or "failed"
    return f"{status}, failed"


def _join(separator: str, *values: object) -> str | None:
    """Return the values as one text, or None if all of them are missing."""
    texts = [flatten(value) for value in values if value is not None]
    return separator.join(filter(None, texts)) if texts else None
