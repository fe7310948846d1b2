"""One exchange with a real server: what is left of it when it has been given up."""

from __future__ import annotations

import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest
from children import BOUND, wait_until
from misbehaving import drip, endless, head, stall
from support import SUCCESS, Early, body, completed, http, raw_server

from jobstat import clock
from jobstat.errors import Unreachable, UsageProblem
from jobstat.zendesk.account import Account
from jobstat.zendesk.api import Api
from jobstat.zendesk.credentials import bearer
from jobstat.zendesk.http import KEPT_FOR, Http, Request
from jobstat.zendesk.logins import Login

if TYPE_CHECKING:
    from support import RawServer

DONE = http(content=body(completed(SUCCESS)))


def client(server: RawServer) -> Http:
    return Http(server.base_url, {}, direct=True)


def exchanges() -> list[threading.Thread]:
    """Those that are still under way, among all threads."""
    return [t for t in threading.enumerate() if t.name == "exchange"]


@pytest.mark.parametrize(
    "reply",
    [drip(DONE, 0.1), drip(DONE, 0.1, at_once=len(DONE) - 200), stall(DONE[:40])],
    ids=["header", "body", "silence"],
)
def test_an_exchange_that_is_given_up_ends_soon(reply: Any) -> None:
    """Left alone, the server would go on for a minute."""
    gone = threading.Event()

    def until_gone(connection: socket.socket) -> None:
        try:
            reply(connection)
        finally:
            gone.set()

    with raw_server(until_gone) as server, client(server) as http:
        with pytest.raises(Unreachable, match="did not answer within"):
            http.send(Request("/"), 0.3)
        assert gone.wait(BOUND)
        wait_until(lambda: not exchanges())


def test_a_handshake_that_is_given_up_ends_soon(monkeypatch: Any) -> None:
    hello = b"\x16\x03\x03\x40\x00" + b"\x02" * 600
    with raw_server(Early(drip(hello, 0.1))) as server:
        url = server.base_url.replace("http:", "https:")
        with Http(url, {}, direct=True) as http:
            with pytest.raises(Unreachable, match="did not answer within"):
                http.send(Request("/"), 0.3)
            wait_until(lambda: not exchanges())


def test_a_name_that_is_resolved_too_late_is_not_asked(monkeypatch: Any) -> None:
    real, resolved = socket.getaddrinfo, threading.Event()

    def slow(*given: Any, **more: Any) -> Any:
        resolved.wait(BOUND)
        return real(*given, **more)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    with raw_server(DONE) as server, client(server) as http:
        with pytest.raises(Unreachable):
            http.send(Request("/"), 0.2)
        resolved.set()
        wait_until(lambda: not exchanges())
        assert "GET" not in "".join(server.requests)
        assert http.send(Request("/"), BOUND).is_success


def kept(connection: socket.socket) -> None:
    """Answer whatever is asked on this connection."""
    sent = DONE.replace(b"Connection: close\r\n", b"")
    connection.sendall(sent)
    while connection.recv(65536):
        connection.sendall(sent)


def test_a_connection_is_kept_for_the_next_exchange_but_not_through_a_suspend(
    monkeypatch: Any,
) -> None:
    with raw_server(kept) as server, client(server) as http:
        for _ in range(3):
            assert http.send(Request("/"), BOUND).is_success
        assert len(server.requests) == 1
        # httpx would take it for fresh: its own clock stood still meanwhile.
        monkeypatch.setattr(
            clock, "monotonic", lambda: time.monotonic() + KEPT_FOR + 10**6
        )
        assert http.send(Request("/"), BOUND).is_success
        assert len(server.requests) == 2


def test_of_a_refusal_only_its_beginning_is_read() -> None:
    sent = 0

    def count(connection: socket.socket) -> None:
        nonlocal sent
        connection.sendall(head(status="500 Oops"))
        while True:
            connection.sendall(b" " * 2**16)
            sent += 2**16

    with raw_server(count) as server, client(server) as http:
        response = http.send(Request("/"), BOUND)
    assert response.status == 500
    # What lies in the buffers of two sockets is not read, but sent.
    assert sent < 16 * 2**20
    assert len(response.body) <= 2**17


def test_the_words_of_a_refusal_are_not_waited_for_long(monkeypatch: Any) -> None:
    monkeypatch.setattr("jobstat.zendesk.http.REFUSAL_PATIENCE", 0.1)
    began = time.monotonic()
    reply = stall(head("Content-Length: 9", status="401 No"))
    with raw_server(reply) as server, client(server) as http:
        assert http.send(Request("/"), BOUND).status == 401
    assert time.monotonic() - began < BOUND / 2


def test_an_endless_answer_is_let_go() -> None:
    with raw_server(endless(head(), b" " * 2**20)) as server, client(server) as http:
        with pytest.raises(Exception, match="larger than 64 MiB"):
            http.send(Request("/"), BOUND)
        wait_until(lambda: not exchanges())


def test_a_defect_in_an_exchange_is_told_as_one(monkeypatch: Any) -> None:
    monkeypatch.setattr("jobstat.zendesk.http._unpacked", None)
    with (
        raw_server(DONE) as server,
        Api(Account(server.base_url), Login(bearer("secret-token", "a test"))) as api,
        pytest.raises(TypeError),
    ):
        api.fetch(["1"], BOUND)


def test_settings_of_a_proxy_do_not_matter_on_this_machine(monkeypatch: Any) -> None:
    monkeypatch.setenv("ALL_PROXY", "nonsense://x")
    with raw_server(DONE) as server, client(server) as http:
        assert http.send(Request("/"), BOUND).is_success
    with pytest.raises(UsageProblem, match="ALL_PROXY does not name a proxy"):
        Http("https://acme.example", {}, direct=False)


def test_a_file_for_keys_that_cannot_be_written_is_named(monkeypatch: Any) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    monkeypatch.delenv("SSL_CERT_DIR", raising=False)
    monkeypatch.setenv("SSLKEYLOGFILE", "/nowhere/keys")
    with pytest.raises(UsageProblem, match="SSLKEYLOGFILE cannot be used: '/nowhere"):
        Http("https://acme.example", {}, direct=False)


def test_no_thread_can_be_started(monkeypatch: Any) -> None:
    def start(self: object) -> None:
        raise RuntimeError("can't start new thread")

    with raw_server(DONE) as server, client(server) as http:
        monkeypatch.setattr(threading.Thread, "start", start)
        with pytest.raises(Unreachable, match="cannot start a thread"):
            http.send(Request("/"), BOUND)


def test_signals_are_for_the_main_thread() -> None:
    """So that it can put them off, as the live view does while it writes."""
    import signal

    blocked: list[set[Any]] = []

    class Enough(Exception):
        pass

    def idle() -> None:
        for thread in exchanges():
            status = f"/proc/self/task/{thread.native_id}/status"
            with open(status) as lines:  # noqa: PTH123 - what Linux tells
                mask = next(line for line in lines if line.startswith("SigBlk"))
            bits = int(mask.split()[1], 16)
            blocked.append({n for n in range(1, 32) if bits >> (n - 1) & 1})
        raise Enough

    with (
        raw_server(stall()) as server,
        client(server) as http,
        pytest.raises(Enough),
    ):
        http.send(Request("/"), BOUND, idle)
    assert blocked
    wanted = {signal.SIGINT, signal.SIGTERM, signal.SIGTSTP}
    assert all(wanted <= numbers for numbers in blocked)
    assert not signal.pthread_sigmask(signal.SIG_BLOCK, [])
