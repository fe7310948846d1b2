"""Several jobs, with the real program against the demo server."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from fcntl import ioctl
from termios import FIONREAD
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest
from children import child, wait_until
from requirements import needs_curl, needs_jq
from support import JOBSTAT, bash, finish_jobs, jobstat

from jobstat.demo import fake_account
from jobstat.topics import load_topic

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from jobstat.demo.server import DemoServer


def ids_and_states(out: str) -> list[tuple[str, str]]:
    return [(job["id"], job["status"]) for job in map(json.loads, out.splitlines())]


def run(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run jobstat against the demo server, which the environment names."""
    return jobstat(*arguments, env=dict(os.environ), **options)


def test_timeout_prints_each_last_state_and_the_resume_command(
    new_job: Callable[..., str],
) -> None:
    bad = new_job(failures=0.5, duration=0)
    long = new_job(duration=600)
    done = run("watch", "--json", long, bad, "--timeout", "3s")
    assert done.returncode == 6
    assert ids_and_states(done.stdout) == [(bad, "completed"), (long, "queued")]
    # On a busy machine the timeout may end a request, which is reported, too.
    assert done.stderr.endswith(
        "jobstat: not finished after 3 s; 1 of 2 jobs goes on\n"
        f"  Resume with: jobstat watch --json {long} {bad} --timeout 3s\n"
    )


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_signal_prints_each_last_state_and_the_resume_command(
    new_job: Callable[..., str], signal_number: signal.Signals
) -> None:
    good, long = new_job(duration=0.2), new_job(duration=600)
    with child(
        [*JOBSTAT, "watch", "--json", "-"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdin.write(f"{good}\n{long}\n")
        process.stdin.close()
        first = process.stdout.readline()
        process.send_signal(signal_number)
        rest = process.stdout.read()
        err = process.stderr.read()
        process.wait()
    assert process.returncode == -signal_number
    assert ids_and_states(first + rest) == [(good, "completed"), (long, "queued")]
    # Standard input is used up, so the hint lists the unfinished jobs.
    assert err == (
        "jobstat: stopped watching; 1 of 2 jobs goes on\n"
        f"  Resume with: jobstat watch --json {long}\n"
    )


def test_signal_writes_the_csv_of_the_jobs_that_ended(
    new_job: Callable[..., str], requests: list[float]
) -> None:
    bad, long = new_job(failures=1.0, duration=0), new_job(duration=600)
    with child(
        [*JOBSTAT, "watch", "--csv", bad, long],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        wait_until(lambda: len(requests) > 1)  # the first answer has arrived
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate()
    assert process.returncode == -signal.SIGTERM
    header, *rows = out.splitlines()
    assert header.startswith("job_id,index,id,")
    assert [row.split(",")[:2] for row in rows] == [[bad, str(n)] for n in range(4)]
    assert err.startswith("jobstat: jobs without results: 1 queued\n")


def test_fail_fast_exits_3_while_another_job_continues(
    new_job: Callable[..., str],
) -> None:
    long, bad = new_job(duration=600), new_job(failures=1.0, duration=0.5)
    done = bash(f"jobstat watch -q --fail-fast {long} {bad}")
    assert done.returncode == 3
    assert "stopped at the first failure; 1 of 2 jobs goes on" in done.stderr


def test_watch_polls_20_jobs_with_fewer_than_10_requests(
    requests: list[float], new_job: Callable[..., str]
) -> None:
    ids = [new_job(duration=1.0) for _ in range(20)]
    assert bash(f"jobstat watch -q {' '.join(ids)}").returncode == 0
    assert len(requests) < 10


@needs_curl
@needs_jq
def test_list_output_can_be_piped_into_watch_and_show(
    new_job: Callable[..., str],
) -> None:
    ids = {new_job(duration=0.5) for _ in range(3)}
    done = bash(
        "set -eo pipefail\njobstat list --json | jq -r .id | jobstat watch --json -"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert {id for id, _ in ids_and_states(done.stdout)} == ids
    again = bash("jobstat list --json | jobstat show -q -")
    assert again.returncode == 0


def test_watch_all_follows_unfinished_jobs_until_they_complete(
    demo: DemoServer, requests: list[float], new_job: Callable[..., str]
) -> None:
    ids = {new_job(duration=600) for _ in range(3)}
    command = [*JOBSTAT, "watch", "--all", "--json"]
    with child(command, stdout=subprocess.PIPE) as process:
        # The list is requested first, then the jobs.
        wait_until(lambda: len(requests) > 1)
        finish_jobs(demo)
        out, _ = process.communicate()
    assert process.returncode == 0
    assert {id for id, _ in ids_and_states(out)} == ids
    assert "no unfinished job" in bash("jobstat watch --all").stderr


def import_script(demo: DemoServer) -> str:
    """Return the script of ``jobstat help scripting`` that imports many files."""
    match = re.search(
        r"^    API=.*?^    exit \$code$",
        load_topic("scripting"),
        re.DOTALL | re.MULTILINE,
    )
    assert match
    script = dedent(match[0]).replace("https://acme.zendesk.com", demo.base_url)
    assert demo.base_url in script
    return script


@needs_curl
@needs_jq
def test_documented_import_script_imports_files_and_writes_the_failed_records(
    demo: DemoServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Two jobs fill the account, so the loop has to wait.
    monkeypatch.setattr(fake_account, "MAX_JOBS", 2)
    demo.account.duration = 0.7
    for number in range(5):
        tickets = [{"description": "Help!"}, {"subject": "no text"}][: 1 + number % 2]
        content = json.dumps({"tickets": tickets})
        (tmp_path / f"batch-{number}.json").write_text(content)
    done = bash(f"cd {tmp_path}\n{import_script(demo)}")
    assert done.returncode == 6, done.stderr
    assert "3 completed, 2 with failures; 2 of 7 items failed" in done.stdout
    assert "2 of 7 records failed; wrote 1 file to retry" in done.stderr
    (file,) = (tmp_path / "retry").iterdir()
    assert json.loads(file.read_text()) == {"tickets": [{"subject": "no text"}] * 2}


@needs_curl
@needs_jq
def test_documented_import_script_goes_on_while_another_job_takes_long(
    demo: DemoServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    new_job: Callable[..., str],
) -> None:
    monkeypatch.setattr(fake_account, "MAX_JOBS", 2)
    new_job(duration=600)  # the first of the running jobs
    demo.account.duration = 0.7
    for number in range(4):
        content = json.dumps({"tickets": [{"description": "Help!"}]})
        (tmp_path / f"batch-{number}.json").write_text(content)
    script = import_script(demo).replace("--timeout 30s", "--timeout 1s")
    done = bash(f"cd {tmp_path}\n{script}")
    assert done.returncode == 0, done.stderr
    assert "4 completed; none of 4 items failed" in done.stdout


@needs_curl
@needs_jq
@pytest.mark.parametrize(
    "answer", [":", "echo", "printf ' '", r"printf '\357\273\277'"]
)
def test_documented_import_script_exits_2_after_an_empty_response(
    demo: DemoServer, tmp_path: Path, answer: str
) -> None:
    demo.account.duration = 0
    for number in range(3):
        content = json.dumps({"tickets": [{"description": "Help!"}]})
        (tmp_path / f"batch-{number}.json").write_text(content)
    fake_curl = (
        f'curl() {{ [ "$4" = @batch-1.json ] && {answer} || command curl "$@"; }}'
    )
    done = bash(
        f"cd {tmp_path}\nexport LC_ALL=C.UTF-8\n{fake_curl}\n{import_script(demo)}"
    )
    assert done.returncode == 2
    assert "2 completed; none of 2 items failed" in done.stdout
    assert "Zendesk refused a request: an empty answer" in done.stderr


@needs_curl
@needs_jq
def test_documented_import_with_noclobber_exits_1_if_answers_exist(
    demo: DemoServer, new_job: Callable[..., str], tmp_path: Path
) -> None:
    (tmp_path / "batch-1.json").write_text('{"tickets": [{"description": "Help!"}]}')
    (tmp_path / "answers.jsonl").write_text(new_job(duration=0))
    done = bash(f"cd {tmp_path}\nset -o noclobber\n{import_script(demo)}")
    assert done.returncode == 1
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "standard input names no job"),
        ("[1, 2]", "standard input, line 1: this JSON names no job: it is a number"),
        ("a\0b", r"standard input, line 1: not a job id: 'a\x00b'"),
        ('{"job_status": {', "standard input, line 1: this JSON is cut off or broken"),
    ],
)
def test_invalid_standard_input_exits_2_without_a_request(
    requests: list[float], demo: DemoServer, content: str, message: str
) -> None:
    del demo
    done = run("watch", "-", typed=content)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"jobstat: {message}\n")
    assert not requests


def test_closed_standard_input_exits_2() -> None:
    closed = bash("jobstat watch - <&-")
    assert (closed.returncode, closed.stdout) == (2, "")
    assert closed.stderr == (
        "jobstat: standard input is closed\n"
        "  Give the ids of the jobs as arguments instead of -.\n"
    )


def test_timeout_ends_a_watch_that_waits_for_standard_input(
    new_job: Callable[..., str],
) -> None:
    arguments = ("watch", "-", "--timeout", "0.5s")
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with child([*JOBSTAT, *arguments], env=dict(os.environ), **pipes) as process:
        process.stdin.write(new_job())
        process.stdin.flush()
        assert process.wait() == 124
        err = process.stderr.read()
    assert err == (
        "jobstat: the timeout ran out before the end of standard input\n"
        "  Give a longer --timeout, or check what writes the input.\n"
    )


def unread_bytes(pipe: int) -> int:
    return int.from_bytes(ioctl(pipe, FIONREAD, bytes(4)), sys.byteorder)


def test_nonblocking_standard_input_is_read_to_its_end(
    new_job: Callable[..., str],
) -> None:
    good, bad = new_job(duration=0), new_job(duration=0, failures=0.5)
    reading, writing = os.pipe()
    os.set_blocking(reading, False)
    pipes = dict.fromkeys(("stdout", "stderr"), subprocess.PIPE)
    arguments = [*JOBSTAT, "show", "--json", "-"]
    with (
        os.fdopen(reading) as stdin,
        os.fdopen(writing, "w") as job_input,
        child(arguments, env=dict(os.environ), stdin=stdin, **pipes) as process,
    ):
        job_input.write(f"{good}\n")
        job_input.flush()
        wait_until(lambda: unread_bytes(reading) == 0)
        job_input.write(f"{bad}\n")
        job_input.close()
        out, _ = process.communicate()
    assert process.returncode == 6
    assert len(ids_and_states(out)) == 2


def test_repeated_id_is_printed_once_and_10000_ids_respect_the_timeout(
    new_job: Callable[..., str],
) -> None:
    id = new_job(duration=0.1)
    same = run("watch", "--json", "-", typed=f"{id}\n" * 1000)
    assert ids_and_states(same.stdout) == [(id, "completed")]
    many = "\n".join(f"V3-{number:032x}" for number in range(10_000))
    done = run("watch", "-q", "-", "--timeout", "1s", typed=f"{id}\n{many}\n")
    # The requested jobs do not exist. There is no time to request the others.
    assert done.returncode in {5, 124}
    assert "not finished after 1 s\n" in done.stderr
    assert "  Resume with: jobstat watch -q - --timeout 1s\n" in done.stderr
