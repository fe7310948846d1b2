"""``jobstat show``: the state of jobs, once."""

from __future__ import annotations

from typing import Any

import click

from jobstat.commands._shared import (
    code_of,
    connect,
    follow_at,
    jobs_named,
    watch_of,
)
from jobstat.exits import Exit
from jobstat.jobs.retry import SHOW
from jobstat.options import check_output_options, epilog, shared_options

EXAMPLES = """
jobstat show V3-3ce496a3d948e38821056b1ca5bc3866
jobstat show V3-3ce496a3d948e38821056b1ca5bc3866 --json | jq -r .status
"""


@click.command("show", epilog=epilog(EXAMPLES, Exit.TIMEOUT))
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True)
@shared_options()
def command(
    jobs: tuple[str, ...],
    base_url: str | None,
    subdomain: str | None,
    *,
    exit_zero: bool,
    quiet: bool,
    json: bool,
    **look: Any,
) -> Exit:
    """Show the state of jobs, once.

    JOB is a job's id or its URL, or - to read them from standard input: ids,
    URLs, or what Zendesk answered, in JSON. The exit code is the answer; it
    reads the results, whatever Zendesk's status word makes of them.
    """
    check_output_options(quiet=quiet, json=json)
    named, feed = jobs_named(jobs)
    with connect(base_url, subdomain, named) as connection:
        watch = watch_of((job.id for job in named), SHOW)
        follow_at(connection, watch, feed, quiet=quiet, json=json, **look)
    return code_of(watch, feed, exit_zero=exit_zero)
