"""The meaning of one JSON value: yes or no, a number, something or nothing."""

from __future__ import annotations

from typing import TypeGuard

from jobstat.jobs.vocabulary import (
    EMPTY_WORDS,
    FAILED_STATUS,
    matches,
    normalize_text,
)


def is_true(value: object) -> bool:
    """Return whether a value says yes: true, "true" or 1."""
    if isinstance(value, str):
        return value.strip().lower() == "true"
    return value is True or value == 1


def to_number(value: object) -> float | None:
    """Return a number, also from a text of digits."""
    if isinstance(value, str) and value.strip().isdecimal():
        return float(value.strip()[:20])
    return value if is_number(value) else None


def is_false(value: object) -> bool:
    """Return whether a value says no: false, 0 or a word of failure."""
    if isinstance(value, str):
        return normalize_text(value) == "0" or matches(FAILED_STATUS, value)
    return value is False or (is_number(value) and value == 0)


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether a value is a number, which true and false are not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_filled(value: object) -> bool:
    """Return whether a field holds something: not null, false, 0 or blanks."""
    if isinstance(value, str):
        return normalize_text(value).lstrip("0") not in EMPTY_WORDS
    if isinstance(value, dict):  # {"base": []} holds nothing, {"base": {}} does
        return any(inner not in (None, "", []) for inner in value.values())
    return bool(value)
