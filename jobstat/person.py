"""The person at the terminal, if there is one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

tell: Callable[[str], None] | None = None
"""Tells the person in a line why jobstat waits. None where no person can answer."""
