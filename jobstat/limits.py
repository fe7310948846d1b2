"""What an answer tells of the account's rate limit."""

from __future__ import annotations

from typing import NamedTuple


class RateLimit(NamedTuple):
    """``limit`` requests a minute, of which ``remaining`` are left for now.

    That ends ``reset`` seconds after the answer. None for what was not told. (No
    dataclass: it is there whenever jobstat starts, and dataclasses take a tenth of
    the time of ``--help``.)
    """

    limit: int | None = None
    remaining: int | None = None
    reset: float | None = None


UNKNOWN_LIMIT = RateLimit()
