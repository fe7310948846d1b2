"""The account's jobs, a line each."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from jobstat.views.many import line_of_job, table, to_ansi
from jobstat.views.report import JsonOutput
from jobstat.views.terminal import open_terminal

if TYPE_CHECKING:
    from jobstat.jobs.listing import JobListing
    from jobstat.views.terminal import Terminal


def show_list(
    found: JobListing,
    account: str,
    *,
    chosen: bool,
    json: bool = False,
    color: str = "auto",
) -> None:
    """Write the jobs to stdout, and what is to be said of them to stderr.

    ``chosen`` is whether only some were looked for.
    """
    stdout = open_terminal(sys.stdout, os.environ, color)
    stderr = open_terminal(sys.stderr, os.environ, color)
    if found.skipped:
        one = len(found.skipped) == 1
        what = "entry of the list is" if one else "entries of the list are"
        stderr.print_quietly(
            f"jobstat: warning: {len(found.skipped)} {what} no job status\n"
        )
    if json:
        output = JsonOutput(stdout, indented=stdout.interactive)
        # What reads this may ask for an entry by its id, and notice one without.
        for entry in (*(job.fields for job in found.jobs), *found.skipped):
            output.write(output.dump(entry))
    else:
        _write_lines(found, stdout)
    if not found.jobs and not json:
        such = "no such" if chosen else "no"
        stderr.print_quietly(f"jobstat: {such} jobs at {account}\n")
    elif found.total > len(found.jobs):
        shown = f"the newest {len(found.jobs)} of {found.total} jobs"
        stderr.print_quietly(f"jobstat: {shown}; see --limit\n")


def _write_lines(found: JobListing, stdout: Terminal) -> None:
    width = stdout.size.columns if stdout.interactive else None
    jobs = [line_of_job(job) for job in found.jobs]
    lines = table(jobs, width, unicode=stdout.unicode)
    stdout.write("".join(to_ansi(line, stdout) + "\n" for line in lines))
