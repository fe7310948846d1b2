"""The account's list of jobs, as ``list`` and ``watch --all`` read it."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from jobstat import clock
from jobstat.commands._shared import warn
from jobstat.jobs.listing import LAG, read_pages, recent, unfinished, wait
from jobstat.jobs.policy import LISTING
from jobstat.jobs.reference import is_id
from jobstat.jobs.watch import Watch
from jobstat.views.paging import Paging
from jobstat.views.terminal import standard_error
from jobstat.views.wording import counted

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from jobstat.commands._shared import Connection
    from jobstat.jobs.listing import JobListing
    from jobstat.jobs.pages import Page
    from jobstat.jobs.policy import WatchPolicy
    from jobstat.jobs.retry import Outage


def list_recent_jobs(
    connection: Connection, limit: int, states: Collection[str]
) -> JobListing:
    """Return the account's newest jobs, all of them or those with these states.

    Raise JobstatError if the list cannot be read.
    """
    with Paging(standard_error(), quiet=False) as progress:
        reader = _ListReader(connection, LISTING, progress)
        return recent(reader.read, limit, states, reader.pause)


def watch_unfinished_jobs(
    connection: Connection, policy: WatchPolicy, *, quiet: bool
) -> tuple[Watch, int]:
    """Return a watch of the account's unfinished jobs, and how many it leaves out.

    It leaves out entries of the list without a valid id, which would become part of a
    request's path. An entry that is no job status but has an id is polled
    individually. Reading the list counts as part of the watch. Raise JobstatError if
    the list cannot be read.
    """
    with Paging(standard_error(), quiet=quiet) as progress:
        reader = _ListReader(connection, policy, progress)
        ids, unreadable = unfinished(reader.read, reader.pause)
    individual = {id for id in unreadable if id is not None and is_id(id)}
    left_out = sum(id is None or not is_id(id) for id in (*ids, *unreadable))
    if individual:
        jobs = counted(len(individual), "job")
        warn(f"{jobs} of the list cannot be read; asking by id")
    if left_out:
        jobs = counted(left_out, "job")
        warn(f"{jobs} of the list cannot be watched: no valid id")
    watchable = [*filter(is_id, ids), *individual]
    started, rate_limiter = reader.started, connection.rate_limiter
    watch = Watch(watchable, policy, started, random.random, rate_limiter)
    watch.last_success_at = clock.monotonic()
    for tracked in watch.jobs:
        tracked.poll_individually = tracked.id in individual
    return watch, left_out


class _ListReader:
    """Reads the pages of the account's list, and shows the progress on stderr."""

    def __init__(
        self,
        connection: Connection,
        policy: WatchPolicy,
        progress: Paging,
    ) -> None:
        self.started = clock.monotonic()
        self._client = connection.client
        self._policy = policy
        self._rate_limiter = connection.rate_limiter
        self._progress = progress

    def read(self, query: str) -> Iterator[Page]:
        """Read the list, starting with the page of this query."""
        for page in read_pages(
            self._client.list_jobs,
            clock,
            self._policy,
            self.started,
            self._rate_limiter,
            self._on_wait,
            query,
        ):
            self._progress.read(len(page.jobs))
            yield page

    def pause(self) -> None:
        """Wait until another reading shows the changes made during the last one."""
        self._progress.pause()
        wait(LAG, clock, self._policy, self.started)

    def _on_wait(self, outage: Outage | None, until: float, now: float) -> None:
        is_brief_retry = outage is not None and self._policy.once
        if not is_brief_retry:
            self._progress.wait(outage, until, now)
