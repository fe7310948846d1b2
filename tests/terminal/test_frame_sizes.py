"""Frames of the live view on screens of many sizes, read back from a terminal."""

from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pyte
import pytest
from support import job
from watches import SCENES, Scene, new_watch

from jobstat.errors import Unavailable
from jobstat.jobs.poll import PollRequest
from jobstat.views.live import frame_lines
from jobstat.views.terminal import Glyphs, Terminal

if TYPE_CHECKING:
    from jobstat.jobs.job import Job

COLUMNS = (20, 40, 60, 80, 200)
SIZES = [
    *((columns, 24) for columns in COLUMNS),
    (20, 10),
    (80, 10),
    (20, 60),
    (200, 60),
]
"""Each width, and the least and the most of both."""


def draw(scene: Scene, columns: int, rows: int) -> list[str]:
    """Return the lines of a screen on which a frame of the scene was drawn.

    Check that the frame fits: no line is wrapped, and none is scrolled off.
    """
    terminal = Terminal(
        stream=None,
        interactive=True,
        unattended=False,
        color=True,
        glyphs=Glyphs.UNICODE,
    )
    size = os.terminal_size((columns, rows))
    lines = frame_lines(scene.watch, "acme", scene.now, terminal, size)
    assert 1 <= len(lines) < rows
    screen = pyte.HistoryScreen(columns, rows)
    pyte.Stream(screen).feed("\r\n".join(lines))
    assert not screen.history.top
    assert screen.cursor.y == len(lines) - 1, "a line was wrapped"
    shown = [line.rstrip() for line in screen.display[: len(lines)]]
    assert all(shown)
    return shown


def squeezed(text: str) -> str:
    """Return a text without its blanks: a frame may wrap it anywhere."""
    return "".join(text.split()).replace("jobsdone", "jobs").replace("of", "/")


@pytest.mark.parametrize("name", SCENES)
@pytest.mark.parametrize(("columns", "rows"), SIZES)
def test_frame_fits_and_shows_what_matters(name: str, columns: int, rows: int) -> None:
    scene = SCENES[name]()
    shown = squeezed(" ".join(draw(scene, columns, rows)))
    texts = [*scene.texts, *(scene.more if columns >= 40 else ())]
    assert [text for text in texts if squeezed(text) not in shown] == []


@pytest.mark.parametrize("rows", [2, 3, 5])
@pytest.mark.parametrize("name", SCENES)
def test_tiny_screen_shows_the_state(name: str, rows: int) -> None:
    scene = SCENES[name]()
    shown = squeezed(" ".join(draw(scene, 40, rows)))
    assert squeezed(scene.texts[0]) in shown


@pytest.mark.parametrize("columns", [20, 80])
@pytest.mark.parametrize("name", SCENES)
def test_frame_stays_still_while_only_the_time_changes(name: str, columns: int) -> None:
    """Its lines keep their number, and those without a time their text."""
    scene = SCENES[name]()
    first = draw(scene, columns, 24)
    later = draw(replace(scene, now=scene.now + 1), columns, 24)
    assert len(first) == len(later)
    changed = [line for line, last in zip(later, first, strict=True) if line != last]
    assert len(changed) <= 4
    assert all(any(sign in line for sign in ":s━") for line in changed)


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("jobs", [1, 30])
def test_long_error_displaces_neither_the_retry_nor_the_jobs(
    jobs: int, columns: int
) -> None:
    watch = new_watch(*[job("working", total=100, progress=40)] * jobs)
    request = PollRequest(tuple(watch.jobs), 30, 60)
    error = Unavailable("cannot reach acme " * 60, retry_after=12)
    watch.record_failure(request, error, 60)
    shown = squeezed(" ".join(draw(Scene(watch, 65, ()), columns, 10)))
    assert "! cannot".replace(" ", "") in shown
    assert "retryingin7s,lastanswer1min5sago" in shown
    assert "working" in shown
    assert "40/100" in shown


HOSTILE = [
    "\x1b[2J\x1b]0;owned\x07\nSECOND LINE\r\ttab",
    "x" * 5000,
    "\N{RIGHT-TO-LEFT OVERRIDE}\u05e9\u05dc\u05d5\u05dd " * 20,
    "\u5927\u91cf\u5efa\u7acb\u5de5\u55ae\u4f5c\u696d" * 30,
    "e" + "\u0301" * 500,
    "\N{FAMILY}\u200d\N{ZERO WIDTH SPACE}" * 50,
]


@pytest.mark.parametrize("columns", COLUMNS)
@pytest.mark.parametrize("text", HOSTILE, ids=range(len(HOSTILE)))
def test_hostile_texts_displace_nothing(text: str, columns: int) -> None:
    evil = job(text, job_type=text, message=text, total=100, progress=40)
    alone = Scene(new_watch(evil), 65, ())
    assert "40/100" in " ".join(draw(alone, columns, 10))
    among_others: list[Job] = [evil, job("queued", total=100), evil]
    shown = draw(Scene(new_watch(*among_others), 65, ()), columns, 10)
    assert "0/3" in shown[0] or "0 of 3" in shown[0]
    assert any("queued" in line for line in shown)
    assert sum("40/100" in line for line in shown) == 2 or columns < 40
