"""``jobstat show``: show the status of jobs."""

from __future__ import annotations

import click

from jobstat.commands._shared import (
    STANDARD_INPUT,
    account_options,
    connect,
    exit_code,
    new_watch,
    no_job_error,
    parse_job_args,
    run_watch,
)
from jobstat.exits import Exit
from jobstat.invocation import Invocation
from jobstat.jobs.policy import SHOW
from jobstat.options import check_output_options, epilog, shared_options
from jobstat.views.reporter import DisplayOptions

EXAMPLES = """
jobstat show V3-3ce496a3d948e38821056b1ca5bc3866
jobstat show V3-3ce496a3d948e38821056b1ca5bc3866 --json | jq -r .status
"""
EXIT_CODES = [code for code in Exit if code is not Exit.TIMEOUT]


@click.command("show", epilog=epilog(EXAMPLES, EXIT_CODES))
@click.argument("jobs", metavar="JOB...", nargs=-1)
@shared_options()
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    jobs: tuple[str, ...],
    base_url: str | None,
    subdomain: str | None,
    *,
    json: bool,
    csv: bool,
    results: str | None,
    quiet: bool,
    plain: bool,
    color: str,
    exit_zero: bool,
) -> Exit:
    """Show the status of jobs.

    JOB is a job's id or URL. Use - to read jobs from standard input: ids, URLs or
    Zendesk's answers in JSON.

    The exit code is the result. Failed items count even if Zendesk calls the job
    completed. With several jobs, the most serious result wins.
    """
    if not jobs:
        raise no_job_error("Give a job's id or URL.")
    display = DisplayOptions(
        json=json,
        csv=csv,
        results=results,
        quiet=quiet,
        plain=plain,
        color=color,
        debug=invocation.debug,
        account=account_options(base_url, subdomain),
        once=True,
        from_stdin=set(jobs) == {STANDARD_INPUT},
    )
    check_output_options(display)
    args = parse_job_args(jobs)
    with connect(base_url, subdomain, args.jobs) as connection:
        watch = new_watch(connection, args.ids, SHOW)
        run_watch(connection, watch, display, args.warnings)
    return exit_code(watch, args, exit_zero=exit_zero)
