"""The generated files: tables of exit codes, completion scripts, man page, pictures.

Run as a program, it writes them. test_docs.py fails if they are out of date.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

sys.path.insert(0, str(Path(__file__).parents[1]))

from package.completions import generate
from package.manual import man_page
from package.pictures import pictures

from jobstat.cli import cli
from jobstat.commands.completion import SCRIPTS
from jobstat.exits import Exit
from jobstat.lazy_group import LazyGroup

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
CHANGELOG = ROOT / "CHANGELOG.md"
TOPIC_FOLDER = ROOT / "jobstat" / "topics"
EXIT_CODES = TOPIC_FOLDER / "exit-codes.txt"
COMPLETIONS = {
    shell: ROOT / "jobstat" / "completions" / name for shell, name in SCRIPTS.items()
}
MAN_PAGE = ROOT / "jobstat" / "man" / "jobstat.1"
WIDTH = 80


def commands(group: LazyGroup = cli, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield each command's path, such as ``auth login``, and its summary."""
    for name, summary in group.summaries.items():
        words = f"{path} {name}".lstrip()
        yield words, summary
        command = context(words).command
        if isinstance(command, LazyGroup):
            yield from commands(command, words)


def context(path: str = "") -> click.Context:
    """Return the context of a command, by default that of jobstat itself."""
    settings = {**cli.context_settings, "terminal_width": WIDTH}
    ctx = click.Context(cli, info_name="jobstat", **settings)
    for name in path.split():
        assert isinstance(ctx.command, click.Group)
        command = ctx.command.get_command(ctx, name)
        assert command is not None
        ctx = click.Context(command, ctx, info_name=name, terminal_width=WIDTH)
    return ctx


def help_text(path: str = "") -> str:
    ctx = context(path)
    return ctx.command.get_help(ctx)


def completion(shell: str) -> str:
    return generate(shell, context())


def manual() -> str:
    paths = ["", *(path for path, _ in commands())]
    date = re.search(r"\d{4}-\d\d-\d\d", CHANGELOG.read_text())
    assert date
    return man_page({path: context(path) for path in paths}, date[0])


def update_readme(text: str) -> str:
    rows = [f"| {code:d} | {code.slug} | {code.meaning} |" for code in Exit]
    table = "\n".join(["| code | name | when |", "|---|---|---|", *rows])
    begin, end = "<!-- begin exit codes -->", "<!-- end exit codes -->"
    before, rest = text.split(begin)
    _, after = rest.split(end)
    return f"{before}{begin}\n{table}\n{end}{after}"


def update_topic(text: str) -> str:
    rows = [f"    {code:<5d}{code.slug:<14}{code.meaning}\n" for code in Exit]
    first, *rest = re.split(r"(?:^ {4}\d+ .*\n)+", text, maxsplit=1, flags=re.MULTILINE)
    return "".join([first, *rows, *rest])


def generated_files() -> Iterator[tuple[Path, str]]:
    """Yield each generated file with the content that it should have."""
    yield README, update_readme(README.read_text())
    yield EXIT_CODES, update_topic(EXIT_CODES.read_text())
    for shell, path in COMPLETIONS.items():
        yield path, completion(shell)
    yield MAN_PAGE, manual()


def picture_files() -> Iterator[tuple[Path, str]]:
    """Yield each picture in the README, as ``generated_files`` does."""
    for picture in pictures():
        yield ROOT / ".github" / picture.name, picture.svg


if __name__ == "__main__":
    for path, content in (*generated_files(), *picture_files()):
        path.write_text(content)
