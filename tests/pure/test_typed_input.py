"""Job references and durations that users type."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstat.errors import UsageError
from jobstat.jobs.duration import (
    format_duration,
    format_elapsed,
    parse_duration,
    spell_duration,
)
from jobstat.jobs.reference import Reference, parse_reference


@pytest.mark.parametrize(
    "id", ["1", "8b726e606741012ffc2d782bcb7848fe", "V3-_", "x" * 64]
)
def test_job_id_is_taken_unchanged(id: str) -> None:
    assert parse_reference(id) == Reference(id)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        (
            "https://acme.zendesk.com/api/v2/job_statuses/ab1.json",
            "https://acme.zendesk.com",
        ),
        (
            "https://ACME.zendesk.com:443/api/v2/job_statuses/ab1",
            "https://acme.zendesk.com",
        ),
        ("http://127.0.0.1:80/api/v2/job_statuses/ab1.json?x=1", "http://127.0.0.1"),
        ("http://[::1]:8080/api/v2/job_statuses/ab1.json", "http://[::1]:8080"),
    ],
)
def test_job_url_is_parsed_into_id_and_origin(url: str, origin: str) -> None:
    assert parse_reference(url) == Reference("ab1", origin)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "-",
        "a/b",
        "..",
        "../users",
        "a?b",
        "a b",
        "a\n",
        "x" * 65,
        "٣",
        "a%2fb",
        "https://",
        "https://acme.zendesk.com/",
        "https://acme.zendesk.com/api/v2/job_statuses/..",
        "https://acme.zendesk.com/api/v2/job_statuses/a%2Fb.json",
        "https://acme.zendesk.com/api/v2/job_statuses.json",
        "https://acme.zendesk.com/api/v2/apps/job_statuses/12.json",
        "https://acme.zendesk.com:x/api/v2/job_statuses/1",
        "https://[/api/v2/job_statuses/1",
        "https://acme.zendesk.com/api/v2/job_statuses/a\nb.json",
        "https://acme.zendesk.com/api/v2/job_statuses/a b.json",
        "https://acme.zendesk.com/api/v2/job_statuses/٣.json",
    ],
)
def test_invalid_job_reference_raises_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        parse_reference(text)


def test_error_about_a_url_does_not_repeat_its_password() -> None:
    with pytest.raises(UsageError) as caught:
        parse_reference("https://me:hunter2@acme.zendesk.com/api/v2/job_statuses/1")
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


@given(st.text())
def test_any_text_is_parsed_into_a_safe_job_id_or_raises_a_usage_error(
    text: str,
) -> None:
    try:
        reference = parse_reference(text)
    except UsageError:
        return
    assert set(reference.id) <= set(
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("0.5", 0.5),
        ("1.5s", 1.5),
        ("10m", 600),
        ("1h30m", 5400),
        ("1h1s", 3601),
        (" 5m ", 300),
        ("0", 0),
    ],
)
def test_duration_is_parsed_into_seconds(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text",
    ["", "s", "-1", "1d", "m10", "1m1h", "1e3", "٣s", "inf", "nan", "8785h"],
)
def test_invalid_duration_raises_a_usage_error(text: str) -> None:
    with pytest.raises(UsageError):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "elapsed", "words"),
    [
        (0, "0:00", "0 s"),
        (-3, "0:00", "0 s"),
        (59.9, "0:59", "59 s"),
        (61, "1:01", "1 min 1 s"),
        (3600, "1:00:00", "1 h"),
        (7505, "2:05:05", "2 h 5 min"),
    ],
)
def test_seconds_are_formatted_as_clock_time_and_in_words(
    seconds: float, elapsed: str, words: str
) -> None:
    assert format_elapsed(seconds) == elapsed
    assert format_duration(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.5, "0 seconds"),
        (1, "1 second"),
        (62, "1 minute 2 seconds"),
        (7265, "2 hours 1 minute"),
    ],
)
def test_seconds_are_spelled_for_a_screen_reader(seconds: float, words: str) -> None:
    assert spell_duration(seconds) == words
