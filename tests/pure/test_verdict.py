from __future__ import annotations

from typing import Any

import pytest
from support import FAILURE, SUCCESS, completed, job, job_object

from jobstat.exits import Exit
from jobstat.jobs.job import parse_job
from jobstat.jobs.verdict import Verdict, judge


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        ("queued", Verdict.UNFINISHED),
        ("working", Verdict.UNFINISHED),
        ("paused for lunch", Verdict.UNFINISHED),
        ("completed", Verdict.OK),
        ("Completed", Verdict.OK),
        ("failed", Verdict.JOB_FAILED),
        ("killed", Verdict.JOB_FAILED),
        ("KILLED", Verdict.JOB_FAILED),
    ],
)
def test_a_status_has_a_verdict(status: str, verdict: Verdict) -> None:
    assert judge(job(status)) is verdict


@pytest.mark.parametrize(
    "item",
    [
        {"index": 1, "error": "OrganizationUpdateFailed", "id": 6, "details": "taken"},
        {"action": "update", "id": 5, "status": "Updated", "success": False},
        {"id": 5, "title": "a", "errors": "Status is closed", "success": True},
        {"id": 5, "errors": ["one"]},
        {"id": 5, "errors": {"base": "one"}},
        {"id": 5, "error": {"title": "t"}},
        {"id": 5, "status": "Failed"},
        {"id": 5, "status": "FAILED"},
    ],
)
def test_each_form_of_a_failed_item_is_seen(item: dict[str, Any]) -> None:
    seen = parse_job(completed(SUCCESS, item, SUCCESS))
    assert judge(seen) is Verdict.ITEMS_FAILED
    assert [failed.fields for failed in seen.failed] == [item]


@pytest.mark.parametrize(
    "item",
    [
        {"index": 0, "id": 1, "account_id": 2},
        {"id": 1, "status": "Created", "email": "a@b", "external_id": "x"},
        {"action": "update", "id": 1, "status": "Updated", "success": True},
        {"id": 1, "title": "t", "errors": "", "success": True},
        {"id": 1, "error": None, "errors": []},
        {"id": 1, "success": None},
    ],
)
def test_each_form_of_a_good_item_is_good(item: dict[str, Any]) -> None:
    assert judge(parse_job(completed(item))) is Verdict.OK


@pytest.mark.parametrize(
    ("results", "verdict"),
    [
        ({"success": True}, Verdict.OK),
        ({"success": False}, Verdict.ITEMS_FAILED),
        ([], Verdict.OK),
        (None, Verdict.OK),
    ],
)
def test_results_that_are_no_list_of_items(results: object, verdict: Verdict) -> None:
    assert judge(job("completed", results=results)) is verdict


def test_items_do_not_decide_before_the_end() -> None:
    working = parse_job(job_object("working", results=[FAILURE]))
    assert judge(working) is Verdict.UNFINISHED


def test_a_verdict_is_an_exit_code() -> None:
    assert {verdict: verdict.exit for verdict in Verdict} == {
        Verdict.OK: Exit.OK,
        Verdict.ITEMS_FAILED: Exit.ITEMS_FAILED,
        Verdict.JOB_FAILED: Exit.JOB_FAILED,
        Verdict.UNFINISHED: Exit.UNFINISHED,
    }
