"""The policy of a watch: how long and how often to poll."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf


@dataclass(frozen=True, slots=True)
class WatchPolicy:
    """The user's choices for a watch; durations are in seconds.

    ``once`` makes the watch a show: the first answer about a job ends it.
    ``interval`` is the minimum time between requests for a job. ``retry_for`` is the
    retry budget, counted from the last good answer. ``max_attempts`` limits the failed
    requests in a row. ``rate_limit_share`` is the part of the account's rate limit that
    the watch may use, from 0 to 1. None means no limit. ``fail_fast`` ends the watch
    when any job fails.
    """

    once: bool = False
    interval: float = 0.0
    timeout: float | None = None
    retry_for: float = 300.0
    max_attempts: int | None = None
    rate_limit_share: float | None = 0.1
    fail_fast: bool = False

    def deadline(self, started: float) -> float:
        """Return when the timeout ends a watch that started then."""
        return inf if self.timeout is None else started + self.timeout


SHOW = WatchPolicy(once=True, retry_for=10.0, max_attempts=3, rate_limit_share=None)
LISTING = replace(SHOW, rate_limit_share=0.5)
"""A list may have more pages than the account allows requests in a minute."""
