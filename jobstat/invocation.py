"""One run of jobstat, as the process knows it and commands ask for it."""

from __future__ import annotations


class Invocation:
    """``arguments`` as they were typed; ``debug`` once the option is seen."""

    __slots__ = ("arguments", "debug")

    def __init__(self, arguments: list[str]) -> None:
        self.arguments = arguments
        self.debug = False
