"""Tables for a terminal or a pipe, laid out to fit a width."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobstat.views.layout import (
    GAP,
    NARROW,
    StyledLine,
    flow,
    rich_console,
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
    left out if the table is too wide. A cell that may move ``below`` is then on a line
    of its own below the row. If a row gets several lines, the cell is on the first
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

    def pad(cells: Sequence[str]) -> str:
        return GAP.join(
            " " * (width - measure(cell)) + cell
            if column.numeric
            else cell + " " * (width - measure(cell))
            for cell, width, column in zip(
                cells, cell_widths, table.columns, strict=True
            )
        )

    lines: list[StyledLine] = []
    if table.headings:
        sign = table.status_heading.ljust(sign_width) + GAP
        lines.append([(sign + pad(table.headings).rstrip(), "bold")])
    for row in table.rows:
        sign = row.sign(glyphs)
        padding = " " * (sign_width - measure(sign)) + GAP
        lines.append([(sign, row.glyph.style), (padding + pad(row.cells), "")])
    return lines


def _folded(table: Table, width: int, *, glyphs: Glyphs) -> list[StyledLine]:
    """Fold the cells within columns whose widths rich chooses."""
    from rich.table import Table as RichTable
    from rich.text import Text

    rich_table = RichTable(box=None, padding=(0, len(GAP), 0, 0), header_style="bold")
    rich_table.add_column("")
    for column in table.columns:
        rich_table.add_column(
            column.heading,
            justify="right" if column.numeric else "left",
            no_wrap=column.numeric,
            overflow="fold",
        )
    for row in table.rows:
        sign = Text(row.sign(glyphs), row.glyph.style)
        rich_table.add_row(sign, *map(Text, row.cells))
    console, options = rich_console()
    lines = console.render_lines(rich_table, options.update(width=width), pad=False)
    return [
        [(part.text, str(part.style) if part.style else "") for part in line]
        for line in lines
    ]


def _sentence(table: Table, row: Row) -> str:
    """Return the status and the cells of a row as they are read aloud."""
    texts = [row.status]
    for column, text in _named(table, row):
        # A numeric cell may be a count such as 40/100.
        texts.append(text.replace("/", " of ") if column.numeric else text)
    return ", ".join(filter(None, texts))


def _named(table: Table, row: Row) -> list[tuple[Column, str]]:
    """Return the cells of a row that are not empty, after their labels."""
    return [
        (column, f"{column.label} {cell}".lstrip())
        for column, cell in zip(table.columns, row.cells, strict=True)
        if cell not in {"", MISSING}
    ]


def _stacked(table: Table, row: Row, width: int, *, glyphs: Glyphs) -> list[StyledLine]:
    """Return a row as several lines, without its empty cells."""
    cells = _named(table, row)
    sign = row.sign(glyphs)
    first = [text for column, text in cells if not (column.own_line or column.optional)]
    if not row.status and first:
        sign = f"{sign} {first.pop(0)}"
    parts = [(sign, row.glyph.style), *((text, "") for text in first)]
    later = [(text, "") for column, text in cells if column.own_line]
    inner_width = _inner_width(width)
    head, *rest = [*flow(parts, inner_width), *flow(later, inner_width)]
    return [head, *_indented(rest)]
