"""Fold the variable parts of an error, so that equal errors have equal texts.

``Name: Acme has already been taken`` becomes ``Name: * has already been taken``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from jobstat.jobs.text import collapse_blanks

FOLDED = "*"
"""The sign in place of a variable part."""

MAX_LENGTH = 1000
"""Characters of an error that are compared. The rest is ignored."""

_QUOTE = re.compile(
    r"""
    # Keep the name of a field.
      (?<![^\W_]) (?:field|parameter|param|attribute|column|property|key|header)
        \ ["'`] [^"'`]{1,100} ["'`]
    | (?<!\w) ["'`] [a-z]+ (?:_[a-z]+)+ ["'`] (?!\w)
    | (?<!\w) " (?P<double> [^"]+ ) "
    | (?<!\w) ' (?P<single> (?:[^']|'(?=\w))+ ) ' (?!\w)  # "can't" quotes nothing
    | (?<!\w) ` (?P<back> [^`']+ ) [`']
    | “ (?P<curly> [^”]+ ) ”
    | « (?P<angle> [^»]+ ) »
    """,
    re.VERBOSE | re.IGNORECASE,
)
_URL = re.compile(r"""(?<!\w)https?://[^\s"'<>]*[\w/=&%#-]""", re.IGNORECASE)
_EMAIL = re.compile(r"(?<![\w.+%-])[\w.+%-]+@[\w-]+(?:\.[\w-]+)*")

_NUMBER = re.compile(
    r"""
    # Keep a limit, without a group: it is the same in all errors of a rule.
      (?<![^\W_]) (?: max(?:imum)? | min(?:imum)? | least | most | than | limit | up\ to
        | between | within | exceeds? | equal\ to | (?:should|must)\ (?:be|have) )
        (?:\ (?:is|of|or|equal|to|be))* [\ :=]{1,2} \d{1,7} (?:\ (?:and|to)\ \d{1,7})?
        (?![\w.,]\w)
    | (?<!\w) \d{1,7}
        (?=\ [a-z]+\ (?:maximum|minimum|max|min|allowed|or\ (?:less|more)))
    # Keep an HTTP status, too.
    | (?<![^\W_]) (?:http|status|code|error|response) (?:/\d\.\d)? [\ :=\#]{1,2}
        \d{3} (?![\w.,]?\w)
    # A date, a time, an id in hexadecimal, another id, a number
    | (?<!\w) (?P<date> \d{4}-\d\d-\d\d
        (?: [T\ ]\d\d:\d\d (?::\d\d(?:\.\d+)?)?
          (?:Z|\ ?[+-]\d\d:?\d\d|\ UTC)? )? )(?!\w)
    | (?<!\w) (?P<time> \d\d?:\d\d(?::\d\d)? )(?!\w)
    | (?<![\w-]) (?=[a-f]*\d|v\d-) (?P<hex> (?:v\d-)?[0-9a-f]{8,}(?:-[0-9a-f]{4,})* )
        (?![\w-])
    | (?<![\w-]) (?=(?:(?:[^\W\d]|-)*\d){4}) (?P<id> [\w-]{8,} )(?![\w-])
    | (?<!\w) (?<!\w[-.]) (?P<number> \d+(?:[.,]\d+)* )(?!\w)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_ZERO_DIGITS = str.maketrans("123456789", "0" * 9)

_STATUS = re.compile(r"(?:\A|(?<=: ))[45]\d\d(?!\d)")
"""An HTTP status at the start of a message."""

_MESSAGE = re.compile(
    r"""
    \ (?: (?:
        is\ (?:
            invalid | reserved | suspended | a\ duplicate | the\ wrong\ length
          | already\ (?:taken | in\ use) | too\ (?:long | short | big | large | small)
          | (?:already\ )? being\ used\ by\ another\ \w+
          | not\ (?: properly\ formatted | valid | an?\ (?:valid\ )?[\w-]+
              | (?:included\ )? in\ the\ list
              | allowed | permitted | supported | available | active )
        )
      | has\ already\ been\ taken
      | already\ exists
      | (?:does\ not | doesn't)\ exist
      | (?: (?:was | were | is | could)\ )? (?:not | cannot) (?:\ be)?\ found
    ) | (?P<blank> can(?:\ ?not | 't)\ be\ (?:blank | empty)
      | is\ (?:required | missing) | must\ be\ [\w-]+ ) ) (?!\w)
    """,
    re.VERBOSE,
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
"""Names of fields in messages. They are never folded."""

_MARK = re.compile("[\"'`“«]")

_FIRST_LABEL = re.compile(r"[A-Z][\w'/-]*(?: [\w'/-]+){0,3}: ")
"""The name of any field, such as a custom one, at the start of a message."""

_BETWEEN = re.compile(r"(?:[\s,;.:]|\([^()]*\)|and )*")
"""Text between two messages, such as the limit in brackets."""


def fold(
    text: str, own_values: Iterable[str] = (), start: int = 0
) -> tuple[str, tuple[str, ...]]:
    """Return a text with FOLDED in place of its variable parts, and these parts.

    ``own_values`` are values that are known to vary. Nothing before ``start`` is
    folded. The result depends on nothing else.
    """
    text = collapse_blanks(text[: 4 * MAX_LENGTH])[:MAX_LENGTH]
    spans = [
        *_message_spans(text, start),
        *_own_spans(text, own_values, start),
        *_quoted_spans(text, start),
    ]
    template, values = _replace(text, spans)
    numbers = [
        (first, last)
        for first, last in _find_numbers(template.translate(_ZERO_DIGITS), start)
        if not _STATUS.match(template, first)
    ]
    if numbers:
        values += [(first, template[first:last]) for first, last in numbers]
        template, _ = _replace(template, numbers)
    return template, tuple(value for _, value in sorted(values))


def _replace(
    text: str, spans: Iterable[tuple[int, int]]
) -> tuple[str, list[tuple[int, str]]]:
    """Return the text with FOLDED in place of each span, and the values with positions.

    Of two spans that overlap, the one that starts first counts, else the longer one.
    """
    parts: list[str] = []
    values: list[tuple[int, str]] = []
    end = shift = 0
    for first, last in sorted(spans, key=lambda span: (span[0], -span[1])):
        if first >= end:
            parts += [text[end:first], FOLDED]
            values.append((first + shift, text[first:last]))
            shift += len(FOLDED) - (last - first)
            end = last
    return "".join([*parts, text[end:]]), values


@lru_cache(maxsize=4096)
def _find_numbers(text: str, start: int) -> list[tuple[int, int]]:
    """Find the numbers, dates and ids of a text whose digits are all 0.

    Without their digits, most errors are equal.
    """
    if "0" not in text:
        return []
    matches = _NUMBER.finditer(text, start)
    return [match.span(match.lastgroup) for match in matches if match.lastgroup]


def _quoted_spans(text: str, start: int) -> Iterator[tuple[int, int]]:
    if _MARK.search(text):
        for match in _QUOTE.finditer(text, start):
            if match.lastgroup is None:
                continue
            span = match.span(match.lastgroup)
            if text[slice(*span)].casefold() not in _LABELS:
                yield span
    if "://" in text:
        yield from (match.span() for match in _URL.finditer(text, start))
    if "@" in text:
        yield from (match.span() for match in _EMAIL.finditer(text, start))


def _own_spans(
    text: str, values: Iterable[str], start: int
) -> Iterator[tuple[int, int]]:
    """Yield the spans of whole values, except for labels."""
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


def _message_spans(text: str, start: int) -> Iterator[tuple[int, int]]:
    """Yield the span of the value in each validation message, without its label."""
    for match in _MESSAGE.finditer(text, start):
        between = _BETWEEN.match(text, start)
        first, start = between.end() if between else start, match.end()
        if match["blank"]:
            continue
        label = _find_label(text[first : match.start() + 1])
        if label is None:
            continue
        first += label
        value = text[first : match.start()].rstrip()
        if value and value.casefold() not in _LABELS:
            yield first, first + len(value)


def _find_label(text: str) -> int | None:
    """Return the end of the last label in a text, None without one."""
    colon = text.rfind(": ")
    if colon < 0:
        return None
    first = _FIRST_LABEL.match(text)
    while colon >= 0:
        words = text[:colon].casefold().rsplit(maxsplit=3)[-3:]
        if any(" ".join(words[n:]) in _LABELS for n in range(len(words))):
            return colon + 2
        colon = text.rfind(": ", 0, colon)
    return first.end() if first else None
