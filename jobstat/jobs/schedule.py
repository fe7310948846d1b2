"""When to ask again: a function of what has been seen, not of a clock.

The figures were chosen with ``tests/benchmarks/polling.py``, which shows what
each of them buys.
"""

from __future__ import annotations

from math import sqrt
from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
