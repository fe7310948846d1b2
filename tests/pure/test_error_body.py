"""The error message in the body of an answer."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstat.jobs.error_body import error_message, parse_error_message


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"error": "Couldn't authenticate you"}, "Couldn't authenticate you"),
        (
            {"error": "invalid_token", "error_description": "The token is expired."},
            "invalid_token: The token is expired.",
        ),
        (
            {"error": "RecordNotFound", "description": "Not found"},
            "RecordNotFound: Not found",
        ),
        (
            {"error": {"title": "Forbidden", "message": "You do not have access."}},
            "Forbidden: You do not have access.",
        ),
        (
            {
                "error": "RecordInvalid",
                "description": "Record validation errors",
                "details": {"Subdomain: ": [{"description": "Subdomain: None"}]},
            },
            "RecordInvalid: Record validation errors: Subdomain: None",
        ),
        ({"error": "Same", "description": "Same"}, "Same"),
        ({"error": 7}, None),
        ({"error": {"title": None}}, None),
        ({}, None),
        ([], None),
        ("text", None),
    ],
)
def test_error_message_is_read_from_each_form_of_json_error(
    document: object, message: str | None
) -> None:
    assert error_message(document) == message


@pytest.mark.parametrize(
    ("body", "content_type", "message"),
    [
        (b"Number of allowed\n  requests", "text/plain", "Number of allowed requests"),
        (b"Rate limit exceeded", "text/html; charset=utf-8", "Rate limit exceeded"),
        (b"<html><body>502</body></html>", "text/html", None),
        (b"<!DOCTYPE html>", "text/plain", None),
        (b"oops", "application/octet-stream", None),
        (b"", "text/plain", None),
        (b'{"error":"TooManyJobs"}', "text/html", "TooManyJobs"),
        (b"[" * 100_000, "application/json", None),
        (b"\xff\xfe", "text/plain", "\ufffd\ufffd"),
    ],
)
def test_error_message_is_read_from_json_or_text_not_from_markup(
    body: bytes, content_type: str, message: str | None
) -> None:
    assert parse_error_message(body, content_type) == message


@given(st.binary(), st.text())
def test_any_error_body_is_parsed_without_an_exception(
    body: bytes, content_type: str
) -> None:
    parse_error_message(body, content_type)


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(["error", "description", "details", "title"]), inner
            )
        ),
    )
)
def test_any_json_error_body_is_parsed_without_an_exception(document: object) -> None:
    parse_error_message(json.dumps(document).encode(), "")
