"""What an answer tells of the account's rate limit."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """``limit`` requests a minute, of which ``remaining`` are left for now.

    That ends ``reset`` seconds after the answer. None for what was not told.
    """

    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None


UNTOLD = Limits()
