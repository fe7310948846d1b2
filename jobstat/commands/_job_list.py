"""The account's list of jobs, as ``list`` and ``watch --all`` read it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import partial

from jobstat import clock
from jobstat.commands._shared import Connection, new_watch, warn
from jobstat.errors import JobstatError
from jobstat.exits import Exit
from jobstat.jobs.job import Job
from jobstat.jobs.listing import (
    JobListing,
    find_unfinished,
    lacks_listed_results,
    list_recent,
)
from jobstat.jobs.loop import Observer, follow
from jobstat.jobs.page_reader import PageReader
from jobstat.jobs.policy import LISTING, WatchPolicy
from jobstat.jobs.reference import is_id
from jobstat.jobs.watch import Watch
from jobstat.views.list_progress import ListProgress
from jobstat.views.terminal import standard_error
from jobstat.views.wording import pluralize


def list_recent_jobs(
    connection: Connection, limit: int, statuses: Collection[str], *, for_people: bool
) -> JobListing:
    """Return up to ``limit`` of the account's newest jobs.

    Leave out jobs with other statuses, unless ``statuses`` is empty. If the list omits
    results, ask for them: for each job if items-failed is one of the statuses, else for
    the returned jobs, and only ``for_people``. Raise JobstatError if the list cannot be
    read, or the statuses stay unknown.
    """
    with ListProgress(standard_error(), quiet=False) as progress:
        reader = _new_reader(connection, LISTING, progress)
        look_up = partial(_look_up, connection, progress)
        if Exit.ITEMS_FAILED.slug in statuses:
            return list_recent(reader, limit, statuses, look_up)
        listing = list_recent(reader, limit, statuses)
        if for_people:
            # A job has its row even if its results are unknown.
            with suppress(JobstatError):
                return replace(listing, jobs=look_up(listing.jobs))
        return listing


def _look_up(
    connection: Connection, progress: ListProgress, jobs: Sequence[Job]
) -> tuple[Job, ...]:
    """Return these jobs of the list, with the results that the list omits.

    A job that Zendesk has deleted meanwhile stays as it is. Raise JobstatError if
    another job gets no answer.
    """
    ids = [job.id for job in jobs if lacks_listed_results(job) and is_id(job.id)]
    watch = new_watch(connection, ids, LISTING)
    follow(watch, connection.client.fetch, clock, _LookUpObserver(watch, progress))
    for tracked in watch.jobs:
        if tracked.error and tracked.exit is not Exit.NOT_FOUND:
            raise tracked.error
    answers = {tracked.id: tracked.unconfirmed or tracked.job for tracked in watch.jobs}
    return tuple(answers.get(job.id) or job for job in jobs)


class _LookUpObserver(Observer):
    """An observer that says when the rate limit delays a request about listed jobs."""

    def __init__(self, watch: Watch, progress: ListProgress) -> None:
        self._watch = watch
        self._progress = progress

    def tick(self, now: float) -> None:
        if until := self._watch.rate_limited_until(now):
            self._progress.waiting(None, until, now)


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
    watch = Watch(watchable, policy, started, rate_limiter)
    watch.retry.record_success(clock.monotonic())
    for tracked in watch.jobs:
        tracked.poll_alone = tracked.id in individual
    return watch, left_out


def _new_reader(
    connection: Connection, policy: WatchPolicy, progress: ListProgress
) -> PageReader:
    fetch, rate_limiter = connection.client.list_jobs, connection.rate_limiter
    return PageReader(fetch, clock, policy, rate_limiter, progress)
