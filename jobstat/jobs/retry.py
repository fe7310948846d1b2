"""Retries: when to try again after a failure, how often, and when to give up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobstat.jobs.schedule import MAX_DELAY

if TYPE_CHECKING:
    from jobstat.errors import JobstatError
    from jobstat.jobs.policy import WatchPolicy
    from jobstat.jobs.rate_limit import RateLimiter

REQUEST_TIMEOUT = 30.0
"""Maximum timeout of one request of a watch, in seconds."""

MIN_REQUEST_TIMEOUT = 10.0
"""Minimum timeout of one request of a watch, in seconds. The end of the retry budget
must not cut off a slow answer."""

LAST_TRY_TIMEOUT = 1.0
"""Minimum timeout of one request of ``jobstat show``, in seconds. Its last try may
start when the retry budget is used up, for example after a suspend."""

MAX_BACKOFF = 30.0
"""Maximum seconds of the backoff between two tries."""

MAX_RETRY_AFTER = 3600.0
"""Maximum seconds that a Retry-After may delay the next try."""

SLACK = 5.0
"""Seconds by which a wait or a request may take too long on a slow machine."""


@dataclass(frozen=True, slots=True)
class Outage:
    """A series of failed requests, and the time of the next try.

    The retry budget counts from ``since``. ``failures`` is 0 while a job is not found
    but may be too new to be found.
    """

    error: JobstatError
    failures: int
    since: float
    retry_at: float


class Retry:
    """The retries of the requests about one thing: an account, a job, or a page.

    ``outage`` is None while requests succeed. ``last_success_at`` is the time of the
    last good answer. ``deadline`` is the moment at which ``--timeout`` ends the watch.
    """

    __slots__ = ("_deadline", "_policy", "_rate_limiter", "last_success_at", "outage")

    def __init__(
        self, policy: WatchPolicy, deadline: float, rate_limiter: RateLimiter
    ) -> None:
        self.outage: Outage | None = None
        self.last_success_at: float | None = None
        self._policy = policy
        self._deadline = deadline
        self._rate_limiter = rate_limiter

    def record_success(self, now: float) -> None:
        """End the outage, if there is one."""
        self.outage, self.last_success_at = None, now

    def record_failure(
        self, error: JobstatError, *, requested_at: float, timeout: float, now: float
    ) -> Outage:
        """Start an outage or continue it, and schedule the next try.

        The request started at ``requested_at`` and had ``timeout`` seconds.
        """
        failures = self.outage.failures + 1 if self.outage else 1
        # A request takes much longer than its timeout if the machine was suspended.
        suspended_for = max(now - requested_at - timeout - SLACK, 0.0)
        since = self._budget_start(requested_at) + suspended_for
        # The last try comes when the budget ends, however long the backoff is.
        give_up_at = since + self._policy.retry_for
        delay = delay_after_failure(error, failures, self._policy.interval)
        retry_at = max(min(now + delay, give_up_at), now + self._policy.interval)
        # Do not retry before the rate limit allows it.
        retry_at = max(retry_at, min(self._rate_limiter.allowed_at, give_up_at))
        self.outage = Outage(error, failures, since, retry_at)
        return self.outage

    def _budget_start(self, requested_at: float) -> float:
        """Return the moment from which the retry budget counts."""
        if self.outage and self.outage.failures > 0:
            # The wait for a turn behind other jobs must not use up the budget.
            return self.outage.since + max(requested_at - self.outage.retry_at, 0.0)
        # An outage without failures began with a 404, which is an answer.
        last_answer_at = self.outage.since if self.outage else self.last_success_at
        if last_answer_at is None:
            return requested_at
        # A long --interval must not use up the budget either.
        waited = requested_at - last_answer_at
        return requested_at if waited > MAX_DELAY + SLACK else last_answer_at

    def should_give_up(self, now: float) -> bool:
        """Return whether the retry budget or the attempts are used up.

        Return False after the deadline, because ``--timeout`` then ends the command.
        """
        if self.outage is None or now >= self._deadline:
            return False
        give_up_at = self.outage.since + self._policy.retry_for
        return (
            now >= give_up_at
            or self.outage.failures == self._policy.max_attempts
            or (self._policy.once and self.outage.retry_at >= give_up_at)
        )

    def request_timeout(self, now: float) -> float:
        """Return the seconds that a request may take if it starts now."""
        return min(self._attempt_timeout(now), self._deadline - now)

    def _attempt_timeout(self, now: float) -> float:
        since = self.outage.since if self.outage else now
        budget_left = since + self._policy.retry_for - now
        if self._policy.once:
            return max(budget_left, LAST_TRY_TIMEOUT)
        return min(max(budget_left, MIN_REQUEST_TIMEOUT), REQUEST_TIMEOUT)


def delay_after_failure(error: JobstatError, failures: int, interval: float) -> float:
    """Return the seconds from a failed request to the next try.

    ``failures`` counts the failures in a row: the backoff doubles, starting with one
    second. A Retry-After or the minimum ``interval`` may be longer.
    """
    backoff: float = min(2 ** min(failures - 1, 10), MAX_BACKOFF)
    retry_after = min(error.retry_after or 0.0, MAX_RETRY_AFTER)
    return max(backoff, retry_after, interval)
