"""Fold the variable parts of an error, so that equal errors have equal texts.

``Name: Acme has already been taken`` becomes ``Name: * has already been taken``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

FOLDED = "*"
"""The sign in place of a variable part."""

MAX_LENGTH = 1000
"""Characters of an error that count. What follows does not tell causes apart."""

_VARIABLE = re.compile(
    r"""
    # A limit is about the rule: the same in every error. It has no group, and stays.
      (?<![^\W_]) (?: max(?:imum)? | min(?:imum)? | least | most | than | limit | up\ to
        | between | within | exceeds? | equal\ to | (?:should|must)\ (?:be|have) )
        (?:\ (?:is|of|or|equal|to|be))* [\ :=]{1,2} \d{1,7} (?:\ (?:and|to)\ \d{1,7})?
        (?![\w.,]\w)
    | (?<!\w) \d{1,7}
        (?=\ [a-z]+\ (?:maximum|minimum|max|min|allowed|or\ (?:less|more)))
    # So does a status of HTTP, in "status: 422" or at the start of a message.
    | (?<![^\W_]) (?:http|status|code|error|response) (?:/\d\.\d)? [\ :=\#]{1,2}
        [1-5]\d\d (?![\w.,]?\w)
    | (?:\A|(?<=:\ )) [45]\d\d (?![\w.,]?\w)
    # The name of a field is quoted, too.
    | (?<![^\W_]) (?:field|parameter|param|attribute|column|property|key|header)
        \ (?P<mark>["'`]) [^"'`]{1,100} ["'`]
    | (?<!\w) (["'`]) [a-z]+ (?:_[a-z]+)+ ["'`] (?!\w)
    # Quoted values. An apostrophe between letters ends no quote.
    | (?<!\w) " (?P<double>[^"]+) "
    | (?<!\w) ' (?P<single>(?:[^']|'(?=\w))+) ' (?!\w)
    | (?<!\w) ` (?P<back>[^`']+) [`']
    | “ (?P<curly>[^”]+) ”
    | « (?P<angle>[^»]+) »
    | (?P<url>(?<!\w)https?://[^\s"'<>]*[\w/=&%\#-])
    | (?P<email>(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)*)
    | (?P<date>(?<!\w)\d{4}-\d\d-\d\d
        (?:[T\ ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|\ ?[+-]\d\d:?\d\d|\ UTC)?)?(?!\w))
    | (?P<time>(?<!\w)\d\d?:\d\d(?::\d\d)?(?!\w))
    | (?P<hex>(?<![\w-])(?=[^\W\d]*-?[^\W\d]*\d)(?:v\d-)?[0-9a-f]{8,}
        (?:-[0-9a-f]{4,})*(?![\w-]))
    | (?P<id>(?<![\w-])(?=(?:(?:[^\W\d]|-)*\d){4})[\w-]{8,}(?![\w-]))
    | (?P<number>(?<!\w)(?<!\w[-.])\d+(?:[.,]\d+)*(?!\w))
    """,
    re.VERBOSE | re.IGNORECASE,
)

_MESSAGE = re.compile(
    r"""
    \ (?: (?:
        has\ already\ been\ taken | is\ already\ taken | is\ already\ in\ use
      | (?:is\ )?already\ (?:being\ )?used\ by\ (?:another|an\ existing)\ \w+
      | is\ being\ used\ by\ another\ \w+
      | already\ exists | is\ a\ duplicate | is\ reserved
      | is\ not\ properly\ formatted | is\ invalid | is\ not\ valid
      | is\ not\ (?:an?\ )?valid\ [\w-]+ | is\ not\ an?\ [\w-]+
      | is\ too\ (?:long|short|big|large|small) | is\ the\ wrong\ length
      | is\ not\ included\ in\ the\ list | is\ not\ in\ the\ list
      | is\ not\ (?:allowed|permitted|supported|available|active) | is\ suspended
      | (?:does\ not|doesn't)\ exist
      | (?:(?:was|were|is|could)\ )?(?:not|cannot)(?:\ be)?\ found
    ) | (?P<blank> can(?:\ ?not|'t)\ be\ (?:blank|empty) | must\ be\ [\w-]+
      | is\ required | is\ missing ) ) (?!\w)
    """,
    re.VERBOSE | re.IGNORECASE,
)
"""The end of a validation message of Rails or Zendesk, which a value may precede."""

_LABELS = frozenset(
    {"name", "email", "e-mail", "email address", "subject", "title", "description"}
    | {"details", "notes", "comment", "body", "requester", "submitter", "assignee"}
    | {"collaborators", "followers", "organization", "group", "brand", "user", "id"}
    | {"ticket", "external id", "external identifier", "phone", "phone number", "role"}
    | {"tag", "tags", "priority", "status", "type", "form", "ticket form", "value"}
    | {"custom field", "custom fields", "domain", "domain names", "alias", "locale"}
    | {"time zone", "password", "identity", "identities", "due date", "recipient"}
    | {"photo", "signature", "subdomain", "base", "url", "key", "item", "record"}
)
"""Names of fields in messages. A field is no value, unlike an item's own name."""

_LABEL = re.compile(
    rf"(?P<known>(?<!\w)(?:{'|'.join(sorted(_LABELS, reverse=True))}):\ )"
    r"|\A(?P<first>[A-Z][\w'/-]*(?:\ [\w'/-]+){0,3}:\ )",
    re.VERBOSE | re.IGNORECASE,
)
_BETWEEN = re.compile(r"(?:[\s,;.]|\([^()]*\)|and )*")
"""Text between two messages, such as the limit in brackets."""


def fold(
    text: str, own_values: Iterable[str] = (), start: int = 0
) -> tuple[str, tuple[str, ...]]:
    """Return a text with FOLDED in place of its variable parts, and these parts.

    ``own_values`` are values that are known to vary. Nothing before ``start`` is
    folded. The result depends on nothing else.
    """
    text = " ".join(text[: 4 * MAX_LENGTH].split())[:MAX_LENGTH]
    spans = [
        *_message_spans(text, start),
        *_own_spans(text, own_values, start),
        *_variable_spans(text, start),
    ]
    parts, values, end = [], [], 0
    for first, last in sorted(spans, key=lambda span: (span[0], -span[1])):
        if first >= end:
            parts += [text[end:first], FOLDED]
            values.append(text[first:last])
            end = last
    return "".join([*parts, text[end:]]), tuple(values)


def _variable_spans(text: str, start: int) -> Iterable[tuple[int, int]]:
    for match in _VARIABLE.finditer(text, start):
        if match.lastgroup not in {None, "mark"}:
            span = match.span(match.lastgroup)
            if text[slice(*span)].casefold() not in _LABELS:
                yield span


def _own_spans(
    text: str, values: Iterable[str], start: int
) -> Iterable[tuple[int, int]]:
    """Yield the places where a value stands as a whole, and is no label."""
    for value in values:
        first = text.find(value, start) if value else -1
        while first >= 0:
            last = first + len(value)
            if _stands_alone(text, first, last) and not _MESSAGE.search(f" {value}"):
                yield first, last
            first = text.find(value, last)


def _stands_alone(text: str, first: int, last: int) -> bool:
    before, after = text[first - 1 : first], text[last : last + 1]
    is_part = (before.isalnum() and text[first].isalnum()) or (
        after.isalnum() and text[last - 1].isalnum()
    )
    return not is_part and after != ":"


def _message_spans(text: str, start: int) -> Iterable[tuple[int, int]]:
    """Yield the values before the ends of messages, without the labels before them."""
    for match in _MESSAGE.finditer(text, start):
        found = _BETWEEN.match(text, start)
        first, start = found.end() if found else start, match.end()
        segment = text[first : match.start() + 1]
        labels = list(_LABEL.finditer(segment))
        if not labels or match["blank"]:
            continue
        first += labels[-1].end()
        value = text[first : match.start()].rstrip()
        if value and value.casefold() not in _LABELS:
            yield first, first + len(value)
