"""Questions to the user at the terminal."""

from __future__ import annotations

import os
import select
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from jobstat.errors import UsageError
from jobstat.views.terminal import standard_error

MAX_LINE = 2**16
"""Maximum bytes of a secret or a pasted line."""


def is_interactive() -> bool:
    """Return whether a user can see questions and answer them."""
    return all(stream and stream.isatty() for stream in (sys.stdin, sys.stderr))


def ask(question: str, default: str | None = None) -> str:
    """Ask for a line until one is entered. Raise UsageError if the input ends."""
    suffix = f" [{default}]" if default else ""
    with _input_errors():
        while True:
            # input() sometimes loses a signal.
            standard_error().print_quietly(f"{question}{suffix}: ")
            line = sys.stdin.readline()
            if not line:
                raise EOFError
            if answer := line.strip() or default:
                return answer


def choose(question: str, choices: Sequence[str]) -> int:
    """Ask for one of the choices, and return its index. The first is the default."""
    lines = [f"  {number}  {choice}\n" for number, choice in enumerate(choices, 1)]
    standard_error().print_quietly(f"{question}?\n{''.join(lines)}")
    numbers = [str(number) for number in range(1, len(choices) + 1)]
    while (answer := ask(f"1 to {len(choices)}", "1")) not in numbers:
        pass
    return int(answer) - 1


def read_secret(name: str) -> str:
    """Ask for a secret at a hidden prompt. Without a terminal, read standard input.

    ``name`` is the secret's name in messages, such as "the API token". Raise UsageError
    unless standard input is one line.
    """
    hint = f"Write {name} to standard input, or run this in a terminal."
    if sys.stdin is None:
        raise UsageError("standard input is closed", hint=hint)
    if sys.stdin.isatty():
        return _ask_secret(name[:1].upper() + name[1:])
    try:
        content = sys.stdin.buffer.read(MAX_LINE + 1)
    except OSError as error:
        reason = error.strerror or error
        raise UsageError(f"cannot read standard input: {reason}", hint=hint) from error
    lines = content.decode("utf-8", "surrogateescape").strip().splitlines()
    if len(lines) != 1 or len(content) > MAX_LINE:
        problem = "has more than one line" if len(lines) > 1 else "is empty"
        if len(lines) == 1:
            problem = f"is too long for {name}"
        raise UsageError(
            f"standard input {problem}", hint=f"Write only {name} to standard input."
        )
    return lines[0]


def _ask_secret(question: str) -> str:
    import getpass

    with _input_errors(), _ctrl_z_disabled():
        while True:
            if secret := getpass.getpass(f"{question}: ").strip():
                return secret


class LineReader:
    """Reads lines that the user types while jobstat waits for something else."""

    def __init__(self) -> None:
        self._buffer = b""

    def read_line(self, timeout: float) -> str | None:
        """Wait up to ``timeout`` seconds, and return a line if there is a whole one.

        Return an empty string at the end of input, and None without a whole line.
        """
        fd = sys.stdin.fileno()
        if not select.select([fd], [], [], timeout)[0]:
            return None
        chunk = os.read(fd, MAX_LINE)
        if not chunk:
            return ""
        self._buffer = (self._buffer + chunk)[-MAX_LINE:]
        line, newline, rest = self._buffer.partition(b"\n")
        if not newline:
            return None
        self._buffer = rest
        return line.decode("utf-8", "replace") + "\n"


@contextmanager
def _input_errors() -> Iterator[None]:
    """Turn the end of input, and input that is not text, into a UsageError."""
    try:
        yield
    except EOFError:
        standard_error().print_quietly("\n")
        raise UsageError(
            "nothing was entered",
            hint="Run the command again, and answer the question.",
        ) from None
    except UnicodeError:
        raise UsageError(
            "the typed text is not valid UTF-8",
            hint="Set the terminal to UTF-8, and run the command again.",
        ) from None


@contextmanager
def _ctrl_z_disabled() -> Iterator[None]:
    """Disable Ctrl-Z at a hidden prompt.

    After Ctrl-Z and ``fg``, some shells show the secret that is typed.
    """
    import termios

    fd = sys.stdin.fileno()
    previous = termios.tcgetattr(fd)
    changed = termios.tcgetattr(fd)
    changed[6][termios.VSUSP] = os.fpathconf(fd, "PC_VDISABLE").to_bytes()
    termios.tcsetattr(fd, termios.TCSADRAIN, changed)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, previous)
