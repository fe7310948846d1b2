"""Asking the person at the terminal."""

from __future__ import annotations

import os
import select
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from jobstat.errors import UsageError
from jobstat.views.terminal import standard_error

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MAX_SECRET = 2**16
"""Bytes of a secret that are read."""


def is_interactive() -> bool:
    """Whether there is somebody to be asked."""
    return all(stream and stream.isatty() for stream in (sys.stdin, sys.stderr))


def ask(question: str, default: str | None = None) -> str:
    """A line. Raises UsageError where nobody answers, as the others do."""
    usual = f" [{default}]" if default else ""
    with _answered():
        while True:
            # Not by input: that one loses a signal now and then.
            standard_error().print_quietly(f"{question}{usual}: ")
            line = sys.stdin.readline()
            if not line:
                raise EOFError
            if typed := line.strip() or default:
                return typed


def choose(question: str, choices: Sequence[str]) -> int:
    """The place of what was chosen; the first is the one if nothing is typed."""
    lines = [f"  {number}  {choice}\n" for number, choice in enumerate(choices, 1)]
    standard_error().print_quietly(f"{question}?\n{''.join(lines)}")
    numbers = [str(place + 1) for place in range(len(choices))]
    while (typed := ask(f"1 to {len(choices)}", "1")) not in numbers:
        pass
    return int(typed) - 1


def ask_secret(question: str) -> str:
    """A line that is not shown, on the terminal that standard input is."""
    import getpass

    with _answered(), _no_suspension():
        while True:
            if typed := getpass.getpass(f"{question}: ").strip():
                return typed


def read_secret(what: str) -> str:
    """A secret: typed unseen, or what stands on standard input.

    Raises UsageError unless it is one line.
    """
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    if sys.stdin.isatty():
        return ask_secret(what[:1].upper() + what[1:])
    try:
        raw = sys.stdin.buffer.read(MAX_SECRET + 1)
    except OSError as error:
        why = error.strerror or error
        raise UsageError(f"cannot read standard input: {why}") from error
    lines = raw.decode("utf-8", "surrogateescape").strip().splitlines()
    if len(lines) != 1 or len(raw) > MAX_SECRET:
        many = "more than a line" if lines else "nothing"
        raise UsageError(f"standard input should be {what}, but holds {many}")
    return lines[0]


class LineReader:
    """Lines that are typed while something else is waited for."""

    def __init__(self) -> None:
        self._typed = b""

    def line(self, timeout: float) -> str | None:
        """One that ends within so many seconds; empty at the end of input."""
        fd = sys.stdin.fileno()
        if not select.select([fd], [], [], timeout)[0]:
            return None
        chunk = os.read(fd, MAX_SECRET)
        if not chunk:
            return ""
        self._typed = (self._typed + chunk)[-MAX_SECRET:]
        line, end, rest = self._typed.partition(b"\n")
        if not end:
            return None
        self._typed = rest
        return line.decode("utf-8", "replace") + "\n"


@contextmanager
def _answered() -> Iterator[None]:
    try:
        yield
    except EOFError:
        standard_error().print_quietly("\n")
        raise UsageError("nothing was entered") from None
    except UnicodeError:
        raise UsageError("what was entered is no text") from None


@contextmanager
def _no_suspension() -> Iterator[None]:
    """Let no key suspend this: a shell that goes on with it would have it shown."""
    import termios

    fd = sys.stdin.fileno()
    before = termios.tcgetattr(fd)
    during = termios.tcgetattr(fd)
    during[6][termios.VSUSP] = os.fpathconf(fd, "PC_VDISABLE").to_bytes()
    termios.tcsetattr(fd, termios.TCSADRAIN, during)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)
