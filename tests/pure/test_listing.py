"""The account's jobs, a page at a time."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import FakeClock, job, job_object

from jobstat.errors import (
    AuthError,
    InvalidResponse,
    JobstatError,
    TimedOut,
    Unavailable,
)
from jobstat.jobs.listing import MAX_READINGS, find_unfinished, list_recent
from jobstat.jobs.loop import TICK
from jobstat.jobs.page_reader import MAX_PAGES, PageReader
from jobstat.jobs.pages import FIRST_PAGE, Page, find_id, parse_page
from jobstat.jobs.policy import SHOW, WatchPolicy
from jobstat.jobs.rate_limit import RateLimit, RateLimiter

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DOWN = Unavailable("503")


def page(*ids: str, next_query: str | None = None) -> Page:
    return Page(tuple(job(id=id) for id in ids), (), next_query)


def read(
    *answers: Page | JobstatError,
    policy: WatchPolicy = SHOW,
    rate_limit_share: float = 0.5,
    limit: int | None = None,
    clock: FakeClock | None = None,
    takes: float = 0,
) -> tuple[list[Page], list[str], FakeClock]:
    """The pages that are read from a server that answers so, then repeats."""
    clock = clock or FakeClock()
    rate_limiter = RateLimiter(rate_limit_share)
    steps = list(answers)
    asked: list[str] = []

    def fetch(query: str, timeout: float) -> Page:
        asked.append(query)
        clock.sleep(min(takes, timeout))
        rate_limiter.update(RateLimit(limit), clock.now)
        step = steps[0] if len(steps) == 1 else steps.pop(0)
        if isinstance(step, Exception):
            raise step
        return step

    reader = PageReader(fetch, clock, policy, rate_limiter)
    return list(reader.read()), asked, clock


def next_query(document: dict[str, Any]) -> dict[str, list[str]] | None:
    content = json.dumps({"job_statuses": [], **document}).encode()
    query = parse_page(content).next_query
    return None if query is None else parse_qs(query)


NEXT = "https://evil.example/api/v2/job_statuses.json?page%5Bafter%5D=xyz&page[size]=7"


def test_next_page_is_requested_by_its_cursor() -> None:
    meta = {"has_more": True, "after_cursor": "a&b="}
    expected = {"page[size]": ["100"], "page[after]": ["a&b="]}
    assert next_query({"meta": meta, "links": {"next": NEXT}}) == expected


@pytest.mark.parametrize(
    "document", [{"links": {"next": NEXT}}, {"next_page": NEXT}, {"links": {}}]
)
def test_next_page_without_meta_uses_the_query_of_its_link(
    document: dict[str, Any],
) -> None:
    told = document.get("next_page") or document["links"].get("next")
    expected = {"page[after]": ["xyz"], "page[size]": ["7"]}
    assert next_query(document) == (expected if told else None)


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"meta": {"has_more": False, "after_cursor": "x"}, "links": {"next": NEXT}},
        {"has_more": False, "end_of_stream": False},
        {"page": 2, "total_pages": 2},
        {"meta": {"before_cursor": "x", "after_cursor": None}, "links": {"prev": "p"}},
        {"previous_page": NEXT, "next_page": None, "count": 3},
        {"meta": {"has_more": "false"}, "links": {"next": NEXT}},
        {"meta": {"has_more": None}, "links": {"next": None}},
        {"meta": None, "links": None, "next_page": None},
        {"meta": {}, "links": {"next": ""}},
        {"end_of_stream": True, "after_url": NEXT},
    ],
)
def test_last_page_has_no_next_query(document: dict[str, Any]) -> None:
    assert next_query(document) is None


@pytest.mark.parametrize(
    "meta",
    [
        {},
        {"has_more": None},
        {"has_more": True},
        {"has_more": "true"},
        {"has_more": 1, "after_cursor": None},
    ],
)
def test_next_link_is_followed_if_has_more_is_not_false(meta: dict[str, Any]) -> None:
    found = next_query({"meta": meta, "links": {"next": NEXT}})
    assert found == {"page[after]": ["xyz"], "page[size]": ["7"]}


@pytest.mark.parametrize(
    "document",
    [
        {"meta": {}, "nextPage": NEXT},
        {"meta": {"has_more": True, "next_page": NEXT}},
        {"end_of_stream": False, "after_url": NEXT},
        {"links": {"Next": NEXT}},
        {"Links": {"next": NEXT}},
        {"next": NEXT},
        {"next_url": NEXT},
        {"paging": {"next_link": NEXT}},
        {"@odata.nextLink": NEXT},
        {"links": [{"rel": "self", "href": "?x=1"}, {"rel": "next", "href": NEXT}]},
        {"links": [{"rel": "Next", "url": NEXT}]},
        {"links": [{"rel": "next", "uri": NEXT}]},
    ],
)
def test_next_link_is_found_by_several_names(document: dict[str, Any]) -> None:
    found = next_query(document)
    assert found == {"page[after]": ["xyz"], "page[size]": ["7"]}


@pytest.mark.parametrize(
    "told", ['title="a, b"; rel="next"', "REL=next", 'rel = "last NEXT"', "rel='next'"]
)
def test_next_link_is_read_from_the_link_header(told: str) -> None:
    first = "<https://acme.zendesk.com/api/v2/job_statuses?page=1>"
    link = f'{first}; rel="first", <{NEXT}>; {told}, {first}; rel="first"'
    body = b'{"job_statuses": []}'
    assert parse_qs(parse_page(body, link=link).next_query or "") == {
        "page[after]": ["xyz"],
        "page[size]": ["7"],
    }
    assert parse_page(body, link=f'{first}; rel="first"').next_query is None


def test_long_names_and_links_are_parsed_in_linear_time() -> None:
    with pytest.raises(InvalidResponse):
        next_query({"next" * 10**6 + "!": 1})
    assert parse_page(b'{"job_statuses": []}', link="<" * 10**6).next_query is None


def test_cursor_is_followed_if_has_more_is_true_or_missing() -> None:
    found = next_query({"meta": {"has_more": "true", "after_cursor": "x"}})
    assert found == next_query({"meta": {"after_cursor": "x"}})
    assert found == {"page[size]": ["100"], "page[after]": ["x"]}


@pytest.mark.parametrize(
    "document",
    [
        {"meta": {"has_more": True, "after_cursor": None}, "links": {"next": None}},
        {"meta": {"has_more": "yes"}},
        {"next_page": 7},
        {"links": {"next": {"href": NEXT}}},
        {"next_page": "https://[::"},
        {"meta": {"has_more": True, "after_cursor": "\ud800"}},
        {"links": {"next": "https://acme.zendesk.com/?a=\ud800"}},
        {"meta": {"after_cursor": 7}},
        {"has_more": True},
        {"has_more": True, "meta": {}},
        {"meta": {"hasMore": True}},
        {"Meta": {"has_more": True}},
        {"pagination": {"has_more": True}},
        {"next_cursor": "abc"},
        {"meta": {"nextCursor": "abc"}},
        {"next_page_token": "abc"},
        {"pageInfo": {"hasNextPage": True, "endCursor": "abc"}},
        {"has_next": True},
        {"has_more_pages": True},
        {"hasMoreItems": True},
        {"meta": {"page_number": 1, "total_pages": 2}},
        {"last": "false"},
        {"paging": {"cursors": {"after": "x"}}},
        {"cursor": "x"},
        {"continuation_token": "x"},
        {"meta": {"next_offset": 100}},
        {"page": 1, "total_pages": 2},
        {"meta": {"page": 1, "pages": 2}},
        {"truncated": True},
        {"current_page": 1, "last_page": 3},
        {"page": "1", "total_pages": "3"},
        {"number": 0, "totalPages": 3, "last": False},
        {"is_last_page": False},
        {"meta": {"has_more": False, "page": {"has_more": True}}},
        {"meta": {"has_more": True}, "page": {"has_more": False}},
        {"end_of_stream": False},
        {"next_page": "https://acme.zendesk.com/api/v2/job_statuses.json"},
    ],
)
def test_more_pages_without_a_usable_link_raise_invalid_response(
    document: dict[str, Any],
) -> None:
    with pytest.raises(InvalidResponse, match="another page, but not where"):
        next_query(document)


@pytest.mark.parametrize("meta", [[], "more", 7])
def test_meta_that_is_not_an_object_raises_invalid_response(meta: object) -> None:
    with pytest.raises(InvalidResponse, match="a meta that is"):
        next_query({"meta": meta, "links": {"next": NEXT}})


def test_invalid_entry_is_skipped_and_the_other_jobs_are_read() -> None:
    entries = [job_object(id="a"), "junk", {"id": "b"}, {"id": "c", "status": "new"}]
    found = parse_page(json.dumps({"job_statuses": entries}).encode())
    assert [job.id for job in found.jobs] == ["a", "c"]
    assert found.skipped == ("junk", {"id": "b"})
    assert [find_id(entry) for entry in found.skipped] == [None, "b"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"[]",
        b"{}",
        b'{"job_statuses": {}}',
        b'{"job_status": {}}',
        b'{"job_statuses": [], "error": "Boom"}',
        b'{"job_statuses": [], "success": false}',
        b'{"job_statuses": [], "status": "error"}',
        b'{"job_statuses": [], "status": 500}',
        b'{"job_statuses": [], "results": [{"error": "x"}]}',
        b'{"job_statuses": [], "job_status": {"id": "a", "status": "failed"}}',
        b'{"job_statuses": [], "response": {"status": 500}}',
    ],
)
def test_invalid_page_raises_invalid_response(content: bytes) -> None:
    with pytest.raises(InvalidResponse):
        parse_page(content)


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_a_page_or_raise_invalid_response(content: bytes) -> None:
    for whole in (content, b'{"job_statuses": [' + content + b"]}"):
        try:
            parse_page(whole)
        except InvalidResponse:
            continue


def test_all_pages_are_read_to_the_last_one() -> None:
    pages, asked, _ = read(
        page("a", next_query="q1"), page("b", next_query="q2"), page()
    )
    assert [job.id for page in pages for job in page.jobs] == ["a", "b"]
    assert asked[1:] == ["q1", "q2"]


def test_page_that_leads_back_raises_invalid_response() -> None:
    """A server that ignores the cursor never shows its second page."""
    with pytest.raises(InvalidResponse, match="does not end: a page leads back"):
        read(page("a", next_query="q"), page("a", "b", next_query="q"))


def test_page_without_jobs_does_not_end_the_reading() -> None:
    empty = Page((), (None,), "q2")
    pages, _, _ = read(page("a", next_query="q1"), empty, page("b"))
    assert [job.id for page in pages for job in page.jobs] == ["a", "b"]


def test_more_than_5000_pages_raise_invalid_response() -> None:
    many = [page(f"job{n}", next_query=f"q{n}") for n in range(MAX_PAGES + 5)]
    with pytest.raises(InvalidResponse, match="does not end: 5,000 pages"):
        read(*many)
    pages, asked, _ = read(*many[: MAX_PAGES - 1], page("last"))
    assert len(asked) == len(pages) == MAX_PAGES


def test_reading_pages_respects_the_rate_limit_share() -> None:
    many = [page(f"job{n}", next_query=f"q{n}") for n in range(6)]
    pages, _, clock = read(*many, page(), rate_limit_share=0.1, limit=10)
    assert len(pages) == 7
    # The first five may use what is left.
    assert clock.now == 1000 + 2 * 60


def test_temporary_errors_of_a_page_are_retried_briefly() -> None:
    pages, _, clock = read(DOWN, DOWN, page("a"))
    assert len(pages) == 1
    assert clock.now == 1003
    with pytest.raises(Unavailable):
        read(DOWN)
    with pytest.raises(Unavailable):
        read(Unavailable("429", retry_after=60))
    with pytest.raises(AuthError):
        read(AuthError("401"), page("a"))


def test_retries_of_a_page_count_against_the_rate_limit() -> None:
    limited = Unavailable("503")
    policy = WatchPolicy(rate_limit_share=0.1)
    _, asked, clock = read(
        *[limited] * 5, page("a"), policy=policy, rate_limit_share=0.1, limit=10
    )
    assert len(asked) == 6
    assert clock.now == 1060


def test_long_wait_is_slept_in_short_steps() -> None:
    slept: list[float] = []

    class Clock(FakeClock):
        def sleep(self, seconds: float) -> None:
            slept.append(seconds)
            super().sleep(seconds)

    read(DOWN, Unavailable("429", retry_after=8), page("a"), clock=Clock())
    assert sum(slept) > 8
    assert max(slept) <= TICK


def test_timeout_ends_the_reading_of_pages() -> None:
    policy = WatchPolicy(timeout=30)
    many = [page(f"job{n}", next_query=f"q{n}") for n in range(6)]
    with pytest.raises(TimedOut):
        read(*many, policy=policy, rate_limit_share=0.1, limit=10)
    with pytest.raises(TimedOut):
        read(DOWN, policy=policy)
    with pytest.raises(TimedOut):
        read(DOWN, policy=WatchPolicy(timeout=8, retry_for=1), takes=8)


@pytest.mark.parametrize(
    ("policy", "takes", "withins"),
    [
        (WatchPolicy(timeout=25), 20, [25, 5]),
        (WatchPolicy(), 1, [30, 30]),
        (SHOW, 1, [10, 10]),
    ],
)
def test_page_request_timeout_follows_the_policy_and_the_time_left(
    policy: WatchPolicy, takes: float, withins: list[float]
) -> None:
    clock = FakeClock()
    asked: list[float] = []

    def fetch(query: str, timeout: float) -> Page:
        asked.append(timeout)
        clock.sleep(takes)
        return page("a", next_query="q") if len(asked) == 1 else page("b")

    reader = PageReader(fetch, clock, policy, RateLimiter())
    assert len(list(reader.read())) == 2
    assert asked == withins


STATES = ("working", "paused", "queued", "completed")


def test_unfinished_jobs_are_listed_before_finished_jobs() -> None:
    pages = [
        Page((job("completed", id="a"), job("failed", id="b")), (None,)),
        Page(
            tuple(job(state, id=id) for state, id in zip(STATES, "cdea", strict=True)),
            ("x", None),
        ),
    ]

    found = list_recent(FixedList(pages), 10)
    assert [job.id for job in found.jobs] == ["c", "d", "e", "a", "b"]
    assert (found.total, found.skipped) == (5, (None, "x", None))
    assert [job.id for job in list_recent(FixedList(pages), 4).jobs] == [
        "c",
        "d",
        "e",
        "a",
    ]
    assert list_recent(FixedList(pages), 1).total == 5
    failed = list_recent(FixedList(pages), 5, ["failed", "queued"])
    assert [job.id for job in failed.jobs] == ["e", "b"]
    assert failed.total == 2


class FixedList(PageReader):
    """A list whose readings are given; the last one repeats."""

    def __init__(self, *readings: Iterable[Page]) -> None:
        self.list_readings = list(readings)

    def read(self, start: str = FIRST_PAGE) -> Iterator[Page]:
        del start
        is_last = len(self.list_readings) == 1
        yield from self.list_readings[0] if is_last else self.list_readings.pop(0)

    def pause(self) -> None:
        pass


class Moving(PageReader):
    """A list in pages of two jobs, which changes after so many pages were read."""

    def __init__(self, next_query: str, *states: str) -> None:
        self.next_query = next_query
        self.states = [list(state) for state in states]
        self.pages_read = self.readings = 0
        self.read_before_pauses: list[int] = []
        self.numbers: dict[str, int] = {}

    def pause(self) -> None:
        self.read_before_pauses.append(self.pages_read)

    def read(self, start: str = FIRST_PAGE) -> Iterator[Page]:
        self.readings += start == FIRST_PAGE
        place, more = 2 * self.numbers.get(start, 0), True
        while more:
            jobs = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            self.pages_read += 1
            entries = [
                job("completed" if id.isupper() else "working", id=id.lower())
                for id in jobs[place : place + 2]
            ]
            more = place + 2 < len(jobs)
            place += 2
            next_query = f"{self.next_query}&n={place // 2}"
            self.numbers[next_query] = place // 2
            yield Page(tuple(entries), (), next_query if more else None)


def test_running_job_that_moves_to_an_earlier_page_is_found() -> None:
    # A has expired when the third page is asked for: e is on the second then.
    moving = Moving("page=2", "ABcdefg", "ABcdefg", "Bcdefg")
    assert sorted(find_unfinished(moving)[0]) == list("cdefg")


@pytest.mark.parametrize(
    "query", ["page=2&sort_by=created_after", "access_token=x&page=2", "offset=2"]
)
def test_pages_by_number_or_offset_may_shift(query: str) -> None:
    assert Page((), next_query=query).may_shift


def test_job_that_ends_during_the_reading_precedes_older_ended_jobs() -> None:
    moving = Moving("cursor=x", "ABcdef", "ABcdef", "ABcdef", "EABcdf")
    assert [job.id for job in list_recent(moving, 9).jobs] == [*"cdef", "a", "b"]
    moving = Moving("cursor=x", "ABcdef", "ABcdef", "XYZABcdf")
    assert [job.id for job in list_recent(moving, 9).jobs] == [*"cdf", *"xyz", *"ab"]


def test_job_that_starts_during_the_reading_is_listed_first() -> None:
    moving = Moving("page=2", "ABcdef", "ABcdef", "ABcdef", "ABgcdef")
    found = list_recent(moving, 3)
    assert [job.id for job in found.jobs] == list("gcd")
    assert found.total == 7


def test_numbered_pages_are_reread_until_no_new_job_appears() -> None:
    later = ["Bcdefg", "Bcdefg", "cdefg", "cdefg"]
    moving = Moving("page=2", "ABcdefg", "Bcdefg", "Bcdefg", *later)
    assert sorted(find_unfinished(moving)[0]) == list("cdefg")
    assert moving.readings == 3


def test_numbered_pages_are_read_at_most_max_readings_times() -> None:
    always_new = [[*"AB", str(n), "x"] for n in range(2 * MAX_READINGS + 2)]
    moving = Moving("page=2", *map("".join, always_new[:10]))
    find_unfinished(moving)
    assert moving.readings == MAX_READINGS


@pytest.mark.parametrize(
    "query",
    [
        "page%5Bafter%5D=x",
        "cursor=x",
        "pageToken=x",
        "after=2&page=2",
        "after_cursor=x",
    ],
)
def test_cursor_pages_are_reread_only_at_the_front_and_the_end(query: str) -> None:
    moving = Moving(query, "ABCdef")
    assert find_unfinished(moving)[0] == list("def")
    assert (moving.readings, moving.pages_read) == (2, 3 + 1 + 2)


def test_each_reading_of_numbered_pages_goes_to_the_end() -> None:
    moving = Moving("page=2", "ABCdef")
    assert find_unfinished(moving)[0] == list("def")
    assert (moving.readings, moving.pages_read) == (2, 3 + 3)


def test_skipped_entry_of_later_readings_is_counted_once() -> None:
    readings = [
        [Page((job(id=id),), skipped, "page=2"), Page((job(id="z"),))]
        for id, skipped in [("a", ()), ("b", ("odd",)), ("c", ("odd",)), ("c", ())]
    ]
    assert list_recent(FixedList(*readings), 9).skipped == ("odd",)


def test_second_reading_does_not_count_skipped_entries_again() -> None:
    pages = Page((), (None, None, {"id": "x"}), "page=2"), Page((), ({"id": "y"},))
    assert find_unfinished(FixedList(pages)) == ([], [None, None, "x", "y"])
    assert list_recent(FixedList(pages), 9).skipped == (
        None,
        None,
        {"id": "x"},
        {"id": "y"},
    )


def test_single_page_is_read_once() -> None:
    moving = Moving("page=2", "Ab")
    assert [job.id for job in list_recent(moving, 9).jobs] == ["b", "a"]
    assert moving.readings == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("A", "Ab"),
        ("AC", "ACb"),
        ("ACD", "ACDb"),
        ("ACDEfg", "ACDEbfg"),
        ("ACDEfghi", "ACDEbfghi"),
        ("Afghi", "Abfghi"),
    ],
)
def test_second_reading_finds_a_job_missing_from_the_first(
    before: str, after: str
) -> None:
    pages = -(-len(before) // 2)
    moving = Moving("cursor=x", *[before] * pages, after)
    unfinished_ones = {id for id in after if id.islower()}
    assert set(find_unfinished(moving)[0]) == unfinished_ones


@pytest.mark.parametrize("later", [["ACDEbfg", "BACDEfg"], ["BACDEfg"]])
def test_new_job_that_ends_during_the_second_reading_is_found(
    later: list[str],
) -> None:
    moving = Moving("cursor=x", *["ACDEfg"] * 3, *later)
    assert set(find_unfinished(moving)[0]) == set("bfg")


@pytest.mark.parametrize(
    ("states", "found"),
    [(["Af", "AFb", "BAF"], "bf"), (["Afg", "Afg", "AFGb", "BAFG"], "bfg")],
)
def test_job_that_ends_between_two_pages_of_the_second_reading_is_found(
    states: list[str], found: str
) -> None:
    moving = Moving("cursor=x", *states)
    assert set(find_unfinished(moving)[0]) == set(found)


def test_each_part_of_a_list_is_reread_after_a_pause() -> None:
    moving = Moving("cursor=x", "ABCdef")
    find_unfinished(moving)
    assert moving.read_before_pauses == [3, 3 + 2]


def test_job_listed_as_completed_and_working_is_unfinished() -> None:
    twice = (Page((job("completed", id="a"), job("working", id="a"))),)
    assert find_unfinished(FixedList(twice))[0] == ["a"]
