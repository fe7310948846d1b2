"""The steps that the commands about jobs share.

``show`` and ``watch`` take the same steps: parse the JOB arguments, connect to the
account, watch the jobs, and return the exit code.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from jobstat import clock, critical
from jobstat.errors import UsageError
from jobstat.exits import Exit
from jobstat.jobs.loop import follow
from jobstat.jobs.policy import SHOW, WatchPolicy
from jobstat.jobs.rate_limit import RateLimiter
from jobstat.jobs.reference import Reference, parse_reference
from jobstat.jobs.watch import Watch
from jobstat.views.reporter import DisplayOptions
from jobstat.views.stdin import may_hold_jobs, read_input
from jobstat.views.streams import make_reporter
from jobstat.views.terminal import say_waiting_for_tokens, standard_error
from jobstat.views.writing import limit_writes
from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.auth.providers import CredentialProvider
from jobstat.zendesk.auth.resolve import resolve_account, resolve_provider

if TYPE_CHECKING:
    from jobstat.zendesk.client import ZendeskClient

STANDARD_INPUT = "-"


@dataclass(frozen=True, slots=True)
class JobArgs:
    """The jobs that the JOB arguments name.

    ``warnings`` and ``problem`` come from standard input. The command shows the
    warnings before the jobs, and the problem after them.
    """

    jobs: tuple[Reference, ...] = ()
    warnings: tuple[str, ...] = ()
    problem: UsageError | None = None

    @property
    def ids(self) -> list[str]:
        """The ids of the jobs."""
        return [job.id for job in self.jobs]


def parse_job_args(arguments: Sequence[str], timeout: float | None = None) -> JobArgs:
    """Parse the JOB arguments, and read standard input if one of them is ``-``.

    Reading takes at most ``timeout`` seconds. Raise UsageError if an argument or the
    input names no job, TimedOut if the input does not end in time.
    """
    if STANDARD_INPUT not in arguments:
        return JobArgs(tuple(map(_parse_job_arg, arguments)))
    from jobstat.jobs.input import MAX_INPUT, parse_input

    job_input = parse_input(read_input(MAX_INPUT, timeout))
    if not job_input.jobs:
        raise job_input.problem or UsageError(
            "standard input names no job",
            hint="Write ids, URLs or Zendesk's answers in JSON to standard input.",
        )
    jobs: list[Reference] = []
    for argument in arguments:
        if argument == STANDARD_INPUT:
            jobs += job_input.jobs
        else:
            jobs.append(_parse_job_arg(argument))
    return JobArgs(tuple(jobs), tuple(job_input.warnings), job_input.problem)


def no_job_error(hint: str) -> UsageError:
    """Return the error for a command without JOB.

    The hint names ``-`` in place of this one if standard input may hold the jobs.
    """
    if may_hold_jobs():
        hint = "Use - to read jobs from standard input."
    return UsageError("no job given", hint=hint)


def _parse_job_arg(argument: str) -> Reference:
    try:
        return parse_reference(argument)
    except UsageError as error:
        if not os.path.isfile(argument):  # noqa: PTH113 - pathlib is slow to import
            raise
        import shlex

        command = click.get_current_context().command_path
        raise UsageError(
            error.message,
            hint=f"To read jobs from that file: {command} - < {shlex.quote(argument)}",
        ) from error


@dataclass(frozen=True, slots=True)
class Connection:
    """An account, with its credential provider, client and rate limiter."""

    account: Account
    provider: CredentialProvider
    client: ZendeskClient
    rate_limiter: RateLimiter


@contextmanager
def connect(
    base_url: str | None,
    subdomain: str | None,
    jobs: Sequence[Reference] = (),
    policy: WatchPolicy = SHOW,
) -> Iterator[Connection]:
    """Connect to the account that an option, the environment, a job or a login names.

    Raise JobstatError if nothing names an account, or if there is no credential for it.
    """
    account = resolve_account(base_url, subdomain, os.environ, jobs)
    provider = resolve_provider(account, os.environ)
    with connect_to(account, provider, policy) as connection:
        yield connection


@contextmanager
def connect_to(
    account: Account, provider: CredentialProvider, policy: WatchPolicy = SHOW
) -> Iterator[Connection]:
    """Connect to an account.

    At the end, wait for a running token request, and print warnings about the
    credential.
    """
    from jobstat.zendesk.client import ZendeskClient

    try:
        rate_limiter = RateLimiter(policy.rate_limit_share)
        with ZendeskClient(account, provider, rate_limiter) as client:
            if not gc.isenabled():
                gc.freeze()  # modules stay: no collection needs to look at them
                gc.enable()
            yield Connection(account, provider, client, rate_limiter)
    finally:
        # ``finish`` needs the answer to a token request. ``process.run`` waits again,
        # until the same deadline, because ``auth login`` has no connection.
        critical.wait(say_waiting_for_tokens)
        provider.save_unsaved()
        for warning in provider.take_warnings():
            warn(warning)


def account_options(base_url: str | None, subdomain: str | None) -> tuple[str, ...]:
    """Return the options that name the same account in another command."""
    if base_url:
        return ("--base-url", base_url)
    return ("--subdomain", subdomain) if subdomain else ()


def new_watch(connection: Connection, ids: Iterable[str], policy: WatchPolicy) -> Watch:
    """Return a watch of these jobs that starts now."""
    started, rate_limiter = clock.monotonic(), connection.rate_limiter
    return Watch(ids, policy, started, rate_limiter)


def run_watch(
    connection: Connection,
    watch: Watch,
    options: DisplayOptions,
    warnings: Iterable[str] = (),
) -> None:
    """Follow a watch to its end, and show its jobs.

    Raise JobstatError if an error ends the watch early.
    """
    limit_writes(watch.deadline)
    with make_reporter(watch, connection.account.name, clock, options) as reporter:
        for warning in (*connection.provider.take_warnings(), *warnings):
            reporter.notify(f"jobstat: warning: {warning}\n")
        follow(watch, connection.client.fetch, clock, reporter)


def exit_code(watch: Watch, args: JobArgs, *, exit_zero: bool) -> Exit:
    """Return the exit code of a finished watch.

    Raise UsageError if standard input held an error response: Zendesk refused that
    request, so it has no job whose result could count.
    """
    if args.problem:
        raise args.problem
    return watch.exit(exit_zero=exit_zero)


def warn(message: str) -> None:
    """Print a warning to stderr."""
    standard_error().print_quietly(f"jobstat: warning: {message}\n")
