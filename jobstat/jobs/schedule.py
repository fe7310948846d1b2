"""The delay between two polls of a job.

``tests/benchmarks/polling.py`` measures the effect of each constant.
"""

from __future__ import annotations

from math import sqrt

MIN_DELAY = 0.5
"""Seconds between two polls of a job at the start of a watch."""

MAX_DELAY = 20.0
"""Seconds between two polls of a job, before jitter and ``--interval``."""

GROWTH = 0.8
"""Without an estimate, the delay is this factor times the square root of the seconds
since the watch began. A job that has been watched for long rarely ends in the next
second."""

SHARE_OF_TIME_LEFT = 0.4
"""With an estimate, the delay is this share of the time left, plus NEAR_DELAY. If the
job is overdue, it is this share of the time since the estimated end."""

NEAR_DELAY = 0.6
"""Seconds between two polls of a job at its estimated end."""

MAX_STRETCH = 2.0
"""An estimate lengthens the delay by at most this factor."""

NOT_FOUND_DELAY = 1.0
"""Seconds until a job that is not found is polled again."""

CONFIRM_DELAY = 1.0
"""Seconds until a completed job without results is polled again."""

MAX_JITTER = 0.1
"""The share by which a delay varies at random, so that watches do not poll in step."""


def delay_after_answer(
    watched_for: float, time_left: float | None = None, *, jitter: float = 0.5
) -> float:
    """Return the seconds from a good answer to the next poll of the same job.

    ``watched_for`` is the seconds since the watch began. ``time_left`` is the seconds
    to the estimated end, negative if the job is overdue. ``jitter`` is a random number
    from 0 to 1; 0.5 changes nothing.
    """
    delay = min(max(MIN_DELAY, GROWTH * sqrt(watched_for)), MAX_DELAY)
    if time_left is not None:
        estimated = NEAR_DELAY + SHARE_OF_TIME_LEFT * abs(time_left)
        delay = min(estimated, MAX_STRETCH * delay, MAX_DELAY)
    return delay * (1 + MAX_JITTER * (2 * jitter - 1))
