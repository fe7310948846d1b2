"""One run of jobstat, from its arguments to an exit code or a signal."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Iterator

import click

from jobstat import critical, user
from jobstat.cli import COMMANDS, cli
from jobstat.errors import JobstatError, OutputError, SignalReceived, UsageError
from jobstat.invocation import KEY_LOG, Invocation
from jobstat.signals import end_by_signal, prevent_core_dump, raise_on_signals

_WRITE_ERRORS = frozenset(
    {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF}
)
"""The errno of a failed write. click itself writes the help and the version."""


def run(arguments: list[str]) -> int:
    """Run jobstat, and return its exit code.

    Do not return if a signal ends the run: end the process by the same signal, so that
    a shell sees it. If the reader of a pipe is gone, the signal is SIGPIPE.
    """
    critical.reset()
    is_interactive = all(s is not None and s.isatty() for s in (sys.stdin, sys.stderr))
    user.notify = _notify if is_interactive else None
    code = 0
    ending_signal: int | None = None
    try:
        raise_on_signals()
        prevent_core_dump()
        # Recorded traffic and its TLS keys show the credential: ssl may write the keys
        # with --debug only.
        key_log = os.environ.pop(KEY_LOG, None)
        code = _run_command(Invocation(arguments, key_log))
    except BrokenPipeError:
        ending_signal = signal.SIGPIPE
    except SignalReceived as received:
        ending_signal = received.signal
    later_signal = _finish_critical_sections()
    if ending_signal := ending_signal or later_signal:
        end_by_signal(ending_signal)
    return code


def _notify(message: str) -> None:
    from jobstat.views.terminal import standard_error

    standard_error().print_quietly(f"jobstat: {message}\n")


def _finish_critical_sections() -> int | None:
    """Wait until no critical section is active.

    Return the first signal that arrives meanwhile, None if there is none.
    """
    first_signal = None
    while True:
        try:
            critical.forbid_and_wait(_say_waiting_for_tokens)
        except SignalReceived as received:
            first_signal = first_signal or received.signal
        else:
            return first_signal


def _say_waiting_for_tokens() -> None:
    from jobstat.views.terminal import say_waiting_for_tokens

    say_waiting_for_tokens()


def _run_command(invocation: Invocation) -> int:
    """Run the command. Return its exit code, or the exit code of its error.

    Raise only BrokenPipeError and SignalReceived.
    """
    try:
        return _invoke(invocation)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the outermost function owns errors
        for cause in _causes(error):
            # Python 3.11 wraps a signal's exception during the creation of a class.
            if isinstance(cause, SignalReceived):
                raise cause from None
        return _report(error, invocation)


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause = error.__cause__
    while cause is not None:
        yield cause
        cause = cause.__cause__


def _invoke(invocation: Invocation) -> int:
    """Parse the arguments, call the command, and return its exit code.

    Raise the errors of the command and of click.
    """
    try:
        arguments = list(invocation.arguments)
        with cli.make_context("jobstat", arguments, obj=invocation) as context:
            code: int = cli.invoke(context)
    except click.exceptions.NoArgsIsHelpError as no_command:
        from jobstat.views.terminal import standard_output

        standard_output().print(f"{no_command.ctx.get_help()}\n")
        code = 0
    except click.exceptions.Exit as click_exit:
        # --help and --version raise it. click ignores a closed stdout.
        code = click_exit.exit_code
        if sys.stdout is None:
            raise OutputError.closed() from None
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError.failed_write(error.strerror) from error
    return code


def _report(error: Exception, invocation: Invocation) -> int:
    """Print an error to stderr, and return its exit code."""
    from jobstat.views.terminal import standard_error
    from jobstat.views.wording import format_problem, format_traceback
    from jobstat.views.writing import redirect_to_devnull

    stderr = standard_error()
    if invocation.debug:
        stderr.print_quietly(format_traceback(error))
    problem = _to_jobstat_error(error, invocation.arguments)
    if isinstance(problem, OutputError):
        redirect_to_devnull(sys.stdout)
    stderr.print_quietly(format_problem(problem.message, problem.hint))
    return problem.exit


def _to_jobstat_error(error: Exception, arguments: list[str]) -> JobstatError:
    match error:
        case JobstatError():
            return error
        case click.UsageError():
            return _to_usage_error(error, arguments)
        case OSError() if error.errno in _WRITE_ERRORS:
            return OutputError.failed_write(error.strerror)
        case _:
            return JobstatError(
                f"a bug in jobstat: {type(error).__name__}: {error}",
                hint="Please report the output of the same command with --debug.",
            )


def _to_usage_error(error: click.UsageError, arguments: list[str]) -> UsageError:
    """Turn an error of click into one with jobstat's style and a hint."""
    if isinstance(error, click.NoSuchOption) and _is_option_of_a_command(error):
        command = next((word for word in arguments if word in COMMANDS), "COMMAND")
        return UsageError(
            f"no command before {error.option_name}",
            hint=f"Write the command first: jobstat {command} {error.option_name}",
        )
    if error.ctx:
        command_path = error.ctx.command_path
    else:  # an option lacks its value
        command_path = " ".join(
            ["jobstat", *(word for word in arguments[:1] if word in COMMANDS)]
        )
    message, hint = error.format_message(), f"See {command_path} --help."
    if isinstance(error, click.NoSuchOption) and error.possibilities:
        # click words this message differently before 8.4.
        message = f"no such option {error.option_name!r}"
        hint = f"Did you mean {' or '.join(map(repr, error.possibilities))}?"
    elif isinstance(error.__cause__, JobstatError):
        hint = error.__cause__.hint or hint
    message = " ".join(message.split()).removesuffix(".")
    return UsageError(message[:1].lower() + message[1:], hint=hint)


def _is_option_of_a_command(error: click.NoSuchOption) -> bool:
    """Return whether the option came before the command, but a command has it."""
    if error.ctx is None or error.ctx.command is not cli:
        return False
    commands = (cli.get_command(error.ctx, name) for name in COMMANDS)
    params = (param for command in commands if command for param in command.params)
    return any(error.option_name in param.opts for param in params)
