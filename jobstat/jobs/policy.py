"""The policy of a watch: how long and how often to poll."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf


@dataclass(frozen=True, slots=True)
class WatchPolicy:
    """The user's choices for a watch; durations are in seconds.

    ``once`` is for ``jobstat show``: a job is polled until its first answer.
    ``interval`` is the minimum time between requests for a job. ``timeout`` is for the
    whole watch. ``retry_for`` is the retry budget, counted from the last good answer.
    ``max_attempts`` limits the failed requests in a row. ``rate_limit_share`` is the
    part of the account's rate limit that the watch may use, from 0 to 1. ``fail_fast``
    ends the watch when any job fails. None means no timeout, no limit of the attempts,
    or no limit of the requests.
    """

    once: bool = False
    interval: float = 0.0
    timeout: float | None = None
    retry_for: float = 300.0
    max_attempts: int | None = None
    rate_limit_share: float | None = 0.1
    fail_fast: bool = False

    def deadline(self, started: float) -> float:
        """Return the moment at which the timeout ends a watch."""
        return inf if self.timeout is None else started + self.timeout


SHOW = WatchPolicy(once=True, retry_for=10.0, max_attempts=3, rate_limit_share=None)
"""The policy of ``jobstat show``."""

LISTING = replace(SHOW, rate_limit_share=0.5)
"""The policy of ``jobstat list``. The list may have more pages than the account allows
requests in a minute."""
