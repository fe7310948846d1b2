"""Groups of commands that are modules, listed without importing them."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from collections.abc import Mapping


class LazyGroup(click.Group):
    """A group that imports a command only when it runs.

    ``summaries`` has a line for each command, which is the ``command`` of the module
    whose name is ``prefix`` and its own.
    """

    def __init__(
        self, *arguments: Any, summaries: Mapping[str, str], prefix: str, **more: Any
    ) -> None:
        super().__init__(*arguments, **more)
        self.summaries = summaries
        self._prefix = prefix

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in self.summaries:
            return None
        module = import_module(self._prefix + cmd_name)
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if meant := self._meant_by(args[0], ctx):
                words = f"no such command {args[0]!r}. Did you mean {meant!r}?"
                raise click.UsageError(words, ctx) from error
            raise

    def _meant_by(self, word: str, ctx: click.Context) -> str | None:
        """The command that a wrong word is likely to mean: of a group, or similar."""
        from difflib import get_close_matches

        for name in self.summaries:
            command = self.get_command(ctx, name)
            if isinstance(command, LazyGroup) and word in command.summaries:
                return f"{name} {word}"
        return next(iter(get_close_matches(word, self.summaries, 1)), None)

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(self.summaries.items()))
