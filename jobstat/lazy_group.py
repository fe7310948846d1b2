"""Command groups that import a command only when it runs."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import click

from jobstat.errors import UsageError


class LazyGroup(click.Group):
    """A group whose commands are in separate modules, each named ``command`` there.

    ``summaries`` maps the name of each command to its line in the help, so that the
    help imports no command. The module's name is ``prefix`` plus the command's name,
    with ``_`` for ``-``.
    """

    def __init__(
        self, *args: Any, summaries: Mapping[str, str], prefix: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.summaries = summaries
        self._prefix = prefix

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(self.summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in self.summaries:
            return None
        module = import_module(self._prefix + cmd_name.replace("-", "_"))
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            if suggestion := self._suggest(args[0], ctx):
                raise UsageError(
                    f"no such command {args[0]!r}",
                    hint=f"Did you mean {suggestion!r}?",
                ) from error
            raise

    def _suggest(self, word: str, ctx: click.Context) -> str | None:
        """Return the name of a command that the user may mean, None if there is none.

        It is a command of a subgroup, or a command with a similar name.
        """
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
