"""``jobstat retry-file``, with the real program against the demo server."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest
from requirements import needs_curl, needs_full_device, needs_jq
from support import bash
from terminals import on_terminal

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jobstat.demo.server import DemoServer

SEND = """
send() {
  curl -sS "$JOBSTAT_BASE_URL/api/v2/tickets/create_many.json" -d @"$1" \
    -H 'Content-Type: application/json' -H "Authorization: Bearer demo-token"
}
"""


@pytest.fixture
def failed_job(new_job: Callable[..., str]) -> str:
    """A job of 4 items that ended. Items 1 and 3 failed."""
    return new_job(failures=0.5, duration=0)


def write_lines(path: Path, *lines: str) -> None:
    path.write_text("".join(f"{line}\n" for line in lines), "utf-8")


@needs_curl
@needs_jq
def test_failed_records_are_mended_and_sent_again(
    demo: DemoServer, tmp_path: Path
) -> None:
    demo.account.duration = 0.5
    for number in range(3):
        tickets = [
            {"subject": f"{number}-{n}"} | ({"description": "Help!"} if n % 4 else {})
            for n in range(10)
        ]
        content = json.dumps({"tickets": tickets}, indent=2)
        (tmp_path / f"batch-{number}.json").write_text(content)
    first = bash(f"""cd {tmp_path}{SEND}
    for file in batch-*.json; do send $file && echo; done > answers.jsonl
    jobstat watch -q - < answers.jsonl; echo $?
    jobstat retry-file - batch-*.json --output retry --batch 4 < answers.jsonl
    """)
    assert (first.returncode, first.stdout) == (0, "6\n"), first.stderr
    assert first.stderr == "jobstat: 9 of 30 records failed; wrote 3 files to retry\n"
    second = bash(f"""cd {tmp_path}{SEND}
    for file in retry/retry-*.json; do
      jq '.tickets[].description = "none"' "$file" > mended.json
      send mended.json && echo
    done > answers.jsonl
    jobstat watch - < answers.jsonl
    """)
    assert second.returncode == 0, second.stdout + second.stderr
    assert "3 completed; none of 9 items failed" in second.stdout
    retried = [
        ticket["subject"]
        for file in sorted((tmp_path / "retry").iterdir())
        for ticket in json.loads(file.read_text())["tickets"]
    ]
    assert retried == [f"{number}-{n}" for number in range(3) for n in (0, 4, 8)]


def test_input_may_be_a_pipe(failed_job: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "in", *(f'{{"subject": "é{n}"}}' for n in range(4)))
    expected = '{"subject": "é1"}\n{"subject": "é3"}\n'
    by_name = bash(f"jobstat retry-file {failed_job} <(cat {tmp_path}/in)")
    assert (by_name.returncode, by_name.stdout) == (0, expected)
    by_stdin = bash(f"jobstat retry-file {failed_job} /dev/stdin < {tmp_path}/in")
    assert (by_stdin.returncode, by_stdin.stdout) == (0, expected)


def test_output_is_utf8_in_any_locale(failed_job: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "in", *(f'{{"subject": "é€{n}"}}' for n in range(4)))
    command = f"jobstat retry-file {failed_job} {tmp_path}/in"
    done = bash(command, PYTHONIOENCODING="latin-1", LC_ALL="C")
    assert done.stdout == '{"subject": "é€1"}\n{"subject": "é€3"}\n'


@needs_full_device
def test_full_disk_is_one_error(failed_job: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "in", *['{"subject": "a"}'] * 4)
    command = f"cd {tmp_path}\njobstat retry-file {failed_job} in"
    done = bash(f"{command} > /dev/full")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("jobstat: cannot write the output: No space left")


def test_file_that_grows_too_large_is_one_error_and_leaves_no_file(
    failed_job: str, tmp_path: Path
) -> None:
    short, long = '{"subject": "a"}', json.dumps({"subject": "x" * 5000})
    write_lines(tmp_path / "in", short, short, short, long)
    command = f"cd {tmp_path}\njobstat retry-file {failed_job} in"
    limited = f"ulimit -f 2\n{command} --batch 1 --output retry"
    done = bash(limited)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "jobstat: cannot write to retry: File too large\n"
        "  Check its permissions and free space, or change --output.\n"
    )
    assert not (tmp_path / "retry").exists()
    (tmp_path / "retry").mkdir()
    assert bash(limited).returncode == 2
    assert list((tmp_path / "retry").iterdir()) == []


def test_output_that_is_no_directory_is_refused(
    failed_job: str, tmp_path: Path
) -> None:
    write_lines(tmp_path / "in", *['{"subject": "a"}'] * 4)
    done = bash(f"cd {tmp_path}\njobstat retry-file {failed_job} in --output in")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("jobstat: invalid value for '--output': Directory")
    assert (tmp_path / "in").read_text() == '{"subject": "a"}\n' * 4


def test_device_as_output_gets_the_hint_to_give_a_directory(
    failed_job: str, tmp_path: Path
) -> None:
    write_lines(tmp_path / "in", *['{"subject": "a"}'] * 4)
    done = bash(f"cd {tmp_path}\njobstat retry-file {failed_job} in --output /dev/full")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "jobstat: cannot write to /dev/full: Not a directory\n"
        "  Give --output a directory. It may be new.\n"
    )


def test_terminal_gets_no_control_characters(failed_job: str, tmp_path: Path) -> None:
    write_lines(tmp_path / "in", "\ufeffsubject;body", *["a\x1b[2J;b\tc\u202e"] * 4)
    with on_terminal(
        "retry-file", failed_job, str(tmp_path / "in"), env=dict(os.environ)
    ) as terminal:
        text = terminal.read()
    assert text.splitlines()[:2] == ["subject;body", r"a\x1b[2J;b c\u202e"]
