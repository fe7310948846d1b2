"""The live view of one job: its bar, message and times."""

from __future__ import annotations

import pytest
from support import FAILURE, SUCCESS, job
from watches import answer, new_watch

from jobstat.jobs.job import Job
from jobstat.views.frame import Frame
from jobstat.views.terminal import Glyphs

WORKING = job("working", total=100, progress=40)


def lines(
    status: Job, width: int = 100, height: int = 23, glyphs: Glyphs = Glyphs.UNICODE
) -> list[str]:
    watch = new_watch(status)
    frame = Frame(watch, "acme", 65, width=width, height=height, glyphs=glyphs)
    return ["".join(text for text, _ in line) for line in frame.lines()]


def test_bar_and_times_stand_behind_the_status() -> None:
    _, status = lines(WORKING)
    assert status.startswith("▸ working  ━")
    assert status.endswith("─  40/100  40%  1:05")


def test_rate_and_time_left_stand_below_if_they_leave_no_room_for_the_bar() -> None:
    watch = new_watch(job("working", total=100, progress=0))
    for now, done in ((10.0, 42), (20.0, 84)):
        answer(watch, job("working", total=100, progress=done), now=now)

    def shown(width: int) -> list[str]:
        frame = Frame(watch, "acme", 20, width=width, height=23, glyphs=Glyphs.UNICODE)
        return ["".join(text for text, _ in line) for line in frame.lines()]

    assert shown(100)[1].endswith("84/100  84%  0:20  4.2 items/s  about 0:03 left")
    assert shown(79)[2] == "4.2 items/s  about 0:03 left"


@pytest.mark.parametrize(
    ("glyphs", "done"), [(Glyphs.UNICODE, "━"), (Glyphs.ASCII, "=")]
)
def test_bar_of_unknown_progress_moves(glyphs: Glyphs, done: str) -> None:
    _, status = lines(job("working", total=None), glyphs=glyphs)
    assert done * 5 in status


def test_short_bar_of_unknown_progress_does_not_move() -> None:
    """A stripe that fills a short bar looks like an end."""
    assert "─" * 19 in lines(job("working", total=None), width=19)


def test_failed_items_are_counted_while_the_job_works() -> None:
    partly = job("working", total=40, progress=10, results=[FAILURE, SUCCESS])
    _, status = lines(partly)
    assert status.endswith("10/40  25%  1 of 2 items failed  1:05")


def test_long_message_is_clipped() -> None:
    first, second = lines(job("working", message="word " * 100), 80)[2:]
    assert not first.endswith("…")
    assert second.endswith("…")
    assert len(second) <= 80


def test_low_screen_leaves_out_what_matters_less() -> None:
    telling = job("working", total=100, progress=40, message="Creating ticket #40")
    tall = lines(telling, 20, 23)
    assert {"acme", "Creating ticket #40", "Bulk Create Ticket"} <= set(tall)
    assert "acme" not in lines(telling, 20, len(tall) - 1)
    assert lines(telling, 20, 2) == ["▸ working", "40/100  40%  1:05"]
