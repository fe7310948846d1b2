"""Zendesk's own words for a refusal, in each of the forms it has for them."""

from __future__ import annotations

import json


def error_message(document: object) -> str | None:
    """The words in a decoded error answer, None when it holds none.

    ``error`` is a code or an object of title and message; ``description``,
    ``error_description`` and ``details`` say more.
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
    parts += _descriptions(document.get("details"))
    words = [part.strip() for part in parts if isinstance(part, str) and part.strip()]
    return ": ".join(dict.fromkeys(words)) or None


def error_message_in(body: bytes, content_type: str) -> str | None:
    """The words in the body of an error answer.

    None for a web page: what it says is meant for a browser.
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
    plain = content_type.lower().startswith("text/")
    return " ".join(text.split()) or None if plain else None


def _descriptions(details: object) -> list[object]:
    if not isinstance(details, dict):
        return [details]
    return [
        entry.get("description")
        for entries in details.values()
        if isinstance(entries, list)
        for entry in entries
        if isinstance(entry, dict)
    ]
