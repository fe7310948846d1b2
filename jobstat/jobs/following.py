"""The loop around a watch: asks, waits, and tells an observer how it goes.

It gets its clock and its network handed in.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Protocol

from jobstat.errors import JobstatError, OutputError
from jobstat.exits import Exit
from jobstat.jobs.watching import Wait

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jobstat.jobs.patience import Setback
    from jobstat.jobs.watching import Answer, Ask, Watch, Watched

TICK = 1.0
"""Seconds after which a waiting loop lets the observer look at the time."""


class Observer(Protocol):
    """Who is told how a watch goes."""

    def changed(self, watched: Watched, now: float) -> None:
        """The job's state is known for the first time, or has changed."""

    def troubled(self, asked: Sequence[Watched], setback: Setback, now: float) -> None:
        """Asking for these jobs failed; they will be asked for again."""

    def idle(self, now: float) -> None:
        """Time has passed, about a second since the last call of any kind."""

    def closed(self, watched: Watched, now: float) -> None:
        """The job will not be asked for again, whatever the reason."""

    def ended(self, now: float) -> None:
        """Every job is closed."""


class Clock(Protocol):
    """The time and its passing, in seconds."""

    def monotonic(self) -> float: ...
    def sleep(self, seconds: float, /) -> None: ...


def follow(
    watch: Watch,
    fetch: Callable[[Sequence[str], float], Answer],
    clock: Clock,
    observer: Observer,
) -> None:
    """Ask and wait until no job is open any more.

    ``fetch`` gets the ids of one request and the seconds it may take, and raises
    JobstatError. What ends the watch early (a signal, an error that asking again
    cannot mend) is raised after the observer was told the last state of each job
    that was still open.
    """
    untold = {watched.id: watched for watched in watch.jobs}
    try:
        while (step := watch.next(clock.monotonic())) is not None:
            if isinstance(step, Wait):
                clock.sleep(min(step.seconds, TICK))
                observer.idle(clock.monotonic())
            else:
                _ask(watch, step, fetch, clock, observer)
                _tell_closed(untold, clock, observer)
        _tell_closed(untold, clock, observer)
    except BaseException:
        # The reader of a pipe that was ended by the same Ctrl-C is gone.
        with suppress(OutputError, OSError):
            for watched in watch.open:
                watched.exit = Exit.UNFINISHED
            _tell_closed(untold, clock, observer)
            observer.ended(clock.monotonic())
        raise
    observer.ended(clock.monotonic())


def _ask(
    watch: Watch,
    ask: Ask,
    fetch: Callable[[Sequence[str], float], Answer],
    clock: Clock,
    observer: Observer,
) -> None:
    try:
        answer = fetch([watched.id for watched in ask.jobs], ask.within)
    except JobstatError as error:
        now = clock.monotonic()
        if setback := watch.failed(ask, error, now):
            observer.troubled(ask.jobs, setback, now)
    else:
        for watched in watch.answered(ask, answer, clock.monotonic()):
            observer.changed(watched, clock.monotonic())


def _tell_closed(untold: dict[str, Watched], clock: Clock, observer: Observer) -> None:
    """Tell which of these jobs are closed, each once, whatever comes between."""
    closed = [watched for watched in untold.values() if watched.exit is not None]
    for watched in closed:
        del untold[watched.id]
        observer.closed(watched, clock.monotonic())
