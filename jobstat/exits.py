"""The exit codes: the result of a command, for scripts."""

from __future__ import annotations

from collections.abc import Iterable
from enum import IntEnum
from typing import Self


class Exit(IntEnum):
    """An exit code, and when jobstat exits with it.

    Signals have no member: the signal itself ends the process, and the shell
    reports 128 plus the signal's number.
    """

    meaning: str

    def __new__(cls, code: int, meaning: str = "") -> Self:
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    OK = 0, "every job completed, no item failed"
    INTERNAL = 1, "a bug in jobstat"
    USAGE = 2, "bad arguments, configuration, input or output"
    JOB_FAILED = 3, "a job is failed or killed"
    AUTH = 4, "no credential, 401, 403"
    NOT_FOUND = 5, "no such job, or no longer"
    ITEMS_FAILED = 6, "a job completed, at least one item failed"
    UNAVAILABLE = 7, "network, 5xx, 429 or a broken answer, after all retries"
    # A watch gives this code to jobs that it stops watching before they end. A more
    # serious code, or a signal, then ends jobstat.
    UNFINISHED = 8, "show: a job is still queued or working"
    TIMEOUT = 124, "--timeout ran out first"

    @property
    def rank(self) -> int:
        """The place in the order of seriousness: 0 for the most serious code."""
        return _MOST_SERIOUS_FIRST.index(self)

    @property
    def slug(self) -> str:
        """The name in the documentation, such as ``items-failed``."""
        return self.name.lower().replace("_", "-")


_MOST_SERIOUS_FIRST = (
    Exit.INTERNAL,
    Exit.USAGE,
    Exit.AUTH,
    Exit.JOB_FAILED,
    Exit.ITEMS_FAILED,
    Exit.NOT_FOUND,
    Exit.UNAVAILABLE,
    Exit.TIMEOUT,
    Exit.UNFINISHED,
    Exit.OK,
)

_FORGIVEN = frozenset({Exit.JOB_FAILED, Exit.ITEMS_FAILED, Exit.UNFINISHED})
"""The codes that ``--exit-zero`` turns into 0."""


def combine(exits: Iterable[Exit], *, exit_zero: bool = False) -> Exit:
    """Return the most serious of the jobs' exit codes, 0 if there are no jobs.

    With ``exit_zero``, failed and unfinished jobs count as 0.
    """
    counted = (Exit.OK if exit_zero and code in _FORGIVEN else code for code in exits)
    return min(counted, key=lambda code: code.rank, default=Exit.OK)
