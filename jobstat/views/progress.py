"""How a watch is shown while it lasts: not at all, or in lines."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol, Self

from jobstat.jobs.duration import clock, spoken
from jobstat.views.words import (
    counts_of,
    glyph_of,
    percent_of,
    safe,
    state_of,
)

if TYPE_CHECKING:
    from jobstat.jobs.watching import Watch, Watched
    from jobstat.views.terminal import Terminal

QUIET_FOR = 60.0
"""Seconds without a line after which one says that the watch goes on."""


class Progress(Protocol):
    """A view of a watch that goes on; a context manager around it.

    ``keeps`` is whether what it showed of a job's state stays to be read.
    """

    keeps: bool

    def __enter__(self) -> Self: ...
    def __exit__(self, *exception: object) -> None: ...

    def aside(self) -> AbstractContextManager[None]:
        """Step aside while something else is written."""

    def changed(self, watched: Watched, now: float) -> None: ...
    def troubled(self, watched: Watched, now: float) -> None: ...
    def idle(self, now: float) -> None: ...
    def closed(self, watched: Watched, now: float) -> None: ...


class Silent:
    """Shows nothing."""

    keeps = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def aside(self) -> AbstractContextManager[None]:
        return nullcontext()

    def changed(self, watched: Watched, now: float) -> None:
        pass

    def troubled(self, watched: Watched, now: float) -> None:
        pass

    def idle(self, now: float) -> None:
        pass

    def closed(self, watched: Watched, now: float) -> None:
        pass


class Plain(Silent):
    """One line a change, and one a minute while nothing changes.

    ``lines`` is where they go, None for nowhere; trouble goes to ``problems``.
    ``last`` is whether a job's end is a line too: not where its report follows.
    """

    def __init__(
        self, watch: Watch, lines: Terminal | None, problems: Terminal, *, last: bool
    ) -> None:
        self._last = last
        self.keeps = lines is not None
        self._watch = watch
        self._lines = lines
        self._problems = problems
        self._spoke_at = watch.started
        self._complained: dict[str, tuple[str, float]] = {}
        self._named: set[str] = set()

    def changed(self, watched: Watched, now: float) -> None:
        self._tell_recovery(now)
        if self._last or watched.exit is None:
            self._say(watched, now)

    def troubled(self, watched: Watched, now: float) -> None:
        error = str(watched.error)
        said, at = self._complained.get(watched.id, ("", 0.0))
        if said != error or now - at >= QUIET_FOR:
            self._complained[watched.id] = (error, now)
            self._complain(watched, f"{safe(error)}; {trying_again(watched, now)}", now)

    def idle(self, now: float) -> None:
        self._tell_recovery(now)
        if now - self._spoke_at >= QUIET_FOR:
            for watched in self._watch.open:
                self._say(watched, now)

    def _say(self, watched: Watched, now: float) -> None:
        self._spoke_at = now
        if self._lines and watched.job:
            job = watched.job
            percent = percent_of(job)
            parts = [
                clock(now - self._watch.started),
                self._name(watched),
                f"{glyph_of(job).on(unicode=self._lines.unicode)} {state_of(job)}",
                counts_of(job),
                "" if percent is None else f"{percent}%",
                safe(job.message or ""),
            ]
            self._lines.write("  ".join(filter(None, parts)) + "\n")

    def _name(self, watched: Watched) -> str:
        # One job is named once: an id on every line is noise, above all when
        # it is read aloud.
        known = watched.id in self._named and len(self._watch.jobs) == 1
        self._named.add(watched.id)
        return "" if known else watched.id

    def _tell_recovery(self, now: float) -> None:
        for watched in self._watch.jobs:
            if watched.error is None and watched.id in self._complained:
                del self._complained[watched.id]
                self._complain(watched, "answers again", now)

    def _complain(self, watched: Watched, what: str, now: float) -> None:
        self._spoke_at = now
        whose = f"{watched.id}: " if len(self._watch.jobs) > 1 else ""
        self._problems.note(f"jobstat: {whose}{what}\n")


def trying_again(watched: Watched, now: float) -> str:
    """When a job is asked for again, and how old what is known of it is."""
    again = f"trying again in {spoken(max(watched.due - now, 0) + 0.5)}"
    if watched.fresh_at is None:
        return again
    return f"{again}, last answer {spoken(now - watched.fresh_at)} ago"
