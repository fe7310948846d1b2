"""One run of jobstat: its arguments, and whether it shows tracebacks."""

from __future__ import annotations

import os

KEY_LOG = "SSLKEYLOGFILE"
"""The environment variable that names the file for TLS session keys."""


class Invocation:
    """The arguments and the debug mode of a run.

    ``key_log`` is the value of SSLKEYLOGFILE. The process removes the variable, because
    with these keys a recording of the network traffic shows the credential.
    ``enable_debug`` sets the variable again.
    """

    __slots__ = ("_key_log", "arguments", "debug")

    def __init__(self, arguments: list[str], key_log: str | None = None) -> None:
        self.arguments = arguments
        self.debug = False
        self._key_log = key_log

    def enable_debug(self) -> None:
        """Show tracebacks, and let ssl write the session keys."""
        self.debug = True
        if self._key_log:
            os.environ[KEY_LOG] = self._key_log
