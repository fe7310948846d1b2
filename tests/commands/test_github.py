"""The output in GitHub Actions: annotations, the step summary, hostile text."""

from __future__ import annotations

import json
import os
import re
from html.parser import HTMLParser
from typing import TYPE_CHECKING, Any

import pytest
from markdown_it import MarkdownIt
from support import FAILURE, ID, OTHER, SUCCESS, completed, job_object

from jobstat.views.sanitize import disarm_commands, sanitize

if TYPE_CHECKING:
    from pathlib import Path

    from support import Run

TAKEN = {"index": 0, "error": "UserCreateFailed", "email": "a@b.example"}
TAGS = {"h3", "p", "table", "tr", "th", "td", "code", "br"}

COMMANDS = [
    "::error::owned",
    " \t::set-output name=x::owned",
    "##[add-mask]owned",
    "x ##[error]owned",
    "x\n::stop-commands::owned",
    "x\r\n \u2003::error::owned",
    "x\u2028::error::owned\x85::error::owned",
    "\ufeff::error::owned",
]


def workflow_commands(text: str) -> list[str]:
    """Return the lines that the runner of GitHub Actions takes for commands."""
    lines = re.split(r"\r\n|\r|\n", text)
    return [
        line
        for line in lines
        if re.match(r"\s*::.*::", line) or re.search(r"##\[[^\]]*\]", line)
    ]


@pytest.fixture(autouse=True)
def summary(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The file of the step's summary."""
    path = tmp_path / "summary.md"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    return path


def text_of(summary: Path) -> str:
    """Return the text of a summary whose only structure is that of jobstat."""
    texts = []

    class Parser(HTMLParser):
        def handle_starttag(self, tag: str, attrs: object) -> None:
            assert tag in TAGS
            assert not attrs

        def handle_data(self, data: str) -> None:
            texts.append(data)

    content = summary.read_text("utf-8")
    for token in MarkdownIt().enable("table").parse(f"Before\n{content}After\n"):
        assert token.type in {
            "paragraph_open",
            "paragraph_close",
            "inline",
            "html_block",
        }
        assert token.type != "inline" or token.content in {"Before", "After"}
        if token.type == "html_block":
            parser = Parser(convert_charrefs=True)
            parser.feed(token.content)
    return " ".join("".join(f" {text}" for text in texts).split())


def test_each_cause_and_each_failed_job_has_an_annotation(
    jobstat: Run, zendesk: Any
) -> None:
    taken = [{**TAKEN, "index": n, "details": f"'u{n}' is taken"} for n in range(3)]
    zendesk.add(completed(*taken, FAILURE))
    zendesk.add(job_object("killed", id=OTHER, message="Killed by an agent"))
    code, _, err = jobstat("show", ID, OTHER, "gone1")
    assert code == 3
    jobs = "::error title=Jobs failed at acme.zendesk.com::"
    items = "::error title=Items failed at acme.zendesk.com::"
    examples = f"{ID}: index 0: u0; index 1: u1; index 2: u2"
    assert workflow_commands(err) == [
        f"{jobs}1 job: the job was killed. {OTHER}: Killed by an agent",
        f"{jobs}1 job: not found. gone1",
        f"{items}3 items: UserCreateFailed: '*' is taken. {examples}",
        f"{items}1 item: TicketCreateFailed: Description: blank. {ID}: index 1",
    ]


def test_annotations_escape_percent_signs_and_properties(
    jobstat: Run, zendesk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JOBSTAT_BASE_URL", "https://acme.zendesk.com:443")
    zendesk.add(completed({**FAILURE, "error": "100%0A::", "details": ""}))
    _, _, err = jobstat("show", ID)
    (annotation,) = workflow_commands(err)
    assert "::1 item: 100%250A::. index 1" in annotation


def test_more_than_10_causes_are_counted_in_the_last_annotation(
    jobstat: Run, zendesk: Any
) -> None:
    names = "ABCDEFGHIJKLM"
    items = [{"index": n, "error": f"{name}Failed"} for n, name in enumerate(names)]
    zendesk.add(completed(*items, items[0]))
    zendesk.add(completed(*items[:12], id=OTHER))
    _, _, err = jobstat("watch", ID, OTHER)
    commands = workflow_commands(err)
    assert len(commands) == 10
    assert "::3 items: AFailed." in commands[0]
    assert commands[-1].endswith("::7 items failed for 4 more reasons.")


@pytest.mark.parametrize("options", [["--json"], ["--csv"], ["--stream"], ["--plain"]])
def test_other_formats_on_stdout_keep_annotations_and_summary(
    jobstat: Run, zendesk: Any, summary: Path, options: list[str]
) -> None:
    zendesk.add(completed(FAILURE))
    code, out, err = jobstat("watch", ID, *options)
    assert code == 6
    assert not workflow_commands(out)
    assert len(workflow_commands(err)) == 1
    assert "TicketCreateFailed: Description: blank" in text_of(summary)


@pytest.mark.parametrize("arguments", [["watch", "-q"], ["show", "-q"]])
def test_quiet_writes_no_annotation_and_no_summary(
    jobstat: Run, zendesk: Any, summary: Path, arguments: list[str]
) -> None:
    zendesk.add(completed(FAILURE))
    assert jobstat(*arguments, ID) == (6, "", "")
    assert not summary.exists()


def test_show_of_unfinished_jobs_writes_no_summary(
    jobstat: Run, zendesk: Any, summary: Path
) -> None:
    zendesk.add(job_object("working"))
    code, _, err = jobstat("show", ID)
    assert (code, err) == (8, "")
    assert not summary.exists()


def test_summary_of_a_watch_has_counts_problems_and_jobs(
    jobstat: Run, zendesk: Any, summary: Path
) -> None:
    summary.write_text("A line without an end")
    zendesk.add(completed(SUCCESS, FAILURE, {**FAILURE, "index": 2}))
    zendesk.add(completed(SUCCESS, id=OTHER))
    code, _, _ = jobstat("watch", ID, OTHER)
    assert code == 6
    start, _, added = summary.read_text("utf-8").partition("\n")
    assert start == "A line without an end"
    summary.write_text("\n" + added)
    assert text_of(summary) == (
        "Zendesk jobs at acme.zendesk.com"
        " 1 of 2 jobs succeeded. 2 of 4 items failed. The watch took 0 s."
        " Failed Reason Examples"
        " 2 items TicketCreateFailed: Description: blank"
        f" {ID}: index 1, 2"
        " Job Status Items Type Message"
        f" {ID} with failures 2 of 3 failed Bulk Create Ticket"
        " Completed at 2026-11-23 12:00:00 +0000"
        f" See the failed items: jobstat show {ID} --results failed"
        f" Write the records to send again: jobstat retry-file {ID} INPUT > retry.json"
    )


def test_summary_of_success_is_one_sentence(
    jobstat: Run, zendesk: Any, summary: Path
) -> None:
    zendesk.add(completed(SUCCESS))
    _, _, err = jobstat("show", ID)
    assert err == ""
    assert text_of(summary) == (
        "Zendesk jobs at acme.zendesk.com 1 of 1 job succeeded. None of 1 item failed."
    )


def test_summary_after_a_timeout_counts_jobs_that_did_not_end(
    jobstat: Run, zendesk: Any, summary: Path
) -> None:
    zendesk.add(job_object("working"))
    jobstat("watch", ID, "--timeout", "9")
    text = text_of(summary)
    assert "0 of 1 job succeeded, 1 did not end. The watch took 9 s." in text
    assert f"Message {ID} working " in text


def test_summary_names_a_few_of_the_jobs_that_did_not_end_below_many_failures(
    jobstat: Run, zendesk: Any, summary: Path
) -> None:
    failed = [f"failed{n}" for n in range(30)]
    running = [f"running{n}" for n in range(10)]
    for id in failed:
        zendesk.add(completed(FAILURE, id=id))
    for id in running:
        zendesk.add(job_object("working", id=id))
    options = ["--timeout", "9", "--base-url", "https://acme.zendesk.com"]
    jobstat("watch", *failed, *running, *options)
    text = text_of(summary)
    assert len(re.findall(r"running\d working", text)) == 5
    assert len(re.findall(r"failed\d+ with failures", text)) == 15
    assert (
        "20 more jobs did not succeed. List them: jobstat list --status working"
        " --status items-failed --base-url https://acme.zendesk.com --limit 1000"
    ) in text


def test_summary_of_an_empty_watch_is_not_written(
    jobstat: Run, httpx_mock: Any, summary: Path
) -> None:
    httpx_mock.add_response(json={"job_statuses": []}, is_reusable=True)
    assert jobstat("watch", "--all")[0] == 0
    assert not summary.exists()


def test_large_summary_counts_the_rows_that_it_leaves_out(
    jobstat: Run, zendesk: Any, summary: Path
) -> None:
    ids = [f"job{n}" for n in range(30)]
    for id in ids:
        hostile = {
            "index": 0,
            "error": f"{id[3:].translate(LETTERS)}Failed" + "&" * 9999,
        }
        zendesk.add(completed(hostile, id=id, job_type="<" * 9999))
    jobstat("show", *ids)
    text = text_of(summary)
    assert "10 items failed for 10 more reasons." in text
    assert "10 more jobs did not succeed. List them: jobstat list " in text
    assert len(summary.read_bytes()) < 256 * 1024


LETTERS = str.maketrans("0123456789", "abcdefghij")


@pytest.mark.parametrize("kind", ["directory", "full disk", "pipe", "large"])
def test_summary_that_cannot_be_written_is_a_warning(
    jobstat: Run,
    zendesk: Any,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    kind: str,
) -> None:
    path = tmp_path
    if kind == "full disk":
        path = type(tmp_path)("/dev/full")
    elif kind == "pipe":
        path = tmp_path / "pipe"
        os.mkfifo(path)
    elif kind == "large":
        path = tmp_path / "large.md"
        path.write_bytes(b"x" * (2**20 - 100))
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    zendesk.add(completed(SUCCESS))
    code, _, err = jobstat("show", ID)
    assert code == 0
    assert err.startswith(
        f"jobstat: warning: cannot write the step summary to {path}: "
    )
    assert err.count("\n") == 1
    if kind == "large":
        assert path.stat().st_size == 2**20 - 100


HOSTILE = [
    *COMMANDS,
    "| a | b |\n|---|---|\n| c |",
    "</code></td></table>\n\n# Owned\n\n```\n<script>alert(1)</script>",
    "[x](https://evil.example) ![y](z) <img src=x onerror=y> @octocat #1 `code`",
    "&lt;b&gt; &#42; \\| \\` <!-- --> <![CDATA[ <?x",
]


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize(
    "options", [[], ["--json"], ["--csv"], ["--plain"], ["--results=all"]]
)
@pytest.mark.parametrize("count", [1, 2])
def test_text_from_outside_is_no_command_and_no_markup(
    jobstat: Run,
    zendesk: Any,
    summary: Path,
    text: str,
    options: list[str],
    count: int,
) -> None:
    item = {
        "index": text,
        "id": text,
        "error": text,
        "details": text,
        "title": text,
        text: text,
    }
    hostile = {"job_type": text, "message": text, "url": text}
    zendesk.add(job_object(text, **hostile), completed(item, SUCCESS) | hostile)
    killed = job_object("killed", id=OTHER, error=text, **hostile)
    zendesk.add(job_object(text, id=OTHER, **hostile), killed)
    _, out, err = jobstat("watch", *[ID, OTHER][:count], *options)
    commands = workflow_commands(err)
    assert not workflow_commands(out)
    assert all(line.startswith("::error title=") for line in commands)
    assert len(commands) == count
    assert "".join(sanitize(text).split()) in "".join(text_of(summary).split())
    if "--json" in options:
        jobs = [json.loads(line) for line in out.splitlines()]
        assert all(job["message"] == text for job in jobs)


@pytest.mark.parametrize("text", COMMANDS)
def test_text_in_an_error_response_is_no_command(
    jobstat: Run, httpx_mock: Any, text: str
) -> None:
    error = {"error": text, "description": text}
    httpx_mock.add_response(status_code=422, json=error, is_reusable=True)
    _, out, err = jobstat("watch", ID, "--debug", "--retry-for", "0")
    assert not workflow_commands(out)
    assert not workflow_commands(err)


def test_output_outside_github_actions_is_not_changed(
    jobstat: Run, zendesk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "false")
    zendesk.add(completed(FAILURE) | {"message": "##[error]", "job_type": "::error::"})
    _, out, err = jobstat("show", ID)
    assert "::error::  V3-" in out
    assert "\n##[error]\n" in out
    assert err == ""


def test_commands_are_disarmed_in_linear_time() -> None:
    assert disarm_commands("\n" * 10**6 + ":") == "\n" * 10**6 + ":"
