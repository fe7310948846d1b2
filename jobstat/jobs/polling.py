"""When to ask again: a function of what has been seen, not of a clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobstat.errors import JobstatError

FIRST_DELAY = 0.5
LONGEST_DELAY = 15.0
SHARE_OF_AGE = 0.05
"""A delay this small a share of the time watched makes the end known, at the
latest, when the job has taken that share longer than it did."""

SHARE_OF_LIMIT = 0.1
"""What a watch may use of the requests a minute that the account allows."""

LONGEST_BACKOFF = 30.0
LONGEST_RETRY_AFTER = 3600.0


def delay_after_answer(
    age: float, *, interval: float, limit: int | None, jobs: int
) -> float:
    """Seconds from a good answer to the next question about the same job.

    ``age`` is how many seconds the watch has lasted, ``interval`` the least
    delay that the user wants, ``limit`` the account's requests a minute where
    an answer told it, ``jobs`` how many jobs are asked for in this rhythm.
    """
    delay = min(max(FIRST_DELAY, SHARE_OF_AGE * age), LONGEST_DELAY)
    fair = 60 * jobs / (SHARE_OF_LIMIT * limit) if limit else 0.0
    return max(delay, interval, fair)


def delay_after_failure(error: JobstatError, failures: int, interval: float) -> float:
    """Seconds from a failed request to the next try.

    ``failures`` counts those in a row: the delay doubles from one second on. The
    server's own Retry-After only lengthens it; a 0 there is no leave to hurry.
    """
    doubling: float = 2 ** min(failures - 1, 10)
    asked_for = min(error.retry_after or 0.0, LONGEST_RETRY_AFTER)
    return max(min(doubling, LONGEST_BACKOFF), asked_for, interval)
