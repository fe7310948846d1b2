"""Each way to log in, by the real program at the demo's account."""

from __future__ import annotations

import json
import os
import re
import socket
import stat
import struct
import sys
import time
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from children import run, wait_until
from machine import TESTS, free_port
from support import bash, environment, http, jobstat, raw_server
from terminals import on_terminal

from jobstat.demo.api import TOKEN, USER
from jobstat.demo.fake_account import ErrorResponse, FakeAccount
from jobstat.demo.oauth import CLIENT_SECRET, CONFIDENTIAL_CLIENT, PUBLIC_CLIENT
from jobstat.zendesk.auth.callback import Callback

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator

    from children import Child
    from machine import Grants, Machine

USER_EMAIL = USER["email"]
README = (TESTS.parent / "README.md").read_text()
CODE = r"code=([0-9a-f]+)"


def contains(words: str, text: str) -> bool:
    return words in text


@contextmanager
def waiting_login(machine: Machine, port: int) -> Iterator[tuple[Child, str]]:
    """A login that waits for a browser there, and the address that it is to go to."""
    login = ("auth", "login", "--base-url", machine.demo.base_url)
    arguments = (*login, "--client-id", PUBLIC_CLIENT, "--port", str(port))
    with machine.start(*arguments) as process:
        lines = iter(process.stderr.readline, "")
        yield process, next(line.strip() for line in lines if "/oauth/" in line)


def secrets_of(machine: Machine) -> list[str]:
    texts = [value for value in machine.entry.values() if isinstance(value, str)]
    return [*texts, CLIENT_SECRET, TOKEN]


def check_that_it_is_kept(
    machine: Machine, done: subprocess.CompletedProcess[str]
) -> None:
    """The next command just works, and no secret stands where it should not."""
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert f"Logged in to {machine.name} as {USER_EMAIL}.\n" in done.stderr
    assert "It is the default account.\n" in done.stderr
    listed = machine.run("list", "--json")
    assert listed.returncode == 0, listed.stderr
    outputs = [
        done.stderr,
        listed.stderr,
        (machine.config / "accounts.toml").read_text(),
    ]
    for secret in secrets_of(machine):
        assert not any(secret in text for text in outputs)


def test_login_with_a_client_secret_stores_account_and_secret(
    machine: Machine, grants: Grants
) -> None:
    check_that_it_is_kept(machine, machine.login())
    assert machine.accounts == {
        "default": machine.demo.base_url,
        "accounts": {
            machine.demo.base_url: {
                "kind": "client-credentials",
                "client_id": CONFIDENTIAL_CLIENT,
                "user": USER_EMAIL,
            }
        },
    }
    assert machine.entry["client_secret"] == CLIENT_SECRET
    # The token of the login is the one that is used.
    assert [kind for _, kind in grants.granted] == ["client_credentials"]


def test_browser_login_stores_a_refresh_token(machine: Machine) -> None:
    done = machine.login_by_browser()
    check_that_it_is_kept(machine, done)
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
    """A token that was typed is not: it can be typed again."""

    def down(*_: object) -> None:
        raise ErrorResponse(503, {"error": "Down"})

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


def test_login_with_an_oauth_token_stores_the_token(machine: Machine) -> None:
    login = ("auth", "login", "--base-url", machine.demo.base_url, "--with-token")
    check_that_it_is_kept(machine, machine.run(*login, typed=f"{TOKEN}\n"))
    assert machine.entry == {"token": TOKEN}


def test_login_with_an_api_token_warns_that_zendesk_ends_api_tokens(
    machine: Machine,
) -> None:
    login = ("auth", "login", "--base-url", machine.demo.base_url, "--with-token")
    done = machine.run(*login, "--email", "me@example.org", typed=TOKEN)
    check_that_it_is_kept(machine, done)
    assert "warning: Zendesk ends API tokens on 30 April 2027" in done.stderr
    account = machine.accounts["accounts"][machine.demo.base_url]
    assert account == {
        "kind": "api-token",
        "email": "me@example.org",
        "user": USER_EMAIL,
    }


def test_config_files_are_readable_by_their_owner_only(machine: Machine) -> None:
    machine.login()
    modes = {
        path.name: stat.S_IMODE(path.stat().st_mode)
        for path in [machine.config, *machine.config.iterdir()]
    }
    assert modes.pop("jobstat") == 0o700
    assert set(modes.values()) == {0o600}
    assert "accounts.toml" in modes


@pytest.mark.parametrize(
    ("options", "typed", "message"),
    [
        (
            ["--client-id", CONFIDENTIAL_CLIENT, "--with-secret"],
            "wr0ng",
            "401: invalid",
        ),
        (["--client-id", "nobody", "--with-secret"], CLIENT_SECRET, "401: invalid"),
        (["--with-token"], "wr0ng", "401: invalid_token"),
        (["--email", "me@example.org"], "wr0ng", "401: Couldn't authenticate"),
    ],
)
def test_credential_that_the_account_refuses_is_not_stored(
    machine: Machine, options: list[str], typed: str, message: str
) -> None:
    login = ("auth", "login", "--base-url", machine.demo.base_url)
    done = machine.run(*login, *options, typed=typed)
    assert done.returncode == 4
    assert message in done.stderr.splitlines()[0]
    assert "wr0ng" not in done.stderr
    assert (machine.accounts, machine.entry) == ({}, {})


def test_refused_login_keeps_the_previous_login(machine: Machine) -> None:
    machine.login()
    before = (machine.accounts, machine.entry)
    login = ("auth", "login", "--base-url", machine.demo.base_url, "--with-token")
    assert machine.run(*login, typed="wr0ng").returncode == 4
    assert (machine.accounts, machine.entry) == before


def test_login_denied_in_the_browser_exits_4_and_stores_no_login(
    machine: Machine,
) -> None:
    done = machine.login_by_browser(answer="deny")
    assert done.returncode == 4
    assert done.stderr.endswith(
        f"jobstat: the login at {machine.name} was denied in the browser\n"
    )
    assert (machine.accounts, machine.entry) == ({}, {})


def test_login_with_an_unknown_client_times_out_with_exit_124(machine: Machine) -> None:
    login = ("auth", "login", "--base-url", machine.demo.base_url, "--client-id", "x")
    done = machine.run(*login, "--timeout", "1s", "--port", str(free_port()))
    # Its page is an error, in the browser: here nothing ever comes.
    assert done.returncode == 124
    assert done.stderr.endswith("jobstat: no answer from the browser within 1 s\n")


def test_port_in_use_makes_browser_login_exit_2(machine: Machine) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = machine.login_by_browser(port=taken.getsockname()[1])
    assert done.returncode == 2
    assert "cannot wait for the browser on 127.0.0.1" in done.stderr
    assert "Choose another --port" in done.stderr


@pytest.mark.parametrize(
    ("options", "typed", "message"),
    [
        ([], None, "no login method given"),
        (["--with-secret"], "s", "no OAuth client given"),
        (["--with-token"], "", "should be the OAuth access token, but holds nothing"),
        (["--with-token"], "a\nb\n", "but holds more than a line"),
        (["--with-token"], "t0ken b", "the token is not one word of ASCII"),
        (["--with-token"], "t0kenö", "the token is not one word of ASCII"),
        (
            ["--with-token", "--with-secret"],
            "t0ken",
            "--with-secret cannot be used with",
        ),
        (
            ["--with-token", "--client-id", "x"],
            "t0ken",
            "--client-id cannot be used with",
        ),
        (["--email", "me"], "t0ken", "--email is not an e-mail address"),
        (["--client-id", "\n"], None, "--client-id is not the id"),
        (["--client-id", "x", "--port", "0"], None, "'--port': 0"),
        (["--timeout", "0"], None, "longer than 0"),
    ],
)
def test_invalid_login_input_exits_2_and_stores_no_login(
    machine: Machine, options: list[str], typed: str | None, message: str
) -> None:
    login = ("auth", "login", "--base-url", machine.demo.base_url)
    done = machine.run(*login, *options, typed=typed)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr.splitlines()[0]
    assert len(done.stderr.splitlines()) <= 2
    assert "t0ken" not in done.stderr
    assert (machine.accounts, machine.entry) == ({}, {})


def test_login_without_an_account_or_a_terminal_exits_2(machine: Machine) -> None:
    done = machine.run("auth", "login", "--with-token", typed=TOKEN)
    assert done.returncode == 2
    assert "no Zendesk account given" in done.stderr


def test_login_to_an_unreachable_account_exits_7(machine: Machine) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = machine.run("auth", "login", "--base-url", url, "--with-token", typed="t")
    assert done.returncode == 7
    assert (machine.accounts, machine.entry) == ({}, {})


def test_login_on_a_terminal_prompts_for_each_value(machine: Machine) -> None:
    with on_terminal("auth", "login", env=machine.env) as session:
        for question, answer in (
            ("Account (acme for https://acme.zendesk.com)", machine.demo.base_url),
            ("How do you want to log in?", "2"),
            ("OAuth client's id", CONFIDENTIAL_CLIENT),
            ("The OAuth client's secret", CLIENT_SECRET),
        ):
            session.read(partial(contains, question))
            session.type(f"{answer}\n")
        shown = session.read()
    assert session.process.returncode == 0
    assert f"Logged in to {machine.name} as {USER_EMAIL}." in shown
    assert CLIENT_SECRET not in shown
    assert machine.entry["client_secret"] == CLIENT_SECRET


@pytest.mark.parametrize("key", ["\x03", "\x04"])
def test_ctrl_c_or_ctrl_d_at_a_prompt_cancels_the_login(
    machine: Machine, key: str
) -> None:
    with on_terminal("auth", "login", env=machine.env) as session:
        session.read(lambda text: "Account" in text)
        session.type(key)
        shown = session.read()
    assert (machine.accounts, machine.entry) == ({}, {})
    if key == "\x03":
        assert session.process.returncode == -2
    else:
        assert session.process.returncode == 2
        assert shown.endswith("\njobstat: nothing was entered")


@pytest.mark.parametrize("key", ["\x1a", "\x1a\x1a", "\xff"])
def test_special_keys_at_the_prompt_do_not_reveal_the_secret(
    machine: Machine, key: str
) -> None:
    login = ("auth", "login", "--base-url", machine.demo.base_url, "--with-token")
    with on_terminal(*login, env=machine.env) as session:
        session.read(lambda text: "The OAuth access token:" in text)
        os.write(session.master, key.encode("latin-1"))
        session.type(f"{TOKEN}\n")
        shown = session.read()
    assert TOKEN not in shown
    assert "t0ken" not in shown
    assert session.process.returncode in {0, 2}
    assert "defect" not in shown


def test_secret_prompt_hides_input_if_stderr_is_redirected(machine: Machine) -> None:
    login = ("auth", "login", "--base-url", machine.demo.base_url, "--with-token")
    log = machine.home / "err.log"
    command = ["sh", "-c", f'"$@" 2> {log}', "sh"]
    with on_terminal(*login, env=machine.env, under=command) as session:
        session.read(lambda text: "The OAuth access token:" in text)
        session.type(f"{TOKEN}\n")
        shown = session.read()
    assert session.process.returncode == 0, log.read_text()
    assert TOKEN not in shown


def test_login_prompts_again_for_an_invalid_account(machine: Machine) -> None:
    with on_terminal("auth", "login", "--with-token", env=machine.env) as session:
        session.read(lambda text: "Account (acme" in text)
        session.type("no such\n")
        session.read(lambda text: "try again" in text)
        session.type(f"{machine.demo.base_url}\n")
        session.read(lambda text: "token:" in text)
        session.type(f"{TOKEN}\n")
        session.read()
    assert session.process.returncode == 0


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


def run_browser(word: str, url: str) -> str:
    command = [sys.executable, str(TESTS / "browser.py"), word, url]
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
    """PKCE, as the demo has it: else the tests above would hold without it."""
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


def test_each_account_uses_its_own_login_and_the_default_can_change(
    machine: Machine,
) -> None:
    machine.login()
    with machine.other_account() as sandbox:
        done = sandbox.login()
        assert (
            f"The default account is {machine.name}; --default changes" in done.stderr
        )
        assert machine.accounts["default"] == machine.demo.base_url
        # Each is asked with its own, the default if none is named.
        assert machine.run("list").stderr == f"jobstat: no jobs at {machine.name}\n"
        named = ("list", "--base-url", sandbox.demo.base_url)
        assert machine.run(*named).stderr == f"jobstat: no jobs at {sandbox.name}\n"
        # The URL of a job of the other one is enough.
        job = sandbox.demo.account.create_tickets([{"comment": {"body": "x"}}], 0)
        shown = machine.run("show", job["url"])
        assert shown.returncode == 5, shown.stderr  # it is a day old, and gone
        assert f"at {sandbox.name}" in shown.stderr
        assert "It is the default account" in sandbox.login("--default").stderr
        assert machine.run("list").stderr == f"jobstat: no jobs at {sandbox.name}\n"
        done = machine.run("auth", "logout")
        assert done.stderr == (
            f"Logged out of {sandbox.name}.\nThe default account is {machine.name}.\n"
        )
        assert (sandbox.entry, bool(machine.entry)) == ({}, True)
        assert list(machine.accounts["accounts"]) == [machine.demo.base_url]


def test_environment_token_is_not_sent_to_the_account_of_a_job_url(
    machine: Machine,
) -> None:
    machine.login()
    with machine.other_account() as sandbox:
        sandbox.login()
        job = sandbox.demo.account.create_tickets([{"comment": {"body": "x"}}], 0)
        # The demo would refuse this token, so the request carried the stored one.
        shown = machine.run("show", job["url"], ZENDESK_OAUTH_TOKEN="t0ken-for-default")
        assert shown.returncode == 5, shown.stderr
        shown = machine.run("show", "1", ZENDESK_OAUTH_TOKEN="t0ken-for-default")
        assert shown.returncode == 4


def test_show_refuses_the_job_url_of_an_unknown_account(machine: Machine) -> None:
    machine.login()
    url = "https://evil.example/api/v2/job_statuses/1.json"
    done = machine.run("show", url, ZENDESK_OAUTH_TOKEN="t0ken")
    assert done.returncode == 2
    assert f"but the account is {machine.demo.base_url}" in done.stderr


def test_logout_ignores_the_zcli_profile(machine: Machine) -> None:
    profile = {"activeProfile": {"subdomain": "acme"}}
    (machine.home / ".zcli").write_text(json.dumps(profile))
    done = machine.run("auth", "logout")
    assert done.stderr == "jobstat: not logged in to any account\n"


def test_jobstat_login_takes_precedence_over_the_zcli_login(machine: Machine) -> None:
    machine.login()
    keyring = machine.home / "keyring.json"
    entries = json.loads(keyring.read_text())
    entries[f"zcli/{machine.name}"] = f"Bearer {TOKEN}"
    keyring.write_text(json.dumps(entries))
    account = json.loads(machine.run("auth", "status", "--json").stdout)
    assert account["source"] == "keyring"


def test_login_succeeds_if_the_user_endpoint_answers_403(
    machine: Machine,
) -> None:
    jobs = http(content=b'{"job_statuses": []}')
    with raw_server(jobs, http("403 Forbidden")) as server:
        login = ("auth", "login", "--base-url", server.base_url, "--with-token")
        done = machine.run(*login, typed="t0ken")
    assert done.returncode == 0, done.stderr
    assert done.stderr.startswith(f"Logged in to {server.base_url[7:]}.\n")


@pytest.mark.parametrize("name", ["t0ken", "x" * 201, "", 7])
def test_login_does_not_print_an_invalid_user_name(
    machine: Machine, name: object
) -> None:
    jobs = http(content=b'{"job_statuses": []}')
    me = http(content=json.dumps({"user": {"email": name}}).encode())
    with raw_server(jobs, me) as server:
        login = ("auth", "login", "--base-url", server.base_url, "--with-token")
        done = machine.run(*login, typed="t0ken")
    assert done.stderr.startswith(f"Logged in to {server.base_url[7:]}.\n")


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


def test_logout_without_a_login_exits_4(machine: Machine) -> None:
    done = machine.run("auth", "logout")
    assert done.returncode == 4
    assert done.stderr == "jobstat: not logged in to any account\n"
    done = machine.run("auth", "logout", "--subdomain", "acme")
    assert done.returncode == 4
    assert "not logged in to acme.zendesk.com" in done.stderr


def test_missing_or_malformed_keyring_entry_exits_4_with_a_hint(
    machine: Machine,
) -> None:
    machine.login()
    Path(machine.env["KEYRING_FILE"]).unlink()
    done = machine.run("list")
    assert done.returncode == 4
    assert done.stderr == (
        f"jobstat: the keyring has no entry for {machine.name}\n"
        f"  Log in again with jobstat auth login --base-url {machine.demo.base_url}\n"
    )
    for entry in ("", "[]", '{"token": 3}', "{", '{"expires_at": "x"}', "[" * 10_000):
        name = f"jobstat/{machine.demo.base_url}"
        Path(machine.env["KEYRING_FILE"]).write_text(json.dumps({name: entry}))
        done = machine.run("list")
        assert done.returncode == 4, entry
        assert len(done.stderr.splitlines()) == 2


def test_ci_example_of_the_readme_works(machine: Machine) -> None:
    block = re.search(r"<!-- begin ci -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert block
    script = (
        block[1]
        .replace("ZENDESK_SUBDOMAIN=acme", f"JOBSTAT_BASE_URL={machine.demo.base_url}")
        .replace("ID=jobstat-ci", f"ID={CONFIDENTIAL_CLIENT}")
    )
    job = machine.demo.account.create_tickets([{"comment": {"body": "x"}}], time.time())
    done = bash(script, **machine.env, SECRET=CLIENT_SECRET, ID=job["id"])
    assert done.returncode == 0, done.stderr
    assert "completed" in done.stdout
    assert machine.accounts == machine.entry == {}


def test_login_help_works_without_a_home_directory() -> None:
    assert jobstat("auth", "login", "--help").returncode == 0
