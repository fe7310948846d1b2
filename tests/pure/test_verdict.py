from __future__ import annotations

import json
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import FAILURE, SUCCESS, completed, job, job_object

from jobstat.errors import InvalidResponse
from jobstat.exits import Exit
from jobstat.jobs.job import Verdict, judge, lacks_results
from jobstat.jobs.parse import parse_job

OK, ITEMS, JOB, UNFINISHED = (
    Verdict.OK,
    Verdict.ITEMS_FAILED,
    Verdict.JOB_FAILED,
    Verdict.UNFINISHED,
)


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("queued", UNFINISHED),
        ("working", UNFINISHED),
        ("paused for lunch", UNFINISHED),
        ("cancelling", UNFINISHED),
        ("completed", OK),
        ("Completed", OK),
        (" completed\n", OK),
        ("KILLED", JOB),
        (" Cancelled ", JOB),
        *(
            (status, JOB)
            for status in (
                "failed",
                "failure",
                "killed",
                "cancelled",
                "canceled",
                "aborted",
                "terminated",
                "error",
                "errored",
                "rejected",
            )
        ),
    ],
)
def test_verdict_follows_from_the_status(status: str, verdict: Verdict) -> None:
    assert judge(job(status, total=None)) is verdict


FAILED_ITEMS: list[dict[str, Any]] = [
    # Forms seen in answers of Zendesk.
    {"index": 1, "error": "OrganizationUpdateFailed", "id": 6, "details": "taken"},
    {"action": "update", "id": 5, "status": "Updated", "success": False},
    {"id": 5, "title": "a", "errors": "Status is closed", "success": True},
    {"id": 5, "errors": ["one"]},
    {"id": 5, "errors": {"base": "one"}},
    {"id": 5, "error": {"title": "t"}},
    {"id": 5, "status": "Failed"},
    {"id": 5, "status": "FAILED"},
    # A success that is not true.
    *(
        {"id": 5, "status": "Updated", "success": value}
        for value in cast("list[object]", ["false", "no", "", "0", 0, 2, None, [], {}])
    ),
    {"id": 5, "Success": False},
    # Other words and spellings.
    *(
        {"id": 5, "status": status}
        for status in (
            " failed ",
            "failure",
            "Error",
            "rejected",
            "killed",
            "cancelled",
            "canceled",
            "aborted",
            "terminated",
            "UpdateFailed",
            "Failed: closed",
            "access denied",
            "422",
            422.0,
            " 422 ",
            500,
            "HTTP 500",
            "422 Unprocessable Entity",
            False,
            "skipped",
            "not found",
            "not_created",
            "NotFound",
            "timed_out",
            "conflict",
            "timeout",
            "pending",
            {"code": "failed"},
            "Bad Request",
            "unavailable",
            "TooManyRequests",
            "limit exceeded",
            "unable to update",
            "ignored",
            "blocked",
            "No",
        )
    ),
    # Other names.
    {"id": 5, "Error": "E"},
    {"id": 5, "ERRORS": ["E"]},
    {"id": 5, "error_message": "E"},
    {"id": 5, "errorMessage": "E"},
    {"id": 5, "error-message": "E"},
    {"id": 5, "failed": True},
    {"id": 5, "failed": "true"},
    {"id": 5, "failures": ["E"]},
    {"id": 5, "error message": "E"},
    {"id": 5, "errorCode": "E"},
    {"id": 5, "failure_reason": "E"},
    {"id": 5, "exception": "E"},
    {"id": 5, "succeeded": False},
    {"id": 5, "ok": "false"},
    # Inside an object.
    {"id": 5, "ticket": {"error": "E"}},
    {"id": 5, "ticket": {"success": False}},
    {"id": 5, "tickets": [{"id": 6}, {"errors": ["E"]}]},
    {"created": [{"success": False}]},
    {"id": 5, "ticket": {"success": None}},
    {"id": 5, "ticket": {"status": "Failed"}},
    {"id": 5, "response": {"status": 422}},
    {"id": 5, "response": {"status": False}},
    {"id": 5, "response": {"status": "Not Found"}},
    {"id": 5, "response": {"status": "bad gateway"}},
    {"id": 5, "ticket": {"error": None, "details": "d"}},
    {"id": 5, "rejected": 3},
    {"id": 5, "skipped": True},
    {"id": 5, "not_found": [{"id": 6}]},
    # A status under another name.
    {"id": 5, "status_code": 422, "message": "Name: is too short"},
    {"id": 5, "statusCode": 404, "statusText": "Not Found"},
    {"id": 5, "code": "RecordInvalid"},
    {"id": 5, "http_status": "503"},
    {"id": 5, "state": "failed"},
    {"id": 5, "outcome": "skipped"},
    {"id": 5, "conclusion": "failure"},
    {"id": 5, "result": False},
    {"id": 5, "result": "Failed"},
    {"id": 5, "result": {"status": "killed"}},
    {"id": 5, "response": {"status": "cancelled"}},
    {"id": 5, "items": [{"status": "killed"}]},
    # An unfinished item of a completed job.
    *(
        {"id": 5, "status": status}
        for status in ("working", "processing", "In  progress", "running", "scheduled")
    ),
    *(
        {"id": 5, "status": status}
        for status in (
            "time-out",
            "Couldn't be saved",
            "can't be blank",
            "No such ticket",
            "declined",
            "rolled back",
            "throttled",
            "rate limited",
            "interrupted",
            "suspended",
            "partially updated",
            "KO",
            "duplicate",
            "Already exists",
            "FA\u0130LED",
        )
    ),
    {"id": 5, "isSuccess": False},
    {"id": 5, "is_successful": "false"},
    {"@index": "1", "@status": "Failed"},
    {"id": 5, "@success": "false"},
    {"id": 5, "err": "E"},
    {"id": 5, "fault": {"x": "E"}},
    {"id": 5, "fail": "E"},
    {"id": 5, "rejected": "Name: is too short"},
    {"id": 5, "invalid": "Name"},
    {"id": 5, "timeout": True},
    {"id": 5, "total": 5, "succeeded": 3},
    # Details without an error.
    {"id": 5, "index": 1, "details": "Name: has already been taken"},
    # An empty error with details.
    {"id": 5, "error": "", "details": "Name: is too short"},
    {"id": 5, "error": None, "details": {"name": ["is too short"]}},
    {"id": 5, "details": "Name: is too short", "errors": []},
]


@pytest.mark.parametrize("item", FAILED_ITEMS)
def test_each_form_of_a_failed_item_is_detected(item: dict[str, Any]) -> None:
    seen = parse_job(completed(SUCCESS, item, SUCCESS))
    assert judge(seen) is ITEMS
    assert [failed.fields for failed in seen.failed] == [item]


@pytest.mark.parametrize(
    "item",
    [
        {"index": 0, "id": 1, "account_id": 2},
        {"id": 1, "status": "Created", "email": "a@b", "external_id": "x"},
        {"action": "update", "id": 1, "status": "Updated", "success": True},
        {"id": 1, "title": "t", "errors": "", "success": True},
        {"id": 1, "error": None, "errors": []},
        {"id": 1, "success": "True"},
        {"id": 1, "success": 1},
        {"id": 1, "status": None, "failed": False, "details": ""},
        {"id": 1, "failed": 0, "error": " "},
        {"id": 1, "details": "Its title was cut", "status": "Created"},
        {"id": 1, "status": "Unblocked"},
        {"id": 1, "status": "Noted"},
        {"id": 1, "title": "Login failed", "status": "Updated"},
        {"id": 1, "ticket": {"status": "cancelled", "error": None}},
        {"id": 1, "ticket": {"status": "pending", "comments": [{"status": "open"}]}},
        {"id": 1, "refusal_policy": "none", "skipped": False, "404": True},
        {"id": 1, "succeeded": 3, "error_count": 0},
        {"id": 1, "sent": {"error@example.org": "welcome"}},
        {"id": 1, "state": "no", "code": 200, "result": "updated"},
        {"id": 1, "user": {"code": "A1", "state": "pending", "details": "d"}},
        {"id": 1, "status": "No change"},
        {"id": 1, "status": "Not modified"},
        {"id": 1, "status": "Updated at 12:00:00.412Z"},
        {"id": 1, "processing_ms": 12, "scheduled_at": 1700000000},
        {"id": 1, "rejected": "no", "invalid": "0", "timeout": 30},
        {"id": 1, "skipped_at": "noon"},
        {"id": 1, "total": 5, "succeeded": 5},
        {"id": 1, "default": "x", "errand": 1},
    ],
)
def test_each_form_of_a_good_item_gives_verdict_ok(item: dict[str, Any]) -> None:
    assert judge(parse_job(completed(item))) is OK


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ({"success": True}, OK),
        ({"success": False}, ITEMS),
        ({"success": "false"}, ITEMS),
        ({"success": None}, ITEMS),
        ({"success": True, "error": "E"}, ITEMS),
        ({"status": "Failed"}, ITEMS),
        ({"0": {"success": True}, "1": {"success": False}}, ITEMS),
        ({"items": [SUCCESS, FAILURE]}, ITEMS),
        ({"items": [SUCCESS]}, OK),
        ({"failed": [{"id": 1}]}, ITEMS),
        ({"failed": {"id": 1}}, ITEMS),
        ({"created": [SUCCESS], "notFound": [{"id": 2}]}, ITEMS),
        ({"exceptions": [{"id": 2}]}, ITEMS),
        ({"errors": [], "details": [{"x": 1}]}, ITEMS),
        ({"failed": 3}, ITEMS),
        ({"errors": [{"id": 1}]}, ITEMS),
        ({"failed": [], "created": [SUCCESS]}, OK),
        ({"Errors": {"id": 1}}, ITEMS),
        ({"success": True, "results": [FAILURE]}, ITEMS),
        ({"status": "done", "items": [{"success": False}]}, ITEMS),
        ({"errors": {}, "updated": [{"success": False}]}, ITEMS),
        ({"success": True, "0": SUCCESS, "1": FAILURE}, ITEMS),
        ({"created": [SUCCESS], "rejected": [{"id": 2}]}, ITEMS),
        ({"created": [SUCCESS], "failed_records": [{"id": 2}]}, ITEMS),
        ({"users": {"created": [{"success": False}]}}, ITEMS),
        ({"tickets": {"0": {"error": "E"}}}, ITEMS),
        ([{"ticket": {"error": "E"}}], ITEMS),
        ({"tickets": {"rejected": [{"id": 2}]}}, ITEMS),
        ({"rejected": {"tickets": [{"id": 2}]}}, ITEMS),
        ({"users": {"created": [{"id": 1, "status": "Failed"}], "x": None}}, ITEMS),
        ({"users": {"created": [SUCCESS], "rejected": []}}, OK),
        ({"created": None, "updated": 0}, OK),
        # Groups in a group, beside other fields.
        ({"tickets": {"created": [SUCCESS], "updated": 0, "rejected": [{}]}}, ITEMS),
        ({"tickets": {"success": True, "items": [{"status": "Rejected"}]}}, ITEMS),
        ({"tickets": {"errors": [], "x": [{"error": "", "details": "d"}]}}, ITEMS),
        ({"tickets": {"count": 3, "rejected": [{"id": 1}]}}, ITEMS),
        ({"tickets": {"message": "x", "rejected": [{"id": 1}]}}, ITEMS),
        ({"updated": {"0": {"status": "Rejected"}, "success": True}}, ITEMS),
        ({"0": {"rejected": [{"id": 1}]}}, ITEMS),
        ({"tickets": [{"rejected": [{"id": 1}]}]}, ITEMS),
        ({"tickets": {"success": True, "items": [SUCCESS], "failed": 0}}, OK),
        # Failures that are only counted.
        ({"success": True, "rejected": 3}, ITEMS),
        ({"success": True, "not_found": 3}, ITEMS),
        ({"success": True, "skipped": True}, ITEMS),
        ({"success": True, "rejected": " 03 "}, ITEMS),
        ({"success": True, "rejected": "True"}, ITEMS),
        ({"success": True, "rejected": 0, "skipped_at": "noon"}, OK),
        ({"success": True, "rejected": "00"}, OK),
        ({"failed": {"12": {}}}, ITEMS),
        ({"failed": {"a": {}}}, ITEMS),
        ({"failed": {"tickets": [], "users": None}}, OK),
        ({"updated": [SUCCESS], "failed": {"4050": []}}, ITEMS),
        ({"updated": [SUCCESS], "failed": {"4050": None}}, ITEMS),
        ({"updated": [SUCCESS], "failed": {"a@b.c": []}}, ITEMS),
        # Fields beside items do not make the object a record.
        ({"tickets": {"items": [{"status": "killed"}], "count": 1}}, ITEMS),
        ({"tickets": {"items": [{"status": "skipped"}], "message": "x"}}, ITEMS),
        ({"ok": 0, "tickets": [SUCCESS]}, ITEMS),
        ({"succeeded": 0, "tickets": [SUCCESS]}, ITEMS),
        ({"succeeded": 2, "tickets": [SUCCESS]}, OK),
        ({"success": []}, ITEMS),
        ({"success": [SUCCESS], "failed": []}, OK),
        # One item for all may have lists of plain values.
        ({"success": True, "tags": ["a"]}, OK),
        ({"success": True, "failed": [1]}, ITEMS),
        # The words in an id or an address mean nothing.
        ({"emp-403": SUCCESS, "error@example.org": SUCCESS}, OK),
        ({"error@example.org": {"success": False}}, ITEMS),
        ({"pending": [SUCCESS]}, ITEMS),
        ({"200": [SUCCESS], "422": [{"id": 2}]}, ITEMS),
        ({"ok": [SUCCESS], "ko": [{"id": 2}]}, ITEMS),
        ({"true": [SUCCESS], "false": [{"id": 2}]}, ITEMS),
        ({"accepted": [SUCCESS], "declined": [{"id": 2}]}, ITEMS),
        ({"total": 5, "succeeded": 3}, ITEMS),
        ({"total": 5, "succeeded": 5}, OK),
        # Other spellings.
        ({"created": [SUCCESS], "fa-iled": [{"id": 2}]}, ITEMS),
        ({"created": [SUCCESS], "not there": [{"id": 2}]}, ITEMS),
        ({"created": [SUCCESS], "un processed": [{"id": 2}]}, ITEMS),
        ({"created": [SUCCESS], "Can celled": [{"id": 2}]}, ITEMS),
        # A number that names an item is its index, not an HTTP code.
        ({"404": SUCCESS, " 500 ": {"id": 2}}, OK),
        ({"created": [SUCCESS], "failed": 0}, OK),
        ({"created": [SUCCESS], "failed": {}}, OK),
        ({}, OK),
        ([], OK),
        (None, OK),
    ],
)
def test_verdict_follows_from_each_form_of_results(
    results: object, verdict: Verdict
) -> None:
    assert judge(job("completed", total=2, progress=2, results=results)) is verdict


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"success": False}, JOB),
        ({"success": "false"}, JOB),
        ({"success": 0}, JOB),
        ({"success": "0"}, JOB),
        ({"error": "Boom"}, JOB),
        ({"Error": {"title": "Boom"}}, JOB),
        ({"errors": ["Boom"]}, JOB),
        ({"error_message": "Boom"}, JOB),
        ({"failed": 3}, ITEMS),
        ({"failed_count": 3}, ITEMS),
        ({"error_count": 3}, ITEMS),
        ({"failures": [{"id": 1}]}, ITEMS),
        ({"rejected": 3}, ITEMS),
        ({"result": {"error": "E"}}, ITEMS),
        ({"result": {"status": 500}}, ITEMS),
        ({"result": {"error": "", "details": "d"}}, ITEMS),
        ({"ticket": {"error": None, "success": True}}, OK),
        ({"successful": False}, JOB),
        ({"success": 5, "failed": 0}, OK),
        ({"success": True}, OK),
        ({"success": None}, OK),
        ({"success": "failed"}, JOB),
        ({"success": "yes"}, OK),
        ({"error": None, "errors": [], "failed": 0}, OK),
        ({"queued_at": 1700000000, "timeout": 3600, "cancellable": True}, OK),
        ({"field_512": 3}, OK),
        ({"errors_url": "https://acme.zendesk.com/e", "max_errors": 10}, OK),
        ({"error_handling": "continue", "failure_policy": "stop"}, OK),
        ({"failed": "0", "errors": {"base": []}}, OK),
        ({"errors": {"base": ["taken"]}}, JOB),
        ({"conclusion": "failure"}, JOB),
        ({"state": "error"}, JOB),
        ({"http_status": 500}, JOB),
        ({"state": "completed", "code": 200}, OK),
        ({"state": "queued"}, ITEMS),
        ({"outcome": "cancelled"}, ITEMS),
        ({"result": False}, JOB),
        ({"total": 2, "progress": 2, "success": 1}, ITEMS),
        ({"summary": {"total": "2", "succeeded": "1"}}, ITEMS),
        ({"summary": {"total": " " * 30 + "2", "succeeded": "1"}}, ITEMS),
        ({"continue_on_error": True, "ignore_errors": True, "fail_fast": True}, OK),
        ({"options": {"allow_partial": True}}, OK),
        ({"error": "", "details": "Database down"}, JOB),
        ({"error": None, "details": ""}, OK),
        ({"details": "All tickets"}, OK),
        ({"rejected": "3 of 5"}, ITEMS),
        ({"processed": 3, "total": 5, "progress": 5}, ITEMS),
        ({"result": {"status": "cancelled"}}, ITEMS),
        ({"job_results": [{"id": 1}, {"status": "Cancelled"}]}, ITEMS),
        ({"result": {"0": {"id": 1}, "1": {"status": "Cancelled"}}}, ITEMS),
        ({"result": {"ticket": {"status": "pending"}}}, OK),
        ({"succeeded": 0}, JOB),
        ({"summary": {"total": 5, "succeeded": 3}}, ITEMS),
        ({"timeouts": 3}, ITEMS),
        ({"processing_time": {"started": 1}, "rate_limit": 700}, OK),
    ],
)
def test_failure_fields_of_a_completed_job_decide_its_verdict(
    fields: dict[str, Any], verdict: Verdict
) -> None:
    assert judge(parse_job(completed(SUCCESS) | fields)) is verdict


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"total": 40, "progress": 3}, ITEMS),
        ({"total": 40, "progress": 3, "results": []}, ITEMS),
        ({"total": 40, "progress": 3, "results": {}}, ITEMS),
        ({"total": "40", "progress": "3"}, ITEMS),
        ({"total": "1,000", "progress": "900"}, ITEMS),
        ({"total": "+9", "progress": 3}, ITEMS),
        ({"total": 40.0, "progress": 3.0}, ITEMS),
        ({"total": 40, "progress": 0}, ITEMS),
        ({"total": 100, "progress": 49.5}, ITEMS),
        ({"total": 100, "progress": "49.5"}, ITEMS),
        ({"total": "5", "progress": "-1"}, ITEMS),
        ({"total": 20 * " " + "100", "progress": 50}, ITEMS),
        ({"total": "0" * 30 + "100", "progress": 5}, ITEMS),
        ({"total": 2**60, "progress": 5}, ITEMS),
        ({"total": 1e30, "progress": 5}, ITEMS),
        ({"total": 40, "progress": 3, "results": {"errors": {}}}, ITEMS),
        ({"total": 40, "progress": 3, "results": {"error": None}}, ITEMS),
        ({"total": 40, "progress": 3, "results": {"status": "Updated"}}, ITEMS),
        ({"total": 3, "progress": 1, "results": [SUCCESS]}, ITEMS),
        ({"total": 2, "progress": 1, "results": [SUCCESS, {"id": None}]}, ITEMS),
        ({"total": 2, "progress": 1, "results": {"a": [SUCCESS], "b": {}}}, ITEMS),
        ({"total": 40, "progress": 3, "results": {"success": True}}, OK),
        ({"total": 5, "progress": 5, "results": []}, OK),
        ({"total": None, "progress": 3}, OK),
        ({"total": 40, "progress": None, "results": []}, OK),
        ({"total": 3, "progress": None, "results": [SUCCESS, SUCCESS]}, ITEMS),
        ({"total": 3, "progress": None, "results": {"status": "Deleted"}}, OK),
        ({"total": 5, "progress": 5, "succeeded": 3}, ITEMS),
    ],
)
def test_verdict_of_a_completed_job_depends_on_progress_and_total(
    fields: dict[str, Any], verdict: Verdict
) -> None:
    assert judge(job("completed", **fields)) is verdict


@pytest.mark.parametrize(
    ("fields", "lacks"),
    [
        ({"total": None}, True),
        ({"total": 5, "progress": 5, "results": []}, True),
        ({"total": 2, "progress": 2, "results": [SUCCESS]}, True),
        ({"total": None, "progress": 2, "results": [SUCCESS]}, True),
        ({"total": 1, "progress": 1, "results": [SUCCESS]}, False),
        ({"total": 5, "results": {"success": True}}, False),
        ({"total": None, "results": []}, True),
        ({"total": None, "results": {}}, True),
        ({"total": None, "results": [SUCCESS]}, False),
    ],
)
def test_results_omitted_from_a_batch_are_noticed(
    fields: dict[str, Any], lacks: bool
) -> None:
    assert lacks_results(job("completed", **fields), from_batch=True) is lacks


@pytest.mark.parametrize(
    ("fields", "lacks"),
    [
        ({"total": 5}, True),
        ({"total": 5, "progress": 2}, True),
        ({"total": 5, "error": "E"}, False),
        ({"total": None, "progress": 5}, True),
        ({"total": 5, "results": []}, False),
        ({"total": 5, "results": {"success": True}}, False),
        ({"total": None}, False),
        ({"total": 0, "progress": 0}, False),
    ],
)
def test_missing_results_of_a_completed_job_are_noticed(
    fields: dict[str, Any], lacks: bool
) -> None:
    assert lacks_results(job("completed", **fields)) is lacks
    assert not lacks_results(job("working", **fields))
    assert not lacks_results(job("failed", **fields))


def test_failed_items_of_a_working_job_leave_it_unfinished() -> None:
    working = parse_job(job_object("working", results=[FAILURE]))
    assert judge(working) is UNFINISHED


def test_each_verdict_has_its_exit_code() -> None:
    assert {verdict: verdict.exit for verdict in Verdict} == {
        OK: Exit.OK,
        ITEMS: Exit.ITEMS_FAILED,
        JOB: Exit.JOB_FAILED,
        UNFINISHED: Exit.UNFINISHED,
    }


_TEXT = st.text(max_size=8)
_VALUE = st.none() | st.booleans() | st.integers(-1, 3) | _TEXT | st.lists(_TEXT)
_NAMES = "id index error errors success status details failed Error error_message"
_ITEM = st.dictionaries(
    st.sampled_from(_NAMES.split()),
    _VALUE | st.sampled_from(["Updated", "Failed", "ok"]),
)
_RESULTS = (
    st.none()
    | st.lists(_ITEM, max_size=3)
    | _ITEM
    | st.dictionaries(st.sampled_from(["0", "items", "failed"]), st.lists(_ITEM))
)
_JOB = st.fixed_dictionaries(
    {
        "id": st.just("a"),
        "status": st.sampled_from(["queued", "working", "completed", "failed", "odd"]),
    },
    optional={
        "total": st.none() | st.integers(0, 4),
        "progress": st.none() | st.integers(0, 4),
        "results": _RESULTS,
        "success": _VALUE,
        "error": _VALUE,
        "failed": _VALUE,
    },
)
_SIGNS = [item for item in FAILED_ITEMS if "details" not in item]


def _verdict(value: dict[str, Any]) -> Verdict | None:
    """The verdict, None for a broken answer, which is never a success."""
    try:
        return judge(parse_job(value))
    except InvalidResponse:
        return None


def _is_no_better(after: Verdict | None, before: Verdict | None) -> bool:
    if after is None or before is None:
        return after is not OK
    return after.exit.rank <= before.exit.rank


@settings(max_examples=200)
@given(_JOB, st.sampled_from(_SIGNS), st.integers(0, 3))
def test_sign_of_failure_in_an_item_never_improves_the_verdict(
    value: dict[str, Any], sign: dict[str, Any], place: int
) -> None:
    results = value.get("results")
    worse = json.loads(json.dumps(value))
    if isinstance(results, list) and results:
        worse["results"][place % len(results)] |= sign
    elif isinstance(results, dict):
        groups = [name for name, group in results.items() if isinstance(group, list)]
        if groups and results[groups[0]] and isinstance(results[groups[0]][0], dict):
            worse["results"][groups[0]][0] |= sign
        else:
            worse["results"] |= sign
    else:
        worse["results"] = [sign]
    assert _is_no_better(_verdict(worse), _verdict(value))
    assert _verdict(worse) is not OK


@given(
    _JOB,
    st.sampled_from(
        [
            {"success": False},
            {"error": "E"},
            {"errors": ["E"]},
            {"error_message": "E"},
            {"failed": 2},
            {"status": "failed"},
            {"status": "aborted"},
        ]
    ),
)
def test_sign_of_failure_in_the_job_never_improves_the_verdict(
    value: dict[str, Any], sign: dict[str, Any]
) -> None:
    assert _is_no_better(_verdict(value | sign), _verdict(value))
    if value["status"] == "completed":
        assert _verdict(value | sign) is not OK
