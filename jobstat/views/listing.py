"""The account's jobs, a line each."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from jobstat.views.many import line_of_job, painted, table
from jobstat.views.output import JsonOutput
from jobstat.views.terminal import open_terminal

if TYPE_CHECKING:
    from jobstat.jobs.listing import Recent


def show_list(
    found: Recent,
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
    if found.unread:
        stderr.note(
            f"jobstat: warning: {found.unread} entries of the list are no job status\n"
        )
    if json:
        output = JsonOutput(stdout, indented=stdout.interactive)
        for job in found.jobs:
            output.write(output.render(job))
        return
    width = stdout.size.columns if stdout.interactive else None
    jobs = [line_of_job(job) for job in found.jobs]
    lines = table(jobs, width, unicode=stdout.unicode)
    stdout.write("".join(painted(line, stdout) + "\n" for line in lines))
    if not found.jobs:
        such = "no such" if chosen else "no"
        stderr.note(f"jobstat: {such} jobs at {account}\n")
    elif found.total > len(found.jobs):
        shown = f"the newest {len(found.jobs)} of {found.total} jobs"
        stderr.note(f"jobstat: {shown}; see --limit\n")
