"""The header of a frame about several jobs: the progress of all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobstat.jobs.duration import format_elapsed, format_rate
from jobstat.views.layout import (
    GAP,
    MAX_BAR,
    MIN_BAR,
    StyledLine,
    join_parts,
    line_width,
    wrap,
)
from jobstat.views.layout import NARROW as NARROW_WORDS
from jobstat.views.screen import NARROW, WIDE
from jobstat.views.summary import count_done, format_failure_counts, overall_progress
from jobstat.views.wording import BAD, whole_percent

if TYPE_CHECKING:
    from jobstat.jobs.watch import Watch
    from jobstat.views.screen import Screen

_DROP_ORDER = ("account", "rate", "time left", "items", "percent", "elapsed")
"""Parts of the header that are dropped if there is no room, the first one first."""


_WORDY = ("jobs", "items", "percent", "failures", "elapsed")
"""Parts that must fit for the failures to have all their words."""


def header_lines(
    watch: Watch, account: str, now: float, screen: Screen
) -> list[StyledLine]:
    """Return the progress of all jobs, in figures and as a bar.

    On a narrow screen, the bar has a line of its own. The failures have one if the
    figures need the room.
    """
    done, total = overall_progress(watch)
    figures = _figures(watch, account, now, screen.width)
    words = join_parts(figures[name] for name in _WORDY)
    if line_width(words) > screen.width - MIN_BAR - len(GAP):
        failures = format_failure_counts(watch.jobs, short=True)
        figures["failures"] = (failures, BAD.style)
    if screen.width >= NARROW:
        line = _fit(figures, screen.width - MIN_BAR - len(GAP))
        bar_width = min(screen.width - line_width(line) - len(GAP), MAX_BAR)
        bar = screen.bar(done, total, bar_width, "green")
        return [[line[0], (GAP, ""), *bar, *line[1:]]]
    bar = screen.bar(done, total, screen.width, "green")
    essential = [figures[name] for name in ("jobs", "failures", "elapsed")]
    if screen.fits(join_parts(essential)):
        return [_fit(figures, screen.width), bar]
    failures, style = figures.pop("failures")
    return [
        _fit(figures, screen.width),
        *wrap(failures, style, screen.width),
        bar,
    ]


def _fit(figures: dict[str, tuple[str, str]], width: int) -> StyledLine:
    """Return a line of the figures that fit."""
    kept = dict(figures)
    for name in _DROP_ORDER:
        if line_width(join_parts(kept.values())) <= width:
            break
        del kept[name]
    return join_parts(kept.values())


def _figures(
    watch: Watch, account: str, now: float, width: int
) -> dict[str, tuple[str, str]]:
    is_narrow = width < NARROW_WORDS
    jobs_done, jobs_total = count_done(watch), len(watch.jobs)
    counts = f"{jobs_done:,} of {jobs_total:,} jobs done"
    if is_narrow:
        counts = f"{jobs_done:,}/{jobs_total:,} jobs"
    done, total = overall_progress(watch)
    items = f"{done:,}/{total:,} items" if watch.items[1] else ""
    rate, left, time_left = watch.estimate.rate, watch.eta(now), ""
    if watch.outage or _is_stalled(watch):
        rate = left = None  # both describe the time before the delay
    if left is not None:
        time_left = f"{'' if is_narrow else 'about '}{format_elapsed(left)} left"
    percent = whole_percent(done, total)
    return {
        "jobs": (counts, "bold"),
        "items": (items, ""),
        "percent": (f"{percent}%" if items or is_narrow else "", ""),
        "failures": (format_failure_counts(watch.jobs), BAD.style),
        "elapsed": (format_elapsed(now - watch.started), "dim"),
        "rate": ("" if rate is None else format_rate(rate), "dim"),
        "time left": (time_left, "dim"),
        "account": (account if width >= WIDE else "", "dim"),
    }


def _is_stalled(watch: Watch) -> bool:
    """Return whether no working job makes progress."""
    jobs = [t for t in watch.pending if t.job and t.job.state != "queued"]
    return bool(jobs) and all(t.stalled_since is not None for t in jobs)
