"""Running a command to its end, whatever that is: a code, an error, a signal."""

from __future__ import annotations

import errno
import os
import resource
import signal
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, NoReturn

import click

from jobstat import critical, user
from jobstat.cli import COMMANDS, cli
from jobstat.errors import JobstatError, OutputError, SignalReceived, UsageError
from jobstat.invocation import KEY_LOG, Invocation

if TYPE_CHECKING:
    from types import FrameType

_WRITING = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF})
"""What only writing help or the version, which click does itself, runs into."""

AGAIN = 0.01
"""Seconds until a signal is delivered again whose exception Python swallowed."""

GRACE = 0.5
"""Seconds in which a second signal lets the first one finish: a program that runs
another passes Ctrl-C on to it, when the terminal has sent it already."""

_ENDING_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")


def run(arguments: list[str]) -> int:
    """The exit code of jobstat with these arguments.

    Does not return when a signal ends it, or the reader of its output has
    gone: the process is then ended by that signal, so that a shell sees it.
    """
    critical.reset()
    at_terminal = all(s is not None and s.isatty() for s in (sys.stdin, sys.stderr))
    user.notify = _tell_person if at_terminal else None
    code = number = 0
    try:
        _raise_on_signals()
        _prevent_core_dump()
        # The keys decrypt a recorded credential: they are written with --debug only.
        key_log = os.environ.pop(KEY_LOG, None)
        code = _run(Invocation(arguments, key_log))
    except BrokenPipeError:
        number = signal.SIGPIPE
    except SignalReceived as stopped:
        number = stopped.signal
    if number := _finish(number):
        _end_by(number)
    return code


def _run(invocation: Invocation) -> int:
    try:
        return _invoke(invocation)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the outermost function owns errors
        if isinstance(_first_cause(error), SignalReceived):
            raise _first_cause(error) from None
        return _explain(error, invocation)


def _finish(number: int) -> int:
    """Finish what must not be lost; gives the first signal of all, 0 for none."""
    while True:
        try:
            critical.finish(_say_waiting_for_tokens)
        except SignalReceived as stopped:
            number = number or stopped.signal
        else:
            return number


def _say_waiting_for_tokens() -> None:
    from jobstat.views.terminal import say_waiting_for_tokens

    say_waiting_for_tokens()


def _tell_person(words: str) -> None:
    from jobstat.views.terminal import standard_error

    standard_error().print_quietly(f"jobstat: {words}\n")


def _first_cause(error: BaseException) -> BaseException:
    # Python wraps what is raised while it makes a class, as at an import.
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def _invoke(invocation: Invocation) -> int:
    try:
        arguments = list(invocation.arguments)
        with cli.make_context("jobstat", arguments, obj=invocation) as context:
            code: int = cli.invoke(context)
    except click.exceptions.NoArgsIsHelpError as no_command:
        from jobstat.views.terminal import standard_output

        standard_output().print(f"{no_command.ctx.get_help()}\n")
        code = 0
    except click.exceptions.Exit as done:
        # Only help ends a command in this way: it has been written by click,
        # which says nothing of a stdout that is closed.
        code = done.exit_code
        if sys.stdout is None:
            raise OutputError("standard output is closed") from None
    try:
        if sys.stdout is not None:
            sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise OutputError(f"cannot write the output: {error.strerror}") from error
    return code


def _explain(error: Exception, invocation: Invocation) -> int:
    """Say what went wrong on stderr, and give the exit code that it has."""
    from jobstat.views.terminal import standard_error
    from jobstat.views.wording import format_traceback, problem_lines
    from jobstat.views.writing import redirect_to_devnull

    if invocation.debug:
        standard_error().print_quietly(format_traceback(error))
    match error:
        case JobstatError():
            problem = error
        case click.UsageError():
            problem = _usage_problem(error, invocation.arguments)
        case OSError() if error.errno in _WRITING:
            problem = OutputError(f"cannot write the output: {error.strerror}")
        case _:
            problem = JobstatError(
                f"a bug in jobstat: {type(error).__name__}: {error}",
                hint="Run it again with --debug, and please report what it prints.",
            )
    if isinstance(problem, OutputError):
        redirect_to_devnull(sys.stdout)
    standard_error().print_quietly(problem_lines(problem.message, problem.hint))
    return problem.exit


def _usage_problem(error: click.UsageError, arguments: list[str]) -> UsageError:
    # An option without its value is told without a context.
    command = [word for word in arguments[:1] if word in COMMANDS]
    path = error.ctx.command_path if error.ctx else " ".join(["jobstat", *command])
    if isinstance(error, click.NoSuchOption) and _is_of_a_command(error):
        first = next((word for word in arguments if word in COMMANDS), "COMMAND")
        return UsageError(
            f"no such option {error.option_name} before a command",
            hint=f"Options stand after it: jobstat {first} {error.option_name}",
        )
    said = " ".join(error.format_message().split()).removesuffix(".")
    return UsageError(said[:1].lower() + said[1:], hint=f"See {path} --help.")


def _is_of_a_command(error: click.NoSuchOption) -> bool:
    """Whether an option that stands before a command belongs behind one."""
    if error.ctx is None or error.ctx.command is not cli:
        return False
    commands = (cli.get_command(error.ctx, name) for name in COMMANDS)
    params = (param for command in commands if command for param in command.params)
    return any(error.option_name in param.opts for param in params)


def _prevent_core_dump() -> None:
    """Keep the credential from a core dump, which SIGQUIT would write.

    A limit of 0 does not keep Linux from handing the dump to a program; 1 does both.
    """
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    with suppress(ValueError, OSError):  # a hard limit of 0
        resource.setrlimit(resource.RLIMIT_CORE, (1, hard))


def _raise_on_signals() -> None:
    """Let the signals that end a process unwind it first, cursor and all.

    A signal that the parent had ignored, as nohup does, stays ignored.
    """
    for name in _ENDING_SIGNALS:
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _stop)
    if sys.unraisablehook is sys.__unraisablehook__:
        sys.unraisablehook = _deliver_again


def _deliver_again(unraisable: sys.UnraisableHookArgs) -> None:
    """Deliver a signal again if Python swallowed its exception.

    Python only prints what is raised in the callback of a weak reference. It has such
    callbacks for the locks of imports.
    """
    stopped = unraisable.exc_value
    if not isinstance(stopped, SignalReceived):
        sys.__unraisablehook__(unraisable)
        return
    number = stopped.signal
    signal.signal(signal.SIGALRM, lambda *_: _stop(number, None))
    signal.setitimer(signal.ITIMER_REAL, AGAIN)


def _stop(number: int, frame: FrameType | None) -> None:
    del frame
    until = time.monotonic() + GRACE

    again = 0

    def stop_again(number: int, frame: FrameType | None) -> None:
        nonlocal again
        del frame
        if time.monotonic() <= until:
            return
        again += 1
        if again > 1 or not critical.is_active():
            _end_by(number)

    for name in _ENDING_SIGNALS:
        other = getattr(signal, name, None)
        if other is not None and signal.getsignal(other) is _stop:
            signal.signal(other, stop_again)
    raise SignalReceived(number)


def _end_by(number: int) -> NoReturn:
    """End the process by the signal itself, so that a shell loop stops too."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    raise SystemExit(128 + number)
