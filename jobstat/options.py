"""The options that several commands share, and their types."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from textwrap import indent
from typing import TYPE_CHECKING, Any

import click

from jobstat.errors import UsageError
from jobstat.exits import Exit
from jobstat.invocation import Invocation
from jobstat.jobs.duration import parse_duration

if TYPE_CHECKING:
    from jobstat.views.reporter import DisplayOptions


def duration(text: str) -> float:
    """Parse the value of a DURATION option into seconds."""
    try:
        return parse_duration(text)
    except UsageError as error:
        raise click.BadParameter(error.message) from error


def positive_duration(text: str) -> float:
    """Parse the value of a DURATION option that must not be 0."""
    seconds = duration(text)
    if not seconds:
        raise click.BadParameter(f"not a duration above 0: {text!r}")
    return seconds


def positive_number(text: str) -> int:
    """Parse the value of an option that takes a whole number above 0."""
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise click.BadParameter(f"not a whole number above 0: {text!r}")
    return number


def epilog(
    examples: str,
    exit_codes: Collection[Exit] = (),
    meanings: Mapping[Exit, str] | None = None,
) -> str:
    r"""Return the end of a help text: the examples, and a table of exit codes.

    ``meanings`` replaces the meanings that differ in this command. ``\b`` tells click
    to keep the lines of a paragraph as they are.
    """
    text = f"\b\nExamples:\n{indent(examples.strip(), '  ')}\n"
    if exit_codes:
        meanings = {code: code.meaning for code in Exit} | dict(meanings or {})
        rows = [f"  {c:<3d} {c.slug:<14}{meanings[c]}" for c in exit_codes]
        text += "\n".join(["\n\b\nExit codes:", *rows, ""])
    return text


def shared_options(
    *, exclude: Collection[str] = ()
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Return a decorator that gives a command the shared options.

    ``exclude`` holds the names of options that the command does not have.
    """

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        # The decorator that is applied last comes first in the help.
        for name, option in reversed(_SHARED_OPTIONS.items()):
            if name not in exclude:
                command = option(command)
        return command

    return decorate


def check_output_options(display: DisplayOptions) -> None:
    """Raise UsageError if two options about the output contradict each other."""
    given = {
        "--quiet": display.quiet,
        "--json": display.json,
        "--stream": display.stream,
        "--csv": display.csv,
        "--results": display.results is not None,
        "--results summary": display.results == "summary",
    }
    for first, second in _CONFLICTS:
        if given[first] and given[second]:
            raise UsageError(
                f"{first} cannot be used with {second}",
                hint=f"Leave out {first} or {second}.",
            )


_CONFLICTS = (
    ("--quiet", "--json"),
    ("--quiet", "--stream"),
    ("--quiet", "--csv"),
    ("--quiet", "--results"),
    ("--csv", "--json"),
    ("--csv", "--stream"),
    ("--csv", "--results summary"),  # a table of items is no summary
    ("--results", "--json"),  # JSON is never filtered
    ("--results", "--stream"),
)
"""Pairs of options that cannot be used together."""


def _enable_debug(ctx: click.Context, param: click.Parameter, value: bool) -> None:  # noqa: FBT001 - click's signature
    del param
    invocation = ctx.find_object(Invocation)
    if value and invocation:
        invocation.enable_debug()


_SHARED_OPTIONS = {
    "subdomain": click.option(
        "--subdomain",
        metavar="NAME",
        help="Subdomain of the account: acme for https://acme.zendesk.com."
        " Default: $ZENDESK_SUBDOMAIN.",
    ),
    "base_url": click.option(
        "--base-url",
        metavar="URL",
        help="Full address of the account, instead of --subdomain."
        " Default: $JOBSTAT_BASE_URL.",
    ),
    "json": click.option(
        "--json", is_flag=True, help="Print Zendesk's job object as JSON."
    ),
    "csv": click.option(
        "--csv", is_flag=True, help="Print the results of all jobs as one CSV table."
    ),
    "results": click.option(
        "--results",
        type=click.Choice(["all", "failed", "summary"]),
        help="Which items to print: all, the failed ones, or only counts and causes."
        " Default: as many as fit a screen.",
    ),
    "quiet": click.option(
        "-q",
        "--quiet",
        is_flag=True,
        help="Print nothing; only set the exit code.",
    ),
    "plain": click.option(
        "--plain",
        is_flag=True,
        help="Print sentences for a screen reader, without signs.",
    ),
    "color": click.option(
        "--color",
        type=click.Choice(["auto", "always", "never"]),
        default="auto",
        help="When to use color. Default: auto, on a terminal.",
    ),
    "exit_zero": click.option(
        "--exit-zero",
        is_flag=True,
        help="Exit with 0 instead of 3, 6 or 8: failed and unfinished jobs are no"
        " error.",
    ),
    "debug": click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        callback=_enable_debug,
        help="Show a traceback with each error.",
    ),
}
