"""The parts of the README and the completions that are made from the code.

Run as a program, it writes them; test_docs.py holds them to what it makes.
"""

from __future__ import annotations

from pathlib import Path

import click

from jobstat.cli import COMMANDS, cli
from jobstat.commands.completion import script
from jobstat.exits import Exit

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
COMPLETIONS = {
    "bash": ROOT / "completions" / "jobstat.bash",
    "zsh": ROOT / "completions" / "_jobstat",
    "fish": ROOT / "completions" / "jobstat.fish",
}
WIDTH = 80


def context(name: str | None = None) -> click.Context:
    """The context of the whole command line, or of one command."""
    settings = {**cli.context_settings, "terminal_width": WIDTH}
    root = click.Context(cli, info_name="jobstat", **settings)
    if name is None:
        return root
    command = cli.get_command(root, name)
    assert command is not None
    return click.Context(command, root, info_name=name, terminal_width=WIDTH)


def help_of(name: str | None = None) -> str:
    ctx = context(name)
    return ctx.command.get_help(ctx)


def readme(text: str) -> str:
    """The README with its generated parts as they should be."""
    rows = [f"| {code:d} | {code.word} | {code.meaning} |" for code in Exit]
    table = "\n".join(["| code | name | when |", "|---|---|---|", *rows])
    helps = "\n\n".join(
        f"```text\n$ jobstat {name} --help\n{help_of(name)}\n```" for name in COMMANDS
    )
    text = _between(text, "exit codes", table)
    return _between(text, "help", helps)


def completion(shell: str) -> str:
    return script(shell, context())


def _between(text: str, name: str, content: str) -> str:
    begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n{content}\n{end}{after}"


if __name__ == "__main__":
    README.write_text(readme(README.read_text()))
    for shell, path in COMPLETIONS.items():
        path.write_text(completion(shell))
