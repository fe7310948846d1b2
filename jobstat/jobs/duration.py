"""Durations and rates as users type and read them."""

from __future__ import annotations

import re

from jobstat.errors import UsageError

_DURATION = re.compile(
    r"(?:(?P<bare>\d+(?:\.\d+)?)"
    r"|(?=.)(?:(?P<h>\d+)h)?(?:(?P<m>\d+)m)?(?:(?P<s>\d+(?:\.\d+)?)s)?)",
    re.ASCII,
)

MAX_DURATION = 366 * 24 * 3600.0
"""Seconds in a year. A longer duration is probably a typing error."""


def parse_duration(text: str) -> float:
    """Return the seconds in ``90``, ``90s``, ``10m`` or ``1h30m``.

    Raise UsageError for any other form, and for more than a year.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise UsageError(
            f"not a duration: {text!r}", hint="Write 90, 90s, 10m or 1h30m."
        )
    parts = {name: float(number or 0) for name, number in match.groupdict().items()}
    seconds = parts["bare"] + 3600 * parts["h"] + 60 * parts["m"] + parts["s"]
    if seconds > MAX_DURATION:
        raise UsageError(
            f"the duration is longer than a year: {text!r}",
            hint="Give at most 8784h, which are 366 days.",
        )
    return seconds


def format_elapsed(seconds: float) -> str:
    """Format seconds as a stopwatch does: ``0:05``, ``12:30``, ``1:00:00``."""
    minutes, rest = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def format_duration(seconds: float) -> str:
    """Format seconds for a sentence: ``8 s``, ``1 min 30 s``, ``2 h 5 min``."""
    parts = zip(_split(seconds), ("h", "min", "s"), strict=True)
    return " ".join(f"{count} {unit}" for count, unit in parts if count) or "0 s"


def spell_duration(seconds: float) -> str:
    """Format seconds in words: ``8 seconds``, ``1 minute 30 seconds``."""
    parts = zip(_split(seconds), ("hour", "minute", "second"), strict=True)
    words = [f"{count} {unit}{'s' * (count > 1)}" for count, unit in parts if count]
    return " ".join(words) or "0 seconds"


def _split(seconds: float) -> tuple[int, int, int]:
    """Return the hours, minutes and seconds. From an hour on, no seconds."""
    hours, rest = divmod(int(max(seconds, 0)), 3600)
    minutes, seconds_left = divmod(rest, 60)
    return hours, minutes, 0 if hours else seconds_left


def format_rate(rate: float) -> str:
    """Format items a second: ``4.2 items/s``, ``30 items/min``, ``5.0 items/h``."""
    units = [(rate, "s"), (60 * rate, "min"), (3600 * rate, "h")]
    count, unit = next((pair for pair in units if pair[0] >= 1), units[-1])
    digits = 1 if round(count, 1) < 10 else 0  # noqa: PLR2004 - two digits
    return f"{count:,.{digits}f} items/{unit}"
