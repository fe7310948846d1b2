"""The live view on a terminal that is resized, suspended, paused or shared."""

from __future__ import annotations

import fcntl
import json
import os
import re
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from typing import TYPE_CHECKING

import pyte
import pytest
from children import end_by_signals, run, wait_until
from raw_server import http, raw_server
from support import (
    ID,
    JOBSTAT,
    MAIN,
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
from jobstat.views.live import ERASE

if TYPE_CHECKING:
    import socket
    from contextlib import AbstractContextManager
    from pathlib import Path

WORKING = http(
    content=body(
        job_object("working", total=40, progress=19, message="Creating ticket #19")
    )
)
WATCH = ("watch", "--interval", "1h", ID)
"""Polls once, then draws the same frame each second."""

DONE = http(content=body(completed(SUCCESS)))


def resize(session: Session, columns: int, rows: int) -> None:
    """Resize a terminal that does not reflow its lines, as pyte does not.

    Do so between two frames: pyte could not tell a frame of the earlier size apart.
    """
    wait_for_frame(session)
    session.process.send_signal(signal.SIGSTOP)
    while session.feed():
        pass
    size = struct.pack("HHHH", rows, columns, 0, 0)
    fcntl.ioctl(session.master, termios.TIOCSWINSZ, size)
    session.screen.resize(rows, columns)
    session.process.send_signal(signal.SIGCONT)


def wait_for_frame(session: Session) -> None:
    before = len(session.raw)
    session.read(lambda _: len(session.raw) > before and session.raw.endswith(b"\r"))


def test_cursor_rests_at_the_start_of_the_frame() -> None:
    """It stays there when a terminal reflows the lines below."""
    with (
        raw_server(WORKING) as server,
        on_terminal(*WATCH, env=environment(server.base_url)) as terminal,
    ):
        terminal.read(lambda text: "19/40" in text)
        for _ in range(3):
            wait_for_frame(terminal)
            assert (terminal.screen.cursor.y, terminal.screen.cursor.x) == (0, 0)
        assert terminal.text.count("Bulk Create Ticket") == 1


@pytest.mark.parametrize(
    "sizes", [[(40, 24)], [(160, 24)], [(80, 4)], [(40, 3), (20, 2), (120, 40)]]
)
def test_resize_leaves_exactly_one_frame(sizes: list[tuple[int, int]]) -> None:
    with (
        raw_server(WORKING) as server,
        on_terminal(*WATCH, env=environment(server.base_url)) as terminal,
    ):
        terminal.read(lambda text: "19/40" in text)
        for columns, rows in sizes:
            resize(terminal, columns, rows)
            wait_for_frame(terminal)
        shown = terminal.read(lambda text: "Bulk Create" in text)
        assert shown.count("Bulk Create Ticket") == 1
        # The scrollback has no line of the frame, and no line above it is erased.
        assert not terminal.screen.history.top
        terminal.process.send_signal(signal.SIGINT)
        last = terminal.read()
    assert "".join(last.split()).count("BulkCreateTicket") == 1
    assert not terminal.screen.cursor.hidden


def test_resize_erases_the_frame_at_once() -> None:
    """During a drag, the next resize has no lines to wrap."""
    with (
        raw_server(WORKING) as server,
        on_terminal(*WATCH, env=environment(server.base_url)) as terminal,
    ):
        terminal.read(lambda text: "19/40" in text)
        resize(terminal, 70, 24)
        terminal.read(lambda _: ERASE.encode() in terminal.raw)
        frames, erased, _ = terminal.raw.partition(ERASE.encode())
        wait_for_frame(terminal)
        assert "19/40" in terminal.text
    screen = pyte.Screen(80, 24)
    pyte.ByteStream(screen).feed(bytes(frames + erased))
    assert not "".join(screen.display).strip()
    assert screen.cursor.hidden


@pytest.mark.parametrize(
    ("rows", "columns", "widest"),
    [(5, 80, 60), (5, 100, 60), (5, 200, 100), (24, 80, 79), (24, 100, 99)],
)
def test_frame_that_fills_half_of_the_screen_is_drawn_narrower(
    rows: int, columns: int, widest: int
) -> None:
    with DemoServer() as server:
        for _ in range(3):
            start_job(server)
        env = environment(server.base_url, ZENDESK_OAUTH_TOKEN=TOKEN)
        with on_terminal(
            "watch", "--all", rows=rows, columns=columns, env=env
        ) as terminal:
            shown = terminal.read(lambda text: text.count("◦ queued") == 3)
    assert max(map(len, shown.splitlines())) <= widest


def test_narrowing_tmux_does_not_push_the_frame_into_its_history(
    tmp_path: Path,
) -> None:
    """tmux wraps lines that are too long, and moves others off the screen."""
    if not shutil.which("tmux"):
        pytest.skip("no tmux here")
    tmux = ["tmux", "-S", str(tmp_path / "tmux"), "-f", os.devnull]

    def run_tmux(*arguments: str) -> str:
        done = run([*tmux, *arguments], env=environment(server.base_url))
        assert done.returncode == 0, done.stderr
        return done.stdout

    def screen() -> str:
        return run_tmux("capture-pane", "-p")

    with DemoServer() as server:
        for _ in range(30):
            start_job(server)
        env = environment(server.base_url, ZENDESK_OAUTH_TOKEN=TOKEN, LC_ALL="C.UTF-8")
        size = ("-x", "100", "-y", "24")
        start = [*tmux, "new-session", "-d", *size, *JOBSTAT, "watch", "--all"]
        assert run(start, env=env).returncode == 0
        try:
            wait_until(lambda: "and 9 more queued" in screen(), "the first frame")
            run_tmux("resize-window", "-x", "60")
            wait_until(lambda: f"\n{'─' * 59}\n" in screen(), "a narrower frame")
            assert run_tmux("display-message", "-p", "#{history_size}") == "0\n"
            assert screen().count("0/30 jobs") == 1
        finally:
            run_tmux("kill-server")


NEVER_ASK_AGAIN = "import jobstat.views.live as live; live.ASK_AGAIN_AFTER = 1e9\n"


def set_size(session: Session, columns: int, rows: int) -> None:
    size = struct.pack("HHHH", rows, columns, 0, 0)
    fcntl.ioctl(session.master, termios.TIOCSWINSZ, size)


def widths(session: Session) -> list[int]:
    """Return the widths of the frames drawn so far, in their order."""
    drawn = re.sub(r"\x1b\[[0-9;?]*[A-JL-Za-z]", "", session.raw.decode())
    return [len(line) for line in re.findall("0 of 3 jobs done[^\x1b]*", drawn)]


def three_jobs(server: DemoServer) -> dict[str, str]:
    for _ in range(3):
        start_job(server)
    return environment(server.base_url, ZENDESK_OAUTH_TOKEN=TOKEN)


def test_idle_frame_is_drawn_for_the_new_size_after_a_resize() -> None:
    with DemoServer() as server:
        env = three_jobs(server)
        with on_terminal(
            "watch", "--all", env=env, prelude=NEVER_ASK_AGAIN
        ) as terminal:
            terminal.read(lambda _: 79 in widths(terminal))
            set_size(terminal, 100, 24)
            terminal.read(lambda _: 99 in widths(terminal))


@pytest.mark.parametrize("number", [signal.SIGTSTP, signal.SIGSTOP])
def test_resize_during_a_stop_is_seen_when_the_process_continues(
    number: signal.Signals,
) -> None:
    """The shell gets the signal of the resize: it has the terminal meanwhile."""
    with DemoServer() as server:
        env = three_jobs(server)
        program = [sys.executable, "-c", f"{NEVER_ASK_AGAIN}{MAIN}"]
        shell = [sys.executable, "-c", JOB_CONTROL]
        with on_terminal(
            "watch", "--all", env=env, under=shell, program=program
        ) as terminal:
            terminal.read(lambda _: 79 in widths(terminal))
            os.killpg(os.tcgetpgrp(terminal.master), number)
            terminal.read(lambda text: "stopped" in text)
            set_size(terminal, 100, 24)
            terminal.type("fg\n")
            terminal.read(lambda _: 99 in widths(terminal))


def test_resize_without_a_signal_is_seen_when_the_size_is_asked_again() -> None:
    with DemoServer() as server:
        env = three_jobs(server)
        prelude = (
            "import signal as s; s.pthread_sigmask(s.SIG_BLOCK, [s.SIGWINCH])\n"
            "import jobstat.views.live as live; live.ASK_AGAIN_AFTER = 2\n"
        )
        with on_terminal("watch", "--all", env=env, prelude=prelude) as terminal:
            terminal.read(lambda _: 79 in widths(terminal))
            set_size(terminal, 100, 24)
            terminal.read(lambda _: 99 in widths(terminal))


def test_resize_keeps_the_lines_above_the_frame() -> None:
    with (
        raw_server(WORKING, DONE) as server,
        on_terminal(
            *WATCH, env=environment(server.base_url), before="one\ntwo\n"
        ) as terminal,
    ):
        terminal.read(lambda text: "19/40" in text)
        resize(terminal, 50, 24)
        wait_for_frame(terminal)
        terminal.process.send_signal(signal.SIGINT)
        shown = terminal.read()
    assert shown.startswith("one\ntwo\nBulk Create Ticket")


def under_a_shell(base_url: str) -> AbstractContextManager[Session]:
    shell = [sys.executable, "-c", JOB_CONTROL]
    return on_terminal(*WATCH, env=environment(base_url), under=shell)


def test_ctrl_z_erases_the_frame_and_fg_draws_it_again() -> None:
    with (
        raw_server(WORKING) as server,
        under_a_shell(server.base_url) as terminal,
    ):
        terminal.read(lambda text: "19/40" in text)
        os.write(terminal.master, b"\x1a")
        stopped = terminal.read(lambda text: "stopped" in text)
        assert "Bulk Create" not in stopped
        assert not terminal.screen.cursor.hidden
        os.write(terminal.master, b"fg\n")
        terminal.read(lambda text: "19/40" in text)
        assert terminal.screen.cursor.hidden
        os.write(terminal.master, b"\x03")
        shown = terminal.read()
    assert shown.count("Bulk Create Ticket") == 1
    assert not terminal.screen.cursor.hidden


def test_watch_in_the_background_does_not_draw() -> None:
    with (
        raw_server(WORKING) as server,
        under_a_shell(server.base_url) as terminal,
    ):
        terminal.read(lambda text: "19/40" in text)
        os.write(terminal.master, b"\x1a")
        terminal.read(lambda text: "stopped" in text)
        os.write(terminal.master, b"bg\n")
        terminal.read(lambda text: "continued" in text)
        # Long enough for two frames.
        end = time.monotonic() + 2.2
        while time.monotonic() < end:
            terminal.feed()
        assert "Bulk Create" not in terminal.text
        os.write(terminal.master, b"fg\n")
        terminal.read(lambda text: "19/40" in text)


ASKING = "asking  ([0-9]+:[0-9]{2})"


def test_elapsed_time_advances_during_a_request() -> None:
    def stall(connection: socket.socket) -> None:
        while connection.recv(1024):
            pass

    with (
        raw_server(stall) as server,
        on_terminal(*WATCH, env=environment(server.base_url)) as terminal,
    ):
        (first,) = re.findall(ASKING, terminal.read(lambda text: "asking" in text))
        terminal.read(lambda text: re.findall(ASKING, text) not in ([], [first]))


LONG_GRACE = (
    "import sys, jobstat.process, jobstat.signals as s; s.GRACE = 60\n"
    "sys.exit(jobstat.process.run(sys.argv[1:]))"
)
WITH_LONG_GRACE = [sys.executable, "-c", LONG_GRACE]
"""Runs jobstat with a long grace period: a busy machine may delay the second signal."""


@pytest.mark.parametrize("gap", [0, 0.002, 0.01, 0.05])
def test_repeated_sigint_restores_the_cursor_and_prints_a_resume_command(
    gap: float,
) -> None:
    """A wrapper may pass on the SIGINT that the terminal has already sent."""
    with (
        raw_server(WORKING) as server,
        on_terminal(
            *WATCH, env=environment(server.base_url), program=WITH_LONG_GRACE
        ) as terminal,
    ):
        terminal.read(lambda text: "19/40" in text)
        terminal.process.send_signal(signal.SIGINT)
        time.sleep(gap)
        terminal.process.send_signal(signal.SIGINT)
        shown = terminal.read()
    assert terminal.process.returncode == -signal.SIGINT
    assert not terminal.screen.cursor.hidden
    assert "Resume with: jobstat watch" in shown


def test_sigint_restores_the_cursor_while_the_json_pipe_is_blocked() -> None:
    large = job_object("working", progress=19, total=40, message="x" * 200_000)
    with (
        raw_server(http(content=body(large))) as server,
        on_terminal(
            *WATCH,
            "--json",
            env=environment(server.base_url),
            stdout=subprocess.PIPE,
        ) as terminal,
    ):
        terminal.read(lambda text: "19/40" in text)
        terminal.process.send_signal(signal.SIGINT)
        terminal.read(lambda _: not terminal.screen.cursor.hidden)
        assert end_by_signals(terminal.process, signal.SIGINT) == -signal.SIGINT
        terminal.stdout.close()


def test_repeated_sigint_ends_a_watch_on_a_paused_terminal() -> None:
    """Ctrl-S pauses the terminal: each write blocks."""
    with (
        raw_server(WORKING) as server,
        on_terminal(*WATCH, env=environment(server.base_url)) as terminal,
    ):
        terminal.read(lambda text: "19/40" in text)
        terminal.type("\x13")
        assert end_by_signals(terminal.process, signal.SIGINT) == -signal.SIGINT


def test_typed_text_does_not_shift_the_frame() -> None:
    """The first line just fits. Behind typed text it would wrap, and stay wrapped."""
    with (
        raw_server(WORKING) as server,
        on_terminal(*WATCH, columns=74, env=environment(server.base_url)) as terminal,
    ):
        terminal.read(lambda text: "19/40" in text)
        os.write(terminal.master, b"zzz\x1b[A")
        terminal.read(lambda text: "zzz" in text)
        wait_for_frame(terminal)
        wait_for_frame(terminal)
        assert terminal.text.count("Bulk Create Ticket") == 1
        assert "zzz" not in terminal.text


def test_empty_term_variable_disables_escape_sequences() -> None:
    with (
        raw_server(DONE) as server,
        on_terminal("watch", ID, env=environment(server.base_url, TERM="")) as terminal,
    ):
        terminal.read()
    assert b"\x1b" not in terminal.raw


@pytest.mark.parametrize(
    ("command", "last"),
    [
        (WATCH, "[0-9]+/[0-9]+"),
        (("show", ID), f"jobstat watch {ID}"),
        (("list",), "[0-9]+/[0-9]+"),
    ],
)
def test_lines_and_columns_variables_do_not_change_the_layout(
    command: tuple[str, ...], last: str
) -> None:
    """Some shells export these, such as one started from Python's REPL."""
    jobs = json.dumps({"job_statuses": [job_object("working", progress=1)]}).encode()
    answer = http(content=jobs) if command == ("list",) else WORKING
    with raw_server(answer) as server:
        screens = []
        for settings in ({}, {"LINES": "2", "COLUMNS": "31"}):
            env = environment(server.base_url, **settings)
            with on_terminal(*command, env=env) as terminal:
                seen = terminal.read(lambda text: re.search(last, text))
                screens.append(re.sub(r"[0-9]:[0-9]{2}", "", seen))
    assert screens[0] == screens[1]


def test_small_lines_and_columns_variables_do_not_fold_the_live_view() -> None:
    with raw_server(WORKING) as server:
        env = environment(server.base_url, LINES="2", COLUMNS="20")
        with on_terminal(*WATCH, env=env, columns=100, rows=30) as terminal:
            shown = terminal.read(lambda text: "Creating ticket #19" in text)
    title, state, message = shown.splitlines()
    assert title.startswith(f"Bulk Create Ticket  {ID}  127.0.0.1:")
    assert "19/40  47%" in state
    assert message == "Creating ticket #19"


PIPED = ("sh", "-c", '"$@" | sed "s/^/piped: /"', "sh")
"""Pipe the output to a program that writes to the same terminal, as jq does."""


def piped(server: DemoServer, *arguments: str) -> AbstractContextManager[Session]:
    env = environment(server.base_url, ZENDESK_OAUTH_TOKEN=TOKEN)
    return on_terminal(*arguments, env=env, columns=1200, under=PIPED)


def test_piped_json_of_several_jobs_replaces_the_live_view_with_lines() -> None:
    with DemoServer() as server:
        ids = [start_job(server, duration=0), start_job(server)]
        with piped(server, "watch", "--json", *ids) as terminal:
            terminal.read(lambda text: "piped: {" in text and "queued" in text)
            finish_jobs(server)
            shown = terminal.read()
    # The cursor is not moved: both programs only append lines.
    assert b"\x1b[?25l" not in terminal.raw
    assert b"\x1b[K" not in terminal.raw
    lines = shown.splitlines()
    data = [line.removeprefix("piped: ") for line in lines if line.startswith("piped")]
    assert {json.loads(line)["id"] for line in data} == set(ids)
    assert all(
        re.match(r"piped: |[0-9]:[0-9]{2}  (V3-|. of 2 jobs)", line) for line in lines
    )


def test_piped_json_of_one_job_keeps_the_live_view() -> None:
    with DemoServer() as server:
        id = start_job(server)
        with piped(server, "watch", "--json", id) as terminal:
            terminal.read(lambda text: "queued" in text)
            assert terminal.screen.cursor.hidden
            finish_jobs(server)
            shown = terminal.read()
    assert shown.count(f"Bulk Create Ticket  {id}") == 1
    assert "queued" not in shown
    # The view is erased before the data arrives.
    view, _, data = terminal.raw.rpartition(b"piped: ")
    assert view.rfind(b"\x1b[?25h") > view.rfind(b"\x1b[?25l")
    assert b"\x1b" not in data


def test_piped_csv_of_several_jobs_keeps_the_live_view() -> None:
    with DemoServer() as server:
        ids = [start_job(server), start_job(server)]
        with piped(server, "watch", "--csv", *ids) as terminal:
            terminal.read(lambda text: text.count("◦ queued") == 2)
            assert terminal.screen.cursor.hidden
            finish_jobs(server)
            terminal.read()
    # The view is erased before the data arrives.
    view, _, data = terminal.raw.partition(b"piped: ")
    assert view.rfind(b"\x1b[?25h") > view.rfind(b"\x1b[?25l")
    assert b"\x1b" not in data
    assert data.count(b"piped: V3-") == 8


def test_csv_on_a_terminal_follows_the_erased_view() -> None:
    with DemoServer() as server:
        id = start_job(server)
        env = environment(server.base_url, ZENDESK_OAUTH_TOKEN=TOKEN)
        with on_terminal("watch", "--csv", id, env=env, columns=120) as terminal:
            terminal.read(lambda text: "queued" in text)
            finish_jobs(server)
            shown = terminal.read()
    assert "queued" not in shown
    assert "job_id,index,id," in shown
    assert shown.count(f"{id},") == 4


def test_stream_into_a_file_keeps_the_live_view(tmp_path: Path) -> None:
    with DemoServer() as server, (tmp_path / "stream.jsonl").open("w+") as file:
        ids = [start_job(server), start_job(server)]
        env = environment(server.base_url, ZENDESK_OAUTH_TOKEN=TOKEN)
        with on_terminal(
            *("watch", "--stream", *ids), env=env, stdout=file.fileno()
        ) as terminal:
            terminal.read(lambda text: text.count("◦ queued") == 2)
            assert terminal.screen.cursor.hidden
            finish_jobs(server)
            terminal.read()
        file.seek(0)
        assert len(file.read().splitlines()) == 4


def test_live_view_shows_how_long_it_waits_for_the_rate_limit() -> None:
    used_up = ("X-Rate-Limit: 700", "X-Rate-Limit-Remaining: 0")
    working = job_object("working", total=40, progress=19)
    with (
        raw_server(http("200 OK", body(working), *used_up)) as server,
        on_terminal("watch", ID, env=environment(server.base_url)) as terminal,
    ):
        shown = terminal.read(lambda text: "rate limit" in text)
    assert re.search(
        "^! waiting for the rate limit; next request in [0-9]", shown, re.MULTILINE
    )
