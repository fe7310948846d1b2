"""One run of jobstat, as the process knows it and commands ask for it."""

from __future__ import annotations

KEY_LOG = "SSLKEYLOGFILE"
"""The variable that names the file to which Python's ssl writes the keys of TLS."""


class Invocation:
    """``arguments`` as they were typed; ``debug`` once the option is seen.

    ``key_log`` is the file that SSLKEYLOGFILE names, if it names one.
    """

    __slots__ = ("arguments", "debug", "key_log")

    def __init__(self, arguments: list[str], key_log: str | None = None) -> None:
        self.arguments = arguments
        self.debug = False
        self.key_log = key_log
