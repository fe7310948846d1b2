"""Kept connections that are dead when the next request needs them."""

from __future__ import annotations

import ctypes
import socket
import struct
import sys
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from children import TIMEOUT
from misbehaving import SET_REQUEST_TIMEOUTS, reset, run_against, stall
from raw_server import http, raw_server
from support import ID, SUCCESS, body, completed, environment, job_object
from terminals import on_terminal

from jobstat import clock
from jobstat.errors import Unreachable
from jobstat.zendesk.exchange import Exchange, Request
from jobstat.zendesk.http import HttpClient

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from raw_server import RawServer

    Death = Callable[[socket.socket], None]

WORKING = http(content=body(job_object("working", progress=1))).replace(
    b"Connection: close", b"Connection: keep-alive"
)
DONE = http(content=body(completed(SUCCESS)))
UNCONFIRMED = http(content=body({**completed(SUCCESS), "results": None})).replace(
    b"Connection: close", b"Connection: keep-alive"
)
"""Completed with items but no results: ``show`` asks once more."""

SO_ATTACH_FILTER = 26
"""Linux's option for a filter of a socket's packets. Python has no name for it."""


def close(connection: socket.socket) -> None:
    """Close a connection without an answer."""


def close_tls(connection: Any) -> None:
    """Send TLS's own notice of the end, close_notify."""
    with suppress(OSError):
        connection.unwrap()


def time_out(connection: socket.socket) -> None:
    """Answer as if no request had come, as some load balancers do."""
    connection.sendall(http("408 Request Timeout", b"<html>", content_type="text/html"))


def time_out_and_stay(connection: socket.socket) -> None:
    connection.sendall(http("408 Request Timeout").replace(b"close", b"keep-alive"))
    connection.recv(1)


def lose_packets(connection: socket.socket) -> None:
    """Drop all packets of a connection from now on, as a router without its entry."""
    drop_all = ctypes.create_string_buffer(struct.pack("HBBI", 0x6, 0, 0, 0))
    program = struct.pack("HL", 1, ctypes.addressof(drop_all))
    connection.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, program)


@dataclass
class Dying:
    """An answer, then the death of the connection: at the next request, or before it.

    ``requests`` are the further requests that arrived over the connection.
    """

    death: Death
    answer: bytes = WORKING
    before_request: bool = False
    requests: list[bytes] = field(default_factory=list)

    def __call__(self, connection: socket.socket) -> None:
        connection.sendall(self.answer)
        if not self.before_request:
            self.requests.append(connection.recv(65536))
        self.death(connection)


DEATHS = [
    pytest.param(close, False, id="close-after-request"),
    pytest.param(reset(), False, id="reset-after-request"),
    pytest.param(time_out, False, id="408-after-request"),
    pytest.param(time_out_and_stay, False, id="408-without-close"),
    pytest.param(close, True, id="close-while-idle"),
    pytest.param(reset(), True, id="reset-while-idle"),
    pytest.param(time_out, True, id="408-while-idle"),
]


@pytest.mark.parametrize(("death", "before_request"), DEATHS)
def test_watch_replaces_a_dead_connection_without_a_word(
    death: Death, before_request: bool
) -> None:
    dying = Dying(death, before_request=before_request)
    run = run_against([dying, DONE], "watch", "--debug")
    assert run.code == 0, run.err
    assert run.err == ""
    assert run.requests == 2  # connections
    assert len(dying.requests) == (not before_request)


@pytest.mark.parametrize(("death", "before_request"), DEATHS)
def test_show_replaces_a_dead_connection_without_a_word(
    death: Death, before_request: bool
) -> None:
    dying = Dying(death, UNCONFIRMED, before_request=before_request)
    run = run_against([dying, DONE], "show")
    assert run.code == 0, run.err
    assert run.err == ""
    assert run.requests == 2
    assert len(dying.requests) == (not before_request)


@pytest.mark.parametrize("before_request", [False, True])
@pytest.mark.parametrize("death", [close_tls, close, reset()])
def test_watch_replaces_a_dead_tls_connection_without_a_word(
    death: Death, before_request: bool, tmp_path: Path
) -> None:
    authority = trustme.CA()
    tls, bundle = server_context(authority), tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(bundle))
    dying = Dying(death, before_request=before_request)
    run = run_against(
        [dying, DONE], "watch", tls=tls, settings={"SSL_CERT_FILE": str(bundle)}
    )
    assert (run.code, run.err, run.requests) == (0, "", 2)


def server_context(authority: trustme.CA) -> Any:
    import ssl

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


@pytest.mark.skipif(sys.platform != "linux", reason="drops packets by a Linux filter")
def test_watch_replaces_a_connection_whose_packets_are_lost() -> None:
    """It does not wait for the timeout of a request, which is ten minutes here."""
    lost = threading.Event()

    def lose(connection: socket.socket) -> None:
        lose_packets(connection)
        lost.wait(TIMEOUT)

    dying = Dying(lose, before_request=True)
    prelude = "import jobstat.zendesk.exchange as e; e.DEAD_AFTER = 0.5\n"
    run = run_against([dying, DONE], "watch", prelude=prelude)
    lost.set()
    assert (run.code, run.err, run.requests) == (0, "", 2)


def test_slow_server_is_not_asked_again_over_a_kept_connection() -> None:
    """Its system confirms the request at once."""

    def answer_late(connection: socket.socket) -> None:
        time.sleep(1)
        connection.sendall(DONE)

    dying = Dying(answer_late)
    prelude = "import jobstat.zendesk.exchange as e; e.DEAD_AFTER = 0.2\n"
    run = run_against([dying, DONE], "watch", prelude=prelude)
    assert (run.code, run.err, run.requests) == (0, "", 1)


def test_dead_connection_to_a_stopped_server_is_a_failure_of_the_new_one() -> None:
    def stop(connection: socket.socket) -> None:
        del connection
        server.close()

    with raw_server(Dying(stop)) as server:
        env = environment(server.base_url, REQUEST_TIMEOUTS="")
        with on_terminal("watch", "--plain", ID, env=env) as terminal:
            shown = terminal.read(lambda text: "retrying" in text)
    assert "Connection refused; retrying" in shown


def test_part_of_an_answer_over_a_kept_connection_is_a_failure() -> None:
    dying = Dying(lambda connection: connection.sendall(DONE[:40]))
    run = run_against([dying, DONE], "watch")
    assert (run.code, run.requests) == (0, 2)
    assert "retrying" in run.err


def test_second_death_in_one_exchange_is_a_failure() -> None:
    dying = Dying(close)
    run = run_against([dying, b"", DONE], "watch")
    assert (run.code, run.requests) == (0, 3)
    assert "Server disconnected without sending a response; retrying" in run.err


def client(server: RawServer) -> HttpClient:
    return HttpClient(server.base_url, {}, bypass_proxy=True)


def test_replaced_connection_shares_the_timeout_of_the_first(monkeypatch: Any) -> None:
    timeouts = []

    class Recorded(Exchange):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            timeouts.append(self.timeout)

    def close_late(connection: socket.socket) -> None:
        del connection
        time.sleep(0.5)

    monkeypatch.setattr("jobstat.zendesk.http.Exchange", Recorded)
    with raw_server(Dying(close_late), stall()) as server, client(server) as http:
        assert http.send(Request("/"), TIMEOUT).is_success
        with pytest.raises(Unreachable, match="did not answer within 2 s"):
            http.send(Request("/"), 2.0)
    _, first, second = timeouts
    assert first == 2.0
    assert second <= 1.5


@pytest.mark.parametrize("through_proxy", [False, True])
def test_idle_connection_is_kept_unless_a_proxy_may_have_lost_half_of_it(
    through_proxy: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    dying = Dying(close)
    with raw_server(dying, DONE) as server:
        origin = "http://acme.test" if through_proxy else server.base_url
        monkeypatch.setenv("HTTP_PROXY", server.base_url)
        with HttpClient(origin, {}, bypass_proxy=not through_proxy) as http:
            assert http.send(Request("/"), TIMEOUT).is_success
            monkeypatch.setattr(clock, "monotonic", lambda: time.monotonic() + 20)
            assert http.send(Request("/"), TIMEOUT).is_success
    assert any(dying.requests) is not through_proxy


@pytest.mark.parametrize(("death", "before_request"), DEATHS)
def test_post_gets_its_own_connection(death: Death, before_request: bool) -> None:
    """It would otherwise meet the dead one."""
    dying = Dying(death, before_request=before_request)
    with raw_server(dying, DONE) as server, client(server) as http:
        assert http.send(Request("/"), TIMEOUT).is_success
        assert http.send(Request("/", body=b"{}"), TIMEOUT).is_success
        assert [head[:4] for head in server.requests] == ["GET ", "POST"]
    assert not any(dying.requests)


@pytest.mark.parametrize("answer", [b"", http("408 Request Timeout")])
def test_post_is_not_repeated(answer: bytes) -> None:
    with raw_server(Dying(close), answer, DONE) as server, client(server) as http:
        assert http.send(Request("/"), TIMEOUT).is_success
        with suppress(Unreachable):
            assert http.send(Request("/", body=b"{}"), TIMEOUT).status == 408
        assert [head[:4] for head in server.requests] == ["GET ", "POST"]


def test_live_watch_of_many_polls_uses_one_connection() -> None:
    polls = 0

    def answer_all(connection: socket.socket) -> None:
        nonlocal polls
        while True:
            polls += 1
            connection.sendall(WORKING if polls < 20 else DONE)
            if not connection.recv(65536):
                return

    with raw_server(answer_all) as server:
        env = environment(server.base_url, REQUEST_TIMEOUTS="")
        with on_terminal(
            "watch", ID, env=env, prelude=SET_REQUEST_TIMEOUTS
        ) as terminal:
            terminal.read()
        assert terminal.process.returncode == 0
    assert polls == 20
    assert len(server.requests) == 1
