"""``jobstat show``: the state of jobs, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jobstat.commands._shared import (
    connect,
    exit_code,
    new_watch,
    parse_job_args,
    run_watch,
)
from jobstat.exits import Exit
from jobstat.jobs.retry import SHOW
from jobstat.options import check_output_options, epilog, shared_options
from jobstat.views.reporter import DisplayOptions

if TYPE_CHECKING:
    from jobstat.invocation import Invocation

EXAMPLES = """
jobstat show V3-3ce496a3d948e38821056b1ca5bc3866
jobstat show V3-3ce496a3d948e38821056b1ca5bc3866 --json | jq -r .status
"""


@click.command("show", epilog=epilog(EXAMPLES, Exit.TIMEOUT))
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True)
@shared_options()
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    jobs: tuple[str, ...],
    base_url: str | None,
    subdomain: str | None,
    *,
    exit_zero: bool,
    quiet: bool,
    json: bool,
    color: str,
) -> Exit:
    """Show the state of jobs, once.

    JOB is a job's id or its URL, or - to read them from standard input: ids,
    URLs, or what Zendesk answered, in JSON. The exit code is the answer; it
    reads the results, whatever Zendesk's status word makes of them.
    """
    check_output_options(quiet=quiet, json=json)
    display = DisplayOptions(
        json=json, quiet=quiet, color=color, debug=invocation.debug
    )
    named, job_input = parse_job_args(jobs)
    with connect(base_url, subdomain, named) as connection:
        watch = new_watch((job.id for job in named), SHOW)
        run_watch(connection, watch, display, job_input)
    return exit_code(watch, job_input, exit_zero=exit_zero)
