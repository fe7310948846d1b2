"""``jobstat help``: topics, commands, and the pager."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import pytest
from children import CLEAN
from package.docs import commands, help_text
from support import LIST_MODULES, MAIN, jobstat, python
from terminals import on_terminal

from jobstat.topics import TOPICS, load_topic

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("topic", TOPICS)
def test_help_shows_a_topic(topic: str) -> None:
    done = jobstat("help", topic)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == load_topic(topic)


@pytest.mark.parametrize("path", ["", *(path for path, _ in commands())])
def test_help_shows_the_help_of_a_command(path: str) -> None:
    if path in TOPICS:
        return
    done = jobstat("help", *path.split())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == jobstat(*path.split(), "--help").stdout
    # The widths differ, and a line may end at a hyphen.
    assert "".join(done.stdout.split()) == "".join(help_text(path).split())


@pytest.mark.parametrize(
    ("words", "similar"),
    [
        ("exit-code", "exit-codes"),
        ("exit codes", "exit-codes"),
        ("enviroment", "environment"),
        ("wacth", "watch"),
        ("login", "auth login"),
        ("auth logn", "auth login"),
    ],
)
def test_misspelled_help_topic_exits_2_and_suggests_a_similar_name(
    words: str, similar: str
) -> None:
    done = jobstat("help", *words.split())
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        f"jobstat: no help topic or command {words!r}\n  Did you mean {similar!r}?\n"
    )


def test_unknown_help_topic_exits_2_and_points_to_jobstat_help() -> None:
    done = jobstat("help", "zebra")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == (
        "jobstat: no help topic or command 'zebra'\n"
        "  Run jobstat help to see the commands and topics.\n"
    )


PAGER = f"""#!{sys.executable}
import os, sys
text = sys.stdin.read()
print("paged", len(text.splitlines()), "lines", os.environ["LESS"])
print(*(name for name in os.environ if name.startswith("ZENDESK")))
"""


@pytest.fixture
def pager(tmp_path: Path) -> str:
    """Return a pager that prints how many lines it got."""
    script = tmp_path / "pager"
    script.write_text(PAGER)
    script.chmod(0o755)
    return str(script)


def shown_on_terminal(env: dict[str, str], rows: int = 24) -> str:
    with on_terminal("help", "polling", rows=rows, env={**CLEAN, **env}) as terminal:
        text = terminal.read()
    assert terminal.process.returncode == 0
    return text


LENGTH = len(load_topic("polling").splitlines())


def test_topic_longer_than_the_screen_is_shown_in_the_pager(pager: str) -> None:
    text = shown_on_terminal({"PAGER": pager, "ZENDESK_OAUTH_TOKEN": "tok"})
    assert text == f"paged {LENGTH} lines FRX"


def test_pager_keeps_its_arguments_and_the_users_less_variable(pager: str) -> None:
    text = shown_on_terminal({"PAGER": f"{sys.executable} {pager}", "LESS": "R"})
    assert text == f"paged {LENGTH} lines R"


def test_topic_that_fits_the_screen_is_printed_without_the_pager(pager: str) -> None:
    text = shown_on_terminal({"PAGER": pager}, rows=LENGTH + 1)
    assert text == load_topic("polling").rstrip()


@pytest.mark.skipif(not shutil.which("less"), reason="needs less")
def test_default_pager_is_less_and_survives_ctrl_c() -> None:
    with on_terminal("help", "polling", env=CLEAN) as terminal:
        terminal.read(lambda text: text.endswith(":"))
        last_line = load_topic("polling").splitlines()[-1].strip()
        assert last_line not in terminal.text
        terminal.type("\x03")
        # Ctrl-C discards keys that less has not read yet.
        while last_line not in terminal.text:
            terminal.type("G")
            terminal.feed()
        terminal.type("q")
        terminal.read()
    assert terminal.process.returncode == 0


@pytest.mark.parametrize(
    "env",
    [{"PAGER": ""}, {"PAGER": "/no/such/program"}, {"PAGER": "'"}, {"PATH": "/none"}],
    ids=str,
)
def test_help_prints_the_topic_if_the_pager_cannot_run(env: dict[str, str]) -> None:
    assert shown_on_terminal(env) == load_topic("polling").rstrip()


@pytest.mark.parametrize("env", [{"TERM": "dumb"}, {"CI": "1"}], ids=str)
def test_pager_is_not_used_in_ci_or_on_a_dumb_terminal(
    env: dict[str, str], pager: str
) -> None:
    text = shown_on_terminal({"PAGER": pager, **env})
    assert text == load_topic("polling").rstrip()


def test_pager_is_not_used_for_a_pipe(pager: str) -> None:
    done = jobstat("help", "polling", env={**os.environ, "PAGER": pager})
    assert done.stdout == load_topic("polling")


@pytest.mark.parametrize("name", ["polling", "watch"])
def test_help_loads_neither_httpx_nor_rich(name: str) -> None:
    done = python(f"{LIST_MODULES}sys.argv[0] = 'jobstat'\n{MAIN}", "help", name)
    loaded = set(done.stderr.split())
    assert "jobstat.commands.help" in loaded
    assert not loaded & {"httpx", "rich", "keyring", "oauthlib", "asyncio"}


@pytest.mark.parametrize("path", [path for path, _ in commands()])
def test_help_with_a_duration_explains_it_and_no_range_is_in_clicks_notation(
    path: str,
) -> None:
    words = help_text(path)
    assert ("DURATION is a time such as" in words) == ("DURATION" in words)
    assert "<=" not in words
