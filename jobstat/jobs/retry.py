"""How long failures are ridden out: what the user wants, and what was met."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from jobstat.jobs.schedule import JITTER, LONGEST_DELAY, delay_after_failure

if TYPE_CHECKING:
    from jobstat.errors import JobstatError

REQUEST_PATIENCE = 30.0
"""Seconds that one request of a watch may take, where its patience is longer."""

LEAST_PATIENCE = 10.0
"""Seconds that one may take where it is shorter: slow is not broken."""

SLACK = 5.0
"""Seconds by which a request may be late on a machine that is only slow."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the user wants of a watch; all durations in seconds.

    ``once`` makes it a show: the first answer ends it, unfinished or not.
    ``tries`` bounds the requests that may fail in a row, None for no bound.
    ``share`` is what part of the account's requests a minute may be used, None
    for as many as it lets.
    ``fail_fast`` ends it with the first job that ends in anything but success.
    """

    once: bool = False
    interval: float = 0.0
    timeout: float | None = None
    retry_for: float = 300.0
    tries: int | None = None
    share: float | None = 0.1
    fail_fast: bool = False


SHOW = Policy(once=True, retry_for=10.0, tries=3, share=None)
LISTING = replace(SHOW, share=0.5)
"""A list may have more pages than the account has requests in a minute."""


@dataclass(frozen=True, slots=True)
class Setback:
    """What keeps an answer away: why, and how many requests in a row it met.

    ``since`` is when the user's patience with it began, ``again_at`` when it is
    tried again.
    """

    error: JobstatError
    failures: int
    since: float
    again_at: float

    def held(self, until: float, policy: Policy) -> Setback:
        """The same, tried again no sooner than the rate limit allows.

        Where the patience ends before that, it is tried a last time then.
        """
        until = min(until, self.since + policy.retry_for)
        return replace(self, again_at=max(self.again_at, until))


def set_back(
    before: Setback | None,
    error: JobstatError,
    policy: Policy,
    *,
    fresh_at: float | None,
    asked_at: float,
    within: float,
    now: float,
) -> Setback:
    """The setback after a request that failed ``now``, asked at ``asked_at``.

    ``before`` is the one that it met already, ``fresh_at`` when the last good
    answer came, ``within`` how many seconds the request might take.
    """
    if before is None:
        # From the last good answer on, but not through a wait that was our own
        # choice: a long interval would leave no patience at all.
        since = asked_at if fresh_at is None else fresh_at
        chosen = asked_at - since > LONGEST_DELAY * (1 + JITTER)
        before = Setback(error, 0, asked_at if chosen else since, now)
    # Nor through the time that it had to wait for its turn.
    waited = max(asked_at - before.again_at, 0.0) if before.failures else 0.0
    # A request that lasted longer than it may was one of a machine that slept.
    slept = max(now - asked_at - within - SLACK, 0.0)
    since = before.since + waited + slept
    failures = before.failures + 1
    again_at = now + delay_after_failure(error, failures, policy.interval)
    # A watch whose patience ends before the delay does asks a last time.
    again_at = max(min(again_at, since + policy.retry_for), now + policy.interval)
    return Setback(error, failures, since, again_at)


def is_hopeless(setback: Setback, policy: Policy, now: float) -> bool:
    """Whether the user's patience with it has come to an end."""
    give_up_at = setback.since + policy.retry_for
    return (
        now >= give_up_at
        or setback.failures == policy.tries
        or (policy.once and setback.again_at >= give_up_at)
    )


def patience_with(setback: Setback | None, policy: Policy, now: float) -> float:
    """Seconds that the next request may take."""
    left = (setback.since if setback else now) + policy.retry_for - now
    if policy.once:
        # However late it is, as after a suspend, a last try has its second.
        return max(left, 1.0)
    return min(max(left, LEAST_PATIENCE), REQUEST_PATIENCE)
