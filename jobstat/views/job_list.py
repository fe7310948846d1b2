"""The account's list of jobs, as a table for people or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jobstat.jobs.job import Job, judge
from jobstat.jobs.listing import lacks_listed_results
from jobstat.views.layout import render_lines
from jobstat.views.message_time import format_age, format_time, parse_message
from jobstat.views.output import JsonOutput
from jobstat.views.sanitize import MAX_MESSAGE, MAX_NAME, sanitize
from jobstat.views.summary import format_outcome
from jobstat.views.table import MISSING, Column, Row, Table, table_lines
from jobstat.views.terminal import Terminal, standard_error, standard_output
from jobstat.views.wording import UNKNOWN, Glyph, job_id, short_status, status_glyph

if TYPE_CHECKING:
    from jobstat.jobs.listing import JobListing


def show_list(
    listing: JobListing,
    account: str,
    *,
    filtered: bool,
    json: bool = False,
    color: str = "auto",
) -> None:
    """Write a list of jobs to stdout, and notes about it to stderr.

    With ``filtered``, the user asked only for jobs with certain statuses.
    """
    stdout, stderr = standard_output(color), standard_error(color)
    if skipped := len(listing.skipped):
        entries = "entry of the list is" if skipped == 1 else "entries of the list are"
        warning = f"{skipped} {entries} not a job status"
        stderr.print_quietly(f"jobstat: warning: {warning}\n")
    if json:
        output = JsonOutput(stdout, indented=stdout.interactive)
        # A script may use a skipped entry's id, or see that it has none.
        for entry in (*(job.fields for job in listing.jobs), *listing.skipped):
            output.write(output.dump(entry))
    elif listing.jobs:
        stdout.write(render_list(listing.jobs, stdout))
    if not listing.jobs and not json:
        jobs = "no such jobs" if filtered else "no jobs"
        stderr.print_quietly(f"jobstat: {jobs} at {account}\n")
    elif listing.total > len(listing.jobs):
        shown = f"{len(listing.jobs):,} of {listing.total:,} jobs"
        stderr.print_quietly(f"jobstat: {shown}; --limit shows more\n")


def render_list(jobs: Sequence[Job], terminal: Terminal) -> str:
    """Return the table of jobs as text."""
    is_log = not terminal.interactive
    width = None if is_log else terminal.size.columns
    table = jobs_table(jobs, None if is_log else datetime.now(UTC))
    return render_lines(table_lines(table, width, glyphs=terminal.glyphs), terminal)


STATUS_HEADING = "STATUS"
ITEMS = Column("ITEMS")
TYPE = Column("TYPE", own_line=True)
CREATED = Column("CREATED", label="created", own_line=True)
ENDED = Column("ENDED", label="ended", own_line=True)
ID = Column("ID", own_line=True, below=True)
MESSAGE = Column("MESSAGE", optional=True)

_COLUMNS = (ITEMS, TYPE, CREATED, ENDED, ID, MESSAGE)


def jobs_table(jobs: Sequence[Job], now: datetime | None) -> Table:
    """Return a table with a row for each job, with the columns that any job fills.

    Times are ages at ``now``, or if it is None, dates for a log.
    """
    rows = [_cells(job, now) for job in jobs]
    columns = [column for column in _COLUMNS if any(row[column] for row in rows)]
    blanks = ["" if column is MESSAGE else MISSING for column in columns]
    return Table(
        columns,
        [
            Row(
                *_status(job),
                [row[c] or b for c, b in zip(columns, blanks, strict=True)],
            )
            for job, row in zip(jobs, rows, strict=True)
        ],
        STATUS_HEADING,
    )


def _status(job: Job) -> tuple[Glyph, str]:
    """Return the glyph and the status. A job without its results has no verdict."""
    if lacks_listed_results(job):
        return UNKNOWN, "no results"
    return status_glyph(job), short_status(job)


def _cells(job: Job, now: datetime | None) -> dict[Column, str]:
    message, times = job.message or "", {CREATED: "", ENDED: ""}
    parsed = parse_message(message)
    if parsed and (parsed.is_beginning or judge(job).finished):
        time = format_age(parsed.moment, now) if now else format_time(parsed.moment)
        times[CREATED if parsed.is_beginning else ENDED] = time
        message = parsed.rest
    return times | {
        ITEMS: format_outcome(job),
        TYPE: sanitize(job.job_type or "", MAX_NAME),
        ID: job_id(job),
        MESSAGE: sanitize(message, MAX_MESSAGE),
    }
