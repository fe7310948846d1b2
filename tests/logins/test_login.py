"""Each way to log in, by the real program at the demo's account."""

from __future__ import annotations

import json
import os
import stat
from functools import partial
from typing import TYPE_CHECKING

import pytest
from machine import check_login, free_port
from raw_server import http, raw_server
from support import jobstat
from terminals import on_terminal

from jobstat.demo.api import TOKEN, USER
from jobstat.demo.oauth import CLIENT_SECRET, CONFIDENTIAL_CLIENT

if TYPE_CHECKING:
    from machine import Grants, Machine

USER_EMAIL = USER["email"]


def is_part_of(text: str, screen: str) -> bool:
    return text in screen


def test_login_with_a_client_secret_stores_account_and_secret(
    machine: Machine, grants: Grants
) -> None:
    check_login(machine, machine.login())
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
    # The check of the login and the next command use the same token.
    assert [kind for _, kind in grants.granted] == ["client_credentials"]


def test_login_with_an_oauth_token_stores_the_token(machine: Machine) -> None:
    login = ("auth", "login", "--base-url", machine.demo.base_url, "--with-token")
    check_login(machine, machine.run(*login, typed=f"{TOKEN}\n"))
    assert machine.entry == {"token": TOKEN}


def test_login_with_an_api_token_warns_that_zendesk_ends_api_tokens(
    machine: Machine,
) -> None:
    login = ("auth", "login", "--base-url", machine.demo.base_url, "--with-token")
    done = machine.run(*login, "--email", "me@example.org", typed=TOKEN)
    check_login(machine, done)
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


@pytest.mark.parametrize(
    ("options", "typed", "message"),
    [
        ([], None, "no login method given"),
        (["--with-secret"], "s", "no OAuth client given"),
        (["--with-token"], "", "standard input is empty"),
        (["--with-token"], "a\nb\n", "has more than one line"),
        (["--with-token"], "t0ken b", "the token contains a space"),
        (["--with-token"], "t0kenö", "the token contains a space"),
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
        (
            ["--client-id", "x", "--port", "0"],
            None,
            "not a whole number from 1 to 65535",
        ),
        (["--timeout", "0"], None, "not a duration above 0"),
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
            session.read(partial(is_part_of, question))
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
        assert "\njobstat: nothing was entered\n" in shown


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


def test_login_help_works_without_a_home_directory() -> None:
    assert jobstat("auth", "login", "--help").returncode == 0
