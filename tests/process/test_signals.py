"""Signals in each state of a run: the run ends by the signal, and prints its state."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from children import child, run, wait_until
from misbehaving import RESOLVER, stall
from raw_server import http, raw_server
from support import (
    FAILURE,
    ID,
    JOBSTAT,
    MAIN,
    SUCCESS,
    body,
    completed,
    environment,
    job_object,
    jobstat,
    python,
)

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from children import Child
    from raw_server import RawServer

WORKING = job_object("working", progress=1)
ANSWER = http("200 OK", body(WORKING))
DONE = http(content=body(completed(SUCCESS, FAILURE)))
SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]


def start(
    *arguments: str, env: dict[str, str], program: list[str] = JOBSTAT
) -> AbstractContextManager[Child]:
    return child(
        [*program, *arguments],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


RECORD_WAITS = """
import os, pathlib
from jobstat import clock
sleep = clock.sleep
def recording_sleep(seconds):
    pathlib.Path(os.environ["WAITS"]).touch()
    sleep(seconds)
clock.sleep = recording_sleep
"""
"""Creates the file $WAITS when jobstat waits between requests."""


def before_the_first_answer() -> list[Any]:
    return [stall()]


def in_the_header() -> list[Any]:
    return [ANSWER, stall(ANSWER[:20])]


def in_the_body() -> list[Any]:
    return [ANSWER, stall(ANSWER[:-20])]


def waiting_for_a_retry() -> list[Any]:
    return [ANSWER, http("429 No", b"", "Retry-After: 3600")]


def waiting_for_the_next_poll() -> list[Any]:
    return [ANSWER]


def wait_until_writing(process: Child) -> None:
    """Wait until a write of the process blocks, as Linux reports it."""
    folder = Path("/proc") / str(process.pid)

    def is_writing() -> bool:
        waits_in = (folder / "wchan").read_text()
        is_asleep = (folder / "stat").read_text().rpartition(")")[2].split()[0] == "S"
        # A kernel that hides the function reports 0.
        waits = any(name in waits_in for name in ("pipe", "select", "poll"))
        return waits or (is_asleep and waits_in == "0")

    if folder.is_dir():
        wait_until(is_writing, "a write that blocks")


STATES = [
    before_the_first_answer,
    in_the_header,
    in_the_body,
    waiting_for_a_retry,
    waiting_for_the_next_poll,
]


@pytest.mark.parametrize("signal_number", SIGNALS)
@pytest.mark.parametrize("state", STATES)
def test_signal_ends_the_watch_and_prints_the_last_state_and_a_hint(
    state: Any, signal_number: signal.Signals, tmp_path: Path
) -> None:
    answers, waits = state(), tmp_path / "waits"
    with raw_server(*answers) as server:
        env = environment(server.base_url, WAITS=str(waits))
        arguments = ["watch", "--json", ID]
        if state is waiting_for_the_next_poll:
            arguments += ["--interval", "1h"]
        program = [sys.executable, "-c", f"{RECORD_WAITS}{MAIN}"]
        with start(*arguments, env=env, program=program) as process:
            wait_until(lambda: len(server.requests) == len(answers))
            if state in {waiting_for_a_retry, waiting_for_the_next_poll}:
                waits.unlink(missing_ok=True)
                wait_until(waits.exists)
            process.send_signal(signal_number)
            out, err = process.communicate()
    assert process.returncode == -signal_number
    has_answer = state is not before_the_first_answer
    assert [json.loads(line) for line in out.splitlines()] == [WORKING] * has_answer
    # Without an answer, jobstat does not know whether the job goes on.
    goes_on = "; the job goes on" * has_answer
    hint = f"jobstat: stopped watching{goes_on}\n  Resume with: jobstat watch"
    assert f"\n{hint}" in f"\n{err}"
    assert err.count("\n") <= 4


def test_sigint_ends_a_hanging_name_resolution(tmp_path: Path) -> None:
    with raw_server(ANSWER) as server:
        url = f"http://localhost:{server.port}"
        resolving = tmp_path / "resolving"
        env = environment(url, RESOLVER="hang", RESOLVING=str(resolving))
        program = [sys.executable, "-c", f"{RESOLVER}{MAIN}"]
        with start("show", ID, env=env, program=program) as process:
            wait_until(resolving.exists)
            process.send_signal(signal.SIGINT)
            process.wait()
    assert process.returncode == -signal.SIGINT


def test_sigint_ends_a_watch_blocked_on_a_full_pipe() -> None:
    """A pager shows the first screen, and the user presses Ctrl-C."""
    large = completed(*[FAILURE | {"details": "x" * 1000}] * 500)
    with raw_server(http(content=body(large))) as server:
        env = environment(server.base_url)
        with start("watch", "--json", ID, env=env) as process:
            assert process.stdout.read(10)
            wait_until_writing(process)
            process.send_signal(signal.SIGINT)
            assert process.wait() == -signal.SIGINT


WAIT_STATUS = """
import os, resource, sys
hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
pid = os.posix_spawn(sys.executable, [sys.executable, "-c", *sys.argv[1:]], os.environ)
print(os.waitpid(pid, 0)[1])
"""
"""Runs a Python program that may dump core, and prints its wait status."""

QUIT = "import os; os.kill(os.getpid(), 3)"
QUIT_WHILE_WAITING = f"""
from jobstat import clock
def sleep(seconds):
    {QUIT}
clock.sleep = sleep
"""


def test_sigquit_dumps_no_core(tmp_path: Path) -> None:
    """A core dump would hold the credential."""

    def wait_status(*program: str, base_url: str | None = None) -> int:
        command = [sys.executable, "-c", WAIT_STATUS, *program]
        done = run(command, env=environment(base_url), cwd=tmp_path)
        return int(done.stdout.splitlines()[-1])

    if not os.WCOREDUMP(wait_status(QUIT)):
        pytest.skip("this machine dumps no core")
    with raw_server(ANSWER) as server:
        program = (f"{QUIT_WHILE_WAITING}{MAIN}", "watch", ID)
        status = wait_status(*program, base_url=server.base_url)
    assert os.WTERMSIG(status) == signal.SIGQUIT
    assert not os.WCOREDUMP(status)


def test_watch_continues_after_sigstop_and_sigcont() -> None:
    """The next request was due while the process was stopped."""
    last = http(content=body(completed(SUCCESS)))
    with raw_server(ANSWER, last) as server:
        arguments = ("watch", "-q", "--interval", "1", ID)
        with start(*arguments, env=environment(server.base_url)) as process:
            wait_until(lambda: server.requests)
            process.send_signal(signal.SIGSTOP)
            time.sleep(1.2)  # longer than the interval, in real time
            process.send_signal(signal.SIGCONT)
            process.wait()
    assert process.returncode == 0


def has_received(server: RawServer, count: int) -> bool:
    return len(server.requests) >= count


def test_timed_out_requests_do_not_leak_connections_or_threads() -> None:
    """Each request hangs until its timeout."""
    faults = [stall(), stall(ANSWER[:20]), stall(ANSWER[:-5])] * 8
    with raw_server(*faults, stall()) as server:
        program = (
            "import jobstat.jobs.retry as retry\n"
            f"retry.REQUEST_TIMEOUT = retry.MAX_BACKOFF = 0.05\n{MAIN}"
        )
        env = environment(server.base_url)
        command = [JOBSTAT[0], "-c", program, "watch", "-q", ID]
        counts = []
        with child(command, env=env) as process:
            for request_count in (5, 20):
                wait_until(partial(has_received, server, request_count))
                folder = Path("/proc") / str(process.pid)
                if not folder.is_dir():
                    pytest.skip("no /proc here")
                counts.append([len([*(folder / n).iterdir()]) for n in ("fd", "task")])
    (files, threads), (files_later, threads_later) = counts
    assert files_later <= files + 2
    assert threads_later <= threads + 1


def test_signal_does_not_print_a_streamed_state_again() -> None:
    with raw_server(ANSWER) as server:
        env = environment(server.base_url)
        with start("watch", "--stream", ID, env=env) as process:
            assert json.loads(process.stdout.readline()) == WORKING
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate()
    assert process.returncode == -signal.SIGTERM
    assert out == ""
    assert err == (
        "jobstat: stopped watching; the job goes on\n"
        f"  Resume with: jobstat watch --stream {ID}\n"
    )


def test_sigint_ends_show_without_output() -> None:
    with (
        raw_server(stall()) as server,
        start("show", ID, env=environment(server.base_url)) as process,
    ):
        wait_until(lambda: server.requests)
        process.send_signal(signal.SIGINT)
        assert process.communicate() == ("", "")
    assert process.returncode == -signal.SIGINT


def test_sigint_during_startup_ends_jobstat_without_a_traceback(tmp_path: Path) -> None:
    """A fake click sends the signal when it is imported."""
    (tmp_path / "click.py").write_text("import os; os.kill(os.getpid(), 2)\n")
    done = jobstat("show", ID, env=environment(PYTHONPATH=str(tmp_path)))
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def test_sighup_ignored_by_the_parent_does_not_end_the_watch() -> None:
    with raw_server(ANSWER, DONE) as server:
        command = ["sh", "-c", 'trap "" HUP; exec "$@"', "sh", *JOBSTAT]
        env = environment(server.base_url)
        with start("watch", "--stream", ID, env=env, program=command) as process:
            process.stdout.readline()
            process.send_signal(signal.SIGHUP)
            process.communicate()
    assert process.returncode == 6


def test_sigint_ends_the_shell_loop_around_jobstat() -> None:
    """A shell continues after exit code 130, but not after a death by SIGINT."""
    with raw_server(stall()) as server:
        loop = 'for n in 1 2 3; do "$@"; echo "round $n: $?"; done'
        shell = ["bash", "-c", loop, "bash", *JOBSTAT]
        env = environment(server.base_url)
        with start("show", ID, env=env, program=shell) as process:
            wait_until(lambda: server.requests)
            os.killpg(process.pid, signal.SIGINT)
            out, _ = process.communicate()
    assert out == ""
    assert process.returncode == -signal.SIGINT


LARGE = http(content=body(completed(*[FAILURE | {"details": "x" * 1000}] * 500)))


@pytest.mark.parametrize("signal_number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize(
    "arguments",
    [
        ["show", ID, "--results", "failed"],
        ["watch", "--stream", ID],
        ["watch", ID, "--results", "failed"],
    ],
)
def test_one_signal_ends_jobstat_while_stdout_is_blocked(
    arguments: list[str], signal_number: signal.Signals
) -> None:
    with (
        raw_server(LARGE) as server,
        start(*arguments, env=environment(server.base_url)) as process,
    ):
        assert process.stdout.read(10)
        wait_until_writing(process)
        process.send_signal(signal_number)
        assert process.wait() == -signal_number
        err = process.stderr.read()
    assert "Traceback" not in err


@pytest.mark.parametrize(
    "options", [["--json"], ["--stream"], ["--csv"], ["--results", "failed"]]
)
def test_timeout_exits_2_while_stdout_is_blocked(options: list[str]) -> None:
    with (
        raw_server(LARGE) as server,
        start(
            "watch", ID, "--timeout", "1s", *options, env=environment(server.base_url)
        ) as process,
    ):
        assert process.wait() == 2
        err = process.stderr.read()
    assert err == (
        "jobstat: cannot write the output: nobody reads it\n"
        "  Check the program after the pipe: it may be paused or stuck.\n"
    )


def full_pipe() -> tuple[int, int]:
    """Return both ends of a pipe whose buffer is full."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    with contextlib.suppress(BlockingIOError):
        while os.write(writing, b"x" * 4096):
            pass
    os.set_blocking(writing, True)
    return reading, writing


@pytest.mark.parametrize("jobs", [["--all"], [ID]])
def test_timeout_exits_124_while_stderr_is_blocked(jobs: list[str]) -> None:
    reading, writing = full_pipe()
    with raw_server(http("503 No")) as server:
        env = environment(server.base_url)
        command = [*JOBSTAT, "watch", *jobs, "--timeout", "1s"]
        with child(command, env=env, stderr=writing) as process:
            os.close(writing)
            assert process.wait() == 124
    os.close(reading)


def test_sigterm_ends_jobstat_while_stderr_is_blocked() -> None:
    reading, writing = full_pipe()
    with raw_server(http("401 No")) as server:
        env = environment(server.base_url)
        with child([*JOBSTAT, "show", ID], env=env, stderr=writing) as process:
            os.close(writing)
            wait_until(lambda: server.requests)
            wait_until_writing(process)
            process.send_signal(signal.SIGTERM)
            assert process.wait() == -signal.SIGTERM
    with os.fdopen(reading) as pipe:
        assert "Traceback" not in pipe.read()


def test_sigterm_in_a_weakref_callback_ends_jobstat_silently() -> None:
    """The import system has such callbacks for its locks."""
    program = (
        "import os, sys, time, weakref, jobstat.commands._shared as s\n"
        "class Gone: pass\n"
        "def resolve_account(*_):\n"
        "    gone = Gone()\n"
        "    reference = weakref.ref(gone, lambda _: os.kill(os.getpid(), 15))\n"
        "    del gone\n"
        "    time.sleep(60)\n"
        "s.resolve_account = resolve_account\n"
        "from jobstat.process import run; sys.exit(run(['show', 'a']))"
    )
    done = python(program)
    assert (done.returncode, done.stderr) == (-signal.SIGTERM, "")


def test_sigint_during_class_creation_ends_jobstat_silently() -> None:
    """Python 3.11 wraps an exception from __set_name__ in a RuntimeError."""
    program = (
        "import os, sys, jobstat.commands._shared as s\n"
        "class Name:\n"
        "    def __set_name__(self, owner, name): os.kill(os.getpid(), 2)\n"
        "def resolve_account(*_): type('A', (), {'a': Name()})\n"
        "s.resolve_account = resolve_account\n"
        "from jobstat.process import run; sys.exit(run(['show', 'a']))"
    )
    done = python(program)
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")
