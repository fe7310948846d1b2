"""Redact secrets from errors, in every encoding that a response may quote."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from urllib.parse import quote, quote_plus

from jobstat.errors import JobstatError

REDACTED = "[hidden]"

CUT = " [cut off]"
"""The end of a text that jobstat did not read to its end."""

_MIN_LENGTH = 4
"""Minimum characters of a redacted secret. A shorter one is part of many words."""


@contextmanager
def redacting(secrets: Callable[[], Iterable[str]]) -> Iterator[None]:
    """Redact these secrets from an exception that leaves the block.

    Truncate its message only afterwards: a part of a secret would stay.
    """
    try:
        yield
    except Exception as error:
        redact_exception(error, secrets())
        raise


def redact_exception(error: BaseException, secrets: Iterable[str]) -> None:
    """Redact these secrets from an exception and its causes, in place.

    Before ``CUT``, redact the beginning of a secret as well.
    """
    encodings = _encodings_of(secrets)

    def redact(value: Any) -> Any:
        if not isinstance(value, str):
            return value
        *cut, rest = value.split(CUT)
        cut = [_redact_end(_redact_text(text, encodings), encodings) for text in cut]
        # A secret may contain CUT.
        return _redact_text(CUT.join([*cut, rest]), encodings)

    current: BaseException | None = error
    while current is not None:
        current.args = tuple(map(redact, current.args))
        if isinstance(current, JobstatError):
            current.message = redact(current.message)
            current.hint = redact(current.hint)
        current = current.__cause__ or current.__context__


def contains_secret(text: str, secrets: Iterable[str]) -> bool:
    """Return whether a text contains one of these secrets, in any encoding."""
    return any(encoding in text for encoding in _encodings_of(secrets))


def to_bytes(text: str) -> bytes:
    """Return the bytes to send for a text from the environment."""
    return text.encode("utf-8", "surrogateescape")


def _redact_text(text: str, encodings: Iterable[str]) -> str:
    for encoding in encodings:
        text = text.replace(encoding, REDACTED)
    return text


def _redact_end(text: str, encodings: Sequence[str]) -> str:
    """Redact the end of a cut-off text if it may be the beginning of a secret."""
    longest = max(map(len, encodings), default=0)
    for start in range(max(len(text) - longest, 0), len(text) - _MIN_LENGTH + 1):
        if any(encoding.startswith(text[start:]) for encoding in encodings):
            return text[:start] + REDACTED
    return text


def _encodings_of(secrets: Iterable[str]) -> list[str]:
    """Return the secrets in every form that a response or an error may quote.

    The longest is first. A shorter one would redact only a part of it.
    """
    encodings: set[str] = set()
    for secret in secrets:
        raw = to_bytes(secret)
        quoted = {quote(raw), quote_plus(raw), quote(raw, safe="")}
        encodings |= {secret, b64encode(raw).decode()}
        encodings |= {*quoted, *map(_lower_escapes, quoted)}
        # As Python's errors, JSON and a single line quote it.
        encodings |= {repr(secret)[1:-1], repr(raw)[2:-1], json.dumps(secret)[1:-1]}
        encodings.add(" ".join(secret.split()))
    long_enough = (text for text in encodings if len(text) >= _MIN_LENGTH)
    return sorted(long_enough, key=len, reverse=True)


def _lower_escapes(quoted: str) -> str:
    return re.sub("%..", lambda escape: escape[0].lower(), quoted)
