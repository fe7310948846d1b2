"""Each signal in each state: ended by it, and what was known is told."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING, Any

import pytest
from misbehaving import stall, with_resolver
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
    from pathlib import Path

WORKING = job_object("working", progress=1)
ANSWER = http("200 OK", body(WORKING))
DONE = http(content=body(completed(SUCCESS, FAILURE)))
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]


def started(*arguments: str, env: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [*JOBSTAT, *arguments],
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def before_the_first_answer() -> list[Any]:
    return [stall()]


def in_the_header() -> list[Any]:
    return [ANSWER, stall(ANSWER[:20])]


def in_the_body() -> list[Any]:
    return [ANSWER, stall(ANSWER[:-20])]


def waiting_to_try_again() -> list[Any]:
    return [ANSWER, http("429 No", b"", "Retry-After: 3600")]


def waiting_to_ask_again() -> list[Any]:
    return [http("200 OK", body(WORKING), "X-Rate-Limit: 1")]


STATES = [
    before_the_first_answer,
    in_the_header,
    in_the_body,
    waiting_to_try_again,
    waiting_to_ask_again,
]


@pytest.mark.parametrize("number", SIGNALS)
@pytest.mark.parametrize("state", STATES)
def test_a_signal_ends_it_and_the_last_state_is_told(
    state: Any, number: signal.Signals
) -> None:
    answers = state()
    with raw_server(*answers) as server:
        process = started("watch", "--json", ID, env=environment(server.base_url))
        while len(server.requests) < len(answers):
            time.sleep(0.02)
        time.sleep(0.2)  # into the wait that follows
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == -number
    known = state is not before_the_first_answer
    assert [json.loads(line) for line in out.splitlines()] == [WORKING] * known
    # Of a job of which nothing is known it is not said that it goes on.
    goes_on = "; the job goes on" * known
    said = f"jobstat: stopped watching{goes_on}\n  Resume with: jobstat watch"
    assert f"\n{said}" in f"\n{err}"
    assert err.count("\n") <= 4


def test_a_signal_comes_through_while_a_name_is_resolved(tmp_path: Path) -> None:
    with raw_server(ANSWER) as server:
        url = f"http://localhost:{server.port}"
        env = environment(url) | with_resolver(tmp_path, "hang")
        process = started("show", ID, env=env)
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=10)
    assert process.returncode == -signal.SIGINT


def test_a_signal_while_the_reader_of_a_pipe_does_not_read() -> None:
    """A pager that shows the first screen: Ctrl-C is to come through at once."""
    large = completed(*[FAILURE | {"details": "x" * 1000}] * 500)
    with raw_server(http(content=body(large))) as server:
        process = started("watch", "--json", ID, env=environment(server.base_url))
        assert process.stdout
        assert process.stdout.read(10)
        time.sleep(0.3)
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == -signal.SIGINT
        process.communicate()


def test_stopped_and_continued_it_asks_at_once() -> None:
    """A process that was stopped is late with its next request: not any longer."""
    last = http(content=body(completed(SUCCESS)))
    with raw_server(ANSWER, last) as server:
        arguments = ("watch", "-q", "--interval", "3", ID)
        process = started(*arguments, env=environment(server.base_url))
        while not server.requests:
            time.sleep(0.02)
        process.send_signal(signal.SIGSTOP)
        time.sleep(3.2)
        process.send_signal(signal.SIGCONT)
        process.communicate(timeout=30)
    assert process.returncode == 0


def test_connections_and_threads_are_not_left_behind() -> None:
    """Each request hangs and is given up: nothing of it stays."""
    trouble = [stall(), stall(ANSWER[:20]), stall(ANSWER[:-5])] * 8
    with raw_server(*trouble, stall()) as server:
        program = (
            "import jobstat.jobs.patience as p; p.REQUEST_PATIENCE = 0.05\n"
            "import jobstat.jobs.polling as q; q.LONGEST_BACKOFF = 0.05\n"
            "from jobstat.__main__ import main; main()"
        )
        process = subprocess.Popen(
            [JOBSTAT[0], "-c", program, "watch", "-q", ID],
            env=environment(server.base_url),
            stdin=subprocess.DEVNULL,
        )
        counts = []
        for enough in (5, 20):
            while len(server.requests) < enough:
                time.sleep(0.02)
            folder = f"/proc/{process.pid}"
            if not os.path.isdir(folder):  # noqa: PTH112 - a system without it
                pytest.skip("no /proc here")
            counts.append([len(os.listdir(f"{folder}/{n}")) for n in ("fd", "task")])  # noqa: PTH208
        process.kill()
        process.wait()
    (files, threads), (files_later, threads_later) = counts
    assert files_later <= files + 2
    assert threads_later <= threads + 1


def test_a_signal_does_not_repeat_what_was_streamed() -> None:
    answer = http("200 OK", body(WORKING), "X-Rate-Limit: 1")
    with raw_server(answer) as server:
        process = started("watch", "--stream", ID, env=environment(server.base_url))
        assert process.stdout
        assert json.loads(process.stdout.readline()) == WORKING
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=30)
    assert process.returncode == -signal.SIGTERM
    assert out == ""
    assert err == (
        "jobstat: stopped watching; the job goes on\n"
        f"  Resume with: jobstat watch --stream {ID}\n"
    )


def test_a_signal_ends_show_without_a_word() -> None:
    with raw_server(stall()) as server:
        process = started("show", ID, env=environment(server.base_url))
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
    answer = ANSWER
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
    with raw_server(stall()) as server:
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
    ("first", "second"),
    [
        (signal.SIGTERM, signal.SIGINT),
        (signal.SIGINT, signal.SIGTERM),
        (signal.SIGINT, signal.SIGINT),
    ],
)
@pytest.mark.parametrize("arguments", [["show", ID], ["watch", "--stream", ID]])
def test_a_second_signal_ends_what_the_first_could_not(
    arguments: list[str], first: signal.Signals, second: signal.Signals
) -> None:
    large = completed(*[FAILURE | {"details": "x" * 1000}] * 500)
    with raw_server(http(content=body(large))) as server:
        process = started(*arguments, env=environment(server.base_url))
        assert process.stdout
        assert process.stdout.read(10)
        time.sleep(0.3)
        process.send_signal(first)
        time.sleep(0.6)
        process.send_signal(second)
        assert process.wait(timeout=10) in {-first, -second}
        _, err = process.communicate()
    assert "Traceback" not in err


def test_a_signal_while_an_error_is_written() -> None:
    reading, writing = os.pipe()
    with raw_server(http("401 No")) as server:
        os.set_blocking(writing, False)
        with contextlib.suppress(BlockingIOError):
            while os.write(writing, b"x" * 4096):
                pass
        os.set_blocking(writing, True)
        process = subprocess.Popen(
            [*JOBSTAT, "show", ID],
            env=environment(server.base_url),
            stdin=subprocess.DEVNULL,
            stderr=writing,
        )
        os.close(writing)
        while not server.requests:
            time.sleep(0.02)
        time.sleep(1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=10) == -signal.SIGTERM
    with os.fdopen(reading) as pipe:
        assert "Traceback" not in pipe.read()


def test_a_signal_in_the_midst_of_an_import() -> None:
    """Python 3.11 makes a RuntimeError of what comes while a class is made."""
    program = (
        "import os, sys, jobstat.commands.session as s\n"
        "class Name:\n"
        "    def __set_name__(self, owner, name): os.kill(os.getpid(), 2)\n"
        "def find_account(*_): type('A', (), {'a': Name()})\n"
        "s.find_account = find_account\n"
        "from jobstat.process import run; sys.exit(run(['show', 'a']))"
    )
    done = subprocess.run(
        [JOBSTAT[0], "-c", program],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")
