from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support import FAILURE, ID, SUCCESS, Run, completed, job_object

if TYPE_CHECKING:
    from fakes import FakeClock
    from pytest_httpx import HTTPXMock

URL = f"https://acme.zendesk.com/api/v2/job_statuses/{ID}.json"
QUEUED = job_object("queued")
WORKING = job_object("working", progress=1, message="Creating ticket #1")
BAD = completed(SUCCESS, FAILURE)


def add_responses(httpx_mock: HTTPXMock, *jobs: dict[str, Any], **headers: str) -> None:
    """Answer with one state after the other, and repeat the last one."""
    for job in jobs:
        httpx_mock.add_response(
            url=URL,
            json={"job_status": job},
            headers=headers,
            is_reusable=job is jobs[-1],
        )


def test_watch_without_a_terminal_prints_changes_then_the_results(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    add_responses(httpx_mock, QUEUED, QUEUED, QUEUED, WORKING, WORKING, BAD)
    code, out, err = jobstat("watch", ID)
    assert (code, err) == (6, "")
    assert (
        out
        == f"""\
0:00  {ID}  ◦ queued  0/2
0:09  ▸ working  1/2  50%  Creating ticket #1
Bulk Create Ticket  {ID}  acme.zendesk.com
✗ completed, with failures  2/2  100%  0:13
Completed at 2026-11-23 12:00:00 +0000
{BAD["url"]}

   INDEX  ERROR
✗      1  TicketCreateFailed: Description: blank
  and 1 succeeded

✗ 1 of 2 items failed

See all items: jobstat show {ID} --results all
Write the records to send again: jobstat retry-file {ID} INPUT > retry.json
"""
    )


def test_unchanged_job_prints_a_line_once_a_minute(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    add_responses(httpx_mock, WORKING)
    code, out, _ = jobstat("watch", ID, "--timeout", "10m")
    assert code == 124
    lines = [line for line in out.splitlines() if "no progress" not in line]
    minutes = [line.split(":")[0] for line in lines]
    assert minutes == [str(minute) for minute in range(10)]


def test_json_is_printed_once_at_the_end(jobstat: Run, httpx_mock: HTTPXMock) -> None:
    add_responses(httpx_mock, QUEUED, WORKING, BAD)
    code, out, err = jobstat("watch", "--json", ID)
    assert (code, err) == (6, "")
    assert json.loads(out) == BAD


def test_stream_prints_one_line_per_change(jobstat: Run, httpx_mock: HTTPXMock) -> None:
    add_responses(httpx_mock, QUEUED, QUEUED, WORKING, WORKING, BAD)
    code, out, err = jobstat("watch", "--stream", ID)
    assert (code, err) == (6, "")
    assert [json.loads(line) for line in out.splitlines()] == [QUEUED, WORKING, BAD]


def test_watch_quiet_does_not_report_a_retried_500(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(url=URL, status_code=500)
    add_responses(httpx_mock, QUEUED, BAD)
    assert jobstat("watch", "-q", ID) == (6, "", "")


@pytest.mark.parametrize(
    ("options", "states"),
    [(["--json"], [WORKING]), (["--stream"], [QUEUED, WORKING]), (["-q"], [])],
)
def test_timeout_exits_124_and_prints_the_resume_command(
    jobstat: Run,
    httpx_mock: HTTPXMock,
    clock: FakeClock,
    options: list[str],
    states: list[object],
) -> None:
    add_responses(httpx_mock, QUEUED, WORKING)
    code, out, err = jobstat("watch", ID, "--timeout", "90s", *options)
    assert code == 124
    assert clock.now == 1090
    assert [json.loads(line) for line in out.splitlines()] == states
    assert err == (
        "jobstat: not finished after 1 min 30 s; the job goes on\n"
        f"  Resume with: jobstat watch {ID} --timeout 90s {' '.join(options)}\n"
    )


def test_outage_and_recovery_are_each_reported_once(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    add_responses(httpx_mock, WORKING)
    httpx_mock.reset()
    httpx_mock.add_response(url=URL, json={"job_status": WORKING})
    for _ in range(3):
        httpx_mock.add_response(url=URL, status_code=503)
    add_responses(httpx_mock, BAD)
    code, _, err = jobstat("watch", ID, "--json")
    assert code == 6
    assert err == (
        "jobstat: acme.zendesk.com cannot answer now (503);"
        " retrying in 1 s, last answer 3 s ago\n"
        "jobstat: Zendesk answers again\n"
    )


def test_long_outage_is_reported_once_a_minute(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(url=URL, status_code=503, is_reusable=True)
    code, out, err = jobstat("watch", ID, "--retry-for", "4m")
    assert (code, out) == (7, "")
    assert 4 <= err.count("cannot answer now (503); retrying in") <= 5


def test_giving_up_prints_the_last_state_the_error_and_a_resume_command(
    jobstat: Run,
    httpx_mock: HTTPXMock,
    clock: FakeClock,
) -> None:
    httpx_mock.add_response(url=URL, json={"job_status": WORKING})
    httpx_mock.add_response(url=URL, status_code=503, is_reusable=True)
    code, out, err = jobstat("watch", ID, "--json", "--retry-for", "20s")
    assert code == 7
    assert json.loads(out) == WORKING
    assert clock.now == 1020
    *_, problem, reason, resume = err.splitlines()
    assert problem == "jobstat: acme.zendesk.com cannot answer now (503)"
    assert reason == "jobstat: gave up watching; the job goes on"
    assert resume == f"  Resume with: jobstat watch {ID} --json --retry-for 20s"


def test_watch_gives_up_after_5_minutes_by_default(
    jobstat: Run, httpx_mock: HTTPXMock, clock: FakeClock
) -> None:
    httpx_mock.add_response(url=URL, status_code=503, is_reusable=True)
    assert jobstat("watch", "-q", ID)[0] == 7
    assert clock.now == 1300


def test_resume_command_quotes_arguments_for_the_shell(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    add_responses(httpx_mock, WORKING)
    _, _, err = jobstat("watch", ID, "--timeout", " 90s")
    assert f"Resume with: jobstat watch {ID} --timeout ' 90s'\n" in err


def test_404_during_a_watch_exits_5_and_prints_the_last_state(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(url=URL, json={"job_status": WORKING})
    httpx_mock.add_response(url=URL, status_code=404)
    code, out, err = jobstat("watch", ID, "--json")
    assert code == 5
    assert json.loads(out) == WORKING
    assert f"no job {ID} at acme.zendesk.com (404)" in err


def test_second_401_in_a_row_exits_4_and_prints_the_last_state(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(url=URL, json={"job_status": WORKING})
    httpx_mock.add_response(url=URL, status_code=401, is_reusable=True)
    code, out, err = jobstat("watch", ID, "--json")
    assert code == 4
    assert json.loads(out) == WORKING
    assert "refuses the credential (401)" in err
    # A 401 is retried once, however long --retry-for is.
    assert len(httpx_mock.get_requests()) == 3


def test_single_401_during_a_watch_is_retried(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    for _ in range(2):
        httpx_mock.add_response(url=URL, json={"job_status": WORKING})
        httpx_mock.add_response(url=URL, status_code=401)
    httpx_mock.add_response(url=URL, json={"job_status": BAD})
    assert jobstat("watch", ID, "-q")[0] == 6


def test_403_during_a_watch_is_not_retried(jobstat: Run, httpx_mock: HTTPXMock) -> None:
    httpx_mock.add_response(url=URL, json={"job_status": WORKING})
    httpx_mock.add_response(url=URL, status_code=403)
    assert jobstat("watch", ID, "-q")[0] == 4


def test_unknown_status_is_shown_and_causes_one_warning(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    paused = job_object("paused")
    add_responses(httpx_mock, paused, {**paused, "progress": 1}, BAD)
    code, out, err = jobstat("watch", ID)
    assert code == 6
    assert "? paused" in out
    assert err == (
        f"jobstat: warning: unknown status 'paused' of {ID}; treated as unfinished\n"
    )


@pytest.mark.parametrize("header", ["x-rate-limit", "rate-limit", "ratelimit-limit"])
def test_watch_keeps_to_the_rate_limit_from_any_known_header(
    jobstat: Run, httpx_mock: HTTPXMock, header: str
) -> None:
    add_responses(httpx_mock, WORKING, **{header: "10"})
    jobstat("watch", "-q", ID, "--timeout", "10m")
    # One request a minute, and four more at the start.
    assert len(httpx_mock.get_requests()) == 14


@pytest.mark.parametrize("limit", [b"", b"ten", b"-1", b"\xb2", b"1e1", b"0"])
def test_invalid_rate_limit_header_is_ignored(
    jobstat: Run, httpx_mock: HTTPXMock, limit: bytes
) -> None:
    content = json.dumps({"job_status": BAD}).encode()
    headers = [(b"x-rate-limit", limit), (b"x-rate-limit-remaining", limit)]
    httpx_mock.add_response(url=URL, content=content, headers=headers)
    assert jobstat("watch", "-q", ID) == (6, "", "")


@pytest.mark.parametrize("limit", [5, 10])
def test_short_job_ends_within_5_seconds_under_a_small_rate_limit(
    jobstat: Run, zendesk: Any, clock: FakeClock, limit: int
) -> None:
    zendesk.headers = {"x-rate-limit": str(limit), "x-rate-limit-remaining": "4"}
    zendesk.add(WORKING, BAD, every=2)
    assert jobstat("watch", ID)[0] == 6
    assert clock.now <= 1005


def test_exhausted_rate_limit_announces_the_wait_until_its_reset(
    jobstat: Run, zendesk: Any, clock: FakeClock
) -> None:
    zendesk.headers = {
        "x-rate-limit": "1",
        "x-rate-limit-remaining": "0",
        "ratelimit-reset": "40",
    }
    zendesk.add(WORKING, BAD, every=2)
    code, _, err = jobstat("watch", ID)
    assert code == 6
    assert clock.now == 1040
    assert err == "jobstat: waiting for the rate limit; next request in 39 s\n"


@pytest.mark.parametrize(
    "value",
    [
        "5",
        "Mon, 23 Nov 2026 12:00:00 GMT",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT",
        "soon",
        "-3",
        "٣",
        "",
    ],
)
def test_any_retry_after_value_leads_to_a_retry(
    jobstat: Run, httpx_mock: HTTPXMock, value: str
) -> None:
    httpx_mock.add_response(
        url=URL, status_code=429, headers=[(b"retry-after", value.encode())]
    )
    add_responses(httpx_mock, BAD)
    assert jobstat("watch", "-q", ID)[0] == 6


def test_rate_limit_of_zero_is_ignored(jobstat: Run, httpx_mock: HTTPXMock) -> None:
    add_responses(httpx_mock, WORKING, BAD, **{"x-rate-limit": "0"})
    assert jobstat("watch", "-q", ID)[0] == 6


def test_hostile_text_in_an_error_response_is_sanitized(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    hostile = {"error": "\x1b[2J\u202e"}
    httpx_mock.add_response(url=URL, status_code=503, json=hostile)
    add_responses(httpx_mock, BAD)
    _, _, err = jobstat("watch", "--json", ID)
    assert r"\x1b[2J\u202e); retrying" in err
    assert "\x1b" not in err


def test_watch_without_a_terminal_sanitizes_hostile_text(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    hostile = "\x1b[2J\u202e\n"
    job = {**BAD, "id": hostile, "job_type": hostile, "message": hostile}
    add_responses(
        httpx_mock, *[{**WORKING, "id": hostile, "message": hostile}] * 2, job
    )
    _, out, err = jobstat("watch", ID)
    assert out.count(r"\x1b[2J\u202e\n") == 4
    assert "\x1b" not in out + err
    assert "\u202e" not in out + err


@pytest.mark.parametrize(
    "value", ["Fri, 01 Jan 2100 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00"]
)
def test_wait_for_a_retry_after_date_is_capped_at_5_minutes(
    jobstat: Run, httpx_mock: HTTPXMock, clock: FakeClock, value: str
) -> None:
    httpx_mock.add_response(url=URL, status_code=503, headers={"retry-after": value})
    add_responses(httpx_mock, BAD)
    assert jobstat("watch", "-q", ID)[0] == 6
    # --retry-for ends before that date.
    assert clock.now == 1300


def add_429(httpx_mock: HTTPXMock, **headers: str) -> None:
    httpx_mock.add_response(
        url=URL,
        status_code=429,
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def test_429_with_an_exhausted_rate_limit_announces_the_exact_wait(
    jobstat: Run, httpx_mock: HTTPXMock, clock: FakeClock
) -> None:
    add_429(httpx_mock, x_rate_limit="700", x_rate_limit_remaining="0")
    add_responses(httpx_mock, completed(SUCCESS))
    code, _, err = jobstat("watch", "--json", ID)
    assert code == 0
    assert clock.now == 1060
    outage, recovery = err.splitlines()
    assert outage.endswith("allows no more requests now (429); retrying in 1 min")
    assert recovery == "jobstat: Zendesk answers again"


def test_short_retry_after_outranks_an_exhausted_rate_limit(
    jobstat: Run, httpx_mock: HTTPXMock, clock: FakeClock
) -> None:
    limit = {"x_rate_limit": "700", "x_rate_limit_remaining": "0"}
    add_429(httpx_mock, retry_after="1", **limit)
    add_responses(httpx_mock, completed(SUCCESS))
    code, _, err = jobstat("watch", "--json", ID)
    assert code == 0
    assert clock.now == 1001
    assert "retrying in 1 s\n" in err


@pytest.mark.parametrize("options", [[], ["--json"], ["--stream"]])
def test_wait_for_the_rate_limit_is_announced(
    jobstat: Run, httpx_mock: HTTPXMock, clock: FakeClock, options: list[str]
) -> None:
    used_up = {"x-rate-limit": "700", "x-rate-limit-remaining": "0"}
    httpx_mock.add_response(url=URL, json={"job_status": WORKING}, headers=used_up)
    add_responses(httpx_mock, completed(SUCCESS))
    code, _, err = jobstat("watch", *options, ID)
    assert code == 0
    assert clock.now == 1060
    # The first tick of the wait announces it, a second later.
    assert err == "jobstat: waiting for the rate limit; next request in 59 s\n"


def test_normal_poll_delay_is_not_announced_as_a_rate_limit_wait(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    add_responses(
        httpx_mock, *[WORKING] * 9, completed(SUCCESS), **{"x-rate-limit": "700"}
    )
    assert jobstat("watch", ID)[::2] == (0, "")


@pytest.mark.parametrize(
    ("arguments", "requests", "ends_at"),
    [
        (["--retry-for", "0s"], 1, 1000),
        (["--retry-for", "4s"], 5, 1004),
        (["--timeout", "2s"], 2, 1002),
        ([], 11, 1010),
    ],
)
def test_unknown_job_exits_5_when_the_shortest_time_limit_ends(
    jobstat: Run,
    httpx_mock: HTTPXMock,
    clock: FakeClock,
    arguments: list[str],
    requests: int,
    ends_at: float,
) -> None:
    httpx_mock.add_response(url=URL, status_code=404, is_reusable=True)
    code, out, err = jobstat("watch", "--json", ID, *arguments)
    assert (code, out) == (5, "")
    assert clock.now == ends_at
    assert len(httpx_mock.get_requests()) == requests
    assert "Resume with" not in err
    assert err.splitlines()[-2].startswith(f"jobstat: no job {ID} at acme.zendesk.com")


def test_several_unknown_jobs_are_requested_singly_and_exit_5(
    jobstat: Run, zendesk: Any, clock: FakeClock
) -> None:
    """Each job is requested alone before it counts as not found."""
    code, _, err = jobstat("watch", ID, "other", "--timeout", "2s")
    assert code == 5
    assert clock.now == 1002
    assert zendesk.requested == ["show_many", "show_many", ID, "other"]
    assert f"jobstat: no job {ID} at acme.zendesk.com (404)\n" in err
    assert "jobstat: no job other at acme.zendesk.com (404)\n" in err
    assert "Resume with" not in err


def test_rate_limit_wait_does_not_exceed_retry_for(
    jobstat: Run, httpx_mock: HTTPXMock, clock: FakeClock
) -> None:
    limit = {"x_rate_limit": "700", "x_rate_limit_remaining": "0"}
    for _ in range(2):
        add_429(httpx_mock, retry_after="8", **limit)
    code, _, err = jobstat("watch", "--json", ID, "--retry-for", "3s")
    assert code == 7
    assert clock.now == 1003
    assert "retrying in 3 s\n" in err


@pytest.mark.parametrize(
    ("status", "verdict"),
    [("cancelled", ""), ("Aborted", ""), ("error", "✗ the job failed\n")],
)
def test_cancelled_aborted_or_error_status_exits_3_without_a_warning(
    jobstat: Run, httpx_mock: HTTPXMock, status: str, verdict: str
) -> None:
    add_responses(httpx_mock, WORKING, job_object(status))
    code, out, err = jobstat("watch", ID)
    assert (code, err) == (3, "")
    url = f"https://acme.zendesk.com/api/v2/job_statuses/{ID}.json"
    assert out.endswith(f"✗ {status}  ?/2  0:03\n{url}\n{verdict}")


def test_completed_job_with_unprocessed_items_says_so_and_exits_6(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    add_responses(httpx_mock, *2 * [job_object("completed", total=40, progress=3)])
    code, out, _ = jobstat("watch", ID)
    assert code == 6
    assert "✗ completed, in part  3/40  7%" in out
    assert out.endswith(
        "✗ only 3 of 40 items were processed; Zendesk does not say why\n"
    )


def test_job_level_error_is_shown_and_exits_3(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    add_responses(httpx_mock, completed(SUCCESS) | {"error": "OutOfPaper"})
    code, out, _ = jobstat("watch", ID)
    assert code == 3
    assert out.endswith("✗ the job failed: OutOfPaper\n")


WITHOUT_RESULTS = job_object("completed", total=2, progress=2)


@pytest.mark.parametrize(
    ("options", "printed"),
    [([], []), (["--json"], [WITHOUT_RESULTS]), (["--stream"], [WITHOUT_RESULTS])],
)
def test_unconfirmed_completion_without_results_exits_124_at_timeout(
    jobstat: Run, httpx_mock: HTTPXMock, options: list[str], printed: list[object]
) -> None:
    add_responses(httpx_mock, WITHOUT_RESULTS)
    code, out, err = jobstat("watch", ID, *options, "--interval", "9", "--timeout", "5")
    assert code == 124
    assert [json.loads(line) for line in out.splitlines()] == printed
    assert err.splitlines()[:3] == [
        f"jobstat: {ID} completed without results; there was no time to confirm that",
        "  Ask for the results with jobstat show ID.",
        "jobstat: not finished after 5 s",
    ]


def test_403_before_confirmation_exits_4_and_prints_the_unconfirmed_job(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(url=URL, json={"job_status": WITHOUT_RESULTS})
    httpx_mock.add_response(url=URL, status_code=403)
    code, out, _ = jobstat("watch", ID, "--json")
    assert (code, json.loads(out)) == (4, WITHOUT_RESULTS)


def test_response_about_another_job_is_rejected_after_a_correct_one(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    """A proxy may answer with a cached response about another job."""
    add_responses(httpx_mock, WORKING, {**completed(SUCCESS), "id": "B"})
    code, _, err = jobstat("watch", "-q", ID, "--retry-for", "10s")
    assert code == 7
    assert f"sent another job instead of {ID}" in err


def test_response_about_another_watched_job_is_rejected(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any
) -> None:
    zendesk.show_many_status = 404
    zendesk.add(completed(SUCCESS))
    zendesk.add({**completed(SUCCESS), "id": "B"})
    zendesk.jobs["B"] = zendesk.jobs[ID]
    assert jobstat("watch", "-q", ID, "B", "--retry-for", "10s")[0] == 7
