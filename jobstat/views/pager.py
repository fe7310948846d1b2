"""Show a text that may be longer than the screen."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess

from jobstat.views.terminal import standard_output

LESS = "FRX"
"""The options of less, unless LESS is set: the same as for git and gh."""


def print_or_page(text: str) -> None:
    """Write text to stdout, through the user's pager if it fills the screen."""
    stdout = standard_output()
    columns, rows = stdout.size
    height = sum(max(1, -(-len(line) // columns)) for line in text.splitlines())
    if not (stdout.live and height >= rows and _run_pager(text)):
        stdout.print(text)


def _run_pager(text: str) -> bool:
    """Show the text in the pager. Return False if the pager is missing or off."""
    try:
        command = shlex.split(os.environ.get("PAGER", "less"))
    except ValueError:  # an unbalanced quote
        return False
    # The pager may run other programs: it gets no credential.
    env = {n: value for n, value in os.environ.items() if not n.startswith("ZENDESK_")}
    env.setdefault("LESS", LESS)
    # Ctrl-C is a command of the pager. Unlike SIG_IGN, a handler is not inherited.
    on_interrupt = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        with subprocess.Popen(  # noqa: S603 - the user names the program
            command, stdin=subprocess.PIPE, text=True, env=env
        ) as pager:
            pager.communicate(text)
    except (OSError, IndexError):  # no such program, or PAGER is empty
        return False
    finally:
        signal.signal(signal.SIGINT, on_interrupt)
    return True
