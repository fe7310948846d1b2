"""Generate the man page from the commands and the help topics."""

from __future__ import annotations

import inspect
import re
from textwrap import indent, wrap
from typing import TYPE_CHECKING

import click

from jobstat import __version__
from jobstat.topics import TOPICS, load_topic

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH = 80
BODY = 7  # man's own indentation of a text

TITLES = {"exit-codes": "Exit status", "environment": "Environment"}
"""Topics whose section has a name that man pages share."""

FILES = """Files

    ~/.config/jobstat/accounts.toml
        The accounts and the kind of each login, without secrets. On macOS:
        ~/Library/Application Support/jobstat/accounts.toml.
    ~/.zcli
        zcli's settings. jobstat only reads them.
"""

SEE_ALSO = ".SH SEE ALSO\n.BR curl (1),\n.BR jq (1)"


def man_page(commands: dict[str, click.Context], date: str) -> str:
    """Return the man page; ``commands`` maps each path, such as ``auth login``.

    The empty path is jobstat itself. ``date`` has the form 2026-11-23.
    """
    root = commands[""]
    topics = {name: topic_lines(name) for name in TOPICS}
    lines = [
        '.\\" Written by tests/package/docs.py.',
        f'.TH JOBSTAT 1 {date} "jobstat {__version__}"',
        # A hyphenated word cannot be found or copied. groff knows HY, others only nh.
        ".nr HY 0",
        ".nh",
        ".ad l",
        ".SH NAME",
        f"jobstat \\- {escape(lower(root.command.get_short_help_str(limit=200)))}",
        ".SH SYNOPSIS",
        *synopsis(commands),
        ".SH DESCRIPTION",
        *text_lines(DESCRIPTION),
        *option_lines(root),
        ".SH COMMANDS",
        *(
            line
            for path, context in commands.items()
            if path
            for line in command_lines(context)
        ),
        *(line for name in TOPICS if name not in TITLES for line in topics[name]),
        *(line for name in TITLES for line in topics[name]),
        *text_lines(FILES),
        ".SH EXAMPLES",
        *example_lines(commands),
        SEE_ALSO,
    ]
    after_heading = [False, *(line.startswith((".SH", ".SS")) for line in lines)]
    # A heading begins a paragraph itself.
    return "".join(
        f"{line}\n"
        for line, first in zip(lines, after_heading, strict=False)
        if not (first and line == ".PP")
    )


DESCRIPTION = """
  Zendesk runs bulk work (create, update, delete, import) as background jobs.
  jobstat watches these jobs. Zendesk calls a job completed even if most of its
  items failed. jobstat says so, says why they failed, and writes the file to
  send again.

  The exit code is the result.
"""


def lower(summary: str) -> str:
    return summary[0].lower() + summary[1:].removesuffix(".")


def synopsis(commands: dict[str, click.Context]) -> Iterator[str]:
    separator: list[str] = []
    for path, context in commands.items():
        if path and not isinstance(context.command, click.Group):
            yield from separator
            yield f".B jobstat {escape(path)}"
            yield escape(usage(context))
            separator = [".br"]


def usage(context: click.Context) -> str:
    """Return a command's options and arguments: ``[OPTIONS] JOB...``."""
    return " ".join(context.command.collect_usage_pieces(context))


def command_lines(context: click.Context) -> Iterator[str]:
    yield f".SS {escape(f'{context.command_path} {usage(context)}')}"
    help_text = inspect.cleandoc(context.command.help or "")
    yield from text_lines(indent(help_text, "  "))
    yield from option_lines(context)


def option_lines(context: click.Context) -> Iterator[str]:
    """Yield each option with its meaning; only jobstat itself lists ``--help``."""
    for param in context.command.get_params(context):
        if not isinstance(param, click.Option) or (
            context.parent and "--help" in param.opts
        ):
            continue
        record = param.get_help_record(context)
        assert record
        match = re.fullmatch(r"((?:-\S+, )*-\S+)(?: (.+))?", record[0])
        assert match
        value = f" \\fI{escape(match[2])}\\fR" if match[2] else ""
        yield ".TP"
        yield f"\\fB{escape(match[1])}\\fR{value}"
        yield from prose(record[1])


def example_lines(commands: dict[str, click.Context]) -> Iterator[str]:
    """Yield each command's examples. A group does not repeat its commands' examples."""
    for context in commands.values():
        if context.parent and not isinstance(context.command, click.Group):
            text = context.command.get_help(context)
            match = re.search(
                r"^ *Examples:\n(.*?)(?:\n\s*\n|\Z)", text, re.DOTALL | re.MULTILINE
            )
            assert match
            yield from code_lines(inspect.cleandoc(f"\n{match[1]}").splitlines())


def topic_lines(name: str) -> Iterator[str]:
    title, _, text = load_topic(name).partition("\n")
    return text_lines(f"{TITLES.get(name, title)}\n{text}")


def text_lines(text: str) -> Iterator[str]:
    """Yield a text in roff. Its layout is that of the help topics.

    The first heading begins a section, the others a subsection. Paragraphs are indented
    by 2 columns, code by 4, and the meaning of a term by 8.
    """
    heading = ".SH"
    body = None  # the column of the text of the current paragraph or item
    lines = [line.rstrip() for line in text.splitlines()]
    while lines:
        line = lines.pop(0)
        column = len(line) - len(line.lstrip())
        words = line.strip()
        item = re.match(r"(-|\d\.) +", words)
        following = lines[0] if lines else ""
        if not line:
            body = None
        elif column == 0:
            yield f"{heading} {escape(words.upper() if heading == '.SH' else words)}"
            heading = ".SS"
        elif item and (body is None or column != body or column > 2):
            sign = r"\(bu" if item[1] == "-" else item[1]
            yield f".IP {sign} {len(item[0])}"
            yield from prose(words[item.end() :])
            body = column + len(item[0])
        elif body is not None and column == body:
            yield from prose(words)
        elif column == 4 and re.match(" {8}[^ ]", following):
            yield ".TP"
            yield f".B {escape(words)}"
            body = 8
        elif column >= 4:
            code = [line]
            while lines and lines[0].startswith("    "):
                code.append(lines.pop(0).rstrip())
            yield from code_lines([line[4:] for line in code])
            body = None
        else:
            yield ".PP"
            yield from prose(words)
            body = column


def prose(text: str) -> Iterator[str]:
    """Yield lines that are short, also with escapes; roff fills them again."""
    for line in wrap(text, 50, break_long_words=False, break_on_hyphens=False):
        yield escape(line)


def code_lines(lines: list[str]) -> Iterator[str]:
    """Yield lines as they are, with less indentation if they are wide."""
    room = WIDTH - BODY - max(map(len, lines))
    yield ".PP"
    yield f".RS {max(-BODY, min(4, room))}"
    yield ".EX"
    yield from map(escape, lines)
    yield ".EE"
    yield ".RE"


ESCAPES = {
    "\\": r"\e",
    "-": r"\-",
    "'": r"\(aq",
    '"': r"\(dq",
    "`": r"\(ga",
    "^": r"\(ha",
    "~": r"\(ti",
}


def escape(text: str) -> str:
    """Return text that roff prints as it is, also if it begins with a dot."""
    text = "".join(ESCAPES.get(character, character) for character in text)
    return rf"\&{text}" if text.startswith(".") else text
