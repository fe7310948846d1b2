"""``jobstat list``: the account's recent jobs."""

from __future__ import annotations

import click

from jobstat.commands._shared import connect, recent_jobs
from jobstat.exits import Exit
from jobstat.jobs.job import KNOWN_STATES
from jobstat.jobs.pages import id_in
from jobstat.jobs.reference import is_id
from jobstat.options import epilog, shared_options
from jobstat.views.listing import show_list

EXAMPLES = """
jobstat list
jobstat list --status failed --status killed
jobstat list --json --limit 1000 | jq -r .id | jobstat watch -
"""


@click.command("list", epilog=epilog(EXAMPLES))
@click.option(
    "--status",
    type=click.Choice(KNOWN_STATES),
    multiple=True,
    metavar="STATUS",
    help=f"Only jobs of this status: {', '.join(KNOWN_STATES)}. May be given"
    " several times.",
)
@click.option(
    "--limit",
    type=click.IntRange(min=1),
    metavar="NUMBER",
    default=30,
    help="As many jobs at most. Default: 30.",
)
@shared_options(exclude=("quiet", "exit_zero"))
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

    Those that are not finished come first, then the others by their end, the
    newest first. Zendesk forgets a job one day after it was created. The exit
    code says nothing of how the jobs stand; it is 7 where an entry of the list
    has no id.
    """
    with connect(base_url, subdomain) as connection:
        account = connection.account.name
        found = recent_jobs(connection, limit, status)
    show_list(found, account, chosen=bool(status), json=json, color=color)
    is_lost = any(not is_id(id_in(entry) or "") for entry in found.skipped)
    return Exit.UNAVAILABLE if is_lost else Exit.OK
