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
    from collections.abc import Callable

    from jobstat.jobs.watching import Answer, Ask, Watch, Watched

TICK = 1.0
"""Seconds after which a waiting loop lets the observer look at the time."""


class Observer(Protocol):
    """Who is told how a watch goes."""

    def changed(self, watched: Watched, now: float) -> None:
        """The job's state is known for the first time, or has changed."""

    def troubled(self, watched: Watched, now: float) -> None:
        """Asking for the job failed; it will be asked for again."""

    def idle(self, now: float) -> None:
        """Time has passed, about a second since the last call of any kind."""

    def closed(self, watched: Watched, now: float) -> None:
        """The job will not be asked for again, whatever the reason."""


class Clock(Protocol):
    """The time and its passing, in seconds."""

    def monotonic(self) -> float: ...
    def sleep(self, seconds: float, /) -> None: ...


def follow(
    watch: Watch,
    fetch: Callable[[str, float], Answer],
    clock: Clock,
    observer: Observer,
) -> None:
    """Ask and wait until no job is open any more.

    ``fetch`` gets an id and the seconds it may take, and raises JobstatError.
    What ends the watch early (a signal, an error that asking again cannot
    mend) is raised after the observer was told the last state of each job
    that was still open.
    """
    try:
        while (step := watch.next(clock.monotonic())) is not None:
            if isinstance(step, Wait):
                clock.sleep(min(step.seconds, TICK))
                observer.idle(clock.monotonic())
            else:
                _ask(watch, step, fetch, clock, observer)
        for watched in watch.jobs:
            if watched.exit is Exit.TIMEOUT:
                observer.closed(watched, clock.monotonic())
    except BaseException:
        # The reader of a pipe that was ended by the same Ctrl-C is gone.
        with suppress(OutputError, OSError):
            for watched in watch.open:
                watched.exit = Exit.UNFINISHED
                observer.closed(watched, clock.monotonic())
        raise


def _ask(
    watch: Watch,
    ask: Ask,
    fetch: Callable[[str, float], Answer],
    clock: Clock,
    observer: Observer,
) -> None:
    before = watch.open
    try:
        answer = fetch(ask.watched.id, ask.within)
    except JobstatError as error:
        watch.failed(ask.watched, error, clock.monotonic())
        if ask.watched.exit is None:
            observer.troubled(ask.watched, clock.monotonic())
    else:
        if watch.answered(ask.watched, answer, clock.monotonic()):
            observer.changed(ask.watched, clock.monotonic())
    for watched in before:
        if watched.exit is not None:
            observer.closed(watched, clock.monotonic())
