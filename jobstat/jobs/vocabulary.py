"""The words that report a failure: names of fields, names of groups, statuses.

They cover Zendesk and servers that imitate it. Names are matched as ``plain_name``
returns them.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SEPARATORS = re.compile(r"[\s_.@#$-]+")
"""Characters between the words of a name, or before an XML attribute: ``@status``."""

EMAIL_ADDRESS = re.compile(r"[^\s@]@[^\s@]+\.")
"""An e-mail address in a name. Words of failure in such a name mean nothing."""

ERROR_NAME = re.compile("errors?|exception|(?:errs?|errmsg|faults?)$")
"""The beginning of the name of a field that holds an error."""

FAILURE_NAME = re.compile("failed|failures?")
"""The beginning of the name of a field that reports or counts failures."""

SUCCESS_FLAGS = frozenset(
    {"succeeded", "successful", "ok", "issuccess", "issuccessful"}
)
"""Names of fields that report a failure with false or 0."""

SUCCESS_COUNTS = frozenset(
    {"success", "succeeded", "successful", "successes", "successcount", "ok"}
    | {"processed"}
)
"""Names of fields that count the successes, beside a ``total``."""

OTHER_STATUS_NAMES = frozenset(
    {"state", "result", "outcome", "conclusion", "code", "statuscode", "statustext"}
    | {"httpstatus", "httpcode", "httpstatuscode", "responsecode"}
)
"""Other names of a status than "status". Only a text or a number in them counts: an
object may be a record."""

OUTCOME_NAME = re.compile("[a-z]*(?:results?|responses?|outcomes?|items)")
"""The name of an object that holds an item's outcome. Other objects inside an item
may be records."""

_ERROR_WORDS = (
    "fail|error|reject|denied|unprocess|unauthori|forbidden|bad.?request|not.?found"
    "|unavailable|timed.?out|bad.?gateway|gateway.?time|exception"
)
"""Words of an error wherever they stand."""

_NOT_DONE_WORDS = (
    "kill|cancel|abort|terminat|refus|invalid|unsuccess|conflict|skipp|timeout|declin"
    "|ignored|stopped|dropped|incomplete|missing|(?<!un)blocked|lost|expired|revert"
    "|unable|too.?many|exceed|cannot|interrupt|rolled.?back|partial|duplicate"
    "|already.?exist"
    "|not.?(?:created|updated|deleted|allowed|processed|imported)"
    "|(?<![a-z])not(?![a-z]| modified| changed)"
)
"""Words of a failed item. A record may have them in its status without an error: a
cancelled order, an expired trial."""

_UNFINISHED_WORDS = (
    "pending|queued|working|processing|in.?progress|running|waiting|scheduled"
)
"""Words of an item that is not done, although its job is completed."""

HTTP_ERROR_CODE = re.compile(r"(?<![\d.])[45]\d\d(?!\d)")
"""A status code of HTTP from 400 to 599."""

FAILED_STATUS = re.compile(
    f"{_ERROR_WORDS}|{_NOT_DONE_WORDS}|{_UNFINISHED_WORDS}|{HTTP_ERROR_CODE.pattern}"
    "|suspend|throttl|rate.?limit"
    r"|time.?out|\bcan.?t\b|couldn|no such|^(?:false|no|ko|bad)$"
)
"""The status of an item that did not succeed."""

FAILED_RECORD_STATUS = re.compile(
    f"{_ERROR_WORDS}|{HTTP_ERROR_CODE.pattern}|^(?:false|no|ko)$"
)
"""The failed status of an object that may be a record, such as a pending ticket. Fewer
words count."""

FAILED_GROUP_NAME = re.compile(
    f"{_ERROR_WORDS}|{_NOT_DONE_WORDS}"
    f"|^(?:{_UNFINISHED_WORDS})(?:items|records|rows|ids|count)?$"
    "|^(?:false|no|ko|bad)$"
)
"""The name of a group or a count of items that did not succeed."""

FAILURE_WORD = re.compile(
    f"(?:{_ERROR_WORDS}|{_NOT_DONE_WORDS})(?:l?ed|d|s|[sz]ed|ions?|ment|al)?"
)
"""A name that consists of one word of failure, with any ending. Its field may hold the
reason."""

SETTING_NAME = re.compile(
    "cancell?able|timeout(?:ms|sec(?:ond)?s)?|max(?:errors|failures)|failfast"
    "|(?:continueon|stopon|ignore|allow)(?:errors?|failures?|partial)"
    "|(?:errors?|failures?)(?:ur[il]|link|href|handling|policy|mode|limit|threshold)"
)
"""The name of a setting or a link that contains a word of failure."""

POSITIVE_COUNT = re.compile(
    r"\s*(?:0*[1-9][0-9.,]*|true|yes)\s*", re.IGNORECASE | re.ASCII
)
"""A count above 0, or a yes, as a text."""

EMPTY_WORDS = frozenset({"", "no", "none", "never", "false", "null", "n/a"})
"""Texts that mean nothing is there."""

MAX_CACHED_TEXT = 80
"""Characters. Only results for shorter texts are cached: statuses repeat."""


@lru_cache(maxsize=1024)
def plain_name(name: str) -> str:
    """Return a name for comparisons: in lower case, without separators."""
    return to_lower(_SEPARATORS.sub("", name))


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


def matches(words: re.Pattern[str], text: str) -> bool:
    """Return whether one of the words is in a text."""
    if len(text) <= MAX_CACHED_TEXT:
        return _matches_cached(words, text)
    return bool(words.search(normalize_text(text)))


@lru_cache(maxsize=1024)
def _matches_cached(words: re.Pattern[str], text: str) -> bool:
    return bool(words.search(normalize_text(text)))


def normalize_text(text: str) -> str:
    """Return a text in lower case with single spaces."""
    return to_lower(" ".join(text.split()))


def to_lower(text: str) -> str:
    # The Turkish capital I with a dot becomes two characters. Drop the second.
    return text.lower().replace("\u0307", "")
