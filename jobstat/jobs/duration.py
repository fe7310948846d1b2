"""Durations as people type and read them."""

from __future__ import annotations

import re

from jobstat.errors import UsageError

_FORM = re.compile(
    r"(?:(?P<bare>\d+(?:\.\d+)?)"
    r"|(?=.)(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+(?:\.\d+)?)s)?)",
    re.ASCII,
)
MAX_DURATION = 366 * 24 * 3600.0
"""Seconds; a longer duration is a slip of the keyboard."""


def parse_duration(text: str) -> float:
    """Seconds in ``90``, ``90s``, ``10m`` or ``1h30m``.

    Raises UsageError for any other form and for more than a year.
    """
    form = _FORM.fullmatch(text.strip())
    if form is None:
        raise UsageError(
            f"not a duration: {text!r}", hint="Write 90, 90s, 10m or 1h30m."
        )
    part = {name: float(number or 0) for name, number in form.groupdict().items()}
    seconds = part["bare"] + 3600 * part["h"] + 60 * part["m"] + part["s"]
    if seconds > MAX_DURATION:
        raise UsageError(f"not a duration: {text!r}", hint="It is more than a year.")
    return seconds


def format_elapsed(seconds: float) -> str:
    """A duration as a stopwatch shows it: ``0:05``, ``12:30``, ``1:00:00``."""
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def format_duration(seconds: float) -> str:
    """A duration in a sentence: ``8 s``, ``1 min 30 s``, ``2 h 5 min``."""
    hours, rest = divmod(int(max(seconds, 0)), 3600)
    parts = [(hours, "h"), (rest // 60, "min"), (0 if hours else rest % 60, "s")]
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"
