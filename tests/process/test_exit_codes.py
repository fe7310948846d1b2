"""Every exit code, in a real process against a real server."""

from __future__ import annotations

import json

import pytest
from misbehaving import drip
from raw_server import http, raw_server
from support import (
    FAILURE,
    ID,
    SUCCESS,
    TOKEN,
    body,
    completed,
    environment,
    job_object,
    jobstat,
    python,
)

from jobstat.exits import Exit

WORKING = job_object("working", progress=1)


@pytest.mark.parametrize(
    ("answer", "arguments", "code"),
    [
        (http(content=body(completed(SUCCESS))), ["show"], Exit.OK),
        (http(content=body(completed(SUCCESS))), ["watch"], Exit.OK),
        (http(content=body(WORKING)), ["show", "--nope"], Exit.USAGE),
        (http("422 No", b'{"error":"RecordInvalid"}'), ["watch"], Exit.USAGE),
        (http(content=body(job_object("failed"))), ["show"], Exit.JOB_FAILED),
        (http(content=body(job_object("killed"))), ["watch"], Exit.JOB_FAILED),
        (http("401 No", b'{"error":"no"}'), ["show"], Exit.AUTH),
        (http("403 No", b'{"error":"no"}'), ["watch"], Exit.AUTH),
        (http("401 No", b"no gzip", "Content-Encoding: gzip"), ["show"], Exit.AUTH),
        (http("404 No", b'{"error":"no"}'), ["show"], Exit.NOT_FOUND),
        (http(content=body(completed(SUCCESS, FAILURE))), ["show"], Exit.ITEMS_FAILED),
        (http(content=body(completed(SUCCESS, FAILURE))), ["watch"], Exit.ITEMS_FAILED),
        (http("503 No"), ["watch", "--retry-for", "0"], Exit.UNAVAILABLE),
        (http(content=body(WORKING)), ["show"], Exit.UNFINISHED),
        (http(content=body(WORKING)), ["watch", "--timeout", "0.3"], Exit.TIMEOUT),
    ],
)
def test_response_and_arguments_determine_the_exit_code(
    answer: bytes, arguments: list[str], code: Exit
) -> None:
    with raw_server(answer) as server:
        done = jobstat(*arguments, ID, env=environment(server.base_url))
    assert done.returncode == code
    assert TOKEN not in done.stdout + done.stderr


def test_unexpected_exception_exits_1_and_is_reported_as_a_bug() -> None:
    program = (
        "import sys, jobstat.commands._shared as s; s.resolve_account = None;"
        "from jobstat.process import run; sys.exit(run(['show', 'a']))"
    )
    done = python(program)
    assert done.returncode == Exit.INTERNAL
    assert done.stderr.startswith("jobstat: a bug in jobstat: TypeError")


@pytest.mark.parametrize(
    ("settings", "code", "message"),
    [
        ({}, 2, "no Zendesk account given"),
        ({"ZENDESK_SUBDOMAIN": "acme"}, 4, "no credential"),
        (
            {"ZENDESK_SUBDOMAIN": "acme", "ZENDESK_EMAIL": "me@example.org"},
            4,
            "half a credential",
        ),
        (
            {"ZENDESK_SUBDOMAIN": "acme", "ZENDESK_OAUTH_TOKEN": "a\nX-Evil: 1"},
            2,
            "ZENDESK_OAUTH_TOKEN contains a space, a line break",
        ),
        (
            {"ZENDESK_SUBDOMAIN": "acme", "ZENDESK_OAUTH_TOKEN": "tökén"},
            2,
            "ZENDESK_OAUTH_TOKEN contains a space, a line break",
        ),
        (
            {"ZENDESK_SUBDOMAIN": "a/b", "ZENDESK_OAUTH_TOKEN": "t"},
            2,
            "ZENDESK_SUBDOMAIN is not a subdomain",
        ),
        (
            {"JOBSTAT_BASE_URL": "http://acme.example", "ZENDESK_OAUTH_TOKEN": "t"},
            2,
            "JOBSTAT_BASE_URL must start with https://",
        ),
    ],
)
def test_incomplete_or_invalid_environment_prints_one_line_and_a_hint(
    settings: dict[str, str], code: int, message: str
) -> None:
    done = jobstat("show", ID, env=environment(**settings))
    assert (done.returncode, done.stdout) == (code, "")
    line, _hint = done.stderr.splitlines()
    assert line.startswith("jobstat: ")
    assert message in line


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (b"", "broke: Server disconnected without"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "broke: Server disconnected without"),
        (http(content=body(WORKING))[:-5], "broke: peer closed connection"),
        (
            http("200 OK", b"no gzip", "Content-Encoding: gzip"),
            "cannot be decompressed",
        ),
        (http(content=b"<html>proxy</html>", content_type="text/html"), "a web page"),
        (http(content=b""), "an empty body"),
        (http(content=b"[]"), "a list without job_status"),
        (http(content=b'{"job_status":null}'), "job_status that is null"),
        (http("500 Oops"), "cannot answer now (500)"),
    ],
)
def test_broken_response_exits_7(answer: bytes, message: str) -> None:
    with raw_server(answer) as server:
        env = environment(server.base_url)
        done = jobstat("watch", "--retry-for=0", "--json", ID, env=env)
    assert (done.returncode, done.stdout) == (Exit.UNAVAILABLE, "")
    assert message in done.stderr.splitlines()[0]


def test_dripping_response_exits_124_at_the_timeout() -> None:
    with raw_server(drip(http(content=body(WORKING)), 0.05)) as server:
        env = environment(server.base_url)
        done = jobstat("watch", "--timeout=0.9", "--json", ID, env=env)
    assert (done.returncode, done.stdout) == (Exit.TIMEOUT, "")


def test_refused_connection_exits_7() -> None:
    done = jobstat("show", ID, env=environment("http://127.0.0.1:1"))
    assert done.returncode == Exit.UNAVAILABLE
    assert done.stderr == "jobstat: no connection to 127.0.0.1:1: Connection refused\n"


def test_unresolvable_host_exits_7() -> None:
    env = environment("https://nowhere.invalid")
    done = jobstat("watch", "--retry-for", "0", ID, env=env)
    assert done.returncode == Exit.UNAVAILABLE
    assert done.stderr.startswith("jobstat: host not found: nowhere.invalid\n")


def test_invalid_punycode_host_exits_2() -> None:
    done = jobstat("show", ID, env=environment("https://xn--0.example"))
    assert done.returncode == Exit.USAGE
    assert done.stderr == (
        "jobstat: no valid host name: xn--0.example\n"
        "  Check the account's address, for example https://acme.zendesk.com\n"
    )


def test_untrusted_certificate_exits_7_and_a_trusted_one_is_accepted(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    import ssl

    import trustme

    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    ca_file = tmp_path_factory.mktemp("tls") / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    with raw_server(http(content=body(completed(SUCCESS))), tls=tls) as server:
        arguments = ("watch", "--retry-for", "0", "--json", ID)
        without_ca = jobstat(*arguments, env=environment(server.base_url))
        env = environment(server.base_url, SSL_CERT_FILE=str(ca_file))
        with_ca = jobstat(*arguments, env=env)
    assert without_ca.returncode == Exit.UNAVAILABLE
    assert "certificate of 127.0.0.1" in without_ca.stderr
    assert "is not trusted" in without_ca.stderr
    assert with_ca.returncode == Exit.OK, with_ca.stderr
    assert json.loads(with_ca.stdout)["status"] == "completed"
    # The credential is sent only over the trusted connection.
    assert len(server.requests) == 1


def test_request_to_loopback_bypasses_the_proxy() -> None:
    with (
        raw_server(http("502 Proxy")) as proxy,
        raw_server(http(content=body(completed(SUCCESS)))) as server,
    ):
        env = environment(server.base_url, HTTP_PROXY=proxy.base_url)
        assert jobstat("show", "-q", ID, env=env).returncode == 0
    assert proxy.requests == []
