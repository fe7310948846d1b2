"""Read the pages of the account's list of jobs, with retries."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from jobstat.errors import InvalidResponse, JobstatError, TimedOut
from jobstat.jobs.loop import TICK, Clock
from jobstat.jobs.pages import FIRST_PAGE, INVALID_LIST_HINT, Page
from jobstat.jobs.rate_limit import MIN_ANNOUNCED_WAIT, RateLimiter
from jobstat.jobs.retry import Outage, Retry

if TYPE_CHECKING:
    from jobstat.jobs.policy import WatchPolicy

    Fetch = Callable[[str, float], Page]

MAX_PAGES = 5000
"""Pages after which reading stops. They hold 500,000 jobs of one day."""

LAG = 2.0
"""Seconds by which an answer may be out of date. It may come from a cache, or from
another server behind a load balancer."""


class ReadingObserver:
    """The events of reading a list, for a view to override."""

    def page_read(self, count: int) -> None:
        """Handle a page with this many jobs."""

    def waiting(self, outage: Outage | None, until: float, now: float) -> None:
        """Handle a wait for the next page. ``outage`` is None for the rate limit."""

    def pausing(self) -> None:
        """Handle the pause before the list is read again."""


class PageReader:
    """Reads the account's list of jobs, as often as needed.

    ``fetch`` takes the query of a page and a timeout in seconds. The policy's timeout
    starts when the reader is created.
    """

    def __init__(
        self,
        fetch: Fetch,
        clock: Clock,
        policy: WatchPolicy,
        rate_limiter: RateLimiter,
        observer: ReadingObserver | None = None,
    ) -> None:
        self.started = clock.monotonic()
        self._deadline = policy.deadline(self.started)
        self._fetch = fetch
        self._clock = clock
        self._policy = policy
        self._rate_limiter = rate_limiter
        self._observer = observer or ReadingObserver()

    def read(self, start: str = FIRST_PAGE) -> Iterator[Page]:
        """Yield the pages from the query ``start`` on. A job may be on several pages.

        Raise InvalidResponse for a list without end, TimedOut at the deadline, and
        the errors of ``fetch`` after all retries.
        """
        query: str | None = start
        queries: set[str] = set()
        while query is not None:
            if query in queries:
                raise InvalidResponse(
                    "the list of jobs does not end: it repeats a page",
                    hint=INVALID_LIST_HINT,
                )
            if len(queries) == MAX_PAGES:
                raise InvalidResponse(
                    f"the list of jobs is longer than {MAX_PAGES:,} pages",
                    hint="Give the ids of the jobs.",
                )
            page = self._read_page(query)
            queries.add(query)
            self._observer.page_read(len(page.jobs))
            yield page
            query = page.next_query

    def pause(self) -> None:
        """Wait until the list shows the changes that happened while it was read."""
        self._observer.pausing()
        self._sleep_until(self._clock.monotonic() + LAG)

    def _read_page(self, query: str) -> Page:
        retry = Retry(self._policy, self._deadline, self._rate_limiter)
        self._wait_for_rate_limit()
        while True:
            requested_at = self._clock.monotonic()
            self._rate_limiter.record_request(requested_at)
            timeout = retry.request_timeout(requested_at)
            try:
                return self._fetch(query, timeout)
            except JobstatError as error:
                now = self._clock.monotonic()
                outage = retry.record_failure(
                    error, requested_at=requested_at, timeout=timeout, now=now
                )
                if not error.transient or retry.should_give_up(now):
                    raise
            if not self._policy.once:  # the short retries of ``list`` need no message
                self._observer.waiting(outage, outage.retry_at, now)
            self._sleep_until(outage.retry_at)

    def _wait_for_rate_limit(self) -> None:
        now, allowed_at = self._clock.monotonic(), self._rate_limiter.allowed_at
        if allowed_at - now > MIN_ANNOUNCED_WAIT:
            self._observer.waiting(None, allowed_at, now)
        self._sleep_until(allowed_at)

    def _sleep_until(self, moment: float) -> None:
        """Sleep until a moment, in short steps so that a suspend does not prolong it.

        Raise TimedOut at the deadline.
        """
        until = min(moment, self._deadline)
        while (left := until - self._clock.monotonic()) > 0:
            self._clock.sleep(min(left, TICK))
        if until == self._deadline:
            raise TimedOut(
                "the timeout ran out before the account's jobs were known",
                hint="Give a longer --timeout.",
            )
