"""The keyring of a Linux desktop itself: gnome-keyring, on a D-Bus of its own."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from children import run as run_child
from support import LIST_MODULES, MAIN

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

READ = """
import sys, json, keyring
from keyring.backends import SecretService
from jobstat.zendesk.auth import secret_service
backend = keyring.get_keyring()
first, *_ = getattr(backend, "backends", [backend])
assert type(first) is SecretService.Keyring, first
assert secret_service.is_first_choice()
for name in sys.argv[1:]:
    print(json.dumps([read("jobstat", name)
        for read in (secret_service.find, keyring.get_password)]))
"""
FIND = """
from jobstat.zendesk.auth import secret_service
print(secret_service.find("jobstat", "a"))
"""
SHOW = f"{LIST_MODULES}{MAIN}"
OTHER_KEYRING = """
from keyring.backend import KeyringBackend
class Keyring(KeyringBackend):
    priority = 9
    def get_password(self, service, username):
        return '{"token": "of-the-other-keyring"}'
    def set_password(self, service, username, password):
        pass
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


def test_secret_is_read_as_the_library_reads_it(machine: Machine) -> None:
    done = run(
        machine,
        f"""
        store() {{ secret-tool store --label=x service $1 username $2; }}
        printf 'one \\xe2\\x98\\x83' | store jobstat a
        echo two | store other b
        {sys.executable} -c "$READ" a b ''
        {sys.executable} -c "$LOCK"
        {sys.executable} -c "$FIND"
        """,
        READ=READ,
        LOCK=LOCK,
        FIND=FIND,
    )
    assert done.stdout.splitlines() == [
        json.dumps(["one \N{SNOWMAN}"] * 2),
        "[null, null]",
        "[null, null]",
        "None",
    ], done.stderr


def test_show_reads_the_secret_service_without_the_library(machine: Machine) -> None:
    done = run(
        machine,
        f"""
        echo {TOKEN} | jobstat auth login --with-token || exit
        {sys.executable} -c "$SHOW" show --json nosuch
        """,
        SHOW=SHOW,
    )
    assert done.returncode == 5, done.stderr
    modules = done.stderr.splitlines()[-1].split()
    assert "secretstorage" in modules
    assert "keyring" not in modules


def test_keyring_of_another_package_comes_before_the_secret_service(
    machine: Machine,
) -> None:
    packages = machine.home / "packages"
    metadata = packages / "other-1.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Name: other\nVersion: 1\n")
    (metadata / "entry_points.txt").write_text("[keyring.backends]\nother = other\n")
    (packages / "other.py").write_text(OTHER_KEYRING)
    done = run(
        machine,
        f"""
        echo {TOKEN} | jobstat auth login --with-token || exit
        jobstat list > /dev/null; echo $?
        PYTHONPATH={packages} jobstat list; echo $?
        """,
    )
    assert done.stdout.splitlines() == ["0", "4"], done.stderr
    assert "401" in done.stderr
