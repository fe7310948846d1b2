"""Ways in which a server, or the network before it, can let its client down.

And the real program run against them.
"""

from __future__ import annotations

import gzip
import socket
import struct
import time
from base64 import b64encode
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from forks import run_forked
from support import ID, TOKEN, environment, http, raw_server

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

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


def send_bomb(layers: int = 1) -> Act:
    """Send an answer of some 100 kB that unpacks to 100 MiB, or is packed again."""
    return lambda connection: connection.sendall(bomb(layers))


@cache
def bomb(layers: int) -> bytes:
    content = gzip.compress(b" " * (100 * 2**20), 1)
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


RESOLVER = """
import ctypes, os, pathlib, socket
real, words = socket.getaddrinfo, os.environ["RESOLVER"].split()
def getaddrinfo(*given, **more):
    if trace := os.environ.get("RESOLVING"):
        pathlib.Path(trace).touch()
    word = words.pop(0) if len(words) > 1 else words[0]
    if word == "fail":
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    while word == "hang":
        ctypes.CDLL(None).sleep(60)
    return real(*given, **more)
socket.getaddrinfo = getaddrinfo
"""
"""Resolves names as the words of ``RESOLVER`` say, one for each time.

``ok``, ``fail``, or ``hang``, which blocks outside of Python as a resolver does; the
last one goes on for ever. ``RESOLVING`` may name a file that says when it began.
"""

API_TOKEN = "t0k/en+&=%x"
EMAIL = "me@example.org"
PAIR = b64encode(f"{EMAIL}/token:{API_TOKEN}".encode()).decode()
PROXY_PASSWORD = "pr0xy-pass!"

SECRETS = [
    form
    for secret in (TOKEN, API_TOKEN, PAIR, PROXY_PASSWORD)
    for form in (secret, quote(secret, safe=""), b64encode(secret.encode()).decode())
]

SOON = 0.5
"""Seconds of a request that is never answered."""

WITH_PATIENCE = """
import os
import jobstat.jobs.retry as retry
import jobstat.jobs.schedule as schedule
schedule.MIN_DELAY = retry.MAX_BACKOFF = 0.1
patience = map(float, os.environ["PATIENCE"].split())
retry.Retry._attempt_timeout = lambda *_: next(patience, 600.0)
"""
"""Gives a run so many seconds for its first request, its second, and so on.

It waits for a tenth of a second where it would for a whole one.
"""


@dataclass(frozen=True)
class Outcome:
    """How a run ended."""

    code: int
    out: str
    err: str
    requests: int


def run_against(
    answers: list[Reply],
    *arguments: str,
    patience: Sequence[float] = (),
    tls: ssl.SSLContext | None = None,
    host: str | None = None,
    settings: dict[str, str] | None = None,
    prelude: str = "",
) -> Outcome:
    """Run jobstat against a server that answers so, one connection each.

    ``patience`` has the seconds for each request. A further one may last longer than
    the run: it ends with its answer, or with the time-out.
    """
    with raw_server(*answers, tls=tls) as server:
        base_url = server.base_url
        if host:
            base_url = base_url.replace("127.0.0.1", host)
        settings = {"PATIENCE": " ".join(map(str, patience)), **(settings or {})}
        env = environment(base_url, **settings)
        done = run_forked(*arguments, ID, env=env, prelude=WITH_PATIENCE + prelude)
        return Outcome(done.returncode, done.stdout, done.stderr, len(server.requests))
