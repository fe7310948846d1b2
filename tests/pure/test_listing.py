"""A whole list that changes while it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import job

from jobstat.jobs.listing import MAX_READINGS, JobListing, find_unfinished, list_recent
from jobstat.jobs.page_reader import PageReader
from jobstat.jobs.pages import FIRST_PAGE, Page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

STATES = ("working", "paused", "queued", "completed")


class FixedList(PageReader):
    """A list with given readings; the last one repeats."""

    def __init__(self, *readings: Iterable[Page]) -> None:
        self.readings_left = list(readings)

    def read(self, start: str = FIRST_PAGE) -> Iterator[Page]:
        del start
        is_last = len(self.readings_left) == 1
        yield from self.readings_left[0] if is_last else self.readings_left.pop(0)

    def pause(self) -> None:
        pass


class MovingList(PageReader):
    """A list in pages of two jobs. Each page is read from the next of its states.

    A state has one letter for each job, upper case for a completed one.
    """

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
        position, has_more = 2 * self.numbers.get(start, 0), True
        while has_more:
            jobs = self.states.pop(0) if len(self.states) > 1 else self.states[0]
            self.pages_read += 1
            entries = [
                job("completed" if id.isupper() else "working", id=id.lower())
                for id in jobs[position : position + 2]
            ]
            has_more = position + 2 < len(jobs)
            position += 2
            next_query = f"{self.next_query}&n={position // 2}"
            self.numbers[next_query] = position // 2
            yield Page(tuple(entries), (), next_query if has_more else None)


def ids_of(listing: JobListing) -> list[str]:
    return [job.id for job in listing.jobs]


def test_unfinished_jobs_are_listed_before_finished_jobs() -> None:
    pages = [
        Page((job("completed", id="a"), job("failed", id="b")), (None,)),
        Page(
            tuple(job(state, id=id) for state, id in zip(STATES, "cdea", strict=True)),
            ("x", None),
        ),
    ]

    listing = list_recent(FixedList(pages), 10)
    assert ids_of(listing) == ["c", "d", "e", "a", "b"]
    assert (listing.total, listing.skipped) == (5, (None, "x", None))
    assert ids_of(list_recent(FixedList(pages), 4)) == list("cdea")
    assert list_recent(FixedList(pages), 1).total == 5
    failed = list_recent(FixedList(pages), 5, ["failed", "queued"])
    assert ids_of(failed) == ["e", "b"]
    assert failed.total == 2


def test_running_job_that_moves_to_an_earlier_page_is_found() -> None:
    # A expires before the third page is read, so e moves to the second one.
    reader = MovingList("page=2", "ABcdefg", "ABcdefg", "Bcdefg")
    assert sorted(find_unfinished(reader)[0]) == list("cdefg")


def test_job_that_ends_during_the_reading_precedes_older_ended_jobs() -> None:
    reader = MovingList("cursor=x", "ABcdef", "ABcdef", "ABcdef", "EABcdf")
    assert ids_of(list_recent(reader, 9)) == [*"cdef", "a", "b"]
    reader = MovingList("cursor=x", "ABcdef", "ABcdef", "XYZABcdf")
    assert ids_of(list_recent(reader, 9)) == [*"cdf", *"xyz", *"ab"]


def test_job_that_starts_during_the_reading_is_listed_first() -> None:
    reader = MovingList("page=2", "ABcdef", "ABcdef", "ABcdef", "ABgcdef")
    listing = list_recent(reader, 3)
    assert ids_of(listing) == list("gcd")
    assert listing.total == 7


def test_numbered_pages_are_reread_until_no_new_job_appears() -> None:
    later = ["Bcdefg", "Bcdefg", "cdefg", "cdefg"]
    reader = MovingList("page=2", "ABcdefg", "Bcdefg", "Bcdefg", *later)
    assert sorted(find_unfinished(reader)[0]) == list("cdefg")
    assert reader.readings == 3


def test_numbered_pages_are_read_at_most_max_readings_times() -> None:
    always_new = [[*"AB", str(n), "x"] for n in range(2 * MAX_READINGS + 2)]
    reader = MovingList("page=2", *map("".join, always_new[:10]))
    find_unfinished(reader)
    assert reader.readings == MAX_READINGS


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
    reader = MovingList(query, "ABCdef")
    assert find_unfinished(reader)[0] == list("def")
    assert (reader.readings, reader.pages_read) == (2, 3 + 1 + 2)


def test_each_reading_of_numbered_pages_goes_to_the_end() -> None:
    reader = MovingList("page=2", "ABCdef")
    assert find_unfinished(reader)[0] == list("def")
    assert (reader.readings, reader.pages_read) == (2, 3 + 3)


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
    reader = MovingList("page=2", "Ab")
    assert ids_of(list_recent(reader, 9)) == ["b", "a"]
    assert reader.readings == 1


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
    reader = MovingList("cursor=x", *[before] * pages, after)
    unfinished_ones = {id for id in after if id.islower()}
    assert set(find_unfinished(reader)[0]) == unfinished_ones


@pytest.mark.parametrize("later", [["ACDEbfg", "BACDEfg"], ["BACDEfg"]])
def test_new_job_that_ends_during_the_second_reading_is_found(
    later: list[str],
) -> None:
    reader = MovingList("cursor=x", *["ACDEfg"] * 3, *later)
    assert set(find_unfinished(reader)[0]) == set("bfg")


@pytest.mark.parametrize(
    ("states", "listing"),
    [(["Af", "AFb", "BAF"], "bf"), (["Afg", "Afg", "AFGb", "BAFG"], "bfg")],
)
def test_job_that_ends_between_two_pages_of_the_second_reading_is_found(
    states: list[str], listing: str
) -> None:
    reader = MovingList("cursor=x", *states)
    assert set(find_unfinished(reader)[0]) == set(listing)


def test_each_part_of_a_list_is_reread_after_a_pause() -> None:
    reader = MovingList("cursor=x", "ABCdef")
    find_unfinished(reader)
    assert reader.read_before_pauses == [3, 3 + 2]


def test_job_listed_as_completed_and_working_is_unfinished() -> None:
    twice = (Page((job("completed", id="a"), job("working", id="a"))),)
    assert find_unfinished(FixedList(twice))[0] == ["a"]
