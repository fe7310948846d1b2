"""Single exchanges with a real server: timeouts, connections, bodies, threads."""

from __future__ import annotations

import socket
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import certifi
import pytest
from children import TIMEOUT, wait_until
from misbehaving import drip, endless, head, stall
from raw_server import Early, http, raw_server
from support import SUCCESS, body, completed

from jobstat import clock
from jobstat.errors import Unreachable, UsageError
from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.auth.credentials import bearer
from jobstat.zendesk.auth.providers import FixedProvider
from jobstat.zendesk.client import ZendeskClient
from jobstat.zendesk.exchange import Request
from jobstat.zendesk.http import KEEPALIVE, HttpClient

if TYPE_CHECKING:
    from raw_server import RawServer

DONE = http(content=body(completed(SUCCESS)))


def client(server: RawServer) -> HttpClient:
    return HttpClient(server.base_url, {}, bypass_proxy=True)


def exchanges() -> list[threading.Thread]:
    """Return the threads of exchanges that have not ended."""
    return [t for t in threading.enumerate() if t.name == "exchange"]


@pytest.mark.parametrize(
    "reply",
    [drip(DONE, 0.1), drip(DONE, 0.1, at_once=len(DONE) - 200), stall(DONE[:40])],
    ids=["header", "body", "silence"],
)
def test_timed_out_request_closes_its_connection_and_thread(reply: Any) -> None:
    """The server would go on for a minute."""
    gone = threading.Event()

    def until_gone(connection: socket.socket) -> None:
        try:
            reply(connection)
        finally:
            gone.set()

    with raw_server(until_gone) as server, client(server) as http:
        with pytest.raises(Unreachable, match="did not answer within"):
            http.send(Request("/"), 0.3)
        assert gone.wait(TIMEOUT)
        wait_until(lambda: not exchanges())


def test_timed_out_tls_handshake_ends_its_thread(monkeypatch: Any) -> None:
    hello = b"\x16\x03\x03\x40\x00" + b"\x02" * 600
    with raw_server(Early(drip(hello, 0.1))) as server:
        url = server.base_url.replace("http:", "https:")
        with HttpClient(url, {}, bypass_proxy=True) as http:
            with pytest.raises(Unreachable, match="did not answer within"):
                http.send(Request("/"), 0.3)
            wait_until(lambda: not exchanges())


def test_host_resolved_after_the_timeout_gets_no_request(monkeypatch: Any) -> None:
    real, resolved = socket.getaddrinfo, threading.Event()

    def slow(*arguments: Any, **options: Any) -> Any:
        resolved.wait(TIMEOUT)
        return real(*arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with raw_server(DONE) as server, client(server) as http:
        with pytest.raises(Unreachable):
            http.send(Request("/"), 0.2)
        resolved.set()
        wait_until(lambda: not exchanges())
        assert "GET" not in "".join(server.requests)
        assert http.send(Request("/"), TIMEOUT).is_success


def keep_alive(connection: socket.socket) -> None:
    """Answer every request on this connection."""
    sent = DONE.replace(b"Connection: close\r\n", b"")
    connection.sendall(sent)
    while connection.recv(65536):
        connection.sendall(sent)


def test_connection_is_reused_but_not_after_a_suspend(
    monkeypatch: Any,
) -> None:
    with raw_server(keep_alive) as server, client(server) as http:
        for _ in range(3):
            assert http.send(Request("/"), TIMEOUT).is_success
        assert len(server.requests) == 1
        # httpx would reuse the connection: its own clock stops during a suspend.
        monkeypatch.setattr(
            clock, "monotonic", lambda: time.monotonic() + KEEPALIVE + 10**6
        )
        assert http.send(Request("/"), TIMEOUT).is_success
        assert len(server.requests) == 2


def test_endless_error_body_is_read_only_up_to_a_limit() -> None:
    sent = 0

    def count(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(head(status="500 Oops"))
        while True:
            connection.sendall(b" " * 2**16)
            sent += 2**16

    with raw_server(count) as server, client(server) as http:
        response = http.send(Request("/"), TIMEOUT)
    assert response.status == 500
    # The buffers of two sockets hold bytes that were sent but not read.
    assert sent < 16 * 2**20
    assert len(response.body) <= 2**17


def test_stalled_error_body_is_abandoned_before_the_timeout(monkeypatch: Any) -> None:
    monkeypatch.setattr("jobstat.zendesk.exchange.ERROR_BODY_TIMEOUT", 0.1)
    began = time.monotonic()
    reply = stall(head("Content-Length: 9", status="401 No"))
    with raw_server(reply) as server, client(server) as http:
        assert http.send(Request("/"), TIMEOUT).status == 401
    assert time.monotonic() - began < TIMEOUT / 2


def test_body_over_64_mib_raises_and_ends_its_thread() -> None:
    with raw_server(endless(head(), b" " * 2**20)) as server, client(server) as http:
        with pytest.raises(Exception, match="larger than 64 MiB"):
            http.send(Request("/"), TIMEOUT)
        wait_until(lambda: not exchanges())


def test_unexpected_exception_in_a_request_reaches_the_caller(monkeypatch: Any) -> None:
    monkeypatch.setattr("jobstat.zendesk.exchange.read_body", None)
    with (
        raw_server(DONE) as server,
        ZendeskClient(
            Account(server.base_url),
            FixedProvider(bearer("secret-token", "a test")),
        ) as api,
        pytest.raises(TypeError),
    ):
        api.fetch(["1"], TIMEOUT)


def test_bypass_proxy_ignores_an_invalid_proxy_setting(monkeypatch: Any) -> None:
    monkeypatch.setenv("ALL_PROXY", "nonsense://x")
    with raw_server(DONE) as server, client(server) as http:
        assert http.send(Request("/"), TIMEOUT).is_success
    with pytest.raises(UsageError, match="ALL_PROXY does not name a proxy"):
        HttpClient("https://acme.example", {}, bypass_proxy=False)


def test_unwritable_sslkeylogfile_raises_a_usage_error(monkeypatch: Any) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setenv("SSLKEYLOGFILE", "/nowhere/keys")
    with pytest.raises(UsageError, match="SSLKEYLOGFILE cannot be used: '/nowhere"):
        HttpClient("https://acme.example", {}, bypass_proxy=False)


def test_unwritable_sslkeylogfile_is_not_blamed_on_ssl_cert_file(
    monkeypatch: Any,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", certifi.where())
    monkeypatch.setenv("SSLKEYLOGFILE", "/nowhere/keys")
    with pytest.raises(UsageError, match="SSLKEYLOGFILE cannot be used: '/nowhere"):
        HttpClient("https://acme.example", {}, bypass_proxy=False)


def test_failure_to_start_a_thread_raises_unreachable(monkeypatch: Any) -> None:
    def start(self: object) -> None:
        raise RuntimeError("can't start new thread")

    with raw_server(DONE) as server, client(server) as http:
        monkeypatch.setattr(threading.Thread, "start", start)
        with pytest.raises(Unreachable, match="cannot start a thread"):
            http.send(Request("/"), TIMEOUT)


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="reads /proc")
def test_request_thread_blocks_signals_and_the_main_thread_does_not() -> None:
    """The main thread delays them while the live view writes."""
    import signal

    blocked: list[set[Any]] = []

    class Enough(Exception):
        pass

    def on_tick() -> None:
        for thread in exchanges():
            status = f"/proc/self/task/{thread.native_id}/status"
            with open(status) as lines:  # noqa: PTH123 - a file of Linux
                mask = next(line for line in lines if line.startswith("SigBlk"))
            bits = int(mask.split()[1], 16)
            blocked.append({n for n in range(1, 32) if bits >> (n - 1) & 1})
        raise Enough

    with (
        raw_server(stall()) as server,
        client(server) as http,
        pytest.raises(Enough),
    ):
        http.send(Request("/"), TIMEOUT, on_tick)
    assert blocked
    wanted = {signal.SIGINT, signal.SIGTERM, signal.SIGTSTP}
    assert all(wanted <= numbers for numbers in blocked)
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, [])
