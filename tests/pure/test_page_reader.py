"""Reading the pages of a list, with retries."""

from __future__ import annotations

import pytest
from fakes import FakeClock
from support import job

from jobstat.errors import (
    AuthError,
    InvalidResponse,
    JobstatError,
    TimedOut,
    Unavailable,
)
from jobstat.jobs.loop import TICK
from jobstat.jobs.page_reader import MAX_PAGES, PageReader
from jobstat.jobs.pages import Page
from jobstat.jobs.policy import SHOW, WatchPolicy
from jobstat.jobs.rate_limit import RateLimit, RateLimiter

DOWN = Unavailable("503")


def page(*ids: str, next_query: str | None = None) -> Page:
    return Page(tuple(job(id=id) for id in ids), (), next_query)


def read_pages(
    *answers: Page | JobstatError,
    policy: WatchPolicy = SHOW,
    rate_limit_share: float = 0.5,
    limit: int | None = None,
    clock: FakeClock | None = None,
    latency: float = 0,
) -> tuple[list[Page], list[str], FakeClock]:
    """Read pages from a server with these answers; the last one repeats.

    Return the pages, the queries of the requests, and the clock.
    """
    clock = clock or FakeClock()
    rate_limiter = RateLimiter(rate_limit_share)
    answers_left = list(answers)
    queries: list[str] = []

    def fetch(query: str, timeout: float) -> Page:
        queries.append(query)
        clock.sleep(min(latency, timeout))
        rate_limiter.update(RateLimit(limit), clock.now)
        answer = answers_left[0] if len(answers_left) == 1 else answers_left.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    reader = PageReader(fetch, clock, policy, rate_limiter)
    return list(reader.read()), queries, clock


def test_all_pages_are_read_to_the_last_one() -> None:
    pages, queries, _ = read_pages(
        page("a", next_query="q1"), page("b", next_query="q2"), page()
    )
    assert [job.id for page in pages for job in page.jobs] == ["a", "b"]
    assert queries[1:] == ["q1", "q2"]


def test_repeated_page_raises_invalid_response() -> None:
    """A server that ignores the cursor repeats its first page."""
    with pytest.raises(InvalidResponse, match="does not end: it repeats a page"):
        read_pages(page("a", next_query="q"), page("a", "b", next_query="q"))


def test_page_without_jobs_does_not_end_the_reading() -> None:
    empty = Page((), (None,), "q2")
    pages, _, _ = read_pages(page("a", next_query="q1"), empty, page("b"))
    assert [job.id for page in pages for job in page.jobs] == ["a", "b"]


def test_more_than_5000_pages_raise_invalid_response() -> None:
    pages = [page(f"job{n}", next_query=f"q{n}") for n in range(MAX_PAGES + 5)]
    with pytest.raises(InvalidResponse, match="is longer than 5,000 pages"):
        read_pages(*pages)
    read, queries, _ = read_pages(*pages[: MAX_PAGES - 1], page("last"))
    assert len(queries) == len(read) == MAX_PAGES


def test_reading_pages_respects_the_rate_limit_share() -> None:
    pages = [page(f"job{n}", next_query=f"q{n}") for n in range(6)]
    read, _, clock = read_pages(*pages, page(), rate_limit_share=0.1, limit=10)
    assert len(read) == 7
    # The first five may exceed the share.
    assert clock.now == 1000 + 2 * 60


def test_temporary_errors_of_a_page_are_retried_briefly() -> None:
    pages, _, clock = read_pages(DOWN, DOWN, page("a"))
    assert len(pages) == 1
    assert clock.now == 1003
    with pytest.raises(Unavailable):
        read_pages(DOWN)
    with pytest.raises(Unavailable):
        read_pages(Unavailable("429", retry_after=60))
    with pytest.raises(AuthError):
        read_pages(AuthError("403"), page("a"))


def test_retries_of_a_page_count_against_the_rate_limit() -> None:
    limited = Unavailable("503")
    policy = WatchPolicy(rate_limit_share=0.1)
    _, queries, clock = read_pages(
        *[limited] * 5, page("a"), policy=policy, rate_limit_share=0.1, limit=10
    )
    assert len(queries) == 6
    assert clock.now == 1060


def test_long_wait_is_slept_in_short_steps() -> None:
    slept: list[float] = []

    class Clock(FakeClock):
        def sleep(self, seconds: float) -> None:
            slept.append(seconds)
            super().sleep(seconds)

    read_pages(DOWN, Unavailable("429", retry_after=8), page("a"), clock=Clock())
    assert sum(slept) > 8
    assert max(slept) <= TICK


def test_timeout_ends_the_reading_of_pages() -> None:
    policy = WatchPolicy(timeout=30)
    pages = [page(f"job{n}", next_query=f"q{n}") for n in range(6)]
    with pytest.raises(TimedOut):
        read_pages(*pages, policy=policy, rate_limit_share=0.1, limit=10)
    with pytest.raises(TimedOut):
        read_pages(DOWN, policy=policy)
    with pytest.raises(TimedOut):
        read_pages(DOWN, policy=WatchPolicy(timeout=8, retry_for=1), latency=8)


@pytest.mark.parametrize(
    ("policy", "latency", "timeouts"),
    [
        (WatchPolicy(timeout=25), 20, [25, 5]),
        (WatchPolicy(), 1, [30, 30]),
        (SHOW, 1, [10, 10]),
    ],
)
def test_page_request_timeout_follows_the_policy_and_the_time_left(
    policy: WatchPolicy, latency: float, timeouts: list[float]
) -> None:
    clock = FakeClock()
    seen_timeouts: list[float] = []

    def fetch(query: str, timeout: float) -> Page:
        seen_timeouts.append(timeout)
        clock.sleep(latency)
        return page("a", next_query="q") if len(seen_timeouts) == 1 else page("b")

    reader = PageReader(fetch, clock, policy, RateLimiter())
    assert len(list(reader.read())) == 2
    assert seen_timeouts == timeouts
