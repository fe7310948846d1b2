"""Lines for a terminal or a pipe: bars, tables, wrapped and truncated text.

A width is a number of columns, or None off a terminal, where nothing is cut or wrapped
and rich is not imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from rich.console import Console, ConsoleOptions

    from jobstat.views.terminal import Terminal
    from jobstat.views.wording import Glyph

StyledLine = list[tuple[str, str]]
"""A line in parts: a text and its style, such as ``bold red``, or an empty one."""

NARROW = 72
"""Columns below which a status, a table row and a header need several lines."""

GAP = "  "

MIN_BAR, MAX_BAR = 8, 60
"""Columns of a progress bar."""

PULSE_WIDTH = 20
"""Columns of a bar in which a moving stripe cannot pass for progress."""

_UNICODE_BAR = str.maketrans(" ", "─")
_ASCII_BAR = str.maketrans("━╸ ", "=--")

MAX_PADDING = 64
"""Columns to which a cell is padded off a terminal: one long cell must not widen every
row."""

MISSING = "-"
"""The cell of an id or an index that an item lacks."""


def to_ansi(line: StyledLine, terminal: Terminal) -> str:
    """Return the line as it is written to the terminal."""
    return "".join(terminal.paint(text, style) for text, style in line).rstrip()


def join_parts(parts: Iterable[tuple[str, str]]) -> StyledLine:
    """Return a line of the parts that are not empty, with a gap between them."""
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
    if width is None or _cell_len()(text) <= width:
        return [[(text, style)]]
    from rich.text import Text

    console, _ = _rich_console()
    lines = Text(text).wrap(console, width, overflow="fold")
    return [[(line.plain.rstrip(), style)] for line in lines]


def truncate(line: StyledLine, width: int, *, unicode: bool) -> StyledLine:
    """Return the part of the line that fits, with an ellipsis if it is cut."""
    from rich.cells import set_cell_size

    kept: StyledLine = []
    ellipsis = ellipsis_sign(unicode=unicode)
    for text, style in line:
        length = line_width([(text, style)])
        if length > width:
            start = set_cell_size(text, max(width - len(ellipsis), 0))
            return [*kept, ((start + ellipsis)[:width], style)]
        kept.append((text, style))
        width -= length
    return kept


def ellipsis_sign(*, unicode: bool) -> str:
    """Return the sign for text that is left out."""
    return "…" if unicode else "..."


def line_width(line: StyledLine) -> int:
    """Return the columns that the line takes on a terminal."""
    cell_len = _cell_len()
    return sum(cell_len(text) for text, _ in line)


def progress_bar(
    done: int, total: int | None, width: int, style: str, *, unicode: bool
) -> StyledLine:
    """Draw a bar of ``width`` columns. It moves while the total is unknown (None)."""
    from rich.progress_bar import ProgressBar

    if total is None and width < PULSE_WIDTH:
        done, total = 0, 1
    console, options = _rich_console()
    segments = console.render(ProgressBar(total, done, width=width), options)
    # Without colour, rich leaves the rest of the bar blank.
    bar = "".join(segment.text for segment in segments).ljust(width)
    bar = bar.translate(_UNICODE_BAR if unicode else _ASCII_BAR)
    runs = groupby(bar, key=lambda sign: sign in "━╸=")
    return [("".join(run), style if is_done else "dim") for is_done, run in runs]


@dataclass(frozen=True, slots=True, eq=False)  # a fast key of each cell
class Column:
    """A column of a table.

    A ``numeric`` one is right-aligned, and never folded. An ``optional`` one is left
    out if the table is too wide. When each row gets several lines, a cell is on the
    first line after its ``label``, or with ``own_line`` on a later one.
    """

    heading: str = ""
    label: str = ""
    numeric: bool = False
    optional: bool = False
    own_line: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a table: a glyph, with a state behind it or none, then the cells."""

    glyph: Glyph
    state: str
    cells: Sequence[str]

    def sign(self, *, unicode: bool) -> str:
        """Return the glyph and the state."""
        return f"{self.glyph.render(unicode=unicode)} {self.state}".rstrip()


@dataclass(frozen=True, slots=True)
class Table:
    """Rows below each other, of the same columns. Only some tables have headings."""

    columns: Sequence[Column]
    rows: Sequence[Row]

    @property
    def headings(self) -> list[str]:
        """The headings of the columns, or an empty list."""
        headings = [column.heading for column in self.columns]
        return headings if any(headings) else []

    def without(self, place: int) -> Table:
        """Return the table without the column at this place."""
        rows = [
            Row(r.glyph, r.state, [*r.cells[:place], *r.cells[place + 1 :]])
            for r in self.rows
        ]
        return Table([*self.columns[:place], *self.columns[place + 1 :]], rows)


def table_lines(table: Table, width: int | None, *, unicode: bool) -> list[StyledLine]:
    """Lay out a table so that it fits.

    A table that is too wide loses its optional columns, the last one first. If that is
    not enough, texts are folded within their columns. On a narrow terminal, or without
    headings to follow, each row gets several lines instead.
    """
    measure = len if width is None else _cell_len()
    kept = table
    while True:
        widths = _column_widths(kept, measure, unicode=unicode)
        if width is None or sum(widths) + len(GAP) * (len(widths) - 1) <= width:
            widths = [min(w, MAX_PADDING) for w in widths] if width is None else widths
            return _aligned(kept, widths, measure, unicode=unicode)
        optional = [n for n, column in enumerate(kept.columns) if column.optional]
        if not optional:
            break
        kept = kept.without(optional[-1])
    if table.headings and width >= NARROW:
        return _folded(table, width, unicode=unicode)
    return [line for row in table.rows for line in _stacked(table, row, width, unicode)]


def _column_widths(
    table: Table, measure: Callable[[str], int], *, unicode: bool
) -> list[int]:
    signs = {row.sign(unicode=unicode) for row in table.rows}
    lines = [
        *([table.headings] if table.headings else []),
        *(r.cells for r in table.rows),
    ]
    columns = zip(*lines, strict=True)
    return [
        max(map(measure, signs), default=1),
        *(max(map(measure, set(cells))) for cells in columns),
    ]


def _aligned(
    table: Table, widths: list[int], measure: Callable[[str], int], *, unicode: bool
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
        lines.append([(" " * sign_width + GAP, ""), (pad(table.headings), "bold")])
    for row in table.rows:
        sign = row.sign(unicode=unicode)
        padding = " " * (sign_width - measure(sign)) + GAP
        lines.append([(sign, row.glyph.style), (padding + pad(row.cells), "")])
    return lines


def _folded(table: Table, width: int, *, unicode: bool) -> list[StyledLine]:
    from rich.table import Table as RichTable
    from rich.text import Text

    drawn = RichTable(box=None, padding=(0, len(GAP), 0, 0), header_style="bold")
    drawn.add_column("")
    for column in table.columns:
        drawn.add_column(
            column.heading,
            justify="right" if column.numeric else "left",
            no_wrap=column.numeric,
            overflow="fold",
        )
    for row in table.rows:
        sign = Text(row.sign(unicode=unicode), row.glyph.style)
        drawn.add_row(sign, *map(Text, row.cells))
    console, options = _rich_console()
    return [
        [(part.text, str(part.style) if part.style else "") for part in line]
        for line in console.render_lines(drawn, options.update(width=width), pad=False)
    ]


def _stacked(
    table: Table,
    row: Row,
    width: int,
    unicode: bool,  # noqa: FBT001
) -> list[StyledLine]:
    cells = [
        (column, f"{column.label} {cell}".lstrip())
        for column, cell in zip(table.columns, row.cells, strict=True)
        if cell not in {"", MISSING}
    ]
    sign = row.sign(unicode=unicode)
    first = [text for c, text in cells if not (c.own_line or c.optional)]
    if not row.state and first:
        sign = f"{sign} {first.pop(0)}"
    parts = [(sign, row.glyph.style), *((text, "") for text in first)]
    later = [(text, "") for column, text in cells if column.own_line]
    inner_width = max(width - len(GAP), 1)
    head, *rest = [*flow(parts, inner_width), *flow(later, inner_width)]
    return [head, *([(GAP, ""), *line] for line in rest)]


@cache
def _cell_len() -> Callable[[str], int]:
    from rich.cells import cell_len

    return cell_len


@cache
def _rich_console() -> tuple[Console, ConsoleOptions]:
    """Return a console that lays out text, and its options. It writes nothing."""
    from io import StringIO

    from rich.console import Console

    console = Console(
        file=StringIO(), width=1000, color_system=None, no_color=True, markup=False
    )
    return console, console.options
