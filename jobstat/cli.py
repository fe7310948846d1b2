"""The command line: the group of all commands, and its help."""

from __future__ import annotations

import click

from jobstat import __version__
from jobstat.exits import Exit
from jobstat.lazy_group import LazyGroup
from jobstat.topics import TOPICS

COMMANDS = {
    "show": "Show the status of jobs.",
    "watch": "Watch jobs until they finish.",
    "list": "List the account's recent jobs.",
    "retry-file": "Write the records that failed, ready to send again.",
    "auth": "Log in to Zendesk accounts, and out of them.",
    "demo": "Run a sample job on a local fake Zendesk.",
    "completion": "Print the completion script of a shell.",
    "help": "Show a help topic, or the help of a command.",
}

EXAMPLES = """\b
jobstat show V3-3ce496a3d948e38821056b1ca5bc3866
jobstat watch V3-3ce496a3d948e38821056b1ca5bc3866
jobstat auth login
jobstat demo
"""


class _Jobstat(LazyGroup):
    """The group of all commands. Its help adds the topics and the exit codes."""

    def format_commands(
        self, ctx: click.Context, formatter: click.HelpFormatter
    ) -> None:
        super().format_commands(ctx, formatter)
        with formatter.section("Help topics (jobstat help TOPIC)"):
            formatter.write_dl(list(TOPICS.items()))

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        del ctx
        with formatter.section("Examples"):
            formatter.write_text(EXAMPLES)
        with formatter.section("Exit codes"):
            formatter.write_dl(
                [(f"{code:<3d} {code.slug}", code.meaning) for code in Exit]
            )


@click.group(
    cls=_Jobstat,
    summaries=COMMANDS,
    prefix="jobstat.commands.",
    context_settings={
        "help_option_names": ["-h", "--help"],
        "max_content_width": 88,
    },
)
@click.version_option(__version__, message="jobstat %(version)s")
def cli() -> None:
    """Show and watch Zendesk bulk jobs, and find the items that failed."""
