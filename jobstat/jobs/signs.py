"""The signs of failure in an answer, in Zendesk's forms and in those of others.

Servers that answer as Zendesk does have more of them. Names are compared without
regard to case and separators. Every doubt counts as a sign.
"""

from __future__ import annotations

import re
from enum import Enum, auto
from functools import lru_cache
from typing import TYPE_CHECKING, TypeGuard

if TYPE_CHECKING:
    from collections.abc import Mapping

_SEPARATORS = re.compile(r"[\s_.@#$-]+")
"""What names may have between words, or before an attribute of XML: ``@status``."""

_ADDRESS = re.compile(r"[^\s@]@[^\s@]+\.")
"""An e-mail address: no word in it tells anything."""

_ERROR = re.compile("errors?|exception|(?:errs?|errmsg|faults?)$")
_FAILURE = re.compile("failed|failures?")
"""How the names of fields begin that report a failure."""

_DENIED = frozenset({"succeeded", "successful", "ok", "issuccess", "issuccessful"})
"""Names that deny success with false. With a number they count."""

_SUCCESSES = frozenset(
    {"success", "succeeded", "successful", "successes", "successcount", "ok"}
    | {"processed"}
)
"""Names that count what succeeded, beside a total."""

_STATUSES = frozenset(
    {"state", "result", "outcome", "conclusion", "code", "statuscode", "statustext"}
    | {"httpstatus", "httpcode", "httpstatuscode", "responsecode"}
)
"""Other names of a status, which may also be a record's: only plain words count."""

_OUTCOME = re.compile("[a-z]*(?:results?|responses?|outcomes?|items)")
"""Names of an item's outcome. Other objects inside an item may be records."""

_REFUSED = (
    "fail|error|reject|denied|unprocess|unauthori|forbidden|bad.?request|not.?found"
    "|unavailable|timed.?out|bad.?gateway|gateway.?time|exception"
)
_NOT_DONE = (
    "kill|cancel|abort|terminat|refus|invalid|unsuccess|conflict|skipp|timeout|declin"
    "|ignored|stopped|dropped|incomplete|missing|(?<!un)blocked|lost|expired|revert"
    "|unable|too.?many|exceed|cannot|interrupt|rolled.?back|partial|duplicate"
    "|already.?exist"
    "|not.?(?:created|updated|deleted|allowed|processed|imported)"
    "|(?<![a-z])not(?![a-z]| modified| changed)"
)
_UNFINISHED = "pending|queued|working|processing|in.?progress|running|waiting|scheduled"
_CODE = r"(?<![\d.])[45]\d\d(?!\d)"

_FAILED_STATUS = re.compile(
    f"{_REFUSED}|{_NOT_DONE}|{_UNFINISHED}|{_CODE}|suspend|throttl|rate.?limit"
    r"|time.?out|\bcan.?t\b|couldn|no such|^(?:false|no|ko|bad)$"
)
"""The status of an item that did not succeed, in lower case: words, HTTP codes."""

_FAILED_WITHIN = re.compile(f"{_REFUSED}|{_CODE}|^(?:false|no|ko)$")
"""The same of an object inside an item. Others may be a record's: a pending ticket."""

_FAILED_NAME = re.compile(
    f"{_REFUSED}|{_NOT_DONE}|^(?:{_UNFINISHED})(?:items|records|rows|ids|count)?$"
    "|^(?:false|no|ko|bad)$"
)
"""The name of a group or a count of items that did not succeed."""

_FAILED_WORD = re.compile(
    f"(?:{_REFUSED}|{_NOT_DONE})(?:l?ed|d|s|[sz]ed|ions?|ment|al)?"
)
"""A name that is wholly a word of failure: its text may be the reason."""

_NEUTRAL_NAME = re.compile(
    "cancell?able|timeout(?:ms|sec(?:ond)?s)?|max(?:errors|failures)|failfast"
    "|(?:continueon|stopon|ignore|allow)(?:errors?|failures?|partial)"
    "|(?:errors?|failures?)(?:ur[il]|link|href|handling|policy|mode|limit|threshold)"
)
"""Names of settings and links, which look alike."""

_COUNT = re.compile(r"\s*(?:0*[1-9][0-9.,]*|true|yes)\s*", re.IGNORECASE | re.ASCII)
"""A number or a truth, written as a text."""

_NOTHING = frozenset({"", "no", "none", "never", "false", "null", "n/a"})


def is_failed_item(fields: Mapping[str, object], *, may_be_group: bool = False) -> bool:
    """Whether an item shows any sign of failure, also in an object inside it.

    What ``may_be_group`` may have items inside it rather than a record: there each
    status counts as an item's.
    """
    within = _FAILED_STATUS if may_be_group else _FAILED_WITHIN
    return _shows_failure(fields, _FAILED_STATUS, within)


def is_key(name: str) -> bool:
    """Whether a name is no word, but the index, id or address of an item."""
    return bool(_ADDRESS.search(name)) or any(map(str.isdigit, name))


@lru_cache(maxsize=1024)
def is_failed_group(name: str) -> bool:
    """Whether what has this name failed: ``{"rejected": [...]}``, ``"rejected": 3``."""
    if _ADDRESS.search(name):
        return False
    return any(_FAILED_NAME.search(text) for text in (_lower(name), plain_name(name)))


def is_failed_code(name: str) -> bool:
    """Whether a name is HTTP's code of a refusal: ``{"422": [...]}``."""
    return re.fullmatch(_CODE, name.strip()) is not None


def is_own_field(name: str, value: object) -> bool:
    """Whether a field of a results object is about all items, and not some of them."""
    key = plain_name(name)
    if _ADDRESS.search(name):
        return False
    if key == "success" or _ERROR.match(key):
        return not isinstance(value, list) or not value
    if key == "status":
        return not isinstance(value, list)
    is_text = isinstance(value, str)
    named = bool(_FAILURE.match(key)) if is_text else is_failed_group(name)
    is_plain = not isinstance(value, list | dict)
    return key == "details" or (is_plain and (named or key in _DENIED))


def errors_of(fields: Mapping[str, object]) -> list[object]:
    """The errors that the job reports beside those of its items."""
    return [
        value
        for name, value in fields.items()
        if _names_error(name) and _holds(value) and not _is_number(value)
    ]


def shows_error(fields: Mapping[str, object]) -> bool:
    """Whether a job or an answer itself reports an error. A null tells nothing."""
    if _has_details_of_an_error(fields, _FAILED_WITHIN) or errors_of(fields):
        return True
    return any(
        (key in _DENIED | {"success"} and _is_false(value))
        or (key in _STATUSES and _is_other_status(value, _FAILED_WITHIN))
        for key, value in _by_plain_names(fields)
    )


def counts_failures(fields: Mapping[str, object]) -> bool:
    """Whether a job or an answer itself counts failures: ``"failed": 3``."""
    return _counts_too_few(fields) or any(
        _names_failure(name, value)
        for name, value in fields.items()
        if not _names_error(name) or _is_number(value)
    )


def has_failed_status(fields: Mapping[str, object]) -> bool:
    """Whether an answer has a status of its own that says that it failed."""
    return any(
        (key == "status" and _says(_FAILED_STATUS, str(value)))
        or (key in _STATUSES and _is_other_status(value, _FAILED_STATUS))
        for key, value in _by_plain_names(fields)
    )


def hides_failure(fields: Mapping[str, object]) -> bool:
    """Whether an object inside a job or an answer reports a failure."""
    return any(
        _shows_failure(
            value,
            _FAILED_STATUS if _OUTCOME.fullmatch(key) else _FAILED_WITHIN,
            _FAILED_WITHIN,
        )
        for key, value in _by_plain_names(fields)
    )


@lru_cache(maxsize=1024)
def plain_name(name: str) -> str:
    """A field's name as it is compared: in lower case, without separators."""
    return _lower(_SEPARATORS.sub("", name))


def is_true(value: object) -> bool:
    """Whether it says that something succeeded: true, "true" or 1."""
    if isinstance(value, str):
        return value.strip().lower() == "true"
    return value is True or value == 1


def _by_plain_names(fields: Mapping[str, object]) -> list[tuple[str, object]]:
    return [(plain_name(name), value) for name, value in fields.items()]


def _shows_failure(
    value: object, statuses: re.Pattern[str], within: re.Pattern[str]
) -> bool:
    """Whether it shows a sign of failure, by its statuses and those ``within`` it."""
    if isinstance(value, list):
        return any(_shows_failure(entry, statuses, within) for entry in value)
    if not isinstance(value, dict):
        return False
    if any(_is_sign(name, inner, statuses, within) for name, inner in value.items()):
        return True
    if {"details", "total"}.isdisjoint(map(plain_name, value)):
        return False
    return _has_details_of_an_error(value, statuses) or _counts_too_few(value)


def _has_details_of_an_error(
    fields: Mapping[str, object], statuses: re.Pattern[str]
) -> bool:
    """Whether there are details of an error without words, or of one left out."""
    named = dict(_by_plain_names(fields))
    if not _holds(named.get("details")):
        return False
    is_item = statuses is _FAILED_STATUS and not {"success", "status"} & named.keys()
    return is_item or any(map(_ERROR.match, named))


def _is_sign(
    name: str, value: object, statuses: re.Pattern[str], within: re.Pattern[str]
) -> bool:
    key = plain_name(name)
    if isinstance(value, dict | list):
        deeper = statuses if _OUTCOME.fullmatch(key) or is_key(name) else within
        if _shows_failure(value, deeper, within):
            return True
    return (
        (key == "success" and not is_true(value))
        or (key in _DENIED and _is_false(value))
        or (key == "status" and _says(statuses, str(value)))
        or (key in _STATUSES and _is_other_status(value, statuses))
        or _names_failure(name, value)
    )


def _is_other_status(value: object, statuses: re.Pattern[str]) -> bool:
    if not isinstance(value, str | int | float):
        return False
    if isinstance(value, str) and _word(value) in _NOTHING:
        return False
    return _says(statuses, str(value))


def _names_error(name: str) -> bool:
    key = plain_name(name)
    return bool(_ERROR.match(key)) and not _NEUTRAL_NAME.fullmatch(key)


class _Named(Enum):
    """How a field's name reports a failure: by what the field then has to hold."""

    BY_ANYTHING = auto()
    BY_TRUE = auto()
    BY_A_REASON = auto()
    BY_A_COUNT = auto()


@lru_cache(maxsize=1024)
def _named(name: str) -> _Named | None:
    key = plain_name(name)
    if _NEUTRAL_NAME.fullmatch(key):
        return _Named.BY_TRUE if key == "timeout" else None
    if _ADDRESS.search(name):
        return None
    if _ERROR.match(key) or _FAILURE.match(key):
        return _Named.BY_ANYTHING
    if _FAILED_WORD.fullmatch(key):
        return _Named.BY_A_REASON
    return _Named.BY_A_COUNT if is_failed_group(name) else None


def _names_failure(name: str, value: object) -> bool:
    """Whether a field's name reports a failure, and the field holds something."""
    named = _named(name)
    if named is None or not _holds(value):
        return False
    if named is _Named.BY_TRUE:
        return value is True
    # A text such as "skipped_at" or "refusal_policy" may have is no count.
    is_count = not isinstance(value, str) or bool(_COUNT.fullmatch(value))
    return is_count or named is not _Named.BY_A_COUNT


def _counts_too_few(fields: Mapping[str, object]) -> bool:
    """Whether fewer succeeded than there are: ``{"total": 5, "succeeded": 3}``."""
    named = dict(_by_plain_names(fields))
    total = _number(named.get("total"))
    counts = [_number(named[name]) for name in _SUCCESSES & named.keys()]
    return total is not None and any(n is not None and n < total for n in counts)


def _number(value: object) -> float | None:
    if isinstance(value, str) and value.strip().isdecimal():
        return float(value.strip()[:20])
    return value if _is_number(value) else None


def _says(words: re.Pattern[str], text: str) -> bool:
    """Whether a text has one of the words."""
    short = len(text) <= 80  # noqa: PLR2004 - the statuses that come again and again
    return _says_again(words, text) if short else bool(words.search(_word(text)))


@lru_cache(maxsize=1024)
def _says_again(words: re.Pattern[str], text: str) -> bool:
    return bool(words.search(_word(text)))


def _word(value: object) -> str:
    return _lower(" ".join(str(value).split()))


def _lower(text: str) -> str:
    # In Turkish the capital of i has a dot, which stays beside the i.
    return text.lower().replace("\u0307", "")


def _is_false(value: object) -> bool:
    if isinstance(value, str):
        return _word(value) == "0" or _says(_FAILED_STATUS, value)
    return value is False or (_is_number(value) and value == 0)


def _is_number(value: object) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _holds(value: object) -> bool:
    """Whether a field has something in it: null, false, 0 and blanks are nothing."""
    if isinstance(value, str):
        return _word(value).lstrip("0") not in _NOTHING
    if isinstance(value, dict):  # {"base": []} has nothing, {} among others has
        return any(inner not in (None, "", []) for inner in value.values())
    return bool(value)
