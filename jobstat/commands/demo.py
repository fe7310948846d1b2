"""``jobstat demo``: run a sample job on a local fake Zendesk."""

from __future__ import annotations

import gc
import os
import re
import shlex
import shutil
import sys
import threading
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

import click

from jobstat import options
from jobstat.errors import UsageError
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
    """Parse a percentage such as ``10`` or ``10%`` into a share from 0 to 1."""
    number = text.removesuffix("%")
    if not re.fullmatch("100|[0-9]{1,2}", number):
        raise click.BadParameter(f"not a whole number from 0 to 100: {text!r}")
    return int(number) / 100


@click.command("demo", epilog=options.epilog(EXAMPLES))
@click.option(
    "--serve", is_flag=True, help="Keep the server running for your own jobs."
)
@click.option(
    "--port",
    type=int,
    metavar="PORT",
    help="Port on 127.0.0.1, from 1 to 65535. Default: any free port.",
)
@click.option(
    "--duration",
    type=options.positive_duration,
    metavar="DURATION",
    default="8s",
    help="Time that a job takes. Default: 8s.",
)
@click.option(
    "--failures",
    type=percent,
    metavar="PERCENT",
    default="10",
    help="Share of a job's items that fail; at 100 the job fails. Default: 10.",
)
@click.option(
    "--token-life",
    type=options.positive_duration,
    metavar="DURATION",
    help="Lifetime of OAuth access tokens. Default: as the client requests.",
)
@click.option(
    "--token-delay",
    type=options.duration,
    metavar="DURATION",
    default="0",
    help="Delay before OAuth answers a token request. Default: 0.",
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
    """Run a sample job on a local fake Zendesk.

    A small server on 127.0.0.1 answers as Zendesk does, and jobstat watches a job of
    40 tickets there. No data leaves this machine. With --serve the server keeps
    running, and jobstat prints how to use it.

    DURATION is a time such as 90, 90s, 10m or 1h30m.
    """
    from jobstat.demo.server import DemoServer

    try:
        server = DemoServer(
            port=port or 0,
            duration=duration,
            failure_share=failures,
            token_lifetime=token_life,
            token_delay=token_delay,
        )
    except OverflowError as error:
        raise UsageError(
            f"no such port: {port}", hint="Choose a --port from 1 to 65535."
        ) from error
    except OSError as error:
        raise UsageError(
            f"cannot listen on 127.0.0.1:{port or 0}: {error.strerror}",
            hint="Choose another --port, or leave --port out.",
        ) from error
    with server:
        if serve:
            _serve(server)
        else:
            _run_job(server)
    return 0


def _run_job(server: DemoServer) -> None:
    from jobstat.commands._shared import connect_to, new_watch, run_watch
    from jobstat.demo.api import TOKEN
    from jobstat.jobs.policy import WatchPolicy
    from jobstat.views.reporter import DisplayOptions
    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.auth.credentials import bearer
    from jobstat.zendesk.auth.providers import FixedProvider

    out = standard_output()
    out.paragraph(f"A fake Zendesk at {server.base_url} creates {TICKETS} tickets.")
    tickets = [{"comment": {"body": f"Ticket {n}"}} for n in range(TICKETS)]
    job = server.account.create_tickets(tickets, time())
    policy, provider = WatchPolicy(), FixedProvider(bearer(TOKEN, "the demo"))
    with connect_to(Account(server.base_url), provider, policy) as connection:
        watch = new_watch(connection, [job["id"]], policy)
        run_watch(connection, watch, DisplayOptions(account=None))
    code = watch.exit()
    out.print("\n")
    out.paragraph(
        f"The demo exits with 0. For this job, jobstat watch exits with {code:d}"
        f" ({code.slug}): {code.meaning}."
    )
    out.paragraph("Add --serve to create and watch jobs of your own.")


def _serve(server: DemoServer) -> None:
    from jobstat.demo.api import TOKEN
    from jobstat.demo.oauth import CLIENT_SECRET, CONFIDENTIAL_CLIENT, PUBLIC_CLIENT

    url, jobstat = server.base_url, _command_for_another_terminal()
    standard_output().print(f"""\
A fake Zendesk runs at {url} until Ctrl-C. In another terminal:

  export JOBSTAT_BASE_URL={url}
  export ZENDESK_OAUTH_TOKEN={TOKEN}
  curl -s {url}/api/v2/tickets/create_many.json \\
    -H "Authorization: Bearer $ZENDESK_OAUTH_TOKEN" \\
    -H 'Content-Type: application/json' \\
    -d '{{"tickets": [{{"description": "Help!"}}, {{"subject": "no text"}}]}}' |
    {jobstat} watch -

To log in by OAuth instead, unset ZENDESK_OAUTH_TOKEN and run:

  {jobstat} auth login --client-id {PUBLIC_CLIENT}
  echo {CLIENT_SECRET} | {jobstat} auth login --client-id {CONFIDENTIAL_CLIENT} \\
    --with-secret
""")
    gc.enable()  # the server may run for days
    threading.Event().wait()  # until a signal


def _command_for_another_terminal() -> str:
    """Return jobstat, or a longer command if PATH may lack it there.

    uvx and an activated virtual environment change PATH only in this terminal.
    """
    started = Path(os.path.abspath(sys.argv[0]))  # noqa: PTH100 - keep symbolic links
    if started.name == "__main__.py":
        return shlex.join([sys.executable, "-m", "jobstat"])
    found = shutil.which("jobstat")
    in_environment = sys.prefix != sys.base_prefix and started.is_relative_to(
        sys.prefix
    )
    if found and started.samefile(found) and not in_environment:
        return "jobstat"
    return shlex.quote(str(started))
