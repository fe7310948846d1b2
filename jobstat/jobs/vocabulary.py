"""The words that report a failure: names of fields, names of groups, statuses.

They cover Zendesk and servers that imitate it. Names are matched in plain form: in
lower case, without separators.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SEPARATORS = re.compile(r"[\s_.@#$-]+")
"""Characters between the words of a name, or before an XML attribute: ``@status``."""

EMAIL_ADDRESS = re.compile(r"[^\s@]@[^\s@]+\.")
"""A name with an e-mail address in it. Its words mean nothing."""

ERROR_NAME = re.compile("errors?|exception|(?:errs?|errmsg|faults?)$")
"""The beginning of the name of a field that holds an error."""

FAILURE_NAME = re.compile("failed|failures?")
"""The beginning of the name of a field that reports or counts failures."""

SUCCESS_FLAGS = frozenset(
    {"succeeded", "successful", "ok", "issuccess", "issuccessful"}
)
"""Names of fields that deny success with false. With a number they are counts."""

SUCCESS_COUNTS = frozenset(
    {"success", "succeeded", "successful", "successes", "successcount", "ok"}
    | {"processed"}
)
"""Names of fields that count the successes, beside a total."""

OTHER_STATUS_NAMES = frozenset(
    {"state", "result", "outcome", "conclusion", "code", "statuscode", "statustext"}
    | {"httpstatus", "httpcode", "httpstatuscode", "responsecode"}
)
"""Names of a status besides "status". They may also belong to a record, so only a
plain text or number in them counts."""

OUTCOME_NAME = re.compile("[a-z]*(?:results?|responses?|outcomes?|items)")
"""The name of an object that holds an item's outcome. Other objects inside an item
may be records."""

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

HTTP_ERROR_CODE = re.compile(r"(?<![\d.])[45]\d\d(?!\d)")
"""A status code of HTTP from 400 to 599."""

FAILED_STATUS = re.compile(
    f"{_REFUSED}|{_NOT_DONE}|{_UNFINISHED}|{HTTP_ERROR_CODE.pattern}"
    "|suspend|throttl|rate.?limit"
    r"|time.?out|\bcan.?t\b|couldn|no such|^(?:false|no|ko|bad)$"
)
"""The status of an item that did not succeed, in lower case."""

FAILED_NESTED_STATUS = re.compile(
    f"{_REFUSED}|{HTTP_ERROR_CODE.pattern}|^(?:false|no|ko)$"
)
"""The status of a failed object inside an item. Fewer words count, because the object
may be a record with a status of its own: a pending ticket."""

FAILED_GROUP_NAME = re.compile(
    f"{_REFUSED}|{_NOT_DONE}|^(?:{_UNFINISHED})(?:items|records|rows|ids|count)?$"
    "|^(?:false|no|ko|bad)$"
)
"""The name of a group or a count of items that did not succeed."""

FAILURE_WORD = re.compile(
    f"(?:{_REFUSED}|{_NOT_DONE})(?:l?ed|d|s|[sz]ed|ions?|ment|al)?"
)
"""A name that consists of one word of failure. Its text may be the reason."""

SETTING_NAME = re.compile(
    "cancell?able|timeout(?:ms|sec(?:ond)?s)?|max(?:errors|failures)|failfast"
    "|(?:continueon|stopon|ignore|allow)(?:errors?|failures?|partial)"
    "|(?:errors?|failures?)(?:ur[il]|link|href|handling|policy|mode|limit|threshold)"
)
"""The name of a setting or a link that contains a word of failure."""

POSITIVE_COUNT = re.compile(
    r"\s*(?:0*[1-9][0-9.,]*|true|yes)\s*", re.IGNORECASE | re.ASCII
)
"""A count above 0 or a yes, written as text."""

EMPTY_WORDS = frozenset({"", "no", "none", "never", "false", "null", "n/a"})
"""Texts that mean nothing is there."""

MAX_CACHED_TEXT = 80
"""Characters of a status that is cached. The same short ones come again and again."""


@lru_cache(maxsize=1024)
def plain_name(name: str) -> str:
    """Return a field's name for comparisons: in lower case, without separators."""
    return to_lower(_SEPARATORS.sub("", name))


def matches(words: re.Pattern[str], text: str) -> bool:
    """Return whether a text has one of the words."""
    if len(text) <= MAX_CACHED_TEXT:
        return _matches_cached(words, text)
    return bool(words.search(squeeze_text(text)))


@lru_cache(maxsize=1024)
def _matches_cached(words: re.Pattern[str], text: str) -> bool:
    return bool(words.search(squeeze_text(text)))


def squeeze_text(text: str) -> str:
    """Return a text in lower case with single spaces."""
    return to_lower(" ".join(text.split()))


def to_lower(text: str) -> str:
    # The Turkish capital I with a dot becomes two characters; drop the second.
    return text.lower().replace("\u0307", "")
