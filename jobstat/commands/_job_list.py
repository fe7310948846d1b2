"""The account's list of jobs, as ``list`` and ``watch --all`` read it."""

from __future__ import annotations

import random
from collections.abc import Collection

from jobstat import clock
from jobstat.commands._shared import Connection, warn
from jobstat.jobs.listing import JobListing, find_unfinished, list_recent
from jobstat.jobs.page_reader import PageReader
from jobstat.jobs.policy import LISTING, WatchPolicy
from jobstat.jobs.reference import is_id
from jobstat.jobs.watch import Watch
from jobstat.views.list_progress import ListProgress
from jobstat.views.terminal import standard_error
from jobstat.views.wording import pluralize


def list_recent_jobs(
    connection: Connection, limit: int, states: Collection[str]
) -> JobListing:
    """Return up to ``limit`` of the account's newest jobs.

    Leave out jobs with other states, unless ``states`` is empty. Raise JobstatError if
    the list cannot be read.
    """
    with ListProgress(standard_error(), quiet=False) as progress:
        reader = _new_reader(connection, LISTING, progress)
        return list_recent(reader, limit, states)


def watch_unfinished_jobs(
    connection: Connection, policy: WatchPolicy, *, quiet: bool
) -> tuple[Watch, int]:
    """Return a watch of the account's unfinished jobs, and how many it leaves out.

    The watch leaves out entries without a valid id, as the id becomes part of a
    request's path. An entry that has a valid id but is not a job status is polled
    alone. The time to read the list counts as part of the watch. Raise JobstatError if
    the list cannot be read.
    """
    with ListProgress(standard_error(), quiet=quiet) as progress:
        reader = _new_reader(connection, policy, progress)
        ids, unreadable = find_unfinished(reader)
    individual = {id for id in unreadable if id is not None and is_id(id)}
    left_out = sum(id is None or not is_id(id) for id in (*ids, *unreadable))
    if individual:
        jobs = pluralize(len(individual), "job")
        warn(f"{jobs} of the list cannot be read; asking by id")
    if left_out:
        jobs = pluralize(left_out, "job")
        warn(f"{jobs} of the list cannot be watched: no valid id")
    watchable = [*filter(is_id, ids), *individual]
    started, rate_limiter = reader.started, connection.rate_limiter
    watch = Watch(watchable, policy, started, random.random, rate_limiter)
    watch.retry.record_success(clock.monotonic())
    for tracked in watch.jobs:
        tracked.poll_alone = tracked.id in individual
    return watch, left_out


def _new_reader(
    connection: Connection, policy: WatchPolicy, progress: ListProgress
) -> PageReader:
    fetch, rate_limiter = connection.client.list_jobs, connection.rate_limiter
    return PageReader(fetch, clock, policy, rate_limiter, progress)
