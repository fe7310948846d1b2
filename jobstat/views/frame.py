"""A moment of a watch of several jobs, as the lines of a screen of some size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobstat.exits import Exit
from jobstat.jobs.duration import clock
from jobstat.views.many import (
    ended_of,
    failing,
    failures_in,
    outcome_of,
    states_of,
    verdict_of,
)
from jobstat.views.wording import (
    BAD,
    GOOD,
    UNKNOWN,
    counts_of,
    item_counts,
    percent_of,
    problem_of,
    share_of,
    trying_again,
    waiting_for_limit,
)

if TYPE_CHECKING:
    from jobstat.jobs.job import Job
    from jobstat.jobs.retry import Setback
    from jobstat.jobs.watch import Watch, Watched
    from jobstat.views.many import Parts

NARROW = 72
"""Columns below which figures are shortened."""

WIDE = 100
"""Columns from which there is room for the account, and for each job's time left."""

GAP = "  "
BOLD, DIM = "bold", "dim"

WHOLE_ID = 60
"""Columns on which a job's line has its whole id, the counts and a short bar. On
fewer the whole has two lines."""

LEAST_BAR = 8
SHORTEST_BAR = 4
WIDEST_BAR = 40
USUAL_ID = 35


class Frame:
    """What is shown at a moment, on so many columns and rows."""

    def __init__(
        self,
        watch: Watch,
        account: str,
        now: float,
        *,
        width: int,
        height: int,
        unicode: bool,
    ) -> None:
        self._watch = watch
        self._account = account
        self._now = now
        self._width = width
        self._height = height
        self._unicode = unicode

    def lines(self) -> list[Parts]:
        """What matters most comes first; what does not fit is counted."""
        watch = self._watch
        lines = self._whole()
        if watch.setback:
            lines.append(self._trouble("", watch.setback, watch.fresh_at))
        elif until := watch.held_until(self._now):
            lines.append([(f"! {waiting_for_limit(until, self._now)}", UNKNOWN.style)])
        bad = failing(watch.jobs)
        going_on = sorted(watch.open, key=_rank)
        good = sum(watched.exit is Exit.OK for watched in watch.jobs)
        room = self._height - len(lines) - (good > 0)
        if len(bad) + len(going_on) > room:
            room -= 1
        # Half of the room is left to the jobs that go on, when they need it.
        most = max(room - len(going_on), (room + 1) // 2, 0)
        shown = bad[:most]
        shown += going_on[: max(room - len(shown), 0)]
        lines += [self._job(watched) for watched in shown]
        if good:
            sign = GOOD.on(unicode=self._unicode)
            lines.append([(f"{sign} {good} completed", GOOD.style)])
        names = {watched.id for watched in shown}
        hidden = [watched for watched in bad + going_on if watched.id not in names]
        if hidden:
            lines.append([(self._hidden(hidden), "dim")])
        return [self._cut(line) for line in lines[: self._height]]

    def _hidden(self, jobs: list[Watched]) -> str:
        """Those that do not fit, counted: as many of their states as fit."""
        more, states = f"and {len(jobs)} more", states_of(jobs).split(", ")
        for count in range(len(states), 0, -1):
            line = f"{more}: {', '.join(states[:count])}"
            if count < len(states):
                line += ", " + self._left_out
            if len(line) <= self._width:
                return line
        return more

    def _whole(self) -> list[Parts]:
        """How far all of it is: in words, with a bar."""
        watch = self._watch
        done, total = watch.items
        ended, jobs = ended_of(watch), len(watch.jobs)
        known, (done, total) = bool(total), (done, total) if total else (ended, jobs)
        narrow = self._width < NARROW
        left = watch.time_left(self._now)
        ended_words = (
            f"{ended}/{jobs} jobs" if narrow else f"{ended} of {jobs} jobs done"
        )
        left_words = f"{'' if narrow else 'about '}{clock(left or 0)} left"
        # Each with its rank: where there is no room, the last ones are left out.
        parts = [
            (0, ended_words, BOLD),
            (4, f"{done}/{total} items" if known else "", ""),
            (3, f"{share_of(done, total)}%" if narrow or known else "", ""),
            (2, failures_in(watch.jobs), BAD.style),
            (1, clock(self._now - watch.started), DIM),
            (5, "" if left is None else left_words, DIM),
            (6, self._account if self._width >= WIDE else "", DIM),
        ]
        beside_bar = self._width >= WHOLE_ID
        room = self._width - LEAST_BAR - len(GAP) if beside_bar else self._width
        kept = _fitting([part for part in parts if part[1]], room)
        figures = [(text, style) for _, text, style in kept]
        if not beside_bar:
            return [_spaced(figures), self._bar(done / total, self._width, "green")]
        used = sum(len(text) + len(GAP) for text, _ in figures)
        width = max(min(self._width - used, WIDEST_BAR), LEAST_BAR)
        first, *others = figures
        bar = self._bar(done / total, width, "green")
        return [[first, (GAP, ""), *bar, (GAP, ""), *_spaced(others)]]

    def _job(self, watched: Watched) -> Parts:
        if watched.setback:
            return self._trouble(f"{watched.id}: ", watched.setback, watched.fresh_at)
        glyph, state = verdict_of(watched)
        sign = (f"{glyph.on(unicode=self._unicode)} {state:<7}  ", glyph.style)
        job = watched.job
        if job is None:
            return self._named([sign], watched.id)
        if watched.exit is not None:
            return self._named([sign, (self._outcome(job), "")], watched.id)
        figures = self._figures(job, watched.course.told_left(self._now))
        room = self._width - len(sign[0]) - len(figures) - 2 - USUAL_ID
        least = SHORTEST_BAR if self._width < NARROW else LEAST_BAR
        width = max(min(room, WIDEST_BAR), least)
        bar = self._bar((percent_of(job) or 0) / 100, width, glyph.style)
        return self._named([sign, *bar, (figures, "")], watched.id)

    def _outcome(self, job: Job) -> str:
        if self._width >= NARROW:
            return f"{outcome_of(job):>17}"
        failed, told = item_counts(job)
        return f"{failed}/{told}" if failed else counts_of(job)

    def _figures(self, job: Job, left: float | None) -> str:
        counts, percent = counts_of(job), percent_of(job)
        if self._width < NARROW:
            return f"  {counts:>5}"
        figures = f"  {counts:>7}  {'' if percent is None else f'{percent}%':>4}"
        if self._width < WIDE:
            return figures
        return f"{figures}  {'' if left is None else f'{clock(left)} left':>12}"

    def _trouble(self, whose: str, setback: Setback, fresh_at: float | None) -> Parts:
        again = trying_again(setback, fresh_at, self._now)
        return [(f"! {whose}{problem_of(setback.error)}; {again}", UNKNOWN.style)]

    def _bar(self, share: float, width: int, style: str) -> Parts:
        full = min(max(int(share * width), 0), width)
        filled, rest = ("━", "─") if self._unicode else ("=", "-")
        return [(filled * full, style), (rest * (width - full), "dim")]

    def _named(self, parts: Parts, id: str) -> Parts:
        """With the id at its end, without its middle where there is no room."""
        room = self._width - sum(len(text) for text, _ in parts) - 2
        if len(id) > room:
            kept = max(room - len(self._left_out), 0)
            tail = kept // 2
            id = id[: kept - tail] + self._left_out + id[len(id) - tail :]
        return [*parts, (f"  {id}", "")]

    def _cut(self, line: Parts) -> Parts:
        """The line as far as it fits."""
        from rich.cells import cell_len, set_cell_size

        cut: Parts = []
        room = self._width
        for text, style in line:
            if cell_len(text) > room:
                kept = set_cell_size(text, max(room - len(self._left_out), 0))
                return [*cut, ((kept + self._left_out)[:room], style)]
            cut.append((text, style))
            room -= cell_len(text)
        return cut

    @property
    def _left_out(self) -> str:
        return "…" if self._unicode else "..."


def _fitting(
    parts: list[tuple[int, str, str]], room: int
) -> list[tuple[int, str, str]]:
    """Leave out the parts of the highest rank until the others fit in a line."""
    kept = parts
    while len(GAP.join(text for _, text, _ in kept)) > room and len(kept) > 1:
        last = max(kept)
        kept = [part for part in kept if part is not last]
    return kept


def _spaced(parts: Parts) -> Parts:
    """The parts with a gap between them."""
    return [piece for part in parts for piece in ((GAP, ""), part)][1:]


def _rank(watched: Watched) -> int:
    """Trouble first, then what works, then what waits."""
    if watched.setback:
        return 0
    if watched.job is None:
        return 3
    return 2 if watched.job.state == "queued" else 1
