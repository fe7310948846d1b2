"""The streams that jobstat writes to, and which kinds of output each can show.

Only this module and ``environment`` read TERM, CI, NO_COLOR, the locale and the size of
a terminal.
"""

from __future__ import annotations

import errno
import os
import signal
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto
from io import TextIOWrapper
from typing import TextIO

from jobstat import clock
from jobstat.errors import OutputError, SignalReceived
from jobstat.views.environment import (
    has_color,
    has_progress_indicator,
    runs_workflow_commands,
)
from jobstat.views.sanitize import disarm_commands, sanitize_lines
from jobstat.views.writing import redirect_to_devnull, write_all

DEFAULT_SIZE = os.terminal_size((80, 24))
"""Columns and rows when a terminal does not know its size, as over a serial line."""

_SGR = {
    "bold": 1,
    "dim": 2,
    "red": 31,
    "green": 32,
    "yellow": 33,
    "blue": 34,
    "cyan": 36,
}
"""The number of each style in a terminal's escape sequence."""


class Glyphs(Enum):
    """The signs and bars of a view: in Unicode, in ASCII, or words alone."""

    UNICODE = auto()
    ASCII = auto()
    NONE = auto()


@dataclass(frozen=True, slots=True)
class Terminal:
    """A stream, and which kinds of output it can show.

    ``interactive`` is true for a terminal on which lines can be redrawn.
    ``unattended`` is true in CI, whose log may look like a terminal. ``shows_progress``
    is true if the terminal has an indicator of its own for the progress of a program.
    ``runs_commands`` is true if GitHub Actions reads the output. ``stream`` is None if
    it was closed when the process started.
    """

    stream: TextIO | None
    interactive: bool
    unattended: bool
    color: bool
    glyphs: Glyphs
    shows_progress: bool = False
    runs_commands: bool = False

    @property
    def live(self) -> bool:
        """Whether a view that is redrawn in place makes sense here."""
        return self.interactive and not self.unattended

    def stamp(self, line: str) -> str:
        """Return a line of progress. In CI, it begins with the date and time."""
        return f"{clock.timestamp()}  {line}" if self.unattended else line

    @property
    def has_bell(self) -> bool:
        """Whether a person may hear a bell here. A dumb terminal has one too."""
        is_terminal = self.stream is not None and self.stream.isatty()
        return is_terminal and not self.unattended

    @property
    def size(self) -> os.terminal_size:
        """The terminal's own columns and rows.

        LINES and COLUMNS are ignored: they often describe another window, or an
        earlier size.
        """
        try:
            size = os.get_terminal_size(self.stream.fileno() if self.stream else -1)
        except (OSError, ValueError):
            size = os.terminal_size((0, 0))
        return size if all(size) else DEFAULT_SIZE

    @property
    def is_file(self) -> bool:
        """Whether the stream is a file or /dev/null, and so reaches no screen."""
        try:
            mode = os.fstat(self.stream.fileno() if self.stream else -1).st_mode
        except (OSError, ValueError):
            return False
        device = stat.S_ISCHR(mode) and self.stream and not self.stream.isatty()
        return stat.S_ISREG(mode) or bool(device)

    @property
    def is_screen(self) -> bool:
        """Whether a person sees the stream: a terminal, even one without control."""
        return self.stream is not None and self.stream.isatty()

    @property
    def in_foreground(self) -> bool:
        """Whether no shell has put this process into the background."""
        try:
            fd = self.stream.fileno() if self.stream else -1
            return os.tcgetpgrp(fd) == os.getpgrp()
        except (OSError, ValueError):
            return True  # without job control

    def use_utf8(self) -> None:
        """Write UTF-8 from now on, in any locale."""
        if isinstance(self.stream, TextIOWrapper):
            self.stream.reconfigure(encoding="utf-8", errors="backslashreplace")

    def write(self, text: str) -> None:
        """Write text as it is, with its colors and control sequences. For views only.

        The caller sanitizes text from outside. Only workflow commands are disarmed.
        Raise OutputError if the text cannot be written, BrokenPipeError if the reader
        of a pipe is gone, and SignalReceived(SIGHUP) if the terminal was closed.
        """
        self.write_exactly(self._disarmed(text))

    def write_exactly(self, text: str) -> None:
        """Write data for another program, unchanged. Raise as ``write`` does."""
        if self.stream is None:
            raise OutputError.closed()
        try:
            write_all(self.stream, text)
        except BrokenPipeError:
            raise
        except OSError as error:
            if error.errno == errno.EIO and self._is_hung_up():
                # The signal may come later, or only to the shell.
                raise SignalReceived(signal.SIGHUP) from error
            raise OutputError.failed_write(error.strerror) from error

    def write_quietly(self, text: str) -> None:
        """Write text that is not data. Drop it if it cannot be written."""
        self._write_or_drop(self._disarmed(text))

    def run_command(self, command: str) -> None:
        """Write a workflow command if GitHub Actions runs it. Its texts are escaped."""
        if self.runs_commands:
            self._write_or_drop(f"{command}\n")

    def _disarmed(self, text: str) -> str:
        """Return the text without workflow commands. No CI reads a file."""
        if self.runs_commands and not self.is_file:
            return disarm_commands(text)
        return text

    def _write_or_drop(self, text: str) -> None:
        if self.stream is not None:
            try:
                write_all(self.stream, text)
            except (OSError, OutputError):
                redirect_to_devnull(self.stream)

    def _is_hung_up(self) -> bool:
        """Return whether the terminal was closed, unless SIGHUP is ignored."""
        if self.stream is None or signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
            return False
        return stat.S_ISCHR(os.fstat(self.stream.fileno()).st_mode)

    def print(self, lines: str) -> None:
        """Sanitize and write lines of plain text. Raise as ``write`` does."""
        self.write(sanitize_lines(lines))

    def print_quietly(self, lines: str) -> None:
        """Sanitize and write lines that are not data. Drop them if that fails."""
        self.write_quietly(sanitize_lines(lines))

    def paragraph(self, text: str) -> None:
        """Print a paragraph, wrapped between words on a terminal."""
        self.print(self.wrapped(text))

    def wrapped(self, text: str, indent: str = "") -> str:
        """Wrap a paragraph between words on a terminal. Elsewhere it is one line."""
        if not self.interactive:
            return f"{indent}{text}\n"
        import textwrap

        filled = textwrap.fill(
            text,
            self.size.columns,
            initial_indent=indent,
            subsequent_indent=indent,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return filled + "\n"

    def paint(self, text: str, style: str) -> str:
        """Return the text in a style such as ``bold red``, if the stream has color."""
        if not (self.color and style):
            return text
        codes = ";".join(str(_SGR[word]) for word in style.split())
        return f"\x1b[{codes}m{text}\x1b[0m"


def open_terminal(
    stream: TextIO | None,
    environ: Mapping[str, str],
    color: str = "auto",
    *,
    plain: bool = False,
) -> Terminal:
    """Return the Terminal of a stream: whether it has color, glyphs and a user.

    ``color`` is auto, always or never. With ``plain``, there are words alone.
    """
    if isinstance(stream, TextIOWrapper) and stream.errors != "backslashreplace":
        # Line buffering sends each line whole: no signal comes in between.
        stream.reconfigure(errors="backslashreplace", line_buffering=True)
    interactive = (
        stream is not None
        and stream.isatty()
        and environ.get("TERM", "") not in {"", "dumb"}
    )
    return Terminal(
        stream=stream,
        interactive=interactive,
        unattended=bool(environ.get("CI")),
        color=has_color(color, environ, interactive=interactive),
        glyphs=Glyphs.NONE if plain else _choose_glyphs(stream, environ),
        shows_progress=interactive and has_progress_indicator(environ),
        runs_commands=runs_workflow_commands(environ),
    )


def standard_output(color: str = "auto") -> Terminal:
    """Return stdout, which gets the data."""
    return open_terminal(sys.stdout, os.environ, color)


def standard_error(color: str = "auto") -> Terminal:
    """Return stderr, which gets everything else."""
    return open_terminal(sys.stderr, os.environ, color)


def say_waiting_for_tokens() -> None:
    """Tell the user why the process does not end yet."""
    standard_error().print_quietly(
        "jobstat: waiting up to a minute for new tokens;"
        " without them, the login is lost\n"
    )


def _choose_glyphs(stream: TextIO | None, environ: Mapping[str, str]) -> Glyphs:
    encoding = getattr(stream, "encoding", None) or ""
    has_unicode = encoding.lower().startswith("utf") and not _is_c_locale(environ)
    return Glyphs.UNICODE if has_unicode else Glyphs.ASCII


def _is_c_locale(environ: Mapping[str, str]) -> bool:
    """Return whether the locale for characters is C or POSIX. Without one, it is C."""
    ctype = environ.get("LC_CTYPE")
    if ctype in {"C.UTF-8", "C.utf8"}:
        # Python sets this itself when it finds the C locale (PEP 538).
        ctype = None
    locale = environ.get("LC_ALL") or ctype or environ.get("LANG") or "C"
    return locale in {"C", "POSIX"}
