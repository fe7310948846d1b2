"""The loop around a watch: asks, waits, and tells an observer how it goes.

It gets its clock and its network handed in.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from jobstat.errors import JobstatError, OutputError
from jobstat.jobs.poll import Wait

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jobstat.jobs.poll import PollRequest, PollResult, TrackedJob
    from jobstat.jobs.retry import Outage
    from jobstat.jobs.watch import Watch

    Fetch = Callable[[Sequence[str], float, Callable[[], None]], PollResult]

TICK = 1.0
"""Seconds after which a waiting loop lets the observer look at the time."""


class Observer:
    """The events of a watch. Each method does nothing; a view overrides its own.

    A signal may interrupt ``job_changed`` and ``job_done``. Both are then called
    again with the same job.
    """

    def job_changed(self, tracked: TrackedJob, now: float) -> None:
        """Handle a job's first state, or a new one."""

    def request_failed(
        self, asked: Sequence[TrackedJob], outage: Outage, now: float
    ) -> None:
        """Handle a failed request for these jobs. It will be retried."""

    def tick(self, now: float) -> None:
        """Handle the passing of time: once at the start, then about every second."""

    def job_done(self, tracked: TrackedJob, now: float) -> None:
        """Handle a job that will not be polled again, for any reason."""

    def interrupted(self) -> None:
        """Prepare for an early end: the calls that follow are the last ones."""

    def ended(self, now: float) -> None:
        """Handle the end of the watch. Every job is done."""


class Clock(Protocol):
    """The time and its passing, in seconds."""

    def monotonic(self) -> float: ...
    def sleep(self, seconds: float, /) -> None: ...


def follow(watch: Watch, fetch: Fetch, clock: Clock, observer: Observer) -> None:
    """Ask and wait until no job is open any more.

    ``fetch`` asks for the jobs of these ids, in so many seconds at most, and raises
    JobstatError. It calls what it is given about every second until it is done.
    What ends the watch early (a signal, an error that asking again cannot mend)
    is raised after the observer was told all that had been answered, and the last
    state of each job that was still open.
    """
    untold = {tracked.id: tracked for tracked in watch.jobs}
    try:
        observer.tick(clock.monotonic())
        while (step := watch.next_step(clock.monotonic())) is not None:
            if isinstance(step, Wait):
                clock.sleep(min(step.seconds, TICK))
                observer.tick(clock.monotonic())
            else:
                _poll(watch, step, fetch, clock, observer)
                _tell_closed(untold, clock, observer)
        _tell_changed(watch, clock, observer)
        _tell_closed(untold, clock, observer)
    except BaseException:
        # The reader of a pipe that was ended by the same Ctrl-C is gone.
        with suppress(OutputError, OSError):
            observer.interrupted()
            watch.close()
            _tell_changed(watch, clock, observer)
            _tell_closed(untold, clock, observer)
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
        answer = fetch(ids, request.timeout, lambda: observer.tick(clock.monotonic()))
    except JobstatError as error:
        now = clock.monotonic()
        outage = watch.record_failure(request, error, now)
        if outage and now < watch.deadline:
            observer.request_failed(request.jobs, outage, now)
    else:
        watch.record_result(request, answer, clock.monotonic())
        _tell_changed(watch, clock, observer)


def _tell_changed(watch: Watch, clock: Clock, observer: Observer) -> None:
    """Tell the news; what was being told when a signal came is told again."""
    while watch.unreported:
        observer.job_changed(watch.unreported[0], clock.monotonic())
        del watch.unreported[0]


def _tell_closed(
    untold: dict[str, TrackedJob], clock: Clock, observer: Observer
) -> None:
    """Tell which of these jobs are closed; likewise again where a signal came."""
    closed = [tracked for tracked in untold.values() if tracked.exit is not None]
    for tracked in closed:
        observer.job_done(tracked, clock.monotonic())
        del untold[tracked.id]
