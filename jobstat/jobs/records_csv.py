"""Split CSV into records, and add columns to it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice

from jobstat.errors import UsageError
from jobstat.jobs.csv_cell import defuse
from jobstat.jobs.records import (
    BYTE_ORDER_MARK,
    KEYS,
    Document,
    Format,
    Record,
    Source,
    end_line,
    find_keys,
    line_break,
)
from jobstat.jobs.vocabulary import plain_name

ERROR_COLUMNS = ["error", "details"]
"""The columns that hold the errors."""

_DELIMITERS = ",;\t"

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
"""A physical line with its line break. A record may have several."""

_NAME = re.compile(r"[^\W\d]\w*")
"""The name of an only column. More than a word may be a text that is not CSV."""


@dataclass(frozen=True, slots=True)
class _Row:
    """The cells of a record, its text with the line break, and where it begins."""

    cells: list[str]
    text: str
    start: int


def parse_csv(source: Source) -> Document:
    """Return the records of CSV with a header. Raise UsageError."""
    start = int(source.text.startswith(BYTE_ORDER_MARK))
    delimiter = _find_delimiter(source, start)
    rows = _read_rows(source, start, delimiter)
    header = next(rows)
    _check_header(source, header)
    columns = _find_columns(source, header)
    newline = line_break(header.text) or "\n"
    records = []
    for row in rows:
        cells, names = len(row.cells), len(header.cells)
        if cells > names:
            raise source.error(
                f"this record has {cells} cells, but the header has {names}",
                row.start,
                "Put a cell that holds the delimiter into quotes.",
            )
        fields: dict[str, object] = {
            name: row.cells[column] for name, column in columns if column < cells
        }
        records.append(Record(end_line(row.text, newline), find_keys(fields)))
    opening = source.text[:start] + end_line(header.text, newline)
    shape = (delimiter, header.cells)
    return Document(source.name, Format.CSV, tuple(records), shape, opening)


def add_errors(document: Document, errors: Sequence[tuple[str, str]]) -> Document:
    """Return a CSV document with the error and details of each record in two columns.

    Replace these columns if they are the last ones, as after an earlier round. Raise
    UsageError if the header has one of them in another place.
    """
    source = Source(document.name, document.opening)
    start = int(source.text.startswith(BYTE_ORDER_MARK))
    delimiter = _find_delimiter(source, start)
    (header,) = _read_rows(source, start, delimiter)
    width = len(header.cells)
    names = [name.strip().casefold() for name in header.cells]
    if names[-2:] == ERROR_COLUMNS:
        width -= 2
    if taken := [name for name in ERROR_COLUMNS if name in names[:width]]:
        raise source.error(
            f"the column {taken[0]!r} is there already",
            hint="Rename the column, or leave out --with-errors.",
        )

    def extend(text: str, cells: Sequence[str]) -> str:
        return _replace_cells(text, width, delimiter, cells)

    records = [
        replace(record, text=extend(record.text, [defuse(cell) for cell in cells]))
        for record, cells in zip(document.records, errors, strict=True)
    ]
    opening = source.text[:start] + extend(header.text, ERROR_COLUMNS)
    return replace(document, opening=opening, records=tuple(records))


def _replace_cells(
    text: str, width: int, delimiter: str, more_cells: Sequence[str]
) -> str:
    """Return a record with its first cells, up to ``width``, and more cells."""
    newline = line_break(text)
    cells = _split(text.removesuffix(newline), delimiter)[:width]
    cells += [""] * (width - len(cells))
    cells += [_quote(cell, delimiter) for cell in more_cells]
    return delimiter.join(cells) + newline


def _split(text: str, delimiter: str) -> list[str]:
    """Return the cells of a valid record as they are written, with their quotes."""
    cell = re.compile(rf'(?:"(?:[^"]|"")*"|[^{delimiter}]*)({delimiter}|\Z)', re.DOTALL)
    cells, position = [], 0
    while match := cell.match(text, position):
        cells.append(match[0].removesuffix(match[1]))
        position = match.end()
        if not match[1]:
            break
    return cells


def _quote(cell: str, delimiter: str) -> str:
    if not any(character in cell for character in f'{delimiter}"\r\n'):
        return cell
    return '"{}"'.format(cell.replace('"', '""'))


def _read_rows(source: Source, start: int, delimiter: str) -> Iterator[_Row]:
    """Yield each record with its text. Leave out empty lines."""
    lines = _LINE.finditer(source.text, start)
    ends: list[int] = []

    def physical_lines() -> Iterator[str]:
        for line in lines:
            ends.append(line.end())
            yield line[0]

    # A cell may be as long as the file.
    csv.field_size_limit(max(csv.field_size_limit(), len(source.text)))
    reader = csv.reader(physical_lines(), delimiter=delimiter, strict=True)
    position = start
    try:
        for cells in reader:
            if cells:
                yield _Row(cells, source.text[position : ends[-1]], position)
            position = ends[-1]
    except csv.Error as error:
        raise source.error(f"broken CSV: {error}", position) from None


def _find_delimiter(source: Source, start: int) -> str:
    """Return the delimiter that splits the header best.

    A quote inside a cell shows that another delimiter is the right one. A column that
    identifies records, and else more columns, show that this one is.
    """
    ranks: dict[str, tuple[bool, int, int]] = {}
    for delimiter in _DELIMITERS:
        with suppress(UsageError):
            for header in islice(_read_rows(source, start, delimiter), 1):
                has_quote = any('"' in cell for cell in header.cells)
                names = set(map(plain_name, header.cells))
                keys = len(names & set(map(plain_name, KEYS)))
                ranks[delimiter] = (not has_quote, keys, len(header.cells))
    if not ranks:
        raise source.error("its first record is broken CSV")
    return max(ranks, key=lambda delimiter: ranks[delimiter])


def _check_header(source: Source, header: _Row) -> None:
    """Raise UsageError if the first line cannot hold the names of columns."""
    names = [name.strip() for name in header.cells]
    is_prose = len(names) == 1 and not _NAME.fullmatch(names[0])
    if is_prose or not any(names) or any(map(str.isdecimal, names)):
        raise source.error(
            "it is not JSON, and its first line does not name the columns of CSV",
            hint="Give the file that was sent: JSON, JSON Lines, or CSV with a header.",
        )


def _find_columns(source: Source, header: _Row) -> list[tuple[str, int]]:
    """Return the columns of ``KEYS``, each with its number from 0."""
    plain_names = [plain_name(name) for name in header.cells]
    columns = []
    for key in KEYS:
        count = plain_names.count(plain_name(key))
        if count > 1:
            raise source.error(f"the header has the column {key!r} twice", header.start)
        if count:
            columns.append((key, plain_names.index(plain_name(key))))
    return columns
