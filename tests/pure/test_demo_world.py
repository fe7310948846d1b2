from __future__ import annotations

from typing import Any

import pytest

from jobstat.demo.fake_account import (
    DELETE,
    RETENTION,
    UPDATE,
    ErrorResponse,
    FakeAccount,
)
from jobstat.jobs.job import Verdict, judge
from jobstat.jobs.parse import parse_job

URL = "http://127.0.0.1:1"
TICKET = {"comment": {"body": "Help!"}}


def at(account: FakeAccount, id: str, now: float) -> dict[str, Any]:
    return account.get_job(id, now)


def test_a_job_is_queued_works_and_ends() -> None:
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
    assert at(account, job["id"], 101)["status"] == "queued"
    working = at(account, job["id"], 106)
    assert (working["status"], working["progress"]) == ("working", 2)
    assert working["message"] == "Creating ticket #2"
    assert working["results"] is None
    done = at(account, job["id"], 110)
    assert (done["status"], done["progress"]) == ("completed", 4)
    assert done["message"] == "Completed at 1970-01-01 00:01:50 +0000"
    assert [sorted(item) for item in done["results"]] == [
        ["account_id", "id", "index"]
    ] * 4


@pytest.mark.parametrize(("share", "failed"), [(0, 0), (0.1, 4), (0.5, 20), (1, 40)])
def test_as_many_items_fail_as_were_asked_for(share: float, failed: int) -> None:
    account = FakeAccount(URL, failures=share)
    id = account.create_tickets([TICKET] * 40, 0)["id"]
    assert len(parse_job(at(account, id, 100)).failed) == failed


def test_a_ticket_without_a_description_fails() -> None:
    account = FakeAccount(URL)
    id = account.create_tickets([TICKET, {"subject": "no text"}, "nonsense"], 0)["id"]
    job = parse_job(at(account, id, 100))
    assert judge(job) is Verdict.ITEMS_FAILED
    assert [item.index for item in job.failed] == [1, 2]


def test_a_job_of_which_all_fails_has_failed() -> None:
    account = FakeAccount(URL, failures=1)
    id = account.create_tickets([TICKET], 0)["id"]
    job = parse_job(at(account, id, 100))
    assert (job.status, job.progress) == ("failed", 0)
    assert judge(job) is Verdict.JOB_FAILED


def test_a_job_without_a_ticket_is_completed() -> None:
    account = FakeAccount(URL, failures=1)
    done = at(account, account.create_tickets([], 0)["id"], 100)
    assert (done["status"], done["total"], done["results"]) == ("completed", 0, [])


@pytest.mark.parametrize(("kind", "done"), [(UPDATE, "Updated"), (DELETE, "Deleted")])
def test_updates_and_deletions_have_items_of_their_own_form(
    kind: Any, done: str
) -> None:
    account = FakeAccount(URL, failures=0.5)
    id = account.start(kind, [5, 6], 0)["id"]
    results = at(account, id, 100)["results"]
    assert results[0] == {
        "action": kind.action,
        "id": 5,
        "status": done,
        "success": True,
    }
    assert sorted(results[1]) == ["details", "error", "id", "index"]


def test_a_job_is_forgotten_after_a_day() -> None:
    account = FakeAccount(URL)
    id = account.create_tickets([TICKET], 0)["id"]
    assert at(account, id, RETENTION)
    with pytest.raises(ErrorResponse) as caught:
        at(account, id, RETENTION + 1)
    assert (caught.value.status, caught.value.body["error"]) == (404, "RecordNotFound")
    assert account.list_jobs(RETENTION + 1) == []


def test_too_many_tickets_are_refused() -> None:
    with pytest.raises(ErrorResponse) as caught:
        FakeAccount(URL).create_tickets([TICKET] * 101, 0)
    assert caught.value.body["error"] == "TooManyValues"


def test_too_many_jobs_are_refused_with_the_ids_of_those_that_run() -> None:
    account = FakeAccount(URL)
    ids = [account.create_tickets([TICKET], 0)["id"] for _ in range(30)]
    with pytest.raises(ErrorResponse) as caught:
        account.create_tickets([TICKET], 0)
    assert caught.value.body["current_job_ids"] == ids
    assert account.create_tickets([TICKET], 100)


def test_the_finished_jobs_are_listed_first_and_the_newest_before() -> None:
    account = FakeAccount(URL, duration=10)
    ids = [account.create_tickets([TICKET], now)["id"] for now in (0, 1, 2, 3)]
    listed = [job["id"] for job in account.list_jobs(11.5)]
    assert listed == [ids[1], ids[0], ids[3], ids[2]]


def test_a_minute_has_so_many_requests() -> None:
    account = FakeAccount(URL, limit=2)
    assert [account.count_request(60) for _ in range(3)] == [(1, 60), (0, 60), (-1, 60)]
    assert account.count_request(125) == (1, 55)
