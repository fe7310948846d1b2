"""The cells of a CSV table: JSON values as text that a spreadsheet does not execute."""

from __future__ import annotations

import json
import re

_FORMULA = re.compile(
    r"[\s'\"\x00-\x1f\x7f-\x9f\xad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]*"
    r"[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n]"
)
"""The start of a text that a spreadsheet may read as a formula. Spreadsheets skip
blanks, invisible characters or quotes before the sign. Some read full-width signs."""

_UNWRITABLE = re.compile("[\0\ud800-\udfff]")
"""NUL, which many tools drop or stop at, and surrogates, which UTF-8 cannot encode."""


def format_cell(value: object) -> str:
    """Return a JSON value as the text of a cell.

    Null is empty. Numbers are exact. Objects and lists are compact JSON. Text stays as
    it is, except for ``defuse``.
    """
    if isinstance(value, str):
        return defuse(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
        return _escape_unwritable(text)
    return str(value)


def defuse(text: str) -> str:
    r"""Return a text as a cell that no spreadsheet executes.

    A text that would start a formula gets a leading apostrophe, which spreadsheets use
    to mark text. NUL and lone surrogates become escapes such as ``\x00``.
    """
    text = _escape_unwritable(text)
    return f"'{text}" if _FORMULA.match(text) else text


def _escape_unwritable(text: str) -> str:
    if text.isascii() and "\0" not in text:
        return text
    return _UNWRITABLE.sub(lambda m: m[0].encode("unicode_escape").decode(), text)
