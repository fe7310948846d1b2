"""The loop around a watch: send requests, wait, and report events to an observer.

The caller passes in the clock and the network.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from jobstat.errors import JobstatError, OutputError
from jobstat.jobs.poll import PollRequest, PollResult, TrackedJob, Wait

if TYPE_CHECKING:
    from jobstat.jobs.retry import Outage
    from jobstat.jobs.watch import Watch

    Fetch = Callable[[Sequence[str], float, Callable[[], None]], PollResult]

TICK = 1.0
"""Seconds between two ticks of the observer during a wait."""


class Observer:
    """The events of a watch. Each method does nothing unless a view overrides it.

    If a signal interrupts ``job_changed`` or ``job_done``, the loop calls the method
    again with the same job.
    """

    def job_changed(self, tracked: TrackedJob, now: float) -> None:
        """Handle the first answer about a job, or a different one."""

    def request_failed(
        self, jobs: Sequence[TrackedJob], outage: Outage, now: float
    ) -> None:
        """Handle a failed request for these jobs. It will be retried."""

    def tick(self, now: float) -> None:
        """Handle the passing of time: once at the start, then about every second."""

    def job_done(self, tracked: TrackedJob, now: float) -> None:
        """Handle a job that will not be polled again, for any reason."""

    def ending_early(self) -> None:
        """Prepare for the last calls, after a signal or a permanent error."""

    def ended(self, now: float) -> None:
        """Handle the end of the watch. Every job is done."""


class Clock(Protocol):
    """The time and a way to let it pass, in seconds."""

    def monotonic(self) -> float: ...
    def sleep(self, seconds: float, /) -> None: ...


def follow(watch: Watch, fetch: Fetch, clock: Clock, observer: Observer) -> None:
    """Poll the jobs of a watch until no job is pending.

    ``fetch`` takes ids, a timeout in seconds, and a function that it calls about every
    second. A signal or a permanent error ends the watch early. It is raised after the
    observer has seen every answer and the last state of each pending job.
    """
    unreported_ends = {tracked.id: tracked for tracked in watch.jobs}
    try:
        observer.tick(clock.monotonic())
        while (step := watch.next_step(clock.monotonic())) is not None:
            if isinstance(step, Wait):
                clock.sleep(min(step.seconds, TICK))
                observer.tick(clock.monotonic())
            else:
                _poll(watch, step, fetch, clock, observer)
                _report_done(unreported_ends, clock, observer)
        _report_changes(watch, clock, observer)
        _report_done(unreported_ends, clock, observer)
    except BaseException:
        # A failed write must not replace the signal: Ctrl-C may also have ended the
        # reader of stdout.
        with suppress(OutputError, OSError):
            observer.ending_early()
            watch.close()
            _report_changes(watch, clock, observer)
            _report_done(unreported_ends, clock, observer)
            observer.ended(clock.monotonic())
        raise
    observer.ended(clock.monotonic())


def _poll(
    watch: Watch,
    request: PollRequest,
    fetch: Fetch,
    clock: Clock,
    observer: Observer,
) -> None:
    ids = [tracked.id for tracked in request.jobs]
    try:
        result = fetch(ids, request.timeout, lambda: observer.tick(clock.monotonic()))
    except JobstatError as error:
        now = clock.monotonic()
        outage = watch.record_failure(request, error, now)
        if outage and now < watch.deadline:
            observer.request_failed(request.jobs, outage, now)
    else:
        watch.record_result(request, result, clock.monotonic())
        _report_changes(watch, clock, observer)


def _report_changes(watch: Watch, clock: Clock, observer: Observer) -> None:
    """Report the changed jobs, also the one whose report a signal interrupted."""
    while watch.unreported_changes:
        observer.job_changed(watch.unreported_changes[0], clock.monotonic())
        del watch.unreported_changes[0]


def _report_done(
    unreported_ends: dict[str, TrackedJob], clock: Clock, observer: Observer
) -> None:
    """Report the jobs that are done, and remove them from ``unreported_ends``."""
    done = [tracked for tracked in unreported_ends.values() if tracked.exit is not None]
    for tracked in done:
        observer.job_done(tracked, clock.monotonic())
        del unreported_ends[tracked.id]
