"""The exit codes: what a script learns from jobstat."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable


class Exit(IntEnum):
    """An exit code, and when jobstat ends with it.

    Ending by a signal is no member: the process is then really ended by that
    signal, and the shell makes 128 plus its number of it.
    """

    meaning: str

    def __new__(cls, code: int, meaning: str = "") -> Self:
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member

    OK = 0, "every job completed, no item failed"
    INTERNAL = 1, "a defect of jobstat, never anything else"
    USAGE = 2, "bad arguments, configuration, input or output"
    JOB_FAILED = 3, "a job is failed or killed"
    AUTH = 4, "no credential, 401, 403"
    NOT_FOUND = 5, "no such job, or no longer"
    ITEMS_FAILED = 6, "a job completed, at least one item failed"
    UNAVAILABLE = 7, "network, 5xx, 429 or a broken answer, after all retries"
    UNFINISHED = 8, "show: a job is still queued or working"
    TIMEOUT = 124, "--timeout ran out first"

    @property
    def severity(self) -> int:
        """Its place among the others, the most serious first, from 0."""
        return _SEVERITY.index(self)

    @property
    def slug(self) -> str:
        """The code's name as the documentation writes it: ``items-failed``."""
        return self.name.lower().replace("_", "-")


_SEVERITY = (
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
_BAD_NEWS = frozenset({Exit.JOB_FAILED, Exit.ITEMS_FAILED, Exit.UNFINISHED})


def combine(exits: Iterable[Exit], *, exit_zero: bool = False) -> Exit:
    """One exit code for several jobs: the gravest of theirs.

    ``exit_zero`` is ``--exit-zero``: what a job's own state says counts as ok,
    so that only what kept jobstat from learning the state is left.
    """
    found = (Exit.OK if exit_zero and code in _BAD_NEWS else code for code in exits)
    return min(found, key=lambda code: code.severity, default=Exit.OK)
