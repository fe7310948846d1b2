"""The proxy and certificate settings of the environment, valid and invalid ones."""

from __future__ import annotations

import os
import ssl
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
import trustme
from misbehaving import PROXY_PASSWORD, SECRETS
from raw_server import Early, http, raw_server
from support import ID, SUCCESS, body, completed, environment, jobstat

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable
    from pathlib import Path

DONE = http(content=body(completed(SUCCESS)))
ACCOUNT = "https://acme.example"
USER = f"someone:{PROXY_PASSWORD}"
PAIR = b64encode(USER.encode()).decode()


@pytest.fixture
def authority(tmp_path: Path) -> trustme.CA:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    return authority


def proxy_to(
    tls: ssl.SSLContext, requests: list[str]
) -> Callable[[socket.socket], None]:
    """Accept a CONNECT, and then answer as the account itself."""

    def act(connection: socket.socket) -> None:
        requests.append(connection.recv(65536).decode())
        connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
        with tls.wrap_socket(connection, server_side=True) as account:
            requests.append(account.recv(65536).decode())
            account.sendall(DONE)

    return act


@pytest.mark.parametrize(
    "variable", ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]
)
def test_proxy_variable_is_used_and_the_token_is_not_sent_to_the_proxy(
    variable: str, authority: trustme.CA, tmp_path: Path
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("acme.example").configure_cert(tls)
    requests: list[str] = []
    with raw_server(Early(proxy_to(tls, requests))) as proxy:
        env = environment(ACCOUNT, SSL_CERT_FILE=str(tmp_path / "ca.pem"))
        env[variable] = f"http://{USER}@127.0.0.1:{proxy.port}"
        done = jobstat("show", ID, env=env)
    assert done.returncode == 0, done.stderr
    connect, request = requests
    assert connect.startswith("CONNECT acme.example:443 ")
    # The proxy gets its own password, but not the account's credential.
    assert "proxy-authorization: basic " in connect.lower()
    assert "bearer" not in connect.lower()
    assert "Authorization: Bearer " in request
    assert "proxy-authorization" not in request.lower()


def refuse(answer: bytes) -> Callable[[socket.socket], None]:
    def act(connection: socket.socket) -> None:
        connection.recv(65536)
        connection.sendall(answer)

    return act


@pytest.mark.parametrize(
    ("answer", "code", "message"),
    [
        (
            b"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n",
            2,
            "the proxy 127.0.0.1:{} refuses the user name and password (407)",
        ),
        (
            b"HTTP/1.1 401 Unauthorized\r\n\r\n",
            2,
            "the proxy 127.0.0.1:{} refuses the user name and password (401)",
        ),
        (
            b"HTTP/1.1 502 No\x1b[2J way\r\n\r\n",
            7,
            (
                "the proxy 127.0.0.1:{} could not connect to the account:"
                " 502 No\\x1b[2J way"
            ),
        ),
        (
            f"HTTP/1.1 502 You are {USER} or {PAIR}\r\n\r\n".encode(),
            7,
            (
                "the proxy 127.0.0.1:{} could not connect to the account:"
                " 502 You are someone:[hidden]"
            ),
        ),
        (
            f"HTTP/1.1 200 OK\r\nX\0: {PAIR} {PROXY_PASSWORD}\r\n\r\n".encode(),
            7,
            "the connection to acme.example through the proxy 127.0.0.1:{} broke: ",
        ),
        (
            f"HTTP/1.1 407 No {quote(PROXY_PASSWORD, safe='')}\r\n\r\n".encode(),
            2,
            "the proxy 127.0.0.1:{} refuses the user name and password (407)",
        ),
        (
            b"",
            7,
            "the connection to acme.example through the proxy 127.0.0.1:{} broke: ",
        ),
        (
            b"HTTP/1.1 200 OK\r\n\r\nnothing",
            7,
            "the connection to acme.example through the proxy 127.0.0.1:{} broke: ",
        ),
    ],
)
@pytest.mark.parametrize("scheme", ["http://", ""])
def test_proxy_error_names_the_proxy_and_redacts_its_password(
    answer: bytes, code: int, message: str, scheme: str
) -> None:
    with raw_server(Early(refuse(answer))) as proxy:
        url = f"{scheme}{quote(USER, safe=':')}@127.0.0.1:{proxy.port}"
        env = environment(ACCOUNT, HTTPS_PROXY=url)
        done = jobstat("watch", "--debug", "--retry-for=0", ID, env=env)
    assert done.returncode == code, done.stderr
    assert f"jobstat: {message.format(proxy.port)}" in done.stderr
    assert not [form for form in (*SECRETS, PAIR) if form in done.stderr]
    assert "\x1b" not in done.stderr


@pytest.mark.parametrize("code", [401, 407])
@pytest.mark.parametrize("user", ["", "someone:wrong@"])
def test_proxy_authentication_failure_is_not_retried(code: int, user: str) -> None:
    """tinyproxy answers 407 without a password, and 401 to a wrong one."""
    refusal = f"HTTP/1.1 {code} No\r\n\r\n".encode()
    with raw_server(refusal) as proxy:
        env = environment(ACCOUNT, HTTPS_PROXY=f"http://{user}127.0.0.1:{proxy.port}")
        done = jobstat("watch", ID, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert f"refuses the user name and password ({code})" in done.stderr
    assert len(proxy.requests) == 1


def test_unreachable_proxy_is_named_in_the_error() -> None:
    env = environment(ACCOUNT, HTTPS_PROXY=f"http://{USER}@127.0.0.1:1")
    done = jobstat("watch", "--retry-for=0", ID, env=env)
    assert done.returncode == 7
    line = "jobstat: no connection to the proxy 127.0.0.1:1: Connection refused"
    assert done.stderr.splitlines()[0] == line
    env = environment(ACCOUNT, HTTPS_PROXY="http://proxy.invalid:3128")
    done = jobstat("watch", "--retry-for=0", ID, env=env)
    assert done.returncode == 7
    assert "host not found: the proxy proxy.invalid:3128" in done.stderr


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"ALL_PROXY": f"socks5://{USER}@127.0.0.1:1080"},
            "ALL_PROXY names a SOCKS proxy, which needs the Python package socksio",
        ),
        ({"all_proxy": f"socks4://{USER}@x"}, "all_proxy does not name a proxy"),
        ({"HTTPS_PROXY": f"nonsense://{USER}@x"}, "HTTPS_PROXY does not name a proxy"),
        ({"https_proxy": f"http://{USER}@[::1"}, "https_proxy does not name a proxy"),
        ({"HTTPS_PROXY": f"http://x:{PROXY_PASSWORD}"}, "HTTPS_PROXY does not name"),
        ({"HTTP_PROXY": "ftp://x"}, "HTTP_PROXY does not name a proxy"),
        (
            {"HTTPS_PROXY": "http://x", "NO_PROXY": "http://[::1"},
            "a proxy setting is invalid",
        ),
        (
            {"SSL_CERT_FILE": "/nowhere/ca.pem"},
            "SSL_CERT_FILE cannot be used: '/nowhere/ca.pem': No such file",
        ),
        (
            {"SSL_CERT_FILE": __file__},
            f"SSL_CERT_FILE cannot be used: {__file__!r}: it contains no certificate",
        ),
        ({"SSL_CERT_FILE": "/"}, "SSL_CERT_FILE cannot be used: '/'"),
        (
            {"SSL_CERT_DIR": "/nowhere:/not/there"},
            "SSL_CERT_DIR is not a directory: '/nowhere:/not/there'",
        ),
    ],
)
def test_invalid_proxy_or_tls_setting_exits_2_and_names_the_variable(
    settings: dict[str, str], message: str
) -> None:
    done = jobstat("show", "--debug", ID, env=environment(ACCOUNT, **settings))
    assert (done.returncode, done.stdout) == (2, "")
    *_, error = [line for line in done.stderr.splitlines() if line.startswith("jobs")]
    assert error.removeprefix("jobstat: ").startswith(message), done.stderr
    assert not [form for form in SECRETS if form in done.stderr]


def test_tls_keys_are_logged_with_debug_only(
    authority: trustme.CA, tmp_path: Path
) -> None:
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    keys = tmp_path / "keys"
    with raw_server(DONE, tls=tls) as server:
        env = environment(server.base_url, SSL_CERT_FILE=str(tmp_path / "ca.pem"))
        for file in (str(keys), "/nowhere/keys"):
            done = jobstat("show", ID, env=env | {"SSLKEYLOGFILE": file})
            assert done.returncode == 0, done.stderr
        assert not keys.exists()
        done = jobstat("show", "--debug", ID, env=env | {"SSLKEYLOGFILE": str(keys)})
        assert done.returncode == 0, done.stderr
        assert "CLIENT" in keys.read_text()


def test_unwritable_sslkeylogfile_with_debug_exits_2() -> None:
    env = environment(ACCOUNT, SSLKEYLOGFILE="/nowhere/keys")
    done = jobstat("show", ID, "--debug", env=env)
    assert done.returncode == 2
    assert "\njobstat: SSLKEYLOGFILE cannot be used: '/nowhere/keys'" in done.stderr


def test_fifo_as_certificate_file_exits_2(tmp_path: Path) -> None:
    fifo = tmp_path / "ca.pem"
    os.mkfifo(fifo)
    done = jobstat("show", ID, env=environment(ACCOUNT, SSL_CERT_FILE=str(fifo)))
    assert done.returncode == 2
    assert done.stderr == (
        f"jobstat: SSL_CERT_FILE cannot be used: '{fifo}': it is not a regular file\n"
        "  Set SSL_CERT_FILE to another file, or unset it.\n"
    )


@pytest.mark.parametrize(
    "url",
    [
        f"https://{USER}@acme.example",
        f"https://{PROXY_PASSWORD}@acme.example",
        f"http://{USER}@127.0.0.1:1",
    ],
)
@pytest.mark.parametrize("where", ["--base-url", "JOBSTAT_BASE_URL", "JOB"])
def test_user_name_in_a_url_exits_2_without_printing_the_password(
    url: str, where: str
) -> None:
    env = environment(ACCOUNT)
    arguments = [ID]
    if where == "JOBSTAT_BASE_URL":
        env[where] = url
    elif where == "JOB":
        arguments = [f"{url}/api/v2/job_statuses/{ID}.json"]
    else:
        arguments += [where, url]
    done = jobstat("show", "--debug", *arguments, env=env)
    assert (done.returncode, done.stdout) == (2, "")
    assert "contains a user name" in done.stderr or "it has a user" in done.stderr
    assert PROXY_PASSWORD not in done.stderr
