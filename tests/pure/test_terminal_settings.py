"""The abilities of a terminal, by its stream and the environment."""

from __future__ import annotations

import errno
import io
import os
import signal
from typing import TYPE_CHECKING

import pytest

from jobstat.errors import OutputError, SignalReceived
from jobstat.views.terminal import DEFAULT_SIZE, Glyphs, open_terminal

if TYPE_CHECKING:
    from pathlib import Path


def uses_unicode(**environ: str) -> bool:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")
    return open_terminal(stream, environ).glyphs is Glyphs.UNICODE


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"LANG": "C"},
        {"LANG": "POSIX"},
        {"LANG": "de_DE.UTF-8", "LC_ALL": "C"},
        {"LANG": "de_DE.UTF-8", "LC_CTYPE": "C"},
        # Python sets this itself when it finds the C locale.
        {"LANG": "C", "LC_CTYPE": "C.UTF-8"},
        {"LC_CTYPE": "C.UTF-8"},
    ],
)
def test_c_locale_disables_unicode(environ: dict[str, str]) -> None:
    assert not uses_unicode(**environ)


@pytest.mark.parametrize(
    "environ",
    [
        {"LANG": "C.UTF-8"},
        {"LANG": "de_DE.UTF-8"},
        {"LANG": "C", "LC_CTYPE": "de_DE.UTF-8"},
        {"LC_CTYPE": "UTF-8"},
        {"LANG": "C", "LC_ALL": "C.UTF-8"},
        {"LANG": "de_DE.UTF-8", "LC_CTYPE": "C.UTF-8"},
    ],
)
def test_other_locales_use_unicode_if_the_stream_encodes_it(
    environ: dict[str, str],
) -> None:
    assert uses_unicode(**environ)
    stream = io.TextIOWrapper(io.BytesIO(), encoding="latin-1")
    assert open_terminal(stream, environ).glyphs is Glyphs.ASCII


def test_stream_that_is_not_a_terminal_has_the_default_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setenv("LINES", "5")
    assert open_terminal(None, {}).size == DEFAULT_SIZE
    assert open_terminal(io.StringIO(), {}).size == DEFAULT_SIZE


@pytest.mark.parametrize(
    ("handler", "error"),
    [(signal.SIG_DFL, SignalReceived), (signal.SIG_IGN, OutputError)],
)
def test_closed_terminal_raises_a_hangup_unless_sighup_is_ignored(
    handler: signal.Handlers, error: type[BaseException]
) -> None:
    master, slave = os.openpty()
    with os.fdopen(slave, "w") as stream:
        terminal = open_terminal(stream, {"TERM": "xterm"})
        os.close(master)
        previous = signal.signal(signal.SIGHUP, handler)
        try:
            with pytest.raises(error):
                terminal.write("text")
            terminal.print_quietly("not data\n")
        finally:
            signal.signal(signal.SIGHUP, previous)


def test_write_error_of_a_file_raises_an_output_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr("jobstat.views.writing._write_chunks", fail)
    with (
        (tmp_path / "out").open("w") as stream,
        pytest.raises(OutputError, match="Input/output error"),
    ):
        open_terminal(stream, {}).write("text")
