"""The estimate of the time left."""

from __future__ import annotations

import pytest

from jobstat.jobs.progress import ProgressEstimate


def estimate_from(
    *points: tuple[float, int | None], total: int | None = 100
) -> ProgressEstimate:
    estimate = ProgressEstimate()
    for now, done in points:
        estimate.update(total, done, now)
    return estimate


def test_time_left_is_estimated_after_the_first_progress() -> None:
    assert estimate_from((0, None), total=None).time_left(0) is None
    assert estimate_from((0, 20)).time_left(0) is None
    assert estimate_from((0, 20), (10, 20)).time_left(10) is None
    assert estimate_from((0, 20), (10, 40)).time_left(10) == pytest.approx(30)
    assert estimate_from((0, 20), (10, 40), (25, 40)).time_left(25) == pytest.approx(15)
    assert estimate_from((0, 20), (10, 40)).time_left(50) == pytest.approx(-10)
    assert estimate_from((0, 20), (10, 40), total=None).time_left(10) is None


@pytest.mark.parametrize("not_begun", [None, -3])
def test_pace_is_estimated_from_the_first_progress_after_the_queue(
    not_begun: int | None,
) -> None:
    # The work began between 100 and 102. The estimate assumes 101.
    estimate = estimate_from((0, not_begun), (100, not_begun), (102, 10))
    assert estimate.time_left(102) == pytest.approx(9)


def test_zero_progress_marks_the_start_of_the_estimate() -> None:
    # The estimate assumes 101, so ten items took eleven seconds.
    estimate = estimate_from((0, None), (100, None), (102, 0), (112, 10))
    assert estimate.time_left(112) == pytest.approx(99)


def test_eta_needs_more_than_one_step_of_progress() -> None:
    assert estimate_from((0, None), (10, 5)).eta(10) is None
    assert estimate_from((0, 0), (10, 5), (15, 5)).eta(15) is None
    assert estimate_from((0, 0), (10, 5), (20, 10)).eta(20) == pytest.approx(180)
    assert estimate_from((0, 0), (10, 5), (20, 10)).eta(900) == 0
    assert estimate_from((0, 0), (10, 5), (20, 10), (30, 3)).eta(30) is None


def test_decreasing_progress_restarts_the_estimate() -> None:
    assert estimate_from((0, 20), (10, 40), (20, 30)).time_left(20) is None
    assert estimate_from((0, 20), (10, 40), (20, 30), (30, 40)).time_left(30) == 60
    assert estimate_from((0, 20), (10, 40), (20, None)).time_left(20) is None


def test_changed_total_updates_the_estimate() -> None:
    estimate = estimate_from((0, 0), (10, 50))
    estimate.update(200, 50, 10)
    assert estimate.time_left(10) == pytest.approx(30)


def test_rate_is_known_after_the_second_change() -> None:
    assert estimate_from((0, 0), (10, 5)).rate is None
    assert estimate_from((0, 0), (10, 5), (20, 10)).rate == pytest.approx(0.5)
    assert estimate_from((0, 0), (10, 5), (20, 10), (30, 3)).rate is None


def test_seconds_per_step_is_the_average_time_between_two_changes() -> None:
    assert estimate_from((0, 0)).seconds_per_step == 0
    estimate = estimate_from((0, 0), (10, 5), (40, 6), (100, 6))
    assert estimate.seconds_per_step == pytest.approx(20)
