"""``--csv`` of ``show`` and ``watch``: the results of all jobs as one table."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from support import FAILURE, ID, OTHER, SUCCESS, Run, completed, job_object

FIRST = "job_id,index,id,action,status,success,error,details"
WORKING = job_object("working", progress=1)
BAD = completed(SUCCESS, FAILURE, id=OTHER)
BAD_ROWS = f"""\
{OTHER},0,35436,,,,,,9
{OTHER},1,,,,,TicketCreateFailed,Description: blank,
"""
RESUME = "jobstat: not finished after 1 min; 1 of 2 jobs goes on\n  Resume with: "


def table(out: str) -> list[dict[str, str]]:
    return list(csv.DictReader(out.splitlines(keepends=True)))


@pytest.mark.parametrize("command", ["show", "watch"])
def test_csv_has_the_items_of_all_jobs_in_the_given_order(
    jobstat: Run, zendesk: Any, command: str
) -> None:
    updated = {"action": "update", "id": -7, "status": "Updated", "success": True}
    zendesk.add(completed(updated | {"email": "a,b", "tags": ["x"]}, id="first"))
    zendesk.add(BAD)
    code, out, err = jobstat(command, "--csv", "first", OTHER)
    assert (code, err) == (6, "")
    assert out == (
        f"{FIRST},email,tags,account_id\n"
        'first,0,-7,update,Updated,true,,,"a,b","[""x""]",\n'
        f"{OTHER},0,35436,,,,,,,,9\n"
        f"{OTHER},1,,,,,TicketCreateFailed,Description: blank,,,\n"
    )


def test_results_failed_leaves_out_the_other_items_and_their_keys(
    jobstat: Run, zendesk: Any
) -> None:
    zendesk.add(BAD)
    code, out, _ = jobstat("show", "--csv", "--results", "failed", OTHER)
    assert code == 6
    assert out == f"{FIRST}\n{OTHER},1,,,,,TicketCreateFailed,Description: blank\n"
    everything = jobstat("show", "--csv", OTHER)
    assert everything == (6, f"{FIRST},account_id\n{BAD_ROWS}", "")
    assert jobstat("show", "--csv", "--results", "all", OTHER) == everything


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("--results summary", "--csv cannot be used with --results summary"),
        ("--json", "--csv cannot be used with --json"),
        ("-q", "--quiet cannot be used with --csv"),
    ],
)
def test_csv_with_a_contradicting_option_exits_2(
    jobstat: Run, second: str, message: str
) -> None:
    code, out, err = jobstat("show", ID, "--csv", *second.split())
    assert (code, out) == (2, "")
    assert err.startswith(f"jobstat: {message}\n")


@pytest.mark.parametrize(
    ("job", "code", "status"),
    [
        (WORKING, 8, "working"),
        (job_object("killed"), 3, "killed"),
        (completed(), 0, "completed"),
    ],
)
def test_jobs_without_results_are_counted_on_stderr(
    jobstat: Run, zendesk: Any, job: dict[str, Any], code: int, status: str
) -> None:
    zendesk.add(job)
    note = f"jobstat: jobs without results: 1 {status}\n"
    assert jobstat("show", "--csv", ID) == (code, f"{FIRST}\n", note)


def test_csv_of_a_missing_job_is_the_header(jobstat: Run, zendesk: Any) -> None:
    zendesk.add(BAD)
    code, out, err = jobstat("show", "--csv", ID)
    assert (code, out) == (5, f"{FIRST}\n")
    assert err.startswith(f"jobstat: no job {ID} at acme.zendesk.com (404)\n")
    code, out, _ = jobstat("show", "--csv", ID, OTHER)
    assert (code, out) == (6, f"{FIRST},account_id\n{BAD_ROWS}")


def test_one_result_for_all_items_has_no_index(jobstat: Run, zendesk: Any) -> None:
    zendesk.add(job_object("completed", total=None, results={"success": True}))
    code, out, _ = jobstat("show", "--csv", ID)
    assert (code, out) == (0, f"{FIRST}\n{ID},,,,,true,,\n")


def test_groups_of_results_have_a_row_for_each_item(jobstat: Run, zendesk: Any) -> None:
    groups = {"created": [{"id": 1}], "failed": [{"id": 2, "index": 5}]}
    zendesk.add(job_object("completed", total=2, progress=2, results=groups))
    code, out, _ = jobstat("show", "--csv", ID)
    assert (code, out) == (6, f"{FIRST}\n{ID},,1,,,,,\n{ID},5,2,,,,,\n")


def test_timeout_writes_the_results_of_the_jobs_that_ended(
    jobstat: Run, zendesk: Any
) -> None:
    zendesk.add(WORKING)
    zendesk.add({**WORKING, "id": OTHER}, BAD)
    code, out, err = jobstat("watch", "--csv", ID, OTHER, "--timeout", "1m")
    assert (code, out) == (6, f"{FIRST},account_id\n{BAD_ROWS}")
    note = "jobstat: jobs without results: 1 working\n"
    assert err == f"{note}{RESUME}jobstat watch --csv {ID} {OTHER} --timeout 1m\n"


def test_refused_credential_does_not_lose_the_results_of_ended_jobs(
    jobstat: Run, zendesk: Any
) -> None:
    zendesk.add(WORKING)
    zendesk.add(BAD)
    zendesk.errors |= {2: 401, 3: 401}
    code, out, _ = jobstat("watch", "--csv", ID, OTHER)
    assert (code, out) == (4, f"{FIRST},account_id\n{BAD_ROWS}")


def test_unconfirmed_results_are_written_too(jobstat: Run, zendesk: Any) -> None:
    """An answer to a batch may omit results, and a later one may never come."""
    zendesk.add(WORKING)
    zendesk.add({**BAD, "total": 3, "progress": 3})
    zendesk.errors |= dict.fromkeys(range(2, 99), 503)
    code, out, _ = jobstat("watch", "--csv", ID, OTHER, "--timeout", "1m")
    assert (code, out) == (124, f"{FIRST},account_id\n{BAD_ROWS}")


def test_table_of_many_rows_is_whole(jobstat: Run, zendesk: Any) -> None:
    zendesk.add(completed(*({"id": n} for n in range(2500))))
    _, out, _ = jobstat("show", "--csv", ID)
    assert [row["id"] for row in table(out)] == [str(n) for n in range(2500)]


def test_fail_fast_writes_the_failed_items(jobstat: Run, zendesk: Any) -> None:
    zendesk.add(WORKING)
    zendesk.add(BAD)
    code, out, _ = jobstat("watch", "--csv", "--fail-fast", ID, OTHER)
    assert (code, out) == (6, f"{FIRST},account_id\n{BAD_ROWS}")


@pytest.mark.parametrize("options", [[], ["--exit-zero"]])
def test_csv_and_json_have_the_same_exit_code(
    jobstat: Run, zendesk: Any, options: list[str]
) -> None:
    zendesk.add(BAD)
    zendesk.add(WORKING)
    jobs = ["show", *options, ID, OTHER, "missing"]
    assert jobstat(*jobs, "--csv")[0] == jobstat(*jobs, "--json")[0]


def test_cells_in_a_pipe_are_exact_except_for_formulas(
    jobstat: Run, zendesk: Any
) -> None:
    cells = {
        "details": 'two\r\nlines, "quoted"\r\x1b[31m',
        "=cmd()": "=1+1",
        "number": -1.5,
        "big": 2**64,
        "object": {"a": [1, None, "ü"]},
        "job_id": "mine",
        "results.job_id": 1,
        "ID": "upper",
        "nothing": None,
    }
    zendesk.add(completed(cells))
    _, out, _ = jobstat("show", "--csv", ID)
    (row,) = table(out)
    assert {name: cell for name, cell in row.items() if cell} == {
        "job_id": ID,
        "index": "0",
        "details": cells["details"],
        "'=cmd()": "'=1+1",
        "number": "-1.5",
        "big": "18446744073709551616",
        "object": '{"a":[1,null,"ü"]}',
        "results.job_id": "mine",
        "results.results.job_id": "1",
        "ID": "upper",
    }


def test_cells_on_a_terminal_are_sanitized(
    jobstat: Run, zendesk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    zendesk.add(completed({"details": "\x1b[2J\u202e\nx", "\x07": "\t"}))
    monkeypatch.setenv("TERM", "dumb")
    _, out, _ = jobstat("show", "--csv", ID)
    assert out == f"{FIRST},\\x07\n{ID},0,,,,,,\\x1b[2J\\u202e\\nx,'\\t\n"
