"""The share of the account's rate limit that jobstat uses."""

from __future__ import annotations

from itertools import pairwise

import pytest

from jobstat.jobs.rate_limit import FIRST_REQUESTS, RateLimit, RateLimiter


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
