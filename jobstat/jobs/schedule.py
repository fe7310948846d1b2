"""When to ask again: a function of what has been seen, not of a clock.

The figures were chosen with ``tests/benchmarks/polling.py``, which shows what
each of them buys.
"""

from __future__ import annotations

from collections import deque
from math import inf, sqrt
from typing import TYPE_CHECKING

from jobstat.limits import UNKNOWN_LIMIT, RateLimit

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jobstat.errors import JobstatError

MIN_DELAY = 0.5
MAX_DELAY = 20.0
GROWTH = 0.8
"""While nothing tells when a job will end, the delay grows with the square root
of the age: the delay that costs least when an end is the less likely in the
next second the longer it has not come."""

NEAR_DELAY = 0.6
SHARE_OF_TIME_LEFT = 0.4
"""Where the progress foretells the end, this share of the time until then passes
between two questions, and of the time since then when it is overdue."""

TRUST = 2.0
"""How many times longer than without it a foretold end may make the delay."""

JITTER = 0.1
"""Share by which a delay varies, so that many watches do not ask in step."""

MAX_BACKOFF = 30.0
MAX_RETRY_AFTER = 3600.0

MINUTE = 60.0

MIN_ANNOUNCED_WAIT = 1.0
"""Seconds by which the rate limit delays a request before that is worth a word."""

FIRST_REQUESTS = 5
"""Requests of a watch that may exceed the share, as long as any are left. After so many
the end of a job that takes 2 s is known."""

_REQUESTS_KEPT = 1000
"""Times of requests that are remembered: more than the largest limit needs."""


def delay_after_answer(
    age: float, time_left: float | None = None, *, rng: float = 0.5
) -> float:
    """Seconds from a good answer to the next question about the same job.

    ``age`` is how many seconds the watch has lasted, ``time_left`` how many are
    left to the foretold end, less than 0 when it is overdue. ``rng`` is a
    random number from 0 to 1.
    """
    delay = min(max(MIN_DELAY, GROWTH * sqrt(age)), MAX_DELAY)
    if time_left is not None:
        foretold = NEAR_DELAY + SHARE_OF_TIME_LEFT * abs(time_left)
        delay = min(foretold, TRUST * delay, MAX_DELAY)
    return delay * (1 + JITTER * (2 * rng - 1))


def delay_after_failure(error: JobstatError, failures: int, interval: float) -> float:
    """Seconds from a failed request to the next try.

    ``failures`` counts those in a row: the delay doubles from one second on. The
    server's own Retry-After only lengthens it; a 0 there is no leave to hurry.
    """
    doubling: float = 2 ** min(failures - 1, 10)
    asked_for = min(error.retry_after or 0.0, MAX_RETRY_AFTER)
    return max(min(doubling, MAX_BACKOFF), asked_for, interval)


class RateLimiter:
    """What may be used of the account's rate limit: a share of it, None for all.

    Where others have used more than half of a minute's requests, it is the share
    of twice what remains, until that minute is over. The first requests may use all
    that remains.
    """

    def __init__(self, share: float | None) -> None:
        self._share = share
        self._asked: deque[float] = deque(maxlen=_REQUESTS_KEPT)
        self._count = 0
        self._limits = UNKNOWN_LIMIT
        self._told_at = 0.0

    def record_request(self, now: float) -> None:
        """A request is made now."""
        self._count += 1
        beyond_share = now < self._share_free_at
        if not (beyond_share and self._count <= FIRST_REQUESTS):
            self._asked.append(now)

    def update(self, limits: RateLimit, now: float) -> None:
        """An answer tells of the account's limits, or nothing of them."""
        if limits.limit is None:
            return
        self._limits, self._told_at = limits, now

    def record_error(self, error: JobstatError, now: float) -> None:
        """A refusal tells of the limits. Its Retry-After says when they are over."""
        limits = error.limits
        if error.retry_after is not None:
            limits = limits._replace(reset=error.retry_after)
        self.update(limits, now)

    @property
    def free_at(self) -> float:
        """The time from which one more request may be made."""
        limit, remaining = self._limits.limit, self._limits.remaining
        left = (limit or 0) - self._count if remaining is None else remaining
        if self._count < FIRST_REQUESTS:
            return min(-inf if left > 0 else self._over_at, self._share_free_at)
        return self._share_free_at

    @property
    def _share_free_at(self) -> float:
        """The time from which one more request keeps within the share."""
        limit, remaining = self._limits.limit, self._limits.remaining
        if limit is None or self._share is None:
            return -inf
        fair = _gcra(self._asked, self._share * limit)
        if remaining is None or 2 * remaining >= limit:
            return fair
        cautious = _gcra(self._asked, self._share * 2 * remaining)
        return max(fair, min(cautious, self._over_at))

    @property
    def _over_at(self) -> float:
        """The end of the minute for which the limits were told."""
        reset = MINUTE if self._limits.reset is None else self._limits.reset
        return self._told_at + min(reset, MINUTE)


def _gcra(times: Iterable[float], most: float) -> float:
    """When one more request keeps within ``most`` in any minute.

    Half of them may come at once, the others are spaced evenly: a token bucket,
    as it is kept by the generic cell rate algorithm.
    """
    if most <= 0:
        return inf
    if most >= 1:
        most = int(most)
    burst = 1 + max(int(most) - 1, 0) // 2
    gap = MINUTE / (most + 1 - burst)
    full_at = -inf
    for time in times:
        full_at = max(full_at, time) + gap
    return full_at - (burst - 1) * gap
