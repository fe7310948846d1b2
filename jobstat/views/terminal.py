"""The streams that jobstat reads and writes, and what each of them can show.

Nothing else asks for isatty, NO_COLOR, the encoding or the width.
"""

from __future__ import annotations

import errno
import os
import select
import signal
import stat
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import TextIOWrapper
from math import inf
from typing import TYPE_CHECKING, TextIO

from jobstat import clock
from jobstat.errors import OutputError, SignalReceived, TimedOut, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console


ENDING_SIGNALS = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT}

ROOM = select.PIPE_BUF
"""Bytes for which a pipe has room when it says that it can be written to."""

TOO_LITTLE_ROOM = 0.01
"""Seconds until a write is tried again for which a terminal had too little room."""

STALLED = 1.0
"""Seconds without a reader after which a write is given up, if it is to be."""

_give_up_at = inf

USUAL_SIZE = os.terminal_size((80, 24))
"""Columns and lines where a terminal does not tell, as over a serial line."""


@dataclass(frozen=True, slots=True)
class Terminal:
    """A stream: ``interactive`` is a terminal on which lines can be redrawn.

    ``unattended`` is what the environment says of who reads: a CI log.
    ``stream`` is None when the process was started with it closed.
    """

    stream: TextIO | None
    interactive: bool
    unattended: bool
    color: bool
    unicode: bool

    @property
    def live(self) -> bool:
        """Whether a view that is redrawn in place makes sense here."""
        return self.interactive and not self.unattended

    @property
    def size(self) -> os.terminal_size:
        """The terminal's own columns and lines.

        LINES and COLUMNS of the environment are ignored: they are often those of
        another window, or of an earlier size.
        """
        try:
            size = os.get_terminal_size(self.stream.fileno() if self.stream else -1)
        except (OSError, ValueError):
            size = os.terminal_size((0, 0))
        return size if all(size) else USUAL_SIZE

    @property
    def is_file(self) -> bool:
        """Whether the stream is a file or /dev/null, so that it reaches no screen."""
        try:
            mode = os.fstat(self.stream.fileno() if self.stream else -1).st_mode
        except (OSError, ValueError):
            return False
        device = stat.S_ISCHR(mode) and self.stream and not self.stream.isatty()
        return stat.S_ISREG(mode) or bool(device)

    @property
    def in_foreground(self) -> bool:
        """Whether no shell has put this process into the background."""
        try:
            fd = self.stream.fileno() if self.stream else -1
            return os.tcgetpgrp(fd) == os.getpgrp()
        except (OSError, ValueError):
            return True  # it is nobody's: there is no job control

    def write(self, text: str) -> None:
        """Write text as it is, colours and all, and flush. For views alone.

        Text from outside must be sanitized before. Raises OutputError where the text
        cannot be written, or has no reader by the moment of ``limit_writes``. A reader
        that has gone is no error but the end: BrokenPipeError; Stopped by SIGHUP where
        a terminal has been closed.
        """
        try:
            self._send(text)
        except BrokenPipeError:
            raise
        except OSError as error:
            if error.errno == errno.EIO and self._hung_up():
                # Its own signal may come later, or only to the shell.
                raise SignalReceived(signal.SIGHUP) from error
            raise OutputError(f"cannot write the output: {error.strerror}") from error

    def write_quietly(self, text: str) -> None:
        """The same for what is no data: where it cannot be written, it is left out."""
        try:
            self._send(text)
        except (OSError, OutputError):
            redirect_to_devnull(self.stream)

    def _send(self, text: str) -> None:
        if self.stream is None:
            raise OutputError("standard output is closed")
        self.stream.flush()
        try:
            fd = self.stream.fileno()
        except (OSError, ValueError):  # a test's own stream
            self.stream.write(text)
            self.stream.flush()
        else:
            content = text.encode(self.stream.encoding, "backslashreplace")
            is_terminal = self.stream.isatty()
            with _without_blocking(fd, is_terminal=is_terminal) as own:
                _write_all(own, content, interruptible=is_terminal)

    def _hung_up(self) -> bool:
        """Whether what cannot be written to is a terminal, whose end is not ignored."""
        if self.stream is None or signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
            return False
        return stat.S_ISCHR(os.fstat(self.stream.fileno()).st_mode)

    def print(self, lines: str) -> None:
        """Write lines of plain text, sanitized. Raises what ``write`` raises."""
        self.write(_sanitized(lines))

    def print_quietly(self, lines: str) -> None:
        """The same for what is no data: where it cannot be written, it is left out."""
        self.write_quietly(_sanitized(lines))

    def paragraph(self, text: str) -> None:
        """Print a paragraph, wrapped between words on a terminal."""
        self.print(self.wrapped(text))

    def wrapped(self, text: str, indent: str = "") -> str:
        """A paragraph, wrapped between words on a terminal; a line elsewhere."""
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
        """The text in a colour, bold or dim, where there are any."""
        if not self.color:
            return text
        import click

        if style in {"bold", "dim"}:
            return click.style(text, bold=style == "bold", dim=style == "dim")
        return click.style(text, fg=style)

    def console(self) -> Console:
        """A rich console of this terminal's size, which interprets no markup."""
        from rich.console import Console

        width, height = self.size
        return Console(
            file=self.stream,
            width=width,
            height=height,
            force_terminal=True,
            color_system="auto" if self.color else None,
            no_color=not self.color,
            markup=False,
            emoji=False,
            highlight=False,
        )


def limit_writes(deadline: float) -> None:
    """Give up writes that have no reader from this moment on.

    ``deadline`` is in seconds of ``jobstat.clock``.
    """
    global _give_up_at  # noqa: PLW0603 - the streams are those of the process
    _give_up_at = deadline


@contextmanager
def _without_blocking(fd: int, *, is_terminal: bool) -> Iterator[int]:
    """A descriptor of the same stream; of a terminal one whose writes do not block.

    A terminal may have room for less than it is given. The flag O_NONBLOCK would be
    shared with the shell, if the terminal were not opened anew.
    """
    own = None
    if is_terminal:
        with suppress(OSError):  # the terminal of another user, as after su
            own = os.open(os.ttyname(fd), os.O_WRONLY | os.O_NOCTTY | os.O_NONBLOCK)
    try:
        yield fd if own is None else own
    finally:
        if own is not None:
            os.close(own)


def _write_all(fd: int, content: bytes, *, interruptible: bool) -> None:
    """Write it all, in parts that fit whenever there is room.

    Signals come through only while nobody reads: a line of data is not cut in two.
    ``interruptible`` lets them through all the time: a terminal's room is not known.
    """
    left, stalled_at = memoryview(content), inf
    ending = set() if interruptible else ENDING_SIGNALS
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ending)
    try:
        while left:
            if not select.select([], [fd], [], 0)[1]:
                signal.pthread_sigmask(signal.SIG_SETMASK, before)
                _wait_for_reader(fd)
                signal.pthread_sigmask(signal.SIG_BLOCK, ending)
            try:
                left = left[os.write(fd, left[:ROOM]) :]
                stalled_at = inf
            except BlockingIOError:  # room for less than the end of a line takes
                stalled_at = min(stalled_at, clock.monotonic())
                clock.sleep(min(_patience(stalled_at), TOO_LITTLE_ROOM))
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _wait_for_reader(fd: int) -> None:
    stalled_at = clock.monotonic()
    while not select.select([], [fd], [], min(_patience(stalled_at), 60))[1]:
        pass


def _patience(stalled_at: float) -> float:
    """Seconds until a write is given up. Raises OutputError when there are none."""
    seconds = max(_give_up_at, stalled_at + STALLED) - clock.monotonic()
    if seconds <= 0:
        raise OutputError("cannot write the output: nobody reads it")
    return seconds


def _sanitized(lines: str) -> str:
    from jobstat.views.wording import sanitize

    return "\n".join(map(sanitize, lines.split("\n")))


def redirect_to_devnull(stream: TextIO | None) -> None:
    """Let what is still to be written to a broken stream go nowhere.

    The interpreter would try it again at its end, and fail with a code of its
    own.
    """
    if stream is not None:
        with suppress(OSError, ValueError):
            os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def open_terminal(
    stream: TextIO | None, environ: Mapping[str, str], color: str = "auto"
) -> Terminal:
    """What the stream can show; ``color`` is auto, always or never."""
    if isinstance(stream, TextIOWrapper) and stream.errors != "backslashreplace":
        # With a line it is sent: no signal comes between.
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
        color=_wants_color(color, environ, interactive=interactive),
        unicode=(getattr(stream, "encoding", None) or "").lower().startswith("utf")
        and not _is_c_locale(environ),
    )


def standard_output() -> Terminal:
    """Where data goes."""
    return open_terminal(sys.stdout, os.environ)


def standard_error() -> Terminal:
    """Where everything goes that is not data."""
    return open_terminal(sys.stderr, os.environ)


def tell_of_held_work() -> None:
    """Say why the process does not end yet."""
    standard_error().print_quietly(
        "jobstat: waiting up to 30 s for new tokens; without them, the login is lost\n"
    )


def read_input(largest: int, timeout: float | None = None) -> bytes:
    """All of standard input, ``largest`` bytes at most, in ``timeout`` seconds.

    Somebody at a terminal is told that it is waited for. Raises UsageError
    where it cannot be read, is closed, or larger; TimedOut.
    """
    if sys.stdin is None:
        raise UsageError("standard input is closed")
    if sys.stdin.isatty():
        standard_error().print_quietly(
            "jobstat: reading jobs from the keyboard; end with Ctrl-D\n"
        )
    try:
        content = _read_within(sys.stdin.fileno(), largest + 1, timeout)
    except OSError as error:
        why = error.strerror or error
        raise UsageError(f"cannot read standard input: {why}") from error
    if len(content) > largest:
        raise UsageError(f"standard input is larger than {largest // 2**20} MiB")
    return content


def _read_within(fd: int, largest: int, timeout: float | None) -> bytes:
    """Read a file descriptor to its end, also a non-blocking one. Raises TimedOut."""
    deadline = None if timeout is None else clock.monotonic() + timeout
    content = bytearray()
    while len(content) < largest:
        left = None if deadline is None else max(deadline - clock.monotonic(), 0)
        ready, _, _ = select.select([fd], [], [], left)
        if not ready:
            raise TimedOut("the time-out ran out before the end of standard input")
        try:
            chunk = os.read(fd, largest - len(content))
        except BlockingIOError:
            continue  # another process was quicker
        if not chunk:
            break
        content += chunk
    return bytes(content)


def _is_c_locale(environ: Mapping[str, str]) -> bool:
    """Whether the locale of characters is C or POSIX, as it is where none is set."""
    category = environ.get("LC_CTYPE")
    if category in {"C.UTF-8", "C.utf8"}:
        # Python sets this itself where it finds the C locale (PEP 538).
        category = None
    locale = environ.get("LC_ALL") or category or environ.get("LANG") or "C"
    return locale in {"C", "POSIX"}


def _wants_color(choice: str, environ: Mapping[str, str], *, interactive: bool) -> bool:
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(
        environ.get(name, "0") not in {"", "0"}
        for name in ("FORCE_COLOR", "CLICOLOR_FORCE")
    ):
        return True
    return interactive
