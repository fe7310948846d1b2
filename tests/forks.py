"""Runs of jobstat that are forked from a process that has imported it already.

Each is a process of its own, with its own streams, environment and exit code, at a
fifth of the cost. It does not show what jobstat imports, and when: tests of that
start Python anew.
"""

from __future__ import annotations

import atexit
import fcntl
import gc
import json
import os
import select
import socket
import subprocess
import sys
import termios
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

from children import BOUND, CLEAN, bounded, kill_group

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_COMMANDS = ("show", "watch", "list", "auth_login", "auth_logout", "auth_status")
_PRELOADED = (
    *(f"jobstat.commands.{name}" for name in _COMMANDS),
    *("jobstat.process", "jobstat.jobs.input", "jobstat.views.live"),
    *(
        "jobstat.views.report",
        "jobstat.zendesk.auth.zcli",
        "jobstat.zendesk.auth.refreshing",
    ),
    # What these import only when they use it.
    *("certifi", "encodings.idna", "h11", "httpcore", "keyring.errors"),
    *("oauthlib.oauth2", "rich.console", "rich.padding", "rich.progress_bar"),
    *("rich.table", "rich.text"),
)


class Fork:
    """A run of jobstat, with the part of Popen's interface that tests need."""

    def __init__(self, waiter: int) -> None:
        self._waiter = os.fdopen(waiter)
        self.pid = int(self._waiter.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """The exit code, None while it runs."""
        if self.returncode is None and select.select([self._waiter], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float = BOUND) -> int:
        """The exit code, once it has ended."""
        if self.returncode is None:
            ended = select.select([self._waiter], [], [], timeout)[0]
            assert ended, f"not ended within {timeout:.0f} s"
            self.returncode = int(self._waiter.readline())
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        if self.poll() is None:
            kill_group(self.pid)

    def close(self) -> None:
        """Wait for its end, and let go of the pipe that tells of it."""
        self.wait()
        self._waiter.close()


@contextmanager
def forked(
    arguments: Sequence[str],
    env: dict[str, str],
    streams: Sequence[int],
    *,
    prelude: str = "",
    on_terminal: bool = False,
) -> Iterator[Fork]:
    """Run jobstat on these streams until the block is left, or ``BOUND`` is over.

    The streams are closed here. ``prelude`` is Python that runs first. The standard
    input becomes the controlling terminal where it is one.
    """
    from_waiter, told = os.pipe()
    run = {
        "arguments": arguments,
        "env": env,
        "prelude": prelude,
        "on_terminal": on_terminal,
    }
    _server().start(json.dumps(run).encode(), [*streams, told])
    for fd in {*streams, told}:
        os.close(fd)
    fork = Fork(from_waiter)
    try:
        with bounded(lambda: kill_group(fork.pid), arguments, BOUND):
            yield fork
    finally:
        fork.close()


def run_forked(
    *arguments: str, env: dict[str, str], typed: str | None = None, prelude: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run jobstat to its end, with ``typed`` on its standard input."""
    stdin, to_stdin = os.pipe()
    (from_stdout, stdout), (from_stderr, stderr) = os.pipe(), os.pipe()
    streams = (stdin, stdout, stderr)
    with (
        forked(arguments, env, streams, prelude=prelude) as fork,
        ThreadPoolExecutor(3) as pool,
    ):
        pool.submit(_write, to_stdin, typed or "")
        out, err = pool.submit(_read, from_stdout), pool.submit(_read, from_stderr)
        texts = (out.result(), err.result())
        return subprocess.CompletedProcess(arguments, fork.wait(), *texts)


def _read(fd: int) -> str:
    with os.fdopen(fd, encoding="utf-8") as stream:
        return stream.read()


def _write(fd: int, text: str) -> None:
    with suppress(BrokenPipeError), os.fdopen(fd, "w", encoding="utf-8") as stream:
        stream.write(text)


class _Server:
    """The process that forks, as the tests see it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection, theirs = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(theirs.fileno())],
            env=CLEAN,
            pass_fds=[theirs.fileno()],
            # Python looks at its streams once, at its start: pipes, as in the children.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        theirs.close()
        atexit.register(self._end)

    def start(self, request: bytes, fds: list[int]) -> None:
        with self._lock:
            head = len(request).to_bytes(4)
            socket.send_fds(self._connection, [head], fds)
            self._connection.sendall(request)

    def _end(self) -> None:
        self._connection.close()
        self._process.communicate()


@cache
def _server() -> _Server:
    return _Server()


def serve(connection: socket.socket) -> None:
    """Fork for each run, until the tests close the connection."""
    for name in _PRELOADED:
        import_module(name)
    gc.freeze()  # the children share the memory of what is loaded
    while True:
        head, fds, _, _ = socket.recv_fds(connection, 4, 4)
        content = connection.recv(int.from_bytes(head), socket.MSG_WAITALL)
        if not content:
            return
        if os.fork() == 0:
            connection.close()
            _wait_for_child(json.loads(content), fds)
        for fd in fds:
            os.close(fd)
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass


def _wait_for_child(run: dict[str, Any], fds: list[int]) -> None:
    """Fork the run itself; tell its process id, then its exit code."""
    *streams, told = fds
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.close(told)
        _become(run, streams)
    for fd in streams:
        os.close(fd)
    os.write(told, f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    os.write(told, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(run: dict[str, Any], streams: list[int]) -> None:
    """Be jobstat: this ends the process."""
    for number, fd in enumerate(streams):
        os.dup2(fd, number)
        os.close(fd)
    if run["on_terminal"]:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    # As Python does at its start.
    sys.stdin, sys.stdout = (
        open(0, closefd=False),  # noqa: SIM115 - a stream
        open(1, "w", closefd=False),  # noqa: SIM115 - a stream
    )
    os.environ.clear()
    os.environ.update(run["env"])
    sys.argv = ["jobstat", *run["arguments"]]
    exec(run["prelude"], {})
    from jobstat.__main__ import main

    code: Any = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    # To take down all that is loaded would take longer than the run.
    os._exit(code)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
