"""Lines for a terminal or a pipe: styled, wrapped and truncated text, and bars.

A width is a number of columns, or None off a terminal, where nothing is cut or wrapped
and rich is not imported.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

from jobstat.views.terminal import Glyphs

if TYPE_CHECKING:
    from rich.console import Console, ConsoleOptions

    from jobstat.views.terminal import Terminal

StyledLine = list[tuple[str, str]]
"""A line in parts: each is a text and its style, such as ``bold red``.

Plain text has an empty style.
"""

NARROW = 72
"""Columns below which a status and a table row need several lines."""

GAP = "  "

NO_BREAK = "\ue000"
"""A space between words that ``wrap`` keeps on one line. No sanitized text has it."""

MIN_BAR = 8
"""Minimum columns of a progress bar beside text."""

MAX_BAR = 60
"""Maximum columns of a progress bar beside text."""

MIN_MOVING_BAR = 20
"""Minimum columns of a moving bar. In a shorter one, the stripe looks like progress."""

_UNICODE_BAR = str.maketrans(" ", "─")
_ASCII_BAR = str.maketrans("━╸ ", "=--")


_MARKS = {"Mn", "Mc", "Me"}
"""The Unicode categories of marks, which stand on the letter before them."""

_RIGHT_TO_LEFT = re.compile(
    "[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff"
    "\U0001e800-\U0001efff]"
)
"""A letter of Hebrew, Arabic or another script that is written from right to left."""

LEFT_TO_RIGHT_MARK = "\u200e"


def to_ansi(line: StyledLine, terminal: Terminal) -> str:
    """Return the line as it is written to the terminal.

    Terminals that know right-to-left text would also turn around the numbers after
    it, and so the columns. An invisible mark stops them.
    """
    if terminal.interactive and terminal.glyphs is not Glyphs.ASCII:
        line = [(_keep_columns(text), style) for text, style in line]
    return "".join(terminal.paint(text, style) for text, style in line).rstrip()


def _keep_columns(text: str) -> str:
    if text.isascii():
        return text
    cells = text.split(GAP)
    return GAP.join(
        cell + LEFT_TO_RIGHT_MARK if _RIGHT_TO_LEFT.search(cell) else cell
        for cell in cells
    )


def render_lines(lines: Iterable[StyledLine], terminal: Terminal) -> str:
    """Return the lines as one text, as it is written to the terminal."""
    return "".join(to_ansi(line, terminal) + "\n" for line in lines)


def join_parts(parts: Iterable[tuple[str, str]]) -> StyledLine:
    """Return a line of the parts that are not empty, with gaps between them."""
    return [piece for part in parts if part[0] for piece in ((GAP, ""), part)][1:]


def flow(parts: Iterable[tuple[str, str]], width: int | None) -> list[StyledLine]:
    """Put as many parts on each line as fit. Wrap a part that is too long."""
    lines: list[StyledLine] = []
    current: StyledLine = []
    for part in parts:
        if width is None or line_width(join_parts([*current, part])) <= width:
            current.append(part)
            continue
        lines.append(join_parts(current))
        current = []
        if line_width([part]) <= width:
            current.append(part)
        else:
            lines += wrap(*part, width)
    lines.append(join_parts(current))
    return [line for line in lines if line]


def wrap(text: str, style: str, width: int | None) -> list[StyledLine]:
    """Wrap the text between words. A word longer than a line is folded."""
    if width is None or text_width(text) <= width:
        return [[(text.replace(NO_BREAK, " "), style)]]
    from rich.text import Text

    console, _ = rich_console()
    lines = Text(text).wrap(console, width, overflow="fold")
    return [[(line.plain.rstrip().replace(NO_BREAK, " "), style)] for line in lines]


def truncate(line: StyledLine, width: int, *, glyphs: Glyphs) -> StyledLine:
    """Return the part of the line that fits, with an ellipsis if it is cut."""
    from rich.cells import set_cell_size

    kept: StyledLine = []
    ellipsis = ellipsis_sign(glyphs=glyphs)
    for text, style in line:
        length = text_width(text)
        if length > width:
            start = set_cell_size(text, max(width - len(ellipsis), 0))
            return [*kept, ((start + ellipsis)[:width], style)]
        kept.append((text, style))
        width -= length
    return kept


def ellipsis_sign(*, glyphs: Glyphs) -> str:
    """Return the sign for text that is left out."""
    return "…" if glyphs is Glyphs.UNICODE else "..."


def line_width(line: StyledLine) -> int:
    """Return the columns that the line takes on a terminal."""
    return sum(text_width(text) for text, _ in line)


def text_width(text: str) -> int:
    """Return the columns that the text takes on a terminal."""
    if text.isascii():
        return len(text)
    from rich.cells import cell_len

    return cell_len(text)


def text_width_without_rich(text: str) -> int:
    """Return nearly the same as ``text_width``, for text off a terminal."""
    if text.isascii():
        return len(text)
    return sum(map(_character_width, text))


def _character_width(character: str) -> int:
    if unicodedata.combining(character) or unicodedata.category(character) in _MARKS:
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def draw_bar(
    done: int, total: int | None, width: int, style: str, *, glyphs: Glyphs
) -> StyledLine:
    """Draw a bar of ``width`` columns. It moves while the total is unknown (None)."""
    from rich.progress_bar import ProgressBar

    if total is None and width < MIN_MOVING_BAR:
        done, total = 0, 1
    console, options = rich_console()
    segments = console.render(ProgressBar(total, done, width=width), options)
    # Without color, rich leaves the rest of the bar blank.
    bar = "".join(segment.text for segment in segments).ljust(width)
    bar = bar.translate(_UNICODE_BAR if glyphs is Glyphs.UNICODE else _ASCII_BAR)
    runs = groupby(bar, key=lambda sign: sign in "━╸=")
    return [("".join(run), style if is_done else "dim") for is_done, run in runs]


@cache
def rich_console() -> tuple[Console, ConsoleOptions]:
    """Return a console that lays out text, and its options. It writes nothing."""
    from io import StringIO

    from rich.console import Console

    console = Console(
        file=StringIO(), width=1000, color_system=None, no_color=True, markup=False
    )
    return console, console.options
