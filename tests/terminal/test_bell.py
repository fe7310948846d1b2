"""``watch --bell`` rings the bell of the terminal once, at the end of the watch."""

from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest
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
    sh,
    start_job,
)
from terminals import on_terminal

from jobstat.demo.api import TOKEN
from jobstat.demo.server import DemoServer

if TYPE_CHECKING:
    from pathlib import Path

WORKING = http(content=body(job_object("working", total=40, progress=19)))
DONE = http(content=body(completed(SUCCESS)))
FAILED = http(content=body(completed(SUCCESS, FAILURE)))
UNAUTHORIZED = http("401 Unauthorized", b'{"error":"invalid_token"}')
BELL = ("watch", "--bell", ID)


@pytest.mark.parametrize("options", [(), ("--plain",), ("--json",), ("-q",)])
@pytest.mark.parametrize("end", [DONE, FAILED], ids=["done", "failed"])
def test_bell_rings_once_when_the_job_ends(
    options: tuple[str, ...], end: bytes
) -> None:
    with (
        raw_server(WORKING, end) as server,
        on_terminal(*BELL, *options, env=environment(server.base_url)) as terminal,
    ):
        terminal.read()
    assert terminal.raw.count(b"\a") == 1


def test_bell_rings_once_for_several_jobs() -> None:
    with DemoServer() as server:
        ids = [start_job(server, duration=0), start_job(server, duration=0)]
        env = environment(server.base_url, ZENDESK_OAUTH_TOKEN=TOKEN)
        with on_terminal("watch", "--bell", *ids, env=env) as terminal:
            terminal.read()
    assert terminal.raw.count(b"\a") == 1


@pytest.mark.parametrize(
    ("answers", "options"),
    [([WORKING], ("--timeout", "1s")), ([WORKING, UNAUTHORIZED], ())],
    ids=["timeout", "error"],
)
def test_bell_rings_when_the_watch_ends_before_the_job(
    answers: list[bytes], options: tuple[str, ...]
) -> None:
    with (
        raw_server(*answers) as server,
        on_terminal(*BELL, *options, env=environment(server.base_url)) as terminal,
    ):
        terminal.read()
    assert terminal.raw.count(b"\a") == 1


def test_bell_does_not_ring_without_the_option() -> None:
    with (
        raw_server(DONE) as server,
        on_terminal("watch", ID, env=environment(server.base_url)) as terminal,
    ):
        terminal.read()
    assert b"\a" not in terminal.raw


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_bell_does_not_ring_after_a_signal(number: int) -> None:
    with (
        raw_server(WORKING) as server,
        on_terminal(*BELL, env=environment(server.base_url)) as terminal,
    ):
        terminal.read(lambda text: "19/40" in text)
        terminal.process.send_signal(number)
        terminal.read()
    assert b"\a" not in terminal.raw


def test_bell_does_not_ring_after_the_pipe_broke() -> None:
    with DemoServer() as server:
        id = start_job(server)
        env = environment(server.base_url, ZENDESK_OAUTH_TOKEN=TOKEN)
        with on_terminal(
            "watch", "--bell", "--json", id, env=env, stdout=subprocess.PIPE
        ) as terminal:
            terminal.read(lambda text: "queued" in text)
            terminal.stdout.close()
            finish_jobs(server)
            terminal.read()
        assert terminal.process.returncode == -signal.SIGPIPE
    assert b"\a" not in terminal.raw


def test_bell_does_not_ring_in_ci() -> None:
    """Its log may look like a terminal."""
    with (
        raw_server(DONE) as server,
        on_terminal(*BELL, env=environment(server.base_url, CI="1")) as terminal,
    ):
        terminal.read()
    assert b"\a" not in terminal.raw


def test_bell_rings_on_the_terminal_that_is_left() -> None:
    with raw_server(DONE) as server:
        with on_terminal(
            *BELL, env=environment(server.base_url), stdout=subprocess.PIPE
        ) as terminal:
            terminal.read()
            assert b"\a" not in terminal.stdout.read()
            terminal.stdout.close()
        assert terminal.raw.count(b"\a") == 1
        under = ("sh", "-c", f'"$@" 2>{os.devnull}', "sh")
        with on_terminal(
            *BELL, env=environment(server.base_url), under=under
        ) as terminal:
            terminal.read()
        assert terminal.raw.count(b"\a") == 1


def test_pipe_and_file_get_no_bell(tmp_path: Path) -> None:
    log = tmp_path / "log"
    with raw_server(DONE) as server:
        env = environment(server.base_url, LOG=str(log))
        done = sh('"$@" 2>"$LOG"', *BELL, env=env)
    assert done.returncode == 0
    assert "\a" not in done.stdout + log.read_text()
