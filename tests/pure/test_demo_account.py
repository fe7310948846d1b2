from __future__ import annotations

from typing import Any

import pytest

from jobstat.demo.fake_account import (
    DELETE,
    RETENTION,
    UPDATE,
    AccountError,
    FakeAccount,
)
from jobstat.jobs.job import Verdict, judge
from jobstat.jobs.parse import parse_job

URL = "http://127.0.0.1:1"
TICKET = {"comment": {"body": "Help!"}}


def test_job_goes_from_queued_to_working_to_completed() -> None:
    account = FakeAccount(URL, duration=10)
    job = account.create_tickets([TICKET] * 4, 100)
    assert {**job, "id": "", "url": ""} == {
        "id": "",
        "job_type": "Bulk Create Ticket",
        "url": "",
        "total": 4,
        "progress": None,
        "status": "queued",
        "message": None,
        "results": None,
    }
    assert account.get_job(job["id"], 101)["status"] == "queued"
    working = account.get_job(job["id"], 106)
    assert (working["status"], working["progress"]) == ("working", 2)
    assert working["message"] == "Creating ticket #2"
    assert working["results"] is None
    done = account.get_job(job["id"], 110)
    assert (done["status"], done["progress"]) == ("completed", 4)
    assert done["message"] == "Completed at 1970-01-01 00:01:50 +0000"
    assert [sorted(item) for item in done["results"]] == [
        ["account_id", "id", "index"]
    ] * 4


@pytest.mark.parametrize(("share", "failed"), [(0, 0), (0.1, 4), (0.5, 20), (1, 40)])
def test_configured_share_of_items_fails(share: float, failed: int) -> None:
    account = FakeAccount(URL, failure_share=share)
    id = account.create_tickets([TICKET] * 40, 0)["id"]
    assert len(parse_job(account.get_job(id, 100)).failed) == failed


def test_ticket_without_a_description_fails() -> None:
    account = FakeAccount(URL)
    id = account.create_tickets([TICKET, {"subject": "no text"}, "nonsense"], 0)["id"]
    job = parse_job(account.get_job(id, 100))
    assert judge(job) is Verdict.ITEMS_FAILED
    assert [item.index for item in job.failed] == [1, 2]


def test_job_whose_items_all_fail_has_status_failed() -> None:
    account = FakeAccount(URL, failure_share=1)
    id = account.create_tickets([TICKET], 0)["id"]
    job = parse_job(account.get_job(id, 100))
    assert (job.status, job.progress) == ("failed", 0)
    assert judge(job) is Verdict.JOB_FAILED


def test_job_without_tickets_is_completed() -> None:
    account = FakeAccount(URL, failure_share=1)
    done = account.get_job(account.create_tickets([], 0)["id"], 100)
    assert (done["status"], done["total"], done["results"]) == ("completed", 0, [])


@pytest.mark.parametrize(
    ("operation", "item_status"), [(UPDATE, "Updated"), (DELETE, "Deleted")]
)
def test_update_and_delete_results_list_action_status_and_success(
    operation: Any, item_status: str
) -> None:
    account = FakeAccount(URL, failure_share=0.5)
    id = account.start(operation, [5, 6], 0)["id"]
    results = account.get_job(id, 100)["results"]
    assert results[0] == {
        "action": operation.action,
        "id": 5,
        "status": item_status,
        "success": True,
    }
    assert sorted(results[1]) == ["details", "error", "id", "index"]


def test_job_expires_after_a_day() -> None:
    account = FakeAccount(URL)
    id = account.create_tickets([TICKET], 0)["id"]
    assert account.get_job(id, RETENTION)
    with pytest.raises(AccountError) as caught:
        account.get_job(id, RETENTION + 1)
    assert (caught.value.status, caught.value.body["error"]) == (404, "RecordNotFound")
    assert account.list_jobs(RETENTION + 1) == []


def test_more_than_100_tickets_are_refused() -> None:
    with pytest.raises(AccountError) as caught:
        FakeAccount(URL).create_tickets([TICKET] * 101, 0)
    assert caught.value.body["error"] == "TooManyValues"


def test_too_many_jobs_are_refused_with_the_ids_of_running_jobs() -> None:
    account = FakeAccount(URL)
    ids = [account.create_tickets([TICKET], 0)["id"] for _ in range(30)]
    with pytest.raises(AccountError) as caught:
        account.create_tickets([TICKET], 0)
    assert caught.value.body["current_job_ids"] == ids
    assert account.create_tickets([TICKET], 100)


def test_list_has_finished_jobs_first_then_newest_first_in_each_group() -> None:
    account = FakeAccount(URL, duration=10)
    ids = [account.create_tickets([TICKET], now)["id"] for now in (0, 1, 2, 3)]
    listed = [job["id"] for job in account.list_jobs(11.5)]
    assert listed == [ids[1], ids[0], ids[3], ids[2]]


def test_rate_limit_counts_the_requests_of_each_minute() -> None:
    account = FakeAccount(URL, limit=2)
    assert [account.count_request(60) for _ in range(3)] == [(1, 60), (0, 60), (-1, 60)]
    assert account.count_request(125) == (1, 55)
