"""A frame of the live view: the lines of one moment, for one or several jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobstat.exits import Exit
from jobstat.views.delays import delay_lines
from jobstat.views.frame_header import header_lines
from jobstat.views.frame_rows import job_row
from jobstat.views.layout import StyledLine, ellipsis_sign
from jobstat.views.live_job import JobFrame
from jobstat.views.screen import Screen
from jobstat.views.summary import failed_jobs, format_status_counts
from jobstat.views.wording import GOOD

if TYPE_CHECKING:
    from jobstat.jobs.poll import TrackedJob
    from jobstat.jobs.watch import Watch
    from jobstat.views.terminal import Glyphs


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
        self._screen = Screen(width, height, glyphs)

    def lines(self) -> list[StyledLine]:
        """Return the lines that fit, the most important first."""
        screen = self._screen
        if len(self._watch.jobs) == 1:
            lines = JobFrame(self._watch, self._account, self._now, screen).lines()
        else:
            lines = self._several_jobs()
        return [screen.clip(line) for line in lines[: screen.height]]

    def _several_jobs(self) -> list[StyledLine]:
        """Return a header, failed jobs, pending jobs, and counts of the others."""
        watch, now, screen = self._watch, self._now, self._screen
        lines = header_lines(watch, self._account, now, screen)
        lines += delay_lines(watch, now, screen)
        failed = failed_jobs(watch.jobs)
        pending = sorted(watch.pending, key=_display_order)
        succeeded = sum(tracked.exit is Exit.OK for tracked in watch.jobs)
        room = screen.height - len(lines) - (succeeded > 0)
        shown = _choose_rows(failed, pending, room)
        lines += [job_row(tracked, now, screen) for tracked in shown]
        if succeeded:
            counted = GOOD.label(f"{succeeded:,} completed", screen.glyphs)
            lines.append([(counted, GOOD.style)])
        shown_ids = {tracked.id for tracked in shown}
        hidden = [t for t in failed + pending if t.id not in shown_ids]
        if hidden:
            lines.append([(self._count_hidden(hidden), "dim")])
        return lines

    def _count_hidden(self, jobs: list[TrackedJob]) -> str:
        """Return how many jobs do not fit and, if there is room, their statuses."""
        start = f"and {len(jobs):,} more"
        statuses = format_status_counts(jobs).split(", ")
        if len(statuses) == 1:
            start += statuses.pop().removeprefix(f"{len(jobs):,}")
        for shown in range(len(statuses), 0, -1):
            line = f"{start}: {', '.join(statuses[:shown])}"
            if shown < len(statuses):
                line += f", {ellipsis_sign(glyphs=self._screen.glyphs)}"
            if self._screen.fits([(line, "")]):
                return line
        return start


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
    """Return a sort key: outages, stalls, working, queued, jobs without an answer."""
    if tracked.outage:
        return 0
    if tracked.job is None:
        return 4
    if tracked.stalled_since is not None:
        return 1
    return 3 if tracked.job.state == "queued" else 2
