"""How jobstat ends: by the signal itself, and never by losing output silently."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
from support import (
    FAILURE,
    ID,
    JOBSTAT,
    SUCCESS,
    body,
    completed,
    environment,
    http,
    job_object,
    jobstat,
    raw_server,
)

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

WORKING = job_object("working", progress=1)
DONE = http(content=body(completed(SUCCESS, FAILURE)))
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]


@contextmanager
def started(*arguments: str, env: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*JOBSTAT, *arguments],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def stall(connection: socket.socket) -> None:
    """Never answer."""
    while connection.recv(1024):
        pass


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_while_waiting(number: signal.Signals) -> None:
    answer = http("200 OK", body(WORKING), "X-Rate-Limit: 1")
    with (
        raw_server(answer) as server,
        started("watch", "--stream", ID, env=environment(server.base_url)) as process,
    ):
        assert process.stdout is not None
        assert json.loads(process.stdout.readline()) == WORKING
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == -number
    assert out == ""
    assert err == (
        "jobstat: stopped watching; the job goes on\n"
        f"  Resume with: jobstat watch --stream {ID}\n"
    )


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_midway_in_a_request_tells_the_last_state(
    number: signal.Signals,
) -> None:
    with (
        raw_server(http(content=body(WORKING)), stall) as server,
        started("watch", "--json", ID, env=environment(server.base_url)) as process,
    ):
        while len(server.requests) < 2:
            time.sleep(0.02)
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == -number
    assert json.loads(out) == WORKING
    assert f"Resume with: jobstat watch --json {ID}" in err
    assert "Traceback" not in err


def test_a_signal_before_the_first_answer() -> None:
    with (
        raw_server(stall) as server,
        started("show", ID, env=environment(server.base_url)) as process,
    ):
        while not server.requests:
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=30) == ("", "")
    assert process.returncode == -signal.SIGINT


def test_a_signal_while_jobstat_is_still_being_imported(tmp_path: Path) -> None:
    """A stand-in for click interrupts at the first import that takes its time."""
    (tmp_path / "click.py").write_text("import os; os.kill(os.getpid(), 2)\n")
    done = jobstat("show", ID, env=environment(PYTHONPATH=str(tmp_path)))
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def test_a_hangup_that_the_parent_ignores_is_ignored() -> None:
    answer = http("200 OK", body(WORKING))
    with raw_server(answer, DONE) as server:
        command = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *JOBSTAT]
        process = subprocess.Popen(
            [*command, "watch", "--stream", ID],
            env=environment(server.base_url),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        process.communicate(timeout=30)
    assert process.returncode == 6


def test_an_interrupted_shell_loop_stops() -> None:
    """A shell goes on after an exit 130, but not after a death by SIGINT."""
    with raw_server(stall) as server:
        loop = 'for n in 1 2 3; do "$@"; echo "round $n: $?"; done'
        process = subprocess.Popen(
            ["bash", "-c", loop, "bash", *JOBSTAT, "show", ID],
            env=environment(server.base_url),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        while not server.requests:
            time.sleep(0.02)
        os.killpg(process.pid, signal.SIGINT)
        out, _ = process.communicate(timeout=30)
    assert out == ""
    assert process.returncode == -signal.SIGINT


@pytest.mark.parametrize(
    "arguments",
    [["show", ID], ["show", "--json", ID], ["watch", ID], ["--help"], ["--version"]],
)
def test_a_full_disk_is_an_error(arguments: list[str]) -> None:
    with raw_server(DONE) as server, open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        done = jobstat(*arguments, env=environment(server.base_url), stdout=full)
    assert done.returncode == 2
    assert done.stderr == (
        "jobstat: cannot write the output: No space left on device\n"
    )


@pytest.mark.parametrize(
    "arguments", [f"show {ID}", f"watch --json {ID}", "show --help", "--version"]
)
def test_a_closed_stdout_is_an_error(arguments: str) -> None:
    with raw_server(DONE) as server:
        done = subprocess.run(
            ["sh", "-c", f'"$0" -m jobstat {arguments} >&-', JOBSTAT[0]],
            env=environment(server.base_url),
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr == "jobstat: standard output is closed\n"


@pytest.mark.parametrize("redirection", ["2>&-", "2>/dev/full"])
def test_what_cannot_be_said_on_stderr_changes_no_exit_code(redirection: str) -> None:
    with raw_server(http("503 No"), DONE) as server:
        done = subprocess.run(
            ["sh", "-c", f'"$@" {redirection}', "sh", *JOBSTAT, "watch", "--json", ID],
            env=environment(server.base_url),
            stdout=subprocess.PIPE,
            timeout=60,
            check=False,
        )
    assert done.returncode == 6
    assert json.loads(done.stdout)["status"] == "completed"


def test_quiet_needs_no_stdout_and_nothing_needs_stderr() -> None:
    with raw_server(DONE) as server:
        for redirections, code in ((">&-", 6), ("2>&-", 6), ("<&- >&- 2>&-", 6)):
            done = subprocess.run(
                [
                    "sh",
                    "-c",
                    f'"$0" -m jobstat show -q {ID} {redirections}',
                    JOBSTAT[0],
                ],
                env=environment(server.base_url),
                capture_output=True,
                timeout=60,
                check=False,
            )
            assert done.returncode == code
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m jobstat show {ID} 2>&-', JOBSTAT[0]],
        env=environment("http://127.0.0.1:1"),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 7


@pytest.mark.parametrize("arguments", [["show", ID], ["show", "--json", ID]])
def test_a_reader_that_has_gone_ends_it_by_sigpipe(arguments: list[str]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with raw_server(DONE) as server:
        done = jobstat(*arguments, env=environment(server.base_url), stdout=writing)
    os.close(writing)
    assert done.returncode == -signal.SIGPIPE
    assert done.stderr == ""


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_any_encoding_of_stdout_will_do(encoding: str) -> None:
    job = completed({**FAILURE, "details": "日本 é \udcff"})
    with raw_server(http(content=body(job))) as server:
        env = environment(server.base_url, PYTHONIOENCODING=encoding, PYTHONUTF8="0")
        done = subprocess.run(
            [*JOBSTAT, "show", ID],
            env=env,
            capture_output=True,
            timeout=60,
            check=False,
        )
    shown = done.stdout.decode(encoding)
    assert done.returncode == 6, done.stderr
    assert ("✗" in shown) == (encoding == "utf-8")
    assert ("日本" in shown) == (encoding == "utf-8")
