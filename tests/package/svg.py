"""Draw a terminal's screen as SVG.

A run of text keeps its columns in any font, because the picture says how wide it is.
Bars are rectangles: many fonts have no sign for them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from itertools import groupby
from typing import TYPE_CHECKING

import pyte

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyte.screens import Char

CELL, LINE = 8.4, 19
"""Width and height of a character in pixels."""

MARGIN, TITLE_BAR = 16, 40

BARS = {"━": 4, "╸": 4, "─": 2}
"""The height in pixels of each sign of a bar. ╸ fills half of its place."""

COLORS = {
    "red": "#ff7b72",
    "green": "#56d364",
    "brown": "#e3b341",  # pyte's word for yellow
    "blue": "#79c0ff",
    "cyan": "#56d4dd",
}
BORDER, BACKGROUND, TEXT, DIM = "#444c56", "#161b22", "#e6edf3", "#9198a1"

FONTS = "ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace"

SECOND_CELL = "\0"
RUN = re.compile("━*╸|━+|─+|[^ ━─╸]+(?: [^ ━─╸]+)*")


class ColorScreen(pyte.Screen):
    """A screen that also knows dim text, which pyte ignores. It is kept as blink."""

    def select_graphic_rendition(self, *attrs: int) -> None:
        numbers = [5 if number == 2 else number for number in attrs]
        super().select_graphic_rendition(*numbers)


@dataclass(frozen=True, slots=True)
class Run:
    """A part of a line in one style, from a column on."""

    column: int
    text: str
    width: int
    style: str


def draw(output: str, columns: int, title: str, description: str) -> str:
    """Return the picture of a terminal that got this output.

    The picture is as high as the text. ``title`` is in the bar of its window.
    """
    lines = screen_lines(output, columns)
    width = round(columns * CELL) + 2 * MARGIN
    height = TITLE_BAR + len(lines) * LINE + MARGIN
    colors = "".join(f".{name}{{fill:{color}}}\n" for name, color in COLORS.items())
    shapes = "".join(
        draw_run(run, TITLE_BAR + number * LINE)
        for number, cells in enumerate(lines)
        for run in runs(cells)
    )
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" role="img" xml:space="preserve"
 width="{width}" height="{height}" viewBox="0 0 {width} {height}">
<title>{escape(title)}</title>
<desc>{escape(description)}</desc>
<style>
svg{{fill:{TEXT};font:14px {FONTS}}}
.bold{{font-weight:700}}
.dim{{fill:{DIM}}}
{colors}</style>
<rect x=".5" y=".5" width="{width - 1}" height="{height - 1}" rx="8"
 fill="{BACKGROUND}" stroke="{BORDER}"/>
<g fill="{BORDER}">
<circle cx="22" cy="18" r="6"/>
<circle cx="42" cy="18" r="6"/>
<circle cx="62" cy="18" r="6"/>
</g>
<text class="dim" x="{width / 2:g}" y="23" text-anchor="middle">{escape(title)}</text>
{shapes}</svg>
"""


def screen_lines(output: str, columns: int) -> list[list[Char]]:
    """Return the cells of each line, without the blank lines at the end."""
    screen = ColorScreen(columns, 200)
    # A terminal driver sends a carriage return with each new line.
    pyte.Stream(screen).feed(output.replace("\n", "\r\n"))
    count = len("\n".join(screen.display).rstrip().splitlines())
    return [[screen.buffer[y][x] for x in range(columns)] for y in range(count)]


def runs(cells: list[Char]) -> Iterator[Run]:
    """Yield the runs of a line. Two blanks end a run: the next may start a column."""
    column = 0
    for style, group in groupby(cells, key=style_of):
        # The second cell of a wide character is empty.
        text = "".join(cell.data or SECOND_CELL for cell in group)
        for match in RUN.finditer(text):
            yield Run(
                column + match.start(),
                match[0].replace(SECOND_CELL, ""),
                len(match[0]),
                style,
            )
        column += len(text)


def style_of(cell: Char) -> str:
    """Return the classes of a cell's style."""
    words = [("bold", cell.bold), ("dim", cell.blink), (cell.fg, cell.fg in COLORS)]
    return " ".join(word for word, is_on in words if is_on)


def draw_run(run: Run, top: int) -> str:
    """Return the element of a run whose line begins at ``top``."""
    x, width = MARGIN + run.column * CELL, run.width * CELL
    style = f' class="{run.style}"' if run.style else ""
    if run.text[0] in BARS:
        height = BARS[run.text[0]]
        y = top + (LINE - height) / 2
        width -= CELL / 2 * run.text.endswith("╸")
        return (
            f'<rect{style} x="{x:g}" y="{y:g}" width="{width:g}" height="{height}"/>\n'
        )
    # Letters keep their form. A sign may come from another font, in another width.
    adjust = "" if run.text.isascii() else ' lengthAdjust="spacingAndGlyphs"'
    return (
        f'<text{style} x="{x:g}" y="{top + 14}" textLength="{width:g}"{adjust}>'
        f"{escape(run.text, quote=False)}</text>\n"
    )
