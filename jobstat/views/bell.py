"""The bell of the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from jobstat.views.terminal import standard_error, standard_output


@contextmanager
def bell_at_end(*, enabled: bool) -> Iterator[None]:
    """Ring the bell at the end of the block, unless a signal ended it.

    The bell is that of the terminal on stderr, else on stdout. A pipe, a file and the
    log of a CI get nothing.
    """
    try:
        yield
    except BrokenPipeError:  # this ends jobstat as SIGPIPE does
        raise
    except Exception:
        if enabled:
            _ring()
        raise
    if enabled:
        _ring()


def _ring() -> None:
    for terminal in (standard_error(), standard_output()):
        if terminal.has_bell:
            terminal.write_quietly("\a")
            return
