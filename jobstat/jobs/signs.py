"""The signs of failure in an answer.

The words are in ``vocabulary``. Every doubt counts as a sign.

``is_failed_item``     one item                       an item failed
``shows_error``        the job reports an error       the job failed
``shows_any_failure``  the job, beside its results    items failed
``has_failed_status``  the status of a completed job  items failed
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING

from jobstat.jobs.values import is_false, is_filled, is_number, is_true, to_number
from jobstat.jobs.vocabulary import (
    EMAIL_ADDRESS,
    EMPTY_WORDS,
    ERROR_NAME,
    FAILED_RECORD_STATUS,
    FAILED_STATUS,
    FAILURE_NAME,
    FAILURE_WORD,
    MAX_CACHED_TEXT,
    OTHER_STATUS_NAMES,
    OUTCOME_NAME,
    POSITIVE_COUNT,
    SETTING_NAME,
    SUCCESS_COUNTS,
    SUCCESS_FLAGS,
    is_failed_group,
    is_key,
    matches,
    normalize_text,
    plain_name,
)

if TYPE_CHECKING:
    import re

# Signs in an item.


class _Kind(Enum):
    """The kind of an object, which decides the words of failure in its status."""

    ITEM = auto()
    """An item, or an outcome inside one."""

    GROUP = auto()
    """An item that may be a group. Every object inside it may be an item."""

    RECORD = auto()
    """Any other object. It may be a record with a status of its own."""

    @property
    def failed_status(self) -> re.Pattern[str]:
        """The statuses of an object of this kind that failed."""
        return FAILED_RECORD_STATUS if self is _Kind.RECORD else FAILED_STATUS

    def of_inner(self, name: str, key: str) -> _Kind:
        """Return the kind of an object in a field of this name."""
        if self is _Kind.ITEM and not (OUTCOME_NAME.fullmatch(key) or is_key(name)):
            return _Kind.RECORD
        return self


def is_failed_item(fields: Mapping[str, object], *, may_be_group: bool = False) -> bool:
    """Return whether an item shows a sign of failure, also in an object inside it.

    If the item ``may_be_group``, the statuses inside it count as an item's status does.
    """
    return _contains_sign(fields, _Kind.GROUP if may_be_group else _Kind.ITEM)


def _contains_sign(value: object, kind: _Kind) -> bool:
    """Return whether an object, or one in a list of them, shows a sign of failure."""
    if isinstance(value, list):
        return any(_contains_sign(entry, kind) for entry in value)
    if not isinstance(value, dict):
        return False
    telling, may_contradict = _find_telling_names(tuple(value))
    for name, inner in value.items():
        if isinstance(inner, (dict, list)) and _contains_sign(
            inner, kind.of_inner(name, plain_name(name))
        ):
            return True
        if name in telling and _value_is_sign(name, inner, kind):
            return True
    if not may_contradict:
        return False
    return _has_error_details(value, kind) or _counts_too_few(value)


@lru_cache(maxsize=64)
def _find_telling_names(names: tuple[str, ...]) -> tuple[frozenset[str], bool]:
    """Return the names of an object whose own value may be a sign of failure.

    Also return whether the object may contradict itself by its details or total. The
    items of a job have the same names, so they are looked at once.
    """
    telling = frozenset(name for name in names if _is_telling(name))
    return telling, not {"details", "total"}.isdisjoint(map(plain_name, names))


def _is_telling(name: str) -> bool:
    """Return whether some value of a field of this name is a sign of failure."""
    key = plain_name(name)
    is_outcome = key in {"success", "status"} | SUCCESS_FLAGS | OTHER_STATUS_NAMES
    return is_outcome or _find_failure_value(name) is not None


def _value_is_sign(name: str, value: object, kind: _Kind) -> bool:
    """Return whether the value of a field, without the objects in it, is a sign."""
    is_long = isinstance(value, str) and len(value) > MAX_CACHED_TEXT
    if is_long or isinstance(value, dict | list):
        return _decide_value(name, value, kind)
    return _decide_value_cached(name, value, kind)


def _decide_value(name: str, value: object, kind: _Kind) -> bool:
    key = plain_name(name)
    failed_status = kind.failed_status
    return (
        (key == "success" and not is_true(value))
        or (key in SUCCESS_FLAGS and is_false(value))
        or (key == "status" and matches(failed_status, str(value)))
        or (key in OTHER_STATUS_NAMES and _is_failed_status(value, failed_status))
        or _reports_failure(name, value)
    )


# Typed, because True and 1 are equal, but not the same sign.
_decide_value_cached = lru_cache(maxsize=1024, typed=True)(_decide_value)


def _has_error_details(fields: Mapping[str, object], kind: _Kind) -> bool:
    """Return whether ``details`` are about an error, even an empty one.

    In an item without success and status, any details are about an error.
    """
    values = dict(_plain_items(fields))
    if not is_filled(values.get("details")):
        return False
    has_outcome = bool({"success", "status"} & values.keys())
    if kind is not _Kind.RECORD and not has_outcome:
        return True
    return any(map(ERROR_NAME.match, values))


def is_about_all_items(name: str, value: object) -> bool:
    """Return whether a field of a results object is about all items, not a group."""
    key = plain_name(name)
    if EMAIL_ADDRESS.search(name):
        return False
    if key == "success" or ERROR_NAME.match(key):
        return not isinstance(value, list) or not value
    if key == "status":
        return not isinstance(value, list)
    if key == "details":
        return True
    if isinstance(value, list | dict):
        return False
    # "skipped": 3 counts items. A text under such a name is not a count.
    is_text = isinstance(value, str)
    reports_failure = FAILURE_NAME.match(key) if is_text else is_failed_group(name)
    return bool(reports_failure) or key in SUCCESS_FLAGS


# Signs in a job or an answer itself.


def find_errors(fields: Mapping[str, object]) -> dict[str, object]:
    """Return the errors of a job or an item itself, by the names of their fields."""
    return {
        name: value
        for name, value in fields.items()
        if _is_error_name(name) and is_filled(value) and not is_number(value)
    }


def shows_error(fields: Mapping[str, object]) -> bool:
    """Return whether a field of a job or an answer reports an error. Ignore nulls."""
    if _has_error_details(fields, _Kind.RECORD) or find_errors(fields):
        return True
    return any(
        (key in SUCCESS_FLAGS | {"success"} and is_false(value))
        or (
            key in OTHER_STATUS_NAMES and _is_failed_status(value, FAILED_RECORD_STATUS)
        )
        for key, value in _plain_items(fields)
    )


def shows_any_failure(fields: Mapping[str, object]) -> bool:
    """Return whether a field of a job or an answer shows a failure.

    It may report an error, count failures, or hold an object that failed.
    """
    return (
        shows_error(fields) or _counts_failures(fields) or _has_failure_inside(fields)
    )


def has_failed_status(fields: Mapping[str, object]) -> bool:
    """Return whether a job or an answer has a status that is not a success."""
    return any(
        (key == "status" and matches(FAILED_STATUS, str(value)))
        or (key in OTHER_STATUS_NAMES and _is_failed_status(value, FAILED_STATUS))
        for key, value in _plain_items(fields)
    )


def _counts_failures(fields: Mapping[str, object]) -> bool:
    """Return whether a field counts failures: ``"failed": 3``."""
    return _counts_too_few(fields) or any(
        _reports_failure(name, value)
        for name, value in fields.items()
        if not _is_error_name(name) or is_number(value)
    )


def _has_failure_inside(fields: Mapping[str, object]) -> bool:
    """Return whether an object in one of the fields shows a sign of failure."""
    return any(
        _contains_sign(
            value, _Kind.ITEM if OUTCOME_NAME.fullmatch(key) else _Kind.RECORD
        )
        for key, value in _plain_items(fields)
    )


# Names and values.


def _plain_items(fields: Mapping[str, object]) -> list[tuple[str, object]]:
    return [(plain_name(name), value) for name, value in fields.items()]


def _is_failed_status(value: object, failed_status: re.Pattern[str]) -> bool:
    if not isinstance(value, str | int | float):
        return False
    if isinstance(value, str) and normalize_text(value) in EMPTY_WORDS:
        return False
    return matches(failed_status, str(value))


@lru_cache(maxsize=1024)
def _is_error_name(name: str) -> bool:
    key = plain_name(name)
    return bool(ERROR_NAME.match(key)) and not SETTING_NAME.fullmatch(key)


class _FailureValue(Enum):
    """A kind of value with which a field reports a failure."""

    ANY = auto()
    TRUE = auto()
    COUNT = auto()


@lru_cache(maxsize=1024)
def _find_failure_value(name: str) -> _FailureValue | None:
    """Return the value with which a field of this name reports a failure, if any."""
    key = plain_name(name)
    if SETTING_NAME.fullmatch(key):
        return _FailureValue.TRUE if key == "timeout" else None
    if EMAIL_ADDRESS.search(name):
        return None
    if ERROR_NAME.match(key) or FAILURE_NAME.match(key) or FAILURE_WORD.fullmatch(key):
        return _FailureValue.ANY
    return _FailureValue.COUNT if is_failed_group(name) else None


def _reports_failure(name: str, value: object) -> bool:
    """Return whether a field reports a failure by its name, and has a value for it."""
    expected = _find_failure_value(name)
    if expected is None or not is_filled(value):
        return False
    if expected is _FailureValue.TRUE:
        return value is True
    # "skipped_at" and "refusal_policy" may have a text, which is not a count.
    is_count = not isinstance(value, str) or bool(POSITIVE_COUNT.fullmatch(value))
    return is_count or expected is not _FailureValue.COUNT


def _counts_too_few(fields: Mapping[str, object]) -> bool:
    """Return whether fewer items succeeded than the total says."""
    values = dict(_plain_items(fields))
    total = to_number(values.get("total"))
    counts = [to_number(values[name]) for name in SUCCESS_COUNTS & values.keys()]
    return total is not None and any(n is not None and n < total for n in counts)
