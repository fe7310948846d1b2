"""The options that commands share: the same word everywhere."""

from __future__ import annotations

from textwrap import indent
from typing import TYPE_CHECKING, Any

import click

from jobstat.errors import UsageError
from jobstat.exits import Exit
from jobstat.invocation import Invocation
from jobstat.jobs.duration import parse_duration

if TYPE_CHECKING:
    from collections.abc import Callable, Container


def duration(text: str) -> float:
    """Seconds: the type of an option that takes a DURATION."""
    try:
        return parse_duration(text)
    except UsageError as problem:
        raise click.BadParameter(f"{problem.message}. {problem.hint}") from None


def positive_duration(text: str) -> float:
    """Seconds, more than none."""
    seconds = duration(text)
    if not seconds:
        raise click.BadParameter("it must be longer than 0")
    return seconds


def epilog(examples: str, exclude: Exit | None = None) -> str:
    """What stands at the end of a help text: examples, and the exit codes.

    Without ``exclude``, the one code that the command never ends with, the
    codes are left out altogether.
    """
    shown = f"\b\nExamples:\n{indent(examples.strip(), '  ')}\n"
    if exclude is None:
        return shown
    codes = [code for code in Exit if code is not exclude]
    table = "\n".join(f"  {code:<3d} {code.slug:<14}{code.meaning}" for code in codes)
    return f"{shown}\n\b\nExit codes:\n{table}\n"


def shared_options(
    *, exclude: Container[str] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Give a command the options that say which account and how it is shown."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        for name, option in reversed(_SHARED.items()):
            if name not in exclude:
                command = option(command)
        return command

    return decorate


def check_output_options(*, quiet: bool, json: bool, stream: bool = False) -> None:
    """Raise UsageError where an option wants output and --quiet wants none."""
    for wanted, name in ((json, "--json"), (stream, "--stream")):
        if quiet and wanted:
            raise click.UsageError(f"--quiet and {name} exclude each other.")


def _enable_debug(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    del param
    invocation = ctx.find_object(Invocation)
    if value and invocation:
        invocation.enable_debug()


_SHARED = {
    "subdomain": click.option(
        "--subdomain",
        metavar="NAME",
        help="The account's name: acme for https://acme.zendesk.com."
        " Default: $ZENDESK_SUBDOMAIN.",
    ),
    "base_url": click.option(
        "--base-url",
        metavar="URL",
        help="The account's whole address, in place of --subdomain."
        " Default: $JOBSTAT_BASE_URL.",
    ),
    "json": click.option(
        "--json", is_flag=True, help="Write Zendesk's own job object."
    ),
    "quiet": click.option(
        "-q",
        "--quiet",
        is_flag=True,
        help="Write nothing to stdout; the exit code tells.",
    ),
    "color": click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="Whether to colour. Default: auto, on a terminal.",
    ),
    "exit_zero": click.option(
        "--exit-zero",
        is_flag=True,
        help="Exit 0 whatever the jobs' states are (not 3, 6, 8).",
    ),
    "debug": click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        callback=_enable_debug,
        help="Show a traceback with an error.",
    ),
}
