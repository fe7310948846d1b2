"""The signs of failure in an answer.

The words are in ``vocabulary``. Every doubt counts as a sign.
"""

from __future__ import annotations

from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING, TypeGuard

from jobstat.jobs.vocabulary import (
    EMAIL_ADDRESS,
    EMPTY_WORDS,
    ERROR_NAME,
    FAILED_GROUP_NAME,
    FAILED_NESTED_STATUS,
    FAILED_STATUS,
    FAILURE_NAME,
    FAILURE_WORD,
    HTTP_ERROR_CODE,
    OTHER_STATUS_NAMES,
    OUTCOME_NAME,
    POSITIVE_COUNT,
    SETTING_NAME,
    SUCCESS_COUNTS,
    SUCCESS_FLAGS,
    matches,
    plain_name,
    squeeze_text,
    to_lower,
)

if TYPE_CHECKING:
    import re
    from collections.abc import Mapping

# Signs in an item or a group of items.


def is_failed_item(fields: Mapping[str, object], *, may_be_group: bool = False) -> bool:
    """Return whether an item shows a sign of failure, also in an object inside it.

    If it ``may_be_group``, its inner objects may be items rather than records: then
    their statuses count as an item's status does.
    """
    nested = FAILED_STATUS if may_be_group else FAILED_NESTED_STATUS
    return _shows_failure(fields, FAILED_STATUS, nested)


def is_key(name: str) -> bool:
    """Return whether a name is the index, id or address of an item, not a word."""
    return bool(EMAIL_ADDRESS.search(name)) or any(map(str.isdigit, name))


@lru_cache(maxsize=1024)
def is_failed_group(name: str) -> bool:
    """Return whether a group or count of this name failed, such as "rejected"."""
    if EMAIL_ADDRESS.search(name):
        return False
    forms = (to_lower(name), plain_name(name))
    return any(FAILED_GROUP_NAME.search(form) for form in forms)


def is_failed_code(name: str) -> bool:
    """Return whether a group's name is an HTTP error code: ``{"422": [...]}``."""
    return HTTP_ERROR_CODE.fullmatch(name.strip()) is not None


def is_own_field(name: str, value: object) -> bool:
    """Return whether a field of a results object is about all items, not a group."""
    key = plain_name(name)
    if EMAIL_ADDRESS.search(name):
        return False
    if key == "success" or ERROR_NAME.match(key):
        return not isinstance(value, list) or not value
    if key == "status":
        return not isinstance(value, list)
    is_text = isinstance(value, str)
    has_failure_name = (
        bool(FAILURE_NAME.match(key)) if is_text else is_failed_group(name)
    )
    is_plain = not isinstance(value, list | dict)
    return key == "details" or (is_plain and (has_failure_name or key in SUCCESS_FLAGS))


# Signs in a job or an answer itself.


def find_errors(fields: Mapping[str, object]) -> list[object]:
    """Return the errors that a job reports itself, beside those of its items."""
    return [
        value
        for name, value in fields.items()
        if _is_error_name(name) and _is_filled(value) and not _is_number(value)
    ]


def shows_error(fields: Mapping[str, object]) -> bool:
    """Return whether a job or an answer itself reports an error. Ignore nulls."""
    if _has_error_details(fields, FAILED_NESTED_STATUS) or find_errors(fields):
        return True
    return any(
        (key in SUCCESS_FLAGS | {"success"} and _is_false(value))
        or (
            key in OTHER_STATUS_NAMES and _is_failed_status(value, FAILED_NESTED_STATUS)
        )
        for key, value in _plain_items(fields)
    )


def counts_failures(fields: Mapping[str, object]) -> bool:
    """Return whether a job or an answer itself counts failures: ``"failed": 3``."""
    return _counts_too_few(fields) or any(
        _reports_failure(name, value)
        for name, value in fields.items()
        if not _is_error_name(name) or _is_number(value)
    )


def has_failed_status(fields: Mapping[str, object]) -> bool:
    """Return whether an answer's own status says that it failed."""
    return any(
        (key == "status" and matches(FAILED_STATUS, str(value)))
        or (key in OTHER_STATUS_NAMES and _is_failed_status(value, FAILED_STATUS))
        for key, value in _plain_items(fields)
    )


def hides_failure(fields: Mapping[str, object]) -> bool:
    """Return whether an object inside a job or an answer reports a failure."""
    return any(
        _shows_failure(
            value,
            FAILED_STATUS if OUTCOME_NAME.fullmatch(key) else FAILED_NESTED_STATUS,
            FAILED_NESTED_STATUS,
        )
        for key, value in _plain_items(fields)
    )


# Names and values.


def is_true(value: object) -> bool:
    """Return whether a value says yes: true, "true" or 1."""
    if isinstance(value, str):
        return value.strip().lower() == "true"
    return value is True or value == 1


def _plain_items(fields: Mapping[str, object]) -> list[tuple[str, object]]:
    return [(plain_name(name), value) for name, value in fields.items()]


def _shows_failure(
    value: object, failed_status: re.Pattern[str], nested_status: re.Pattern[str]
) -> bool:
    """Return whether a value shows a sign of failure.

    ``failed_status`` matches its own failed status, ``nested_status`` that of the
    objects inside it.
    """
    if isinstance(value, list):
        return any(
            _shows_failure(entry, failed_status, nested_status) for entry in value
        )
    if not isinstance(value, dict):
        return False
    if any(
        _is_sign(name, inner, failed_status, nested_status)
        for name, inner in value.items()
    ):
        return True
    if {"details", "total"}.isdisjoint(map(plain_name, value)):
        return False
    return _has_error_details(value, failed_status) or _counts_too_few(value)


def _has_error_details(
    fields: Mapping[str, object], failed_status: re.Pattern[str]
) -> bool:
    """Return whether there are details of an error that is empty or left out."""
    values = dict(_plain_items(fields))
    if not _is_filled(values.get("details")):
        return False
    is_item = failed_status is FAILED_STATUS
    says_nothing_else = is_item and not {"success", "status"} & values.keys()
    return says_nothing_else or any(map(ERROR_NAME.match, values))


def _is_sign(
    name: str,
    value: object,
    failed_status: re.Pattern[str],
    nested_status: re.Pattern[str],
) -> bool:
    """Return whether one field of an item is a sign of failure."""
    key = plain_name(name)
    if isinstance(value, dict | list):
        is_outcome = OUTCOME_NAME.fullmatch(key) or is_key(name)
        inner_status = failed_status if is_outcome else nested_status
        if _shows_failure(value, inner_status, nested_status):
            return True
    return (
        (key == "success" and not is_true(value))
        or (key in SUCCESS_FLAGS and _is_false(value))
        or (key == "status" and matches(failed_status, str(value)))
        or (key in OTHER_STATUS_NAMES and _is_failed_status(value, failed_status))
        or _reports_failure(name, value)
    )


def _is_failed_status(value: object, failed_status: re.Pattern[str]) -> bool:
    if not isinstance(value, str | int | float):
        return False
    if isinstance(value, str) and squeeze_text(value) in EMPTY_WORDS:
        return False
    return matches(failed_status, str(value))


def _is_error_name(name: str) -> bool:
    key = plain_name(name)
    return bool(ERROR_NAME.match(key)) and not SETTING_NAME.fullmatch(key)


class _Reports(Enum):
    """The kind of value with which a field of some name reports a failure."""

    ANY_VALUE = auto()
    TRUE = auto()
    REASON = auto()
    COUNT = auto()


@lru_cache(maxsize=1024)
def _find_report_kind(name: str) -> _Reports | None:
    """Return the value that a field needs to report a failure, None if it cannot."""
    key = plain_name(name)
    if SETTING_NAME.fullmatch(key):
        return _Reports.TRUE if key == "timeout" else None
    if EMAIL_ADDRESS.search(name):
        return None
    if ERROR_NAME.match(key) or FAILURE_NAME.match(key):
        return _Reports.ANY_VALUE
    if FAILURE_WORD.fullmatch(key):
        return _Reports.REASON
    return _Reports.COUNT if is_failed_group(name) else None


def _reports_failure(name: str, value: object) -> bool:
    """Return whether a field reports a failure by its name and a value for it."""
    kind = _find_report_kind(name)
    if kind is None or not _is_filled(value):
        return False
    if kind is _Reports.TRUE:
        return value is True
    # The text of "skipped_at" or "refusal_policy" is not a count.
    is_count = not isinstance(value, str) or bool(POSITIVE_COUNT.fullmatch(value))
    return is_count or kind is not _Reports.COUNT


def _counts_too_few(fields: Mapping[str, object]) -> bool:
    """Return whether fewer items succeeded than the total says."""
    values = dict(_plain_items(fields))
    total = _to_number(values.get("total"))
    counts = [_to_number(values[name]) for name in SUCCESS_COUNTS & values.keys()]
    return total is not None and any(n is not None and n < total for n in counts)


def _to_number(value: object) -> float | None:
    if isinstance(value, str) and value.strip().isdecimal():
        return float(value.strip()[:20])
    return value if _is_number(value) else None


def _is_false(value: object) -> bool:
    if isinstance(value, str):
        return squeeze_text(value) == "0" or matches(FAILED_STATUS, value)
    return value is False or (_is_number(value) and value == 0)


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_filled(value: object) -> bool:
    """Return whether a field holds something: not null, false, 0 or blanks."""
    if isinstance(value, str):
        return squeeze_text(value).lstrip("0") not in EMPTY_WORDS
    if isinstance(value, dict):  # {"base": []} holds nothing, {"base": {}} does
        return any(inner not in (None, "", []) for inner in value.values())
    return bool(value)
