"""The records of a bulk request, as slices of the file that was sent.

A record is never decoded and encoded again, so that each number, escape and blank stays
as the user wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any

from jobstat.errors import UsageError

KEYS = ("id", "external_id", "email")
"""The fields that can tell which record a result is about."""

BYTE_ORDER_MARK = "\ufeff"

_LINE_BREAK = re.compile(r"(?:\r\n|\r|\n)\Z")


class Format(Enum):
    """A format of records. The value is the suffix of a file in it."""

    JSON = "json"
    JSON_LINES = "jsonl"
    CSV = "csv"

    @property
    def title(self) -> str:
        """The name of the format, for people."""
        return {"json": "JSON", "jsonl": "JSON Lines", "csv": "CSV"}[self.value]


@dataclass(frozen=True, slots=True)
class Record:
    """A record: its text in the file, and the values of ``KEYS`` that it has."""

    text: str
    keys: dict[str, str]


@dataclass(frozen=True, slots=True)
class Document:
    """The records of one file, and the text around them.

    ``opening`` stands before the records, ``separator`` between them, ``closing``
    behind them. Two files with an equal ``shape`` can become one: they have the same
    format, and the same array name or columns.
    """

    name: str
    format: Format
    records: tuple[Record, ...]
    shape: object
    opening: str = ""
    separator: str = ""
    closing: str = ""

    def with_records(self, records: Iterable[Record]) -> Document:
        """Return a document that holds these records instead."""
        return replace(self, records=tuple(records))

    @property
    def text(self) -> str:
        """The text of the document, which ends with a line break."""
        opening, closing = self.opening, self.closing
        if not self.records and self.format is Format.JSON:
            opening, closing = opening.rstrip(), closing.lstrip()
        middle = self.separator.join(record.text for record in self.records)
        return end_line(opening + middle + closing)


@dataclass(frozen=True, slots=True)
class Source:
    """The text of a file, and its name for errors."""

    name: str
    text: str

    def error(
        self, reason: str, position: int | None = None, hint: str | None = None
    ) -> UsageError:
        """Return an error about the file, or about the line of a position in it."""
        place = self.name
        if position is not None:
            place += f", line {self.text.count(chr(10), 0, position) + 1}"
        return UsageError(f"{place}: {reason}", hint=hint)


def find_keys(fields: Any) -> dict[str, str]:
    """Return the values of ``KEYS`` that an object has, as text for comparisons."""
    values = {name: comparable(name, fields.get(name)) for name in KEYS}
    return {name: value for name, value in values.items() if value}


def comparable(name: str, value: object) -> str:
    """Return a value as text for comparisons, empty if there is none.

    12 equals "12". The letter case of an email address does not matter.
    """
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        return ""
    text = str(value).strip()
    return text.lower() if name == "email" else text


def end_line(text: str, newline: str = "\n") -> str:
    """Return a text that ends with a line break, unless it is empty."""
    return text if not text or text.endswith(("\n", "\r")) else text + newline


def line_break(text: str) -> str:
    """Return the line break at the end of a text, empty if there is none."""
    found = _LINE_BREAK.search(text)
    return found[0] if found else ""


def merge(documents: Sequence[Document]) -> Document:
    """Return a document that holds the records of all documents.

    Raise UsageError if they cannot be one document.
    """
    first = documents[0]
    for other in documents[1:]:
        if other.format is not first.format:
            raise UsageError(
                f"{first.name} and {other.name} have different formats:"
                f" {first.format.title} and {other.format.title}",
                hint="Run the command once for each format.",
            )
        if other.shape != first.shape:
            difference = "columns or delimiters"
            if first.format is Format.JSON:
                names = f"{first.shape or 'unnamed'} and {other.shape or 'unnamed'}"
                difference = f"arrays of records: {names}"
            raise UsageError(
                f"{first.name} and {other.name} have different {difference}",
                hint="Run the command once for each kind of file.",
            )
    records = [record for document in documents for record in document.records]
    # A file of one record has no separator to copy.
    template = next((d for d in documents if len(d.records) > 1), first)
    if first.format is not Format.JSON and len(documents) > 1:
        records = _unify_line_breaks(records, line_break(first.opening))
    return replace(first, records=tuple(records), separator=template.separator)


def _unify_line_breaks(records: Sequence[Record], newline: str) -> list[Record]:
    """Return records with the same line break, by default that of the first one."""
    ends = [line_break(record.text) for record in records]
    newline = newline or next(iter(ends), "")
    return [
        replace(record, text=record.text.removesuffix(end) + newline)
        for record, end in zip(records, ends, strict=True)
    ]
