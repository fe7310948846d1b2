"""The delay between two polls of a job.

``tests/benchmarks/polling.py`` measures the effect of each constant.
"""

from __future__ import annotations

MIN_DELAY = 3.0
"""Seconds between two polls of a job at the start of a watch. A shorter first delay
costs a job of ten items a fifth more requests, and gains 0.1 s."""

SHARE_OF_TIME = 0.005
"""After ten minutes, the delay is this share of the time since the watch began."""

MAX_DELAY = 20.0
"""Maximum seconds between two polls of a job without ``--interval``. A longer delay
saves little: three requests a minute are 1.5 % of the Team plan's limit."""

FAR = 15
"""An estimated end is far if it is more than this many delays away. With 10, one more
job in a hundred is noticed late. With 20, jobs of 100 items save no requests."""

FAR_FACTOR = 2
"""While the end is far, the delay is this many times longer. This saves a fifth of the
requests of jobs of 1 s to 2 h. In return, a job that ends long before its estimate is
noticed up to one delay later."""

END_MARGIN = 0.2
"""Seconds from an estimated end to the next poll. With less, more of these polls come
too early. More only adds to the delay of every job."""

NOT_FOUND_DELAY = 1.0
"""Seconds until a job that is not found is polled again."""

CONFIRM_DELAY = 1.0
"""Seconds until a completed job without results is polled again."""


def max_delay(watched_for: float) -> float:
    """Return the most seconds from a good answer to the next poll of the same job.

    ``watched_for`` is the seconds since the watch began: the least that the job has
    existed, in the queue or working.
    """
    return min(max(MIN_DELAY, SHARE_OF_TIME * watched_for), MAX_DELAY)


def delay_after_answer(watched_for: float, time_left: float | None = None) -> float:
    """Return the seconds from a good answer to the next poll of the same job.

    ``time_left`` is the seconds to the estimated end. It is negative if the job is
    overdue, None without an estimate. An estimate shortens the delay, so that the poll
    comes right after the end. It lengthens the delay only if the end is far away.
    """
    delay = max_delay(watched_for)
    if time_left is None or time_left < 0:
        return delay
    if time_left > FAR * delay:
        return min(FAR_FACTOR * delay, MAX_DELAY)
    return min(delay, time_left + END_MARGIN)
