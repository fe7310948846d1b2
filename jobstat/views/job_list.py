"""The account's list of jobs, as a table for people or as JSON."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from jobstat.views.layout import render_lines
from jobstat.views.output import JsonOutput
from jobstat.views.sanitize import MAX_MESSAGE, sanitize
from jobstat.views.summary import format_outcome
from jobstat.views.table import Column, Row, Table, table_lines
from jobstat.views.terminal import open_terminal
from jobstat.views.wording import job_id, job_title, short_status, status_glyph

if TYPE_CHECKING:
    from jobstat.jobs.job import Job
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
    stdout = open_terminal(sys.stdout, os.environ, color)
    stderr = open_terminal(sys.stderr, os.environ, color)
    if skipped := len(listing.skipped):
        entries = "entry of the list is" if skipped == 1 else "entries of the list are"
        warning = f"{skipped} {entries} not a job status"
        stderr.print_quietly(f"jobstat: warning: {warning}\n")
    if json:
        output = JsonOutput(stdout, indented=stdout.interactive)
        # A script may use a skipped entry's id, or see that it has none.
        for entry in (*(job.fields for job in listing.jobs), *listing.skipped):
            output.write(output.dump(entry))
    else:
        width = stdout.size.columns if stdout.interactive else None
        table = jobs_table(listing.jobs)
        lines = table_lines(table, width, glyphs=stdout.glyphs)
        stdout.write(render_lines(lines, stdout))
    if not listing.jobs and not json:
        such = "no such" if filtered else "no"
        stderr.print_quietly(f"jobstat: {such} jobs at {account}\n")
    elif listing.total > len(listing.jobs):
        shown = f"the newest {len(listing.jobs)} of {listing.total} jobs"
        stderr.print_quietly(f"jobstat: {shown}; see --limit\n")


def jobs_table(jobs: Iterable[Job]) -> Table:
    """Return a table with a row for each job."""
    columns = (
        Column(numeric=True),
        Column(optional=True, own_line=True),
        Column(own_line=True),
        Column(optional=True),
    )
    return Table(columns, [_row(job) for job in jobs])


def _row(job: Job) -> Row:
    message = sanitize(job.message or "", MAX_MESSAGE)
    cells = [format_outcome(job), job_title(job), job_id(job), message]
    return Row(status_glyph(job), short_status(job), cells)
