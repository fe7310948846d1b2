"""The delay between two polls of a job.

``tests/benchmarks/polling.py`` measures the effect of each constant.
"""

from __future__ import annotations

from math import sqrt

MIN_DELAY = 0.5
MAX_DELAY = 20.0
GROWTH = 0.8
"""Without an estimate, the delay is this factor times the square root of the age. A job
is less likely to end in the next second the longer it has run; for such jobs this
growth costs the fewest requests."""

NEAR_DELAY = 0.6
SHARE_OF_TIME_LEFT = 0.4
"""With an estimate, the delay is this share of the time left, or of the time since the
estimated end if the job is overdue, plus NEAR_DELAY seconds."""

TRUST = 2.0
"""The factor by which an estimate may lengthen the delay."""

JITTER = 0.1
"""The share by which a delay varies at random, so that watches do not poll in step."""


def delay_after_answer(
    age: float, time_left: float | None = None, *, rng: float = 0.5
) -> float:
    """Return the seconds from a good answer to the next poll of the same job.

    ``age`` is the seconds since the start of the watch. ``time_left`` is the seconds
    to the estimated end, negative if the job is overdue. ``rng`` is a random number
    from 0 to 1.
    """
    delay = min(max(MIN_DELAY, GROWTH * sqrt(age)), MAX_DELAY)
    if time_left is not None:
        estimated = NEAR_DELAY + SHARE_OF_TIME_LEFT * abs(time_left)
        delay = min(estimated, TRUST * delay, MAX_DELAY)
    return delay * (1 + JITTER * (2 * rng - 1))
