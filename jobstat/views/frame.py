"""A moment of a watch of several jobs, as the lines of a screen of some size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobstat.exits import Exit
from jobstat.jobs.duration import format_elapsed
from jobstat.views.many import (
    count_done,
    count_states,
    failed_jobs,
    failures_in,
    format_outcome,
    status_label,
)
from jobstat.views.wording import (
    BAD,
    GOOD,
    UNKNOWN,
    format_counts,
    item_counts,
    percent_done,
    percentage,
    problem_of,
    retry_note,
    waiting_for_limit,
)

if TYPE_CHECKING:
    from jobstat.jobs.job import Job
    from jobstat.jobs.poll import TrackedJob
    from jobstat.jobs.retry import Outage
    from jobstat.jobs.watch import Watch
    from jobstat.views.many import StyledLine

NARROW = 72
"""Columns below which figures are shortened."""

WIDE = 100
"""Columns from which there is room for the account, and for each job's time left."""

GAP = "  "
BOLD, DIM = "bold", "dim"

WHOLE_ID = 60
"""Columns on which a job's line has its whole id, the counts and a short bar. On
fewer the whole has two lines."""

MIN_BAR = 8
SHORT_BAR = 4
MAX_BAR = 40
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

    def lines(self) -> list[StyledLine]:
        """What matters most comes first; what does not fit is counted."""
        watch = self._watch
        lines = self._whole()
        if watch.outage:
            lines.append(self._trouble("", watch.outage, watch.last_success_at))
        elif until := watch.rate_limited_until(self._now):
            lines.append([(f"! {waiting_for_limit(until, self._now)}", UNKNOWN.style)])
        bad = failed_jobs(watch.jobs)
        going_on = sorted(watch.pending, key=_rank)
        good = sum(tracked.exit is Exit.OK for tracked in watch.jobs)
        room = self._height - len(lines) - (good > 0)
        if len(bad) + len(going_on) > room:
            room -= 1
        # Half of the room is left to the jobs that go on, when they need it.
        most = max(room - len(going_on), (room + 1) // 2, 0)
        shown = bad[:most]
        shown += going_on[: max(room - len(shown), 0)]
        lines += [self._job(tracked) for tracked in shown]
        if good:
            sign = GOOD.on(unicode=self._unicode)
            lines.append([(f"{sign} {good} completed", GOOD.style)])
        names = {tracked.id for tracked in shown}
        hidden = [tracked for tracked in bad + going_on if tracked.id not in names]
        if hidden:
            lines.append([(self._hidden(hidden), "dim")])
        return [self._cut(line) for line in lines[: self._height]]

    def _hidden(self, jobs: list[TrackedJob]) -> str:
        """Those that do not fit, counted: as many of their states as fit."""
        more, states = f"and {len(jobs)} more", count_states(jobs).split(", ")
        for count in range(len(states), 0, -1):
            line = f"{more}: {', '.join(states[:count])}"
            if count < len(states):
                line += ", " + self._left_out
            if len(line) <= self._width:
                return line
        return more

    def _whole(self) -> list[StyledLine]:
        """How far all of it is: in words, with a bar."""
        watch = self._watch
        done, total = watch.items
        ended, jobs = count_done(watch), len(watch.jobs)
        known, (done, total) = bool(total), (done, total) if total else (ended, jobs)
        narrow = self._width < NARROW
        left = watch.eta(self._now)
        ended_words = (
            f"{ended}/{jobs} jobs" if narrow else f"{ended} of {jobs} jobs done"
        )
        left_words = f"{'' if narrow else 'about '}{format_elapsed(left or 0)} left"
        # Each with its rank: where there is no room, the last ones are left out.
        parts = [
            (0, ended_words, BOLD),
            (4, f"{done}/{total} items" if known else "", ""),
            (3, f"{percentage(done, total)}%" if narrow or known else "", ""),
            (2, failures_in(watch.jobs), BAD.style),
            (1, format_elapsed(self._now - watch.started), DIM),
            (5, "" if left is None else left_words, DIM),
            (6, self._account if self._width >= WIDE else "", DIM),
        ]
        beside_bar = self._width >= WHOLE_ID
        room = self._width - MIN_BAR - len(GAP) if beside_bar else self._width
        kept = _fitting([part for part in parts if part[1]], room)
        figures = [(text, style) for _, text, style in kept]
        if not beside_bar:
            return [
                _join_with_gaps(figures),
                self._bar(done / total, self._width, "green"),
            ]
        used = sum(len(text) + len(GAP) for text, _ in figures)
        width = max(min(self._width - used, MAX_BAR), MIN_BAR)
        first, *others = figures
        bar = self._bar(done / total, width, "green")
        return [[first, (GAP, ""), *bar, (GAP, ""), *_join_with_gaps(others)]]

    def _job(self, tracked: TrackedJob) -> StyledLine:
        if tracked.outage:
            return self._trouble(
                f"{tracked.id}: ", tracked.outage, tracked.last_success_at
            )
        glyph, state = status_label(tracked)
        sign = (f"{glyph.on(unicode=self._unicode)} {state:<7}  ", glyph.style)
        job = tracked.job
        if job is None:
            return self._append_id([sign], tracked.id)
        if tracked.exit is not None:
            return self._append_id([sign, (self._outcome(job), "")], tracked.id)
        figures = self._figures(job, tracked.estimate.eta(self._now))
        room = self._width - len(sign[0]) - len(figures) - 2 - USUAL_ID
        least = SHORT_BAR if self._width < NARROW else MIN_BAR
        width = max(min(room, MAX_BAR), least)
        bar = self._bar((percent_done(job) or 0) / 100, width, glyph.style)
        return self._append_id([sign, *bar, (figures, "")], tracked.id)

    def _outcome(self, job: Job) -> str:
        if self._width >= NARROW:
            return f"{format_outcome(job):>17}"
        failed, told = item_counts(job)
        return f"{failed}/{told}" if failed else format_counts(job)

    def _figures(self, job: Job, left: float | None) -> str:
        counts, percent = format_counts(job), percent_done(job)
        if self._width < NARROW:
            return f"  {counts:>5}"
        figures = f"  {counts:>7}  {'' if percent is None else f'{percent}%':>4}"
        if self._width < WIDE:
            return figures
        return (
            f"{figures}  {'' if left is None else f'{format_elapsed(left)} left':>12}"
        )

    def _trouble(
        self, whose: str, outage: Outage, last_success_at: float | None
    ) -> StyledLine:
        again = retry_note(outage, last_success_at, self._now)
        return [(f"! {whose}{problem_of(outage.error)}; {again}", UNKNOWN.style)]

    def _bar(self, share: float, width: int, style: str) -> StyledLine:
        full = min(max(int(share * width), 0), width)
        filled, rest = ("━", "─") if self._unicode else ("=", "-")
        return [(filled * full, style), (rest * (width - full), "dim")]

    def _append_id(self, parts: StyledLine, id: str) -> StyledLine:
        """With the id at its end, without its middle where there is no room."""
        room = self._width - sum(len(text) for text, _ in parts) - 2
        if len(id) > room:
            kept = max(room - len(self._left_out), 0)
            tail = kept // 2
            id = id[: kept - tail] + self._left_out + id[len(id) - tail :]
        return [*parts, (f"  {id}", "")]

    def _cut(self, line: StyledLine) -> StyledLine:
        """The line as far as it fits."""
        from rich.cells import cell_len, set_cell_size

        cut: StyledLine = []
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
        show_final = max(kept)
        kept = [part for part in kept if part is not show_final]
    return kept


def _join_with_gaps(parts: StyledLine) -> StyledLine:
    """The parts with a gap between them."""
    return [piece for part in parts for piece in ((GAP, ""), part)][1:]


def _rank(tracked: TrackedJob) -> int:
    """Trouble first, then what works, then what waits."""
    if tracked.outage:
        return 0
    if tracked.job is None:
        return 3
    return 2 if tracked.job.state == "queued" else 1
