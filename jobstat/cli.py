"""The command line: a group that imports a command only when it runs."""

from __future__ import annotations

from importlib import import_module

import click

from jobstat import __version__
from jobstat.exits import Exit

COMMANDS = {
    "show": "Show the state of jobs, once.",
    "watch": "Follow jobs until they finish.",
    "list": "List the account's recent jobs.",
    "demo": "Play a job on a pretend Zendesk and watch it.",
    "completion": "Print the completion script of a shell.",
}


class LazyGroup(click.Group):
    """A group whose commands are modules, listed without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        del ctx
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        del ctx
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"jobstat.commands.{cmd_name}")
        command: click.Command = module.command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        try:
            return super().resolve_command(ctx, args)
        except click.UsageError as error:
            from difflib import get_close_matches

            for meant in get_close_matches(args[0], COMMANDS, 1):
                words = f"no such command {args[0]!r}. Did you mean {meant!r}?"
                raise click.UsageError(words, ctx) from error
            raise

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Exit codes"):
            formatter.write_dl(
                [(f"{code:d} {code.word}", code.meaning) for code in Exit]
            )


EXAMPLES = """\b
Examples:
  jobstat show V3-3ce496a3d948e38821056b1ca5bc3866
  jobstat watch V3-3ce496a3d948e38821056b1ca5bc3866
  jobstat demo
"""


@click.group(
    cls=LazyGroup,
    epilog=EXAMPLES,
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 88,
    },
)
@click.version_option(__version__, message="jobstat %(version)s")
def cli() -> None:
    """Show and watch Zendesk bulk jobs, and tell truly which items failed."""
