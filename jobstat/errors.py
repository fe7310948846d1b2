"""What can go wrong, in words for people and a code for scripts.

An error is raised where it is known, with its sentence, and is shown in one
place (``jobstat.process``), but for those of single jobs (``views.display``).
"""

from __future__ import annotations

from typing import ClassVar

from jobstat.exits import Exit
from jobstat.limits import UNKNOWN_LIMIT, RateLimit


class SignalReceived(BaseException):
    """A signal asks jobstat to end; ``signal`` is its number."""

    def __init__(self, signal: int) -> None:
        super().__init__(signal)
        self.signal = signal


class JobstatError(Exception):
    """One sentence on what happened, and where it helps a hint what to do.

    ``transient`` is whether asking again may help. ``retry_after`` is how many
    seconds the server wants to be left alone first, when it says so; ``limits`` is
    what its answer told of the rate limit.
    """

    exit: ClassVar[Exit] = Exit.INTERNAL
    transient: ClassVar[bool] = False
    limits: RateLimit = UNKNOWN_LIMIT

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.retry_after = retry_after


class UsageError(JobstatError):
    """Arguments, configuration or input that cannot be used as they are."""

    exit = Exit.USAGE


class OutputError(JobstatError):
    """What jobstat has to say cannot be written where it should go."""

    exit = Exit.USAGE


class AuthError(JobstatError):
    """No credential, or one that the account refuses."""

    exit = Exit.AUTH


class Unauthorized(AuthError):
    """A credential that the account does not take, or no longer: 401."""


class NotFound(JobstatError):
    """The account knows no such job, or no longer."""

    exit = Exit.NOT_FOUND


class Unavailable(JobstatError):
    """The account cannot be asked now: network, 5xx, 429."""

    exit = Exit.UNAVAILABLE
    transient = True


class Unreachable(Unavailable):
    """The account gave no answer at all."""


class InvalidResponse(Unavailable):
    """An answer came, but not one that tells a job's state."""


class TimedOut(JobstatError):
    """``--timeout`` ran out before anything was known that could be told."""

    exit = Exit.TIMEOUT
