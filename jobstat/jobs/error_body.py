"""The error message in the body of an answer, in each form that Zendesk uses."""

from __future__ import annotations

import json


def error_message(document: object) -> str | None:
    """Return the error message of a decoded body, None without one.

    The field ``error`` is a code, or an object with a title and a message. The fields
    ``description``, ``error_description`` and ``details`` may add to it.
    """
    if not isinstance(document, dict):
        return None
    error = document.get("error")
    if isinstance(error, dict):
        parts = [error.get("title"), error.get("message")]
    else:
        parts = [
            error,
            document.get("description") or document.get("error_description"),
        ]
    parts += _find_descriptions(document.get("details"))
    texts = [part.strip() for part in parts if isinstance(part, str) and part.strip()]
    return ": ".join(dict.fromkeys(texts)) or None


def parse_error_message(body: bytes, content_type: str) -> str | None:
    """Return the error message in a body of JSON or plain text, None without one.

    A web page has no message for a terminal.
    """
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        document = None
    if document is not None:
        return error_message(document)
    text = body.decode("utf-8", "replace").strip()
    if text.startswith("<") or "<html" in text[:1000].lower():
        return None
    if not content_type.lower().startswith("text/"):
        return None
    return " ".join(text.split()) or None


def _find_descriptions(details: object) -> list[object]:
    if not isinstance(details, dict):
        return [details]
    return [
        entry.get("description")
        for entries in details.values()
        if isinstance(entries, list)
        for entry in entries
        if isinstance(entry, dict)
    ]
