"""Servers and networks that misbehave, and runs of jobstat against them."""

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
from raw_server import http, raw_server
from support import ID, TOKEN, environment

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Sequence

    from raw_server import Reply

    Responder = Callable[[socket.socket], None]

HTML = b"<!DOCTYPE html><title>Oops</title><p>" + b"Bad gateway. " * 100


def reset(data: bytes = b"") -> Responder:
    """Send the data, then reset the connection."""

    def respond(connection: socket.socket) -> None:
        connection.sendall(data)
        time.sleep(0.05)  # the reset must not overtake the data
        linger = struct.pack("ii", 1, 0)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    return respond


def drip(data: bytes, delay: float = 1.0, at_once: int = 0) -> Responder:
    """Send the first bytes at once, the others one at a time, each after a delay."""

    def respond(connection: socket.socket) -> None:
        connection.sendall(data[:at_once])
        for byte in data[at_once:]:
            connection.sendall(bytes([byte]))
            time.sleep(delay)

    return respond


def stall(data: bytes = b"") -> Responder:
    """Send the data, then nothing until the client disconnects."""

    def respond(connection: socket.socket) -> None:
        connection.sendall(data)
        while connection.recv(1024):
            pass

    return respond


def endless(head: bytes, repeated: bytes) -> Responder:
    """Send the head, then the repeated part forever."""

    def respond(connection: socket.socket) -> None:
        connection.sendall(head)
        while True:
            connection.sendall(repeated)

    return respond


def head(*lines: str, status: str = "200 OK") -> bytes:
    """Return the head of a response with only these header lines."""
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def gzipped(content: bytes) -> bytes:
    return http("200 OK", gzip.compress(content), "Content-Encoding: gzip")


def send_bomb(layers: int = 1) -> Responder:
    """Send about 100 kB that unpack to 100 MiB, compressed in several layers."""
    return lambda connection: connection.sendall(bomb(layers))


@cache
def bomb(layers: int) -> bytes:
    content = gzip.compress(b" " * (100 * 2**20), 1)
    for _ in range(layers - 1):
        content = gzip.compress(content)
    encodings = ", ".join(["gzip"] * layers)
    return http("200 OK", content, f"Content-Encoding: {encodings}")


def rate_limited(retry_after: str | bytes | None, variant: str = "json") -> bytes:
    """Return a 429 in one of the three forms that Zendesk sends."""
    content, content_type = {
        "json": (b'{"error":"APIRateLimitExceeded"}', "application/json"),
        "text": (b"Number of allowed API requests per minute exceeded", "text/plain"),
        "html": (HTML, "text/html"),
    }[variant]
    response = http(
        "429 Too Many Requests", content, "Retry-After: @", content_type=content_type
    )
    if retry_after is None:
        return response.replace(b"Retry-After: @\r\n", b"")
    value = retry_after if isinstance(retry_after, bytes) else retry_after.encode()
    return response.replace(b"Retry-After: @", b"Retry-After: " + value)


def retry_in_a_second(connection: socket.socket) -> None:
    """Send a 429 whose Retry-After is the date in a second."""
    moment = time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(time.time() + 1))
    connection.sendall(rate_limited(moment))


RESOLVER = """
import ctypes, os, pathlib, socket
real, words = socket.getaddrinfo, os.environ["RESOLVER"].split()
def getaddrinfo(*arguments, **options):
    if trace := os.environ.get("RESOLVING"):
        pathlib.Path(trace).touch()
    word = words.pop(0) if len(words) > 1 else words[0]
    if word == "fail":
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
    while word == "hang":
        ctypes.CDLL(None).sleep(60)
    return real(*arguments, **options)
socket.getaddrinfo = getaddrinfo
"""
"""Resolves names as $RESOLVER says: one word per call, and the last word repeats.

The words are ``ok``, ``fail`` and ``hang``. ``hang`` blocks outside of Python, as a
real resolver does. Each call creates the file $RESOLVING.
"""

API_TOKEN = "t0k/en+&=%x"
EMAIL = "me@example.org"
PAIR = b64encode(f"{EMAIL}/token:{API_TOKEN}".encode()).decode()
PROXY_PASSWORD = "pr0xy-pass!"

SECRETS = [
    encoded
    for secret in (TOKEN, API_TOKEN, PAIR, PROXY_PASSWORD)
    for encoded in (secret, quote(secret, safe=""), b64encode(secret.encode()).decode())
]

SHORT_TIMEOUT = 0.5
"""Seconds until the timeout of a request that gets no answer."""

SET_REQUEST_TIMEOUTS = """
import os
import jobstat.jobs.retry as retry
import jobstat.jobs.schedule as schedule
schedule.MIN_DELAY = retry.MAX_BACKOFF = 0.1
request_timeouts = map(float, os.environ["REQUEST_TIMEOUTS"].split())
retry.Retry._attempt_timeout = lambda *_: next(request_timeouts, 600.0)
"""
"""Sets the timeouts of a run's requests, in seconds, from $REQUEST_TIMEOUTS.

Retries wait a tenth of a second instead of a whole one.
"""


@dataclass(frozen=True)
class Outcome:
    """The exit code and output of a run, and the number of its requests."""

    code: int
    out: str
    err: str
    requests: int


def run_against(
    answers: list[Reply],
    *arguments: str,
    request_timeouts: Sequence[float] = (),
    tls: ssl.SSLContext | None = None,
    host: str | None = None,
    settings: dict[str, str] | None = None,
    prelude: str = "",
) -> Outcome:
    """Run jobstat against a server that sends one answer per connection.

    ``request_timeouts`` are the timeouts of the first requests in seconds. Only the
    timeout of the run ends further requests.
    """
    with raw_server(*answers, tls=tls) as server:
        base_url = server.base_url
        if host:
            base_url = base_url.replace("127.0.0.1", host)
        settings = {
            "REQUEST_TIMEOUTS": " ".join(map(str, request_timeouts)),
            **(settings or {}),
        }
        env = environment(base_url, **settings)
        done = run_forked(
            *arguments, ID, env=env, prelude=SET_REQUEST_TIMEOUTS + prelude
        )
        return Outcome(done.returncode, done.stdout, done.stderr, len(server.requests))
