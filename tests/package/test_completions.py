"""The completion scripts in real shells."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest
from children import run
from package.completions import Command, parse_command, walk
from package.docs import COMPLETIONS, context

CASES = [
    ("jobstat ", {"show", "watch", "demo", "completion"}, {"--timeout"}),
    ("jobstat --", {"--version", "--help"}, {"show"}),
    ("jobstat show ", set(), {"--json", "auto", "watch", "batch-1.json"}),
    ("jobstat wa", {"watch"}, {"show"}),
    (
        "jobstat watch --",
        {"--timeout", "--retry-for", "--json", "--plain"},
        {"--serve"},
    ),
    ("jobstat show --color ", {"auto", "always", "never"}, {"--json"}),
    ("jobstat retry-file id ba", {"batch-1.json"}, {"bin", "--batch"}),
    ("jobstat retry-file --output b", {"bin"}, {"batch-1.json"}),
    ("jobstat demo --se", {"--serve"}, {"--port"}),
    ("jobstat completion ", {"bash", "zsh", "fish", "powershell"}, {"watch"}),
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
    """Return an environment in which Python or jobstat leaves a file if it starts."""
    (tmp_path / "batch-1.json").touch()
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("python", "python3", "jobstat"):
        trap = folder / name
        trap.write_text(f"#!/bin/sh\n: > {tmp_path}/started\n")
        trap.chmod(0o755)
    path = f"{folder}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(tmp_path), "TERM": "dumb", "LANG": "C.UTF-8"}


def complete(command: list[str], env: dict[str, str], **variables: str) -> list[str]:
    """Return the lines that a shell prints."""
    done = run(command, env=env | variables, cwd=env["HOME"])
    assert done.stderr == ""
    return done.stdout.splitlines()


def check(
    words: list[str], offered: set[str], not_offered: set[str], env: dict[str, str]
) -> None:
    words = [word.removesuffix("/") for word in words]
    assert offered <= set(words)
    assert not not_offered & set(words)
    assert not Path(env["HOME"], "started").exists()


@needs("bash")
@pytest.mark.parametrize(("line", "offered", "not_offered"), CASES)
def test_bash_completes_words_without_starting_python(
    no_python: dict[str, str], line: str, offered: set[str], not_offered: set[str]
) -> None:
    script = (
        'source "$FILE"; read -ra COMP_WORDS <<< "$LINE";'
        '[[ $LINE == *" " ]] && COMP_WORDS+=("");'
        "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _jobstat;"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    words = complete(
        ["bash", "--norc", "-c", script],
        no_python,
        FILE=str(COMPLETIONS["bash"]),
        LINE=line,
    )
    check(words, offered, not_offered, no_python)


@needs("bash")
def test_bash_completes_an_option_value_after_an_equals_sign(
    no_python: dict[str, str],
) -> None:
    script = (
        'source "$FILE"; COMP_WORDS=(jobstat show --color = al); COMP_CWORD=4;'
        '_jobstat; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    file = str(COMPLETIONS["bash"])
    command = ["bash", "--norc", "-c", script]
    assert complete(command, no_python, FILE=file) == ["always"]


@needs("fish")
@pytest.mark.parametrize(("line", "offered", "not_offered"), CASES)
def test_fish_completes_words_without_starting_python(
    no_python: dict[str, str], line: str, offered: set[str], not_offered: set[str]
) -> None:
    lines = complete(
        ["fish", "--no-config", "-c", 'source "$FILE"; complete -C "$LINE"'],
        no_python,
        FILE=str(COMPLETIONS["fish"]),
        LINE=line,
    )
    words = [line.split("\t")[0] for line in lines]
    check(words, offered, not_offered, no_python)


# zsh completes only on a terminal, and only while no further key is pressed. So the
# script types a line and Tab, waits for a word, and runs a command that ends the wait.
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
@pytest.mark.parametrize(("line", "offered", "not_offered"), CASES)
def test_zsh_completes_words_without_starting_python(
    no_python: dict[str, str], line: str, offered: set[str], not_offered: set[str]
) -> None:
    screen = complete(
        ["zsh", "-f", "-c", ZSH],
        no_python,
        FILE=str(COMPLETIONS["zsh"]),
        LINE=line,
        WORD=min(offered, default=""),
    )
    check(" ".join(screen).split(), offered, not_offered, no_python)


@needs("pwsh")
@pytest.mark.parametrize(
    ("line", "offered", "not_offered"),
    [*CASES, ("jobstat show --color=al", {"--color=always"}, {"--color=auto"})],
)
def test_powershell_completes_words_without_starting_python(
    no_python: dict[str, str], line: str, offered: set[str], not_offered: set[str]
) -> None:
    # Up to 7.6 PowerShell raises an error if a script offers '', for no completion.
    # At a prompt it is not shown.
    script = (
        ". $env:FILE; $line = $env:LINE; try {"
        "(TabExpansion2 $line $line.Length).CompletionMatches.CompletionText"
        "} catch { }"
    )
    words = complete(
        ["pwsh", "-NoProfile", "-NonInteractive", "-Command", script],
        no_python,
        FILE=str(COMPLETIONS["powershell"]),
        LINE=line,
    )
    words = [word.removeprefix("./") for word in words]
    check(words, offered, not_offered, no_python)


PS_STRING = "'((?:[^']|'')*)'"


def powershell_tables() -> dict[str, dict[str, dict[str, str] | None]]:
    """Read the PowerShell script's tables: words, and the completions after them."""
    tables: dict[str, dict[str, dict[str, str] | None]] = {}
    offers: dict[str, str] | None = {}
    for line in COMPLETIONS["powershell"].read_text().splitlines():
        if match := re.fullmatch(r" {4}\$(\w+) = @{", line):
            table = tables.setdefault(match[1], {})
        elif match := re.fullmatch(rf" {{8}}{PS_STRING} = (\S+|\[ordered\]@{{)", line):
            offers = None if match[2] == "$null" else {}
            assert match[1] not in table
            table[match[1]] = offers
        elif match := re.fullmatch(rf" {{12}}{PS_STRING} = {PS_STRING}", line):
            assert offers is not None
            offers[match[1]] = match[2]
    return tables


def test_powershell_script_offers_every_command_option_and_choice() -> None:
    tables = powershell_tables()
    commands: dict[str, Command] = dict(walk(parse_command("jobstat", context())))
    assert set(tables["options"]) == set(tables["words"]) == set(commands)
    for path, command in commands.items():
        offered = tables["options"][path]
        assert offered is not None
        assert set(offered) == {name for o in command.options for name in o.names}
        words = {*command.words, *(inner.name for inner in command.subcommands)}
        offered = tables["words"][path]
        assert (offered is None) == bool(command.paths)
        assert set(offered or ()) == words
        for option in command.options:
            for name in option.names:
                assert (f"{path} {name}" in tables["values"]) == option.takes_value
                offered = tables["values"].get(f"{path} {name}", {})
                assert (offered is None) == bool(option.paths)
                assert set(offered or ()) == set(option.choices)


def test_powershell_script_has_only_what_powershell_can_read() -> None:
    """PowerShell rejects empty meanings, and takes typographic quotes for its own."""
    text = COMPLETIONS["powershell"].read_text()
    assert text.isascii()
    meanings = [
        meaning
        for table in powershell_tables().values()
        for offers in table.values()
        for meaning in (offers or {}).values()
    ]
    assert len(meanings) > 100
    assert "" not in meanings
    code = re.sub(r"(?m)#.*$", "", re.sub(PS_STRING, "", text))
    assert "'" not in code
    for first, last in ("()", "[]", "{}"):
        assert code.count(first) == code.count(last)
