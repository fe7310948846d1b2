"""A frame of the live view of one job."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobstat.jobs.duration import format_elapsed, format_rate
from jobstat.views.delays import delay_lines
from jobstat.views.job_lines import bar_values
from jobstat.views.layout import (
    GAP,
    MAX_BAR,
    MIN_MOVING_BAR,
    StyledLine,
    flow,
    join_parts,
    line_width,
)
from jobstat.views.sanitize import MAX_MESSAGE, sanitize
from jobstat.views.wording import (
    BAD,
    UNKNOWN,
    format_failures,
    format_progress,
    format_status,
    job_id,
    job_title,
    status_glyph,
)

if TYPE_CHECKING:
    from jobstat.jobs.job import Job
    from jobstat.jobs.poll import TrackedJob
    from jobstat.jobs.watch import Watch
    from jobstat.views.screen import Screen

MIN_QUEUE_TIME = 10.0
"""Minimum seconds in the queue that are shown apart from the work."""

_DROP_ORDER = ("account", "message", "pace", "id", "title", "bar")
"""Parts that are dropped on a screen with too few rows, the first one first."""


class JobFrame:
    """The live view of one job at one moment."""

    def __init__(self, watch: Watch, account: str, now: float, screen: Screen) -> None:
        self._watch = watch
        self._account = account
        self._now = now
        self._screen = screen

    def lines(self) -> list[StyledLine]:
        """Return the lines. Without enough rows, drop the least important parts."""
        lines = self._lines(())
        for count in range(1, len(_DROP_ORDER) + 1):
            if len(lines) <= self._screen.height:
                break
            lines = self._lines(_DROP_ORDER[:count])
        return lines

    def _lines(self, dropped: tuple[str, ...]) -> list[StyledLine]:
        (tracked,) = self._watch.jobs
        delays = delay_lines(self._watch, self._now, self._screen)
        job = tracked.job
        if job is None:
            elapsed = format_elapsed(self._now - self._watch.started)
            head = {"id": (tracked.id, "dim"), "account": (self._account, "dim")}
            asking = flow([(f"asking  {elapsed}", "dim")], self._screen.width)
            return [*self._head(head, dropped), *asking, *delays]
        head = {
            "title": (job_title(job), "bold"),
            "id": (job_id(job), ""),
            "account": (self._account, "dim"),
        }
        message = sanitize(job.message or "", MAX_MESSAGE)
        if "message" in dropped or not message:
            message_lines = []
        else:
            message_lines = self._screen.clip_text(message, "dim", 2)
        return [
            *self._head(head, dropped),
            *self._status(tracked, job, dropped),
            *message_lines,
            *delays,
        ]

    def _head(
        self, parts: dict[str, tuple[str, str]], dropped: tuple[str, ...]
    ) -> list[StyledLine]:
        kept = [part for name, part in parts.items() if name not in dropped]
        return flow(kept, self._screen.width)

    def _status(
        self, tracked: TrackedJob, job: Job, dropped: tuple[str, ...]
    ) -> list[StyledLine]:
        """Return the status, bar, counts and times on as few lines as possible."""
        width, glyph = self._screen.width, status_glyph(job)
        # A stall and an outage have their own words. The color says the same.
        is_stalled = tracked.stalled_since is not None
        style = UNKNOWN.style if is_stalled else glyph.style
        (status,) = self._screen.clip_text(
            glyph.label(format_status(job), self._screen.glyphs), style, 1
        )
        figures = [
            (format_progress(job), ""),
            (format_failures(job), BAD.style),
            (self._time(tracked), "dim"),
        ]
        pace = [] if "pace" in dropped else self._pace(tracked)
        done, total = bar_values(job, live=True)

        def with_bar(line: StyledLine, min_bar: int) -> StyledLine | None:
            room = width - line_width([*status, *line]) - 2 * len(GAP)
            if room < min_bar:
                return None
            bar = self._screen.bar(done, total, min(room, MAX_BAR), style)
            return [*status, (GAP, ""), *bar, (GAP, ""), *line]

        line = join_parts(figures)
        if whole := with_bar(join_parts([*figures, *pace]), MIN_MOVING_BAR):
            return [whole]
        if first := with_bar(line, MIN_MOVING_BAR):
            return [first, *flow(pace, width)]
        bar = [] if "bar" in dropped else [self._screen.bar(done, total, width, style)]
        return [*flow([*status, *figures], width), *bar, *flow(pace, width)]

    def _time(self, tracked: TrackedJob) -> str:
        """Return the time that the job was watched, without its time in the queue."""
        if not tracked.seen_running:
            return ""
        if self._queue_time(tracked):
            return ""
        return format_elapsed(self._now - self._watch.started)

    def _pace(self, tracked: TrackedJob) -> list[tuple[str, str]]:
        """Return the rate, the time left, and the times of work and queue."""
        rate, left = tracked.estimate.rate, tracked.estimate.eta(self._now)
        parts = []
        is_moving = tracked.stalled_since is None and not tracked.outage
        if is_moving and tracked.exit is None:
            parts += [format_rate(rate)] if rate is not None else []
            parts += [f"about {format_elapsed(left)} left"] if left is not None else []
        if queued := self._queue_time(tracked):
            working = self._now - self._watch.started - queued
            times = (
                f"{format_elapsed(working)} working, {format_elapsed(queued)} queued"
            )
            parts.append(times)
        return [(part, "dim") for part in parts]

    def _queue_time(self, tracked: TrackedJob) -> float:
        """Return the seconds in the queue since the watch began, 0 if unknown."""
        if tracked.began_at is None:
            return 0.0
        queued = tracked.began_at - self._watch.started
        return queued if queued >= MIN_QUEUE_TIME else 0.0
