"""The account's rate limit, and the share of it that this process may use."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from math import inf
from typing import NamedTuple

MINUTE = 60.0  # seconds

MIN_ANNOUNCED_WAIT = 1.0
"""Seconds. The user is not told about a shorter wait for the rate limit."""

FREE_REQUESTS = 5
"""First requests of a watch. They may exceed the share while the account has requests
left. They are enough to see the end of a job that takes 2 seconds."""

_MAX_REQUEST_TIMES = 1000
"""Request times to keep: more than the largest rate limit needs."""


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

    ``share`` is from 0 to 1; None allows every request. If more than half of a
    minute's requests are used up, the share is that of twice the remaining requests
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
        # The first requests that exceed the share do not delay later ones.
        exceeds_share = now < self._within_share_at
        if not (exceeds_share and self._count <= FREE_REQUESTS):
            self._request_times.append(now)

    def update(self, rate_limit: RateLimit, now: float) -> None:
        """Use the rate limit of an answer. Keep the last one if the answer has none."""
        if rate_limit.limit is not None:
            self._rate_limit, self._updated_at = rate_limit, now

    @property
    def allowed_at(self) -> float:
        """The moment from which one more request is allowed."""
        if self._count >= FREE_REQUESTS:
            return self._within_share_at
        limit, remaining, _ = self._rate_limit
        if remaining is None:
            remaining = (limit or 0) - self._count
        return -inf if remaining > 0 else min(self._resets_at, self._within_share_at)

    @property
    def _within_share_at(self) -> float:
        """The moment from which one more request stays within the share."""
        limit, remaining, _ = self._rate_limit
        if limit is None or self._share is None:
            return -inf
        share_at = _find_next_slot(self._request_times, self._share * limit)
        if remaining is None or 2 * remaining >= limit:
            return share_at
        cautious_at = _find_next_slot(self._request_times, self._share * 2 * remaining)
        return max(share_at, min(cautious_at, self._resets_at))

    @property
    def _resets_at(self) -> float:
        """The end of the minute that the rate limit is about."""
        reset = self._rate_limit.reset
        return self._updated_at + min(MINUTE if reset is None else reset, MINUTE)


def _find_next_slot(request_times: Iterable[float], max_requests: float) -> float:
    """Return when one more request keeps to ``max_requests`` in any minute.

    This is the generic cell rate algorithm (GCRA), a token bucket without a timer: some
    of the requests may come in one burst, the rest are spaced evenly. A large burst
    would make the spaces wide for as long as the watch lasts.
    """
    if max_requests <= 0:
        return inf
    if max_requests >= 1:
        max_requests = int(max_requests)
    half = 1 + max(int(max_requests) - 1, 0) // 2
    burst = min(half, max(FREE_REQUESTS, half // 4))
    spacing = MINUTE / (max_requests + 1 - burst)
    bucket_full_at = -inf
    for time in request_times:
        bucket_full_at = max(bucket_full_at, time) + spacing
    return bucket_full_at - (burst - 1) * spacing
