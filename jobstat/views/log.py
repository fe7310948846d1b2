"""The progress of a watch as a log: a line for each change."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING

from jobstat.jobs.duration import format_elapsed
from jobstat.jobs.poll import TrackedJob
from jobstat.views.progress import Progress
from jobstat.views.sanitize import MAX_MESSAGE, sanitize
from jobstat.views.summary import format_overall_progress
from jobstat.views.wording import (
    format_failures,
    format_outage,
    format_progress,
    format_rate_limit_wait,
    format_status,
    status_glyph,
)

if TYPE_CHECKING:
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

    With several jobs, each line names its job. While the status of a job stays the
    same, the job has at most one line a minute. After a quiet minute, a line counts all
    jobs.
    """

    def __init__(
        self,
        watch: Watch,
        terminal: Terminal | None,
        stderr: Terminal,
        *,
        show_final: bool,
    ) -> None:
        self.persistent = terminal is not None
        self._watch = watch
        self._terminal = terminal
        self._stderr = stderr
        self._has_several = len(watch.jobs) > 1
        self._show_final = show_final or self._has_several
        self._last_line_at = watch.started
        self._last_logged: dict[str, tuple[str, float]] = {}
        self._logged_errors: dict[str, tuple[str, float]] = {}
        self._next_limit_line_at = -inf

    def job_changed(self, tracked: TrackedJob, now: float) -> None:
        self._log_recovery(now)
        is_shown = self._show_final or tracked.exit is None
        if is_shown and self._is_worth_a_line(tracked, now):
            self._log_job(tracked, now)

    def request_failed(
        self, jobs: Sequence[TrackedJob], outage: Outage, now: float
    ) -> None:
        if outage is self._watch.outage:
            id, last_success_at = _ACCOUNT, self._watch.last_success_at
        else:
            id, last_success_at = jobs[0].id, jobs[0].last_success_at
        error, logged_at = self._logged_errors.get(id, ("", -inf))
        if error != outage.error.message or now - logged_at >= REMIND_AFTER:
            self._logged_errors[id] = (outage.error.message, now)
            self._log_problem(id, format_outage(outage, last_success_at, now), now)

    def tick(self, now: float) -> None:
        self._log_recovery(now)
        self._log_rate_limit(now)
        if now - self._last_line_at < REMIND_AFTER:
            return
        self._last_line_at = now
        if self._has_several:
            self._write(now, format_overall_progress(self._watch))
        else:
            for tracked in self._watch.pending:
                self._log_job(tracked, now)

    def _is_worth_a_line(self, tracked: TrackedJob, now: float) -> bool:
        if not (self._has_several and tracked.job):
            return True
        state, logged_at = self._last_logged.get(tracked.id, ("", -inf))
        return state != tracked.job.state or now - logged_at >= REMIND_AFTER

    def _log_job(self, tracked: TrackedJob, now: float) -> None:
        job = tracked.job
        if self._terminal is None or job is None:
            return
        # The id of a single job is logged once. On every line it would be noise, above
        # all for a screen reader.
        is_named = self._has_several or tracked.id not in self._last_logged
        self._last_logged[tracked.id] = (job.state, now)
        self._write(
            now,
            tracked.id if is_named else "",
            status_glyph(job).label(format_status(job), self._terminal.glyphs),
            format_progress(job),
            format_failures(job),
            sanitize(job.message or "", MAX_MESSAGE),
        )

    def _write(self, now: float, *parts: str) -> None:
        self._last_line_at = now
        if self._terminal:
            time = format_elapsed(now - self._watch.started)
            self._terminal.write("  ".join(filter(None, [time, *parts])) + "\n")

    def _log_rate_limit(self, now: float) -> None:
        """Say, at most once a minute, that the rate limit delays the next request."""
        until = self._watch.rate_limited_until(now)
        if until is not None and now >= self._next_limit_line_at:
            self._next_limit_line_at = max(until, now + REMIND_AFTER)
            self._log_problem(_ACCOUNT, format_rate_limit_wait(until, now), now)

    def _log_recovery(self, now: float) -> None:
        failing = {tracked.id for tracked in self._watch.jobs if tracked.outage}
        if self._watch.outage:
            failing.add(_ACCOUNT)
        for id in [id for id in self._logged_errors if id not in failing]:
            del self._logged_errors[id]
            self._log_problem(id, "Zendesk answers again", now)

    def _log_problem(self, id: str, message: str, now: float) -> None:
        self._last_line_at = now
        prefix = f"{id}: " if id and self._has_several else ""
        self._stderr.print_quietly(f"jobstat: {prefix}{message}\n")
