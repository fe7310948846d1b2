"""Jobs at an account: what the commands that ask for them have in common."""

from __future__ import annotations

import os
import random
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from jobstat import clock, critical
from jobstat.errors import UsageError
from jobstat.jobs.loop import follow
from jobstat.jobs.reference import is_id, parse_reference
from jobstat.jobs.retry import LISTING
from jobstat.jobs.schedule import RateLimiter
from jobstat.jobs.watch import Watch
from jobstat.views.reporter import make_reporter
from jobstat.views.stdin import read_input
from jobstat.views.terminal import say_waiting_for_tokens, standard_error
from jobstat.views.wording import counted
from jobstat.views.writing import limit_writes
from jobstat.zendesk.auth.account import find_account
from jobstat.zendesk.auth.memory import Memory
from jobstat.zendesk.auth.providers import find_login

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from jobstat.exits import Exit
    from jobstat.jobs.input import JobInput
    from jobstat.jobs.listing import JobListing
    from jobstat.jobs.pages import Page
    from jobstat.jobs.reference import Reference
    from jobstat.jobs.retry import Outage, WatchPolicy
    from jobstat.views.reporter import DisplayOptions
    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.auth.providers import CredentialProvider
    from jobstat.zendesk.client import ZendeskClient

STANDARD_INPUT = "-"


def parse_job_args(
    words: Sequence[str], timeout: float | None = None
) -> tuple[tuple[Reference, ...], JobInput | None]:
    """The jobs that words name, and what was on standard input if one of them is -.

    ``timeout`` is how many seconds standard input may take. Raises UsageError when
    a word names no job, or when there is none at all; TimedOut.
    """
    if STANDARD_INPUT not in words:
        return tuple(map(_reference, words)), None
    from jobstat.jobs.input import MAX_INPUT, parse_input

    job_input = parse_input(read_input(MAX_INPUT, timeout))
    if not job_input.jobs:
        raise job_input.problem or UsageError("standard input names no job")
    jobs: list[Reference] = []
    for word in words:
        jobs += job_input.jobs if word == STANDARD_INPUT else [_reference(word)]
    return tuple(jobs), job_input


def _reference(word: str) -> Reference:
    try:
        return parse_reference(word)
    except UsageError as problem:
        if not os.path.isfile(word):  # noqa: PTH113 - pathlib is slow to import
            raise
        import shlex

        command = click.get_current_context().command_path
        raise UsageError(
            problem.message,
            hint=f"It is a file: {command} - < {shlex.quote(word)}",
        ) from problem


@dataclass(frozen=True, slots=True)
class Connection:
    """An account that can be asked, and by which login."""

    account: Account
    login: CredentialProvider
    client: ZendeskClient


@contextmanager
def connect(
    base_url: str | None, subdomain: str | None, jobs: Sequence[Reference] = ()
) -> Iterator[Connection]:
    """A connection to the account that the user named, or that of the jobs."""
    account = find_account(base_url, subdomain, os.environ, Memory(), jobs)
    with connect_to(account, find_login(account, os.environ)) as connection:
        yield connection


@contextmanager
def connect_to(account: Account, login: CredentialProvider) -> Iterator[Connection]:
    """A connection to an account.

    At its end it is told what came up about the login meanwhile.
    """
    from jobstat.zendesk.client import ZendeskClient

    try:
        with ZendeskClient(account, login) as client:
            yield Connection(account, login, client)
    finally:
        critical.wait(say_waiting_for_tokens)
        login.settle()
        for warning in login.take_warnings():
            _warn(warning)


def new_watch(ids: Iterable[str], policy: WatchPolicy) -> Watch:
    """A watch of these jobs that begins now."""
    return Watch(ids, policy, clock.monotonic(), random.random)


def watch_unfinished(
    connection: Connection, policy: WatchPolicy, *, quiet: bool
) -> tuple[Watch, int]:
    """A watch of every job of the account that is not finished.

    Also gives how many entries of the account's list can be neither read nor asked
    for. An entry that cannot be read, but has an id, is asked for by itself. Finding
    the jobs counts as part of the watch. Raises JobstatError where that fails.
    """
    from jobstat.jobs.listing import unfinished

    started, rate_limiter = clock.monotonic(), RateLimiter(policy.rate_limit_share)
    with _reading(connection, policy, started, rate_limiter, quiet=quiet) as reading:
        ids, skipped = unfinished(*reading)
    # They come from outside, and go into the path of a request.
    singly = {id for id in skipped if id is not None and is_id(id)}
    asked = [*filter(is_id, ids), *singly]
    lost = sum(id is None or not is_id(id) for id in (*ids, *skipped))
    if singly:
        what = counted(len(singly), "job")
        _warn(f"{what} of the list cannot be read; asking by id")
    if lost:
        _warn(f"{counted(lost, 'job')} of the list cannot be watched: no valid id")
    watch = Watch(asked, policy, started, random.random, rate_limiter)
    watch.last_success_at = clock.monotonic()
    for tracked in watch.jobs:
        tracked.poll_individually = tracked.id in singly
    return watch, lost


def recent_jobs(
    connection: Connection, limit: int, states: Collection[str]
) -> JobListing:
    """The account's newest jobs, of these states if any are given.

    Raises JobstatError where they cannot be had.
    """
    from jobstat.jobs.listing import recent

    started, rate_limiter = clock.monotonic(), RateLimiter(LISTING.rate_limit_share)
    with _reading(connection, LISTING, started, rate_limiter, quiet=False) as reading:
        read, pause = reading
        return recent(read, limit, states, pause)


@contextmanager
def _reading(
    connection: Connection,
    policy: WatchPolicy,
    started: float,
    rate_limiter: RateLimiter,
    *,
    quiet: bool,
) -> Iterator[tuple[Callable[[str], Iterator[Page]], Callable[[], None]]]:
    """How the account's list is read from a page on, and the pause before it is again.

    Both are shown on stderr.
    """
    from jobstat.jobs.listing import LAG, read_pages, wait
    from jobstat.views.paging import Paging

    with Paging(standard_error(), quiet=quiet) as paging:

        def on_wait(outage: Outage | None, until: float, now: float) -> None:
            if not (outage and policy.once):  # brief retries need no line
                paging.wait(outage, until, now)

        def read(start: str) -> Iterator[Page]:
            for page in read_pages(
                connection.client.list_jobs,
                clock,
                policy,
                started,
                rate_limiter,
                on_wait,
                start,
            ):
                paging.read(len(page.jobs))
                yield page

        def pause() -> None:
            paging.pause()
            wait(LAG, clock, policy, started)

        yield read, pause


def _warn(words: str) -> None:
    standard_error().print_quietly(f"jobstat: warning: {words}\n")


def run_watch(
    connection: Connection,
    watch: Watch,
    options: DisplayOptions,
    job_input: JobInput | None = None,
) -> None:
    """Follow the jobs of a watch to its end, and show them.

    Raise JobstatError if an error ends the watch early.
    """
    limit_writes(watch.ends_at)
    with make_reporter(watch, connection.account.name, clock, options) as reporter:
        for warning in (
            *connection.login.take_warnings(),
            *(job_input.warnings if job_input else ()),
        ):
            reporter.notify(f"jobstat: warning: {warning}\n")
        follow(watch, connection.client.fetch, clock, reporter)


def exit_code(watch: Watch, job_input: JobInput | None, *, exit_zero: bool) -> Exit:
    """The exit code of a command that followed these jobs.

    Raises UsageError when what named them holds refusals besides: of what was
    refused nobody else would tell.
    """
    if job_input and job_input.problem:
        raise job_input.problem
    return watch.exit(exit_zero=exit_zero)
