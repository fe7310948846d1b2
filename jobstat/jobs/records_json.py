"""Split JSON and JSON Lines into records."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import NoReturn

from jobstat.errors import UsageError
from jobstat.jobs.parse import MAX_DEPTH, is_too_deep
from jobstat.jobs.records import (
    BYTE_ORDER_MARK,
    Document,
    Format,
    Record,
    Source,
    end_line,
    find_keys,
)

_BLANKS = re.compile(r"[ \t\n\r]*")

_LINE = re.compile(r"[^\n]*\n|[^\n]+\Z")
"""A line with its line break. A text in JSON may hold other line separators."""


@dataclass(frozen=True, slots=True)
class _Value:
    """A decoded value, and where it begins and ends.

    ``elements`` holds the values in a list, and is empty for any other value.
    """

    value: object
    start: int
    end: int
    elements: tuple[_Value, ...] = ()


def parse_json(source: Source) -> Document | None:
    """Return the records of a JSON document: a list, or an object with only a list.

    Return None for another object, which may be one line of JSON Lines. Raise
    UsageError for anything else.
    """
    reader = _Reader(source)
    name: str | None = None
    if reader.next() == "[":
        array = reader.read_list()
        for element in array.elements:
            if not isinstance(element.value, dict):
                raise source.error("this is not a record", element.start)
    else:
        members = reader.read_object()
        # An array beside other fields may be one of a record, such as custom_fields.
        if len(members) != 1 or not _holds_records(*members.values()):
            return None
        ((name, array),) = members.items()
    if reader.next():
        raise source.error("the JSON goes on after its end", reader.position)
    return _make_document(source, array, name)


def _holds_records(member: _Value) -> bool:
    is_list = isinstance(member.value, list)
    return is_list and all(isinstance(e.value, dict) for e in member.elements)


def _make_document(source: Source, array: _Value, shape: str | None) -> Document:
    text, elements = source.text, array.elements
    if not elements:
        inside = array.start + 1
        opening, closing = text[:inside], text[inside:]
        return Document(source.name, Format.JSON, (), shape, opening, ", ", closing)
    first, last = elements[0], elements[-1]
    indent = text[array.start + 1 : first.start]
    separator = f",{indent}" if "\n" in indent else ", "
    if len(elements) > 1:
        separator = text[first.end : elements[1].start]
    records = (Record(text[e.start : e.end], find_keys(e.value)) for e in elements)
    return Document(
        source.name,
        Format.JSON,
        tuple(records),
        shape,
        opening=text[: first.start],
        separator=separator,
        closing=text[last.end :],
    )


def parse_json_lines(source: Source) -> Document:
    """Return the records of JSON Lines: one object a line. Raise UsageError."""
    text = source.text
    newline = "\r\n" if "\r\n" in text else "\n"
    reader = _Reader(source)
    opening = text[: reader.position]
    records = []
    for line in _LINE.finditer(text, reader.position):
        reader.position = line.start()
        if not line[0].strip():
            continue
        reader.next()
        record = reader.read_value()
        if not isinstance(record.value, dict):
            raise source.error("this is not a record", record.start)
        if record.end > line.end():
            raise source.error("this record is longer than one line", record.start)
        if reader.next() and reader.position < line.end():
            raise source.error("this line goes on after its record", reader.position)
        whole = end_line(line[0], newline)
        records.append(Record(whole, find_keys(record.value)))
    return Document(source.name, Format.JSON_LINES, tuple(records), None, opening)


class _Reader:
    """A place in a JSON text, from which values are read with their positions."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._text = source.text
        self.position = int(source.text.startswith(BYTE_ORDER_MARK))

    def next(self) -> str:
        """Return the next character that is not a blank, empty at the end."""
        blanks = _BLANKS.match(self._text, self.position)
        self.position = blanks.end() if blanks else self.position
        return self._text[self.position : self.position + 1]

    def read_value(self) -> _Value:
        """Return the value that begins here, strictly decoded."""
        start = self.position
        try:
            value, self.position = _DECODER.raw_decode(self._text, start)
        except json.JSONDecodeError as error:
            # The decoder's own line number would count a break inside a JSON text.
            reason = error.msg.removesuffix(" at")  # "Invalid control character at"
            raise self._source.error(f"broken JSON: {reason}", error.pos) from None
        except RecursionError:
            raise self._too_deep(start) from None
        except ValueError as error:
            raise self._source.error(str(error), start) from None
        if is_too_deep(value):
            raise self._too_deep(start)
        return _Value(value, start, self.position)

    def read_list(self) -> _Value:
        """Return the list that begins here, with its elements."""
        start = self.position
        elements = []
        while self._has_part(start, "]"):
            elements.append(self.read_value())
        values = [element.value for element in elements]
        return _Value(values, start, self.position, tuple(elements))

    def read_object(self) -> dict[str, _Value]:
        """Return the members of the object that begins here."""
        start = self.position
        members: dict[str, _Value] = {}
        while self._has_part(start, "}"):
            if self.next() != '"':
                self._fail("a name in quotes")
            at = self.position
            name = str(self.read_value().value)
            if name in members:
                raise self._source.error(_twice(name), at)
            if self.next() != ":":
                self._fail("':'")
            self.position += 1
            is_list = self.next() == "["
            members[name] = self.read_list() if is_list else self.read_value()
        return members

    def _has_part(self, start: int, end: str) -> bool:
        """Go to the next part of a list or object. Return False at its end."""
        is_first = self.position == start
        if is_first:
            self.position += 1
        character = self.next()
        if character == end:
            self.position += 1
            return False
        if not is_first:
            if character != ",":
                self._fail(f"',' or '{end}'")
            self.position += 1
            if self.next() == end:
                self._fail("a value")
        return True

    def _fail(self, expected: str) -> NoReturn:
        found = "the end" if self.position == len(self._text) else "something else"
        reason = f"broken JSON: {expected} must stand here, not {found}"
        raise self._source.error(reason, self.position)

    def _too_deep(self, position: int) -> UsageError:
        reason = f"JSON nested deeper than {MAX_DEPTH} levels"
        return self._source.error(reason, position)


def _build_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(_twice(twice))
    return fields


def _twice(name: str) -> str:
    return f"an object has the name {name!r} twice"


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_build_object,
    parse_constant=_reject_constant,
    parse_int=str,  # numbers are compared as text, and may have any length
)
