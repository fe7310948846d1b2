"""The login of zcli: jobstat uses it, and never changes it."""

from __future__ import annotations

import json
import os
import sys
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import fake_keyrings
import pytest
from children import wait_until
from support import ID, MAIN, finish_jobs, start_job

from jobstat.demo.api import TOKEN
from jobstat.zendesk.auth import keyring
from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.auth.credentials import AuthMethod
from jobstat.zendesk.auth.zcli import active_account, load_credential

if TYPE_CHECKING:
    from pathlib import Path

    from machine import Machine

LATER, EARLIER = 4_102_444_800_000, 1_000_000_000_000
SYSTEMS = {
    "macOS": fake_keyrings.Working,
    "Linux": fake_keyrings.SecretService,
    "Linux, several keyrings": fake_keyrings.Chain,
}
BASIC = "Basic " + b64encode(f"me@example.org/token:{TOKEN}".encode()).decode()


def tokens(token: str = TOKEN, expires: int = LATER) -> str:
    return json.dumps(
        {"accessToken": token, "refreshToken": "r3fresh", "expiresAt": expires}
    )


def log_in_zcli(
    machine: Machine, kind: type[fake_keyrings.Working], secret: str
) -> Path:
    path = machine.home / "keyring.json"
    fake_keyrings.save_as_zcli(kind, path, machine.name, secret)
    machine.keyring = kind.__name__
    machine.settings = {"JOBSTAT_BASE_URL": machine.demo.base_url}
    return path


@pytest.mark.parametrize("secret", [BASIC, tokens(), tokens() + " "])
@pytest.mark.parametrize("system", SYSTEMS)
def test_zcli_login_works_on_every_system_and_is_not_changed(
    machine: Machine, system: str, secret: str
) -> None:
    path = log_in_zcli(machine, SYSTEMS[system], secret)
    before = path.read_bytes()
    done = machine.run("list")
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"jobstat: no jobs at {machine.name}\n"
    assert path.read_bytes() == before
    assert not machine.config.exists()
    status = json.loads(machine.run("auth", "status", "--json").stdout)
    assert (status["source"], status["works"]) == ("zcli", True)


def test_expired_zcli_login_exits_4_and_hints_at_zcli_login(machine: Machine) -> None:
    path = log_in_zcli(machine, fake_keyrings.SecretService, tokens(expires=EARLIER))
    before = path.read_bytes()
    for command in (("show", ID), ("auth", "status", "--offline")):
        done = machine.run(*command)
        assert done.returncode == 4
        output = done.stdout + done.stderr
        assert "the login of zcli has expired" in output
        assert "Renew it with zcli login" in output
        assert "r3fresh" not in output
    # jobstat neither sent nor renewed it.
    assert path.read_bytes() == before


def test_refused_zcli_login_exits_4_and_hints_at_zcli_login(machine: Machine) -> None:
    log_in_zcli(machine, fake_keyrings.Working, tokens("0ld"))
    done = machine.run("show", ID)
    assert done.returncode == 4
    assert "refuses the credential (401" in done.stderr
    assert "Renew it with zcli login" in done.stderr


ONE_HOUR_LATER = """
import os, time
now, passed = time.time, os.environ["PASSED"]
time.time = lambda: now() + 3600 * os.path.exists(passed)
"""
"""Sets jobstat's clock an hour ahead as soon as the file in PASSED exists."""


def test_watch_uses_a_login_that_zcli_renewed_meanwhile(
    machine: Machine, requests: list[float]
) -> None:
    soon = int((time.time() + 1800) * 1000)
    path = log_in_zcli(machine, fake_keyrings.Working, tokens(expires=soon))
    passed = machine.home / "passed"
    command = ("watch", start_job(machine.demo), "-q", "--interval", "0.3s")
    program = [sys.executable, "-c", f"{ONE_HOUR_LATER}{MAIN}"]
    with machine.start(*command, program=program, PASSED=str(passed)) as process:
        wait_until(lambda: requests)
        path.write_text(path.read_text().replace(str(soon), str(LATER)))
        passed.touch()
        before = len(requests)
        wait_until(lambda: len(requests) > before)
        finish_jobs(machine.demo)
        _, stderr = process.communicate()
    assert (process.returncode, stderr) == (0, "")


def test_zcli_profile_is_the_default_account_until_a_jobstat_login(
    machine: Machine,
) -> None:
    profile = {"activeProfile": {"subdomain": "acme"}}
    (machine.home / ".zcli").write_text(json.dumps(profile))
    done = machine.run("list")
    assert done.returncode == 4
    assert "no credential for acme.zendesk.com" in done.stderr
    # jobstat's own login takes precedence.
    machine.login()
    assert machine.run("list").stderr == f"jobstat: no jobs at {machine.name}\n"


@pytest.mark.parametrize(
    ("content", "origin"),
    [
        ('{"activeProfile":{"subdomain":"acme"}}', "https://acme.zendesk.com"),
        (
            '{"activeProfile":{"subdomain":"acme","domain":"example.com"}}',
            "https://acme.example.com",
        ),
        ('{"activeProfile":{"subdomain":"acme/.."}}', None),
        ('{"activeProfile":{"subdomain":"acme","domain":7}}', None),
        ('{"activeProfile":{"subdomain":7}}', None),
        ('{"activeProfile":7}', None),
        ('{"activeProfile":{}}', None),
        ("[]", None),
        ("null", None),
        ("{", None),
        ("[" * 100_000, None),
        ("\udcff", None),
    ],
)
def test_any_zcli_profile_yields_an_account_or_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, origin: str | None
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".zcli").write_bytes(content.encode("utf-8", "surrogateescape"))
    account = active_account()
    assert (account and account.origin) == origin


@pytest.mark.parametrize(
    ("host", "entry"),
    [
        ("acme.zendesk.com", "acme"),
        ("acme.example.com", "acme.example.com"),
        ("acme.example.com.zendesk.com", None),
        ("localhost", None),
    ],
)
def test_account_never_reads_the_zcli_entry_of_another_account(
    monkeypatch: pytest.MonkeyPatch, host: str, entry: str | None
) -> None:
    names: list[str] = []

    def read(name: str, timeout: float) -> list[str]:
        names.append(name)
        return []

    monkeypatch.setattr(keyring, "read_zcli", read)
    assert load_credential(Account(f"https://{host}")) is None
    assert names == [entry] * (entry is not None)


def test_zcli_profile_writable_by_every_user_exits_2(machine: Machine) -> None:
    profile = machine.home / ".zcli"
    profile.write_text('{"activeProfile": {"subdomain": "evil"}}')
    profile.chmod(0o666)
    done = machine.run("list", ZENDESK_OAUTH_TOKEN=TOKEN)
    assert done.returncode == 2
    problem, hint = done.stderr.splitlines()
    assert problem == f"jobstat: {profile} can be written by every user"
    assert "chmod o-w" in hint


def test_fifo_in_place_of_the_zcli_profile_is_ignored(machine: Machine) -> None:
    os.mkfifo(machine.home / ".zcli")
    done = machine.run("list")
    assert done.returncode == 2
    assert "no Zendesk account given" in done.stderr


def test_zcli_profile_over_1_mib_is_ignored(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    profile = '{"activeProfile": {"subdomain": "acme"}}'
    (tmp_path / ".zcli").write_text(profile.ljust(2**20))
    assert active_account() == Account("https://acme.zendesk.com")
    (tmp_path / ".zcli").write_text(profile.ljust(2**20 + 1))
    assert active_account() is None


@pytest.mark.parametrize(
    ("secret", "authorization", "method"),
    [
        ("Basic bWU=", "Basic bWU=", AuthMethod.API_TOKEN),
        ("Bearer abc", "Bearer abc", AuthMethod.TOKEN),
        ('{"accessToken":"abc"}', "Bearer abc", AuthMethod.BROWSER),
        ('{"accessToken":"abc","expiresAt":"soon"}', "Bearer abc", AuthMethod.BROWSER),
        ('{"accessToken":"abc","expiresAt":1e300}', "Bearer abc", AuthMethod.BROWSER),
        ('{"accessToken":"abc","expiresAt":1e400}', "Bearer abc", AuthMethod.BROWSER),
        ('{"accessToken":"abc","expiresAt":NaN}', "Bearer abc", AuthMethod.BROWSER),
        ('{"accessToken":"a\\nb"}', None, None),
        ('{"accessToken":7}', None, None),
        ('{"refreshToken":"abc"}', None, None),
        ("Basic a\nX-Evil: 1", None, None),
        ("Digest a", None, None),
        ("[" * 100_000, None, None),
        ("7", None, None),
        ("", None, None),
    ],
)
def test_any_zcli_secret_yields_a_credential_or_none(
    monkeypatch: pytest.MonkeyPatch,
    secret: str,
    authorization: str | None,
    method: AuthMethod | None,
) -> None:
    names: list[str] = []

    def read(name: str, timeout: float) -> Any:
        names.append(name)
        return [secret]

    monkeypatch.setattr("jobstat.zendesk.auth.keyring.read_zcli", read)
    credential = load_credential(Account("https://acme.zendesk.com"))
    assert (credential and credential.authorization) == authorization
    assert (credential and credential.method) == method
    load_credential(Account("https://acme.example.com"))
    # zcli's entry acme belongs to acme.zendesk.com, not to the host acme.
    assert load_credential(Account("https://acme")) is None
    assert names == ["acme", "acme.example.com"]
