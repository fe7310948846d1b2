"""Taking secrets out of errors, in whatever form an answer repeats them."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from jobstat.errors import JobstatError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

HIDDEN = "[hidden]"

CUT = " [cut off]"
"""Marks the end of a text that jobstat has not read to its end."""

_SHORTEST = 4
"""Characters: what is shorter is no secret, but a part of many a word."""


@contextmanager
def redacting(secrets: Callable[[], Iterable[str]]) -> Iterator[None]:
    """See to it that no error repeats these secrets, should an answer do so.

    They are looked for in all of the words: cut off first, a part would be left.
    """
    try:
        yield
    except Exception as error:
        redact_exception(error, secrets())
        raise


def redact_exception(error: BaseException, secrets: Iterable[str]) -> None:
    """Take these secrets out of an error and its causes, in any form it is met in.

    Before ``CUT`` that includes the beginning of one.
    """
    forms = _encodings_of(secrets)

    def hidden(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        *cut, rest = value.split(CUT)
        cut = [_without_beginning(_without(text, forms), forms) for text in cut]
        return _without(CUT.join([*cut, rest]), forms)

    found: BaseException | None = error
    while found is not None:
        found.args = tuple(map(hidden, found.args))
        if isinstance(found, JobstatError):
            found.message, found.hint = hidden(found.message), hidden(found.hint)
        found = found.__cause__ or found.__context__


def repeats(text: str, secrets: Iterable[str]) -> bool:
    """Whether a text holds one of these secrets, in any form."""
    return any(form in text for form in _encodings_of(secrets))


def _without(text: str, forms: Iterable[str]) -> str:
    for form in forms:
        text = text.replace(form, HIDDEN)
    return text


def _without_beginning(text: str, forms: Sequence[str]) -> str:
    """Take away the end of a text that was cut, where a secret may begin there."""
    longest = max(map(len, forms), default=0)
    for start in range(max(len(text) - longest, 0), len(text) - _SHORTEST + 1):
        if any(form.startswith(text[start:]) for form in forms):
            return text[:start] + HIDDEN
    return text


def _encodings_of(secrets: Iterable[str]) -> list[str]:
    """Secrets as they are sent, and as an answer or an error may quote them."""
    found: set[str] = set()
    for bare in secrets:
        raw = as_bytes(bare)
        quoted = {quote(raw), quote_plus(raw), quote(raw, safe="")}
        found |= {bare, b64encode(raw).decode(), *quoted, *map(_lower, quoted)}
        # As an error of Python's, a text in JSON, or a text put on one line.
        found |= {repr(bare)[1:-1], repr(raw)[2:-1], json.dumps(bare)[1:-1]}
        found.add(" ".join(bare.split()))
    return sorted((f for f in found if len(f) >= _SHORTEST), key=len, reverse=True)


def _lower(quoted: str) -> str:
    return re.sub("%..", lambda code: code[0].lower(), quoted)


def as_bytes(text: str) -> bytes:
    """The text as it is sent, and as the environment held it."""
    return text.encode("utf-8", "surrogateescape")
