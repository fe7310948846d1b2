"""``jobstat watch``: follow jobs until they finish."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from jobstat.commands.session import follow_named
from jobstat.errors import Stopped
from jobstat.exits import Exit
from jobstat.jobs.duration import spoken
from jobstat.jobs.watching import Policy
from jobstat.options import duration, epilog, positive_duration, shared_options
from jobstat.views.terminal import standard_error

if TYPE_CHECKING:
    from jobstat.invocation import Invocation

EXAMPLES = """
jobstat watch V3-3ce496a3d948e38821056b1ca5bc3866 --timeout 30m
jobstat watch V3-3ce496a3d948e38821056b1ca5bc3866 --json |
  jq '.results[] | select(.error)'
"""


@click.command("watch", epilog=epilog(EXAMPLES, Exit.UNFINISHED))
@click.argument("jobs", metavar="JOB...", nargs=-1, required=True)
@click.option(
    "--interval",
    type=duration,
    metavar="DURATION",
    default="0",
    help="Never ask more often than this.",
)
@click.option(
    "--timeout",
    type=positive_duration,
    metavar="DURATION",
    help="Give up watching after this long, with exit code 124.",
)
@click.option(
    "--retry-for",
    type=duration,
    metavar="DURATION",
    default="5m",
    help="Ride out errors for this long since the last good answer. Default: 5m.",
)
@click.option("--stream", is_flag=True, help="Write JSON at each change, a line each.")
@click.option("--plain", is_flag=True, help="One line a change, even on a terminal.")
@shared_options
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    jobs: tuple[str, ...],
    interval: float,
    timeout: float | None,
    retry_for: float,
    *,
    exit_zero: bool,
    **options: Any,
) -> Exit:
    """Follow jobs until they finish.

    JOB is a job's id or its URL. The exit code is the answer; it reads the
    results, whatever Zendesk's status word makes of them.

    A DURATION is 90, 90s, 10m or 1h30m.
    """
    resume = "jobstat " + shlex.join(invocation.arguments)
    policy = Policy(interval=interval, timeout=timeout, retry_for=retry_for)
    try:
        watch = follow_named(jobs, policy, **options)
    except Stopped:
        _say_how_to_resume(f"stopped watching; {_what(jobs)} on", resume)
        raise
    if timeout is not None and watch.ended_by(Exit.TIMEOUT):
        after = spoken(timeout) if timeout >= 60 else f"{timeout:g} s"  # noqa: PLR2004 - a minute
        words = f"not finished after {after}; {_what(jobs)} on"
        _say_how_to_resume(words, resume)
    elif watch.ended_by(Exit.UNAVAILABLE):
        _say_how_to_resume("gave up watching", resume)
    return watch.exit(forgiving=exit_zero)


def _what(jobs: tuple[str, ...]) -> str:
    return "the job goes" if len(jobs) == 1 else "the jobs go"


def _say_how_to_resume(what: str, resume: str) -> None:
    standard_error().note(f"jobstat: {what}\n  Resume with: {resume}\n")
