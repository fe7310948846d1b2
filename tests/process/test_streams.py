"""The streams of the process: no output is lost without an error."""

from __future__ import annotations

import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from children import TIMEOUT, run
from raw_server import http, raw_server
from requirements import needs_full_device
from support import (
    FAILURE,
    ID,
    JOBSTAT,
    SUCCESS,
    bash,
    body,
    completed,
    environment,
    job_object,
    jobstat,
    sh,
)

from jobstat.views import writing
from jobstat.views.terminal import open_terminal

if TYPE_CHECKING:
    from pathlib import Path

WORKING = job_object("working", progress=1)
DONE = http(content=body(completed(SUCCESS, FAILURE)))


@pytest.mark.parametrize(
    "arguments",
    [
        ["show", ID],
        ["show", "--json", ID],
        ["show", "--csv", ID],
        ["watch", ID],
        ["--help"],
        ["--version"],
    ],
)
@needs_full_device
def test_full_disk_exits_2(arguments: list[str]) -> None:
    with raw_server(DONE) as server, open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = jobstat(*arguments, env=environment(server.base_url), stdout=full)
    assert done.returncode == 2
    assert done.stderr == (
        "jobstat: cannot write the output: No space left on device\n"
        "  Check the file or disk that the output goes to, or choose another.\n"
    )


@pytest.mark.parametrize(
    "arguments",
    [
        f"show {ID}",
        f"watch --json {ID}",
        f"watch --csv {ID}",
        "show --help",
        "--version",
    ],
)
def test_commands_that_write_exit_2_if_stdout_is_closed(arguments: str) -> None:
    with raw_server(DONE) as server:
        env = environment(server.base_url)
        done = sh('"$@" >&-', *arguments.split(), env=env)
    assert done.returncode == 2
    assert done.stderr == (
        "jobstat: standard output is closed\n"
        "  Send the output to a file or to /dev/null instead of closing it.\n"
    )


@pytest.mark.parametrize(
    "redirection", ["2>&-", pytest.param("2>/dev/full", marks=needs_full_device)]
)
def test_unwritable_stderr_does_not_change_the_exit_code(redirection: str) -> None:
    with raw_server(http("503 No"), DONE) as server:
        env = environment(server.base_url)
        done = sh(f'"$@" {redirection}', "watch", "--json", ID, env=env)
    assert done.returncode == 6
    assert json.loads(done.stdout)["status"] == "completed"


def test_show_keeps_its_exit_code_if_unneeded_streams_are_closed() -> None:
    with raw_server(DONE) as server:
        for redirections, code in ((">&-", 6), ("2>&-", 6), ("<&- >&- 2>&-", 6)):
            env = environment(server.base_url)
            done = sh(f'"$@" {redirections}', "show", "-q", ID, env=env)
            assert done.returncode == code
    done = sh('"$@" 2>&-', "show", ID, env=environment("http://127.0.0.1:1"))
    assert done.returncode == 7


@pytest.mark.parametrize(
    "arguments", [["show", ID], ["show", "--json", ID], ["show", "--csv", ID]]
)
def test_show_ends_by_sigpipe_if_the_pipe_reader_is_gone(arguments: list[str]) -> None:
    read_end, write_end = os.pipe()
    os.close(read_end)
    with raw_server(DONE) as server:
        done = jobstat(*arguments, env=environment(server.base_url), stdout=write_end)
    os.close(write_end)
    assert done.returncode == -signal.SIGPIPE
    assert done.stderr == ""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_show_adapts_its_text_to_the_encoding_of_stdout(encoding: str) -> None:
    job = completed({**FAILURE, "details": "日本 é \udcff"})
    with raw_server(http(content=body(job))) as server:
        env = environment(server.base_url, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
        done = run([*JOBSTAT, "show", ID], env=env, encoding=encoding)
    shown = done.stdout
    assert done.returncode == 6, done.stderr
    assert ("✗" in shown) == (encoding == "utf-8")
    assert ("日本" in shown) == (encoding == "utf-8")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-16"])
def test_csv_is_utf8_whatever_the_encoding_of_stdout(encoding: str) -> None:
    job = completed({**FAILURE, "details": "日本 é \udcff"})
    with raw_server(http(content=body(job))) as server:
        env = environment(server.base_url, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
        done = run([*JOBSTAT, "show", "--csv", ID], env=env, encoding="utf-8")
    assert done.stdout.splitlines()[1] == (
        f"{ID},1,,,,,TicketCreateFailed,日本 é \\udcff"
    )


@pytest.mark.parametrize("option", ["--stream", "--plain"])
def test_watch_ends_by_sigpipe_when_its_pipe_reader_exits(option: str) -> None:
    states = [http(content=body({**WORKING, "progress": n})) for n in range(9)]
    with raw_server(*states) as server:
        done = bash(
            f"set -o pipefail; jobstat watch {option} {ID} | head -1; echo $?",
            **environment(server.base_url),
        )
    first, code = done.stdout.splitlines()
    assert "working" in first
    assert code == "141"
    assert done.stderr == ""


def test_closed_stdin_fails_only_a_command_that_reads_it() -> None:
    with raw_server(http(content=body(WORKING))) as server:
        env = environment(server.base_url)
        for command, code, err in (
            (
                "watch -",
                2,
                (
                    "jobstat: standard input is closed\n"
                    "  Give the ids of the jobs as arguments instead of -.\n"
                ),
            ),
            (f"show -q {ID}", 8, ""),
        ):
            done = sh('"$@" <&-', *command.split(), env=env)
            assert (done.returncode, done.stderr) == (code, err)


def test_slow_reader_gets_all_output_after_the_deadline(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(writing, "STALL_TIMEOUT", TIMEOUT)
    monkeypatch.setattr(writing, "_deadline", 0.0)
    read_end, write_end = os.pipe()
    content = "x" * 500_000
    with (
        ThreadPoolExecutor() as pool,
        open(read_end, encoding="utf-8") as reader,  # noqa: PTH123 - a pipe
        open(write_end, "w", encoding="utf-8") as writer,  # noqa: PTH123 - a pipe
    ):
        writes = pool.submit(open_terminal(writer, {}).write, content)
        shown = ""
        while len(shown) < len(content):
            shown += reader.read(50_000)
            time.sleep(0.01)
        writes.result(TIMEOUT)
    assert shown == content


def test_write_to_a_nonblocking_pipe_is_complete() -> None:
    """Another program may have set the flag on a pipe that jobstat inherits."""
    read_end, write_end = os.pipe()
    os.set_blocking(write_end, False)
    with (
        ThreadPoolExecutor() as pool,
        open(read_end, encoding="utf-8") as reader,  # noqa: PTH123 - a pipe
    ):
        read = pool.submit(reader.read)
        with open(write_end, "w", encoding="utf-8") as writer:  # noqa: PTH123 - a pipe
            open_terminal(writer, {}).write("x" * 500_000)
        assert len(read.result(TIMEOUT)) == 500_000


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_output_over_the_file_size_limit_exits_2(
    unbuffered: str, tmp_path: Path
) -> None:
    large = completed(*[FAILURE | {"details": "x" * 100}] * 1000)
    with raw_server(http(content=body(large))) as server:
        env = environment(
            server.base_url,
            PYTHONUNBUFFERED=unbuffered,
            # Under the limit, Python would cut its bytecode files off.
            PYTHONDONTWRITEBYTECODE="1",
        )
        script = 'ulimit -f 8; "$@" > large.json'
        done = sh(script, "show", ID, "--json", env=env, cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == (
        "jobstat: cannot write the output: File too large\n"
        "  Check the file or disk that the output goes to, or choose another.\n"
    )
