"""How a watch is shown while it lasts: not at all, or in lines."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from math import inf
from typing import TYPE_CHECKING, Protocol, Self

from jobstat.jobs.duration import clock
from jobstat.views.wording import (
    LONGEST_TEXT,
    counts_of,
    failures_of,
    glyph_of,
    percent_of,
    problem_of,
    safe,
    state_of,
    trying_again,
    waiting_for_limit,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobstat.jobs.retry import Setback
    from jobstat.jobs.watch import Watch, Watched
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
    def troubled(
        self, asked: Sequence[Watched], setback: Setback, now: float
    ) -> None: ...
    def idle(self, now: float) -> None: ...
    def closed(self, watched: Watched, now: float) -> None: ...
    def ended(self, now: float) -> None: ...


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

    def troubled(self, asked: Sequence[Watched], setback: Setback, now: float) -> None:
        pass

    def idle(self, now: float) -> None:
        pass

    def closed(self, watched: Watched, now: float) -> None:
        pass

    def ended(self, now: float) -> None:
        pass


class Plain(Silent):
    """One line a change, and one a minute while nothing changes.

    ``lines`` is where they go, None for nowhere; trouble goes to ``problems``.
    ``last`` is whether a job's end is a line too: not where its report follows.
    Of several jobs each line has its id, one that only moves on has a line a
    minute, and the minute's line is about all of them.
    """

    def __init__(
        self, watch: Watch, lines: Terminal | None, problems: Terminal, *, last: bool
    ) -> None:
        self._several = len(watch.jobs) > 1
        self._last = last or self._several
        self.keeps = lines is not None
        self._watch = watch
        self._lines = lines
        self._problems = problems
        self._spoke_at = watch.started
        self._told: dict[str, tuple[str, float]] = {}
        self._complained: dict[str, tuple[str, float]] = {}
        self._limit_told_until = -inf

    def changed(self, watched: Watched, now: float) -> None:
        self._tell_recovery(now)
        if (self._last or watched.exit is None) and self._is_news(watched, now):
            self._say(watched, now)

    def troubled(self, asked: Sequence[Watched], setback: Setback, now: float) -> None:
        # What keeps the whole account from answering is of no job's own.
        of_all = setback is self._watch.setback
        whose = "" if of_all else asked[0].id
        error = problem_of(setback.error)
        said, at = self._complained.get(whose, ("", 0.0))
        if said != error or now - at >= QUIET_FOR:
            self._complained[whose] = (error, now)
            fresh_at = asked[0].fresh_at if whose else self._watch.fresh_at
            again = trying_again(setback, fresh_at, now)
            self._complain(whose, f"{error}; {again}", now)

    def idle(self, now: float) -> None:
        self._tell_recovery(now)
        self._tell_limit(now)
        if now - self._spoke_at < QUIET_FOR:
            return
        self._spoke_at = now
        if self._several:
            from jobstat.views.many import whole_of

            self._write(now, whole_of(self._watch))
        else:
            for watched in self._watch.open:
                self._say(watched, now)

    def _is_news(self, watched: Watched, now: float) -> bool:
        if not (self._several and watched.job):
            return True
        state, at = self._told.get(watched.id, ("", 0.0))
        return state != watched.job.state or now - at >= QUIET_FOR

    def _say(self, watched: Watched, now: float) -> None:
        job = watched.job
        if self._lines is None or job is None:
            return
        # One job is named once: an id on every line is noise, above all when
        # it is read aloud.
        name = watched.id if self._several or watched.id not in self._told else ""
        self._told[watched.id] = (job.state, now)
        percent = percent_of(job)
        self._write(
            now,
            name,
            f"{glyph_of(job).on(unicode=self._lines.unicode)} {state_of(job)}",
            counts_of(job),
            "" if percent is None else f"{percent}%",
            failures_of(job),
            safe(job.message or "", LONGEST_TEXT),
        )

    def _write(self, now: float, *parts: str) -> None:
        self._spoke_at = now
        if self._lines:
            time = clock(now - self._watch.started)
            self._lines.write("  ".join(filter(None, [time, *parts])) + "\n")

    def _tell_limit(self, now: float) -> None:
        """Say, once a minute at most, that the rate limit delays the next request."""
        until = self._watch.held_until(now)
        if until is not None and now >= self._limit_told_until:
            self._limit_told_until = max(until, now + QUIET_FOR)
            self._complain("", waiting_for_limit(until, now), now)

    def _tell_recovery(self, now: float) -> None:
        if not self._complained:
            return
        troubled = {w.id for w in self._watch.jobs if w.setback}
        if self._watch.setback:
            troubled.add("")
        for whose in [whose for whose in self._complained if whose not in troubled]:
            del self._complained[whose]
            self._complain(whose, "answers again", now)

    def _complain(self, whose: str, what: str, now: float) -> None:
        self._spoke_at = now
        prefix = f"{whose}: " if whose and self._several else ""
        self._problems.note(f"jobstat: {prefix}{what}\n")
