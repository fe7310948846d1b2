"""The terminal's own progress indicator: which terminals have one, and its states."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from support import FAILURE, SUCCESS, completed, job
from watches import new_watch

from jobstat.errors import NotFound, Unavailable
from jobstat.jobs.parse import parse_job
from jobstat.jobs.poll import PollRequest
from jobstat.views.indicator import Indicator
from jobstat.views.terminal import Glyphs, Terminal, open_terminal

if TYPE_CHECKING:
    from jobstat.jobs.job import Job

GOOD = parse_job(completed(*[SUCCESS] * 100))
BAD = parse_job(completed(*[SUCCESS] * 99, FAILURE))
QUEUED = job("queued", total=100)
WORKING = job("working", total=100, progress=40)
DELETED = job("completed", total=None, results={"success": True})


class FakeTty(io.StringIO):
    def isatty(self) -> bool:
        return True


def has_indicator(**environ: str) -> bool:
    environ = {"TERM": "xterm-256color", **environ}
    return open_terminal(FakeTty(), environ).shows_progress


@pytest.mark.parametrize(
    "environ",
    [
        {"TERM_PROGRAM": "ghostty"},
        {"TERM_PROGRAM": "WezTerm"},
        {"TERM_PROGRAM": "iTerm.app", "TERM_FEATURES": "T3LrMSc7UUw9Ts3BFGsSyHNoSxFP"},
        {"TERM_FEATURES": "MPSc7"},
        {"WT_SESSION": "5f5ccd4c-7b2c-4f43-8f37-1a7a1ce7a0b5"},
        {"ConEmuANSI": "ON"},
        {"PTYXIS_VERSION": "48.1"},
    ],
)
def test_known_terminal_gets_progress(environ: dict[str, str]) -> None:
    assert has_indicator(**environ)
    assert not has_indicator(**environ, TMUX="/tmp/tmux-1000/default,1,0")
    assert not has_indicator(**environ, STY="1.pts-0.host")
    assert not has_indicator(**environ, ZELLIJ="0")
    assert not has_indicator(**environ | {"TERM": "dumb"})
    assert not open_terminal(io.StringIO(), {"TERM": "xterm", **environ}).shows_progress


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"TERM_PROGRAM": "Apple_Terminal"},
        # Before 3.6.6, iTerm2 shows the sequence as a notification.
        {"TERM_PROGRAM": "iTerm.app", "TERM_FEATURES": "T3LrMSc7UUw9Ts3BFGsSyHNoSxF"},
        {"TERM_FEATURES": "Pq2"},
        {"ConEmuANSI": "OFF"},
        {"PTYXIS_VERSION": "47.10"},
        {"PTYXIS_VERSION": "next"},
    ],
)
def test_other_terminal_gets_no_progress(environ: dict[str, str]) -> None:
    assert not has_indicator(**environ)


def terminal(*, shows_progress: bool = True) -> Terminal:
    return Terminal(FakeTty(), True, False, False, Glyphs.ASCII, shows_progress)


def sequence(*jobs: Job | None) -> str:
    return Indicator(new_watch(*jobs), terminal()).update(0)


@pytest.mark.parametrize(
    ("jobs", "state"),
    [
        ([None], "3;0"),
        ([QUEUED], "3;0"),
        ([job("working", total=None)], "3;0"),
        ([WORKING], "1;40"),
        ([WORKING, QUEUED], "1;20"),
        ([GOOD, WORKING, QUEUED], "1;46"),
        ([BAD, WORKING], "2;70"),
        ([job("killed", total=100), QUEUED], "2;50"),
        ([job("working", total=100, progress=40, results=[FAILURE])], "2;40"),
        ([DELETED, job("working", total=None)], "1;50"),
    ],
)
def test_indicator_shows_the_progress_and_failures(
    jobs: list[Job | None], state: str
) -> None:
    assert sequence(*jobs) == f"\x1b]9;4;{state}\x1b\\"


def test_outage_is_a_warning() -> None:
    watch = new_watch(BAD, WORKING, QUEUED)
    request = PollRequest(tuple(watch.pending), 30, 60)
    watch.record_failure(request, Unavailable("503"), 60)
    assert Indicator(watch, terminal()).update(60) == "\x1b]9;4;4;46\x1b\\"


def test_outage_of_one_of_two_jobs_is_no_warning() -> None:
    watch = new_watch(WORKING, WORKING)
    watch.jobs[0].retry.record_failure(
        Unavailable("503"), requested_at=60, timeout=30, now=60
    )
    assert Indicator(watch, terminal()).update(60) == "\x1b]9;4;1;40\x1b\\"


def test_job_that_is_too_new_to_be_found_is_no_warning() -> None:
    watch = new_watch(None)
    watch.record_failure(PollRequest(tuple(watch.jobs), 30, 1), NotFound("no job"), 1)
    assert watch.jobs[0].outage
    assert Indicator(watch, terminal()).update(1) == "\x1b]9;4;3;0\x1b\\"


def test_state_is_written_when_it_changes_and_before_ghostty_forgets_it() -> None:
    watch = new_watch(WORKING)
    indicator = Indicator(watch, terminal())
    shown = [now for now in range(25) if indicator.update(float(now))]
    assert shown == [0, 10, 20]
    watch.jobs[0].job = job("working", total=100, progress=41)
    assert indicator.update(25) == "\x1b]9;4;1;41\x1b\\"


def test_clear_removes_only_an_indicator_that_is_shown() -> None:
    indicator = Indicator(new_watch(WORKING), terminal())
    assert indicator.clear() == ""
    shown = indicator.update(0)
    assert indicator.clear() == "\x1b]9;4;0;0\x1b\\"
    indicator.cleared()
    assert indicator.clear() == ""
    assert indicator.update(1) == shown


def test_terminal_without_an_indicator_gets_nothing() -> None:
    indicator = Indicator(new_watch(WORKING), terminal(shows_progress=False))
    assert indicator.update(0) == indicator.clear() == ""
