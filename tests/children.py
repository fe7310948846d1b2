"""Child processes: with default signals, an environment of their own, and a bound."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from forks import Fork

BOUND = 120.0
"""Seconds after which a child is killed: many times what the slowest one takes."""

NOBODY = {
    "HOME": "/nonexistent",
    "XDG_CONFIG_HOME": "/nonexistent",
    "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
}
"""A user who is logged in to nothing, and whose home cannot be written."""

_KEPT = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

CLEAN = {
    **{name: os.environ[name] for name in _KEPT if name in os.environ},
    "LANG": "C.UTF-8",
    "TERM": "xterm-256color",
    **NOBODY,
}
"""The environment of each test and child: nothing of the tester's own."""

SIGNALS = ("SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGTSTP", "SIGTTIN", "SIGTTOU")


def restore_default_signals() -> None:
    """Let children start with default signals, also under nohup or behind ``&``.

    A signal that this process ignores would be ignored by its children. One that it
    handles is not: so it gets a handler that does nothing.
    """
    for name in SIGNALS:
        number = getattr(signal, name)
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


class Child(subprocess.Popen[Any]):
    """A program that runs. A test reads only streams that it asked for."""

    stdin: IO[Any]
    stdout: IO[Any]
    stderr: IO[Any]


@contextmanager
def bounded(kill: Callable[[], None], what: object, bound: float) -> Iterator[None]:
    """Call ``kill`` when the block is left, and after ``bound`` seconds at the latest.

    That it took so long is an AssertionError, which names ``what``.
    """
    late = threading.Event()

    def abandon() -> None:
        late.set()
        kill()

    watchdog = threading.Timer(bound, abandon)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()
        kill()
        assert not late.is_set(), f"not ended within {bound:.0f} s: {what}"


@contextmanager
def child(
    command: Sequence[str], *, bound: float = BOUND, **options: Any
) -> Iterator[Child]:
    """Start a program; kill it, and all that it started, when the block is left.

    It is killed after ``bound`` seconds too, so that nothing waits for it for ever:
    that is an AssertionError.
    """
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("encoding", "utf-8")
    with (
        Child(command, start_new_session=True, **options) as process,
        bounded(lambda: kill_group(process.pid), command, bound),
    ):
        yield process


def run(
    command: Sequence[str], *, typed: str | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a program to its end, with ``typed`` on its standard input.

    Its stdout and stderr are read, unless they are given.
    """
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    if typed is not None:
        options["stdin"] = subprocess.PIPE
    with child(command, **options) as process:
        out, err = process.communicate(typed, timeout=2 * BOUND)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def wait_until(
    holds: Callable[[], object], what: str = "it", bound: float = BOUND
) -> None:
    """Wait for a state. Raises AssertionError where it does not come."""
    deadline = time.monotonic() + bound
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not come within {bound:.0f} s"
        time.sleep(0.02)


def end_by_signals(process: Child | Fork, number: int) -> int:
    """Send a signal again and again until the process ends; gives its exit code."""

    def ended() -> bool:
        process.send_signal(number)
        return process.poll() is not None

    wait_until(ended, "the end of the process")
    return process.wait()


def kill_group(leader: int) -> None:
    """Kill a process and those of its group, if any are left."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
