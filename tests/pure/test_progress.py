"""The estimate of the time left."""

from __future__ import annotations

import pytest

from jobstat.jobs.progress import ProgressEstimate


def seen(
    *points: tuple[float, int | None], total: int | None = 100
) -> ProgressEstimate:
    course = ProgressEstimate()
    for now, done in points:
        course.update(total, done, now)
    return course


def test_time_left_is_estimated_after_the_first_progress() -> None:
    assert seen((0, None), total=None).time_left(0) is None
    assert seen((0, 20)).time_left(0) is None
    assert seen((0, 20), (10, 20)).time_left(10) is None
    assert seen((0, 20), (10, 40)).time_left(10) == pytest.approx(30)
    assert seen((0, 20), (10, 40), (25, 40)).time_left(25) == pytest.approx(15)
    assert seen((0, 20), (10, 40)).time_left(50) == pytest.approx(-10)
    assert seen((0, 20), (10, 40), total=None).time_left(10) is None


@pytest.mark.parametrize("idle", [None, -3])
def test_pace_is_estimated_from_the_first_progress_after_the_queue(
    idle: int | None,
) -> None:
    # It began between 100 and 102, at 101 for all that is known.
    course = seen((0, idle), (100, idle), (102, 10))
    assert course.time_left(102) == pytest.approx(9)


def test_zero_progress_marks_the_start_of_the_estimate() -> None:
    # It began at 101, and the ten took eleven seconds.
    course = seen((0, None), (100, None), (102, 0), (112, 10))
    assert course.time_left(112) == pytest.approx(99)


def test_eta_needs_more_than_one_step_of_progress() -> None:
    assert seen((0, None), (10, 5)).eta(10) is None
    assert seen((0, 0), (10, 5), (15, 5)).eta(15) is None
    assert seen((0, 0), (10, 5), (20, 10)).eta(20) == pytest.approx(180)
    assert seen((0, 0), (10, 5), (20, 10)).eta(900) == 0
    assert seen((0, 0), (10, 5), (20, 10), (30, 3)).eta(30) is None


def test_decreasing_progress_restarts_the_estimate() -> None:
    assert seen((0, 20), (10, 40), (20, 30)).time_left(20) is None
    assert seen((0, 20), (10, 40), (20, 30), (30, 40)).time_left(30) == 60
    assert seen((0, 20), (10, 40), (20, None)).time_left(20) is None


def test_changed_total_updates_the_estimate() -> None:
    course = seen((0, 0), (10, 50))
    course.update(200, 50, 10)
    assert course.time_left(10) == pytest.approx(30)
