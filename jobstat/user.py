"""The user at the terminal, who can answer a dialog that jobstat waits for."""

from __future__ import annotations

from collections.abc import Callable

notify: Callable[[str], None] | None = None
"""Prints a line for the user. It is None if stdin or stderr is not a terminal."""
