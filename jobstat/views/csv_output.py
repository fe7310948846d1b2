"""The results of all jobs as one CSV table."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING

from jobstat.jobs.csv_cell import defuse, format_cell
from jobstat.views.output import Output
from jobstat.views.sanitize import sanitize

if TYPE_CHECKING:
    from jobstat.jobs.job import Item, Job
    from jobstat.jobs.watch import Watch
    from jobstat.views.terminal import Terminal

FIRST_KEYS = ("index", "id", "action", "status", "success", "error", "details")
"""The keys whose columns every table has, after ``job_id``. A script may rely on them,
also if no item failed."""

ROWS_PER_WRITE = 1000
"""Rows that are written at once. A whole table may need more memory than its items."""


class CsvOutput(Output):
    """A table with a row for each item, written when all jobs are done.

    With ``failed_only``, only the failed items have a row. On a terminal, cells are
    sanitized. Elsewhere they are exact, in UTF-8.
    """

    def __init__(self, terminal: Terminal, *, failed_only: bool) -> None:
        super().__init__(terminal)
        self._failed_only = failed_only
        if not terminal.is_screen:
            terminal.use_utf8()

    def render(self, job: Job, elapsed: float | None = None) -> str:
        """Return nothing: the header needs the results of all jobs."""
        del job, elapsed
        return ""

    def report(self, watch: Watch, elapsed: float | None = None) -> None:
        """Write the table."""
        del elapsed
        answers = (tracked.unconfirmed or tracked.job for tracked in watch.jobs)
        jobs = [job for job in answers if job]
        rows = csv_rows(jobs, failed_only=self._failed_only)
        if self._terminal.is_screen:
            rows = ([sanitize(cell) for cell in row] for row in rows)
        while lines := list(islice(rows, ROWS_PER_WRITE)):
            self.write(format_csv(lines))


def csv_rows(jobs: Iterable[Job], *, failed_only: bool) -> Iterator[list[str]]:
    """Yield the cells of the header, then the cells of each item.

    The columns are ``job_id``, FIRST_KEYS, and the other keys of the items in the order
    in which they appear.
    """
    items = [
        (job, item)
        for job in jobs
        for item in (job.failed if failed_only else job.items)
    ]
    columns = dict.fromkeys(FIRST_KEYS)
    for _, item in items:
        columns |= dict.fromkeys(item.fields)
    header = _unique_names(["job_id", *columns])
    yield header
    positions = {key: position for position, key in enumerate(columns, 1)}
    blanks = [""] * (len(header) - 2)
    for job, item in items:
        row = [defuse(job.id), _position(job, item), *blanks]
        for key, value in item.fields.items():
            if value is not None:
                row[positions[key]] = format_cell(value)
        yield row


def _unique_names(keys: Iterable[str]) -> list[str]:
    """Return the names of columns, each of them once.

    A key that has the name of an earlier column, such as ``job_id``, gets a prefix.
    """
    names: dict[str, None] = {}
    for key in keys:
        name = defuse(key)
        while name in names:
            name = f"results.{name}"
        names[name] = None
    return list(names)


def _position(job: Job, item: Item) -> str:
    """Return the position of an item's record in the request, if it is known."""
    if item.index is None or job.has_one_result:
        return ""
    return str(item.index)


class _RowFile:
    """A file for ``csv.writer``, which returns each row with the line end of Unix.

    RFC 4180 ends a line with CR and LF. Unix tools would read the CR as a part of the
    last cell. Spreadsheets read both.
    """

    def write(self, row: str) -> str:
        return row.removesuffix("\r\n") + "\n"


def format_csv(rows: Iterable[list[str]]) -> str:
    """Return rows as CSV."""
    # The writer quotes a CR or LF in a cell only if its own line end contains it.
    writer = csv.writer(_RowFile(), lineterminator="\r\n")
    return "".join(map(writer.writerow, rows))
