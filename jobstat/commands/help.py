"""``jobstat help``: show a help topic, or the help of a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from jobstat.errors import UsageError
from jobstat.options import epilog
from jobstat.topics import TOPICS, load_topic
from jobstat.views.pager import page

if TYPE_CHECKING:
    from collections.abc import Iterator

    from click.shell_completion import CompletionItem

EXAMPLES = """
jobstat help
jobstat help exit-codes
jobstat help auth login
"""


def complete(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Return the topics and commands that begin with ``incomplete``."""
    from click.shell_completion import CompletionItem

    del param
    names = [*TOPICS, *(path for path in command_paths(ctx) if " " not in path)]
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


@click.command("help", epilog=epilog(EXAMPLES))
@click.argument("words", metavar="[TOPIC|COMMAND]", nargs=-1, shell_complete=complete)
@click.pass_context
def command(ctx: click.Context, /, words: tuple[str, ...]) -> int:
    """Show a help topic, or the help of a command.

    Without an argument it lists the commands and the topics. A text longer than
    the screen is shown in $PAGER.
    """
    page(find_help(ctx, " ".join(words)).rstrip("\n") + "\n")
    return 0


def find_help(ctx: click.Context, name: str) -> str:
    """Return the text of a topic, or the help of a command such as ``auth login``.

    A topic wins over a command of the same name. Raise UsageError if there is neither.
    """
    if name in TOPICS:
        return load_topic(name)
    context = ctx.find_root()
    for word in name.split():
        group = context.command
        found = (
            group.get_command(context, word) if isinstance(group, click.Group) else None
        )
        if found is None:
            raise _unknown(name, [*TOPICS, *command_paths(ctx)])
        context = click.Context(found, parent=context, info_name=word)
    return context.get_help()


def command_paths(ctx: click.Context) -> Iterator[str]:
    """Yield every command as the user types it: ``auth``, ``auth login``."""
    root = ctx.find_root().command
    assert isinstance(root, click.Group)  # noqa: S101 - jobstat itself
    for name in root.list_commands(ctx):
        yield name
        command = root.get_command(ctx, name)
        if isinstance(command, click.Group):
            yield from (f"{name} {inner}" for inner in command.list_commands(ctx))


def _unknown(name: str, names: list[str]) -> UsageError:
    from difflib import get_close_matches

    message = f"no help topic or command {name!r}"
    if similar := get_close_matches(name, names, 1):
        return UsageError(f"{message}. Did you mean {similar[0]!r}?")
    return UsageError(message, hint="See jobstat help.")
