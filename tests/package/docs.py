"""The parts of the README and the completions that are made from the code.

Run as a program, it writes them; test_docs.py holds them to what it makes.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

sys.path.insert(0, str(Path(__file__).parents[1]))

from package.completions import generate

from jobstat.cli import cli
from jobstat.commands.completion import SCRIPTS
from jobstat.exits import Exit
from jobstat.lazy_group import LazyGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
COMPLETIONS = {
    shell: ROOT / "jobstat" / "completions" / name for shell, name in SCRIPTS.items()
}
WIDTH = 80


def commands(group: LazyGroup = cli, path: str = "") -> Iterator[tuple[str, str]]:
    """Each command by the words that lead there, and what its group says of it."""
    for name, summary in group.summaries.items():
        words = f"{path} {name}".lstrip()
        yield words, summary
        command = context(words).command
        if isinstance(command, LazyGroup):
            yield from commands(command, words)


def context(path: str = "") -> click.Context:
    """The context of the whole command line, or of one command."""
    settings = {**cli.context_settings, "terminal_width": WIDTH}
    found = click.Context(cli, info_name="jobstat", **settings)
    for name in path.split():
        assert isinstance(found.command, click.Group)
        command = found.command.get_command(found, name)
        assert command is not None
        found = click.Context(command, found, info_name=name, terminal_width=WIDTH)
    return found


def help_of(path: str = "") -> str:
    ctx = context(path)
    return ctx.command.get_help(ctx)


def readme(text: str) -> str:
    """The README with its generated parts as they should be."""
    rows = [f"| {code:d} | {code.slug} | {code.meaning} |" for code in Exit]
    table = "\n".join(["| code | name | when |", "|---|---|---|", *rows])
    helps = "\n\n".join(
        f"```text\n$ jobstat {path} --help\n{help_of(path)}\n```"
        for path, _ in commands()
    )
    text = _between(text, "exit codes", table)
    return _between(text, "help", helps)


def completion(shell: str) -> str:
    return generate(shell, context())


def _between(text: str, name: str, content: str) -> str:
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n{content}\n{end}{after}"


if __name__ == "__main__":
    README.write_text(readme(README.read_text()))
    for shell, path in COMPLETIONS.items():
        path.write_text(completion(shell))
