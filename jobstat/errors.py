"""The errors of jobstat, each with a message, a hint and an exit code.

``jobstat.views.reporter`` shows the errors of single jobs, and ``jobstat.process``
shows all others.
"""

from __future__ import annotations

from typing import ClassVar, Self

from jobstat.exits import Exit


class SignalReceived(BaseException):
    """A signal asks the process to end; ``signal`` is its number."""

    def __init__(self, signal: int) -> None:
        super().__init__(signal)
        self.signal = signal


class JobstatError(Exception):
    """An error with a message, a hint and an exit code.

    A retry may help if the error is ``transient``. ``retry_after`` is the server's
    Retry-After in seconds.
    """

    exit: ClassVar[Exit] = Exit.INTERNAL
    transient: ClassVar[bool] = False

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
    """Arguments, configuration or input are invalid."""

    exit = Exit.USAGE


class OutputError(JobstatError):
    """The output cannot be written."""

    exit = Exit.USAGE

    @classmethod
    def closed(cls) -> Self:
        """Return the error for a standard output that the shell has closed."""
        return cls(
            "standard output is closed",
            hint="Send the output to a file or to /dev/null instead of closing it.",
        )

    @classmethod
    def failed_write(cls, reason: str | None) -> Self:
        """Return the error for a failed write. ``reason`` is the system's message."""
        return cls(
            f"cannot write the output: {reason}",
            hint="Check the file or disk that the output goes to, or choose another.",
        )


class AuthError(JobstatError):
    """There is no credential, or the account refuses it."""

    exit = Exit.AUTH


class Unauthorized(AuthError):
    """The account answers 401: the credential is invalid or expired."""


class NotFound(JobstatError):
    """The account has no such job, or has deleted it."""

    exit = Exit.NOT_FOUND


class Unavailable(JobstatError):
    """The account cannot answer now: a network error, a 5xx or a 429."""

    exit = Exit.UNAVAILABLE
    transient = True


class Unreachable(Unavailable):
    """The account sent no answer."""


class InvalidResponse(Unavailable):
    """The account sent an answer that is damaged or not a job status."""


class TimedOut(JobstatError):
    """The timeout ran out before there was a result to show."""

    exit = Exit.TIMEOUT
