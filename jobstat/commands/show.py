"""``jobstat show``: the state of jobs, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from jobstat.commands.session import follow_named
from jobstat.jobs.watching import SHOW
from jobstat.options import shared_options

if TYPE_CHECKING:
    from jobstat.exits import Exit


EXAMPLES = """\b
Examples:
  jobstat show V3-3ce496a3d948e38821056b1ca5bc3866
  jobstat show V3-3ce496a3d948e38821056b1ca5bc3866 --json | jq -r .status
"""


@click.command("show", epilog=EXAMPLES)
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True)
@shared_options
def command(jobs: tuple[str, ...], *, exit_zero: bool, **options: Any) -> Exit:
    """Show the state of jobs, once.

    JOB is a job's id or its URL. The exit code is the answer: 0 says that
    every job completed and no item failed, 6 that items failed, 3 that a job
    failed, 8 that one is still queued or working; jobstat --help has them all.
    """
    return follow_named(jobs, SHOW, **options).exit(forgiving=exit_zero)
