"""The results of a job as a table."""

from __future__ import annotations

from collections.abc import Sequence

from jobstat.jobs.failures import error_text
from jobstat.jobs.job import Item, Job
from jobstat.jobs.signs import find_errors
from jobstat.jobs.text import flatten
from jobstat.views.sanitize import MAX_NAME, sanitize
from jobstat.views.table import MISSING, Column, Row, Table
from jobstat.views.wording import BAD, GOOD

_NAMES = ("title", "email", "external_id", "name")
"""Fields that name an item for people. The first that is there has a column."""

_NOT_IN_DETAILS = frozenset(
    {"index", "id", "account_id", "action", "status", "success"}
    | {"error", "errors", "details"}
)
"""Fields of an item that another column shows, or that people do not need."""

INDEX = Column("INDEX", label="index", numeric=True)
ID = Column("ID", label="id")
NAME = Column("NAME", own_line=True)
ACTION = Column("ACTION")
STATUS = Column("STATUS")
ERROR = Column("ERROR", own_line=True)
DETAILS = Column("DETAILS", own_line=True)

_COLUMNS = (INDEX, ID, NAME, ACTION, STATUS, ERROR, DETAILS)
_SHORT_COLUMNS = {INDEX, ID, ACTION, STATUS}
"""Columns whose texts are cut to MAX_NAME characters."""


def results_table(items: Sequence[Item], job: Job, max_length: int) -> Table:
    """Return a table of these items of the job, with the columns that any item fills.

    ``max_length`` is the maximum characters of a cell. The rest is only counted.
    """
    rows = [_sanitize_cells(_item_cells(item, job), max_length) for item in items]
    columns = [column for column in _COLUMNS if any(row.get(column) for row in rows)]
    if all(row[STATUS].casefold() == "failed" for row in rows):
        columns.remove(STATUS)  # the errors say it
    return Table(
        columns,
        [
            Row(
                BAD if item.failed else GOOD,
                "",
                [row.get(c) or (MISSING if c is ID else "") for c in columns],
            )
            for item, row in zip(items, rows, strict=True)
        ],
    )


def failures_first(job: Job) -> tuple[Item, ...]:
    """Return the items of a job: the failed ones, then the others in their order."""
    return job.failed + tuple(item for item in job.items if not item.failed)


def _item_cells(item: Item, job: Job) -> dict[Column, str]:
    """Return the text of each column, empty where the item has no such field."""
    fields = item.fields
    name = next((name for name in _NAMES if fields.get(name) not in (None, "")), "")
    shown = {name, *_NOT_IN_DETAILS, *(find_errors(fields) if item.failed else ())}
    details = [] if item.failed else [flatten(fields.get("details"))]
    details += [
        f"{field}={flatten(value)}"
        for field, value in fields.items()
        if field not in shown and value not in (None, "")
    ]
    return {
        INDEX: "all" if job.has_one_result else _format_index(item),
        ID: flatten(fields.get("id")),
        NAME: flatten(fields.get(name)),
        ACTION: flatten(fields.get("action")),
        STATUS: _item_status(item),
        ERROR: error_text(item) if item.failed else "",
        DETAILS: "  ".join(filter(None, details)),
    }


def _sanitize_cells(cells: dict[Column, str], max_length: int) -> dict[Column, str]:
    return {
        column: sanitize(text, MAX_NAME if column in _SHORT_COLUMNS else max_length)
        for column, text in cells.items()
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
