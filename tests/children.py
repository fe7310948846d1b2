"""Child processes with default signals, a clean environment and a maximum runtime."""

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

TIMEOUT = 120.0
"""Seconds until a child is killed: many times the runtime of the slowest one."""

LOGGED_OUT = {
    "HOME": "/nonexistent",
    "XDG_CONFIG_HOME": "/nonexistent",
    "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
}
"""The environment of a user without a login, whose home is not writable."""

_INHERITED = ("PATH", "TMPDIR", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH")

CLEAN = {
    **{name: os.environ[name] for name in _INHERITED if name in os.environ},
    "LANG": "C.UTF-8",
    "TERM": "xterm-256color",
    **LOGGED_OUT,
}
"""The environment of each test and child, without the tester's settings."""

_SIGNALS = ("SIGINT", "SIGQUIT", "SIGTERM", "SIGHUP", "SIGTSTP", "SIGTTIN", "SIGTTOU")


def restore_default_signals() -> None:
    """Let children start with default signals, even under nohup or behind ``&``.

    Children inherit an ignored signal, but not a handled one. Give each ignored signal
    a handler that does nothing.
    """
    for name in _SIGNALS:
        number = getattr(signal, name)
        if signal.getsignal(number) is signal.SIG_IGN:
            signal.signal(number, lambda *_: None)


class Child(subprocess.Popen[Any]):
    """A running program. A stream is usable only if the test asked for it."""

    stdin: IO[Any]
    stdout: IO[Any]
    stderr: IO[Any]


@contextmanager
def kill_after(
    kill: Callable[[], None], description: object, timeout: float
) -> Iterator[None]:
    """Call ``kill`` at the end of the block, or after ``timeout`` seconds.

    Raise AssertionError with the description if the block took too long.
    """
    timed_out = threading.Event()

    def abandon() -> None:
        timed_out.set()
        kill()

    watchdog = threading.Timer(timeout, abandon)
    watchdog.daemon = True
    watchdog.start()
    try:
        yield
    finally:
        watchdog.cancel()
        kill()
        assert not timed_out.is_set(), (
            f"not ended within {timeout:.0f} s: {description}"
        )


@contextmanager
def child(
    command: Sequence[str], *, timeout: float = TIMEOUT, **options: Any
) -> Iterator[Child]:
    """Start a program, and kill its process group at the end of the block.

    Kill it after ``timeout`` seconds, too, and raise AssertionError.
    """
    options.setdefault("stdin", subprocess.DEVNULL)
    options.setdefault("encoding", "utf-8")
    with (
        Child(command, start_new_session=True, **options) as process,
        kill_after(lambda: kill_group(process.pid), command, timeout),
    ):
        yield process


def run(
    command: Sequence[str], *, typed: str | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a program with this text on standard input, and return its output.

    Stdout and stderr are captured unless the options redirect them.
    """
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
    if typed is not None:
        options["stdin"] = subprocess.PIPE
    with child(command, **options) as process:
        out, err = process.communicate(typed, timeout=2 * TIMEOUT)
    return subprocess.CompletedProcess(command, process.returncode, out, err)


def wait_until(
    condition: Callable[[], object],
    description: str = "the state",
    timeout: float = TIMEOUT,
) -> None:
    """Wait until the condition is true. Raise AssertionError if that takes too long."""
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, (
            f"{description} did not come within {timeout:.0f} s"
        )
        time.sleep(0.02)


def end_by_signals(process: Child | Fork, number: int) -> int:
    """Repeat a signal until the process ends, and return its exit code."""

    def has_ended() -> bool:
        process.send_signal(number)
        return process.poll() is not None

    wait_until(has_ended, "the end of the process")
    return process.wait()


def kill_group(leader: int) -> None:
    """Kill the processes of a group, if there are any."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(leader, signal.SIGKILL)
