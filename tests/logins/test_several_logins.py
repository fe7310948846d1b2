"""The login that a command uses if there are several, and logout."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING

from machine import TESTS
from support import bash

from jobstat.demo.api import TOKEN
from jobstat.demo.oauth import CLIENT_SECRET, CONFIDENTIAL_CLIENT

if TYPE_CHECKING:
    from machine import Machine

README = (TESTS.parent / "README.md").read_text()


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
        # Each account uses its own login. Without a name, it is the default account.
        assert machine.run("list").stderr == f"jobstat: no jobs at {machine.name}\n"
        named = ("list", "--base-url", sandbox.demo.base_url)
        assert machine.run(*named).stderr == f"jobstat: no jobs at {sandbox.name}\n"
        # A job's URL names its account.
        job = sandbox.demo.account.create_tickets([{"comment": {"body": "x"}}], 0)
        shown = machine.run("show", job["url"])
        assert shown.returncode == 5, shown.stderr  # the job is older than a day
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
    assert done.stderr == (
        "jobstat: no account given, and there is no default account\n"
        "  Give --subdomain. jobstat auth status shows the accounts.\n"
    )


def test_jobstat_login_takes_precedence_over_the_zcli_login(machine: Machine) -> None:
    machine.login()
    keyring = machine.home / "keyring.json"
    entries = json.loads(keyring.read_text())
    entries[f"zcli/{machine.name}"] = f"Bearer {TOKEN}"
    keyring.write_text(json.dumps(entries))
    account = json.loads(machine.run("auth", "status", "--json").stdout)
    assert account["source"] == "keyring"


def test_logout_without_a_login_exits_4(machine: Machine) -> None:
    done = machine.run("auth", "logout")
    assert done.returncode == 4
    assert done.stderr == (
        "jobstat: no account given, and there is no default account\n"
        "  Give --subdomain. jobstat auth status shows the accounts.\n"
    )
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
