"""The time in a job's message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstat.views.message_time import format_age, format_time, parse_message

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "message",
    [
        "Completed at 2026-11-23 12:00:00 +0000",
        "Failed at 2026-11-23 13:30:00 +0130",
        "Killed at 2026-11-23T12:00:00Z",
        "Completed at 2026-11-23T04:00:00.123-08:00",
        "Completed at 2026-11-23 12:00:00 UTC",
        "completed at Mon Nov 23 12:00:00 +0000 2026",
        " Completed at Mon Nov 23 04:00:00 -0800 2026.",
    ],
)
def test_time_in_a_message_is_read_in_each_form(message: str) -> None:
    told = parse_message(message)
    assert told
    assert (told.moment, told.is_beginning, told.rest) == (NOON, False, "")
    assert format_time(told.moment) == "2026-11-23T12:00:00Z"


@pytest.mark.parametrize(
    "message",
    [
        "",
        "Creating ticket #19",
        "Completed at noon",
        "Completed at 2026-11-23 12:00:00",  # in which time zone?
        "Completed at 2026-02-30 12:00:00 +0000",
        "Completed at 2026-11-23 25:00:00 +0000",
        "Completed at 2026-11-23 12:00:00 +9900",
        "Completed at 0001-01-01 00:00:00 +0200",
        "Completed at Mon Foo 23 12:00:00 +0000 2026",
        "Completed at ２０２６-11-23 12:00:00 +0000",  # noqa: RUF001 - other digits
        "The ticket is due at 2026-11-23 12:00:00 +0000",
    ],
)
def test_message_without_a_clear_time_has_none(message: str) -> None:
    assert parse_message(message) is None


def test_rest_of_a_message_is_kept() -> None:
    told = parse_message("Created at 2026-11-23 12:00:00 +0000: two\nlines")
    assert told
    assert (told.is_beginning, told.rest) == (True, "two\nlines")


@pytest.mark.parametrize(
    ("seconds", "age"),
    [
        (0, "0 s ago"),
        (59.9, "59 s ago"),
        (90, "1 min ago"),
        (3600 * 5 + 60, "5 h ago"),
        (3600 * 24, "24 h ago"),
        (3600 * 25, "2026-11-23"),
        (-30, "0 s ago"),  # the clocks differ a little
        (-7200, "2026-11-23"),
    ],
)
def test_age_is_in_the_largest_unit_or_a_date(seconds: float, age: str) -> None:
    assert format_age(NOON, NOON + timedelta(seconds=seconds)) == age


@given(st.datetimes(timezones=st.just(UTC)))
def test_time_that_is_printed_is_read_back(moment: datetime) -> None:
    moment = moment.replace(microsecond=0)
    told = parse_message(f"Completed at {format_time(moment)}")
    assert told
    assert told.moment == moment


@given(st.text() | st.from_regex(r"[A-Za-z]+ at [0-9: +TZ-]*"))
def test_any_message_is_parsed_without_an_error(message: str) -> None:
    parse_message(message)
