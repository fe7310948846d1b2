"""The keyring of a Linux desktop itself: gnome-keyring, on a D-Bus of its own."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from children import run as run_child

from jobstat.demo.api import TOKEN
from jobstat.demo.oauth import CLIENT_SECRET, CONFIDENTIAL_CLIENT

if TYPE_CHECKING:
    import subprocess

    from machine import Machine

NEEDED = ("dbus-run-session", "gnome-keyring-daemon", "secret-tool")

pytestmark = pytest.mark.skipif(
    not all(map(shutil.which, NEEDED)), reason=f"needs {', '.join(NEEDED)}"
)

SETUP = f"""
jobstat() {{ {sys.executable} -m jobstat "$@"; }}
printf secret | gnome-keyring-daemon --unlock --components=secrets > /dev/null 2>&1
until secret-tool search a b > /dev/null 2>&1; do sleep 0.1; done
"""
LOCK = """
import secretstorage
secretstorage.get_default_collection(secretstorage.dbus_init()).lock()
"""


def run(
    machine: Machine, script: str, **settings: str
) -> subprocess.CompletedProcess[str]:
    runtime = machine.home / "run"
    runtime.mkdir(mode=0o700, exist_ok=True)
    env = machine.env | {
        "JOBSTAT_BASE_URL": machine.demo.base_url,
        "XDG_RUNTIME_DIR": str(runtime),
        "XDG_DATA_HOME": str(machine.home / "data"),
    }
    del env["PYTHON_KEYRING_BACKEND"]
    command = ["dbus-run-session", "--", "bash", "-c", SETUP + script]
    return run_child(command, env=env | settings)


def test_login_stores_the_secret_and_logout_deletes_it(machine: Machine) -> None:
    login = f"--client-id {CONFIDENTIAL_CLIENT} --with-secret"
    done = run(
        machine,
        f"""
        echo {CLIENT_SECRET} | jobstat auth login {login} || exit
        jobstat auth status --json
        secret-tool lookup service jobstat username {machine.demo.base_url}; echo
        jobstat auth logout || exit
        secret-tool lookup service jobstat username {machine.demo.base_url} || echo gone
        """,
    )
    status, entry, gone = done.stdout.splitlines()
    assert json.loads(status)["source"] == "keyring"
    assert json.loads(status)["works"] is True
    assert json.loads(entry)["client_secret"] == CLIENT_SECRET
    assert gone == "gone"


def test_login_stored_by_zcli_works(machine: Machine) -> None:
    secret = json.dumps({"accessToken": TOKEN, "expiresAt": 4_102_444_800_000})
    done = run(
        machine,
        f"""
        printf %s "$SECRET" |
          secret-tool store --label=zcli service zcli account {machine.name}
        jobstat auth status --json
        """,
        SECRET=secret,
    )
    status = json.loads(done.stdout)
    assert (status["source"], status["works"]) == ("zcli", True)


def test_locked_keyring_makes_list_exit_4(machine: Machine) -> None:
    done = run(
        machine,
        f"""
        echo {TOKEN} | jobstat auth login --with-token || exit
        {sys.executable} -c "$LOCK"
        jobstat list
        """,
        LOCK=LOCK,
    )
    assert done.returncode == 4
    assert "the keyring is locked\n" in done.stderr
