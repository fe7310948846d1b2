"""Make text from outside safe to show on a terminal."""

from __future__ import annotations

import re
import unicodedata

MAX_NAME = 200
"""Characters shown of a type, an id or a status. Zendesk's have up to 40."""

MAX_MESSAGE = 1000
"""Characters shown of a message or an item's details, on a screen or in a log line."""

MAX_ERROR = 1000
"""Characters shown of an error."""

MAX_TEXT = 2**20
"""Characters shown of any text. To sanitize a body of 64 MiB would take a minute and
gigabytes of memory."""

MAX_MARKS = 4
"""Combining marks shown on one letter. No language needs more."""

_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")
"""Hangul fillers: letters without ink."""

_WORKFLOW_COMMAND = re.compile(r"(?:^|[\r\n])[^\S\r\n]*:(?=:)|##\[")
"""The start of a workflow command, up to the character that is escaped."""


def sanitize(text: str, max_length: int = MAX_TEXT) -> str:
    r"""Escape the characters of a text that could control a terminal or mislead people.

    Control, bidi and zero-width characters and surrogates become escapes such as
    ``\x1b``. Unusual blanks become a space. A letter keeps up to MAX_MARKS combining
    marks. Characters after the first ``max_length`` are only counted.
    """
    if len(text) > max_length:
        hidden = len(text) - max_length
        return f"{sanitize(text[:max_length])}... (and {hidden} more characters)"
    if text.isascii() and text.isprintable():
        return text
    shown = []
    marks = MAX_MARKS  # a mark at the start has no letter to stand on
    for character in text:
        category = unicodedata.category(character)
        marks = marks + 1 if category in {"Mn", "Me"} else 0
        if category == "Zs":
            shown.append(" ")
        elif marks > MAX_MARKS or _is_invisible(character):
            shown.append(character.encode("unicode_escape").decode())
        else:
            shown.append(character)
    return "".join(shown)


def sanitize_lines(text: str) -> str:
    """Sanitize each line of the text, and keep the line breaks."""
    return "\n".join(map(sanitize, text.split("\n")))


def disarm_commands(text: str) -> str:
    r"""Escape the text that GitHub Actions takes for a workflow command.

    A command is ``::`` at the start of a line, or ``##[`` anywhere. In JSON the escape
    ``\u005b`` is the same string, and ``::`` is never at the start of a line.
    """
    return _WORKFLOW_COMMAND.sub(_escape_last, text)


def _escape_last(match: re.Match[str]) -> str:
    start = match.group()
    return f"{start[:-1]}\\u{ord(start[-1]):04x}"


def _is_invisible(character: str) -> bool:
    if not character.isprintable() or character in _BLANK_LETTERS:
        return True
    # The other characters that Unicode ignores by default: joiners and selectors.
    return unicodedata.category(character) == "Mn" and (
        character in "\u034f\u17b4\u17b5"
        or "\u180b" <= character <= "\u180f"
        or "\ufe00" <= character <= "\ufe0f"
        or "\U000e0100" <= character <= "\U000e01ef"
    )
