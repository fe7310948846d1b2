"""Ctrl-C at each line of code that a watch with a live view executes."""

from __future__ import annotations

import json
import signal

import pytest
from raw_server import http, raw_server
from support import ID, OTHER, SUCCESS, body, completed, environment, job_object
from terminals import on_terminal

INTERRUPTING = """
import contextlib, os, signal, sys
from jobstat import clock
from jobstat.commands import _shared, watch
from jobstat.jobs import loop
from jobstat.views import live, reporter, terminal, writing

lines_left = int(os.environ["LINE"])
modules = contextlib, _shared, watch, loop, reporter, live, terminal, writing
files = {module.__file__ for module in modules}

def on_call(frame, event, argument):
    return on_line if frame.f_code.co_filename in files else None

def on_line(frame, event, argument):
    global lines_left
    lines_left -= event == "line"
    if lines_left == 0:
        sys.settrace(None)
        os.kill(os.getpid(), signal.SIGINT)
    return on_line

def run_watch_traced(*arguments, **options):
    sys.settrace(on_call)
    try:
        run_watch(*arguments, **options)
    finally:
        sys.settrace(None)

run_watch, watch.run_watch = watch.run_watch, run_watch_traced

slept, monotonic = 0.0, clock.monotonic

def sleep(seconds):
    global slept
    slept += seconds

clock.sleep, clock.monotonic = sleep, lambda: monotonic() + slept
"""
"""Send SIGINT when the line with the number LINE is executed. Waits take no time."""

WORKING = [job_object("working", id=id, total=40, progress=19) for id in (ID, OTHER)]
DONE = [completed(SUCCESS, id=id) for id in (ID, OTHER)]

ONE_JOB = [http(content=body(jobs[0])) for jobs in (WORKING, DONE)]
BOTH_JOBS = [
    http(content=json.dumps({"job_statuses": jobs}).encode())
    for jobs in (WORKING, DONE)
]
ENDINGS = {
    "one job": (["watch", ID], ONE_JOB, 0),
    "one job, as JSON": (["watch", "--json", ID], ONE_JOB, 0),
    "several jobs": (["watch", ID, OTHER], BOTH_JOBS, 0),
    "an error": (["watch", ID], [ONE_JOB[0], http("401 No")], 4),
}
"""A command, the answers of the server, and the exit code without a signal."""


EACH_LINE = pytest.param("one job", 1, marks=pytest.mark.long)
EACH_THIRD_LINE = [pytest.param(e, 3, marks=pytest.mark.long) for e in ENDINGS]


@pytest.mark.parametrize(
    ("ending", "step"),
    [*((ending, 41) for ending in ENDINGS), EACH_LINE, *EACH_THIRD_LINE[1:]],
)
def test_ctrl_c_at_any_line_leaves_the_terminal_as_it_was(
    ending: str, step: int
) -> None:
    command, answers, code = ENDINGS[ending]
    for line in range(1, 10_000, step):
        with raw_server(*answers) as server:
            env = environment(server.base_url, LINE=str(line))
            with on_terminal(*command, env=env, prelude=INTERRUPTING) as terminal:
                shown = terminal.read()
        assert not terminal.screen.cursor.hidden, line
        # The frame is erased. The report and the JSON name the job once each.
        assert shown.count("Bulk Create Ticket") <= 2, line
        assert "jobs done" not in shown, line
        if terminal.process.returncode != -signal.SIGINT:
            break
    # The last run executed fewer lines: no signal came.
    assert terminal.process.returncode == code
