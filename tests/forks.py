"""Runs of jobstat that are forked from a process that has imported it.

Each run is a process with its own streams, environment and exit code, at a fifth of
the cost of a new Python. Tests of imports need a new Python.
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

from children import CLEAN, TIMEOUT, kill_after, kill_group

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PRELOADED = (
    "jobstat.process",
    "jobstat.commands._job_list",
    "jobstat.commands.auth_login",
    "jobstat.commands.auth_logout",
    "jobstat.commands.auth_status",
    "jobstat.commands.list",
    "jobstat.commands.show",
    "jobstat.commands.watch",
    "jobstat.jobs.input",
    "jobstat.views.live",
    "jobstat.views.report",
    "jobstat.zendesk.auth.refreshing",
    "jobstat.zendesk.auth.zcli",
    # Imported late by the modules above.
    "certifi",
    "encodings.idna",
    "h11",
    "httpcore",
    "keyring.errors",
    "oauthlib.oauth2",
    "rich.console",
    "rich.cells",
    "rich.progress_bar",
    "rich.table",
    "rich.text",
)


class Fork:
    """A run of jobstat, with the parts of Popen's interface that tests need."""

    def __init__(self, status_fd: int) -> None:
        self._status_pipe = os.fdopen(status_fd)
        self.pid = int(self._status_pipe.readline())
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return the exit code, None while the process runs."""
        if self.returncode is None and select.select([self._status_pipe], [], [], 0)[0]:
            self.wait()
        return self.returncode

    def wait(self, timeout: float = TIMEOUT) -> int:
        """Wait for the end of the process, and return its exit code."""
        if self.returncode is None:
            ended = select.select([self._status_pipe], [], [], timeout)[0]
            assert ended, f"not ended within {timeout:.0f} s"
            self.returncode = int(self._status_pipe.readline())
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        if self.poll() is None:
            kill_group(self.pid)

    def close(self) -> None:
        """Wait for the end of the process, and close its status pipe."""
        self.wait()
        self._status_pipe.close()


@contextmanager
def forked(
    arguments: Sequence[str],
    env: dict[str, str],
    streams: Sequence[int],
    *,
    prelude: str = "",
    on_terminal: bool = False,
) -> Iterator[Fork]:
    """Run jobstat on these streams until the end of the block, or ``TIMEOUT`` seconds.

    Close the streams here. ``prelude`` is Python code that runs first. With
    ``on_terminal``, standard input becomes the controlling terminal.
    """
    status_pipe, status_fd = os.pipe()
    run = {
        "arguments": arguments,
        "env": env,
        "prelude": prelude,
        "on_terminal": on_terminal,
    }
    _server().start(json.dumps(run).encode(), [*streams, status_fd])
    for fd in {*streams, status_fd}:
        os.close(fd)
    fork = Fork(status_pipe)
    try:
        with kill_after(lambda: kill_group(fork.pid), arguments, TIMEOUT):
            yield fork
    finally:
        fork.close()


def run_forked(
    *arguments: str, env: dict[str, str], typed: str | None = None, prelude: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run jobstat with this text on standard input, and return its output."""
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
    """The process that forks, seen from the tests."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection, server_end = socket.socketpair()
        self._process = subprocess.Popen(
            [sys.executable, __file__, str(server_end.fileno())],
            env=CLEAN,
            pass_fds=[server_end.fileno()],
            # Python inspects its streams at the start: pipes, as in the children.
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            start_new_session=True,
        )
        server_end.close()
        atexit.register(self._end)

    def start(self, request: bytes, fds: list[int]) -> None:
        with self._lock:
            header = len(request).to_bytes(4)
            socket.send_fds(self._connection, [header], fds)
            self._connection.sendall(request)

    def _end(self) -> None:
        self._connection.close()
        self._process.communicate()


@cache
def _server() -> _Server:
    return _Server()


def serve(connection: socket.socket) -> None:
    """Fork for each request, until the tests close the connection."""
    for name in _PRELOADED:
        import_module(name)
    gc.freeze()  # the children share the memory of the modules
    while True:
        header, fds, _, _ = socket.recv_fds(connection, 4, 4)
        content = connection.recv(int.from_bytes(header), socket.MSG_WAITALL)
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
    """Fork the run, and report its process id, then its exit code."""
    *streams, status_fd = fds
    pid = os.fork()
    if pid == 0:
        os.setsid()
        os.close(status_fd)
        _run_jobstat(run, streams)
    for fd in streams:
        os.close(fd)
    os.write(status_fd, f"{pid}\n".encode())
    _, status = os.waitpid(pid, 0)
    os.write(status_fd, f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _run_jobstat(run: dict[str, Any], streams: list[int]) -> None:
    """Run jobstat in this process, and end it."""
    for number, fd in enumerate(streams):
        os.dup2(fd, number)
        os.close(fd)
    if run["on_terminal"]:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    # As Python opens its streams.
    sys.stdin, sys.stdout = (
        open(0, closefd=False),  # noqa: SIM115 - a stream
        open(1, "w", closefd=False),  # noqa: SIM115 - a stream
    )
    os.environ.clear()
    os.environ.update(run["env"])
    if sys.platform == "darwin":
        # A forked process may crash when it reads the proxy settings of macOS.
        os.environ.setdefault("no_proxy", "*")
    sys.argv = ["jobstat", *run["arguments"]]
    exec(run["prelude"], {})
    from jobstat.__main__ import main

    code: Any = 0
    try:
        main()
    except SystemExit as end:
        code = end.code
    sys.stdout.flush()
    # Python's own exit takes longer than the whole run.
    os._exit(code)


if __name__ == "__main__":
    serve(socket.socket(fileno=int(sys.argv[1])))
