"""``jobstat list`` and ``jobstat watch --all``: the account's jobs."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support import FAILURE, SUCCESS, Run, completed, job_object

from jobstat.jobs.page_reader import LAG

if TYPE_CHECKING:
    from fakes import FakeClock
    from pytest_httpx import HTTPXMock

LIST = "https://acme.zendesk.com/api/v2/job_statuses?page%5Bsize%5D=100"
BAD = completed(SUCCESS, FAILURE, id="bad")
GOOD = completed(SUCCESS, id="good")
WORKING = job_object("working", id="working", progress=1)
QUEUED = job_object("queued", id="queued", total=None)
KILLED = job_object("killed", id="killed")
MINIMAL = {"id": "least", "status": "completed"}


def add_pages(httpx_mock: HTTPXMock, *pages: list[Any], meta: bool = True) -> None:
    """Let the account answer with a list of these pages.

    Without ``meta``, a page has the link to the next one, but no cursor.
    """
    for number, jobs in enumerate(pages):
        is_last = number == len(pages) - 1
        next_url = f"https://acme.zendesk.com/api/v2/job_statuses?after={number + 1}"
        page: dict[str, Any] = {"job_statuses": jobs}
        if meta:
            page["meta"] = {"has_more": not is_last, "after_cursor": f"c{number + 1}"}
        elif not is_last:
            page["links"] = {"next": next_url}
        url = LIST
        if number and meta:
            url += f"&page%5Bafter%5D=c{number}"
        elif number:
            url = f"https://acme.zendesk.com/api/v2/job_statuses?after={number}"
        httpx_mock.add_response(url=url, json=page, is_reusable=True)


def test_list_prints_one_line_per_job_with_unfinished_jobs_first(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    working = {**WORKING, "message": "Creating ticket #1"}
    add_pages(httpx_mock, [BAD, GOOD, KILLED, working, QUEUED])
    code, out, err = jobstat("list")
    assert (code, err) == (0, "")
    assert (
        out
        == """\
STATUS           ITEMS          TYPE                ENDED                 ID       MESSAGE
▸ working        1/2            Bulk Create Ticket  -                     working  Creating ticket #1
◦ queued         -              Bulk Create Ticket  -                     queued
✗ with failures  1 of 2 failed  Bulk Create Ticket  2026-11-23T12:00:00Z  bad
✓ completed      1/1            Bulk Create Ticket  2026-11-23T12:00:00Z  good
✗ killed         ?/2            Bulk Create Ticket  -                     killed
"""  # noqa: E501 - the columns of a line show their alignment
    )


def test_list_leaves_out_the_columns_that_no_job_fills(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    add_pages(httpx_mock, [{"id": "least", "status": "working"}])
    assert jobstat("list") == (0, "STATUS     ID\n▸ working  least\n", "")


def test_list_shows_times_of_creation_and_end_without_repeating_the_message(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    messages = {
        "queued": "Created at 2026-11-23 11:59:30 +0000",
        "working": "Started at 2026-11-23 11:59:31 +0000",
        "failed": "Failed at 2026-11-23T14:00:05+02:00: no description",
    }
    jobs = [{"id": s, "status": s, "message": m} for s, m in messages.items()]
    add_pages(httpx_mock, jobs)
    _, out, _ = jobstat("list")
    assert [line.split(None, 5) for line in out.splitlines()] == [
        ["STATUS", "CREATED", "ENDED", "ID", "MESSAGE"],
        ["◦", "queued", "2026-11-23T11:59:30Z", "-", "queued"],
        ["▸", "working", "-", "-", "working", messages["working"]],
        ["✗", "failed", "-", "2026-11-23T12:00:05Z", "failed", "no description"],
    ]


@pytest.mark.parametrize("meta", [True, False])
def test_list_json_prints_one_job_per_line_from_all_pages(
    jobstat: Run, httpx_mock: HTTPXMock, meta: bool
) -> None:
    add_pages(httpx_mock, [BAD, GOOD], [KILLED, MINIMAL], [WORKING], meta=meta)
    code, out, err = jobstat("list", "--json")
    assert (code, err) == (0, "")
    listed_jobs = [json.loads(line) for line in out.splitlines()]
    assert listed_jobs == [WORKING, BAD, GOOD, KILLED, MINIMAL]
    assert list(listed_jobs[0]) == list(WORKING)


def test_limit_truncates_the_list_and_reports_the_total(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    add_pages(httpx_mock, [BAD, GOOD], [WORKING, QUEUED])
    code, out, err = jobstat("list", "--limit", "3")
    assert code == 0
    assert [line.split()[-1] for line in out.splitlines()] == [
        *("ID", "working", "queued", "bad")
    ]
    assert err == "jobstat: 3 of 4 jobs; --limit shows more\n"
    assert jobstat("list", "--json", "--limit", "1")[1:] == (
        json.dumps(WORKING) + "\n",
        "jobstat: 1 of 4 jobs; --limit shows more\n",
    )


def test_list_shows_30_jobs_by_default_and_more_with_limit(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    add_pages(httpx_mock, [{**GOOD, "id": f"job{number}"} for number in range(50)])
    assert jobstat("list")[1].count("\n") == 1 + 30
    assert jobstat("list", "--limit", "200")[1].count("\n") == 1 + 50


def test_status_option_filters_the_list_and_ignores_case(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    capitalized = {**QUEUED, "status": "Queued"}
    add_pages(httpx_mock, [BAD, KILLED, WORKING, capitalized])
    _, out, _ = jobstat("list", "--status", "queued", "--status", "killed")
    assert [line.split()[-1] for line in out.splitlines()] == [
        *("ID", "queued", "killed")
    ]


JOBS = [
    BAD,
    GOOD,
    KILLED,
    job_object("failed", id="failed"),
    job_object("Cancelled", id="cancelled"),
    completed(SUCCESS, id="error", error="Boom"),
    completed(SUCCESS, id="short") | {"total": 2},
    WORKING,
    job_object("pausing", id="pausing"),
]


@pytest.mark.parametrize(
    ("statuses", "ids"),
    [
        ("completed", ["bad", "good", "error", "short"]),
        ("items-failed", ["bad", "short"]),
        ("failed", ["failed", "cancelled", "error"]),
        ("killed", ["killed"]),
        ("working", ["working"]),
        ("failed items-failed", ["bad", "failed", "cancelled", "error", "short"]),
    ],
)
def test_status_selects_jobs_by_word_or_by_verdict(
    jobstat: Run, httpx_mock: HTTPXMock, statuses: str, ids: list[str]
) -> None:
    add_pages(httpx_mock, JOBS)
    options = [word for status in statuses.split() for word in ("--status", status)]
    code, out, err = jobstat("list", "--json", *options)
    assert (code, err) == (0, "")
    assert [json.loads(line)["id"] for line in out.splitlines()] == ids


def without_results(job: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in job.items() if name != "results"}


def test_items_failed_asks_once_a_page_for_results_that_the_list_omits(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any
) -> None:
    other = completed(FAILURE, id="other")
    listed = [without_results(BAD), GOOD, without_results(other), KILLED, WORKING]
    add_pages(httpx_mock, listed, [without_results(GOOD | {"id": "third"})])
    for job in (BAD, other, completed(SUCCESS, id="third")):
        zendesk.add(job)
    code, out, err = jobstat("list", "--json", "--status", "items-failed")
    assert (code, err) == (0, "")
    assert [json.loads(line) for line in out.splitlines()] == [BAD, other]
    assert zendesk.requested == ["show_many", "third"]


def test_items_failed_leaves_out_a_job_that_was_deleted_after_the_list(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any
) -> None:
    add_pages(httpx_mock, [without_results(GOOD), without_results(BAD)])
    zendesk.add(BAD)
    code, out, _ = jobstat("list", "--json", "--status", "items-failed")
    assert (code, json.loads(out)) == (0, BAD)


@pytest.mark.parametrize(("status", "code"), [(403, 4), (503, 7)])
def test_items_failed_fails_if_the_results_cannot_be_had(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any, status: int, code: int
) -> None:
    add_pages(httpx_mock, [without_results(BAD)])
    zendesk.jobs["bad"] = lambda now: status
    exit_code, out, err = jobstat("list", "--status", "items-failed")
    assert (exit_code, out) == (code, "")
    assert f"({status})" in err


def test_list_asks_for_omitted_results_of_the_jobs_that_it_shows(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any
) -> None:
    add_pages(httpx_mock, [MINIMAL | {"id": "bad"}, GOOD, MINIMAL])
    zendesk.add(BAD)
    code, out, err = jobstat("list", "--limit", "2")
    assert code == 0
    assert err == "jobstat: 2 of 3 jobs; --limit shows more\n"
    assert "✗ with failures  1 of 2 failed  Bulk Create Ticket" in out
    assert zendesk.requested == ["bad"]
    assert json.loads(jobstat("list", "--json", "--limit", "1")[1])["status"]
    assert zendesk.requested == ["bad"]  # JSON is the list as it is


@pytest.mark.parametrize("status", [403, 404, 503])
def test_listed_job_without_results_is_not_called_completed(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any, status: int
) -> None:
    add_pages(httpx_mock, [without_results(BAD)])
    zendesk.jobs["bad"] = lambda now: status
    code, out, err = jobstat("list")
    assert (code, err) == (0, "")
    assert "? no results  2/2    Bulk Create Ticket" in out


def test_wait_for_the_rate_limit_before_omitted_results_is_announced(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any, clock: FakeClock
) -> None:
    headers = {"x-rate-limit": "10", "x-rate-limit-remaining": "0"}
    page = {"job_statuses": [without_results(BAD)]}
    httpx_mock.add_response(url=LIST, json=page, headers=headers)
    zendesk.add(BAD)
    code, out, err = jobstat("list", "--status", "items-failed")
    assert (code, clock.now) == (0, 1060)
    assert "with failures" in out
    assert err == "jobstat: waiting for the rate limit; next request in 1 min\n"


def test_list_of_an_account_without_jobs_exits_0(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    add_pages(httpx_mock, [])
    assert jobstat("list") == (0, "", "jobstat: no jobs at acme.zendesk.com\n")
    assert jobstat("list", "--status", "killed") == (
        0,
        "",
        "jobstat: no such jobs at acme.zendesk.com\n",
    )
    assert jobstat("list", "--json") == (0, "", "")


def test_list_json_prints_invalid_entries_with_a_warning(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    add_pages(httpx_mock, [GOOD, "junk", {"id": "odd"}])
    code, out, err = jobstat("list", "--json")
    assert code == 7
    assert [json.loads(line) for line in out.splitlines()] == [
        *(GOOD, "junk", {"id": "odd"})
    ]
    assert err == "jobstat: warning: 2 entries of the list are not a job status\n"


def test_invalid_list_entry_with_a_valid_id_warns_and_exits_0(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    add_pages(httpx_mock, [{"id": "odd"}])
    code, _, err = jobstat("list")
    assert code == 0
    assert "warning: 1 entry of the list is not a job status" in err


@pytest.mark.parametrize("id", ["", " ", "../x", None, 7])
def test_list_entry_with_an_invalid_id_exits_7(
    jobstat: Run, httpx_mock: HTTPXMock, id: object
) -> None:
    add_pages(httpx_mock, [GOOD, {"id": id}])
    assert jobstat("list")[0] == 7


def test_list_sanitizes_hostile_text(jobstat: Run, httpx_mock: HTTPXMock) -> None:
    hostile = "\x1b[2J\u202e"
    add_pages(httpx_mock, [{"id": hostile, "status": hostile, "job_type": hostile}])
    _, out, _ = jobstat("list", "--color", "always")
    assert out.count(r"\x1b[2J\u202e") == 3


@pytest.mark.parametrize(
    ("status", "code", "message"),
    [
        (401, 4, "acme.zendesk.com refuses the credential (401)"),
        (403, 4, "acme.zendesk.com refuses the credential (403)"),
        (404, 5, "acme.zendesk.com has no job status API (404)"),
        (422, 2, "acme.zendesk.com refuses the request (422)"),
        (503, 7, "acme.zendesk.com cannot answer now (503)"),
    ],
)
@pytest.mark.parametrize(
    "arguments", [["list"], ["watch", "--all", "--retry-for", "0"]]
)
def test_http_error_while_listing_determines_message_and_exit_code(
    jobstat: Run,
    httpx_mock: HTTPXMock,
    arguments: list[str],
    status: int,
    code: int,
    message: str,
) -> None:
    httpx_mock.add_response(url=LIST, status_code=status, is_reusable=True)
    exit_code, out, err = jobstat(*arguments)
    assert (exit_code, out) == (code, "")
    assert err.startswith(f"jobstat: {message}\n")


def test_list_response_without_job_statuses_exits_7(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(url=LIST, json={"job_status": GOOD}, is_reusable=True)
    code, _, err = jobstat("list")
    assert code == 7
    assert "an invalid list of jobs: an object without job_statuses" in err


@pytest.mark.parametrize("arguments", [["--limit", "0"], ["--status", "complete"]])
def test_invalid_limit_or_status_value_exits_2(
    jobstat: Run, arguments: list[str]
) -> None:
    code, _, err = jobstat("list", *arguments)
    assert code == 2
    assert err.startswith(f"jobstat: invalid value for '{arguments[0]}'")


# watch --all


def test_watch_all_watches_only_unfinished_jobs(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any
) -> None:
    new = job_object("pausing", id="new")
    add_pages(httpx_mock, [BAD, GOOD], [WORKING, QUEUED, new])
    zendesk.add(WORKING, completed(SUCCESS, id="working"))
    zendesk.add(QUEUED, {**QUEUED, "status": "failed"}, every=20)
    zendesk.add(new, completed(SUCCESS, id="new"), every=30)
    code, out, _ = jobstat("watch", "--all", "--json")
    assert code == 3
    ids = [json.loads(line)["id"] for line in out.splitlines()]
    assert ids == ["working", "queued", "new"]


def test_watch_all_skips_invalid_ids_with_a_warning_and_exits_7(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any
) -> None:
    hostile = [
        {**WORKING, "id": id} for id in ("../users/me", "a b?x=1#f", "1,2", "\x1b[2J")
    ]
    add_pages(httpx_mock, [*hostile, WORKING])
    zendesk.add(WORKING, completed(SUCCESS, id="working"))
    code, out, err = jobstat("watch", "--all", "--json")
    assert code == 7
    assert json.loads(out)["id"] == "working"
    assert err == (
        "jobstat: warning: 4 jobs of the list cannot be watched: no valid id\n"
    )


def test_watch_all_polls_an_unreadable_entry_by_its_id(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any
) -> None:
    add_pages(httpx_mock, [GOOD, {"id": "odd", "status": None}, WORKING])
    zendesk.add(WORKING, completed(SUCCESS, id="working"))
    zendesk.add(job_object("queued", id="odd"), BAD | {"id": "odd"})
    code, out, err = jobstat("watch", "--all", "--json")
    assert code == 6
    assert [json.loads(line)["id"] for line in out.splitlines()] == ["working", "odd"]
    assert err == ("jobstat: warning: 1 job of the list cannot be read; asking by id\n")
    assert zendesk.requested.count("odd") == zendesk.requested.count("working")


def test_watch_all_accepts_an_unreadable_entry_on_two_pages(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any
) -> None:
    odd = {"id": "odd", "status": None}
    add_pages(httpx_mock, [GOOD, odd, odd], [odd])
    zendesk.add(completed(SUCCESS, id="odd"))
    assert jobstat("watch", "--all", "-q")[0] == 0


@pytest.mark.parametrize("lag", [0, LAG - 0.1])
def test_watch_all_finds_a_job_that_ends_between_two_pages(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any, clock: FakeClock, lag: float
) -> None:
    """The third answer may come from a server that lags behind the others."""
    started = clock.now
    finished = [{**MINIMAL, "id": f"job{number}"} for number in range(200)]
    requests = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal requests
        requests += 1
        cursor = request.url.params.get("page[after]")
        # The job ends after the first page was read, and moves to its front.
        has_ended = requests == 2 or (requests > 2 and clock.now - started >= lag)
        front = [BAD] if has_ended else []
        jobs = finished[100:] if cursor else [*front, *finished[:100]]
        meta = {"has_more": not cursor, "after_cursor": "c"}
        return httpx.Response(200, json={"job_statuses": jobs, "meta": meta})

    list_url = re.compile(re.escape(LIST) + ".*")
    httpx_mock.add_callback(answer, url=list_url, is_reusable=True)
    zendesk.add(BAD)
    assert jobstat("watch", "--all", "-q")[0] == 6
    assert requests == 4


class ListServer:
    """A server whose list has different pages at each reading."""

    def __init__(self, httpx_mock: HTTPXMock, *readings: list[list[object]]) -> None:
        self.readings = list(readings)
        self.requested: list[str | None] = []
        list_url = re.compile(re.escape(LIST) + ".*")
        httpx_mock.add_callback(self.answer, url=list_url, is_reusable=True)

    def answer(self, request: httpx.Request) -> httpx.Response:
        cursor = request.url.params.get("page[after]")
        self.requested.append(cursor)
        pages = self.readings[self.requested.count(None) - 1]
        page = int(cursor or 0)
        has_more = page + 1 < len(pages)
        next_cursor = str(page + 1) if has_more else None
        meta = {"has_more": has_more, "after_cursor": next_cursor}
        return httpx.Response(200, json={"job_statuses": pages[page], "meta": meta})


def test_watch_all_finds_all_jobs_that_end_while_it_reads_the_list(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any
) -> None:
    ended = completed(SUCCESS, id="working")
    ListServer(
        httpx_mock, [[GOOD], [WORKING]], [[ended], [BAD, GOOD], [{"id": "unread"}]]
    )
    zendesk.add(ended)
    zendesk.add(BAD)
    code, out, _ = jobstat("watch", "--all", "--json")
    assert code == 6
    assert {json.loads(line)["id"] for line in out.splitlines()} == {
        "working",
        BAD["id"],
    }


@pytest.mark.parametrize(
    ("entry", "code"),
    [({"id": "odd", "status": "failed", "results": "x"}, 3), ("junk", 7)],
)
def test_unreadable_entry_in_the_second_reading_sets_the_exit_code(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any, entry: object, code: int
) -> None:
    ended = completed(SUCCESS, id="working")
    ListServer(httpx_mock, [[GOOD], [WORKING]], [[entry], [ended, GOOD], [WORKING]])
    zendesk.add(ended)
    zendesk.add(job_object("failed", id="odd"))
    assert jobstat("watch", "--all", "-q")[0] == code


def test_invalid_entry_in_both_readings_is_counted_once(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    hostile = {**WORKING, "id": "../x"}
    ListServer(httpx_mock, [[GOOD], [hostile]], [[hostile, GOOD], [hostile]])
    warning = "jobstat: warning: 1 job of the list cannot be watched: no valid id\n"
    assert jobstat("watch", "--all") == (7, "", warning)


@pytest.mark.parametrize("error", [{"error": "Boom"}, {"success": False}])
def test_watch_all_exits_3_for_a_working_job_marked_as_failed(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any, error: dict[str, Any]
) -> None:
    add_pages(httpx_mock, [GOOD, WORKING | error])
    zendesk.add(WORKING | error)
    assert jobstat("watch", "--all", "-q")[0] == 3


@pytest.mark.parametrize("entry", ["junk", {"status": "queued"}, {"id": "/x"}])
def test_entry_without_a_valid_id_exits_7_even_with_exit_zero(
    jobstat: Run, httpx_mock: HTTPXMock, entry: object
) -> None:
    add_pages(httpx_mock, [GOOD, entry])
    warning = "jobstat: warning: 1 job of the list cannot be watched: no valid id\n"
    assert jobstat("watch", "--all", "--exit-zero") == (7, "", warning)


def test_failed_items_outrank_an_invalid_entry_in_the_exit_code(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any
) -> None:
    add_pages(httpx_mock, [GOOD, "junk", WORKING])
    zendesk.add(BAD | {"id": "working"})
    assert jobstat("watch", "--all", "-q")[0] == 6


def long_list(request: httpx.Request) -> httpx.Response:
    """Answer with 150 pages of finished jobs, and a page with a running one."""
    number = int(request.url.params.get("page[after]", "0"))
    jobs = [{**MINIMAL, "id": f"job{number}"}] if number < 150 else [WORKING]
    meta = {"has_more": number < 150, "after_cursor": str(number + 1)}
    page = {"job_statuses": jobs, "meta": meta}
    return httpx.Response(200, json=page, headers={"x-rate-limit": "400"})


def test_running_job_after_150_pages_of_finished_jobs_is_found(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any, clock: FakeClock
) -> None:
    httpx_mock.add_callback(
        long_list, url=re.compile(re.escape(LIST) + ".*"), is_reusable=True
    )
    zendesk.add(WORKING, completed(SUCCESS, id="working"))
    code, out, err = jobstat("list", "--limit", "1")
    assert code == 0
    assert "working" in out
    assert err.endswith("jobstat: 1 of 151 jobs; --limit shows more\n")
    assert clock.now <= 1060

    code, out, err = jobstat("watch", "--all", "--json")
    assert (code, json.loads(out)["id"]) == (0, "working")
    # 40 requests a minute are few: the wait is announced once a minute.
    assert err.count("waiting for the rate limit") == len(err.splitlines())
    assert 6 <= err.count("waiting for the rate limit") <= 9


def test_repeated_pagination_cursor_exits_7(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    page = {"job_statuses": [GOOD], "meta": {"has_more": True, "after_cursor": "same"}}
    httpx_mock.add_response(json=page, is_reusable=True)
    for arguments in (["list"], ["watch", "--all"]):
        code, out, err = jobstat(*arguments)
        assert (code, out) == (7, "")
        assert err == (
            "jobstat: the list of jobs does not end: it repeats a page\n"
            "  Try again, or give the ids of the jobs.\n"
        )


def test_watch_all_retries_the_list_after_a_503(
    jobstat: Run, httpx_mock: HTTPXMock, clock: FakeClock
) -> None:
    headers = {"retry-after": "20"}
    httpx_mock.add_response(url=LIST, status_code=503, headers=headers)
    add_pages(httpx_mock, [GOOD])
    code, _, err = jobstat("watch", "--all")
    assert code == 0
    assert clock.now == 1020 + LAG
    assert "acme.zendesk.com cannot answer now (503); retrying in 20 s\n" in err


def test_watch_all_announces_the_exact_wait_after_a_429_on_the_list(
    jobstat: Run, httpx_mock: HTTPXMock, clock: FakeClock
) -> None:
    used_up = {"x-rate-limit": "700", "x-rate-limit-remaining": "0"}
    httpx_mock.add_response(url=LIST, status_code=429, headers=used_up)
    limited = used_up | {"retry-after": "2"}
    httpx_mock.add_response(url=LIST, status_code=429, headers=limited)
    add_pages(httpx_mock, [GOOD])
    code, _, err = jobstat("watch", "--all")
    assert code == 0
    assert clock.now == 1062 + LAG
    first, second, _ = err.splitlines()
    assert first.endswith("allows no more requests now (429); retrying in 1 min")
    assert second.endswith("allows no more requests now (429); retrying in 2 s")


def test_rate_limit_wait_while_listing_does_not_exceed_retry_for(
    jobstat: Run, httpx_mock: HTTPXMock, clock: FakeClock
) -> None:
    headers = {"x-rate-limit": "700", "x-rate-limit-remaining": "0", "retry-after": "8"}
    httpx_mock.add_response(
        url=LIST, status_code=429, headers=headers, is_reusable=True
    )
    code, _, err = jobstat("watch", "--all", "--retry-for", "3s")
    assert code == 7
    assert clock.now == 1003
    assert "retrying in 3 s\n" in err


def test_list_pages_count_toward_the_rate_limit(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any, clock: FakeClock
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        number = len(httpx_mock.get_requests())
        page = {
            "job_statuses": [WORKING],
            "meta": {"has_more": number < 4, "after_cursor": f"c{number}"},
        }
        return httpx.Response(200, json=page, headers={"x-rate-limit": "10"})

    list_url = re.compile(re.escape(LIST) + ".*")
    httpx_mock.add_callback(answer, url=list_url, is_reusable=True)
    polled_at: list[float] = []

    def poll(_: float) -> dict[str, Any]:
        polled_at.append(clock.now)
        return completed(SUCCESS, id="working")

    zendesk.jobs["working"] = poll
    assert jobstat("watch", "--all", "-q")[0] == 0
    assert polled_at == [1060]


@pytest.mark.parametrize("options", [[], ["--json"], ["-q"]])
def test_watch_all_without_unfinished_jobs_exits_0(
    jobstat: Run, httpx_mock: HTTPXMock, options: list[str]
) -> None:
    add_pages(httpx_mock, [BAD, GOOD])
    note = "jobstat: no unfinished job at acme.zendesk.com\n"
    assert jobstat("watch", "--all", *options) == (0, "", note)


def test_watch_all_exits_124_if_the_timeout_ends_within_its_pause_of_2_seconds(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any
) -> None:
    add_pages(httpx_mock, [GOOD, WORKING])
    zendesk.add(completed(SUCCESS, id="working"))
    # The clock is fake, but a request takes real time: leave it more than a second.
    assert jobstat("watch", "--all", "-q", "--timeout", "1m")[0] == 0
    assert jobstat("watch", "--all", "-q", "--timeout", "2s")[0] == 124


def test_watch_all_retries_a_401_once_after_the_list(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any
) -> None:
    add_pages(httpx_mock, [GOOD, WORKING])
    zendesk.add(completed(SUCCESS, id="working"))
    zendesk.errors[1] = 401
    assert jobstat("watch", "--all", "-q")[0] == 0
    zendesk.errors |= {len(zendesk.requested) + n: 401 for n in (1, 2)}
    assert jobstat("watch", "--all", "-q")[0] == 4


def test_time_spent_listing_counts_toward_the_timeout(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any, clock: FakeClock
) -> None:
    def slow(request: httpx.Request) -> httpx.Response:
        clock.sleep(12)
        return httpx.Response(200, json={"job_statuses": [WORKING]})

    httpx_mock.add_callback(slow, url=LIST, is_reusable=True)
    zendesk.add(WORKING)
    assert jobstat("watch", "--all", "-q", "--timeout", "30")[0] == 124
    assert clock.now == 1030


@pytest.mark.parametrize("count", [2, 31])
def test_resume_command_names_few_jobs_and_repeats_all_for_many(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any, count: int
) -> None:
    jobs = [{**WORKING, "id": f"job{number}"} for number in range(count)]
    add_pages(httpx_mock, [GOOD, *jobs])
    for job in jobs:
        zendesk.add(job)
    code, _, err = jobstat("watch", "--all", "-q", "--timeout", "30")
    assert code == 124
    _, resume, *more = err.splitlines()
    if count == 2:
        assert resume == "  Resume with: jobstat watch -q --timeout 30 job0 job1"
        assert not more
    else:
        assert resume == "  Resume with: jobstat watch --all -q --timeout 30"
        assert more == ["  It leaves out jobs that end before then."]


def test_timeout_while_listing_exits_124(
    jobstat: Run, httpx_mock: HTTPXMock, clock: FakeClock
) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        number = len(httpx_mock.get_requests())
        page = {
            "job_statuses": [{**WORKING, "id": f"job{number}"}],
            "meta": {"has_more": True, "after_cursor": f"c{number}"},
        }
        return httpx.Response(200, json=page, headers={"x-rate-limit": "10"})

    httpx_mock.add_callback(answer, is_reusable=True)
    code, out, err = jobstat("watch", "--all", "--timeout", "90s")
    assert (code, out) == (124, "")
    assert clock.now == 1090
    assert err == (
        "jobstat: waiting for the rate limit; next request in 1 min\n" * 2
        + "jobstat: the timeout ran out before the account's jobs were known\n"
        + "  Give a longer --timeout.\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message", "hint"),
    [
        (
            [],
            "no job given",
            "Give a job's id or URL, or --all for every unfinished job.",
        ),
        (
            ["--all", "x"],
            "--all cannot be used with JOB",
            "Leave out --all, or the ids and URLs of jobs.",
        ),
    ],
)
def test_watch_requires_either_jobs_or_all(
    jobstat: Run, arguments: list[str], message: str, hint: str
) -> None:
    code, _, err = jobstat("watch", *arguments)
    assert code == 2
    assert err == f"jobstat: {message}\n  {hint}\n"
