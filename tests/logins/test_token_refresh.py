"""Tokens that expire or are revoked: the watch goes on, or says why it ends."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from children import wait_until
from forks import run_forked
from misbehaving import SET_REQUEST_TIMEOUTS, stall
from raw_server import http, raw_server
from support import ID, SUCCESS, body, completed, finish_jobs, start_job

from jobstat.demo.oauth import CLIENT_SECRET, CONFIDENTIAL_CLIENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from machine import Grants, Machine

    LogIn = Callable[[Machine], dict[str, str]]

TOKEN_LIFETIME = 1.5
"""Seconds until a token of these tests expires."""


def start_failing_job(machine: Machine) -> str:
    """Start a job that runs until ``finish_jobs``; one of its items fails."""
    return start_job(machine.demo, tickets=10, failures=0.1)


def log_in_by_secret(machine: Machine) -> dict[str, str]:
    assert machine.login().returncode == 0
    return {}


def log_in_by_browser(machine: Machine) -> dict[str, str]:
    assert machine.login_by_browser().returncode == 0
    return {}


def use_environment(machine: Machine) -> dict[str, str]:
    return {
        "JOBSTAT_BASE_URL": machine.demo.base_url,
        "ZENDESK_OAUTH_CLIENT_ID": CONFIDENTIAL_CLIENT,
        "ZENDESK_OAUTH_CLIENT_SECRET": CLIENT_SECRET,
    }


def expire_tokens(machine: Machine) -> None:
    for pair in machine.demo.oauth.pairs:
        pair.expires_at = 0.0


ALL_LOGINS = pytest.mark.parametrize(
    "login", [log_in_by_secret, log_in_by_browser, use_environment]
)


@ALL_LOGINS
def test_watch_renews_each_expiring_token_once_and_goes_on(
    machine: Machine, grants: Grants, login: LogIn
) -> None:
    machine.demo.oauth.token_lifetime = TOKEN_LIFETIME
    settings = login(machine)
    id = start_failing_job(machine)
    arguments = ("watch", id, "--json", "--interval", "0.3s")
    with machine.start(*arguments, **settings) as process:
        wait_until(lambda: len(grants.granted) > 2)
        finish_jobs(machine.demo)
        stdout, stderr = process.communicate()
    assert (process.returncode, stderr) == (6, "")
    assert json.loads(stdout)["status"] == "completed"
    moments = [moment for moment, _ in grants.granted]
    gaps = [later - earlier for earlier, later in pairwise(moments)]
    # Each token is refreshed once, not with every request.
    assert all(gap > TOKEN_LIFETIME / 2 for gap in gaps), gaps


@ALL_LOGINS
def test_watch_retries_a_401_with_a_new_token(
    machine: Machine, grants: Grants, login: LogIn
) -> None:
    settings = login(machine)
    id = start_failing_job(machine)
    arguments = ("watch", id, "--plain", "--interval", "0.3s")
    with machine.start(*arguments, **settings) as process:
        process.stdout.readline()
        expire_tokens(machine)
        wait_until(lambda: grants.refused)
        finish_jobs(machine.demo)
        _, stderr = process.communicate()
    assert process.returncode == 6
    assert stderr == ""
    assert grants.refused == 1
    assert len(grants.granted) == 2


@pytest.mark.parametrize("login", [log_in_by_secret, log_in_by_browser])
def test_refused_renewal_ends_a_watch_with_exit_4_and_a_resume_hint(
    machine: Machine, grants: Grants, login: LogIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(machine)
    id = start_failing_job(machine)
    before = grants.accepted
    with machine.start("watch", id, "--json", "--interval", "0.3s") as process:
        wait_until(lambda: grants.accepted > before)
        machine.demo.oauth.pairs.clear()
        monkeypatch.setattr("jobstat.demo.oauth.CLIENT_SECRET", "an0ther")
        stdout, stderr = process.communicate()
    assert process.returncode == 4
    # It prints the last state, the command that resumes the watch, and the error.
    assert json.loads(stdout)["status"] in {"queued", "working"}
    stopped, resume, problem, hint = stderr.splitlines()
    assert stopped == "jobstat: stopped watching; the job goes on"
    assert resume == f"  Resume with: jobstat watch {id} --json --interval 0.3s"
    if login is log_in_by_browser:
        assert "cannot be renewed (400: invalid_grant" in problem
        url = machine.demo.base_url
        assert hint == f"  Log in again with jobstat auth login --base-url {url}"
    else:
        assert "refuses the client credentials (401: invalid_client" in problem
        assert "that the OAuth client jobstat-demo-server is confidential" in hint
    assert CLIENT_SECRET not in stderr


def test_concurrent_processes_renew_the_login_only_once(
    machine: Machine, grants: Grants
) -> None:
    log_in_by_browser(machine)
    expire_tokens(machine)
    stale = machine.entry
    for _ in range(3):
        machine.change_entry(renew_at=0)
        before = len(grants.granted)
        with ThreadPoolExecutor() as pool:
            runs = [pool.submit(machine.run, "list") for _ in range(6)]
        assert [run.result().returncode for run in runs] == [0] * 6
        assert len(grants.granted) == before + 1
    assert machine.entry["refresh_token"] != stale["refresh_token"]


def test_login_is_not_renewed_if_the_keyring_cannot_be_written(
    machine: Machine, grants: Grants
) -> None:
    """A renewal would revoke the old tokens, and the next process has no others."""
    machine.demo.oauth.token_lifetime = TOKEN_LIFETIME
    log_in_by_browser(machine)
    id = start_failing_job(machine)
    arguments = ("watch", id, "--json", "--interval", "0.3s", "--retry-for", "0.5s")
    done = replace(machine, keyring="ReadOnly").run(*arguments)
    assert done.returncode == 4
    assert json.loads(done.stdout)["id"] == id
    assert "jobstat: the keyring cannot be used: cannot keep [hidden]\n" in done.stderr
    assert len(grants.granted) == 1
    finish_jobs(machine.demo)
    assert machine.run("show", id).returncode == 6
    assert len(grants.granted) == 2


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["list"], 0),
        (["show", ID], 5),
        (["watch", "--all"], 0),
        (["auth", "status"], 0),
    ],
)
def test_keyring_warning_is_sanitized_and_printed_once(
    machine: Machine, arguments: list[str], code: int
) -> None:
    log_in_by_browser(machine)
    machine.change_entry(renew_at=0)
    machine.keyring = "Hostile"
    done = machine.run(*arguments)
    assert done.returncode == code
    output = done.stdout + done.stderr
    assert output.count(r"the keyring cannot be used: no\x1b[2J\u202e") == 1
    assert "\x1b" not in output
    assert "\u202e" not in output


def test_watch_retries_while_the_keyring_is_locked(
    machine: Machine, grants: Grants
) -> None:
    machine.demo.oauth.token_lifetime = TOKEN_LIFETIME
    log_in_by_browser(machine)
    lock = machine.home / "locked"
    id = start_failing_job(machine)
    machine.keyring = "Lockable"
    arguments = ("watch", id, "--interval", "0.3s")
    with machine.start(*arguments, LOCK=str(lock)) as process:
        process.stdout.readline()
        lock.touch()
        assert "the keyring is locked" in process.stderr.readline()
        lock.unlink()
        before = len(grants.granted)
        wait_until(lambda: len(grants.granted) > before)
        finish_jobs(machine.demo)
        process.communicate()
    assert process.returncode == 6


def test_watch_with_an_unwritable_lock_warns_once_and_still_renews(
    machine: Machine, grants: Grants
) -> None:
    """A home directory may be read-only. The login still works and is renewed."""
    machine.demo.oauth.token_lifetime = TOKEN_LIFETIME
    log_in_by_browser(machine)
    (lock,) = machine.config.glob("http*.lock")
    lock.unlink()
    lock.mkdir()
    id = start_failing_job(machine)
    with machine.start("watch", id, "--json", "--interval", "0.3s") as process:
        wait_until(lambda: len(grants.granted) > 2)
        finish_jobs(machine.demo)
        _, stderr = process.communicate()
    assert process.returncode == 6
    assert stderr == (
        "jobstat: warning: the login is renewed without a lock:"
        f" cannot write {lock}: Is a directory\n"
    )
    # But a new login cannot be stored.
    done = machine.login()
    assert done.returncode == 2
    assert f"cannot write {lock}: Is a directory" in done.stderr


def test_401_on_the_first_request_prints_no_resume_hint(machine: Machine) -> None:
    settings = {
        "JOBSTAT_BASE_URL": machine.demo.base_url,
        "ZENDESK_OAUTH_TOKEN": "wr0ng",
    }
    done = machine.run("watch", ID, **settings)
    assert done.returncode == 4
    assert "Resume with" not in done.stderr


def test_watch_does_not_restore_a_login_after_logout(
    machine: Machine, grants: Grants
) -> None:
    log_in_by_browser(machine)
    id = start_failing_job(machine)
    before = grants.accepted
    with machine.start("watch", id, "-q", "--interval", "0.3s") as process:
        wait_until(lambda: grants.accepted > before)
        assert machine.run("auth", "logout").returncode == 0
        expire_tokens(machine)
        _, stderr = process.communicate()
    assert process.returncode == 4
    assert f"the keyring no longer has an entry for {machine.name}" in stderr
    assert machine.entry == {}


TOKENS = http(
    content=json.dumps(
        {"access_token": "t0ken-1", "token_type": "bearer", "expires_in": 1800}
    ).encode()
)
SETTINGS = {
    "ZENDESK_OAUTH_CLIENT_ID": "ci",
    "ZENDESK_OAUTH_CLIENT_SECRET": "s3cret",
}


def test_watch_retries_a_token_endpoint_that_is_down(machine: Machine) -> None:
    down = http("503 Service Unavailable", b"", "Retry-After: 0")
    broken = http(content=b'{"access_token": 3}')
    done_job = http(content=body(completed(SUCCESS)))
    with raw_server(down, broken, TOKENS, done_job) as server:
        done = machine.run(
            "watch", ID, "-q", JOBSTAT_BASE_URL=server.base_url, **SETTINGS
        )
        assert done.returncode == 0, done.stderr
        paths = [request.split(" ")[1] for request in server.requests]
    assert paths == ["/oauth/tokens"] * 3 + [f"/api/v2/job_statuses/{ID}.json"]


def test_hanging_token_endpoint_does_not_extend_the_watch_timeout(
    machine: Machine,
) -> None:
    """Without the timeout, the request would last until the test kills the process."""
    with raw_server(stall()) as server:
        settings = {
            "JOBSTAT_BASE_URL": server.base_url,
            "REQUEST_TIMEOUTS": "",
            **SETTINGS,
        }
        env = machine.env | settings
        command = ("watch", ID, "--timeout", "2s")
        done = run_forked(*command, env=env, prelude=SET_REQUEST_TIMEOUTS)
    assert done.returncode == 124


@pytest.mark.parametrize(
    "message",
    ["s3cret", '{"error": "invalid_client", "error_description": "not s3cret!"}'],
)
def test_token_error_that_repeats_the_client_secret_is_redacted(
    machine: Machine, message: str
) -> None:
    with raw_server(
        http("401 Unauthorized", message.encode(), content_type="text/plain")
    ) as server:
        settings = {"JOBSTAT_BASE_URL": server.base_url, **SETTINGS}
        for command in (("show", ID), ("list", "--debug"), ("auth", "status")):
            done = machine.run(*command, **settings)
            assert done.returncode == 4
            assert "s3cret" not in done.stdout + done.stderr
            assert "[hidden]" in done.stdout + done.stderr
