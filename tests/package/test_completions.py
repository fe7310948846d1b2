"""The completions in the shells that they are for."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from children import run as run_child
from package.docs import COMPLETIONS

if TYPE_CHECKING:
    from pathlib import Path

WORDS = [
    ("jobstat ", {"show", "watch", "demo", "completion"}, {"--timeout"}),
    ("jobstat --", {"--version", "--help"}, {"show"}),
    ("jobstat show ", set(), {"--json", "auto", "watch"}),
    ("jobstat wa", {"watch"}, {"show"}),
    (
        "jobstat watch --",
        {"--timeout", "--retry-for", "--json", "--plain"},
        {"--serve"},
    ),
    ("jobstat show --color ", {"auto", "always", "never"}, {"--json"}),
    ("jobstat demo --se", {"--serve"}, {"--port"}),
    ("jobstat completion ", {"bash", "zsh", "fish"}, {"watch"}),
    ("jobstat help ", {"exit-codes", "environment", "watch"}, {"--json", "login"}),
    ("jobstat help exit", {"exit-codes"}, {"watch"}),
    ("jobstat auth ", {"login", "status", "logout"}, {"watch", "--offline"}),
    ("jobstat auth login --", {"--client-id", "--with-token"}, {"--offline"}),
    ("jobstat auth status --", {"--offline", "--json"}, {"--client-id"}),
    ("jobstat auth status --color ", {"auto", "always", "never"}, {"--json"}),
]


def needs(shell: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(not shutil.which(shell), reason=f"needs {shell}")


@pytest.fixture
def no_python(tmp_path: Path) -> dict[str, str]:
    """An environment in which starting Python, or jobstat, leaves a trace."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("python", "python3", "jobstat"):
        trap = folder / name
        trap.write_text(f"#!/bin/sh\n: > {tmp_path}/started\n")
        trap.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(tmp_path), "TERM": "dumb", "LANG": "C.UTF-8"}


def run(command: list[str], env: dict[str, str], **more: str) -> list[str]:
    done = run_child(command, env=env | more)
    assert done.stderr == ""
    return done.stdout.splitlines()


def check(offered: list[str], there: set[str], absent: set[str], home: str) -> None:
    assert there <= set(offered)
    assert not absent & set(offered)
    assert not os.path.exists(f"{home}/started")  # noqa: PTH110 - one line of it


@needs("bash")
@pytest.mark.parametrize(("line", "there", "absent"), WORDS)
def test_bash(
    no_python: dict[str, str], line: str, there: set[str], absent: set[str]
) -> None:
    script = (
        'source "$FILE"; read -ra COMP_WORDS <<< "$LINE";'
        '[[ $LINE == *" " ]] && COMP_WORDS+=("");'
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _jobstat;"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    offered = run(
        ["bash", "--norc", "-c", script],
        no_python,
        FILE=str(COMPLETIONS["bash"]),
        LINE=line,
    )
    check(offered, there, absent, no_python["HOME"])


@needs("bash")
def test_bash_completes_behind_an_equals_sign(no_python: dict[str, str]) -> None:
    script = (
        'source "$FILE"; COMP_WORDS=(jobstat show --color = al); COMP_CWORD=4;'
        '_jobstat; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    file = str(COMPLETIONS["bash"])
    assert run(["bash", "--norc", "-c", script], no_python, FILE=file) == ["always"]


@needs("fish")
@pytest.mark.parametrize(("line", "there", "absent"), WORDS)
def test_fish(
    no_python: dict[str, str], line: str, there: set[str], absent: set[str]
) -> None:
    offered = run(
        ["fish", "--no-config", "-c", 'source "$FILE"; complete -C "$LINE"'],
        no_python,
        FILE=str(COMPLETIONS["fish"]),
        LINE=line,
    )
    words = [word.split("\t")[0] for word in offered]
    check(words, there, absent, no_python["HOME"])


# zsh offers completions only to a person, and only while nothing more is typed: one
# types a line, then Tab, waits for a word, and goes on to the end of a command.
ZSH = """
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell 'PS1=; unsetopt beep; autoload -Uz compinit'
zpty -w shell 'fpath=('${FILE:h}' $fpath); compinit -u -D'
zpty -w shell 'zstyle ":completion:*" list-grouped false; LISTMAX=1000; echo rea''dy'
zpty -r -m shell seen '*ready*'
zpty -w -n shell "$LINE"$'\\t\\t'
if [[ -n $WORD ]]; then zpty -r -m shell seen "*$WORD*"; else sleep 1; fi
zpty -w -n shell $'\\025'"echo en''ded"$'\\n'
zpty -r -m shell more '*ended*'
print -rn -- "$seen$more"
zpty -d shell
"""


@needs("zsh")
@pytest.mark.parametrize(("line", "there", "absent"), WORDS)
def test_zsh(
    no_python: dict[str, str], line: str, there: set[str], absent: set[str]
) -> None:
    seen = run(
        ["zsh", "-f", "-c", ZSH],
        no_python,
        FILE=str(COMPLETIONS["zsh"]),
        LINE=line,
        WORD=min(there, default=""),
    )
    check(" ".join(seen).split(), there, absent, no_python["HOME"])
