from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from support import FAILURE, ID, SUCCESS, body, completed, job_object

from jobstat.errors import InvalidResponse
from jobstat.jobs.job import MAX_COUNT, Job, judge
from jobstat.jobs.parse import MAX_DEPTH, decode_json, parse_answer, parse_job

ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)
JOB_FIELD = st.sampled_from(
    ["id", "url", "total", "progress", "status", "message", "results", "job_type"]
)
ITEM_FIELD = st.sampled_from(["index", "id", "error", "errors", "success", "status"])
JOB_LIKE = st.dictionaries(
    JOB_FIELD,
    ANY_JSON
    | st.sampled_from(["queued", "working", "completed", "failed", "killed"])
    | st.lists(st.dictionaries(ITEM_FIELD, ANY_JSON)),
)


def test_every_field_of_a_job_status_is_parsed() -> None:
    job = parse_job(completed({"index": 7, "id": 1}))
    assert job.id == ID
    assert job.job_type == "Bulk Create Ticket"
    assert job.url == f"https://acme.zendesk.com/api/v2/job_statuses/{ID}.json"
    assert (job.total, job.progress, job.status) == (1, 1, "completed")
    assert job.message == "Completed at 2026-11-23 12:00:00 +0000"
    assert [(item.index, item.fields) for item in job.items] == [
        (7, {"index": 7, "id": 1})
    ]


def test_unknown_fields_are_kept_in_their_order() -> None:
    fields = {"zeta": 1, **job_object(), "alpha": {"nested": [None]}}
    assert list(parse_job(fields).fields.items()) == list(fields.items())


def test_job_needs_only_an_id_and_a_status() -> None:
    job = parse_job({"id": "8b72", "status": "queued"})
    assert (job.total, job.progress, job.message, job.items) == (None, None, None, ())


def test_item_without_an_index_gets_its_position() -> None:
    job = parse_job(completed({"id": 1}, {"id": 2}, {"index": 9, "error": "E"}))
    assert [item.index for item in job.items] == [0, 1, 9]


@pytest.mark.parametrize(
    "count",
    ["5", " 5", 30 * " " + "5", "\x1c5", "0" * 30 + "5", "5.0", "5.9", 5.5, 5.0, 5],
)
def test_count_as_text_or_float_is_parsed(count: object) -> None:
    job = parse_job(job_object("working", total=count, progress=count))
    assert (job.total, job.progress) == (5, 5)


@pytest.mark.parametrize("count", ["-5", " -05.0", -5])
def test_count_may_be_negative(count: object) -> None:
    assert parse_job(job_object("working", total=count)).total == -5


@pytest.mark.parametrize(
    "count", [float("nan"), float("inf"), "five", "٣", "5,5", "", True, [], {}]
)
def test_count_that_is_not_a_number_is_unknown(count: object) -> None:
    job = parse_job(job_object("working", total=count, progress=count))
    assert (job.total, job.progress) == (None, None)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "an empty body"),
        (b" \n", "an empty body"),
        (b"<!DOCTYPE html><title>Sign in</title>", "a web page"),
        (b"[]", "a list without job_status"),
        (b'"queued"', "a text without job_status"),
        (b"{}", "an object without job_status"),
        (b'{"job_status": null}', "a job_status that is null"),
        (b'{"job_status": [1]}', "a job_status that is a list"),
        (b'{"job_status": {"status": "queued"}}', "without id"),
        (b'{"job_status": {"id": "a", "status": " "}}', "without status"),
        (b'{"job_status": {"id": 7, "status": "queued"}}', "without id"),
        (b"{", "not JSON"),
        (b'{"job_status": NaN}', "not JSON"),
        (b'{"job_status": -Infinity}', "not JSON"),
        (b'{"job_status": {"x": 1e400}}', "not JSON"),
        (b'{"job_status": {"x": -1e400}}', "not JSON"),
        (b'"\xff"', "not JSON"),
        (b"1" * 5000, "not JSON"),
        (b"[" * 100_000, "not JSON"),
        (b"[" * (MAX_DEPTH + 1) + b"]" * (MAX_DEPTH + 1), "nested deeper"),
    ],
)
def test_invalid_job_status_raises_invalid_response(
    content: bytes, message: str
) -> None:
    with pytest.raises(InvalidResponse, match=message):
        parse_answer(content)


@pytest.mark.parametrize(
    ("results", "message"),
    [
        (["Ticket 1 failed"], "hold a text where an item should be"),
        ([None], "hold null where an item"),
        ("all is well", "results that are a text"),
        (7, "results that are a number"),
        (True, "results that are a truth value"),
        ({"x": False}, "an item should be"),
        ({"x": ""}, "an item should be"),
        ({"rejected": "4"}, "an item should be"),
        ({"created": 3}, "hold a number where an item"),
        ({"id": 7, "action": "update"}, "hold a number where an item"),
        ({"0": [[SUCCESS]]}, "hold a list where an item"),
        ({"0": SUCCESS, "1": None}, "hold null where an item"),
        ({"a@b.com": SUCCESS, "c@d.com": None}, "hold null where an item"),
    ],
)
def test_unreadable_results_raise_invalid_response(results: Any, message: str) -> None:
    with pytest.raises(InvalidResponse, match=message):
        parse_job(job_object("completed", results=results))


@pytest.mark.parametrize("count", [1e300, "9" * 5000, 2**60, str(2**60)])
def test_counts_over_the_maximum_are_capped(count: object) -> None:
    assert parse_job(job_object("working", total=count)).total == MAX_COUNT + 1


@pytest.mark.parametrize(
    ("results", "indexes", "failed"),
    [
        ({"0": {"id": 5}, "7": {"id": 6, "success": False}}, [0, 7], 1),
        ({"items": [{"id": 5}, {"index": 3, "error": "E"}]}, [None, 3], 1),
        ({"created": [{"id": 5}], "failed": [{"id": 6}]}, [None, None], 1),
        ({"success": [{"id": 5}], "errors": []}, [None], 0),
        ({"items": [], "failed": None}, [], 0),
        ({"success": True}, [0], 0),
        ({"Status": "Deleted", "note": "all"}, [0], 0),
        ({"error": {"title": "Forbidden"}}, [0], 1),
        ({}, [], 0),
        ({"errors": None, "updated": []}, [], 0),
        ({"created": [{"id": 5}], "failed": 0}, [None], 0),
        ({"created": [{"id": 5}], "failed": {}}, [None], 0),
        ({"id": 5, "error": None}, [0], 0),
        ({"created": [{"id": 5}], "rejected": [{"id": 6}]}, [None, None], 1),
        ({"success": True, "results": [{"index": 4, "error": "E"}]}, [4], 1),
        ({"errors": None, "updated": [{"id": 2, "success": False}]}, [None], 1),
        ({"success": False, "items": [{"id": 2}]}, [None, None], 1),
        ({"3": {"ticket": {"id": 5}}}, [3], 0),
        ({"error@example.org": {"id": 5}}, [None], 0),
        ({"tickets": {"3": {"id": 5}, "failed": []}}, [3], 0),
    ],
)
def test_results_object_is_parsed_into_items(
    results: dict[str, Any], indexes: list[int | None], failed: int
) -> None:
    job = parse_job(job_object("completed", results=results))
    assert [item.index for item in job.items] == indexes
    assert len(job.failed) == failed


@pytest.mark.parametrize(
    ("beside", "message"),
    [
        ({"error": "Boom"}, "an error beside 'job_status'"),
        ({"Errors": [{"title": "Boom"}]}, "an error beside 'job_status'"),
        ({"success": False}, "an error beside 'job_status'"),
        ({"errors": 422}, "an error beside 'job_status'"),
        ({"failed": 3}, "an error beside 'job_status'"),
        ({"Status": "failed"}, "a field 'Status' beside"),
        ({"status": "failed"}, "a field 'status' beside"),
        ({"sta_tus": "failed"}, "a field 'sta_tus' beside"),
        ({"results": [FAILURE]}, "a field 'results' beside"),
        ({"job_statuses": []}, "a field 'job_statuses' beside"),
        ({"JobStatus": {"id": ID, "status": "failed"}}, "a field 'JobStatus' beside"),
        ({"result": {"error": "Boom"}}, "an error beside 'job_status'"),
        ({"rejected": 3}, "an error beside 'job_status'"),
    ],
)
def test_contradiction_beside_a_job_raises_invalid_response(
    beside: dict[str, Any], message: str
) -> None:
    answer = {"job_status": completed(SUCCESS), **beside}
    with pytest.raises(InvalidResponse, match=message):
        parse_answer(json.dumps(answer).encode())


@pytest.mark.parametrize(
    "field",
    [
        {"Status": "failed"},
        {"status ": "failed"},
        {"Results": []},
        {"Total": 9},
        {"pro-gress": 1},
    ],
)
def test_misspelled_job_field_raises_invalid_response(
    field: dict[str, Any],
) -> None:
    with pytest.raises(InvalidResponse, match="a job_status with"):
        parse_job(completed(SUCCESS) | field)


def test_unrelated_fields_beside_a_job_are_ignored() -> None:
    beside = {"ticket": {"id": 1, "status": "open"}, "error": None, "success": True}
    answer = {**beside, "job_status": completed(SUCCESS)}
    assert parse_answer(json.dumps(answer).encode()).id == ID


def test_duplicate_field_name_raises_invalid_response() -> None:
    content = body(job_object()).replace(
        b'"status"', b'"status": "completed", "status"'
    )
    with pytest.raises(InvalidResponse, match="a name twice"):
        parse_answer(content)


def test_10_000_items_are_read_and_over_a_million_values_refused() -> None:
    items = [{f"key{n}": n for n in range(10)}] * 10_000
    assert len(parse_answer(body(completed(*items))).items) == 10_000
    with pytest.raises(InvalidResponse, match="more than 1,000,000 values"):
        decode_json(b"[" + b"0," * 1_000_001 + b"0]")


@pytest.mark.parametrize("value", [b"[[]]", b'{"a":{}}'])
def test_nested_lists_and_objects_count_as_values(value: bytes) -> None:
    with pytest.raises(InvalidResponse, match="more than 1,000,000 values"):
        decode_json(b"[" + (value + b",") * 400_000 + b"0]")


def test_byte_order_mark_is_ignored() -> None:
    assert parse_answer(b"\xef\xbb\xbf" + body(job_object())).id == ID


def test_blanks_around_a_status_are_ignored() -> None:
    assert parse_job(job_object(" completed ")).state == "completed"


def test_json_just_below_the_maximum_depth_is_decoded() -> None:
    assert decode_json(b"[" * 63 + b"]" * 63)
    assert decode_json(b"[" * (MAX_DEPTH - 1) + b"]" * (MAX_DEPTH - 1))


@given(ANY_JSON | JOB_LIKE)
@example({"id": "a", "status": "completed", "results": {"success": False}})
def test_parse_job_of_any_json_raises_only_invalid_response(value: object) -> None:
    try:
        job = parse_job(value)
    except InvalidResponse:
        return
    assert isinstance(job, Job)
    judge(job)


@given(st.binary() | JOB_LIKE.map(lambda job: json.dumps({"job_status": job}).encode()))
def test_parse_answer_of_any_bytes_raises_only_invalid_response(content: bytes) -> None:
    try:
        job = parse_answer(content)
    except InvalidResponse:
        return
    assert isinstance(job, Job)
