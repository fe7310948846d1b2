"""The rows of a frame about several jobs: one for each job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobstat.jobs.duration import format_elapsed
from jobstat.jobs.job import item_counts
from jobstat.views.job_lines import bar_values
from jobstat.views.layout import (
    GAP,
    MAX_BAR,
    StyledLine,
    line_width,
    text_width,
    truncate,
)
from jobstat.views.layout import NARROW as NARROW_WORDS
from jobstat.views.screen import WIDE
from jobstat.views.summary import format_outcome, status_label
from jobstat.views.wording import (
    BAD,
    UNKNOWN,
    Glyph,
    format_counts,
    outage_parts,
    percent_done,
)

if TYPE_CHECKING:
    from jobstat.jobs.job import Job
    from jobstat.jobs.poll import TrackedJob
    from jobstat.jobs.retry import Outage
    from jobstat.views.screen import Screen

SHORT_BAR = 4
"""Minimum columns of a job's bar."""

ID_WIDTH = 35
"""Characters of a job's id."""

SHORT_ID = 9
"""Characters of an id without its middle, such as ``V3-0…4a2f``."""

TINY = 30
"""Columns below which a row has no bar, and says only how many items failed."""

MAX_STATUS = 18
"""Maximum columns of a status. Only one that is unknown to jobstat has more."""

DELAYED = Glyph("!", "!", UNKNOWN.style)


def job_row(tracked: TrackedJob, now: float, screen: Screen) -> StyledLine:
    """Return the row of a job. Its id is shortened to the rest of the width."""
    if tracked.outage:
        return _outage_row(tracked, tracked.outage, now, screen)
    glyph, status = status_label(tracked)
    if tracked.stalled_since is not None:
        glyph, status = DELAYED, "stalled"
    job = tracked.job
    if tracked.exit is not None and job is not None:
        return _ended_row(tracked, job, (glyph, status), screen)
    label = _label(glyph, status, screen)
    if job is None:
        return screen.append_id([label], tracked.id)
    failures = f"{GAP}{failed:,} failed" if (failed := item_counts(job)[0]) else ""
    figures = [(_figures(tracked, job, now, screen.width), ""), (failures, BAD.style)]
    room = screen.width - line_width([label, *figures])
    if screen.width < TINY:
        bar = []
    else:
        room -= 2 * len(GAP) + ID_WIDTH
        bar_width = max(min(room, MAX_BAR), SHORT_BAR)
        bar = screen.bar(*bar_values(job, live=True), bar_width, glyph.style)
        figures.insert(0, (GAP, ""))
    return screen.append_id([label, *bar, *figures], tracked.id)


def _label(glyph: Glyph, status: str, screen: Screen) -> tuple[str, str]:
    words = glyph.label(status, screen.glyphs)
    ((words, style),) = truncate(
        [(words, glyph.style)], MAX_STATUS, glyphs=screen.glyphs
    )
    padding = max(len(glyph.label("working", screen.glyphs)) - text_width(words), 0)
    return words + " " * padding + GAP, style


def _ended_row(
    tracked: TrackedJob, job: Job, state: tuple[Glyph, str], screen: Screen
) -> StyledLine:
    glyph, status = state
    failed, reported = item_counts(job)
    if screen.width < TINY and failed:
        words = glyph.label(f"{failed:,} of {reported:,} failed", screen.glyphs)
        return screen.append_id([(words, glyph.style)], tracked.id)
    if screen.width >= NARROW_WORDS:
        outcome = f"{format_outcome(job):>17}"
    else:
        outcome = f"{failed:,} failed" if failed else format_counts(job)
    parts = [_label(glyph, status, screen), (outcome, "")]
    return screen.append_id(parts, tracked.id)


def _outage_row(
    tracked: TrackedJob, outage: Outage, now: float, screen: Screen
) -> StyledLine:
    """Return the error, the retry and the id. Without enough room, drop the error."""
    error, retry = outage_parts(outage, tracked.last_success_at, now)
    room = screen.width - len(GAP) - SHORT_ID
    words = f"! {error}; {retry}"
    if text_width(words) > room:
        words = f"! {retry}"
    if text_width(words) > room:
        words = words.partition(",")[0]
    return screen.append_id([(words, UNKNOWN.style)], tracked.id)


def _figures(tracked: TrackedJob, job: Job, now: float, width: int) -> str:
    if width < NARROW_WORDS:
        return f"{format_counts(job):>6}"
    done = percent_done(job)
    percent = "" if done is None else f"{done}%"
    figures = f"{format_counts(job):>7}{GAP}{percent:>4}"
    if width < WIDE:
        return figures
    left, since, words = tracked.estimate.eta(now), tracked.stalled_since, ""
    if since is not None:
        words = f"for {format_elapsed(now - since)}"
    elif left is not None:
        words = f"{format_elapsed(left)} left"
    return f"{figures}{GAP}{words:>12}"
