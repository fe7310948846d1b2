"""Commands on a terminal: a pty, read back as a screen."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import termios
from threading import Event
from typing import TYPE_CHECKING, Any

import pytest
from raw_server import after, http, raw_server
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
from terminals import on_terminal

from jobstat.demo.api import TOKEN
from jobstat.demo.server import DemoServer

if TYPE_CHECKING:
    from pathlib import Path

QUEUED = job_object("queued", total=40)
WORKING = job_object(
    "working", total=40, progress=19, message="Creating ticket #19 of a long import"
)
BAD = completed(
    *({**SUCCESS, "index": index, "id": 35436 + index} for index in range(37)),
    *({**FAILURE, "index": index} for index in range(37, 40)),
)


def answers(*jobs: dict[str, Any]) -> list[bytes]:
    return [http(content=body(job)) for job in jobs]


@pytest.mark.parametrize("columns", [20, 40, 80, 160, 200])
def test_watch_shows_progress_then_the_report_at_any_width(columns: int) -> None:
    seen = Event()
    with (
        raw_server(*answers(QUEUED, WORKING), after(seen, *answers(BAD))) as server,
        on_terminal(
            "watch", ID, columns=columns, rows=60, env=environment(server.base_url)
        ) as terminal,
    ):
        working = terminal.read(lambda text: "19/40" in text and "━" in text)
        assert "▸ working" in working
        assert "47%" in working
        assert "Bulk Create Ticket" in working
        assert re.search(r"[0-9]:[0-9]{2}", working)
        seen.set()
        shown = terminal.read()
    assert terminal.process.returncode == 6
    assert not terminal.screen.cursor.hidden
    # The live view is erased, and the report stays.
    assert shown.count("Bulk Create Ticket") == 1
    assert "working" not in shown
    joined = "".join(shown.split())
    assert "✗completed,withfailures" in joined
    # One cause, and a row for each item.
    assert joined.count("TicketCreateFailed:Description:blank") == 4
    assert "and37succeeded" in joined
    assert "✗3of40itemsfailed" in joined


@pytest.mark.parametrize("rows", [1, 2, 3, 5])
def test_watch_ends_with_one_complete_report_at_any_height(rows: int) -> None:
    with (
        raw_server(*answers(QUEUED, WORKING, WORKING, BAD)) as server,
        on_terminal(
            "watch", ID, rows=rows, env=environment(server.base_url)
        ) as terminal,
    ):
        shown = terminal.read()
    assert terminal.process.returncode == 6
    assert shown.count("Bulk Create Ticket") == 1
    assert shown.count("✗ 3 of 40 items failed") == 1
    assert shown.endswith(f"jobstat retry-file {ID} INPUT > retry.json")


def test_report_keeps_its_causes_on_a_small_screen() -> None:
    many = completed(*[FAILURE] * 50, *[SUCCESS] * 50)
    with (
        raw_server(*answers(many)) as server,
        on_terminal("show", ID, rows=24, env=environment(server.base_url)) as terminal,
    ):
        terminal.read()
    screen = "\n".join(terminal.screen.display)
    assert "Bulk Create Ticket" in screen
    assert "  50  TicketCreateFailed: Description: blank" in screen
    assert "and 45 more failed, 50 succeeded" in screen
    assert "✗ 50 of 100 items failed" in screen


def test_ctrl_c_keeps_the_last_state_and_prints_the_resume_command() -> None:
    with (
        raw_server(*answers(QUEUED, WORKING)) as server,
        on_terminal("watch", ID, env=environment(server.base_url)) as terminal,
    ):
        settings = termios.tcgetattr(terminal.master)
        terminal.read(lambda text: "19/40" in text)
        os.write(terminal.master, b"\x03")
        shown = terminal.read()
        assert termios.tcgetattr(terminal.master) == settings
    assert terminal.process.returncode == -signal.SIGINT
    assert not terminal.screen.cursor.hidden
    lines = shown.splitlines()
    assert lines[0].startswith(f"Bulk Create Ticket  {ID}")
    assert "▸ working" in lines[1]
    assert "19/40" in lines[1]
    assert lines[-2:] == [
        "jobstat: stopped watching; the job goes on",
        f"  Resume with: jobstat watch {ID}",
    ]
    assert shown.count("Bulk Create Ticket") == 1


def test_watch_all_shows_that_it_reads_the_list_again() -> None:
    page = http(content=json.dumps({"job_statuses": [WORKING]}).encode())
    with (
        raw_server(page, page, *answers(BAD)) as server,
        on_terminal("watch", "--all", env=environment(server.base_url)) as terminal,
    ):
        terminal.read(lambda text: "reading the list of jobs: 1; once more in" in text)
        shown = terminal.read()
    assert "reading" not in shown
    assert terminal.process.returncode == 6


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_signal_restores_the_cursor(number: signal.Signals) -> None:
    with (
        raw_server(*answers(WORKING)) as server,
        on_terminal("watch", ID, env=environment(server.base_url)) as terminal,
    ):
        terminal.read(lambda text: "19/40" in text)
        assert terminal.screen.cursor.hidden
        terminal.process.send_signal(number)
        terminal.read()
    assert terminal.process.returncode == -number
    assert not terminal.screen.cursor.hidden


@pytest.mark.parametrize("options", [[], ["--plain"], ["--json"]], ids=" ".join)
def test_closed_terminal_ends_the_watch_by_sighup(
    options: list[str],
) -> None:
    with (
        raw_server(*answers(WORKING)) as server,
        on_terminal(
            "watch", ID, *options, env=environment(server.base_url)
        ) as terminal,
    ):
        terminal.read(lambda text: "19" in text)
        terminal.hang_up()
        assert terminal.process.wait() == -signal.SIGHUP


def test_timeout_exits_2_on_a_blocked_terminal() -> None:
    large = completed(*[FAILURE | {"details": "x" * 1000}] * 500)
    arguments = ("watch", ID, "--timeout", "1s", "--results", "failed")
    with (
        raw_server(*answers(large)) as server,
        on_terminal(*arguments, env=environment(server.base_url)) as terminal,
    ):
        # Nobody reads from the terminal.
        assert terminal.process.wait() == 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_ends_the_watch_on_a_paused_terminal(
    number: signal.Signals,
) -> None:
    with (
        raw_server(*answers(WORKING)) as server,
        on_terminal("watch", ID, env=environment(server.base_url)) as terminal,
    ):
        terminal.read(lambda text: "19/40" in text)
        terminal.type("\x13")  # Ctrl-S
        terminal.process.send_signal(number)
        assert terminal.process.wait() == -number


def test_sigtstp_restores_the_cursor_until_the_watch_continues() -> None:
    """No shell controls this process, so it continues at once."""
    with (
        raw_server(*answers(WORKING)) as server,
        on_terminal("watch", ID, env=environment(server.base_url)) as terminal,
    ):
        terminal.read(lambda text: "19/40" in text)
        before = len(terminal.raw)
        terminal.process.send_signal(signal.SIGTSTP)
        terminal.read(lambda _: terminal.raw.rfind(b"\x1b[?25l") > before)
        terminal.read(lambda text: "19/40" in text)
        assert b"\x1b[?25h" in terminal.raw[before:]
        assert terminal.text.count("Bulk Create Ticket") == 1


def test_long_message_is_truncated_in_the_live_view() -> None:
    working = job_object("working", total=4, progress=1, message="word " * 400)
    with (
        raw_server(*answers(working)) as server,
        on_terminal("watch", ID, env=environment(server.base_url)) as terminal,
    ):
        shown = terminal.read(lambda text: "1/4" in text and "…" in text)
    assert len(shown.splitlines()) == 4
    assert shown.endswith("…")


def test_error_restores_the_cursor_and_keeps_the_last_state() -> None:
    with (
        raw_server(*answers(WORKING), http("401 No")) as server,
        on_terminal("watch", ID, env=environment(server.base_url)) as terminal,
    ):
        shown = terminal.read()
    assert terminal.process.returncode == 4
    assert not terminal.screen.cursor.hidden
    assert "19/40" in shown
    assert "refuses the credential (401)" in shown


def test_progress_bar_without_a_total_shows_no_percentage() -> None:
    unknown = job_object("working", total=None, progress=None, message="Deleting")
    with (
        raw_server(*answers(unknown)) as server,
        on_terminal("watch", ID, env=environment(server.base_url)) as terminal,
    ):
        shown = terminal.read(lambda text: "Deleting" in text)
    assert "━━━━" in shown
    assert "%" not in shown
    assert "left" not in shown
    assert "Deleting" in shown


def test_queued_job_shows_its_status_and_zero_progress() -> None:
    with (
        raw_server(*answers(QUEUED)) as server,
        on_terminal("watch", ID, env=environment(server.base_url)) as terminal,
    ):
        shown = terminal.read(lambda text: "queued" in text)
    assert "◦ queued" in shown
    assert "0/40" in shown


def test_failed_request_is_shown_with_the_age_of_the_last_answer() -> None:
    with (
        raw_server(*answers(WORKING), http("503 No")) as server,
        on_terminal("watch", ID, env=environment(server.base_url)) as terminal,
    ):
        shown = terminal.read(lambda text: "retrying in" in text)
    joined = " ".join(shown.split())
    assert "cannot answer now (503); retrying in" in joined
    assert "last answer" in joined
    assert "19/40" in shown


def test_json_into_a_pipe_keeps_the_live_view_on_stderr() -> None:
    seen = Event()
    with (
        raw_server(*answers(WORKING), after(seen, *answers(BAD))) as server,
        on_terminal(
            "watch",
            "--json",
            ID,
            env=environment(server.base_url),
            stdout=subprocess.PIPE,
        ) as terminal,
    ):
        terminal.read(lambda text: "19/40" in text)
        seen.set()
        terminal.read()
        with terminal.stdout as pipe:
            piped = pipe.read()
    assert piped.count(b"\n") == 1
    assert b"\x1b" not in piped
    *_, bar, _, summary = terminal.text.splitlines()
    assert "✗ completed, with failures" in bar
    assert summary == "✗ 3 of 40 items failed"
    assert not terminal.screen.cursor.hidden


def test_json_on_a_terminal_is_indented() -> None:
    with (
        raw_server(*answers(WORKING, BAD)) as server,
        on_terminal(
            "watch", "--json", ID, rows=200, env=environment(server.base_url)
        ) as terminal,
    ):
        shown = terminal.read()
    assert '{\n  "id": "V3-' in shown
    assert "working" not in shown


def test_stream_on_a_terminal_prints_one_line_per_state() -> None:
    with (
        raw_server(*answers(QUEUED, WORKING, completed(SUCCESS))) as server,
        on_terminal(
            "watch", "--stream", ID, columns=500, env=environment(server.base_url)
        ) as terminal,
    ):
        shown = terminal.read()
    lines = [line for line in shown.splitlines() if line.startswith("{")]
    assert [json.loads(line)["status"] for line in lines] == [
        "queued",
        "working",
        "completed",
    ]


def test_plain_report_on_a_terminal_has_neither_signs_nor_bars() -> None:
    with (
        raw_server(*answers(BAD)) as server,
        on_terminal(
            "show", ID, "--plain", columns=40, env=environment(server.base_url)
        ) as terminal,
    ):
        shown = terminal.read()
    assert "with failures" in shown
    assert not re.search("[^\x20-\x7e\r\n]", shown)
    assert "==" not in shown


@pytest.mark.parametrize(
    ("arguments", "settings"),
    [
        (["--plain"], {}),
        ([], {"TERM": "dumb"}),
        (["--plain"], {"TERM": "dumb"}),
        ([], {"CI": "true"}),
    ],
)
def test_plain_dumb_terminal_or_ci_disables_the_live_view(
    arguments: list[str], settings: dict[str, str]
) -> None:
    with (
        raw_server(*answers(QUEUED, WORKING, BAD)) as server,
        on_terminal(
            "watch",
            ID,
            *arguments,
            columns=200,
            rows=80,
            env=environment(server.base_url, **settings),
        ) as terminal,
    ):
        shown = terminal.read()
    queued, working, title, *_ = shown.splitlines()
    assert ID in queued
    assert "queued" in queued
    assert "working" in working
    assert title.startswith("Bulk Create Ticket")
    # The cursor is not moved or hidden, and no line is drawn twice.
    assert b"\x1b[?25l" not in terminal.raw
    assert b"\x1b[1A" not in terminal.raw
    if settings.get("TERM") == "dumb":
        assert b"\x1b" not in terminal.raw


def test_no_color_removes_colors_but_keeps_the_text() -> None:
    with (
        raw_server(*answers(WORKING, BAD)) as server,
        on_terminal(
            "watch", ID, env=environment(server.base_url, NO_COLOR="1")
        ) as terminal,
    ):
        shown = terminal.read()
    assert "✗ 3 of 40 items failed" in shown
    assert not [
        parameters
        for parameters in terminal.raw.split(b"\x1b[")[1:]
        if bytes(parameters[:2]) in {b"31", b"32", b"33", b"34", b"36"}
    ]


def test_watch_on_a_terminal_sanitizes_hostile_text() -> None:
    evil = "\x1b[2J\x1b]0;owned\x07\r\x9b31m[bold]x[/bold] :boom: \u202egnp"
    bad = completed({**FAILURE, "details": evil}) | {"job_type": evil, "message": evil}
    working = job_object("working", job_type=evil, message=evil, total=4, progress=1)
    seen = Event()
    with (
        raw_server(*answers(working), after(seen, *answers(bad))) as server,
        on_terminal(
            "watch", ID, columns=160, env=environment(server.base_url)
        ) as terminal,
    ):
        terminal.read(lambda text: "1/4" in text)
        seen.set()
        shown = terminal.read()
    shown_as = r"\x1b[2J\x1b]0;owned\x07\r\x9b31m[bold]x[/bold] :boom: \u202egnp"
    assert shown.count(shown_as) == 3
    assert b"\x1b[2J" not in terminal.raw
    assert b"\x1b]0" not in terminal.raw


def test_several_jobs_show_a_live_table_then_a_report() -> None:
    with DemoServer() as server:
        ids = [start_job(server, failures=0.5) for _ in range(3)]
        env = environment(server.base_url, ZENDESK_OAUTH_TOKEN=TOKEN)
        with on_terminal("watch", *ids, rows=4, env=env) as terminal:
            terminal.read(
                lambda text: "◦ queued" in text and "and 2 more queued" in text
            )
            finish_jobs(server)
            shown = terminal.read()
    assert terminal.process.returncode == 6
    assert not terminal.screen.cursor.hidden
    # Each job has a row. A cause has the items of all jobs.
    assert [shown.count(f"2 of 4 failed  {id}") for id in ids] == [1, 1, 1]
    assert "  3  TicketCreateFailed: Description: cannot be blank" in shown
    summary = f"✗ 3 jobs at {server.base_url[7:]}: 3 with failures"
    assert f"{summary}; 6 of 12 items failed" in shown
    assert "queued" not in shown
    assert "jobs done" not in shown


def test_sigint_keeps_the_last_state_of_each_job() -> None:
    with DemoServer() as server:
        ids = [start_job(server) for _ in range(3)]
        env = environment(server.base_url, ZENDESK_OAUTH_TOKEN=TOKEN)
        with on_terminal("watch", *ids, columns=45, env=env) as terminal:
            terminal.read(lambda text: text.count("◦ queued") == 3)
            terminal.process.send_signal(signal.SIGINT)
            shown = terminal.read()
    assert terminal.process.returncode == -signal.SIGINT
    assert not terminal.screen.cursor.hidden
    # On a narrow screen each job has three lines.
    for id in ids:
        assert f"◦ queued  0/4\n  Bulk Create Ticket\n  {id}" in shown
    assert f"? 3 jobs at {server.base_url[7:]}: 3 queued" in shown
    assert "jobstat: stopped watching; 3 of 3 jobs go on" in shown


def test_json_of_several_jobs_into_a_file_leaves_a_terminal_summary(
    tmp_path: Path,
) -> None:
    with DemoServer() as server, (tmp_path / "jobs.jsonl").open("w+") as file:
        ids = [start_job(server, failures=0.5) for _ in range(3)]
        env = environment(server.base_url, ZENDESK_OAUTH_TOKEN=TOKEN)
        command = ("watch", "--json", *ids)
        with on_terminal(*command, env=env, stdout=file.fileno()) as terminal:
            terminal.read(lambda text: text.count("◦ queued") == 3)
            finish_jobs(server)
            shown = terminal.read()
        file.seek(0)
        written = file.read().splitlines()
    assert sorted(json.loads(line)["id"] for line in written) == sorted(ids)
    words = f"✗ 3 jobs at {server.base_url[7:]}: 3 with failures; 6 of 12 items failed"
    *message, elapsed = shown.split()
    assert message == words.split()
    assert re.fullmatch(r"\d:\d\d", elapsed)
    assert max(map(len, shown.splitlines())) <= 80


def test_terminal_as_standard_input_gets_a_hint_about_ctrl_d() -> None:
    with raw_server(*answers(BAD)) as server:
        env = environment(server.base_url)
        with on_terminal("watch", "-", env=env) as terminal:
            terminal.read(lambda text: "end with Ctrl-D" in text)
            os.write(terminal.master, f"{ID}\n".encode())
            os.write(terminal.master, b"\x04")
            shown = terminal.read()
    assert terminal.process.returncode == 6
    assert "✗ 3 of 40 items failed" in shown


ROW = "◦ queued  0/4    Bulk Create Ticket  {id}"


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (50, "STATUS    ITEMS  TYPE\n◦ queued  0/4    Bulk Create Ticket\n  {id}"),
        (30, "◦ queued  0/4\n  Bulk Create Ticket\n  {start}\n  {end}"),
        (80, f"STATUS    ITEMS  TYPE{' ' * 16}ID\n{ROW}"),
    ],
)
def test_list_gives_a_job_more_lines_on_a_narrower_terminal(
    columns: int, expected: str
) -> None:
    with DemoServer() as server:
        id = start_job(server)
        env = environment(server.base_url, ZENDESK_OAUTH_TOKEN=TOKEN)
        with on_terminal("list", columns=columns, env=env) as terminal:
            shown = terminal.read()
    assert shown == expected.format(id=id, start=id[:28], end=id[28:])


def test_demo_on_a_terminal_shows_progress_then_the_result() -> None:
    with on_terminal(
        "demo", "--duration", "5s", rows=60, env=environment()
    ) as terminal:
        shown = terminal.read()
    assert terminal.process.returncode == 0
    assert "◦ queued" in terminal.raw.decode()
    assert "▸ working" in terminal.raw.decode()
    assert "✗ 4 of 40 items failed" in shown
    assert not terminal.screen.cursor.hidden
