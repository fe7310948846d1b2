"""The output and the exit codes of ``jobstat auth status``."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from machine import free_port
from raw_server import http, raw_server
from terminals import on_terminal

from jobstat.demo.api import TOKEN
from jobstat.zendesk.auth.credentials import API_TOKENS_END, api_token_deprecation

if TYPE_CHECKING:
    from machine import Machine


def status(
    machine: Machine, *arguments: str, **settings: str
) -> tuple[int, list[object]]:
    done = machine.run("auth", "status", "--json", *arguments, **settings)
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()]


def test_status_of_a_working_login_exits_0_and_describes_it(machine: Machine) -> None:
    machine.login()
    code, (account,) = status(machine)
    assert code == 0
    assert isinstance(account, dict)
    expires_at = account.pop("expires_at")
    assert expires_at.endswith("+00:00")
    assert account == {
        "account": machine.demo.base_url,
        "name": machine.name,
        "default": True,
        "in_use": True,
        "works": True,
        "source": "keyring",
        "kind": "client-credentials",
        "user": "ada@demo.example",
        "client_id": "jobstat-demo-server",
        "renews": True,
        "problem": None,
        "hint": None,
        "warnings": [],
    }
    shown = machine.run("auth", "status").stdout
    assert f"{machine.name}  (in use, default)\n✓ the login works\n" in shown
    assert "OAuth client credentials (client jobstat-demo-server)" in shown
    assert "from the keyring, as ada@demo.example" in shown
    assert "expires in 29 min" in shown
    assert "renewed automatically" in shown


def test_status_without_an_account_exits_4(machine: Machine) -> None:
    done = machine.run("auth", "status")
    assert (done.returncode, done.stdout) == (4, "")
    assert (
        done.stderr == "jobstat: no account is in use; log in with jobstat auth login\n"
    )


def test_status_of_an_account_without_a_login_exits_4(machine: Machine) -> None:
    done = machine.run("auth", "status", "--subdomain", "acme", "--offline")
    assert done.returncode == 4
    assert (
        "✗ the login does not work\n  no credential for acme.zendesk.com" in done.stdout
    )
    assert "jobstat auth login --subdomain acme" in done.stdout


def test_offline_status_does_not_contact_the_account(machine: Machine) -> None:
    machine.login()
    machine.change_entry(expires_at=1, renew_at=1)
    entry = machine.entry
    code, (account,) = status(machine, "--offline")
    assert isinstance(account, dict)
    assert (code, account["works"]) == (0, None)
    assert machine.entry == entry
    assert "? not checked" in machine.run("auth", "status", "--offline").stdout
    assert "has expired, and is renewed automatically" in (
        machine.run("auth", "status", "--offline").stdout
    )
    code, (account,) = status(machine)
    assert isinstance(account, dict)
    assert (code, account["works"]) == (0, True)
    assert machine.entry != entry


def test_status_of_a_refused_credential_exits_4(machine: Machine) -> None:
    machine.login()
    code, (account,) = status(machine, ZENDESK_OAUTH_TOKEN="wr0ng")
    assert isinstance(account, dict)
    assert code == 4
    assert account["works"] is False
    assert account["source"] == "ZENDESK_OAUTH_TOKEN"
    assert account["user"] is None
    assert "401" in account["problem"]
    assert account["warnings"] == [
        "ZENDESK_OAUTH_TOKEN is set and overrides the login of this account"
    ]


def test_status_of_an_unreachable_account_exits_7(machine: Machine) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    done = machine.run("auth", "status", "--base-url", url, ZENDESK_OAUTH_TOKEN="t0ken")
    assert done.returncode == 7
    assert "connection refused" in done.stdout.lower()


def test_status_sends_no_account_the_credential_of_another(machine: Machine) -> None:
    machine.login()
    with machine.other_account() as sandbox, raw_server(http("401 No")) as stranger:
        sandbox.login()
        code, accounts = status(machine, ZENDESK_OAUTH_TOKEN=TOKEN)
        names = [(line["name"], line["source"]) for line in accounts]  # type: ignore[index] # objects
        assert code == 0
        assert names == [
            (machine.name, "ZENDESK_OAUTH_TOKEN"),
            (sandbox.name, "keyring"),
        ]
        # The account that an option names is in use, and comes first.
        code, accounts = status(machine, "--base-url", stranger.base_url)
        assert code == 4
        assert len(accounts) == 3
        assert stranger.requests == []


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"ZENDESK_PASSWORD": TOKEN}, "ended sign-in by password"),
        ({"ZENDESK_API_TOKEN": TOKEN}, "ends API tokens on 30 April 2027, in "),
    ],
)
def test_status_warns_of_passwords_and_api_tokens(
    machine: Machine, settings: dict[str, str], message: str
) -> None:
    settings = {"ZENDESK_EMAIL": "me@example.org", **settings}
    done = machine.run("auth", "status", "--subdomain", "acme", "--offline", **settings)
    assert done.returncode == 0
    assert f"  warning: Zendesk {message}" in done.stdout


def test_api_token_warning_counts_the_days_until_the_end() -> None:
    end = datetime(2027, 5, 1, tzinfo=UTC)  # Zendesk names no time zone
    assert end.timestamp() == API_TOKENS_END
    assert "in 158 days" in api_token_deprecation(API_TOKENS_END - 158.5 * 86400)
    assert "today" in api_token_deprecation(API_TOKENS_END - 1)
    assert "Zendesk ended" in api_token_deprecation(API_TOKENS_END + 1)


def test_locked_keyring_does_not_fall_back_to_the_environment_token(
    machine: Machine,
) -> None:
    """jobstat is logged in to the account, but the keyring has lost its entry."""
    machine.login()
    with machine.other_account() as sandbox:
        sandbox.login()
        keyring = machine.home / "keyring.json"
        entries = json.loads(keyring.read_text())
        del entries[f"jobstat/{sandbox.demo.base_url}"]
        keyring.write_text(json.dumps(entries))
        job = f"{sandbox.demo.base_url}/api/v2/job_statuses/1"
        locked = machine.run(
            *("show", job),
            ZENDESK_OAUTH_TOKEN=TOKEN,
            PYTHON_KEYRING_BACKEND="fake_keyrings.Locked",
        )
        assert locked.returncode == 4
        assert locked.stderr == (
            f"jobstat: no credential is stored for {sandbox.name}; the keyring is"
            " locked\n"
            "  jobstat sends ZENDESK_OAUTH_TOKEN only to an account that you name."
            f" Give --base-url {sandbox.demo.base_url}\n"
        )


def test_incomplete_environment_credential_does_not_hide_the_login(
    machine: Machine,
) -> None:
    machine.login()
    assert status(machine, ZENDESK_EMAIL="me@example.org")[0] == 0


def test_status_shows_an_oauth_client_from_the_environment(machine: Machine) -> None:
    code, (account,) = status(
        machine,
        JOBSTAT_BASE_URL=machine.demo.base_url,
        ZENDESK_OAUTH_CLIENT_ID="jobstat-demo-server",
        ZENDESK_OAUTH_CLIENT_SECRET="demo-secret",
    )
    assert isinstance(account, dict)
    assert (code, account["source"]) == (0, "ZENDESK_OAUTH_CLIENT_ID")
    assert account["renews"] is True


def test_status_is_shown_on_a_narrow_terminal(machine: Machine) -> None:
    machine.login()
    with on_terminal("auth", "status", env=machine.env, columns=40) as session:
        shown = session.read()
    assert session.process.returncode == 0
    assert "✓ the login works" in shown
