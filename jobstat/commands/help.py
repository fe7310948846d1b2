"""``jobstat help``: show a help topic, or the help of a command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from jobstat.errors import UsageError
from jobstat.options import epilog
from jobstat.topics import TOPICS, load_topic
from jobstat.views.pager import print_or_page

if TYPE_CHECKING:
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

    Without an argument, it lists the commands and the topics. $PAGER shows a text
    that is longer than the screen.
    """
    print_or_page(find_help(ctx, " ".join(words)).rstrip("\n") + "\n")
    return 0


def find_help(ctx: click.Context, name: str) -> str:
    """Return the text of a topic, or the help of a command such as ``auth login``.

    A topic wins over a command of the same name. Raise UsageError if neither exists.
    """
    if name in TOPICS:
        return load_topic(name)
    context = ctx.find_root()
    for word in name.split():
        group = context.command
        command = (
            group.get_command(context, word) if isinstance(group, click.Group) else None
        )
        if command is None:
            raise _unknown_name(name, [*TOPICS, *command_paths(ctx)])
        context = click.Context(command, parent=context, info_name=word)
    return context.get_help()


def command_paths(ctx: click.Context) -> Iterator[str]:
    """Yield every command as the user types it: ``auth``, ``auth login``."""
    root = ctx.find_root().command
    assert isinstance(root, click.Group)  # noqa: S101 - jobstat is a group
    for name in root.list_commands(ctx):
        yield name
        command = root.get_command(ctx, name)
        if isinstance(command, click.Group):
            yield from (f"{name} {inner}" for inner in command.list_commands(ctx))


def _unknown_name(name: str, names: list[str]) -> UsageError:
    from difflib import get_close_matches

    similar = get_close_matches(name, names, 1)
    hint = (
        f"Did you mean {similar[0]!r}?"
        if similar
        else "Run jobstat help to see the commands and topics."
    )
    return UsageError(f"no help topic or command {name!r}", hint=hint)
