"""``jobstat show``: the state of jobs, once."""

from __future__ import annotations

from typing import Any

import click

from jobstat.commands.session import follow_named
from jobstat.exits import Exit
from jobstat.jobs.watching import SHOW
from jobstat.options import epilog, shared_options

EXAMPLES = """
jobstat show V3-3ce496a3d948e38821056b1ca5bc3866
jobstat show V3-3ce496a3d948e38821056b1ca5bc3866 --json | jq -r .status
"""


@click.command("show", epilog=epilog(EXAMPLES, Exit.TIMEOUT))
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True)
@shared_options
def command(jobs: tuple[str, ...], *, exit_zero: bool, **options: Any) -> Exit:
    """Show the state of jobs, once.

    JOB is a job's id or its URL. The exit code is the answer; it reads the
    results, whatever Zendesk's status word makes of them.
    """
    return follow_named(jobs, SHOW, **options).exit(forgiving=exit_zero)
