"""How a watch is shown while it lasts: not at all, or in lines."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from math import inf
from typing import TYPE_CHECKING, Protocol, Self

from jobstat.jobs.duration import format_elapsed
from jobstat.views.sanitize import MAX_MESSAGE, sanitize
from jobstat.views.wording import (
    format_counts,
    format_failures,
    format_status,
    percent_done,
    problem_of,
    retry_note,
    status_glyph,
    waiting_for_limit,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobstat.jobs.poll import TrackedJob
    from jobstat.jobs.retry import Outage
    from jobstat.jobs.watch import Watch
    from jobstat.views.terminal import Terminal

QUIET_FOR = 60.0
"""Seconds without a line after which one says that the watch goes on."""


class Progress(Protocol):
    """A view of a watch that goes on; a context manager around it.

    ``persistent`` is whether what it showed of a job's state stays to be read.
    """

    persistent: bool

    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...

    def suspended(self) -> AbstractContextManager[None]:
        """Step aside while something else is written."""

    def job_changed(self, tracked: TrackedJob, now: float) -> None: ...
    def request_failed(
        self, asked: Sequence[TrackedJob], outage: Outage, now: float
    ) -> None: ...
    def tick(self, now: float) -> None: ...
    def job_done(self, tracked: TrackedJob, now: float) -> None: ...
    def ended(self, now: float) -> None: ...


class NoProgress:
    """Shows nothing."""

    persistent = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def suspended(self) -> AbstractContextManager[None]:
        return nullcontext()

    def job_changed(self, tracked: TrackedJob, now: float) -> None:
        pass

    def request_failed(
        self, asked: Sequence[TrackedJob], outage: Outage, now: float
    ) -> None:
        pass

    def tick(self, now: float) -> None:
        pass

    def job_done(self, tracked: TrackedJob, now: float) -> None:
        pass

    def ended(self, now: float) -> None:
        pass


class LogProgress(NoProgress):
    """One line a change, and one a minute while nothing changes.

    ``lines`` is where they go, None for nowhere; trouble goes to ``problems``.
    ``show_final`` is whether a job's end is a line too: not where its report follows.
    Of several jobs each line has its id, one that only moves on has a line a
    minute, and the minute's line is about all of them.
    """

    def __init__(
        self,
        watch: Watch,
        lines: Terminal | None,
        problems: Terminal,
        *,
        show_final: bool,
    ) -> None:
        self._several = len(watch.jobs) > 1
        self._show_final = show_final or self._several
        self.persistent = lines is not None
        self._watch = watch
        self._lines = lines
        self._problems = problems
        self._spoke_at = watch.started
        self._told: dict[str, tuple[str, float]] = {}
        self._complained: dict[str, tuple[str, float]] = {}
        self._limit_told_until = -inf

    def job_changed(self, tracked: TrackedJob, now: float) -> None:
        self._tell_recovery(now)
        if (self._show_final or tracked.exit is None) and self._is_news(tracked, now):
            self._say(tracked, now)

    def request_failed(
        self, asked: Sequence[TrackedJob], outage: Outage, now: float
    ) -> None:
        # What keeps the whole account from answering is of no job's own.
        of_all = outage is self._watch.outage
        whose = "" if of_all else asked[0].id
        error = problem_of(outage.error)
        said, at = self._complained.get(whose, ("", 0.0))
        if said != error or now - at >= QUIET_FOR:
            self._complained[whose] = (error, now)
            last_success_at = (
                asked[0].last_success_at if whose else self._watch.last_success_at
            )
            again = retry_note(outage, last_success_at, now)
            self._complain(whose, f"{error}; {again}", now)

    def tick(self, now: float) -> None:
        self._tell_recovery(now)
        self._tell_limit(now)
        if now - self._spoke_at < QUIET_FOR:
            return
        self._spoke_at = now
        if self._several:
            from jobstat.views.many import overall_progress

            self._write(now, overall_progress(self._watch))
        else:
            for tracked in self._watch.pending:
                self._say(tracked, now)

    def _is_news(self, tracked: TrackedJob, now: float) -> bool:
        if not (self._several and tracked.job):
            return True
        state, at = self._told.get(tracked.id, ("", 0.0))
        return state != tracked.job.state or now - at >= QUIET_FOR

    def _say(self, tracked: TrackedJob, now: float) -> None:
        job = tracked.job
        if self._lines is None or job is None:
            return
        # One job is named once: an id on every line is noise, above all when
        # it is read aloud.
        name = tracked.id if self._several or tracked.id not in self._told else ""
        self._told[tracked.id] = (job.state, now)
        percent = percent_done(job)
        self._write(
            now,
            name,
            f"{status_glyph(job).on(unicode=self._lines.unicode)} {format_status(job)}",
            format_counts(job),
            "" if percent is None else f"{percent}%",
            format_failures(job),
            sanitize(job.message or "", MAX_MESSAGE),
        )

    def _write(self, now: float, *parts: str) -> None:
        self._spoke_at = now
        if self._lines:
            time = format_elapsed(now - self._watch.started)
            self._lines.write("  ".join(filter(None, [time, *parts])) + "\n")

    def _tell_limit(self, now: float) -> None:
        """Say, once a minute at most, that the rate limit delays the next request."""
        until = self._watch.rate_limited_until(now)
        if until is not None and now >= self._limit_told_until:
            self._limit_told_until = max(until, now + QUIET_FOR)
            self._complain("", waiting_for_limit(until, now), now)

    def _tell_recovery(self, now: float) -> None:
        if not self._complained:
            return
        request_failed = {w.id for w in self._watch.jobs if w.outage}
        if self._watch.outage:
            request_failed.add("")
        for whose in [
            whose for whose in self._complained if whose not in request_failed
        ]:
            del self._complained[whose]
            self._complain(whose, "answers again", now)

    def _complain(self, whose: str, what: str, now: float) -> None:
        self._spoke_at = now
        prefix = f"{whose}: " if whose and self._several else ""
        self._problems.print_quietly(f"jobstat: {prefix}{what}\n")
