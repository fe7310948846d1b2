"""Lines and secrets that the user types or pipes."""

from __future__ import annotations

import io
import os
import sys
from typing import TYPE_CHECKING

import pytest

from jobstat.errors import UsageError
from jobstat.views.prompt import MAX_LINE, LineReader, ask, read_secret

if TYPE_CHECKING:
    from collections.abc import Iterator


def type_bytes(monkeypatch: pytest.MonkeyPatch, content: bytes) -> None:
    stream = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8")
    monkeypatch.setattr(sys, "stdin", stream)


@pytest.mark.parametrize(
    ("typed", "message"),
    [(b"\xff\n", "not valid UTF-8"), (b"\n \n", "nothing was entered")],
)
def test_prompt_without_a_usable_line_raises_a_usage_error(
    typed: bytes, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_bytes(monkeypatch, typed)
    with pytest.raises(UsageError, match=message):
        ask("Account")


@pytest.mark.parametrize(
    ("piped", "message"),
    [
        (b"", "standard input is empty"),
        (b"a\nb\n", "standard input has more than one line"),
        (b"x" * (MAX_LINE + 1), "standard input is too long for the API token"),
    ],
)
def test_unusable_piped_secret_raises_a_usage_error_with_a_hint(
    piped: bytes, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    type_bytes(monkeypatch, piped)
    with pytest.raises(UsageError, match=message) as caught:
        read_secret("the API token")
    assert caught.value.hint == "Write only the API token to standard input."


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """Replace standard input by a pipe. Yield the end to write to."""
    read_end, write_end = os.pipe()
    with os.fdopen(read_end) as stream:
        monkeypatch.setattr(sys, "stdin", stream)
        yield write_end


def test_line_reader_returns_whole_lines_and_then_the_end(keyboard: int) -> None:
    reader = LineReader()
    assert reader.read_line(0) is None
    os.write(keyboard, b"on")
    assert reader.read_line(0) is None
    os.write(keyboard, b"e\n")
    assert reader.read_line(0) == "one\n"
    os.close(keyboard)
    assert reader.read_line(0) == ""
