"""Run a program on its own terminal, and read the screen back."""

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
from children import TIMEOUT, Child, child
from forks import forked
from support import JOBSTAT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from forks import Fork

JOB_CONTROL = """
import os, signal, subprocess, sys
signal.signal(signal.SIGTTOU, signal.SIG_IGN)
child = subprocess.Popen(sys.argv[1:], process_group=0)
os.tcsetpgrp(0, child.pid)
while True:
    _, status = os.waitpid(child.pid, os.WUNTRACED)
    if not os.WIFSTOPPED(status):
        break
    os.tcsetpgrp(0, os.getpgrp())
    print("stopped", flush=True)
    word = sys.stdin.readline().strip()
    if word == "fg":
        os.tcsetpgrp(0, child.pid)
    os.kill(child.pid, signal.SIGCONT)
    print("continued", flush=True)
    if word == "bg":
        sys.stdin.readline()
        os.tcsetpgrp(0, child.pid)
"""
"""A shell that can only stop a job, and continue it with fg or bg."""


@dataclass
class Session:
    """A program on its own terminal."""

    process: Child | Fork
    master: int
    screen: pyte.HistoryScreen
    raw: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        # One stream for all chunks: a chunk may end within a character.
        self.stream = pyte.ByteStream(self.screen)

    def read(self, until: Callable[[str], object] | None = None) -> str:
        """Feed the screen until ``until`` is true of its text, or the program ends."""
        deadline = time.monotonic() + TIMEOUT / 2
        while time.monotonic() < deadline:
            if until and until(self.text):
                return self.text
            has_output = self.feed()
            if has_output is None:
                break
            if not has_output and self.process.poll() is not None and not until:
                return self.text
        assert not until, f"the expected text never appeared; the screen: {self.text}"
        self.process.wait(timeout=TIMEOUT)
        return self.text

    @property
    def stdout(self) -> IO[bytes]:
        """The pipe that replaces the terminal as stdout."""
        assert isinstance(self.process, Child)
        return self.process.stdout

    def type(self, text: str) -> None:
        """Type text on the keyboard."""
        os.write(self.master, text.encode())

    def hang_up(self) -> None:
        """Close the terminal, as closing its window does."""
        os.close(self.master)
        self.master = -1

    def feed(self) -> bool | None:
        """Feed the screen a chunk. Return whether there was one, or None at the end."""
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
        """The scrollback and the screen, without blanks at the end."""
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
    """Run jobstat on a screen that first shows ``before``.

    ``under`` is a program that runs jobstat. ``stdout`` replaces the terminal as its
    stdout. ``prelude`` is Python code that runs first. It needs a fork: no ``program``,
    ``under`` or ``stdout``.
    """
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def take_terminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    if program or under or stdout is not None:
        running: AbstractContextManager[Child | Fork] = child(
            [*under, *(program or JOBSTAT), *arguments],
            env=env,
            stdin=slave,
            stdout=slave if stdout is None else stdout,
            stderr=slave,
            encoding=None,
            preexec_fn=take_terminal,
        )
    else:
        streams = (os.dup(slave), os.dup(slave), os.dup(slave))
        running = forked(arguments, env, streams, prelude=prelude, on_terminal=True)
    with running as process:
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
