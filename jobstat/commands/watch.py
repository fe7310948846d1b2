"""``jobstat watch``: follow jobs until they finish."""

from __future__ import annotations

import shlex
from dataclasses import replace
from math import inf
from typing import TYPE_CHECKING

import click

from jobstat import clock
from jobstat.commands._shared import (
    STANDARD_INPUT,
    connect,
    exit_code,
    new_watch,
    parse_job_args,
    run_watch,
    watch_unfinished,
)
from jobstat.errors import AuthError, SignalReceived
from jobstat.exits import Exit, combine
from jobstat.jobs.duration import format_duration
from jobstat.jobs.retry import WatchPolicy
from jobstat.options import (
    check_output_options,
    duration,
    epilog,
    positive_duration,
    shared_options,
)
from jobstat.views.reporter import DisplayOptions
from jobstat.views.terminal import standard_error
from jobstat.views.writing import limit_writes

if TYPE_CHECKING:
    from jobstat.invocation import Invocation
    from jobstat.jobs.watch import Watch

_ENDED_EARLY = {
    Exit.TIMEOUT: "not finished after {}",
    Exit.UNFINISHED: "stopped at the first failure",
    Exit.UNAVAILABLE: "gave up watching",
    Exit.AUTH: "gave up watching",
}

MAX_RESUMED = 30
"""Ids in the command that resumes a watch: as many jobs as an account can run."""

EXAMPLES = """
jobstat watch V3-3ce496a3d948e38821056b1ca5bc3866 --timeout 30m
jobstat watch V3-3ce496a3d948e38821056b1ca5bc3866 --json |
  jq '.results[]? | select(.error?)'
curl ... /api/v2/tickets/create_many.json | jobstat watch -
jobstat watch --all
"""


@click.command("watch", epilog=epilog(EXAMPLES, Exit.UNFINISHED))
@click.argument("jobs", metavar="[JOB...]", nargs=-1)
@click.option(
    "--all",
    "watch_all",
    is_flag=True,
    help="Watch every unfinished job of the account, instead of those named.",
)
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
@click.option(
    "--fail-fast",
    is_flag=True,
    help="End with the first job that does not end well; the others go on.",
)
@click.option("--plain", is_flag=True, help="One line a change, even on a terminal.")
@shared_options()
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    jobs: tuple[str, ...],
    base_url: str | None,
    subdomain: str | None,
    interval: float,
    timeout: float | None,
    retry_for: float,
    *,
    watch_all: bool,
    fail_fast: bool,
    stream: bool,
    plain: bool,
    json: bool,
    quiet: bool,
    color: str,
    exit_zero: bool,
) -> Exit:
    """Follow jobs until they finish.

    JOB is a job's id or its URL, or - to read them from standard input: ids,
    URLs, or what Zendesk answered, in JSON. The exit code is the answer; it
    reads the results, whatever Zendesk's status word makes of them. Of several
    jobs the gravest code counts.

    A DURATION is 90, 90s, 10m or 1h30m.
    """
    if watch_all and jobs:
        raise click.UsageError("--all and JOB exclude each other.")
    if not (watch_all or jobs):
        raise click.UsageError("Name jobs, or all of them with --all.")
    check_output_options(quiet=quiet, json=json, stream=stream)
    policy, began = (
        WatchPolicy(
            interval=interval, timeout=timeout, retry_for=retry_for, fail_fast=fail_fast
        ),
        clock.monotonic(),
    )
    display = DisplayOptions(
        json=json,
        stream=stream,
        quiet=quiet,
        plain=plain,
        color=color,
        debug=invocation.debug,
    )
    limit_writes(began + (inf if policy.timeout is None else policy.timeout))
    named, job_input = ((), None) if watch_all else parse_job_args(jobs, policy.timeout)
    if job_input and policy.timeout is not None:
        # Reading standard input counts.
        left = policy.timeout - (clock.monotonic() - began)
        policy = replace(policy, timeout=max(left, 0.0))
    lost = 0
    with connect(base_url, subdomain, named) as connection:
        if watch_all:
            watch, lost = watch_unfinished(connection, policy, quiet=quiet)
        else:
            watch = new_watch((job.id for job in named), policy)
        try:
            run_watch(connection, watch, display, job_input)
        except (SignalReceived, AuthError) as end:
            if isinstance(end, SignalReceived) or watch.last_success_at is not None:
                _say_how_to_resume("stopped watching", watch, jobs, invocation)
            raise
    if not (watch.jobs or lost):
        standard_error().print_quietly(
            f"jobstat: no unfinished job at {connection.account.name}\n"
        )
    for code, why in _ENDED_EARLY.items():
        if watch.ended_by(code):
            after = _after(timeout)
            _say_how_to_resume(why.format(after), watch, jobs, invocation)
            break
    code = exit_code(watch, job_input, exit_zero=exit_zero)
    return combine([code, Exit.UNAVAILABLE]) if lost else code


def _after(timeout: float | None) -> str:
    seconds = timeout or 0.0
    return format_duration(seconds) if seconds >= 60 else f"{seconds:g} s"  # noqa: PLR2004 - a minute


def _without_jobs(words: list[str]) -> list[str]:
    """The words of a call without its jobs, "--" and --all."""
    kept: list[str] = []
    options = click.get_current_context().command.params
    valued = {
        name
        for option in options
        if isinstance(option, click.Option) and not option.is_flag
        for name in option.opts
    }
    rest = iter(words[1:])
    for word in rest:
        if word == "--":
            break
        if word in valued:
            kept += [word, next(rest)]
        elif word.startswith("-") and word not in {STANDARD_INPUT, "--all"}:
            kept.append(word)
    return [*words[:1], *kept]


def _say_how_to_resume(
    why: str, watch: Watch, jobs: tuple[str, ...], invocation: Invocation
) -> None:
    going_on = [w for w in watch.jobs if w.exit in _ENDED_EARLY and w.job]
    if not going_on:
        what = ""
    elif len(watch.jobs) == 1:
        what = "; the job goes on"
    else:
        what = f"; {len(going_on)} of {len(watch.jobs)} jobs go on"
    words, also = invocation.arguments, ""
    if STANDARD_INPUT in jobs or not jobs:
        # Standard input is used up, and --all leaves out jobs that end meanwhile.
        # Failed jobs are named too: this exit code may not tell of them.
        left = [w.id for w in watch.jobs if w.exit is not Exit.OK]
        if 0 < len(left) <= MAX_RESUMED:
            words = _without_jobs(words)
            words += ["--"] * any(id.startswith("-") for id in left) + left
        elif jobs:
            also = "  Give it the same standard input again.\n"
        else:
            also = "  It leaves out the jobs that end before.\n"
    resume = shlex.join(["jobstat", *words])
    standard_error().print_quietly(
        f"jobstat: {why}{what}\n  Resume with: {resume}\n{also}"
    )
