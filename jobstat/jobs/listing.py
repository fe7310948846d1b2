"""The account's jobs, page after page."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from math import inf
from typing import TYPE_CHECKING

from jobstat.errors import InvalidResponse, JobstatError, TimedOut
from jobstat.jobs.job import has_ended, judge
from jobstat.jobs.loop import TICK
from jobstat.jobs.pages import FIRST_PAGE, id_in
from jobstat.jobs.rate_limit import MIN_ANNOUNCED_WAIT
from jobstat.jobs.retry import record_failure, request_timeout, should_give_up

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from jobstat.jobs.job import Job
    from jobstat.jobs.loop import Clock
    from jobstat.jobs.pages import Page
    from jobstat.jobs.policy import WatchPolicy
    from jobstat.jobs.rate_limit import RateLimiter
    from jobstat.jobs.retry import Outage

MAX_PAGES = 5000
"""Pages after which a list is taken to have no end: 500,000 jobs of one day."""

LAG = 2.0
"""Seconds by which an answer may be behind one of a moment ago, as from another
server behind a balancer, or from a cache."""

MAX_READS = 5
"""How often a list is read whose jobs move while it is read."""


@dataclass(frozen=True, slots=True)
class JobListing:
    """The newest jobs of an account, out of so many that were looked for.

    ``skipped`` are the entries of its list that are no job status, as they were sent.
    """

    jobs: tuple[Job, ...]
    total: int
    skipped: tuple[object, ...]


def read_pages(
    fetch: Callable[[str, float], Page],
    clock: Clock,
    policy: WatchPolicy,
    started: float,
    rate_limiter: RateLimiter,
    on_wait: Callable[[Outage | None, float, float], None] = lambda *_: None,
    start: str = FIRST_PAGE,
) -> Iterator[Page]:
    """All pages from that of a query on. A job may be on more than one.

    ``fetch`` gets the query of a page and the seconds it may take. Failures are
    ridden out, and the account's rate limit is kept, as the policy says; its
    time-out counts from ``started``. ``on_wait`` hears of each wait: of the outage,
    None where it is for the rate limit, of its end and of the time. Raises TimedOut,
    InvalidResponse for a list without end, and what ``fetch`` raises.
    """
    query: str | None = start
    asked: set[str] = set()
    while query is not None:
        if query in asked:
            raise InvalidResponse("the list of jobs does not end: a page leads back")
        if len(asked) == MAX_PAGES:
            raise InvalidResponse(f"the list of jobs does not end: {MAX_PAGES:,} pages")
        page = _read(query, fetch, clock, policy, started, rate_limiter, on_wait)
        asked.add(query)
        yield page
        query = page.next_query


@dataclass(slots=True)
class _Seen:
    """What the readings of a list have shown: its jobs, and entries that are none.

    ``end`` is the query of the page where the unfinished jobs begin, or of the last
    page while there is none. ``may_shift`` is whether any of its pages may.
    """

    jobs: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    skipped: list[object] = field(default_factory=list)
    end: str = FIRST_PAGE
    may_shift: bool = False
    pages: int = 0

    def first(self, pages: Iterable[Page]) -> Iterator[Page]:
        """Note the pages of the first reading."""
        query, all_ended = FIRST_PAGE, True
        for page in pages:
            self.end = query if all_ended else self.end
            all_ended = all_ended and all(map(has_ended, page.jobs))
            self.ended |= {job.id for job in page.jobs if has_ended(job)}
            self._note(page)
            self.skipped += page.skipped
            query = page.next_query or query
            yield page

    def again(
        self, pages: Iterable[Page], until: Collection[str] = ()
    ) -> Iterator[Page]:
        """Note pages of a later reading, until one of these jobs is reached.

        Of their unread entries only those are given that are new.
        """
        for page in pages:
            new = tuple(entry for entry in page.skipped if entry not in self.skipped)
            self._note(page)
            self.skipped += new
            yield replace(page, skipped=new)
            if not {job.id for job in page.jobs}.isdisjoint(until):
                return

    def _note(self, page: Page) -> None:
        self.pages += 1
        self.jobs |= {job.id for job in page.jobs}
        self.may_shift = self.may_shift or page.may_shift


def settled(
    read: Callable[[str], Iterable[Page]],
    pause: Callable[[], None] = lambda: None,
    *,
    young_too: bool = False,
) -> Iterator[tuple[Page, bool]]:
    """The pages of a list that changes while it is read.

    With each page stands whether it is of the first reading. ``read`` reads the list
    anew from the page of this query on, after a ``pause``. A job that ends meanwhile
    moves to the front, before the jobs that had ended at the first reading: there a
    second reading finds it. Of pages by number each job may move to an earlier page,
    which was read already: they are read to the end, until nothing new is found. Later
    readings give only the unread entries that are new.

    ``young_too`` is whether jobs are wanted that are so young that the list does not
    have them yet. They will stand before the others that are unfinished, at the end,
    which is read again, too: before the front, to which they may move meanwhile.
    """
    seen = _Seen()
    for page in seen.first(read(FIRST_PAGE)):
        yield page, True
    if seen.pages == 1 and not young_too:
        return
    front: tuple[str, Collection[str]] = (FIRST_PAGE, seen.ended)
    parts = [(seen.end, ()), front] if young_too else [front]
    if seen.may_shift:
        parts = [(FIRST_PAGE, ())]
    for _ in range(MAX_READS - 1):
        before = len(seen.jobs)
        for start, until in parts:
            pause()
            pages = seen.pages
            for page in seen.again(read(start), until):
                yield page, False
            if start == FIRST_PAGE and seen.pages == pages + 1:
                break  # All of it was read at one moment.
        if not seen.may_shift or len(seen.jobs) == before:
            return


def unfinished(
    read: Callable[[str], Iterable[Page]], pause: Callable[[], None] = lambda: None
) -> tuple[list[str], list[str | None]]:
    """The ids of the unfinished jobs, and the ids of entries that are no job status.

    ``read`` reads the list from the page of a query on. Jobs that begin or end during
    the first reading are among them, if the list tells of that after a ``pause``.
    """
    ids: dict[str, None] = {}
    skipped: list[str | None] = []
    ended: set[str] = set()
    for page, is_first in settled(read, pause, young_too=True):
        if is_first:
            ended |= {job.id for job in page.jobs if has_ended(job)}
        ids |= dict.fromkeys(
            job.id for job in page.jobs if not has_ended(job) or job.id not in ended
        )
        skipped += map(id_in, page.skipped)
    return list(ids), skipped


def recent(
    read: Callable[[str], Iterable[Page]],
    limit: int,
    states: Collection[str] = (),
    pause: Callable[[], None] = lambda: None,
) -> JobListing:
    """The newest jobs of a list, of these states if any are given.

    ``read`` and ``pause`` are those of ``settled``. Zendesk sends the finished jobs
    first, by their end, then the others by their creation, the newest first of each.
    So all pages are read, and the unfinished jobs, which are newer, are put in front.
    """
    running: list[Job] = []
    finished: list[Job] = []
    begun: list[Job] = []
    ended: list[Job] = []
    known: set[str] = set()
    skipped: list[object] = []
    for page, is_first in settled(read, pause):
        skipped += page.skipped
        for job in page.jobs:
            if job.id in known or (states and job.state not in states):
                continue
            known.add(job.id)
            if judge(job).finished:
                (finished if is_first else ended).append(job)
            else:
                (running if is_first else begun).append(job)
        del running[limit:], finished[limit:]
    newest = [*begun, *running, *ended, *finished][:limit]
    return JobListing(tuple(newest), len(known), tuple(skipped))


def _read(
    query: str,
    fetch: Callable[[str, float], Page],
    clock: Clock,
    policy: WatchPolicy,
    started: float,
    rate_limiter: RateLimiter,
    on_wait: Callable[[Outage | None, float, float], None],
) -> Page:
    outage: Outage | None = None
    while True:
        now = clock.monotonic()
        if outage is None:
            if rate_limiter.free_at - now > MIN_ANNOUNCED_WAIT:
                on_wait(None, rate_limiter.free_at, now)
            wait(rate_limiter.free_at - now, clock, policy, started)
        asked_at = clock.monotonic()
        rate_limiter.record_request(asked_at)
        timeout = request_timeout(outage, policy, asked_at)
        if policy.timeout is not None:
            timeout = min(timeout, started + policy.timeout - asked_at)
        try:
            return fetch(query, timeout)
        except JobstatError as error:
            now = clock.monotonic()
            outage = record_failure(
                outage,
                error,
                policy,
                last_success_at=None,
                asked_at=asked_at,
                timeout=timeout,
                now=now,
            ).held(rate_limiter.free_at, policy)
            ends_at = inf if policy.timeout is None else started + policy.timeout
            # The time-out that cut a request short is what ends it then.
            is_last = should_give_up(outage, policy, now) and now < ends_at
            if not error.transient or is_last:
                raise
            on_wait(outage, outage.retry_at, now)
            wait(outage.retry_at - now, clock, policy, started)


def wait(seconds: float, clock: Clock, policy: WatchPolicy, started: float) -> None:
    """Wait so long, or until the policy's time-out: then it raises TimedOut."""
    now = clock.monotonic()
    end = inf if policy.timeout is None else started + policy.timeout
    until = min(now + seconds, end)
    while (left := until - clock.monotonic()) > 0:
        clock.sleep(min(left, TICK))
    if until == end:
        raise TimedOut("the time-out ran out before the account's jobs were known")
