"""Slow token endpoints: no deadline and no signal loses a login."""

from __future__ import annotations

import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from children import TIMEOUT, wait_until
from machine import Machine
from support import start_job

from jobstat.demo.server import DemoServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from children import Child
    from machine import Grants

WAITING = (
    "jobstat: waiting up to a minute for new tokens; without them, the login is lost\n"
)
WATCH = ("watch", "JOB", "--json")


@pytest.fixture
def answer(machine: Machine) -> Iterator[threading.Event]:
    """Event that must be set before the server answers a token request."""
    event = threading.Event()
    event.set()
    delay_tokens(machine.demo, lambda: event.wait(TIMEOUT))
    yield event
    event.set()


def delay_tokens(demo: DemoServer, wait: Callable[[], object]) -> None:
    demo._server.before_tokens = wait  # type: ignore[assignment] # noqa: SLF001 - the server ignores its result


def log_in_with_stale_token(machine: Machine) -> dict[str, Any]:
    """Log in with a token that needs a refresh; return its keyring entry."""
    assert machine.login_by_browser().returncode == 0
    machine.change_entry(renew_at=0)
    return machine.entry


def start(machine: Machine, arguments: tuple[str, ...]) -> Any:
    id = start_job(machine.demo)
    return machine.start(*(id if word == "JOB" else word for word in arguments))


def assert_login_works(machine: Machine, old_entry: dict[str, Any]) -> None:
    assert machine.entry["refresh_token"] != old_entry["refresh_token"]
    listed = machine.run("list")
    assert (listed.returncode, listed.stderr) == (0, "")


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("watch", "JOB", "--timeout", "1s", "--json"), 124),
        (("watch", "--all", "--timeout", "1s"), 124),
        (("auth", "status"), 7),
        (("show", "JOB"), 7),
    ],
)
def test_deadline_does_not_abandon_a_token_request(
    machine: Machine,
    grants: Grants,
    answer: threading.Event,
    arguments: tuple[str, ...],
    code: int,
) -> None:
    old_entry = log_in_with_stale_token(machine)
    machine.change_entry(expires_at=1)
    answer.clear()
    with start(machine, arguments) as process:
        stderr = ""
        while WAITING not in stderr:
            line = process.stderr.readline()
            assert line, stderr
            stderr += line
        answer.set()
        process.communicate()
    assert process.returncode == code
    assert_login_works(machine, old_entry)


def send_signal(process: Child, number: int) -> None:
    """Send a signal, and wait until another one is not taken for its repetition."""
    process.send_signal(number)
    time.sleep(0.7)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("times", [1, 2])
def test_signal_ends_the_process_after_the_tokens_are_stored(
    machine: Machine, grants: Grants, answer: threading.Event, number: int, times: int
) -> None:
    old_entry = log_in_with_stale_token(machine)
    answer.clear()
    requests_before = grants.requests
    with start(machine, WATCH) as process:
        wait_until(lambda: grants.requests > requests_before)
        for _ in range(times):
            send_signal(process, number)
        assert process.poll() is None
        answer.set()
        _, stderr = process.communicate()
    assert process.returncode == -number
    assert "Traceback" not in stderr
    assert_login_works(machine, old_entry)


def test_third_signal_ends_the_process_at_once(
    machine: Machine, grants: Grants, answer: threading.Event
) -> None:
    log_in_with_stale_token(machine)
    answer.clear()
    requests_before = grants.requests
    with start(machine, WATCH) as process:
        wait_until(lambda: grants.requests > requests_before)
        signals = 0
        while process.poll() is None:
            send_signal(process, signal.SIGINT)
            signals += 1
    assert process.returncode == -signal.SIGINT
    assert signals >= 3


COMMANDS = {
    "show": (("show", "JOB"), ()),
    "watch 2s": (("watch", "JOB", "--timeout", "2s"), ()),
    "watch 4s": (("watch", "JOB", "--timeout", "4s"), ()),
    "watch 30s": (("watch", "JOB", "--timeout", "30s"), ()),
    "auth status": (("auth", "status"), ()),
    "Ctrl-C once": (WATCH, (signal.SIGINT,)),
    "Ctrl-C twice": (WATCH, (signal.SIGINT, signal.SIGINT)),
    "SIGTERM": (WATCH, (signal.SIGTERM,)),
}
DELAYS = (0.5, 1.2, 3, 6, 12, 20)


def check_login_survives(home: Path, delay: float, name: str) -> None:
    """Run a command while the token endpoint answers after ``delay`` seconds."""
    arguments, signals = COMMANDS[name]
    home.mkdir()
    with DemoServer(duration=600) as demo:
        machine = Machine(home, demo)
        old_entry = log_in_with_stale_token(machine)
        machine.change_entry(expires_at=1)
        oauth = demo.oauth
        delay_tokens(demo, lambda: time.sleep(delay))
        with start(machine, arguments) as process:
            old = old_entry["refresh_token"]
            wait_until(lambda: all(pair.refresh != old for pair in oauth.pairs))
            for number in signals:
                send_signal(process, number)
            if arguments[-1] == "30s" or (signals and delay < 1):
                # The refresh is over soon, so end the watch.
                wait_until(lambda: machine.entry["token"] != old_entry["token"])
                process.send_signal(signal.SIGTERM)
            process.communicate()
        delay_tokens(demo, lambda: None)
        assert_login_works(machine, old_entry)


@pytest.mark.long
def test_slow_token_endpoint_never_loses_a_login(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        runs = {
            (delay, name): pool.submit(
                check_login_survives, tmp_path / f"{delay} {name}", delay, name
            )
            for delay in sorted(DELAYS, reverse=True)
            for name in COMMANDS
        }
    lost = {key: run.exception() for key, run in runs.items() if run.exception()}
    assert lost == {}
