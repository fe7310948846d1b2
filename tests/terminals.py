"""A program on a terminal of its own, read back as a screen."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import termios
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING

import pyte
from children import BOUND, Child, child
from forks import forked
from support import JOBSTAT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from forks import Fork


@dataclass
class Session:
    """A program on a terminal of its own."""

    process: Child | Fork
    master: int
    screen: pyte.HistoryScreen
    raw: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        # One for the whole session: a chunk may end within a character.
        self.stream = pyte.ByteStream(self.screen)

    def read(self, until: Callable[[str], object] | None = None) -> str:
        """Feed the screen until it shows so, or until the program has ended."""
        deadline = time.monotonic() + BOUND / 2
        while time.monotonic() < deadline:
            if until and until(self.text):
                return self.text
            fed = self.feed()
            if fed is None:
                break
            if not fed and self.process.poll() is not None and not until:
                return self.text
        assert not until, f"never shown; the screen: {self.text}"
        self.process.wait(timeout=BOUND)
        return self.text

    @property
    def stdout(self) -> IO[bytes]:
        """The pipe that its stdout was given in place of the terminal."""
        assert isinstance(self.process, Child)
        return self.process.stdout

    def type(self, text: str) -> None:
        """Type this on its keyboard."""
        os.write(self.master, text.encode())

    def hang_up(self) -> None:
        """Close the terminal, as its window does."""
        os.close(self.master)
        self.master = -1

    def feed(self) -> bool | None:
        """Feed the screen what there is; None when no more will come."""
        if not select.select([self.master], [], [], 0.05)[0]:
            return False
        try:
            chunk = os.read(self.master, 65536)
        except OSError:
            return None
        self.raw += chunk
        self.stream.feed(chunk)
        return bool(chunk) or None

    @property
    def text(self) -> str:
        """The scrollback and the screen, without what is blank at the end."""
        history = [
            "".join(line[column].data for column in range(self.screen.columns))
            for line in self.screen.history.top
        ]
        lines = [line.rstrip() for line in [*history, *self.screen.display]]
        return "\n".join(lines).rstrip()


@contextmanager
def on_terminal(
    *arguments: str,
    columns: int = 80,
    rows: int = 24,
    env: dict[str, str],
    program: Sequence[str] = (),
    under: Sequence[str] = (),
    before: str = "",
    prelude: str = "",
    stdout: int | None = None,
) -> Iterator[Session]:
    """Run jobstat, ``under`` another program, on a screen that shows this before.

    ``stdout`` is the terminal too, unless it is given. ``prelude`` is Python that
    runs first, where jobstat is forked: without ``program``, ``under`` and ``stdout``.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def lead() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    if program or under or stdout is not None:
        started: AbstractContextManager[Child | Fork] = child(
            [*under, *(program or JOBSTAT), *arguments],
            env=env,
            stdin=slave,
            stdout=slave if stdout is None else stdout,
            stderr=slave,
            encoding=None,
            preexec_fn=lead,  # the terminal becomes its own
        )
    else:
        streams = (os.dup(slave), os.dup(slave), os.dup(slave))
        started = forked(arguments, env, streams, prelude=prelude, on_terminal=True)
    with started as process:
        os.close(slave)
        screen = pyte.HistoryScreen(columns, rows, history=2000)
        session = Session(process, master, screen)
        session.stream.feed(before.replace("\n", "\r\n").encode())
        try:
            yield session
        finally:
            process.kill()
            process.wait()
            if session.master >= 0:
                os.close(master)
