"""The progress of a watch as a log: a line for each change."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING

from jobstat.jobs.duration import format_duration, format_elapsed
from jobstat.jobs.poll import TrackedJob
from jobstat.views.layout import GAP
from jobstat.views.progress import Progress
from jobstat.views.sanitize import MAX_MESSAGE, sanitize
from jobstat.views.summary import format_overall_progress, format_status_counts
from jobstat.views.wording import (
    format_failures,
    format_outage,
    format_progress,
    format_rate_limit_wait,
    format_stall,
    format_status,
    status_glyph,
)

if TYPE_CHECKING:
    from jobstat.jobs.job import Job
    from jobstat.jobs.retry import Outage
    from jobstat.jobs.watch import Watch
    from jobstat.views.terminal import Terminal

REMIND_AFTER = 60.0
"""Seconds until a line says that the watch goes on, or repeats an error or a wait."""

_ACCOUNT = ""
"""The key of an outage of the whole account, in place of a job's id."""


class LogProgress(Progress):
    """A line for each change, and one a minute while nothing changes.

    Lines go to ``terminal``, or nowhere if it is None. Errors go to ``stderr``. With
    ``show_final``, the end of a job has a line. Without ``show_final``, a report on the
    job follows.

    With several jobs, each line names its job. A job has a line if its status changes,
    and one line a minute gives the progress of all jobs.
    """

    format_duration = staticmethod(format_duration)

    def __init__(
        self,
        watch: Watch,
        terminal: Terminal | None,
        stderr: Terminal,
        *,
        show_final: bool,
    ) -> None:
        self.persistent = terminal is not None
        self.watch = watch
        self.has_several = len(watch.jobs) > 1
        self.logged: dict[str, Job] = {}
        self._terminal = terminal
        self._stderr = stderr
        self._show_final = show_final or self.has_several
        self._last_line_at = watch.started
        self._overall_at = -inf
        self._logged_stalls: dict[str, float] = {}
        self._logged_errors: dict[str, tuple[str, float]] = {}
        self._next_limit_line_at = -inf

    def job_changed(self, tracked: TrackedJob, now: float) -> None:
        self._log_recovery(now)
        is_shown = self._show_final or tracked.exit is None
        if is_shown and tracked.job and self.is_worth_a_line(tracked.job, tracked.id):
            self._log_job(tracked, now)

    def request_failed(
        self, jobs: Sequence[TrackedJob], outage: Outage, now: float
    ) -> None:
        if outage is self.watch.outage:
            id, last_success_at = _ACCOUNT, self.watch.last_success_at
        else:
            id, last_success_at = jobs[0].id, jobs[0].last_success_at
        error, logged_at = self._logged_errors.get(id, ("", -inf))
        if error != outage.error.message or now - logged_at >= REMIND_AFTER:
            self._logged_errors[id] = (outage.error.message, now)
            message = format_outage(outage, last_success_at, now, self.format_duration)
            self._log_problem(id, message, now)

    def tick(self, now: float) -> None:
        self._log_recovery(now)
        self._log_rate_limit(now)
        self._log_stalls(now)
        if self.has_several:
            self._log_overall(now)
        elif now - self._last_line_at >= REMIND_AFTER:
            self._last_line_at = now
            for tracked in self.watch.pending:
                self._log_job(tracked, now)

    def is_worth_a_line(self, job: Job, id: str) -> bool:
        """Return whether a change of a job gets a line."""
        if not self.has_several:
            return True
        logged = self.logged.get(id)
        if logged is None:
            return job.state != "queued"  # the line about all jobs counts it
        return has_new_status(job, logged)

    def is_overall_due(self, seconds: float) -> bool:
        """Return whether a line about all jobs is due, seconds after the last one."""
        return seconds >= REMIND_AFTER

    def format_job(self, job: Job, elapsed: float) -> list[str]:
        """Return the parts of a line about a job."""
        del elapsed
        glyphs = self._terminal.glyphs if self._terminal else self._stderr.glyphs
        return [
            status_glyph(job).label(format_status(job), glyphs),
            format_progress(job),
            format_failures(job),
            sanitize(job.message or "", MAX_MESSAGE),
        ]

    def format_overall(self, elapsed: float) -> list[str]:
        """Return the parts of a line about all jobs."""
        del elapsed
        statuses = format_status_counts(self.watch.jobs)
        return [format_overall_progress(self.watch), statuses]

    def format_line(self, id: str, elapsed: float, parts: Sequence[str]) -> str:
        """Return a line about a job, or about all jobs if the id is empty."""
        # The id of a single job is logged once. On every line it would be noise.
        name = id if self.has_several or not self.logged else ""
        return GAP.join(filter(None, [format_elapsed(elapsed), name, *parts]))

    def format_name(self, id: str) -> str:
        """Return the name of one of several jobs, for a line on stderr."""
        return id

    def _log_job(self, tracked: TrackedJob, now: float) -> None:
        if tracked.job:
            parts = self.format_job(tracked.job, now - self.watch.started)
            self._write(now, tracked.id, *parts)
            self.logged[tracked.id] = tracked.job

    def _log_overall(self, now: float) -> None:
        has_answer = any(tracked.job for tracked in self.watch.jobs)
        is_due = self.is_overall_due(now - self._overall_at)
        if has_answer and self.watch.pending and is_due:
            self._overall_at = now
            self._write(now, "", *self.format_overall(now - self.watch.started))

    def _log_stalls(self, now: float) -> None:
        """Say once for each stall that a job makes no progress."""
        for tracked in self.watch.pending:
            since = tracked.stalled_since
            if since is not None and self._logged_stalls.get(tracked.id) != since:
                self._logged_stalls[tracked.id] = since
                stall = format_stall(since, now, self.format_duration)
                self._write(now, tracked.id, stall)

    def _write(self, now: float, id: str, *parts: str) -> None:
        self._last_line_at = now
        if self._terminal:
            line = self.format_line(id, now - self.watch.started, parts)
            self._terminal.write(self._terminal.stamp(line) + "\n")

    def _log_rate_limit(self, now: float) -> None:
        """Say, at most once a minute, that the rate limit delays the next request."""
        until = self.watch.rate_limited_until(now)
        if until is not None and now >= self._next_limit_line_at:
            self._next_limit_line_at = max(until, now + REMIND_AFTER)
            message = format_rate_limit_wait(until, now, duration=self.format_duration)
            self._log_problem(_ACCOUNT, message, now)

    def _log_recovery(self, now: float) -> None:
        failing = {tracked.id for tracked in self.watch.jobs if tracked.outage}
        if self.watch.outage:
            failing.add(_ACCOUNT)
        for id in [id for id in self._logged_errors if id not in failing]:
            del self._logged_errors[id]
            self._log_problem(id, "Zendesk answers again", now)

    def _log_problem(self, id: str, message: str, now: float) -> None:
        self._last_line_at = now
        prefix = f"{self.format_name(id)}: " if id and self.has_several else ""
        line = self._stderr.stamp(f"{prefix}{message}")
        self._stderr.print_quietly(f"jobstat: {line}\n")


def has_new_status(job: Job, logged: Job) -> bool:
    """Return whether the status changed, or an item failed for the first time."""
    return job.state != logged.state or bool(job.failed) != bool(logged.failed)
