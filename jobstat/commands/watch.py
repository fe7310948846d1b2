"""``jobstat watch``: watch jobs until they finish."""

from __future__ import annotations

from dataclasses import dataclass, replace

import click

from jobstat import clock
from jobstat.commands._resume import resume_hint
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
from jobstat.errors import AuthError, SignalReceived, UsageError
from jobstat.exits import Exit, combine
from jobstat.invocation import Invocation
from jobstat.jobs.duration import format_duration, spell_duration
from jobstat.jobs.policy import WatchPolicy
from jobstat.jobs.watch import Watch
from jobstat.options import (
    check_output_options,
    duration,
    epilog,
    positive_duration,
    shared_options,
)
from jobstat.views.bell import bell_at_end
from jobstat.views.reporter import DisplayOptions
from jobstat.views.terminal import standard_error
from jobstat.views.writing import limit_writes

EXAMPLES = """
jobstat watch V3-3ce496a3d948e38821056b1ca5bc3866 --timeout 30m
jobstat watch V3-3ce496a3d948e38821056b1ca5bc3866 --json |
  jq '.results[]? | select(.error?)'
curl ... /api/v2/tickets/create_many.json | jobstat watch -
jobstat watch --all
"""
EXIT_CODES = [code for code in Exit if code is not Exit.UNFINISHED]


@click.command("watch", epilog=epilog(EXAMPLES, EXIT_CODES))
@click.argument("jobs", metavar="[JOB...]", nargs=-1)
@click.option(
    "--all",
    "watch_all",
    is_flag=True,
    help="Watch every unfinished job of the account.",
)
@click.option(
    "--interval",
    type=duration,
    metavar="DURATION",
    default="0",
    help="Minimum time between requests.",
)
@click.option(
    "--timeout",
    type=positive_duration,
    metavar="DURATION",
    help="Stop watching after this time, with exit code 124.",
)
@click.option(
    "--retry-for",
    type=duration,
    metavar="DURATION",
    default="5m",
    help="Retry temporary errors for up to this long after the last good answer."
    " Default: 5m.",
)
@click.option(
    "--stream", is_flag=True, help="Print one line of JSON at each change of a job."
)
@click.option(
    "--fail-fast",
    is_flag=True,
    help="Exit as soon as any job fails; the others keep running.",
)
@click.option("--bell", is_flag=True, help="Ring the terminal's bell at the end.")
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
    bell: bool,
    json: bool,
    csv: bool,
    results: str | None,
    quiet: bool,
    plain: bool,
    color: str,
    exit_zero: bool,
) -> Exit:
    """Watch jobs until they finish.

    JOB is a job's id or URL. Use - to read jobs from standard input: ids, URLs or
    Zendesk's answers in JSON. DURATION is a time such as 90, 90s, 10m or 1h30m.

    The exit code is the result. Failed items count even if Zendesk calls the job
    completed. With several jobs, the most serious result wins.
    """
    if watch_all and jobs:
        raise UsageError(
            "--all cannot be used with JOB",
            hint="Leave out --all, or the ids and URLs of jobs.",
        )
    if not (watch_all or jobs):
        raise no_job_error("Give a job's id or URL, or --all for every unfinished job.")
    display = DisplayOptions(
        json=json,
        stream=stream,
        csv=csv,
        results=results,
        quiet=quiet,
        plain=plain,
        bell=bell,
        color=color,
        debug=invocation.debug,
        account=account_options(base_url, subdomain),
        from_stdin=set(jobs) == {STANDARD_INPUT},
    )
    check_output_options(display)
    return watch_jobs(
        WatchOptions(
            jobs=jobs,
            base_url=base_url,
            subdomain=subdomain,
            policy=WatchPolicy(
                interval=interval,
                timeout=timeout,
                retry_for=retry_for,
                fail_fast=fail_fast,
            ),
            display=display,
            exit_zero=exit_zero,
            command_line=invocation.arguments,
        )
    )


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """The command line of ``jobstat watch``; ``jobs`` is empty with ``--all``."""

    jobs: tuple[str, ...]
    base_url: str | None
    subdomain: str | None
    policy: WatchPolicy
    display: DisplayOptions
    exit_zero: bool
    command_line: list[str]


def watch_jobs(options: WatchOptions) -> Exit:
    """Watch the jobs to their end, and return the exit code.

    Raise SignalReceived or JobstatError if one ends the watch early.
    """
    policy = options.policy
    deadline = policy.deadline(clock.monotonic())
    limit_writes(deadline)
    args = parse_job_args(options.jobs, policy.timeout)
    if policy.timeout is not None:
        # The time that standard input took counts.
        policy = replace(policy, timeout=max(deadline - clock.monotonic(), 0.0))
    left_out = 0
    with connect(options.base_url, options.subdomain, args.jobs, policy) as connection:
        if options.jobs:
            watch = new_watch(connection, args.ids, policy)
        else:
            from jobstat.commands._job_list import watch_unfinished_jobs

            watch, left_out = watch_unfinished_jobs(
                connection, policy, quiet=options.display.quiet
            )
        try:
            with bell_at_end(enabled=options.display.bell):
                run_watch(connection, watch, options.display, args.warnings)
        except SignalReceived:
            _print_resume_hint("stopped watching", watch, options)
            raise
        except AuthError:
            if watch.last_success_at is not None:  # the login worked before
                _print_resume_hint("stopped watching", watch, options)
            raise
    if not (watch.jobs or left_out):
        standard_error().print_quietly(
            f"jobstat: no unfinished job at {connection.account.name}\n"
        )
    if reason := _early_end(watch, options):
        _print_resume_hint(reason, watch, options)
    code = exit_code(watch, args, exit_zero=options.exit_zero)
    return combine([code, Exit.UNAVAILABLE]) if left_out else code


def _print_resume_hint(reason: str, watch: Watch, options: WatchOptions) -> None:
    hint = resume_hint(reason, watch, options.jobs, options.command_line)
    standard_error().print_quietly(hint)


def _early_end(watch: Watch, options: WatchOptions) -> str | None:
    """Return why the watch ended before its jobs, None if all jobs ended."""
    reasons = {
        Exit.TIMEOUT: f"not finished after {_format_timeout(options)}",
        Exit.UNFINISHED: "stopped at the first failure",
        Exit.UNAVAILABLE: "gave up watching",
        # The retry budget ended at a 401, or while the keyring was locked.
        Exit.AUTH: "stopped watching",
    }
    return next(
        (
            reasons[code]
            for code in reasons
            if any(tracked.exit is code for tracked in watch.jobs)
        ),
        None,
    )


def _format_timeout(options: WatchOptions) -> str:
    seconds, is_plain = options.policy.timeout or 0.0, options.display.plain
    if seconds >= 60:  # noqa: PLR2004 - a minute
        return spell_duration(seconds) if is_plain else format_duration(seconds)
    unit = "s" if not is_plain else "second" if seconds == 1 else "seconds"
    return f"{seconds:g} {unit}"
