"""Ways in which a server, or the network before it, can let its client down.

And the real program run against them, several at a time: most of these runs wait
for a second try.
"""

from __future__ import annotations

import gzip
import os
import socket
import struct
import subprocess
import sys
import time
from base64 import b64encode
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import quote

from support import ID, TOKEN, environment, http, raw_server

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable
    from pathlib import Path

    from support import Reply

    Act = Callable[[socket.socket], None]

HTML = b"<!DOCTYPE html><title>Oops</title><p>" + b"Bad gateway. " * 100


def reset(sent: bytes = b"") -> Act:
    """Send this much, then reset the connection."""

    def act(connection: socket.socket) -> None:
        connection.sendall(sent)
        time.sleep(0.05)  # what is sent is not to be overtaken
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    return act


def drip(sent: bytes, every: float = 1.0, at_once: int = 0) -> Act:
    """Send the first bytes at once, the others a byte a second."""

    def act(connection: socket.socket) -> None:
        connection.sendall(sent[:at_once])
        for byte in sent[at_once:]:
            connection.sendall(bytes([byte]))
            time.sleep(every)

    return act


def stall(sent: bytes = b"") -> Act:
    """Send this much, then nothing, until the client goes away."""

    def act(connection: socket.socket) -> None:
        connection.sendall(sent)
        while connection.recv(1024):
            pass

    return act


def endless(head: bytes, again: bytes) -> Act:
    """Send the second part for ever."""

    def act(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(again)

    return act


def head(*lines: str, status: str = "200 OK") -> bytes:
    """The head of an answer whose length is told by none but these lines."""
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def packed(content: bytes) -> bytes:
    return http("200 OK", gzip.compress(content), "Content-Encoding: gzip")


def bomb(layers: int = 1) -> bytes:
    """An answer of some 300 kB that unpacks to 300 MB, or is packed again."""
    content = gzip.compress(b" " * (300 * 2**20), 9)
    for _ in range(layers - 1):
        content = gzip.compress(content)
    kinds = ", ".join(["gzip"] * layers)
    return http("200 OK", content, f"Content-Encoding: {kinds}")


def limited(retry_after: str | bytes | None, kind: str = "json") -> bytes:
    """A 429 in one of its three forms."""
    content, content_type = {
        "json": (b'{"error":"APIRateLimitExceeded"}', "application/json"),
        "text": (b"Number of allowed API requests per minute exceeded", "text/plain"),
        "html": (HTML, "text/html"),
    }[kind]
    sent = http("429 Too Many Requests", content, "Retry-After: @", kind=content_type)
    if retry_after is None:
        return sent.replace(b"Retry-After: @\r\n", b"")
    value = retry_after if isinstance(retry_after, bytes) else retry_after.encode()
    return sent.replace(b"Retry-After: @", b"Retry-After: " + value)


def in_a_second(connection: socket.socket) -> None:
    """A 429 that names the time at which one may ask again."""
    moment = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 1))
    connection.sendall(limited(moment))


def with_resolver(folder: Path, script: str) -> dict[str, str]:
    """The environment of a process whose names are resolved as the script says.

    A word for each time that one is: ``ok``, ``fail``, or ``hang``, which blocks
    outside of Python as a resolver does; the last goes on for ever.
    """
    (folder / "sitecustomize.py").write_text(
        "import ctypes, os, socket\n"
        "real, words = socket.getaddrinfo, os.environ['RESOLVER'].split()\n"
        "def getaddrinfo(*given, **more):\n"
        "    word = words.pop(0) if len(words) > 1 else words[0]\n"
        "    if word == 'fail':\n"
        "        words_of_libc = 'Temporary failure in name resolution'\n"
        "        raise socket.gaierror(socket.EAI_AGAIN, words_of_libc)\n"
        "    while word == 'hang':\n"
        "        ctypes.CDLL(None).sleep(60)\n"
        "    return real(*given, **more)\n"
        "socket.getaddrinfo = getaddrinfo\n"
    )
    path = os.pathsep.join(filter(None, [str(folder), os.environ.get("PYTHONPATH")]))
    return {"PYTHONPATH": path, "RESOLVER": script}


AT_ONCE = 12

API_TOKEN = "t0k/en+&=%x"
EMAIL = "me@example.org"
PAIR = b64encode(f"{EMAIL}/token:{API_TOKEN}".encode()).decode()
PROXY_PASSWORD = "pr0xy-pass!"

SECRETS = [
    form
    for secret in (TOKEN, API_TOKEN, PAIR, PROXY_PASSWORD)
    for form in (secret, quote(secret, safe=""), b64encode(secret.encode()).decode())
]

IMPATIENT = (
    "import jobstat.jobs.patience as p; p.REQUEST_PATIENCE = 1.0;"
    "from jobstat.__main__ import main; main()"
)


@dataclass(frozen=True)
class Outcome:
    """How a run ended: ``seconds`` is how long it took, the start included."""

    code: int
    out: str
    err: str
    seconds: float
    requests: int


def run_against(
    answers: list[Reply],
    *arguments: str,
    tls: ssl.SSLContext | None = None,
    host: str | None = None,
    settings: dict[str, str] | None = None,
) -> Outcome:
    """Run jobstat against a server that answers so, one connection each.

    A request may take a second in place of 30, but where there is a time-out: that
    alone is to end it then.
    """
    with raw_server(*answers, tls=tls) as server:
        base_url = server.base_url
        if host:
            base_url = base_url.replace("127.0.0.1", host)
        env = environment(base_url) | (settings or {})
        timed = any(word.startswith("--timeout") for word in arguments)
        program = ["-m", "jobstat"] if timed else ["-c", IMPATIENT]
        began = time.monotonic()
        done = subprocess.run(
            [sys.executable, *program, *arguments, ID],
            env=env,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=120,
            check=False,
        )
        seconds = time.monotonic() - began
        out, err = done.stdout.decode(), done.stderr.decode()
        return Outcome(done.returncode, out, err, seconds, len(server.requests))


class Runs:
    """Runs that go on together, each asked for by its name."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._futures: dict[str, Future[Outcome]] = {}

    def begin(
        self,
        name: str,
        answers: list[Reply],
        *arguments: str,
        settings: dict[str, str] | None = None,
    ) -> None:
        run = partial(run_against, answers, *arguments, settings=settings)
        self._futures[name] = self._pool.submit(run)

    def __getitem__(self, name: str) -> Outcome:
        return self._futures[name].result()

    def all(self) -> dict[str, Outcome]:
        return {name: future.result() for name, future in self._futures.items()}

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)
