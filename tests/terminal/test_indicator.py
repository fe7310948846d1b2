"""The terminal's own progress indicator is cleared on every way out of the live view.

The tests read the bytes, because pyte has no such indicator.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from children import end_by_signals
from raw_server import http, raw_server
from support import (
    FAILURE,
    ID,
    SUCCESS,
    body,
    completed,
    environment,
    finish_jobs,
    job_object,
    start_job,
)
from terminals import JOB_CONTROL, Session, on_terminal

from jobstat.demo.api import TOKEN
from jobstat.demo.server import DemoServer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

WORKING = http(content=body(job_object("working", total=40, progress=20)))
DONE = http(content=body(completed(SUCCESS)))
FAILED = http(content=body(completed(SUCCESS, FAILURE)))
UNAVAILABLE = http("503 Service Unavailable")
UNAUTHORIZED = http("401 Unauthorized", b'{"error":"invalid_token"}')

HALFWAY, CLEARED = "1;50", "0;0"


def states(terminal: Session) -> list[str]:
    """Return the states that the indicator took, without repetitions."""
    shown = [
        found.decode() for found in re.findall(rb"\x1b\]9;4;(.*?)\x1b\\", terminal.raw)
    ]
    return [
        state for state, last in zip(shown, ["", *shown], strict=False) if state != last
    ]


def ghostty(base_url: str, **settings: str) -> dict[str, str]:
    return environment(base_url, TERM_PROGRAM="ghostty", **settings)


def watching(
    base_url: str, *options: str, stdout: int | None = None, **settings: str
) -> AbstractContextManager[Session]:
    env = ghostty(base_url, **settings)
    return on_terminal("watch", ID, *options, env=env, stdout=stdout)


@pytest.mark.parametrize("end", [DONE, FAILED], ids=["done", "failed"])
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_indicator_is_cleared_when_the_job_ends(
    end: bytes, options: tuple[str, ...]
) -> None:
    with (
        raw_server(WORKING, end) as server,
        watching(server.base_url, *options) as terminal,
    ):
        terminal.read()
    assert states(terminal) == ["3;0", HALFWAY, CLEARED]


@pytest.mark.parametrize(
    ("answers", "options"),
    [([WORKING], ("--timeout", "1s")), ([WORKING, UNAUTHORIZED], ())],
    ids=["timeout", "error"],
)
def test_indicator_is_cleared_when_the_watch_ends_before_the_job(
    answers: list[bytes], options: tuple[str, ...]
) -> None:
    with (
        raw_server(*answers) as server,
        watching(server.base_url, *options) as terminal,
    ):
        terminal.read()
    shown = states(terminal)
    assert HALFWAY in shown
    assert shown[-1] == CLEARED


@pytest.mark.parametrize(
    "number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT]
)
def test_indicator_is_cleared_after_a_signal(number: int) -> None:
    with raw_server(WORKING) as server, watching(server.base_url) as terminal:
        terminal.read(lambda _: HALFWAY in states(terminal))
        terminal.process.send_signal(number)
        terminal.read()
    assert states(terminal)[-1] == CLEARED


def test_indicator_warns_during_an_outage() -> None:
    with (
        raw_server(WORKING, UNAVAILABLE, WORKING, DONE) as server,
        watching(server.base_url) as terminal,
    ):
        terminal.read()
    assert states(terminal) == ["3;0", HALFWAY, "4;50", HALFWAY, CLEARED]


def test_indicator_is_cleared_when_the_pipe_breaks() -> None:
    with DemoServer() as server:
        id = start_job(server)
        env = ghostty(server.base_url, ZENDESK_OAUTH_TOKEN=TOKEN)
        with on_terminal(
            "watch", "--json", id, env=env, stdout=subprocess.PIPE
        ) as terminal:
            terminal.read(lambda text: "queued" in text)
            terminal.stdout.close()
            finish_jobs(server)
            terminal.read()
        assert terminal.process.returncode == -signal.SIGPIPE
    assert states(terminal)[-1] == CLEARED


def test_indicator_is_cleared_at_ctrl_z_and_shown_again_by_fg() -> None:
    shell = [sys.executable, "-c", JOB_CONTROL]
    with (
        raw_server(WORKING) as server,
        on_terminal(
            *("watch", "--interval", "1h", ID),
            env=ghostty(server.base_url),
            under=shell,
        ) as terminal,
    ):
        terminal.read(lambda _: HALFWAY in states(terminal))
        os.write(terminal.master, b"\x1a")
        terminal.read(lambda text: "stopped" in text)
        assert states(terminal)[-1] == CLEARED
        os.write(terminal.master, b"fg\n")
        terminal.read(lambda text: "20/40" in text)
        assert states(terminal)[-1] == HALFWAY
        os.write(terminal.master, b"\x03")
        terminal.read()
    assert states(terminal)[-1] == CLEARED


def test_indicator_is_cleared_while_a_warning_is_written() -> None:
    strange = http(content=body(job_object("paused", total=40, progress=20)))
    with raw_server(strange) as server, watching(server.base_url) as terminal:
        terminal.read(lambda text: "unknown status" in text and "20/40" in text)
        end_by_signals(terminal.process, signal.SIGINT)
    before, _, after = terminal.raw.partition(b"unknown status")
    assert before.rindex(b"\x1b]9;4;0;0") > before.rindex(b"\x1b]9;4;3;0")
    assert b"\x1b]9;4;1;50" in after


@pytest.mark.parametrize(
    ("options", "settings"),
    [
        (("--plain",), {}),
        (("-q",), {}),
        ((), {"CI": "1"}),
        ((), {"TERM": "dumb"}),
        ((), {"TMUX": "/tmp/tmux-0/default,1,0"}),
        ((), {"TERM_PROGRAM": ""}),
    ],
)
def test_indicator_is_part_of_the_live_view_in_a_known_terminal(
    options: tuple[str, ...], settings: dict[str, str]
) -> None:
    with raw_server(WORKING, DONE) as server:
        env = ghostty(server.base_url) | settings
        with on_terminal("watch", ID, *options, env=env) as terminal:
            terminal.read()
    assert b"\x1b]" not in terminal.raw
