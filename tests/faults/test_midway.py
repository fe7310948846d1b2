"""Networks, accounts and jobs that change during a watch."""

from __future__ import annotations

import ssl
import subprocess
from itertools import repeat
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from children import TIMEOUT, child
from misbehaving import RESOLVER, SHORT_TIMEOUT, drip, reset, run_against, stall
from raw_server import Early, RawServer, http, raw_server
from support import (
    FAILURE,
    ID,
    JOBSTAT,
    SUCCESS,
    body,
    completed,
    environment,
    job_object,
    jobstat,
)

if TYPE_CHECKING:
    import socket
    from pathlib import Path

    from raw_server import Reply

WORKING = http(content=body(job_object("working", progress=1)))
DONE = http(content=body(completed(SUCCESS, FAILURE)))

NO_ANSWER = "did not answer within"
BROKE = "broke: "


@pytest.fixture(scope="module")
def tls() -> tuple[ssl.SSLContext, ssl.SSLContext, trustme.CA]:
    """A context with a trusted certificate, one without, and the authority."""
    trusted, untrusted = (
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER),
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH),
    )
    authority = trustme.CA()
    authority.issue_cert("127.0.0.1").configure_cert(trusted)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(untrusted)
    return trusted, untrusted, authority


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (b"HTTP/1.1 400 This is HTTPS\r\n\r\n", "broke: TLS: "),
        ("another certificate", "the certificate of 127.0.0.1:"),
        (drip(b"\x16\x03\x03\x40\x00" + b"\x02" * 99), NO_ANSWER),
        (stall(), NO_ANSWER),
        (reset(), BROKE),
    ],
    ids=["in clear", "certificate", "dripping", "no answer", "reset"],
)
def test_watch_recovers_from_a_tls_failure(
    fault: Any, message: str, tls: tuple[Any, Any, trustme.CA], tmp_path: Path
) -> None:
    trusted, untrusted, authority = tls
    file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(str(file))
    if isinstance(fault, bytes):
        data = fault
        early = Early(lambda connection: connection.sendall(data))
    else:
        early = Early(tls=untrusted) if isinstance(fault, str) else Early(fault)
    run = run_against(
        [WORKING, early, DONE],
        "watch",
        "--json",
        tls=trusted,
        request_timeouts=(TIMEOUT, SHORT_TIMEOUT) if message == NO_ANSWER else (),
        settings={"SSL_CERT_FILE": str(file)},
    )
    assert run.code == 6, run.err
    outage, *_hint, recovery = run.err.splitlines()
    assert message in outage
    assert recovery == "jobstat: Zendesk answers again"
    # The credential is sent only over the trusted connections.
    assert run.requests == 2


@pytest.mark.parametrize(
    ("script", "arguments", "request_timeouts", "code", "message"),
    [
        ("ok fail fail ok", [], (), 6, "host not found: localhost:"),
        ("ok hang ok", [], (TIMEOUT, SHORT_TIMEOUT), 6, NO_ANSWER),
        ("ok hang", ["--timeout=4"], (), 124, "not finished after"),
        ("hang", ["--timeout=1"], (), 124, NO_ANSWER),
        ("fail", ["--retry-for=0"], (), 7, "host not found: localhost:"),
    ],
)
def test_watch_retries_name_resolution_until_a_time_limit(
    script: str,
    arguments: list[str],
    request_timeouts: tuple[float, ...],
    code: int,
    message: str,
) -> None:
    run = run_against(
        [WORKING, DONE],
        "watch",
        *arguments,
        host="localhost",
        request_timeouts=request_timeouts,
        settings={"RESOLVER": script},
        prelude=RESOLVER,
    )
    assert run.code == code, run.err
    assert message in run.err


def test_received_cookie_is_not_sent_back() -> None:
    cookie = b"Set-Cookie: lang=fran\xc3\xa7ais; Path=/\r\n\r\n"
    with raw_server(WORKING.replace(b"\r\n\r\n", b"\r\n" + cookie, 1), DONE) as server:
        done = jobstat("watch", ID, env=environment(server.base_url))
    assert done.returncode == 6
    assert not [head for head in server.requests if "cookie" in head.lower()]


def test_watch_recovers_after_a_server_restart() -> None:
    def answer_and_stop(connection: socket.socket) -> None:
        connection.sendall(WORKING)
        server.close()

    with (
        raw_server(answer_and_stop) as server,
        child(
            [*JOBSTAT, "watch", ID],
            env=environment(server.base_url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process,
    ):
        outage = process.stderr.readline()
        restarted = RawServer(repeat(DONE), port=server.port)
        _, rest = process.communicate()
        restarted.close()
    assert process.returncode == 6
    assert "Connection refused; retrying in " in outage
    assert rest == "jobstat: Zendesk answers again\n"


def state(status: str = "working", **fields: Any) -> bytes:
    return http(content=body(job_object(status, **{"total": 100, **fields})))


GONE = http("404 No", b'{"error":"RecordNotFound","description":"Not found"}')
REFUSED = http("401 No", b'{"error":"invalid_token"}')


@pytest.mark.parametrize(
    ("answers", "code", "stdout", "stderr"),
    [
        ([state(progress=50), state("queued"), state(progress=10)], 6, "10/100", ""),
        ([state(progress=150)], 6, "150/100  100%", ""),
        ([state(progress=-5)], 6, "-5/100  0%", ""),
        ([state(progress=50), state(progress=20)], 6, "20/100  20%", ""),
        ([state(progress=2**60)], 6, "?/100", ""),
        ([state(progress=5), state(progress=6, total=None)], 6, "6/?", ""),
        ([state(progress=5), state(total=2**70, progress=0)], 6, "0/?", ""),
        ([state(progress=5), state(total=0, progress=0)], 6, "0/0", ""),
        ([state(total="many", progress=[1])], 6, "▸ working\n", ""),
        (
            [
                state(results=[]),
                state(results={"success": True}, progress=1),
                state(results=[FAILURE], progress=2),
            ],
            6,
            "2/100  2%",
            "",
        ),
        ([state("paused"), state("paused", progress=3)], 6, "? paused", "'paused'"),
        ([GONE, GONE, state()], 6, "working", f"no job {ID}"),
        ([state(), GONE], 5, "working", f"no job {ID}"),
        ([state(), REFUSED, state(progress=7)], 6, "7/100", "refuses the credential"),
        ([state(), REFUSED, REFUSED], 4, "working", "refuses the credential"),
        ([state(), http("302 Go", b"", "Location: https://evil.example/")], 2, "", ""),
    ],
)
def test_unexpected_response_sequence_determines_output_and_exit_code(
    answers: list[Reply], code: int, stdout: str, stderr: str
) -> None:
    run = run_against([*answers, DONE], "watch")
    assert run.code == code, run.err
    assert stdout in run.out
    assert stderr in run.err
    if code == 6:
        assert "✗ 1 of 2 items failed" in run.out.splitlines()
        assert run.err.count("warning") == ("paused" in stdout)
    assert run.requests == len(answers) + (code == 6)
