"""A page of the list of jobs, and the query of the next one."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import job_object

from jobstat.errors import (
    InvalidResponse,
)
from jobstat.jobs.pages import Page, find_id, parse_page


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
    link = document.get("next_page") or document["links"].get("next")
    expected = {"page[after]": ["xyz"], "page[size]": ["7"]}
    assert next_query(document) == (expected if link else None)


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
    query = next_query({"meta": meta, "links": {"next": NEXT}})
    assert query == {"page[after]": ["xyz"], "page[size]": ["7"]}


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
    query = next_query(document)
    assert query == {"page[after]": ["xyz"], "page[size]": ["7"]}


@pytest.mark.parametrize(
    "parameters",
    ['title="a, b"; rel="next"', "REL=next", 'rel = "last NEXT"', "rel='next'"],
)
def test_next_link_is_read_from_the_link_header(parameters: str) -> None:
    first = "<https://acme.zendesk.com/api/v2/job_statuses?page=1>"
    link = f'{first}; rel="first", <{NEXT}>; {parameters}, {first}; rel="first"'
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
    query = next_query({"meta": {"has_more": "true", "after_cursor": "x"}})
    assert query == next_query({"meta": {"after_cursor": "x"}})
    assert query == {"page[size]": ["100"], "page[after]": ["x"]}


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
    with pytest.raises(InvalidResponse, match="another page, but no link to it"):
        next_query(document)


@pytest.mark.parametrize("meta", [[], "more", 7])
def test_meta_that_is_not_an_object_raises_invalid_response(meta: object) -> None:
    with pytest.raises(InvalidResponse, match="a meta that is"):
        next_query({"meta": meta, "links": {"next": NEXT}})


def test_invalid_entry_is_skipped_and_the_other_jobs_are_read() -> None:
    entries = [job_object(id="a"), "junk", {"id": "b"}, {"id": "c", "status": "new"}]
    page = parse_page(json.dumps({"job_statuses": entries}).encode())
    assert [job.id for job in page.jobs] == ["a", "c"]
    assert page.skipped == ("junk", {"id": "b"})
    assert [find_id(entry) for entry in page.skipped] == [None, "b"]


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
def test_parse_page_of_any_bytes_raises_only_invalid_response(content: bytes) -> None:
    for whole in (content, b'{"job_statuses": [' + content + b"]}"):
        try:
            parse_page(whole)
        except InvalidResponse:
            continue


@pytest.mark.parametrize(
    "query", ["page=2&sort_by=created_after", "access_token=x&page=2", "offset=2"]
)
def test_jobs_may_move_between_numbered_or_offset_pages(query: str) -> None:
    assert Page((), next_query=query).may_shift
