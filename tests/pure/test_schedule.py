"""The delay between two polls of a job."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from jobstat.jobs.progress import ProgressEstimate
from jobstat.jobs.schedule import (
    MAX_DELAY,
    MAX_JITTER,
    MIN_DELAY,
    NEAR_DELAY,
    delay_after_answer,
)

ages = st.floats(0, 1e6)


@given(st.lists(st.tuples(ages, st.one_of(st.none(), st.integers()))), st.integers())
def test_any_progress_yields_a_delay_within_the_bounds(
    points: list[tuple[float, int | None]], total: int
) -> None:
    now = 0.0
    estimate = ProgressEstimate()
    for seconds, done in points:
        now += seconds
        estimate.update(total, done, now)
        delay = delay_after_answer(now, estimate.time_left(now))
        assert min(MIN_DELAY, NEAR_DELAY) <= delay <= MAX_DELAY


@given(ages, st.one_of(st.none(), st.floats(-1e9, 1e9)), st.floats(0, 1))
def test_delay_with_jitter_stays_within_the_bounds(
    watched_for: float, left: float | None, jitter: float
) -> None:
    delay = delay_after_answer(watched_for, left, jitter=jitter)
    assert min(NEAR_DELAY, MIN_DELAY) * (1 - MAX_JITTER) <= delay
    assert delay <= MAX_DELAY * (1 + MAX_JITTER)


@given(ages, st.floats(0, 1e6))
def test_delay_ends_soon_after_the_estimated_end(
    watched_for: float, left: float
) -> None:
    assert delay_after_answer(watched_for, left) <= left + NEAR_DELAY


def test_delay_is_short_at_the_start_and_near_the_estimated_end() -> None:
    assert delay_after_answer(0) == MIN_DELAY
    assert delay_after_answer(10) < delay_after_answer(100) < MAX_DELAY
    assert delay_after_answer(3600) == MAX_DELAY
    assert delay_after_answer(3600, 1) <= 1
    assert delay_after_answer(3600, -1) <= 1
    assert delay_after_answer(3600, 3000) == MAX_DELAY
    # A pace seen for one second is not trusted for long.
    assert delay_after_answer(1, 3000) < 2


def test_jitter_varies_the_delay() -> None:
    delays = {delay_after_answer(60, jitter=jitter) for jitter in (0, 0.5, 1)}
    assert len(delays) == 3
