"""Several jobs in one command: requests, output and exit codes."""

from __future__ import annotations

import json
import os
import re
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from support import FAILURE, ID, OTHER, SUCCESS, Run, completed, job_object

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from fakes import FakeClock
    from pytest_httpx import HTTPXMock

ACME = "acme.zendesk.com"
URL = f"https://acme.zendesk.com/api/v2/job_statuses/{ID}.json"
GOOD = completed(SUCCESS)
BAD = completed(SUCCESS, FAILURE, id=OTHER)
QUEUED = job_object("queued")
WORKING = job_object("working", progress=1, message="Creating ticket #1")
OTHER_WORKING = {**WORKING, "id": OTHER}
REFUSED = {"error": "RecordInvalid", "description": "Record validation errors"}


def test_show_fetches_several_jobs_in_one_request_without_duplicates(
    jobstat: Run, zendesk: Any, httpx_mock: HTTPXMock
) -> None:
    zendesk.add(GOOD)
    zendesk.add(BAD)
    assert jobstat("show", "-q", ID, OTHER, ID) == (6, "", "")
    (request,) = httpx_mock.get_requests()
    assert str(request.url) == (
        f"https://acme.zendesk.com/api/v2/job_statuses/show_many?ids={ID},{OTHER}"
    )


def test_show_reports_several_jobs_together(jobstat: Run, zendesk: Any) -> None:
    zendesk.add(GOOD)
    zendesk.add(BAD)
    code, out, err = jobstat("show", URL, OTHER)
    assert (code, err) == (6, "")
    assert (
        out
        == f"""\
✗ 2 jobs at acme.zendesk.com: 1 completed, 1 with failures; 1 of 3 items failed

  1  TicketCreateFailed: Description: blank
     {OTHER}: index 1

✗ with failures  1 of 2 failed  Bulk Create Ticket  {OTHER}  {BAD["message"]}
✓ completed                1/1  Bulk Create Ticket  {ID}  {GOOD["message"]}

See the failed items: jobstat show {OTHER} --results failed
Write the records to send again: jobstat retry-file {OTHER} INPUT > retry.json
"""
    )


def test_commands_in_the_report_name_the_account_that_an_option_named(
    jobstat: Run, zendesk: Any
) -> None:
    zendesk.add(GOOD)
    zendesk.add(BAD)
    _, out, _ = jobstat("show", ID, OTHER, "--subdomain", "acme")
    assert f"jobstat show {OTHER} --subdomain acme --results failed\n" in out
    assert f"jobstat retry-file {OTHER} INPUT --subdomain acme > retry.json\n" in out


@pytest.mark.parametrize(("results", "listed"), [("all", 3), ("failed", 1)])
def test_items_of_each_job_follow_the_report_if_asked_for(
    jobstat: Run, zendesk: Any, results: str, listed: int
) -> None:
    zendesk.add(GOOD)
    zendesk.add(BAD)
    _, out, _ = jobstat("show", ID, OTHER, "--results", results)
    assert len(re.findall(r"^[✗✓] +[01]  ", out, re.MULTILINE)) == listed


def test_missing_job_does_not_hide_the_other_jobs(jobstat: Run, zendesk: Any) -> None:
    zendesk.add(BAD)
    code, out, err = jobstat("show", "--json", ID, OTHER)
    assert code == 6
    assert json.loads(out) == BAD
    assert f"no job {ID} at acme.zendesk.com (404)" in err
    assert zendesk.requested == ["show_many", ID]


def test_hint_for_missing_jobs_appears_once(jobstat: Run, zendesk: Any) -> None:
    zendesk.add(GOOD)
    _, _, err = jobstat("show", ID, "x1", "x2")
    first, hint, second = err.splitlines()
    assert first == "jobstat: no job x1 at acme.zendesk.com (404)"
    assert hint.startswith("  Check that this is the right account.")
    assert second == "jobstat: no job x2 at acme.zendesk.com (404)"


def test_401_for_the_second_job_exits_4_and_prints_the_first(
    jobstat: Run, zendesk: Any
) -> None:
    zendesk.show_many_status = 403
    zendesk.add(GOOD)
    zendesk.jobs[OTHER] = lambda now: 401
    code, out, err = jobstat("show", "--json", ID, OTHER)
    assert code == 4
    assert json.loads(out) == GOOD
    assert "refuses the credential (401)" in err
    assert zendesk.requested == ["show_many", ID, OTHER]


def test_show_names_jobs_missing_from_the_output_if_others_are_shown(
    jobstat: Run, httpx_mock: HTTPXMock, zendesk: Any
) -> None:
    """Without the ids, nobody knows which lines of --json are missing."""
    zendesk.show_many_status = 404
    zendesk.add(completed(SUCCESS, id="good"))
    broken = [f"broken{number}" for number in range(22)]
    for id in broken:
        zendesk.add({**completed(SUCCESS, id=id), "results": "garbage"})
    code, out, err = jobstat("show", "--json", "good", *broken)
    assert code == 7
    assert json.loads(out)["id"] == "good"
    ids = ", ".join(broken[:20])
    assert f"jobstat: no answer about 22 jobs: {ids} and 2 more\n" in err
    err = jobstat("show", "good", *broken[:2])[2]
    assert "jobstat: no answer about 2 jobs: broken0, broken1\n" in err
    code, _, err = jobstat("show", *broken[:2])
    assert code == 7
    assert "no answer about" not in err


@pytest.mark.parametrize("code", [400, 403, 404])
def test_watch_falls_back_to_single_requests_without_show_many(
    jobstat: Run, zendesk: Any, code: int
) -> None:
    zendesk.show_many_status = code
    zendesk.add(WORKING, GOOD)
    zendesk.add(OTHER_WORKING, OTHER_WORKING, BAD)
    assert jobstat("watch", "-q", ID, OTHER) == (6, "", "")
    assert zendesk.requested.count("show_many") == 1


def test_show_prints_valid_jobs_and_exits_7_for_an_invalid_one(
    jobstat: Run, zendesk: Any
) -> None:
    zendesk.add(GOOD)
    zendesk.add({**BAD, "results": ["text"]})
    code, out, err = jobstat("show", "--json", ID, OTHER)
    assert code == 7
    assert json.loads(out) == GOOD
    assert "results that hold a text where an item should be" in err


def test_watch_json_prints_each_job_when_it_ends(jobstat: Run, zendesk: Any) -> None:
    zendesk.add(QUEUED, WORKING, GOOD, every=20)
    zendesk.add(OTHER_WORKING, BAD)
    code, out, err = jobstat("watch", "--json", ID, OTHER)
    assert (code, err) == (6, "")
    assert [json.loads(line) for line in out.splitlines()] == [BAD, GOOD]


def test_stream_prints_a_line_for_each_change_of_any_job(
    jobstat: Run, zendesk: Any
) -> None:
    zendesk.add(QUEUED, WORKING, GOOD, every=20)
    zendesk.add(OTHER_WORKING, BAD)
    code, out, _ = jobstat("watch", "--stream", ID, OTHER)
    assert code == 6
    expected = [QUEUED, OTHER_WORKING, BAD, WORKING, GOOD]
    assert [json.loads(line) for line in out.splitlines()] == expected


def test_watch_without_a_terminal_prints_changes_then_a_report(
    jobstat: Run, zendesk: Any
) -> None:
    zendesk.add(QUEUED, WORKING, GOOD, every=100)
    zendesk.add(OTHER_WORKING, BAD)
    code, out, err = jobstat("watch", ID, OTHER, "gone1")
    assert code == 6
    assert err == (
        "jobstat: no job gone1 at acme.zendesk.com (404)\n"
        "  Check that this is the right account."
        " Zendesk deletes a job one day after it was created.\n"
    )
    assert (
        re.sub(r"(?m)^\d+:\d\d(?=  )|(?<=  )\d+:\d\d$", "T", out)
        == f"""\
T  {OTHER}  ▸ working  1/2  50%  Creating ticket #1
T  0 of 3 jobs done  1/4 items  25%  1 queued, 1 working, 1 not known yet
T  {OTHER}  ✗ completed, with failures  2/2  100%  1 of 2 items failed  {BAD["message"]}
T  2 of 3 jobs done  2/4 items  50%  1 queued, 1 with failures, 1 not found
T  {ID}  ▸ working  1/2  50%  Creating ticket #1
T  2 of 3 jobs done  3/4 items  75%  1 working, 1 with failures, 1 not found
T  2 of 3 jobs done  3/4 items  75%  1 working, 1 with failures, 1 not found
T  {ID}  ✓ completed  1/1  100%  {GOOD["message"]}

✗ 3 jobs at {ACME}: 1 completed, 1 with failures, 1 not found; 1 of 3 items failed  T

  1  TicketCreateFailed: Description: blank
     {OTHER}: index 1

✗ not found                                         gone1
✗ with failures  1 of 2 failed  Bulk Create Ticket  {OTHER}  {BAD["message"]}
✓ completed                1/1  Bulk Create Ticket  {ID}  {GOOD["message"]}

See the failed items: jobstat show {OTHER} --results failed
Write the records to send again: jobstat retry-file {OTHER} INPUT > retry.json
"""
    )


@pytest.mark.parametrize("options", [["--json"], ["--stream"], ["-q"], []])
def test_timeout_reports_ended_and_unfinished_jobs_and_how_to_resume(
    jobstat: Run, zendesk: Any, options: list[str]
) -> None:
    zendesk.add(WORKING)
    zendesk.add(OTHER_WORKING, BAD)
    code, out, err = jobstat("watch", ID, OTHER, "--timeout", "90s", *options)
    assert code == 6
    resume = " ".join(["jobstat watch", ID, OTHER, "--timeout 90s", *options])
    assert err == (
        "jobstat: not finished after 1 min 30 s; 1 of 2 jobs goes on\n"
        f"  Resume with: {resume}\n"
    )
    if options == ["--json"]:
        assert [json.loads(line) for line in out.splitlines()] == [BAD, WORKING]
    if not options:
        assert f"▸ working                  1/2  Bulk Create Ticket  {ID}" in out
        assert f"2 jobs at {ACME}: 1 working, 1 with failures; 1 of 2 items" in out


def test_watch_json_plain_on_a_terminal_prints_json_and_progress(
    jobstat: Run, zendesk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    zendesk.add(WORKING)
    code, out, err = jobstat("watch", ID, "--json", "--plain", "--timeout", "9")
    assert code == 124
    assert json.loads(out) == WORKING
    assert err.startswith(f"working, 50 percent, 1 of 2 items. {ID}\n")


def test_report_explains_a_job_failure_without_failed_items(
    jobstat: Run, zendesk: Any
) -> None:
    zendesk.add(job_object("completed", id="short", total=40, progress=3, results=[]))
    zendesk.add(job_object("killed", id="killed", message="By Ada"))
    zendesk.add(completed(SUCCESS, id="good"))
    code, out, _ = jobstat("watch", "short", "killed", "good")
    assert code == 3
    _, _, causes, jobs = out.split("\n\n")
    assert causes.splitlines() == [
        "  1 job  only 3 of 40 items were processed; Zendesk does not say why",
        "         short",
    ]
    assert jobs.splitlines()[0].endswith("killed  By Ada")


def test_warning_about_an_unknown_status_names_a_job_and_counts_the_others(
    jobstat: Run, zendesk: Any
) -> None:
    for id in "abc":
        zendesk.add(job_object("paused", id=id))
    zendesk.add(GOOD)
    _, _, err = jobstat("show", ID, "a", "b", "c")
    assert err == (
        "jobstat: warning: unknown status 'paused' of a and 2 more jobs;"
        " treated as unfinished\n"
    )


def test_watch_of_several_jobs_sanitizes_hostile_text(
    jobstat: Run, zendesk: Any, stdin: Callable[[str], None]
) -> None:
    hostile = "\x1b[2J\u202e"
    zendesk.add(GOOD)
    zendesk.add(
        {**job_object("failed"), "id": OTHER, "message": hostile, "job_type": hostile}
    )
    rejected = {"error": hostile}
    stdin(f"{ID} {OTHER} {json.dumps(rejected)}")
    _, out, err = jobstat("watch", "-")
    # In the progress line, and in the table.
    assert out.count(r"\x1b[2J\u202e") == 3
    assert r"\x1b[2J\u202e" in err
    assert "\x1b" not in out + err
    assert "\u202e" not in out + err


def test_resume_command_adds_a_double_dash_before_an_option_like_id(
    jobstat: Run, zendesk: Any, stdin: Callable[[str], None]
) -> None:
    zendesk.add({**WORKING, "id": "-1"})
    stdin("-1")
    _, _, err = jobstat("watch", "-q", "-", "--timeout", "9")
    assert "  Resume with: jobstat watch -q --timeout 9 -- -1\n" in err


def test_resume_command_keeps_the_double_dash_before_an_option_like_id(
    jobstat: Run, zendesk: Any, stdin: Any
) -> None:
    zendesk.add(job_object("working", id="-x1"))
    stdin("-x1")
    code, _, err = jobstat("watch", "--timeout", "9s", "--", "-")
    assert code == 124
    assert err.endswith("Resume with: jobstat watch --timeout 9s -- -x1\n")


def test_timeout_includes_the_wait_for_standard_input(
    jobstat: Run,
    zendesk: Any,
    clock: FakeClock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def read(largest: int, timeout: float) -> bytes:
        clock.sleep(50)
        return ID.encode()

    monkeypatch.setattr("jobstat.commands._shared.read_input", read)
    zendesk.add(WORKING)
    code, _, err = jobstat("watch", "-q", "-", "--timeout", "90s")
    assert code == 124
    assert clock.now == 1090
    assert "not finished after 1 min 30 s" in err


def test_empty_standard_input_exits_2_despite_a_job_argument(
    jobstat: Run, stdin: Any
) -> None:
    stdin("")
    error = (
        "jobstat: standard input names no job\n"
        "  Write ids, URLs or Zendesk's answers in JSON to standard input.\n"
    )
    assert jobstat("show", ID, "-") == (2, "", error)


def test_fail_fast_stops_at_the_first_failure(
    jobstat: Run, zendesk: Any, clock: FakeClock
) -> None:
    zendesk.add(WORKING, WORKING, WORKING, GOOD, every=100)
    zendesk.add(OTHER_WORKING, BAD)
    code, out, err = jobstat("watch", "--fail-fast", "--json", ID, OTHER)
    assert code == 6
    assert clock.now < 1030
    assert [json.loads(line) for line in out.splitlines()] == [BAD, WORKING]
    assert err == (
        "jobstat: stopped at the first failure; 1 of 2 jobs goes on\n"
        f"  Resume with: jobstat watch --fail-fast --json {ID}\n"
    )


@pytest.mark.parametrize("count", [30, 31])
def test_resume_command_of_fail_fast_leaves_out_the_failed_jobs(
    jobstat: Run, zendesk: Any, stdin: Callable[[str], None], count: int
) -> None:
    ids = [f"job{number}" for number in range(count)]
    for id in ids:
        zendesk.add(job_object("working", id=id))
    zendesk.add(BAD)
    stdin("\n".join([OTHER, *ids]))
    code, _, err = jobstat("watch", "-q", "-", "--fail-fast")
    assert code == 6
    resume = {
        30: f"jobstat watch -q --fail-fast {' '.join(ids)}\n",
        31: "jobstat watch -q -\n  Give it the same standard input again.\n",
    }
    assert err.endswith(f"Resume with: {resume[count]}")


def test_few_jobs_that_go_on_are_named_beside_the_same_standard_input(
    jobstat: Run, zendesk: Any, stdin: Callable[[str], None]
) -> None:
    failed = [f"job{number}" for number in range(30)]
    for id in failed:
        zendesk.add(completed(FAILURE, id=id))
    zendesk.add(WORKING)
    stdin("\n".join([*failed, ID]))
    _, _, err = jobstat("watch", "-q", "-", "--timeout", "30")
    assert err.endswith(
        "  Resume with: jobstat watch -q - --timeout 30\n"
        "  Give it the same standard input again.\n"
        f"  Or watch only the jobs that go on: jobstat watch -q --timeout 30 {ID}\n"
    )


def test_exit_zero_ignores_failed_items_but_not_a_missing_job(
    jobstat: Run, zendesk: Any
) -> None:
    zendesk.add(GOOD)
    zendesk.add(BAD)
    assert jobstat("watch", "-q", "--exit-zero", ID, OTHER)[0] == 0
    assert jobstat("watch", "-q", "--exit-zero", ID, OTHER, "x")[0] == 5


def test_repeated_503_for_all_jobs_is_reported_once(
    jobstat: Run, zendesk: Any, clock: FakeClock
) -> None:
    zendesk.add(WORKING, GOOD)
    zendesk.add(OTHER_WORKING, BAD)
    zendesk.errors = {2: 503, 3: 503}
    code, _, err = jobstat("watch", "--json", ID, OTHER)
    assert code == 6
    assert err == (
        "jobstat: acme.zendesk.com cannot answer now (503);"
        " retrying in 1 s, last answer 3 s ago\n"
        "jobstat: Zendesk answers again\n"
    )


def test_503_on_a_single_request_is_reported_without_a_job_id(
    jobstat: Run, zendesk: Any
) -> None:
    zendesk.show_many_status = 404
    zendesk.add(WORKING, GOOD)
    zendesk.add(OTHER_WORKING, BAD)
    zendesk.errors = {5: 503}
    _, _, err = jobstat("watch", "--json", ID, OTHER)
    assert err == (
        "jobstat: acme.zendesk.com cannot answer now (503);"
        " retrying in 1 s, last answer 0 s ago\n"
        "jobstat: Zendesk answers again\n"
    )


def test_invalid_response_for_one_job_is_reported_with_its_id(
    jobstat: Run, zendesk: Any
) -> None:
    broken = {**WORKING, "results": 7}
    zendesk.add(WORKING, GOOD, every=60)
    zendesk.add(OTHER_WORKING, {**broken, "id": OTHER}, BAD)
    _, _, err = jobstat("watch", "--json", ID, OTHER)
    first, *_, last = err.splitlines()
    assert first.startswith(f"jobstat: {OTHER}: the account sent an invalid answer: ")
    assert last == f"jobstat: {OTHER}: Zendesk answers again"


def test_progress_without_a_status_change_is_only_in_the_line_about_all_jobs(
    jobstat: Run, zendesk: Any
) -> None:
    states = [
        job_object("working", total=500, progress=n, message=None) for n in range(500)
    ]
    zendesk.add(*states, completed(*[SUCCESS] * 500), every=1)
    zendesk.add(OTHER_WORKING)
    _, out, _ = jobstat("watch", ID, OTHER, "--timeout", "10m")
    assert out.count(f"{ID}  ▸ working") == 1
    assert 9 <= out.count("of 2 jobs done") <= 11


def test_unchanged_jobs_print_a_summary_line_once_a_minute(
    jobstat: Run, zendesk: Any
) -> None:
    zendesk.add(WORKING)
    zendesk.add(OTHER_WORKING)
    _, out, _ = jobstat("watch", ID, OTHER, "--timeout", "5m")
    summaries = [line for line in out.splitlines() if "jobs done" in line]
    assert [line[0] for line in summaries] == ["0", "1", "2", "3", "4"]
    overall = "0 of 2 jobs done  2/4 items  50%  2 working"
    assert all(line.endswith(overall) for line in summaries)


def test_watch_reads_a_zendesk_response_from_standard_input(
    jobstat: Run, zendesk: Any, stdin: Callable[[str], None]
) -> None:
    zendesk.add(QUEUED, GOOD)
    stdin(json.dumps({"job_status": QUEUED}))
    code, out, err = jobstat("watch", "--json", "-")
    assert (code, err) == (0, "")
    assert json.loads(out) == GOOD


def test_show_combines_job_arguments_with_standard_input(
    jobstat: Run, zendesk: Any, stdin: Callable[[str], None]
) -> None:
    zendesk.add(GOOD)
    zendesk.add(BAD)
    stdin(f"{URL}\n" * 1000)
    code, out, _ = jobstat("show", "--json", OTHER, "-", "-")
    assert code == 6
    assert [json.loads(line) for line in out.splitlines()] == [BAD, GOOD]


def test_error_response_on_standard_input_exits_2(
    jobstat: Run, stdin: Callable[[str], None]
) -> None:
    stdin(json.dumps(REFUSED))
    code, out, err = jobstat("watch", "-")
    assert (code, out) == (2, "")
    assert err == (
        "jobstat: Zendesk refused a request: RecordInvalid: Record validation errors\n"
        "  Correct the bulk request and send it again.\n"
    )


def test_error_response_beside_jobs_on_stdin_exits_2_after_the_watch(
    jobstat: Run, zendesk: Any, stdin: Callable[[str], None]
) -> None:
    zendesk.add(QUEUED, GOOD)
    stdin(json.dumps({"job_status": QUEUED}) + "\n" + json.dumps(REFUSED))
    code, out, err = jobstat("watch", "--json", "-")
    assert code == 2
    assert json.loads(out) == GOOD
    error = "Zendesk refused a request: RecordInvalid: Record validation errors"
    hint = "  Correct the bulk request and send it again.\n"
    assert err == f"jobstat: warning: {error}\njobstat: {error}\n{hint}"


def test_watch_follows_the_current_jobs_of_a_too_many_jobs_error(
    jobstat: Run, zendesk: Any, stdin: Callable[[str], None]
) -> None:
    zendesk.add(QUEUED, GOOD)
    stdin(
        json.dumps(
            {
                "error": "TooManyJobs",
                "description": "Try again later.",
                "current_job_ids": [ID],
            }
        )
    )
    code, out, err = jobstat("watch", "--json", "-")
    assert code == 0
    assert json.loads(out) == GOOD
    assert err == (
        "jobstat: warning: Zendesk refused a request: TooManyJobs: Try again later;"
        " the running jobs that it names are included\n"
    )


@pytest.mark.parametrize("command", ["show", "watch"])
@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "standard input names no job"),
        (b"\xff\xfe\x00", "standard input, line 1: this is not text in UTF-8"),
        (b"[1]", "standard input, line 1: this JSON names no job: it is a number"),
        (
            b"https://other.zendesk.com/api/v2/job_statuses/1.json",
            "the job belongs to https://other.zendesk.com, but the account is",
        ),
    ],
)
def test_invalid_standard_input_exits_2_before_any_request(
    jobstat: Run,
    stdin: Callable[[bytes], None],
    command: str,
    content: bytes,
    message: str,
) -> None:
    stdin(content)
    code, out, err = jobstat(command, "-")
    assert (code, out) == (2, "")
    assert err.startswith(f"jobstat: {message}")
    assert err.count("\n") <= 2


def test_unreadable_standard_input_exits_2(
    jobstat: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    fd = os.open(tmp_path, os.O_RDONLY)
    directory = SimpleNamespace(isatty=lambda: False, fileno=lambda: fd)
    monkeypatch.setattr("sys.stdin", directory)
    error = (
        "jobstat: cannot read standard input: Is a directory\n"
        "  Give the ids of the jobs as arguments instead of -.\n"
    )
    assert jobstat("show", "-") == (2, "", error)
    os.close(fd)


def test_standard_input_over_the_size_limit_exits_2(
    jobstat: Run, monkeypatch: pytest.MonkeyPatch, stdin: Callable[[str], None]
) -> None:
    monkeypatch.setattr("jobstat.jobs.input.MAX_INPUT", 2**20)
    stdin("a " * 2**19 + "a")
    error = (
        "jobstat: standard input is larger than 1 MiB\n"
        "  Give only the ids of the jobs, or fewer jobs at once.\n"
    )
    assert jobstat("show", "-") == (2, "", error)


def test_show_with_jobs_of_two_accounts_exits_2(jobstat: Run) -> None:
    other = "https://other.zendesk.com/api/v2/job_statuses/1.json"
    code, _, err = jobstat("show", URL, other)
    assert code == 2
    assert "https://other.zendesk.com" in err


@pytest.mark.parametrize(("count", "has_ids"), [(30, True), (31, False)])
def test_resume_command_names_up_to_30_ids_read_from_standard_input(
    jobstat: Run,
    zendesk: Any,
    stdin: Callable[[str], None],
    count: int,
    has_ids: bool,
) -> None:
    ids = [f"job{number}" for number in range(count)]
    for id in ids:
        zendesk.add({**WORKING, "id": id})
    zendesk.add(GOOD)
    stdin("\n".join([*ids, ID]))
    code, _, err = jobstat("watch", "-q", "-", "--timeout", "30")
    assert code == 124
    reason = f"jobstat: not finished after 30 s; {count} of {count + 1} jobs go on\n"
    if has_ids:
        resume = f"jobstat watch -q --timeout 30 {' '.join(ids)}\n"
        assert err == f"{reason}  Resume with: {resume}"
    else:
        resume = "jobstat watch -q - --timeout 30\n"
        note = "  Give it the same standard input again.\n"
        assert err == f"{reason}  Resume with: {resume}{note}"


@pytest.mark.parametrize("command", ["show", "watch"])
@pytest.mark.parametrize(
    "omitted_fields", [{"results"}, {"results", "total", "progress", "message"}]
)
def test_results_missing_from_show_many_are_fetched_for_each_job(
    jobstat: Run, httpx_mock: HTTPXMock, command: str, omitted_fields: set[str]
) -> None:
    jobs = [GOOD, BAD]
    incomplete = [
        {name: value for name, value in job.items() if name not in omitted_fields}
        for job in jobs
    ]
    show_many = (
        f"https://acme.zendesk.com/api/v2/job_statuses/show_many?ids={ID},{OTHER}"
    )
    httpx_mock.add_response(url=show_many, json={"job_statuses": incomplete})
    for job in jobs:
        url = f"https://acme.zendesk.com/api/v2/job_statuses/{job['id']}.json"
        httpx_mock.add_response(url=url, json={"job_status": job})
    code, out, _ = jobstat(command, ID, OTHER, "--json")
    assert code == 6
    assert sorted(out.splitlines()) == sorted(map(json.dumps, jobs))


def test_resume_command_keeps_failed_jobs_and_omits_successful_ones(
    jobstat: Run, zendesk: Any, stdin: Callable[[str], None]
) -> None:
    zendesk.add(BAD)
    zendesk.add(WORKING)
    zendesk.add({**GOOD, "id": "good"})
    stdin(f"{OTHER} {ID} good")
    code, _, err = jobstat("watch", "-q", "-", "--timeout", "30")
    assert code == 6
    assert f"Resume with: jobstat watch -q --timeout 30 {OTHER} {ID}\n" in err


def test_response_for_another_job_is_rejected_after_correct_show_many(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    base = "https://acme.zendesk.com/api/v2/job_statuses"
    show_many = f"{base}/show_many?ids={ID},{OTHER}"
    httpx_mock.add_response(
        url=show_many, json={"job_statuses": [WORKING, OTHER_WORKING]}
    )
    httpx_mock.add_response(url=show_many, status_code=404)
    good = {"job_status": completed(SUCCESS, id=OTHER)}
    httpx_mock.add_response(url=f"{base}/{ID}.json", json=good, is_reusable=True)
    httpx_mock.add_response(url=f"{base}/{OTHER}.json", json=good)
    assert jobstat("watch", "-q", ID, OTHER, "--retry-for", "10s")[0] == 7


def test_resume_command_does_not_mistake_option_values_for_jobs(
    jobstat: Run, zendesk: Any, stdin: Callable[[str], None]
) -> None:
    for id in ("2", "5", "B"):
        zendesk.add({**WORKING, "id": id})
    stdin("B")
    arguments = ["watch", "-q", "2", "--interval", "5", "-", "--timeout=2", "--", "5"]
    code, _, err = jobstat(*arguments)
    assert code == 124
    resume = "jobstat watch -q --interval 5 --timeout=2 2 B 5\n"
    assert err.endswith(f"Resume with: {resume}")
