"""When to ask again, and how much of the account's limit that may use."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstat.jobs.progress import ProgressEstimate
from jobstat.jobs.rate_limit import FIRST_REQUESTS, RateLimit, RateLimiter
from jobstat.jobs.schedule import (
    JITTER,
    MAX_DELAY,
    MIN_DELAY,
    NEAR_DELAY,
    delay_after_answer,
)

ages = st.floats(0, 1e6)


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


@given(st.lists(st.tuples(ages, st.one_of(st.none(), st.integers()))), st.integers())
def test_any_progress_yields_a_delay_within_the_bounds(
    points: list[tuple[float, int | None]], total: int
) -> None:
    now = 0.0
    course = ProgressEstimate()
    for later, done in points:
        now += later
        course.update(total, done, now)
        delay = delay_after_answer(now, course.time_left(now))
        assert min(MIN_DELAY, NEAR_DELAY) <= delay <= MAX_DELAY


@given(ages, st.one_of(st.none(), st.floats(-1e9, 1e9)), st.floats(0, 1))
def test_delay_with_jitter_stays_within_the_bounds(
    age: float, left: float | None, rng: float
) -> None:
    delay = delay_after_answer(age, left, rng=rng)
    assert min(NEAR_DELAY, MIN_DELAY) * (1 - JITTER) <= delay
    assert delay <= MAX_DELAY * (1 + JITTER)


@given(ages, st.floats(0, 1e6))
def test_delay_ends_soon_after_the_estimated_end(age: float, left: float) -> None:
    assert delay_after_answer(age, left) <= left + NEAR_DELAY


def test_delay_is_short_at_the_start_and_near_the_estimated_end() -> None:
    assert delay_after_answer(0) == MIN_DELAY
    assert delay_after_answer(10) < delay_after_answer(100) < MAX_DELAY
    assert delay_after_answer(3600) == MAX_DELAY
    assert delay_after_answer(3600, 1) <= 1
    assert delay_after_answer(3600, -1) <= 1
    assert delay_after_answer(3600, 3000) == MAX_DELAY
    # A pace that was seen for a moment only is not trusted far.
    assert delay_after_answer(1, 3000) < 2


def test_jitter_varies_the_delay() -> None:
    delays = {delay_after_answer(60, rng=rng) for rng in (0, 0.5, 1)}
    assert len(delays) == 3


def times(rate_limiter: RateLimiter, limits: RateLimit, seconds: float) -> list[float]:
    """When requests are made as soon as each of them is allowed."""
    rate_limiter.update(limits, 0)
    made: list[float] = []
    while (now := max(rate_limiter.free_at, made[-1] if made else 0)) < seconds:
        rate_limiter.record_request(now)
        made.append(now)
        assert len(made) < 10_000
    return made


@pytest.mark.parametrize("limit", [5, 10, 15, 20, 25, 200, 400, 700, 2500])
def test_rate_limiter_uses_at_most_a_tenth_of_the_rate_limit(limit: int) -> None:
    made = times(RateLimiter(0.1), RateLimit(limit), 600)
    most = max(1, limit // 10)
    for first in made[FIRST_REQUESTS:]:
        in_a_minute = [at for at in made if first <= at < first + 60 - 1e-6]
        assert len(in_a_minute) <= most
    # And it is used: over ten minutes no less than half of it is asked for.
    assert len(made) >= 10 * limit / 10 / 2


def test_burst_of_requests_is_allowed_then_requests_are_spaced() -> None:
    made = times(RateLimiter(0.1), RateLimit(200), 60)
    at_once = [at for at in made if at == 0]
    assert len(at_once) == 10
    spaced = [later - at for at, later in pairwise(made[9:])]
    assert spaced == pytest.approx([60 / 11] * len(spaced))


@pytest.mark.parametrize(
    ("limits", "times_at_once"),
    [
        (RateLimit(5), 5),
        (RateLimit(5, 4), FIRST_REQUESTS),
        (RateLimit(1), 1),
        (RateLimit(1, 0, 60), 0),
        (RateLimit(700, 0, 30), 0),
        (RateLimit(10, 9), FIRST_REQUESTS),
        (RateLimit(10, 1), FIRST_REQUESTS),
        (RateLimit(200, 199), 10),
    ],
)
def test_first_requests_may_exceed_the_share_while_any_remain(
    limits: RateLimit, times_at_once: int
) -> None:
    made = times(RateLimiter(0.1), limits, 0.001)
    assert len(made) == times_at_once


def test_first_requests_beyond_the_share_do_not_delay_later_ones() -> None:
    made = times(RateLimiter(0.1), RateLimit(10, 9), 300)
    assert made == [0] * FIRST_REQUESTS + [60, 120, 180, 240]


def test_unknown_rate_limit_does_not_delay_requests() -> None:
    rate_limiter = RateLimiter(0.1)
    for _ in range(100):
        rate_limiter.record_request(0)
    rate_limiter.update(RateLimit(None, 3, 4), 0)
    assert rate_limiter.free_at < 0


def test_answer_without_limits_keeps_the_known_rate_limit() -> None:
    rate_limiter = RateLimiter(0.1)
    rate_limiter.update(RateLimit(10, 9), 0)
    for _ in range(FIRST_REQUESTS):
        rate_limiter.record_request(0)
        rate_limiter.update(RateLimit(), 1)
    assert rate_limiter.free_at == 60


@pytest.mark.parametrize(("remaining", "count"), [(700, 70), (350, 70), (70, 14)])
def test_fewer_requests_are_made_when_few_remain(remaining: int, count: int) -> None:
    limits = RateLimit(700, remaining, 60)
    assert len(times(RateLimiter(0.1), limits, 59.9)) == count


@pytest.mark.parametrize(
    ("limits", "free_at"), [(RateLimit(700, 1, 20), 20), (RateLimit(10, 1, 5), 60)]
)
def test_next_request_waits_for_the_reset_and_for_the_share(
    limits: RateLimit, free_at: float
) -> None:
    rate_limiter = RateLimiter(0.1)
    rate_limiter.update(limits, 0)
    for _ in range(FIRST_REQUESTS):
        rate_limiter.record_request(0)
    assert rate_limiter.free_at == free_at


@pytest.mark.parametrize(
    ("reset", "free_at"), [(20, 20), (None, 60), (0, 0), (99999, 60)]
)
def test_exhausted_rate_limit_waits_for_the_reset_up_to_a_minute(
    reset: float | None, free_at: float
) -> None:
    rate_limiter = RateLimiter(0.1)
    rate_limiter.update(RateLimit(700, 0, reset), 1000)
    assert rate_limiter.free_at == 1000 + free_at
