"""zcli's users: what they have works as it is, and stays as it is."""

from __future__ import annotations

import json
import os
import sys
import time
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import pytest
import rings
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
    "macOS": rings.Ring,
    "Linux": rings.SecretService,
    "Linux, several keyrings": rings.Chain,
}
BASIC = "Basic " + b64encode(f"me@example.org/token:{TOKEN}".encode()).decode()


def tokens(token: str = TOKEN, expires: int = LATER) -> str:
    return json.dumps(
        {"accessToken": token, "refreshToken": "r3fresh", "expiresAt": expires}
    )


def stored(machine: Machine, kind: type[rings.Ring], secret: str) -> Path:
    path = machine.home / "ring.json"
    rings.zcli_writes(kind, path, machine.name, secret)
    machine.ring = kind.__name__
    machine.more = {"JOBSTAT_BASE_URL": machine.demo.base_url}
    return path


@pytest.mark.parametrize("secret", [BASIC, tokens(), tokens() + " "])
@pytest.mark.parametrize("system", SYSTEMS)
def test_zcli_login_works_on_every_system_and_is_not_changed(
    machine: Machine, system: str, secret: str
) -> None:
    path = stored(machine, SYSTEMS[system], secret)
    before = path.read_bytes()
    done = machine.run("list")
    assert done.returncode == 0, done.stderr
    assert done.stderr == f"jobstat: no jobs at {machine.name}\n"
    assert path.read_bytes() == before
    assert not machine.config.exists()
    status = json.loads(machine.run("auth", "status", "--json").stdout)
    assert (status["source"], status["works"]) == ("zcli", True)


def test_expired_zcli_login_exits_4_and_hints_at_zcli_login(machine: Machine) -> None:
    path = stored(machine, rings.SecretService, tokens(expires=EARLIER))
    before = path.read_bytes()
    for command in (("show", ID), ("auth", "status", "--offline")):
        done = machine.run(*command)
        assert done.returncode == 4
        said = done.stdout + done.stderr
        assert "the login of zcli has expired" in said
        assert "Renew it with zcli login" in said
        assert "r3fresh" not in said
    # It was not even shown to the account, and never renewed.
    assert path.read_bytes() == before


def test_refused_zcli_login_exits_4_and_hints_at_zcli_login(machine: Machine) -> None:
    stored(machine, rings.Ring, tokens("0ld"))
    done = machine.run("show", ID)
    assert done.returncode == 4
    assert "refuses the credential (401" in done.stderr
    assert "Renew it with zcli login" in done.stderr


AN_HOUR_ON = """
import os, time
now, passed = time.time, os.environ["PASSED"]
time.time = lambda: now() + 3600 * os.path.exists(passed)
"""
"""For jobstat, an hour has passed once there is a file of that name."""


def test_watch_uses_a_login_that_zcli_renewed_meanwhile(
    machine: Machine, requests: list[float]
) -> None:
    soon = int((time.time() + 1800) * 1000)
    path = stored(machine, rings.Ring, tokens(expires=soon))
    passed = machine.home / "passed"
    command = ("watch", start_job(machine.demo), "-q", "--interval", "0.3s")
    program = [sys.executable, "-c", f"{AN_HOUR_ON}{MAIN}"]
    with machine.start(*command, program=program, PASSED=str(passed)) as process:
        wait_until(lambda: requests)
        path.write_text(path.read_text().replace(str(soon), str(LATER)))
        passed.touch()
        before = len(requests)
        wait_until(lambda: len(requests) > before)
        finish_jobs(machine.demo)
        _, said = process.communicate()
    assert (process.returncode, said) == (0, "")


def test_zcli_profile_is_the_default_account_until_a_jobstat_login(
    machine: Machine,
) -> None:
    profile = {"activeProfile": {"subdomain": "acme"}}
    (machine.home / ".zcli").write_text(json.dumps(profile))
    done = machine.run("list")
    assert done.returncode == 4
    assert "no credential for acme.zendesk.com" in done.stderr
    # A login of jobstat's own goes before.
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
    found = active_account()
    assert (found and found.origin) == origin


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
    asked: list[str] = []

    def read(name: str, timeout: float) -> list[str]:
        asked.append(name)
        return []

    monkeypatch.setattr(keyring, "read_zcli", read)
    assert load_credential(Account(f"https://{host}")) is None
    assert asked == [entry] * (entry is not None)


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
    ("secret", "shown", "kind"),
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
    shown: str | None,
    kind: AuthMethod | None,
) -> None:
    names: list[str] = []

    def read(name: str, timeout: float) -> Any:
        names.append(name)
        return iter([secret])

    monkeypatch.setattr("jobstat.zendesk.auth.keyring.read_zcli", read)
    found = load_credential(Account("https://acme.zendesk.com"))
    assert (found and found.authorization) == shown
    assert (found and found.method) == kind
    load_credential(Account("https://acme.example.com"))
    # By its name alone, this would have the secret of acme.zendesk.com.
    assert load_credential(Account("https://acme")) is None
    assert names == ["acme", "acme.example.com"]
