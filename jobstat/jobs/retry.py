"""How long failures are ridden out: what the user wants, and what was met."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jobstat.jobs.schedule import JITTER, MAX_DELAY, delay_after_failure

if TYPE_CHECKING:
    from jobstat.errors import JobstatError
    from jobstat.jobs.policy import WatchPolicy

REQUEST_TIMEOUT = 30.0
"""Seconds that one request of a watch may take, where its patience is longer."""

MIN_REQUEST_TIMEOUT = 10.0
"""Seconds that one may take where it is shorter: slow is not broken."""

SLACK = 5.0
"""Seconds by which a request may be late on a machine that is only slow."""


@dataclass(frozen=True, slots=True)
class Outage:
    """What keeps an answer away: why, and how many requests in a row it met.

    ``since`` is when the user's patience with it began, ``retry_at`` when it is
    tried again.
    """

    error: JobstatError
    failures: int
    since: float
    retry_at: float

    def held(self, until: float, policy: WatchPolicy) -> Outage:
        """The same, tried again no sooner than the rate limit allows.

        Where the patience ends before that, it is tried a last time then.
        """
        until = min(until, self.since + policy.retry_for)
        return replace(self, retry_at=max(self.retry_at, until))


def record_failure(
    before: Outage | None,
    error: JobstatError,
    policy: WatchPolicy,
    *,
    last_success_at: float | None,
    asked_at: float,
    timeout: float,
    now: float,
) -> Outage:
    """The setback after a request that failed ``now``, asked at ``asked_at``.

    ``before`` is the one that it met already, ``last_success_at`` when the last good
    answer came, ``timeout`` how many seconds the request might take.
    """
    if before is None:
        # From the last good answer on, but not through a wait that was our own
        # choice: a long interval would leave no patience at all.
        since = asked_at if last_success_at is None else last_success_at
        chosen = asked_at - since > MAX_DELAY * (1 + JITTER)
        before = Outage(error, 0, asked_at if chosen else since, now)
    # Nor through the time that it had to wait for its turn.
    waited = max(asked_at - before.retry_at, 0.0) if before.failures else 0.0
    # A request that lasted longer than it may was one of a machine that slept.
    slept = max(now - asked_at - timeout - SLACK, 0.0)
    since = before.since + waited + slept
    failures = before.failures + 1
    retry_at = now + delay_after_failure(error, failures, policy.interval)
    # A watch whose patience ends before the delay does asks a last time.
    retry_at = max(min(retry_at, since + policy.retry_for), now + policy.interval)
    return Outage(error, failures, since, retry_at)


def should_give_up(outage: Outage, policy: WatchPolicy, now: float) -> bool:
    """Whether the user's patience with it has come to an end."""
    give_up_at = outage.since + policy.retry_for
    return (
        now >= give_up_at
        or outage.failures == policy.max_attempts
        or (policy.once and outage.retry_at >= give_up_at)
    )


def request_timeout(outage: Outage | None, policy: WatchPolicy, now: float) -> float:
    """Seconds that the next request may take."""
    left = (outage.since if outage else now) + policy.retry_for - now
    if policy.once:
        # However late it is, as after a suspend, a last try has its second.
        return max(left, 1.0)
    return min(max(left, MIN_REQUEST_TIMEOUT), REQUEST_TIMEOUT)
