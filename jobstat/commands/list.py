"""``jobstat list``: list the account's recent jobs."""

from __future__ import annotations

import click

from jobstat.commands._job_list import list_recent_jobs
from jobstat.commands._shared import connect
from jobstat.exits import Exit
from jobstat.jobs.listing import STATUSES
from jobstat.jobs.pages import find_id
from jobstat.jobs.policy import LISTING
from jobstat.jobs.reference import is_id
from jobstat.options import epilog, positive_number, shared_options
from jobstat.views.job_list import show_list

EXAMPLES = """
jobstat list
jobstat list --status failed --status items-failed
jobstat list --json --limit 1000 | jq -r .id | jobstat watch -
"""


@click.command("list", epilog=epilog(EXAMPLES))
@click.option(
    "--status",
    type=click.Choice(STATUSES),
    multiple=True,
    metavar="STATUS",
    help="List only jobs with this status. Repeat it for several.",
)
@click.option(
    "--limit",
    type=positive_number,
    metavar="NUMBER",
    default="30",
    help="Maximum number of jobs. Default: 30.",
)
@shared_options(exclude=("csv", "results", "quiet", "plain", "exit_zero"))
def command(
    base_url: str | None,
    subdomain: str | None,
    status: tuple[str, ...],
    limit: int,
    *,
    json: bool,
    color: str,
) -> Exit:
    """List the account's recent jobs.

    Unfinished jobs come first, then finished ones, the newest first. Zendesk deletes
    a job one day after it was created.

    STATUS is Zendesk's word: queued, working, completed, failed or killed. failed also
    lists jobs that were cancelled or aborted. Of the completed jobs, items-failed lists
    those with failed items.

    The exit code does not depend on the status of the jobs. It is 7 if an entry of
    the list has no valid id.
    """
    with connect(base_url, subdomain, policy=LISTING) as connection:
        account = connection.account.name
        listing = list_recent_jobs(connection, limit, status, for_people=not json)
    show_list(listing, account, filtered=bool(status), json=json, color=color)
    is_complete = all(is_id(find_id(entry) or "") for entry in listing.skipped)
    return Exit.OK if is_complete else Exit.UNAVAILABLE
