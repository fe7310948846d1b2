"""Faults of a server, and the real program against each of them.

Each fault is tested once between good answers, where the watch recovers, and as every
answer, which ends in one clear error. The faults that last, and one of each other kind,
are also every answer but the first, until the timeout.
"""

from __future__ import annotations

import gzip
import json
import socket
import zlib
from typing import TYPE_CHECKING

import pytest
from children import TIMEOUT
from misbehaving import (
    API_TOKEN,
    EMAIL,
    HTML,
    SECRETS,
    SHORT_TIMEOUT,
    Outcome,
    drip,
    endless,
    gzipped,
    head,
    rate_limited,
    reset,
    retry_in_a_second,
    run_against,
    send_bomb,
    stall,
)
from raw_server import Early, http
from support import FAILURE, SUCCESS, TOKEN, body, completed, job_object

from jobstat.zendesk.body import MAX_ERROR_BODY

if TYPE_CHECKING:
    from raw_server import Reply

WORKING = http(content=body(job_object("working", progress=1)))
DONE_JOB = completed(SUCCESS, FAILURE)
DONE = http(content=body(DONE_JOB))
GOOD = body(job_object("working", progress=1, message="ok " * 100))
JSON = "Content-Type: application/json"

NO_ANSWER = "did not answer within"
BROKE = "broke: "
NOT_JSON = "an invalid answer: something that is not JSON"

FAULTS: dict[str, tuple[Reply, str]] = {
    "reset at once": (Early(reset()), BROKE),
    "reset in the header": (reset(DONE[:30]), BROKE),
    "reset in the body": (reset(DONE[:-20]), BROKE),
    "closed at once": (Early(socket.socket.close), BROKE),
    "empty answer": (b"", BROKE),
    "cut header": (DONE[:30], BROKE),
    "content-length too long": (head(JSON, "Content-Length: 9999") + GOOD, BROKE),
    "content-length too short": (head(JSON, "Content-Length: 50") + GOOD, NOT_JSON),
    "content-length nonsense": (head(JSON, "Content-Length: 1, 2") + GOOD, BROKE),
    "no content-length, cut": (head(JSON) + GOOD[:-9], NOT_JSON),
    "cut chunk": (
        head(JSON, "Transfer-Encoding: chunked") + b"fff\r\n" + GOOD,
        BROKE,
    ),
    "broken chunk": (head(JSON, "Transfer-Encoding: chunked") + b"zz\r\n", BROKE),
    "broken gzip": (gzipped(GOOD).replace(b"\x1f\x8b", b"\x1f\x8c"), "be decompressed"),
    "not gzip at all": (http("200 OK", GOOD, "Content-Encoding: gzip"), "decompressed"),
    "cut gzip": (
        http("200 OK", gzipped(GOOD).partition(b"\r\n\r\n")[2][:-12]).replace(
            b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n"
        ),
        "be decompressed",
    ),
    "unknown encoding": (
        http("200 OK", GOOD, "Content-Encoding: br"),
        "be decompressed",
    ),
    "gzip bomb": (send_bomb(), "larger than 64 MiB"),
    "gzip bomb in gzip": (send_bomb(2), "be decompressed"),
    "endless body": (endless(head(JSON), b" " * 2**20), "larger than 64 MiB"),
    "endless header": (endless(head()[:-2], b"X-A: " + b"a" * 9000 + b"\r\n"), BROKE),
    "dripping header": (drip(DONE), NO_ANSWER),
    "dripping body": (drip(DONE, at_once=len(DONE) - 90), NO_ANSWER),
    "dripping from the first byte of a chunk": (
        drip(head(JSON, "Transfer-Encoding: chunked") + b"ff\r\n" + GOOD, at_once=100),
        NO_ANSWER,
    ),
    "dripping 100 Continue": (
        drip(b"HTTP/1.1 100 Continue\r\n\r\n" * 99, 0.1),
        NO_ANSWER,
    ),
    "no answer at all": (stall(), NO_ANSWER),
    "stops in the header": (stall(DONE[:30]), NO_ANSWER),
    "stops in the body": (stall(DONE[:-20]), NO_ANSWER),
    "another protocol": (b"SSH-2.0-OpenSSH_9.2\r\n" * 9, BROKE),
    "HTML 200": (http("200 OK", HTML, content_type="text/html"), "a web page instead"),
    "HTML 502": (http("502 Bad Gateway", HTML, content_type="text/html"), "now (502)"),
    "HTML 503": (http("503 Unavailable", HTML, content_type="text/html"), "now (503)"),
    "HTML 504": (http("504 Time-out", HTML, content_type="text/html"), "now (504)"),
    "JSON 500": (http("500 Oops", b'{"error":"Internal"}'), "now (500: Internal)"),
    "500 with an endless body": (
        endless(head(status="500 Oops"), b" " * 2**16),
        "now (500)",
    ),
    "503 whose body never comes": (
        stall(head("Content-Length: 9", status="503 No")),
        "now (503)",
    ),
    "503 with Retry-After": (
        http("503 No", b"", "Retry-After: 1"),
        "cannot answer now (503)",
    ),
    "429 in JSON": (rate_limited("1"), "(429: APIRateLimitExceeded)"),
    "429 in plain text": (rate_limited("1", "text"), "requests per minute exceeded"),
    "429 in HTML": (rate_limited("1", "html"), "allows no more requests now (429)"),
    "429 without Retry-After": (rate_limited(None), "(429: APIRate"),
    "429 with a date": (retry_in_a_second, "(429: APIRate"),
    "429 with a date long ago": (
        rate_limited("Thu, 01 Jan 1970 00:00:00 GMT"),
        "(429: APIRate",
    ),
    "429 with an invalid date": (
        rate_limited("Fri, 31 Nov 99999999 25:61:61 GMT"),
        "(429: APIRate",
    ),
    "429 with nonsense": (rate_limited("soon\t\xa0"), "(429: APIRate"),
    "429 with -5": (rate_limited("-5"), "(429: APIRate"),
    "429 with 1e99": (rate_limited("1e99"), "(429: APIRate"),
    "429 with 400 digits": (rate_limited("9" * 400), "(429: APIRate"),
    "429 with digits that are not ASCII": (
        rate_limited("\u0663\u0660"),
        "(429: APIRate",
    ),
    "429 with a superscript": (rate_limited("\u00b2"), "(429: APIRate"),
    "empty JSON": (http(), "an empty body"),
    "null": (http(content=b"null"), "null without job_status"),
    "cut JSON": (http(content=GOOD[:-9]), NOT_JSON),
    "depth 100,000": (http(content=b"[" * 10**5 + b"]" * 10**5), NOT_JSON),
    "depth 900": (
        http(content=b'{"job_status":' + b"[" * 900 + b"]" * 900 + b"}"),
        "nested deeper than 64 levels",
    ),
    "millions of values": (
        http(content=b"[" + b"[]," * (3 * 10**6) + b"0]"),
        "JSON of more than 1,000,000 values",
    ),
    "an integer of 10,000 digits": (
        http(content=GOOD.replace(b": 1,", b": 1%s," % (b"0" * 10_000))),
        NOT_JSON,
    ),
    "NaN": (http(content=GOOD.replace(b"null", b"NaN")), NOT_JSON),
    "1e999": (http(content=GOOD.replace(b"null", b"1e999")), NOT_JSON),
    "a duplicate name": (
        http(content=GOOD.replace(b'"status"', b'"status": "completed", "status"')),
        "an object with a name twice",
    ),
    "invalid UTF-8": (http(content=GOOD.replace(b"ok", b"\xff\xfe")), NOT_JSON),
    "UTF-16": (http(content=GOOD.decode().encode("utf-16")), NOT_JSON),
    "results that are a text": (
        http(content=body(job_object("working", results="row 1 failed"))),
        "results that are a text",
    ),
    "results that hold a number": (
        http(content=body(job_object("completed", results=[1]))),
        "results that hold a number",
    ),
    "a status that is a number": (
        http(content=body(job_object() | {"status": 3})),
        "a job_status without status",
    ),
}

LONGER_THAN_RETRY_FOR = {"429 with 400 digits"}
"""Faults whose Retry-After is longer than any retry budget."""

WATCH = ("watch", "--json")


def timeouts_for(fault: str, *before: float) -> tuple[float, ...]:
    """Return the timeout of each request, a short one if the fault never ends."""
    return (*before, SHORT_TIMEOUT) if FAULTS[fault][1] == NO_ANSWER else ()


BASIC_SETTINGS = {
    "ZENDESK_OAUTH_TOKEN": "",
    "ZENDESK_EMAIL": EMAIL,
    "ZENDESK_API_TOKEN": API_TOKEN,
}


@pytest.mark.parametrize("name", FAULTS)
def test_watch_recovers_from_each_server_fault(name: str) -> None:
    fault, message = FAULTS[name]
    retry_for = "--retry-for=2" if name in LONGER_THAN_RETRY_FOR else "--retry-for=60"
    run = run_against(
        [WORKING, fault, DONE],
        *WATCH,
        retry_for,
        request_timeouts=timeouts_for(name, TIMEOUT),
    )
    assert run.code == 6, run.err
    assert json.loads(run.out) == DONE_JOB
    outage, recovery = run.err.splitlines()
    assert message in outage
    assert "; retrying in " in outage
    assert ", last answer " in outage
    assert recovery == "jobstat: Zendesk answers again"
    assert not leaked_secrets(run)


@pytest.mark.parametrize("name", FAULTS)
def test_permanent_server_fault_exits_7_with_one_clear_line(name: str) -> None:
    fault, message = FAULTS[name]
    run = run_against(
        [fault],
        *("watch", "--debug", "--retry-for=0"),
        request_timeouts=timeouts_for(name),
        settings=BASIC_SETTINGS,
    )
    assert (run.code, run.out) == (7, ""), run.err
    *traceback, error = [
        line for line in run.err.splitlines() if not line.startswith("  ")
    ][:-1]
    assert error.startswith("jobstat: ")
    assert message in error
    assert len(error) < 300
    assert "Traceback (most recent call last):" in traceback
    assert not leaked_secrets(run)


UNTIL_THE_TIMEOUT = {
    *(name for name, (_, message) in FAULTS.items() if message == NO_ANSWER),
    *{message: name for name, (_, message) in FAULTS.items()}.values(),
    *LONGER_THAN_RETRY_FOR,
    "endless header",
}
"""The faults that last, and one fault of each message."""


@pytest.mark.parametrize("name", [name for name in FAULTS if name in UNTIL_THE_TIMEOUT])
def test_timeout_ends_the_watch_during_each_server_fault(name: str) -> None:
    """Without the timeout, the request would outlast the run."""
    fault, _ = FAULTS[name]
    run = run_against([WORKING, fault], *WATCH, "--timeout=2.5")
    assert run.code == 124, run.err
    assert json.loads(run.out)["status"] == "working"
    assert not leaked_secrets(run)


RESPONSES_WITH_CREDENTIAL = {
    "reason": ("400 No: {}", ""),
    "header": ("200 OK\r\n{}", ""),
    "status line": ("{}", ""),
    "location": ("302 Go\r\nLocation: https://{}@evil.example/", ""),
    "redirected host": ("302 Go\r\nLocation: https://{}.evil.example/", ""),
    "broken location": ("302 Go\r\nLocation: https://x:{}/", ""),
    "text": ("429 No\r\nContent-Type: text/plain", "You sent {}"),
    "refusal": ("401 No", '{{"error": "{}"}}'),
    "details": ("422 No", '{{"details": {{"a": [{{"description": "{}"}}]}}}}'),
    "title": ("404 No", '{{"error": {{"title": "{}", "message": "{}"}}}}'),
    "encoding": ("200 OK\r\nContent-Encoding: {}", "{}"),
    "length": ("200 OK\r\nContent-Length: {}", ""),
    "chunk": ("200 OK\r\nTransfer-Encoding: chunked", "{}\r\n"),
    "web page": ("200 OK", "<p>{}</p>"),
    "edge of the shown text": ("422 No", f'{{{{"error": "{"x" * 970}{{}}"}}}}'),
    "edge of a host": ("302 Go\r\nLocation: https://" + "x" * 240 + "{}/", ""),
    "job": ("200 OK", '{{"job_status": {{"id": "{}", "status": 3}}}}'),
}
SHOWN_TO_THE_USER = {"text", "refusal", "details", "title"}
"""Places whose text becomes part of the error."""

BEARER = " ".join(SECRETS[:3])
BASIC = " ".join(SECRETS[3:9])


@pytest.mark.parametrize(
    ("credential", "settings"),
    [(BEARER, None), (BASIC, BASIC_SETTINGS)],
    ids=["bearer", "basic"],
)
@pytest.mark.parametrize("name", RESPONSES_WITH_CREDENTIAL)
def test_credential_repeated_by_the_server_is_redacted(
    name: str, credential: str, settings: dict[str, str] | None
) -> None:
    line, content = RESPONSES_WITH_CREDENTIAL[name]
    answer = f"HTTP/1.1 {line}\r\n\r\n{content}".format(*[credential] * 2)
    run = run_against(
        [answer.encode()],
        *("watch", "--debug", "--retry-for=0"),
        settings=settings,
    )
    assert run.code in {2, 4, 5, 7}
    assert not leaked_secrets(run)
    # The error shows the text of the answer, so the secret must be redacted.
    if name in SHOWN_TO_THE_USER:
        assert "[hidden]" in run.err


def unfinished_gzip(content: bytes) -> bytes:
    """Return a gzip stream without its end."""
    compressor = zlib.compressobj(wbits=31)
    return compressor.compress(content) + compressor.flush(zlib.Z_SYNC_FLUSH)


@pytest.mark.parametrize(
    "content",
    [
        gzip.compress(TOKEN.encode().rjust(MAX_ERROR_BODY + 2)),
        unfinished_gzip(TOKEN.encode()[:-1]),
    ],
    ids=["too large", "without its end"],
)
def test_truncated_credential_in_a_response_is_redacted(content: bytes) -> None:
    answer = http(
        "422 No", content, "Content-Encoding: gzip", content_type="text/plain"
    )
    run = run_against([answer], "watch", "--debug", "--retry-for=0")
    assert run.code == 2
    assert "refuses the request (422: [hidden] [cut off])" in run.err
    assert TOKEN[:4] not in run.err


def leaked_secrets(run: Outcome) -> list[str]:
    """Return the secrets whose beginning is in the output."""
    return [secret for secret in SECRETS if secret[:9] in run.out + run.err]
