"""The account's rate limit, and the share of it that jobstat may use."""

from __future__ import annotations

from collections import deque
from math import inf
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

MINUTE = 60.0

MIN_ANNOUNCED_WAIT = 1.0
"""Seconds of a wait for the rate limit that are worth telling the user about."""

FIRST_REQUESTS = 5
"""Requests of a watch that may exceed the share, while the account has any left. They
are enough to see the end of a job that takes 2 seconds."""

_MAX_REQUEST_TIMES = 1000
"""Times of requests that are kept: more than the largest limit needs."""


class RateLimit(NamedTuple):
    """The rate limit in the headers of one answer. None means unknown.

    The account allows ``limit`` requests a minute. ``remaining`` of them are left
    until the minute ends, ``reset`` seconds after the answer.
    """

    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None


class RateLimiter:
    """The requests of this process, held to a share of the account's rate limit.

    ``share`` is from 0 to 1; None allows every request. If other clients used more
    than half of a minute's requests, the share is taken of twice the remaining ones
    until the minute ends. The first requests may use all that remain.
    """

    def __init__(self, share: float | None = None) -> None:
        self._share = share
        self._request_times: deque[float] = deque(maxlen=_MAX_REQUEST_TIMES)
        self._count = 0
        self._rate_limit = RateLimit()
        self._updated_at = 0.0

    def record_request(self, now: float) -> None:
        """Count a request that starts now."""
        self._count += 1
        exceeds_share = now < self._share_free_at
        if not (exceeds_share and self._count <= FIRST_REQUESTS):
            self._request_times.append(now)

    def update(self, rate_limit: RateLimit, now: float) -> None:
        """Use the rate limit of an answer. Keep the last one if the answer has none."""
        if rate_limit.limit is not None:
            self._rate_limit, self._updated_at = rate_limit, now

    @property
    def free_at(self) -> float:
        """The moment from which one more request is allowed."""
        limit, remaining, _ = self._rate_limit
        left = (limit or 0) - self._count if remaining is None else remaining
        if self._count < FIRST_REQUESTS:
            return min(-inf if left > 0 else self._resets_at, self._share_free_at)
        return self._share_free_at

    @property
    def _share_free_at(self) -> float:
        """The moment from which one more request stays within the share."""
        limit, remaining, _ = self._rate_limit
        if limit is None or self._share is None:
            return -inf
        free_at = _gcra(self._request_times, self._share * limit)
        if remaining is None or 2 * remaining >= limit:
            return free_at
        cautious = _gcra(self._request_times, self._share * 2 * remaining)
        return max(free_at, min(cautious, self._resets_at))

    @property
    def _resets_at(self) -> float:
        """The end of the minute that the rate limit is about."""
        reset = self._rate_limit.reset
        return self._updated_at + min(MINUTE if reset is None else reset, MINUTE)


def _gcra(request_times: Iterable[float], max_requests: float) -> float:
    """Return when one more request keeps to ``max_requests`` in any minute.

    This is the generic cell rate algorithm, a token bucket without a timer: half of
    the requests may come in one burst, the others are spaced evenly.
    """
    if max_requests <= 0:
        return inf
    if max_requests >= 1:
        max_requests = int(max_requests)
    burst = 1 + max(int(max_requests) - 1, 0) // 2
    spacing = MINUTE / (max_requests + 1 - burst)
    bucket_full_at = -inf
    for time in request_times:
        bucket_full_at = max(bucket_full_at, time) + spacing
    return bucket_full_at - (burst - 1) * spacing
