"""``jobstat demo``: a pretend Zendesk, played to the end or kept up."""

from __future__ import annotations

import threading
from time import time
from typing import TYPE_CHECKING

import click

from jobstat.errors import UsageError
from jobstat.options import duration as duration_of_option
from jobstat.options import epilog, positive_duration
from jobstat.views.terminal import standard_output

if TYPE_CHECKING:
    from jobstat.demo.server import DemoServer

TICKETS = 40
EXAMPLES = """
jobstat demo
jobstat demo --failures 0 --duration 3s
jobstat demo --serve --port 8080
"""


def percent(text: str) -> float:
    """A share from 0 to 1, from ``10`` or ``10%``."""
    number = text.removesuffix("%")
    if not (number.isascii() and number.isdigit() and int(number[:4]) <= 100):  # noqa: PLR2004 - percent
        raise click.BadParameter(f"not a number from 0 to 100: {text}")
    return int(number) / 100


@click.command("demo", epilog=epilog(EXAMPLES))
@click.option("--serve", is_flag=True, help="Stay up, for jobs of your own.")
@click.option(
    "--port",
    type=int,
    metavar="PORT",
    help="Where to listen on 127.0.0.1. Default: any free port.",
)
@click.option(
    "--duration",
    type=positive_duration,
    metavar="DURATION",
    default="8s",
    help="How long a job takes. Default: 8s.",
)
@click.option(
    "--failures",
    type=percent,
    metavar="PERCENT",
    default="10",
    help="How many of a job's items fail; with 100 the job fails. Default: 10.",
)
@click.option(
    "--token-life",
    type=positive_duration,
    metavar="DURATION",
    help="How long OAuth's access tokens live. Default: as they are asked for.",
)
@click.option(
    "--token-delay",
    type=duration_of_option,
    metavar="DURATION",
    default="0",
    help="How long OAuth takes to answer with tokens. Default: 0.",
)
def command(
    *,
    serve: bool,
    port: int | None,
    duration: float,
    failures: float,
    token_life: float | None,
    token_delay: float,
) -> int:
    """Play a job on a pretend Zendesk and watch it.

    Nothing leaves this machine: a small server on 127.0.0.1 answers as
    Zendesk would, and jobstat watches a job of 40 tickets there. With --serve
    it stays up instead, and says how to use it.
    """
    from jobstat.demo.server import DemoServer

    try:
        server = DemoServer(
            port=port or 0,
            duration=duration,
            failures=failures,
            token_life=token_life,
            token_delay=token_delay,
        )
    except (OSError, OverflowError) as error:
        why = getattr(error, "strerror", None) or "no such port"
        raise UsageError(
            f"cannot listen on 127.0.0.1:{port}: {why}",
            hint="Choose another --port.",
        ) from error
    with server:
        if serve:
            _serve(server)
        else:
            _play(server)
    return 0


def _play(server: DemoServer) -> None:
    from jobstat.commands._shared import connect_to, new_watch, run_watch
    from jobstat.demo.server import TOKEN
    from jobstat.jobs.retry import WatchPolicy
    from jobstat.views.reporter import DisplayOptions
    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.auth.credentials import bearer
    from jobstat.zendesk.auth.providers import CredentialProvider

    out = standard_output()
    out.paragraph(f"A pretend Zendesk at {server.base_url} creates {TICKETS} tickets.")
    tickets = [{"comment": {"body": f"Ticket {n}"}} for n in range(TICKETS)]
    job = server.account.create(tickets, time())
    account = Account(server.base_url)
    with connect_to(
        account, CredentialProvider(bearer(TOKEN, "the demo"))
    ) as connection:
        watch = new_watch([job["id"]], WatchPolicy())
        run_watch(connection, watch, DisplayOptions())
    code = watch.exit()
    out.print("\n")
    out.paragraph(
        f"The demo ends with 0; a script that ran jobstat watch would have seen"
        f" exit code {code:d} ({code.slug}): {code.meaning}."
    )


def _serve(server: DemoServer) -> None:
    from jobstat.demo.oauth import CLIENT_SECRET, CONFIDENTIAL_CLIENT, PUBLIC_CLIENT
    from jobstat.demo.server import TOKEN

    url = server.base_url
    standard_output().print(f"""\
A pretend Zendesk is up at {url} until Ctrl-C. In another terminal:

  export JOBSTAT_BASE_URL={url}
  export ZENDESK_OAUTH_TOKEN={TOKEN}
  curl -s {url}/api/v2/tickets/create_many.json \\
    -H "Authorization: Bearer $ZENDESK_OAUTH_TOKEN" \\
    -H 'Content-Type: application/json' \\
    -d '{{"tickets": [{{"description": "Help!"}}, {{"subject": "no text"}}]}}' |
    jobstat watch -

To log in by OAuth instead, unset ZENDESK_OAUTH_TOKEN and say:

  jobstat auth login --client-id {PUBLIC_CLIENT}
  echo {CLIENT_SECRET} | jobstat auth login --client-id {CONFIDENTIAL_CLIENT} \\
    --with-secret
""")
    threading.Event().wait()
