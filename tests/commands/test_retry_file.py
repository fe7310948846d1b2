"""``jobstat retry-file``, with faked answers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from support import FAILURE, ID, OTHER, SUCCESS, Run, completed, job_object

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from commands.conftest import Zendesk

TICKETS = '{"tickets": [\n  {"subject": "one"},\n  {"subject": "two"}\n]}\n'
SECOND = '{"tickets": [\n  {"subject": "two"}\n]}\n'
ANSWERS = "".join(
    json.dumps({"job_status": job_object(id=id)}) + "\n" for id in (ID, OTHER)
)
REFUSED = json.dumps(
    {"error": "TooManyJobs", "description": "Try later", "current_job_ids": [ID]}
)


def listed(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.json").write_text(TICKETS)
    (tmp_path / "b.json").write_text(TICKETS.replace("two", "2"))
    (tmp_path / "link.json").symlink_to("a.json")
    (tmp_path / "a.csv").write_text("subject;body\r\none;1\r\ntwo;2\r\n")


@pytest.fixture
def two_jobs(zendesk: Zendesk) -> None:
    """Two jobs whose second item failed."""
    for id in (ID, OTHER):
        zendesk.add(completed(SUCCESS, FAILURE, id=id))


@pytest.mark.usefixtures("two_jobs")
def test_failed_records_are_written_to_stdout(jobstat: Run) -> None:
    code, out, err = jobstat("retry-file", ID, "a.json")
    assert (code, out) == (0, SECOND)
    assert err == "jobstat: 1 of 2 records failed\n"


@pytest.mark.usefixtures("two_jobs")
def test_records_of_several_jobs_are_written_as_one_document(
    jobstat: Run, stdin: Callable[[str], None]
) -> None:
    given = jobstat("retry-file", ID, "a.json", OTHER, "b.json")
    stdin(ANSWERS)
    assert jobstat("retry-file", "-", "a.json", "b.json") == given
    code, out, err = given
    assert code == 0
    assert json.loads(out) == {"tickets": [{"subject": "two"}, {"subject": "2"}]}
    assert err == "jobstat: 2 of 4 records failed\n"


@pytest.mark.usefixtures("two_jobs")
def test_output_gets_batches_and_is_never_overwritten(
    jobstat: Run, tmp_path: Path
) -> None:
    arguments = ("retry-file", ID, "a.json", OTHER, "b.json")
    options = ("--output", "new/retry", "--batch", "1", "--with-errors")
    code, out, err = jobstat(*arguments, *options)
    assert (code, out) == (0, "")
    assert err == (
        "jobstat: 2 of 4 records failed;"
        " wrote 2 files to new/retry, and their errors beside them\n"
    )
    folder = tmp_path / "new/retry"
    names = ["errors-001.jsonl", "errors-002.jsonl", "retry-001.json", "retry-002.json"]
    assert listed(folder) == names
    assert (folder / "retry-001.json").read_text() == SECOND
    error = json.loads((folder / "errors-002.jsonl").read_text())
    assert (error["job_id"], error["index"], error["position"]) == (OTHER, 1, 0)
    for name in names:  # each is left alone once
        for other in set(listed(folder)) - {name}:
            (folder / other).unlink()
        code, out, err = jobstat(*arguments, *options)
        assert (code, out) == (2, "")
        assert err == (
            f"jobstat: new/retry/{name} exists already\n"
            "  Give --output another directory, so that old files are not sent again"
            " with the new ones.\n"
        )
        assert listed(folder) == [name]
        (folder / name).unlink()
        for other in names:
            (folder / other).touch()


def test_older_files_are_refused_even_if_no_record_failed(
    jobstat: Run, zendesk: Zendesk, tmp_path: Path
) -> None:
    zendesk.add(completed(SUCCESS, SUCCESS | {"index": 1}))
    (tmp_path / "retry").mkdir()
    (tmp_path / "retry/retry-7.json").touch()
    code, _, err = jobstat("retry-file", ID, "a.json", "--output", "retry")
    assert (code, err.splitlines()[0]) == (
        2,
        "jobstat: retry/retry-7.json exists already",
    )


@pytest.mark.usefixtures("two_jobs")
def test_errors_of_csv_are_columns(jobstat: Run) -> None:
    code, out, _ = jobstat("retry-file", ID, "a.csv", "--with-errors")
    assert (code, out) == (
        0,
        "subject;body;error;details\r\ntwo;2;TicketCreateFailed;Description: blank\r\n",
    )


@pytest.mark.parametrize(
    ("name", "empty"),
    [("a.json", '{"tickets": []}\n'), ("a.csv", "subject;body\r\n")],
)
def test_empty_document_is_written_if_no_record_failed(
    jobstat: Run, zendesk: Zendesk, tmp_path: Path, name: str, empty: str
) -> None:
    zendesk.add(completed(SUCCESS, SUCCESS | {"index": 1}))
    assert jobstat("retry-file", ID, name) == (
        0,
        empty,
        "jobstat: none of 2 records failed\n",
    )
    assert jobstat("retry-file", ID, name, "--output", "retry") == (
        0,
        "",
        "jobstat: none of 2 records failed; wrote no file\n",
    )
    assert not (tmp_path / "retry").exists()


def test_all_records_of_a_failed_job_are_written_on_request(
    jobstat: Run, zendesk: Zendesk
) -> None:
    zendesk.add(job_object("killed"))
    code, out, err = jobstat("retry-file", ID, "a.json")
    assert (code, out) == (2, "")
    assert "--all-of-failed-jobs" in err
    code, out, _ = jobstat("retry-file", ID, "a.json", "--all-of-failed-jobs")
    assert (code, out) == (0, TICKETS)


def test_records_that_a_failed_job_worked_on_may_become_duplicates(
    jobstat: Run, zendesk: Zendesk
) -> None:
    zendesk.add(job_object("killed", total=2, progress=1))
    code, out, err = jobstat("retry-file", ID, "a.json")
    assert (code, out) == (2, "")
    assert "  Zendesk had worked on 1 of them. --all-of-failed-jobs writes all" in err
    code, out, err = jobstat("retry-file", ID, "a.json", "--all-of-failed-jobs")
    assert (code, out) == (0, TICKETS)
    warning = f"jobstat: warning: Zendesk had worked on 1 record of {ID}; sending all"
    assert warning in err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((ID,), f"no INPUT after {ID}"),
        ((ID, "a.json", OTHER), f"no INPUT after {OTHER}"),
        (("-",), "no INPUT after -"),
        (("-", "a.json"), "standard input names 2 jobs, but there is 1 file"),
        ((ID, "a.json", "-", "b.json"), "- must be the first argument"),
        (("a.json", ID), "not a job id: 'a.json'"),
        ((ID, "a.json", ID.lower(), "b.json"), "is given twice: for a.json and for b."),
        ((ID, "-"), "- cannot be an INPUT"),
        (("-", "a.json", "-"), "- cannot be an INPUT"),
        ((ID, ""), "the name of an INPUT is empty"),
        ((ID, "a.json", OTHER, "link.json"), "link.json is given for two jobs"),
        (("-", "a.json", "a.json"), "a.json is given for two jobs"),
        ((ID, "."), "cannot read .: Is a directory"),
        ((ID, "none.json"), "cannot read none.json: No such file or directory"),
        ((ID, "a.json", OTHER, "a.csv"), "a.json and a.csv have different formats"),
        ((ID, "a.json", "--batch", "5"), "--batch cannot be used without --output"),
        ((ID, "a.json", "--output", ""), "the directory of --output has no name"),
        ((ID, "a.json", "--batch", "0", "--output", "x"), "not a whole number above"),
        ((ID, "a.json", "--with-errors"), "--with-errors needs --output for JSON"),
        ((ID, "/dev/zero"), "/dev/zero is larger than 64 MiB"),
    ],
)
def test_wrong_arguments_exit_2_without_a_request(
    jobstat: Run,
    zendesk: Zendesk,
    stdin: Callable[[str], None],
    arguments: tuple[str, ...],
    message: str,
) -> None:
    stdin(ANSWERS)
    code, out, err = jobstat("retry-file", *arguments)
    assert (code, out) == (2, "")
    assert message in err.splitlines()[0]
    assert not zendesk.requested


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        (f"{REFUSED}\n{ANSWERS}", "answer 1 is an error: TooManyJobs: Try later"),
        (f"{ID}\n{REFUSED}", "answer 2 (b.json) is an error: TooManyJobs: Try later"),
        (f"{ID}\n502 Bad Gateway", "answer 2 (b.json) is an error: 502 Bad Gateway"),
        (f"{ID}\n{ID}", f"{ID} is given twice: for a.json and for b.json"),
        ("", "standard input names 0 jobs, but there are 2 files"),
        ("?", "standard input, line 1: not a job id: '?'"),
    ],
)
def test_answers_that_do_not_belong_to_the_files_exit_2_without_a_request(
    jobstat: Run,
    zendesk: Zendesk,
    stdin: Callable[[str], None],
    answers: str,
    message: str,
) -> None:
    stdin(answers)
    code, out, err = jobstat("retry-file", "-", "a.json", "b.json")
    assert (code, out) == (2, "")
    assert err.splitlines()[0] == f"jobstat: {message}"
    assert not zendesk.requested


LIST = json.dumps({"job_statuses": [job_object(id=id) for id in (ID, OTHER)]})


@pytest.mark.usefixtures("two_jobs")
def test_list_of_jobs_on_standard_input_is_refused_because_of_its_order(
    jobstat: Run, stdin: Callable[[str], None]
) -> None:
    arguments = ("retry-file", "-", "a.json", "b.json")
    stdin(LIST)
    code, out, err = jobstat(*arguments)
    assert (code, out) == (2, "")
    assert err.startswith("jobstat: standard input holds a list of jobs, which is not")
    pages = [{"job_statuses": [job_object(id=id)]} for id in (ID, OTHER)]
    stdin("\n".join(map(json.dumps, pages)))
    assert jobstat(*arguments)[0] == 0
    stdin(json.dumps([job_object(id=id) for id in (ID, OTHER)]))
    assert jobstat(*arguments)[0] == 0


def test_answer_about_another_job_is_refused(jobstat: Run, zendesk: Zendesk) -> None:
    zendesk.jobs[ID] = lambda _: completed(SUCCESS, FAILURE, id=OTHER)
    code, out, err = jobstat("retry-file", ID, "a.json")
    assert (code, out) == (2, "")
    assert f"records of {ID} failed: the answer is about {OTHER}\n" in err


@pytest.mark.parametrize(
    ("second", "code", "message"),
    [
        (404, 5, f"jobstat: no job {OTHER} at acme.zendesk.com (404)"),
        (403, 4, "jobstat: "),
        (503, 7, "jobstat: "),
        (job_object("working", id=OTHER), 8, f"jobstat: {OTHER} has not ended"),
    ],
)
def test_nothing_is_written_if_the_state_of_a_job_is_unknown(
    jobstat: Run, zendesk: Zendesk, tmp_path: Path, second: Any, code: int, message: str
) -> None:
    zendesk.add(completed(SUCCESS, FAILURE))
    zendesk.jobs[OTHER] = lambda _: second
    zendesk.show_many_status = 200 if isinstance(second, dict) else second
    arguments = ("retry-file", ID, "a.json", OTHER, "b.json", "--output", "retry")
    result, out, err = jobstat(*arguments)
    assert (result, out) == (code, "")
    assert err.startswith(message)
    assert not (tmp_path / "retry").exists()


@pytest.mark.usefixtures("zendesk")
def test_expired_job_exits_5_as_show_does(jobstat: Run) -> None:
    code, out, err = jobstat("retry-file", ID, "a.json")
    assert (code, out, err) == jobstat("show", ID)
    assert code == 5
