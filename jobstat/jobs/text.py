"""JSON values as text."""

from __future__ import annotations

import re

_BLANKS = re.compile(r"(?:[ \t\n]|\r\n)+")


def flatten(value: object) -> str:
    """Return a JSON value as one line. An error object shows its description."""
    if isinstance(value, dict):
        description = value.get("description")
        if isinstance(description, str):
            return description
        parts = ((name, flatten(inner)) for name, inner in value.items())
        return ", ".join(f"{name}: {inner}" for name, inner in parts if inner)
    if isinstance(value, list):
        return ", ".join(filter(None, map(flatten, value)))
    if value is None or isinstance(value, bool):
        return {None: "", True: "true", False: "false"}[value]
    return str(value)


def collapse_blanks(text: str) -> str:
    """Return a text on one line, with one space between words.

    Control characters other than tabs and line breaks stay: views make them visible.
    """
    if "  " in text or "\n" in text or "\t" in text:
        text = _BLANKS.sub(" ", text)
    return text.strip(" ")
