"""Parse a file of records, in the format that its content has."""

from __future__ import annotations

from jobstat.errors import UsageError
from jobstat.jobs.records import BYTE_ORDER_MARK, Document, Source
from jobstat.jobs.records_csv import parse_csv
from jobstat.jobs.records_json import parse_json, parse_json_lines

_JSON_LINES_SUFFIXES = (".jsonl", ".ndjson")
"""The names of JSON Lines. One line of it may look like a JSON document."""


def parse_records(content: bytes, name: str) -> Document:
    """Parse the records of a file. ``name`` is the file's name, for errors.

    Raise UsageError if it is neither JSON with one array of records, nor JSON Lines,
    nor CSV with a header.
    """
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError(
            f"{name}, line {line}: this is not text in UTF-8",
            hint="Save the file as UTF-8. A spreadsheet calls it CSV UTF-8.",
        ) from None
    source = Source(name, text)
    start = text.removeprefix(BYTE_ORDER_MARK).lstrip()[:1]
    if not start:
        raise source.error("the file is empty")
    if start == "[" or (start == "{" and not name.endswith(_JSON_LINES_SUFFIXES)):
        return _parse_json(source)
    return parse_json_lines(source) if start == "{" else parse_csv(source)


def _parse_json(source: Source) -> Document:
    """Parse one JSON document, or JSON Lines if it is not one."""
    problem = source.error(
        "the JSON is not an array of records, or an object with only such an array",
        hint='Give the request that was sent, such as {"tickets": [...]}.',
    )
    try:
        if document := parse_json(source):
            return document
    except UsageError as error:
        problem = error
    try:
        return parse_json_lines(source)
    except UsageError as error:
        if _begins_with_json_line(source):
            raise
        raise problem from error


def _begins_with_json_line(source: Source) -> bool:
    first_line = source.text.strip().partition("\n")[0]
    try:
        return bool(parse_json_lines(Source(source.name, first_line)).records)
    except UsageError:
        return False
