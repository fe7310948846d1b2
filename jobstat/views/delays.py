"""The lines of a frame about delays: outages, the rate limit and stalls."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobstat.views.wording import (
    UNKNOWN,
    format_rate_limit_wait,
    format_stall,
    outage_parts,
    pluralize,
)

if TYPE_CHECKING:
    from jobstat.jobs.retry import Outage
    from jobstat.jobs.watch import Watch
    from jobstat.views.layout import StyledLine
    from jobstat.views.screen import Screen

FEW_ROWS = 12
"""Rows below which an error gets one line, so that the jobs have room."""


def delay_lines(watch: Watch, now: float, screen: Screen) -> list[StyledLine]:
    """Return lines about an outage, else about the rate limit and about stalls."""
    outage, last_success_at = watch.outage, watch.last_success_at
    if len(watch.jobs) == 1 and not outage:
        (tracked,) = watch.jobs
        outage, last_success_at = tracked.outage, tracked.last_success_at
    if outage:
        return _outage_lines(outage, last_success_at, now, screen)
    messages = []
    until = watch.rate_limited_until(now)
    if until is not None:
        messages.append(format_rate_limit_wait(until, now, watch.last_success_at))
    messages += _format_stalls(watch, now)
    return [
        line
        for message in messages
        for line in screen.clip_text(f"! {message}", UNKNOWN.style, 4)
    ]


def _outage_lines(
    outage: Outage, last_success_at: float | None, now: float, screen: Screen
) -> list[StyledLine]:
    """Return the error and the retry. A long error does not displace the retry."""
    error, retry = outage_parts(outage, last_success_at, now)
    line = [(f"! {error}; {retry}", UNKNOWN.style)]
    if screen.fits(line):
        return [line]
    max_lines = 1 if screen.height < FEW_ROWS else 3
    return [
        *screen.clip_text(f"! {error}", UNKNOWN.style, max_lines),
        *screen.clip_text(retry, UNKNOWN.style, 3),
    ]


def _format_stalls(watch: Watch, now: float) -> list[str]:
    stalls = [tracked.stalled_since for tracked in watch.pending]
    starts = [since for since in stalls if since is not None]
    if not starts:
        return []
    words = format_stall(min(starts), now)
    if len(watch.jobs) == 1:
        return [words]
    if len(starts) > 1:
        words = words.replace("for", "for up to")
    return [f"{pluralize(len(starts), 'job')}: {words}"]
