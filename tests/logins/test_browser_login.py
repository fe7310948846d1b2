"""The login in a browser, by the real program at the demo's account."""

from __future__ import annotations

import json
import os
import re
import socket
import struct
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from children import run, wait_until
from machine import TESTS, check_login, free_port, secrets_of
from support import environment
from terminals import on_terminal

from jobstat.demo.api import USER
from jobstat.demo.fake_account import AccountError, FakeAccount
from jobstat.demo.oauth import PUBLIC_CLIENT
from jobstat.zendesk.auth.callback import Callback

if TYPE_CHECKING:
    from collections.abc import Iterator

    from children import Child
    from machine import Machine

USER_EMAIL = USER["email"]
CODE = r"code=([0-9a-f]+)"


@contextmanager
def waiting_login(machine: Machine, port: int) -> Iterator[tuple[Child, str]]:
    """Start a login that waits for a browser on a port; yield it and its URL."""
    login = ("auth", "login", "--base-url", machine.demo.base_url)
    arguments = (*login, "--client-id", PUBLIC_CLIENT, "--port", str(port))
    with machine.start(*arguments) as process:
        lines = iter(process.stderr.readline, "")
        yield process, next(line.strip() for line in lines if "/oauth/" in line)


def test_browser_login_stores_a_refresh_token(machine: Machine) -> None:
    done = machine.login_by_browser()
    check_login(machine, done)
    account = machine.accounts["accounts"][machine.demo.base_url]
    assert account == {
        "kind": "browser",
        "client_id": PUBLIC_CLIENT,
        "user": USER_EMAIL,
    }
    assert machine.entry["refresh_token"]
    browser = json.loads((machine.home / "browser.json").read_text())
    assert "You may close this" in browser["page"]
    (port,) = re.findall(r"127\.0\.0\.1:(\d+)/callback\n", done.stderr)
    assert browser["redirect"].startswith(f"http://127.0.0.1:{port}/callback?")


def test_browser_login_is_kept_with_a_warning_if_the_account_is_down(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A typed token is not kept: the user can type it again."""

    def down(*_: object) -> None:
        raise AccountError(503, {"error": "Down"})

    with monkeypatch.context() as patched:
        patched.setattr(FakeAccount, "list_jobs", down)
        done = machine.login_by_browser()
        assert machine.login().returncode == 7
    assert done.returncode == 0
    assert (
        "jobstat: warning: the login could not be checked:"
        f" {machine.name} cannot answer now (503: Down)\n"
        f"Logged in to {machine.name}.\n"
    ) in done.stderr
    assert machine.accounts["accounts"][machine.demo.base_url]["kind"] == "browser"
    assert machine.run("list").returncode == 0


def test_browser_command_and_environment_contain_no_secret(machine: Machine) -> None:
    machine.settings = {"ZENDESK_OAUTH_TOKEN": "t0ken-of-old", "ZENDESK_EMAIL": "a@b.c"}
    done = machine.login_by_browser()
    assert "warning: ZENDESK_OAUTH_TOKEN is set and overrides" in done.stderr
    browser = json.loads((machine.home / "browser.json").read_text())
    assert not [name for name in browser["environment"] if name.startswith("ZENDESK")]
    (code,) = re.findall(CODE, browser["redirect"])
    for secret in (*secrets_of(machine), "t0ken-of-old", code):
        assert secret not in json.dumps(browser["commands"])
        assert secret not in json.dumps(browser["environment"])
    assert code not in done.stderr


def test_login_denied_in_the_browser_exits_4_and_stores_no_login(
    machine: Machine,
) -> None:
    done = machine.login_by_browser(answer="deny")
    assert done.returncode == 4
    assert done.stderr.endswith(
        f"jobstat: the login at {machine.name} was denied in the browser\n"
        "  To log in, allow jobstat to read the account in the browser.\n"
    )
    assert (machine.accounts, machine.entry) == ({}, {})


def test_login_with_an_unknown_client_times_out_with_exit_124(machine: Machine) -> None:
    login = ("auth", "login", "--base-url", machine.demo.base_url, "--client-id", "x")
    done = machine.run(*login, "--timeout", "1s", "--port", str(free_port()))
    # Zendesk shows an error in the browser, and redirects it nowhere.
    assert done.returncode == 124
    assert done.stderr.endswith(
        "jobstat: no answer from the browser within 1 s\n"
        "  Log in again; --timeout allows more time.\n"
    )


def test_port_in_use_makes_browser_login_exit_2(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = machine.login_by_browser(port=taken.getsockname()[1])
    assert done.returncode == 2
    assert "cannot wait for the browser on 127.0.0.1" in done.stderr
    assert "Choose another --port" in done.stderr


def test_incomplete_line_does_not_block_the_login_timeout(machine: Machine) -> None:
    login = ("auth", "login", "--base-url", machine.demo.base_url, "--timeout", "2s")
    browser = ("--client-id", PUBLIC_CLIENT, "--port", str(free_port()))
    with on_terminal(*login, *browser, env=machine.env) as session:
        session.read(lambda text: "paste the address" in text)
        session.type("part\x04")
        shown = session.read()
    assert session.process.returncode == 124
    assert "no answer from the browser within 2 s" in shown


def test_login_runs_no_module_from_the_working_directory(machine: Machine) -> None:
    for name in ("shlex", "webbrowser", "keyring", "oauthlib"):
        (machine.home / f"{name}.py").write_text("open('TRACE', 'w')")
    browsed = machine.home / "browsed"
    browser_program = machine.home / "browser"
    browser_program.write_text(f"#!/bin/sh\n: > {browsed}\n")
    browser_program.chmod(0o755)
    env = machine.env | {"BROWSER": f"{browser_program} %s"}
    login = ("auth", "login", "--base-url", machine.demo.base_url, "--timeout", "1s")
    browser = ("--client-id", PUBLIC_CLIENT, "--port", str(free_port()))
    program = Path(sys.executable).with_name("jobstat")
    done = run([str(program), *login, *browser], env=env, cwd=machine.home)
    assert done.returncode == 124
    wait_until(browsed.exists)
    assert not (machine.home / "TRACE").exists()


def test_login_succeeds_if_the_browser_disconnects_after_the_callback(
    machine: Machine,
) -> None:
    port = free_port()
    with waiting_login(machine, port) as (process, url):
        target = urlsplit(run_browser("paste", url).strip())
        with socket.create_connection(("127.0.0.1", port)) as connection:
            reset = struct.pack("ii", 1, 0)
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
            head = f"GET {target.path}?{target.query} HTTP/1.1\r\nHost: x\r\n\r\n"
            connection.sendall(head.encode())
        rest = process.communicate()[1]
    assert process.returncode == 0
    assert f"Logged in to {machine.name}" in rest


def test_pasted_redirect_address_completes_the_login(machine: Machine) -> None:
    port = free_port()
    login = ("auth", "login", "--base-url", machine.demo.base_url)
    browser = ("--client-id", PUBLIC_CLIENT, "--port", str(port))
    with on_terminal(*login, *browser, env=machine.env, columns=500) as session:
        shown = session.read(lambda text: "paste the address" in text)
        (url,) = re.findall(r"http://\S+/oauth/\S+", shown)
        for wrong in ("what?", f"http://127.0.0.1:{port}/callback?code=1&state=2"):
            session.type(f"{wrong}\n")
        session.read(lambda text: text.count("not from this login") == 2)
        session.type(run_browser("paste", url))
        shown = session.read()
    assert session.process.returncode == 0
    assert f"Logged in to {machine.name} as {USER_EMAIL}." in shown


def run_browser(action: str, url: str) -> str:
    command = [sys.executable, str(TESTS / "browser.py"), action, url]
    done = run(command, env=environment())
    assert done.returncode == 0, done.stderr
    return str(done.stdout)


def test_invalid_callback_is_refused_and_the_login_goes_on(machine: Machine) -> None:
    import urllib.error
    import urllib.request

    port = free_port()
    wrong = {"callback?code=1&state=2": 400, "callback": 400, "": 404}
    with waiting_login(machine, port) as (process, url):
        for address, code in wrong.items():
            with pytest.raises(urllib.error.HTTPError) as refused:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/{address}")
            assert refused.value.code == code
            refused.value.close()
        assert process.poll() is None
        run_browser("allow", url)
        rest = process.communicate()[1]
    assert process.returncode == 0
    assert f"Logged in to {machine.name}" in rest


def test_code_with_a_wrong_pkce_verifier_is_refused(
    machine: Machine,
) -> None:
    """Without this check in the demo, the other tests would pass without PKCE."""
    import urllib.error
    import urllib.request

    with waiting_login(machine, port := free_port()) as (_, url):
        (code,) = re.findall(CODE, run_browser("paste", url))
    fields = {
        "grant_type": "authorization_code",
        "client_id": PUBLIC_CLIENT,
        "redirect_uri": f"http://127.0.0.1:{port}/callback",
        "code": code,
        "code_verifier": "x" * 64,
    }
    request = urllib.request.Request(
        f"{machine.demo.base_url}/oauth/tokens", json.dumps(fields).encode()
    )
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request)
    assert json.load(refused.value)["error"] == "invalid_grant"


def test_login_without_a_display_starts_no_browser(machine: Machine) -> None:
    trace = machine.home / "trace"
    browser = machine.home / "www-browser"
    browser.write_text(f"#!/bin/sh\n: > {trace}\n")
    browser.chmod(0o755)
    done = machine.run(
        *("auth", "login", "--base-url", machine.demo.base_url, "--timeout", "1s"),
        *("--client-id", PUBLIC_CLIENT, "--port", str(free_port())),
        PATH=f"{machine.home}:{os.environ['PATH']}",
        DISPLAY="",
        WAYLAND_DISPLAY="",
        BROWSER="",
    )
    assert done.returncode == 124
    assert "Open this in a browser" in done.stderr
    assert not trace.exists()


def test_ctrl_d_does_not_end_a_login_that_waits_for_the_browser(
    machine: Machine,
) -> None:
    login = ("auth", "login", "--base-url", machine.demo.base_url)
    browser = ("--client-id", PUBLIC_CLIENT, "--port", str(free_port()))
    with on_terminal(*login, *browser, env=machine.env, columns=500) as session:
        shown = session.read(lambda text: "paste the address" in text)
        (url,) = re.findall(r"http://\S+/oauth/\S+", shown)
        session.type("\x04")
        time.sleep(0.5)  # nothing shows that the end of input has been read
        run_browser("allow", url)
        session.read()
    assert session.process.returncode == 0


def test_callback_listens_on_127_0_0_1_only() -> None:
    with Callback(port := free_port(), str):
        socket.create_connection(("127.0.0.1", port)).close()
        with pytest.raises(OSError, match=r"refused|assign"):
            socket.create_connection(("127.0.0.2", port))
