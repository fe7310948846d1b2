"""The time of day, and the clock of a watch, which goes on during a suspend.

``time.monotonic`` stops during a suspend on Linux and macOS, and the age of the last
answer would be wrong.
"""

from __future__ import annotations

import sys
import time
from time import sleep

__all__ = ["monotonic", "sleep", "timestamp"]

# CLOCK_MONOTONIC counts a suspend on macOS, CLOCK_BOOTTIME on Linux.
_CLOCK_ID = getattr(
    time, "CLOCK_MONOTONIC" if sys.platform == "darwin" else "CLOCK_BOOTTIME", None
)


def monotonic() -> float:
    """Return the seconds since an arbitrary moment."""
    return time.monotonic() if _CLOCK_ID is None else time.clock_gettime(_CLOCK_ID)


def timestamp() -> str:
    """Return the date and time in UTC, as ``2026-11-28T12:30:09Z``."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
