"""A frame of the live view: the lines of one moment, for one or several jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobstat.exits import Exit
from jobstat.jobs.duration import format_elapsed
from jobstat.jobs.job import Job
from jobstat.views.job_lines import bar_values, job_lines
from jobstat.views.layout import (
    GAP,
    MAX_BAR,
    MIN_BAR,
    NARROW,
    StyledLine,
    draw_bar,
    ellipsis_sign,
    flow,
    join_parts,
    line_width,
    truncate,
)
from jobstat.views.summary import (
    count_done,
    failed_jobs,
    format_failure_counts,
    format_outcome,
    format_status_counts,
    overall_progress,
    status_label,
)
from jobstat.views.wording import (
    BAD,
    GOOD,
    UNKNOWN,
    format_counts,
    format_outage,
    format_rate_limit_wait,
    item_counts,
    percent_done,
    whole_percent,
)

if TYPE_CHECKING:
    from jobstat.jobs.poll import TrackedJob
    from jobstat.jobs.retry import Outage
    from jobstat.jobs.watch import Watch
    from jobstat.views.terminal import Glyphs

WIDE = 100
"""Columns that have room for the account, and for the time left of each job."""

WHOLE_ID_COLUMNS = 60
"""Columns that have room for a job's whole id, its counts and a short bar. With fewer,
the header takes two lines."""

SHORT_BAR = 4
"""Minimum columns of a job's bar on a narrow screen."""

ID_WIDTH = 35
"""Characters of a job's id."""

_DROP_ORDER = ("account", "time left", "items", "percent", "failures", "elapsed")
"""Parts of the header that are dropped if there is no room, the first one first."""


class Frame:
    """The live view at one moment, on ``width`` columns and ``height`` rows."""

    def __init__(
        self,
        watch: Watch,
        account: str,
        now: float,
        *,
        width: int,
        height: int,
        glyphs: Glyphs,
    ) -> None:
        self._watch = watch
        self._account = account
        self._now = now
        self._width = width
        self._height = height
        self._glyphs = glyphs

    def lines(self) -> list[StyledLine]:
        """Return the lines that fit, the most important first."""
        if len(self._watch.jobs) == 1:
            lines = self._single_job()
        else:
            lines = self._several_jobs()
        lines = lines[: self._height]
        return [truncate(line, self._width, glyphs=self._glyphs) for line in lines]

    def _single_job(self) -> list[StyledLine]:
        (tracked,) = self._watch.jobs
        elapsed = self._now - self._watch.started
        if tracked.job is None:
            lines = [
                *flow([(tracked.id, "dim"), (self._account, "dim")], self._width),
                *flow([(f"asking  {format_elapsed(elapsed)}", "dim")], self._width),
            ]
        else:
            lines = job_lines(
                tracked.job,
                self._account,
                width=self._width,
                glyphs=self._glyphs,
                elapsed=elapsed if tracked.seen_running else None,
                left=tracked.estimate.eta(self._now),
                live=True,
            )
        for line in self._delay_lines(tracked.outage, tracked.last_success_at):
            lines += flow(line, self._width)
        return lines

    def _several_jobs(self) -> list[StyledLine]:
        """Return a header, failed jobs, pending jobs, and counts of the others."""
        watch = self._watch
        lines = self._header()
        lines += self._delay_lines(watch.outage, watch.last_success_at)
        failed = failed_jobs(watch.jobs)
        pending = sorted(watch.pending, key=_display_order)
        succeeded = sum(tracked.exit is Exit.OK for tracked in watch.jobs)
        room = self._height - len(lines) - (succeeded > 0)
        shown = _choose_rows(failed, pending, room)
        lines += [self._job_row(tracked) for tracked in shown]
        if succeeded:
            counted = GOOD.label(f"{succeeded} completed", self._glyphs)
            lines.append([(counted, GOOD.style)])
        shown_ids = {tracked.id for tracked in shown}
        hidden = [t for t in failed + pending if t.id not in shown_ids]
        if hidden:
            lines.append([(self._count_hidden(hidden), "dim")])
        return lines

    def _count_hidden(self, jobs: list[TrackedJob]) -> str:
        """Return how many jobs do not fit and, if there is room, their statuses."""
        start = f"and {len(jobs)} more"
        statuses = format_status_counts(jobs).split(", ")
        for shown in range(len(statuses), 0, -1):
            line = f"{start}: {', '.join(statuses[:shown])}"
            if shown < len(statuses):
                line += f", {ellipsis_sign(glyphs=self._glyphs)}"
            if len(line) <= self._width:
                return line
        return start

    def _header(self) -> list[StyledLine]:
        """Return the progress of all jobs, in figures and as a bar."""
        done, total = overall_progress(self._watch)
        has_bar_beside = self._width >= WHOLE_ID_COLUMNS
        room = self._width - (MIN_BAR + len(GAP) if has_bar_beside else 0)
        figures = self._header_figures(whole_percent(done, total))
        for name in _DROP_ORDER:
            if line_width(join_parts(figures.values())) <= room:
                break
            del figures[name]
        line = join_parts(figures.values())
        if not has_bar_beside:
            return [line, self._bar(done, total, self._width, "green")]
        bar_width = min(self._width - line_width(line) - len(GAP), MAX_BAR)
        bar = self._bar(done, total, max(bar_width, MIN_BAR), "green")
        return [[line[0], (GAP, ""), *bar, *line[1:]]]

    def _header_figures(self, percent: int) -> dict[str, tuple[str, str]]:
        watch, is_narrow = self._watch, self._width < NARROW
        jobs_done, jobs_total = count_done(watch), len(watch.jobs)
        counts = f"{jobs_done} of {jobs_total} jobs done"
        if is_narrow:
            counts = f"{jobs_done}/{jobs_total} jobs"
        items_done, items_total = watch.items
        items = f"{items_done}/{items_total} items" if items_total else ""
        left, time_left = watch.eta(self._now), ""
        if left is not None:
            time_left = f"{'' if is_narrow else 'about '}{format_elapsed(left)} left"
        return {
            "jobs": (counts, "bold"),
            "items": (items, ""),
            "percent": (f"{percent}%" if items or is_narrow else "", ""),
            "failures": (format_failure_counts(watch.jobs), BAD.style),
            "elapsed": (format_elapsed(self._now - watch.started), "dim"),
            "time left": (time_left, "dim"),
            "account": (self._account if self._width >= WIDE else "", "dim"),
        }

    def _job_row(self, tracked: TrackedJob) -> StyledLine:
        if tracked.outage:
            outage = format_outage(tracked.outage, tracked.last_success_at, self._now)
            return [(f"! {tracked.id}: {outage}", UNKNOWN.style)]
        glyph, status = status_label(tracked)
        label = (glyph.label(f"{status:<7}{GAP}", self._glyphs), glyph.style)
        job = tracked.job
        if job is None:
            return self._append_id([label], tracked.id)
        if tracked.exit is not None:
            return self._append_id([label, (self._job_outcome(job), "")], tracked.id)
        figures = self._job_figures(job, tracked.estimate.eta(self._now))
        room = self._width - len(label[0]) - len(figures) - len(GAP) - ID_WIDTH
        min_width = SHORT_BAR if self._width < NARROW else MIN_BAR
        bar_width = max(min(room, MAX_BAR), min_width)
        bar = self._bar(*bar_values(job, live=True), bar_width, glyph.style)
        return self._append_id([label, *bar, (figures, "")], tracked.id)

    def _job_outcome(self, job: Job) -> str:
        if self._width >= NARROW:
            return f"{format_outcome(job):>17}"
        failed, reported = item_counts(job)
        return f"{failed}/{reported}" if failed else format_counts(job)

    def _job_figures(self, job: Job, left: float | None) -> str:
        if self._width < NARROW:
            return f"{GAP}{format_counts(job):>5}"
        done = percent_done(job)
        percent = "" if done is None else f"{done}%"
        figures = f"{GAP}{format_counts(job):>7}{GAP}{percent:>4}"
        if self._width < WIDE:
            return figures
        time_left = "" if left is None else f"{format_elapsed(left)} left"
        return f"{figures}{GAP}{time_left:>12}"

    def _append_id(self, parts: StyledLine, id: str) -> StyledLine:
        """Append the id. Leave its middle out if there is no room."""
        room = self._width - line_width(parts) - len(GAP)
        if len(id) > room:
            ellipsis = ellipsis_sign(glyphs=self._glyphs)
            kept = max(room - len(ellipsis), 0)
            tail = kept // 2
            id = id[: kept - tail] + ellipsis + id[len(id) - tail :]
        return [*parts, (f"{GAP}{id}", "")]

    def _bar(self, done: int, total: int | None, width: int, style: str) -> StyledLine:
        return draw_bar(done, total, width, style, glyphs=self._glyphs)

    def _delay_lines(
        self, outage: Outage | None, last_success_at: float | None
    ) -> list[StyledLine]:
        """Return a line about the outage, else about a wait for the rate limit."""
        until = self._watch.rate_limited_until(self._now)
        if outage:
            message = format_outage(outage, last_success_at, self._now)
        elif until is not None:
            message = format_rate_limit_wait(until, self._now)
        else:
            return []
        return [[(f"! {message}", UNKNOWN.style)]]


def _choose_rows(
    failed: list[TrackedJob], pending: list[TrackedJob], room: int
) -> list[TrackedJob]:
    """Return the jobs that fit into ``room`` rows, the failed ones first.

    Pending jobs get half of the rows, if they need them. If not all jobs fit, a row
    stays free for the count of the others.
    """
    if len(failed) + len(pending) > room:
        room -= 1
    max_failed = max(room - len(pending), (room + 1) // 2, 0)
    shown_failed = failed[:max_failed]
    max_pending = max(room - len(shown_failed), 0)
    return shown_failed + pending[:max_pending]


def _display_order(tracked: TrackedJob) -> int:
    """Return a sort key: outages, working jobs, queued jobs, jobs without an answer."""
    if tracked.outage:
        return 0
    if tracked.job is None:
        return 3
    return 2 if tracked.job.state == "queued" else 1
