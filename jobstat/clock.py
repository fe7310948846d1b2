"""The time of a watch: it passes while the machine sleeps, too.

Python's own monotonic clock stands still while a Linux or macOS machine is
suspended: a watch would not know how old its last answer is.
"""

from __future__ import annotations

import sys
import time
from time import sleep

__all__ = ["monotonic", "sleep"]

# Linux counts the sleep in a clock of its own, macOS in the one that Linux
# stops.
_ID = getattr(
    time, "CLOCK_MONOTONIC" if sys.platform == "darwin" else "CLOCK_BOOTTIME", None
)


def monotonic() -> float:
    """Seconds since some moment, never fewer than before."""
    return time.monotonic() if _ID is None else time.clock_gettime(_ID)
