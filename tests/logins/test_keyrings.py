"""Keyrings that do not work: jobstat says so in one line, and stores nothing."""

from __future__ import annotations

import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest
from children import TIMEOUT
from support import ID, environment, python, start_job
from terminals import on_terminal

from jobstat import process, user
from jobstat.demo.api import TOKEN
from jobstat.zendesk.auth import keyring
from jobstat.zendesk.auth.keyring import KeyringError

if TYPE_CHECKING:
    import subprocess

    from machine import Machine

UNUSABLE = {
    "fake_keyrings.Hanging": "the keyring did not answer within 3 s",
    "fake_keyrings.Locked": "the keyring is locked",
    "fake_keyrings.Failing": "the keyring cannot be used: no bus",
    "fake_keyrings.Defective": "the keyring cannot be used: ZeroDivisionError",
    "keyring.backends.fail.Keyring": "there is no keyring here",
    "fake_keyrings.Interrupting": "the keyring cannot be used: KeyboardInterrupt",
    "no.such.Keyring": "the keyring cannot be used: No module named 'no'",
}
UNWRITABLE = {
    "fake_keyrings.ReadOnly": "the keyring cannot be used: cannot keep [hidden]",
    "keyring.backends.null.Keyring": "the keyring did not keep the secret",
}


def login(machine: Machine, backend: str) -> subprocess.CompletedProcess[str]:
    return machine.run(
        *("auth", "login", "--base-url", machine.demo.base_url, "--with-token"),
        typed=TOKEN,
        PYTHON_KEYRING_BACKEND=backend,
    )


@pytest.mark.parametrize(("backend", "message"), (UNUSABLE | UNWRITABLE).items())
def test_login_with_an_unusable_keyring_exits_4_and_stores_no_login(
    machine: Machine, backend: str, message: str
) -> None:
    done = login(machine, backend)
    assert done.returncode == 4
    problem, hint = done.stderr.splitlines()
    assert problem == f"jobstat: {message}"
    assert "ZENDESK_OAUTH_TOKEN" in hint
    assert "ZENDESK_OAUTH_CLIENT_ID" in hint
    assert TOKEN not in done.stderr
    assert not (machine.config / "accounts.toml").exists()
    assert machine.entry == {}


@pytest.mark.parametrize(("backend", "message"), UNUSABLE.items())
def test_unreadable_keyring_makes_commands_exit_4_and_keeps_the_login(
    machine: Machine, backend: str, message: str
) -> None:
    assert machine.login().returncode == 0
    commands = [("show", ID), ("watch", ID), ("list",), ("auth", "logout")]
    with ThreadPoolExecutor() as pool:
        runs = [
            pool.submit(machine.run, *command, PYTHON_KEYRING_BACKEND=backend)
            for command in commands
        ]
    for run in runs:
        done = run.result()
        problem, hint = done.stderr.splitlines()
        assert message in problem
        assert "ZENDESK_OAUTH_TOKEN" in hint
        assert (done.returncode, done.stdout) == (4, "")
    assert machine.accounts
    assert machine.entry


@pytest.mark.parametrize(
    "backend", ["fake_keyrings.Working", "keyring.backends.null.Keyring"]
)
def test_empty_keyring_reports_no_credential_and_exits_4(
    machine: Machine, backend: str
) -> None:
    settings = {"PYTHON_KEYRING_BACKEND": backend}
    done = machine.run("show", ID, "--base-url", machine.demo.base_url, **settings)
    problem, hint = done.stderr.splitlines()
    assert problem == f"jobstat: no credential for {machine.name}"
    assert "jobstat auth login" in hint
    assert done.returncode == 4


@pytest.mark.parametrize("leak", ["command", "file", "tuple"])
@pytest.mark.parametrize("debug", [[], ["--debug"]])
def test_keyring_error_redacts_the_secret(
    machine: Machine, leak: str, debug: list[str]
) -> None:
    done = replace(machine, keyring="Revealing").run(
        *("auth", "login", "--base-url", machine.demo.base_url, "--with-token"),
        *debug,
        typed=TOKEN,
        REVEALING=leak,
    )
    assert done.returncode == 4
    assert "the keyring cannot be used: " in done.stderr
    assert "[hidden]" in done.stderr
    assert TOKEN not in done.stdout + done.stderr


def test_hanging_keyring_times_out(machine: Machine) -> None:
    command = ("show", ID, "--base-url", machine.demo.base_url)
    done = replace(machine, keyring="Hanging").run(*command)
    assert "the keyring did not answer within 3 s" in done.stderr


def test_credential_in_the_environment_bypasses_the_keyring(
    machine: Machine,
) -> None:
    id = start_job(machine.demo)
    command = ("show", id, "--base-url", machine.demo.base_url)
    recording = replace(machine, keyring="Recording")
    done = recording.run(*command, ZENDESK_OAUTH_TOKEN=TOKEN)
    assert (done.returncode, done.stderr) == (8, "")
    assert not (machine.home / "asked").exists()
    assert recording.run(*command).returncode == 4
    assert (machine.home / "asked").exists()


def test_unwritable_config_directory_leaves_no_secret_in_the_keyring(
    machine: Machine,
) -> None:
    (machine.home / "config").mkdir()
    machine.config.write_text("in the way")
    done = login(machine, "fake_keyrings.Working")
    assert done.returncode == 2
    error, hint = done.stderr.splitlines()
    assert "cannot write" in error
    assert hint.startswith("  Check the permissions of ")
    assert machine.entry == {}


def test_show_waits_while_the_keyring_asks_for_its_password(machine: Machine) -> None:
    assert machine.login().returncode == 0
    answered = machine.home / "answered"
    asking = replace(machine, keyring="Asking")
    env = asking.env | {"ANSWERED": str(answered)}
    id = start_job(machine.demo)
    with on_terminal("show", id, env=env, columns=100) as terminal:
        terminal.read(lambda text: "asking for its password" in text)
        answered.touch()
        shown = terminal.read()
    assert shown.startswith("jobstat: waiting for the keyring; it may be asking")
    assert "queued" in shown
    assert terminal.process.returncode == 8


def test_logout_waits_while_the_keyring_asks_for_its_password(machine: Machine) -> None:
    assert machine.login().returncode == 0
    answered = machine.home / "answered"
    env = replace(machine, keyring="Asking").env | {"ANSWERED": str(answered)}
    with on_terminal("auth", "logout", env=env) as terminal:
        terminal.read(lambda text: "asking for its password" in text)
        answered.touch()
        terminal.read()
    assert terminal.process.returncode == 0
    assert machine.entry == {}


@pytest.mark.parametrize(
    ("timeout", "expected", "min_wait"),
    [
        (None, ["waiting for the keyring; it may be asking for its password"], 0.3),
        (0.05, [], 0.05),
        (600, [], 0.1),
    ],
)
def test_keyring_read_waits_for_a_dialog_only_without_a_timeout(
    monkeypatch: pytest.MonkeyPatch,
    timeout: float | None,
    expected: list[str],
    min_wait: float,
) -> None:
    notifications: list[str] = []
    monkeypatch.setattr("jobstat.user.notify", notifications.append)
    monkeypatch.setattr("jobstat.zendesk.auth.keyring.KEYRING_TIMEOUT", 0.1)
    monkeypatch.setattr("jobstat.zendesk.auth.keyring.DIALOG_TIMEOUT", 0.3)
    answered = threading.Event()
    monkeypatch.setattr("keyring.get_password", lambda *_: answered.wait(TIMEOUT))
    started = time.monotonic()
    with pytest.raises(KeyringError, match="did not answer"):
        keyring.read("x", timeout)
    answered.set()
    assert notifications == expected
    assert time.monotonic() - started >= min_wait


@pytest.mark.parametrize("at_terminal", [("stdin",), ("stderr",), ("stdin", "stderr")])
def test_notify_is_set_only_if_stdin_and_stderr_are_terminals(
    monkeypatch: pytest.MonkeyPatch, at_terminal: tuple[str, ...]
) -> None:
    for name in ("stdin", "stderr"):
        is_terminal = name in at_terminal
        monkeypatch.setattr(
            f"sys.{name}", SimpleNamespace(isatty=lambda t=is_terminal: t)
        )
    monkeypatch.setattr("jobstat.process.raise_on_signals", lambda: None)
    monkeypatch.setattr("jobstat.user.notify", None)
    process.run(["completion", "bash"])
    assert (user.notify is not None) == (len(at_terminal) == 2)


def test_ctrl_c_ends_a_login_that_waits_for_the_keyring(machine: Machine) -> None:
    env = machine.env | {"PYTHON_KEYRING_BACKEND": "fake_keyrings.Hanging"}
    with on_terminal("auth", "login", env=env) as terminal:
        terminal.read(lambda text: "asking for its password" in text)
        terminal.type("\x03")
        terminal.read()
    assert terminal.process.returncode == -signal.SIGINT


@pytest.mark.skipif(sys.platform == "darwin", reason="these libraries exist there")
def test_search_for_a_keyring_runs_no_program() -> None:
    """The library looks for macOS's libraries with ldconfig and a compiler."""
    env = environment()
    del env["PYTHON_KEYRING_BACKEND"]
    program = (
        "import sys\n"
        "def audit(event, arguments):\n"
        "    if event == 'subprocess.Popen': print(*arguments[1])\n"
        "sys.addaudithook(audit)\n"
        "from jobstat.zendesk.auth import keyring\n"
        "try: keyring.read('x')\n"
        "except keyring.KeyringError as error: print(error.message)\n"
    )
    done = python(program, env=env)
    assert done.stdout == "there is no keyring here\n"


def test_login_without_a_keyring_exits_4_without_a_prompt(machine: Machine) -> None:
    env = machine.env | {"PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    with on_terminal("auth", "login", env=env, columns=400) as terminal:
        shown = terminal.read()
    assert terminal.process.returncode == 4
    problem, hint = shown.splitlines()
    assert problem == "jobstat: there is no keyring here"
    assert "Secret Service" in hint
    assert "ZENDESK_OAUTH_TOKEN" in hint
