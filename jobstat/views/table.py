"""Tables for a terminal or a pipe, laid out to fit a width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobstat.views.layout import GAP, NARROW, StyledLine, flow, rich_console, text_width

if TYPE_CHECKING:
    from jobstat.views.terminal import Glyphs
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
    left out if the table is too wide. If a row gets several lines, the cell is on the
    first line, after its ``label``, or with ``own_line`` on a later line.
    """

    heading: str = ""
    label: str = ""
    numeric: bool = False
    optional: bool = False
    own_line: bool = False


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
    """Rows of the same columns. A table of jobs has no headings."""

    columns: Sequence[Column]
    rows: Sequence[Row]

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
        return Table([*self.columns[:index], *self.columns[index + 1 :]], rows)


def table_lines(table: Table, width: int | None, *, glyphs: Glyphs) -> list[StyledLine]:
    """Lay out a table so that it fits the width.

    A table that is too wide loses its optional columns, the last one first. If that is
    not enough, texts are folded within their columns. On a narrow terminal, or if the
    table has no headings, each row gets several lines instead.
    """
    measure = len if width is None else text_width
    kept = table
    while True:
        widths = _column_widths(kept, measure, glyphs=glyphs)
        if width is None or sum(widths) + len(GAP) * (len(widths) - 1) <= width:
            widths = [min(w, MAX_PADDING) for w in widths] if width is None else widths
            return _aligned(kept, widths, measure, glyphs=glyphs)
        optional = [i for i, column in enumerate(kept.columns) if column.optional]
        if not optional:
            break
        kept = kept.without_column(optional[-1])
    if table.headings and width >= NARROW:
        return _folded(table, width, glyphs=glyphs)
    return [
        line
        for row in table.rows
        for line in _stacked(table, row, width, glyphs=glyphs)
    ]


def _column_widths(
    table: Table, measure: Callable[[str], int], *, glyphs: Glyphs
) -> list[int]:
    signs = {row.sign(glyphs) for row in table.rows}
    lines = [
        *([table.headings] if table.headings else []),
        *(row.cells for row in table.rows),
    ]
    columns = zip(*lines, strict=True)
    return [
        max(map(measure, signs), default=1),
        *(max(map(measure, set(cells))) for cells in columns),
    ]


def _aligned(
    table: Table, widths: list[int], measure: Callable[[str], int], *, glyphs: Glyphs
) -> list[StyledLine]:
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
        lines.append(
            [(" " * sign_width + GAP, ""), (pad(table.headings).rstrip(), "bold")]
        )
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


def _stacked(table: Table, row: Row, width: int, *, glyphs: Glyphs) -> list[StyledLine]:
    """Return a row as several lines, without its empty cells."""
    cells = [
        (column, f"{column.label} {cell}".lstrip())
        for column, cell in zip(table.columns, row.cells, strict=True)
        if cell not in {"", MISSING}
    ]
    sign = row.sign(glyphs)
    first = [text for column, text in cells if not (column.own_line or column.optional)]
    if not row.status and first:
        sign = f"{sign} {first.pop(0)}"
    parts = [(sign, row.glyph.style), *((text, "") for text in first)]
    later = [(text, "") for column, text in cells if column.own_line]
    inner_width = max(width - len(GAP), 1)
    head, *rest = [*flow(parts, inner_width), *flow(later, inner_width)]
    return [head, *([(GAP, ""), *line] for line in rest)]
