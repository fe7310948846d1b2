"""The share of the account's rate limit that a watch uses."""

from __future__ import annotations

from itertools import pairwise

import pytest

from jobstat.jobs.rate_limit import FREE_REQUESTS, RateLimit, RateLimiter


def request_times(rate_limit: RateLimit, seconds: float) -> list[float]:
    """Return the times of requests that are sent as soon as they are allowed."""
    rate_limiter = RateLimiter(0.1)
    rate_limiter.update(rate_limit, 0)
    times: list[float] = []
    while (now := max(rate_limiter.allowed_at, times[-1] if times else 0)) < seconds:
        rate_limiter.record_request(now)
        times.append(now)
        assert len(times) < 10_000
    return times


@pytest.mark.parametrize("limit", [5, 10, 15, 20, 25, 200, 400, 700, 2500])
def test_rate_limiter_uses_at_most_a_tenth_of_the_rate_limit(limit: int) -> None:
    times = request_times(RateLimit(limit), 600)
    max_requests = max(1, limit // 10)
    for first in times[FREE_REQUESTS:]:
        in_a_minute = [at for at in times if first <= at < first + 60 - 1e-6]
        assert len(in_a_minute) <= max_requests
    # Most of the share is used for as long as the watch lasts.
    used = 0.8 if limit >= 200 else 0.5
    assert len(times) >= 10 * used * limit / 10


def test_burst_of_requests_is_allowed_then_requests_are_spaced() -> None:
    times = request_times(RateLimit(200), 60)
    burst = [at for at in times if at == 0]
    assert len(burst) == 5
    delays = [later - at for at, later in pairwise(times[4:])]
    assert delays == pytest.approx([60 / 16] * len(delays))


@pytest.mark.parametrize(
    ("rate_limit", "burst"),
    [
        (RateLimit(5), 5),
        (RateLimit(5, 4), FREE_REQUESTS),
        (RateLimit(1), 1),
        (RateLimit(1, 0, 60), 0),
        (RateLimit(700, 0, 30), 0),
        (RateLimit(10, 9), FREE_REQUESTS),
        (RateLimit(10, 1), FREE_REQUESTS),
        (RateLimit(200, 199), FREE_REQUESTS),
        (RateLimit(700, 699), 8),
    ],
)
def test_first_requests_may_exceed_the_share_while_any_remain(
    rate_limit: RateLimit, burst: int
) -> None:
    times = request_times(rate_limit, 0.001)
    assert len(times) == burst


def test_first_requests_beyond_the_share_do_not_delay_later_ones() -> None:
    times = request_times(RateLimit(10, 9), 300)
    assert times == [0] * FREE_REQUESTS + [60, 120, 180, 240]


def test_unknown_rate_limit_does_not_delay_requests() -> None:
    rate_limiter = RateLimiter(0.1)
    for _ in range(100):
        rate_limiter.record_request(0)
    rate_limiter.update(RateLimit(None, 3, 4), 0)
    assert rate_limiter.allowed_at < 0


def test_answer_without_limits_keeps_the_known_rate_limit() -> None:
    rate_limiter = RateLimiter(0.1)
    rate_limiter.update(RateLimit(10, 9), 0)
    for _ in range(FREE_REQUESTS):
        rate_limiter.record_request(0)
        rate_limiter.update(RateLimit(), 1)
    assert rate_limiter.allowed_at == 60


@pytest.mark.parametrize(("remaining", "count"), [(700, 70), (350, 70), (70, 14)])
def test_fewer_requests_are_made_when_few_remain(remaining: int, count: int) -> None:
    rate_limit = RateLimit(700, remaining, 60)
    assert len(request_times(rate_limit, 59.9)) == count


@pytest.mark.parametrize(
    ("rate_limit", "allowed_at"),
    [(RateLimit(700, 1, 20), 20), (RateLimit(10, 1, 5), 60)],
)
def test_next_request_waits_for_the_reset_and_for_the_share(
    rate_limit: RateLimit, allowed_at: float
) -> None:
    rate_limiter = RateLimiter(0.1)
    rate_limiter.update(rate_limit, 0)
    for _ in range(FREE_REQUESTS):
        rate_limiter.record_request(0)
    assert rate_limiter.allowed_at == allowed_at


@pytest.mark.parametrize(
    ("reset", "allowed_at"), [(20, 20), (None, 60), (0, 0), (99999, 60)]
)
def test_exhausted_rate_limit_waits_for_the_reset_up_to_a_minute(
    reset: float | None, allowed_at: float
) -> None:
    rate_limiter = RateLimiter(0.1)
    rate_limiter.update(RateLimit(700, 0, reset), 1000)
    assert rate_limiter.allowed_at == 1000 + allowed_at
