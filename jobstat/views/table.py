"""Tables for a terminal or a pipe, laid out to fit a width."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from jobstat.views.layout import (
    GAP,
    NARROW,
    StyledLine,
    flow,
    text_width,
    text_width_without_rich,
    wrap,
)
from jobstat.views.terminal import Glyphs

if TYPE_CHECKING:
    from jobstat.views.wording import Glyph

MAX_PADDING = 64
"""Columns to which a cell is padded off a terminal: one long cell must not widen every
row."""

MISSING = "-"
"""The cell of an id or an index that an item lacks."""


@dataclass(frozen=True, slots=True, eq=False)  # a key that is hashed often
class Column:
    """A column of a table.

    A ``numeric`` column is right-aligned and never folded. An ``optional`` column is
    left out if the table is too wide. The cell of a ``below`` column may move to a
    line of its own below the row. If a row gets several lines, the cell is on the first
    line, after its ``label``, or with ``own_line`` on a later line.
    """

    heading: str = ""
    label: str = ""
    numeric: bool = False
    optional: bool = False
    own_line: bool = False
    below: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: a glyph, a status that may be empty, then the cells."""

    glyph: Glyph
    status: str
    cells: Sequence[str]

    def sign(self, glyphs: Glyphs) -> str:
        """Return the glyph and the status."""
        return self.glyph.label(self.status, glyphs)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of the same columns, which may have headings."""

    columns: Sequence[Column]
    rows: Sequence[Row]
    status_heading: str = ""

    @property
    def headings(self) -> list[str]:
        """The headings of the columns, or an empty list."""
        headings = [column.heading for column in self.columns]
        return headings if any(headings) else []

    def without_column(self, index: int) -> Table:
        """Return the table without one of its columns."""
        rows = [
            Row(row.glyph, row.status, [*row.cells[:index], *row.cells[index + 1 :]])
            for row in self.rows
        ]
        columns = [*self.columns[:index], *self.columns[index + 1 :]]
        return Table(columns, rows, self.status_heading)


def table_lines(table: Table, width: int | None, *, glyphs: Glyphs) -> list[StyledLine]:
    """Lay out a table so that it fits the width.

    A table that is too wide loses its optional columns, the last one first. If that is
    not enough, a column moves below, or texts are folded within their columns. On a
    narrow terminal, or if the table has no headings, each row gets several lines.
    Without glyphs, each row is a sentence.
    """
    if glyphs is Glyphs.NONE:
        return [[(_sentence(table, row), "")] for row in table.rows]
    kept = table
    while (lines := _aligned(kept, width, glyphs=glyphs)) is None:
        optional = [i for i, column in enumerate(kept.columns) if column.optional]
        if not optional:
            break
        kept = kept.without_column(optional[-1])
    if lines is not None or width is None:
        return lines or []
    below = [i for i, column in enumerate(kept.columns) if column.below]
    if below:
        upper = _aligned(kept.without_column(below[0]), width, glyphs=glyphs)
        if upper is not None:
            cells = [row.cells[below[0]] for row in kept.rows]
            return _with_lines_below(upper, cells, width)
    elif table.headings and width >= NARROW:
        return _folded(table, width, glyphs=glyphs)
    return [
        line
        for row in table.rows
        for line in _stacked(table, row, width, glyphs=glyphs)
    ]


def _with_lines_below(
    lines: list[StyledLine], cells: Sequence[str], width: int
) -> list[StyledLine]:
    """Return the lines of a table with a cell below each of its rows."""
    headings = len(lines) - len(cells)
    result = lines[:headings]
    for line, cell in zip(lines[headings:], cells, strict=True):
        result += [line, *_indented(wrap(cell, "", _inner_width(width)))]
    return result


def _inner_width(width: int) -> int:
    return max(width - len(GAP), 1)


def _indented(lines: Iterable[StyledLine]) -> list[StyledLine]:
    return [[(GAP, ""), *line] for line in lines]


def _column_widths(
    table: Table, measure: Callable[[str], int], *, glyphs: Glyphs
) -> list[int]:
    signs = {table.status_heading, *(row.sign(glyphs) for row in table.rows)}
    lines = [
        *([table.headings] if table.headings else []),
        *(row.cells for row in table.rows),
    ]
    columns = zip(*lines, strict=True)
    return [
        max(map(measure, signs)) or 1,
        *(max(map(measure, set(cells))) for cells in columns),
    ]


def _aligned(
    table: Table, width: int | None, *, glyphs: Glyphs
) -> list[StyledLine] | None:
    """Return a line for each row, or None if the table is too wide."""
    measure = text_width_without_rich if width is None else text_width
    widths = _column_widths(table, measure, glyphs=glyphs)
    if width is None:
        widths = [min(w, MAX_PADDING) for w in widths]
    elif sum(widths) + len(GAP) * (len(widths) - 1) > width:
        return None
    sign_width, *cell_widths = widths

    lines: list[StyledLine] = []
    if table.headings:
        sign = table.status_heading.ljust(sign_width) + GAP
        lines.append([(sign + _join(table, table.headings, cell_widths), "bold")])
    for row in table.rows:
        sign = row.sign(glyphs)
        padding = " " * (sign_width - measure(sign)) + GAP
        cells = _join(table, row.cells, cell_widths, measure)
        lines.append([(sign, row.glyph.style), (padding + cells, "")])
    return lines


def _join(
    table: Table,
    cells: Sequence[str],
    widths: Sequence[int],
    measure: Callable[[str], int] = text_width,
) -> str:
    """Return the cells in columns of these widths."""
    return GAP.join(
        " " * (width - measure(cell)) + cell
        if column.numeric
        else cell + " " * (width - measure(cell))
        for cell, width, column in zip(cells, widths, table.columns, strict=True)
    ).rstrip()


def _folded(table: Table, width: int, *, glyphs: Glyphs) -> list[StyledLine]:
    """Fold the cells within columns. Long columns share the rest of the width."""
    sign_width, *widths = _column_widths(table, text_width, glyphs=glyphs)
    room = width - sign_width - len(GAP) * len(widths)
    widths = _share_width(widths, room)
    lines: list[StyledLine] = [
        [(" " * sign_width + GAP, ""), (_join(table, table.headings, widths), "bold")]
    ]
    for row in table.rows:
        folded = [_fold(cell, w) for cell, w in zip(row.cells, widths, strict=True)]
        sign = row.sign(glyphs)
        start = (sign + " " * (sign_width - text_width(sign)) + GAP, row.glyph.style)
        for cells in zip_longest(*folded, fillvalue=""):
            lines.append([start, (_join(table, cells, widths), "")])
            start = (" " * sign_width + GAP, "")
    return lines


def _share_width(widths: Sequence[int], room: int) -> list[int]:
    """Return the widths of columns that fit the room. The longest are cut the most."""
    shares = dict.fromkeys(range(len(widths)), 0)
    for place, column in enumerate(sorted(shares, key=lambda n: widths[n])):
        share = max(room // (len(widths) - place), 1)
        shares[column] = min(widths[column], share)
        room -= shares[column]
    return [shares[column] for column in range(len(widths))]


def _fold(text: str, width: int) -> list[str]:
    if not text.isascii():
        return [line for [(line, _)] in wrap(text, "", width)]
    return textwrap.wrap(text, width, break_on_hyphens=False) or [""]


def _sentence(table: Table, row: Row) -> str:
    """Return the status and the cells of a row as they are read aloud."""
    texts = [row.status, *(text for _, text in _labelled(table, row))]
    return ", ".join(filter(None, texts))


def _labelled(table: Table, row: Row) -> list[tuple[Column, str]]:
    """Return the cells of a row that are not empty, after their labels."""
    return [
        (column, f"{column.label} {cell}".lstrip())
        for column, cell in zip(table.columns, row.cells, strict=True)
        if cell not in {"", MISSING}
    ]


def _stacked(table: Table, row: Row, width: int, *, glyphs: Glyphs) -> list[StyledLine]:
    """Return a row as several lines, without its empty cells."""
    cells = _labelled(table, row)
    sign = row.sign(glyphs)
    first = [text for column, text in cells if not (column.own_line or column.optional)]
    if not row.status and first:
        sign = f"{sign} {first.pop(0)}"
    parts = [(sign, row.glyph.style), *((text, "") for text in first)]
    later = [(text, "") for column, text in cells if column.own_line]
    inner_width = _inner_width(width)
    head, *rest = [*flow(parts, inner_width), *flow(later, inner_width)]
    return [head, *_indented(rest)]
