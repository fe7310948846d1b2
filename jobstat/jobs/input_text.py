"""The text on standard input, split into JSON values and words.

The text may mix JSON, ids and URLs with the error texts of HTTP servers. An error text
becomes an object with a field ``error``, as in Zendesk's JSON.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

from jobstat.errors import UsageError
from jobstat.jobs.parse import MAX_DEPTH, is_too_deep

_BLANKS = re.compile(r"[\s\x1e]+")
"""Blanks, and the record separator of JSON text sequences (RFC 7464)."""

_WORD = re.compile(r"\S+")

_SENTENCE = re.compile(
    r"[A-Z][a-z]{1,30}(?: [A-Za-z]{1,30}[,.]?){2,40}(?=\s*$)", re.MULTILINE
)
"""A line of words. Zendesk reports some rate limits in plain text."""

_REASON_PHRASE = re.compile(
    r"(?:[45]\d\d )?(?:Bad Request|Unauthorized|Forbidden|Not Found|Request Timeout"
    r"|Conflict|Gone|(?:Payload|Content) Too Large|Unprocessable (?:Entity|Content)"
    r"|Locked|Too Many Requests|Internal Server Error|Bad Gateway|Service Unavailable"
    r"|Gateway Time-?out)[.!]?(?=\s*$)",
    re.MULTILINE,
)
"""A line with the reason phrase of an HTTP error, such as ``502 Bad Gateway``."""

_WEB_PAGE = re.compile(
    r"""<(?:!doctype\s+)?html.*?(?:</html>|\Z
    |(?=^(?:[ \t]*(?:\[\s*)?\{\s*"(?:job_status|id|url|ticket)|(?:V3-)?[0-9a-f]{32}\s*$|https?://\S+/job_statuses/)))""",
    re.IGNORECASE | re.DOTALL | re.MULTILINE | re.VERBOSE,
)
"""A web page. A truncated one ends before a line that names a job."""

INPUT_HINT = "Give the whole answers of Zendesk, or the ids of the jobs."
"""What to do if standard input is not understood."""

_TITLE = re.compile(r"(?i)<title>([^<]{1,100})")


def decode_text(content: bytes) -> str:
    """Decode standard input. Raise UsageError if it is not UTF-8."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise _error_at_line(
            line, "this is not text in UTF-8", "Save the input as UTF-8 text."
        ) from None


def read_values(text: str) -> Iterator[tuple[object, int]]:
    """Yield each value with the position where it begins.

    Raise UsageError if the text has broken JSON.
    """
    position = _skip_blanks(text, 0)
    while position < len(text):
        with naming_line(text, position):
            value, end = _read_value(text, position)
        yield value, position
        position = _skip_blanks(text, end)


@contextmanager
def naming_line(text: str, position: int) -> Iterator[None]:
    """Add the line number of a position, and a hint, to a UsageError."""
    try:
        yield
    except UsageError as error:
        line = text.count("\n", 0, position) + 1
        hint = error.hint or INPUT_HINT
        raise _error_at_line(line, error.message, hint) from None


def _error_at_line(line: int, message: str, hint: str) -> UsageError:
    return UsageError(f"standard input, line {line}: {message}", hint=hint)


def _skip_blanks(text: str, position: int) -> int:
    blanks = _BLANKS.match(text, position)
    return blanks.end() if blanks else position


def _read_value(text: str, position: int) -> tuple[object, int]:
    """Return the value that begins at a position, and where it ends."""
    if text[position] in '{["':
        return _read_json(text, position)
    if page := _WEB_PAGE.match(text, position):
        # A proxy or an error page of Zendesk answered. No job was started.
        title = _TITLE.search(page[0])
        name = f"a web page, {title[1].strip()!r}" if title else "a web page"
        return {"error": f"{name} instead of an answer"}, page.end()
    for pattern in (_REASON_PHRASE, _SENTENCE):
        if error := pattern.match(text, position):
            return {"error": error[0]}, error.end()
    word = _WORD.match(text, position)
    assert word is not None  # noqa: S101 - blanks were skipped
    if word[0].startswith("HTTP/"):
        raise UsageError(
            "these are the headers of an HTTP answer, not a job",
            hint="Run curl without -i.",
        )
    return word[0], word.end()


def _read_json(text: str, position: int) -> tuple[object, int]:
    try:
        value, end = _DECODER.raw_decode(text, position)
    except (ValueError, RecursionError):
        raise UsageError("this JSON is cut off or broken") from None
    if is_too_deep(value):
        raise UsageError(f"this JSON is nested deeper than {MAX_DEPTH} levels")
    return value, end


def _build_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise UsageError("this JSON has an object with a name twice")
    return fields


_DECODER = json.JSONDecoder(object_pairs_hook=_build_object)
