"""The time in a job's message, such as ``Completed at 2026-11-23 12:30:09 +0000``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_MESSAGE = re.compile(
    r"\s*(?P<verb>[A-Za-z]+) at (?:"
    r"(?P<day>\d{4}-\d\d-\d\d)[T ](?P<time>\d\d:\d\d:\d\d)(?:\.\d+)?"
    r" ?(?P<zone>Z|UTC|[+-]\d\d:?\d\d)"
    r"|[A-Z][a-z]{2} (?P<old>[A-Z][a-z]{2} \d\d? \d\d:\d\d:\d\d [+-]\d{4} \d{4})"
    r")(?P<rest>.*)",
    re.ASCII | re.DOTALL,
)

_BEGINNINGS = frozenset({"created", "queued", "enqueued"})
"""The verbs of a message about the beginning of a job."""

MAX_AGE = timedelta(days=1)
"""Zendesk deletes a job after a day. An older time is shown as a date."""


@dataclass(frozen=True, slots=True)
class MessageTime:
    """The time in a message. ``rest`` is the message without it.

    ``is_beginning`` is true if the job was created then.
    """

    moment: datetime
    is_beginning: bool
    rest: str


def parse_message(message: str) -> MessageTime | None:
    """Return the time at the beginning of a message, None without one.

    A time without a zone is ambiguous, and is ignored.
    """
    match = _MESSAGE.match(message)
    if match is None:
        return None
    zone = (match["zone"] or "").replace("UTC", "Z")
    try:
        if match["old"]:
            moment = datetime.strptime(match["old"], "%b %d %H:%M:%S %z %Y")
        else:
            moment = datetime.fromisoformat(f"{match['day']}T{match['time']}{zone}")
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):  # no such day, or before the year 1
        return None
    is_beginning = match["verb"].lower() in _BEGINNINGS
    return MessageTime(moment, is_beginning, match["rest"].strip(" .,:;"))


def format_time(moment: datetime) -> str:
    """Return a time for a log: ``2026-11-23T12:30:09Z``."""
    return f"{moment.isoformat().removesuffix('+00:00')}Z"


def format_age(moment: datetime, now: datetime) -> str:
    """Return the age of a time for a person: ``12 min ago``, or a date."""
    from jobstat.jobs.duration import format_duration

    age = now - moment
    if not -MAX_AGE / 24 < age <= MAX_AGE:
        return str(moment.date())
    largest_unit = format_duration(age.total_seconds()).split()[:2]
    return f"{' '.join(largest_unit)} ago"
