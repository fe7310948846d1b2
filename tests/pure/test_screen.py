"""What is drawn for a terminal of a given size."""

from __future__ import annotations

import io
import re
from typing import Any

import pytest
from rich.console import Console
from support import FAILURE, SUCCESS, completed, job_object

from jobstat.jobs.parse import parse_job
from jobstat.views.screen import job_lines, results


def drawn(parts: Any, width: int) -> list[str]:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=True, no_color=True
    )
    with console.capture() as capture:
        for part in parts:
            console.print(part)
    plain = "".join(
        piece.partition("m")[2] if place else piece
        for place, piece in enumerate(capture.get().split("\x1b["))
    )
    return [line.rstrip() for line in plain.splitlines()]


def lines(sent: dict[str, Any], width: int = 100, **more: Any) -> list[str]:
    job = parse_job(sent)
    return drawn(job_lines(job, "acme", width=width, unicode=True, **more), width)


WORKING = job_object("working", total=40, progress=10)


def test_elapsed_and_left_times_follow_the_progress_bar() -> None:
    _, state = lines(WORKING, elapsed=65, left=130)
    assert state.startswith("▸ working  ━")
    assert state.endswith("10/40  25%  1:05  about 2:10 left")


@pytest.mark.parametrize(("width", "count"), [(72, 2), (71, 4)])
def test_narrow_screen_puts_each_part_on_a_separate_line(
    width: int, count: int
) -> None:
    shown = lines(WORKING, width, elapsed=1)
    assert len(shown) == count


def test_unknown_progress_pulses_only_in_a_live_view() -> None:
    unknown = job_object("working", total=None)

    def bar(live: bool) -> str:
        job = parse_job(unknown)
        console = Console(file=io.StringIO(), width=100, force_terminal=True)
        with console.capture() as capture:
            for part in job_lines(job, "a", width=100, unicode=True, live=live):
                console.print(part)
        return capture.get()

    # A pulse has a colour a cell; a bar has one or two.
    assert bar(live=True).count("━\x1b") > 20
    assert bar(live=False).count("━\x1b") <= 2


def test_failed_items_of_a_working_job_are_counted() -> None:
    partly = job_object("working", total=40, progress=10, results=[FAILURE, SUCCESS])
    _, state = lines(partly, live=True)
    assert state.endswith("10/40  25%  1 of 2 items failed")


def test_ascii_bar_uses_different_characters_for_done_and_left() -> None:
    job = parse_job(WORKING)
    _, state = drawn(job_lines(job, "acme", width=80, unicode=False), 80)
    assert re.search("> working  =+-+  10/40", state)
    assert state.count("-") // state.count("=") == 3


@pytest.mark.parametrize(
    ("failed", "height", "succeeded"),
    [(0, 24, 12), (1, 24, 10), (6, 24, 5), (50, 24, 5), (3, 1000, 97)],
)
def test_results_show_every_failed_item_and_count_the_hidden_rest(
    failed: int, height: int, succeeded: int
) -> None:
    job = parse_job(completed(*[FAILURE] * failed, *[SUCCESS] * (100 - failed)))
    shown = drawn(results(job, width=100, height=height, unicode=True), 100)
    assert sum(line.startswith("✗") for line in shown) == failed + bool(failed)
    assert sum("35436" in line for line in shown) == succeeded
    hidden = 100 - failed - succeeded
    assert (f"  and {hidden} more succeeded: see --json" in shown) == bool(hidden)
