"""The lines of one job on a terminal of a given size."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from support import job_object

from jobstat.jobs.parse import parse_job
from jobstat.views.job_lines import job_lines
from jobstat.views.terminal import Glyphs

if TYPE_CHECKING:
    from jobstat.views.layout import StyledLine


def to_text(lines: list[StyledLine]) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in lines]


def lines(fields: dict[str, Any], width: int = 100, **options: Any) -> list[str]:
    options = {"glyphs": Glyphs.UNICODE, **options}
    return to_text(job_lines(parse_job(fields), "acme", width=width, **options))


WORKING = job_object("working", total=40, progress=10)


def test_time_stands_behind_the_bar() -> None:
    _, status = lines(WORKING, elapsed=65)
    assert status.startswith("▸ working  ━")
    assert status.endswith("10/40  25%  1:05")


@pytest.mark.parametrize(("width", "count"), [(72, 2), (71, 4)])
def test_narrow_screen_has_a_line_for_each_part(width: int, count: int) -> None:
    assert len(lines(WORKING, width, elapsed=1)) == count


def test_status_that_leaves_no_room_for_a_bar_has_several_lines() -> None:
    long_status = job_object("on hold " * 9, total=40, progress=10)
    title, status, figures, bar, *_ = lines(long_status, 80)
    assert title.startswith("Bulk Create Ticket")
    assert status.startswith("? on hold on hold")
    assert figures == "10/40  25%"
    assert re.fullmatch("━{20}─{60}", bar)


@pytest.mark.parametrize(
    ("glyphs", "done"), [(Glyphs.UNICODE, "━"), (Glyphs.ASCII, "=")]
)
def test_bar_of_unknown_progress_does_not_move(glyphs: Glyphs, done: str) -> None:
    _, status = lines(job_object("working", total=None), glyphs=glyphs)
    assert done not in status


def test_completed_job_without_a_total_has_a_full_bar() -> None:
    done = job_object("completed", total=None, results={"success": True})
    assert lines(done)[1] == f"✓ completed  {'━' * 60}"


def test_ascii_bar_tells_done_from_not_done() -> None:
    _, status = lines(WORKING, 80, glyphs=Glyphs.ASCII)
    assert re.search("> working  =+-+  10/40", status)
    assert status.count("-") // status.count("=") == 3
