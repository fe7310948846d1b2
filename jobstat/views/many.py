"""Several jobs in words: a line each, and all of them in a sentence.

Knows no terminal: a line is made of parts, a text and the style it is painted in.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobstat.exits import Exit
from jobstat.jobs.duration import format_elapsed
from jobstat.views.sanitize import MAX_MESSAGE, sanitize
from jobstat.views.wording import (
    BAD,
    GOOD,
    UNKNOWN,
    counted,
    format_counts,
    item_counts,
    job_id,
    job_title,
    percentage,
    short_status,
    status_glyph,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from jobstat.jobs.job import Job
    from jobstat.jobs.poll import TrackedJob
    from jobstat.jobs.watch import Watch
    from jobstat.views.terminal import Terminal
    from jobstat.views.wording import Glyph

StyledLine = list[tuple[str, str]]

_NO_FAILURE = frozenset({None, Exit.OK, Exit.UNFINISHED, Exit.TIMEOUT})


def status_label(tracked: TrackedJob) -> tuple[Glyph, str]:
    """How one of several jobs stands: a glyph and few words."""
    if tracked.exit is Exit.NOT_FOUND:
        return BAD, "gone" if tracked.job else "not found"
    if tracked.exit is Exit.UNAVAILABLE:
        return BAD, "no answer"
    if tracked.job is None:
        return UNKNOWN, "not known yet"
    return status_glyph(tracked.job), short_status(tracked.job)


def format_outcome(job: Job) -> str:
    """How many items failed, where any did, else how many are done."""
    failed, told = item_counts(job)
    return f"{failed} of {told} failed" if failed else format_counts(job)


def count_states(jobs: Iterable[TrackedJob]) -> str:
    """How many jobs are in which state, the most frequent first."""
    counts = Counter(status_label(tracked)[1] for tracked in jobs)
    return ", ".join(f"{count} {state}" for state, count in counts.most_common())


def failed_jobs(jobs: Iterable[TrackedJob]) -> list[TrackedJob]:
    """The jobs that ended, but not well: the most serious first."""
    found = [tracked for tracked in jobs if tracked.exit not in _NO_FAILURE]
    return sorted(found, key=_severity)


def _severity(tracked: TrackedJob) -> tuple[int, int]:
    code, job = tracked.exit or Exit.OK, tracked.job
    return code.severity, -len(job.failed) if job else 0


def failures_in(jobs: Sequence[TrackedJob]) -> str:
    """How many jobs and items failed, as far as that is known; empty where none did."""
    bad_jobs, (bad_items, _) = len(failed_jobs(jobs)), items_failed(jobs)
    counts = [(bad_jobs, "job"), (bad_items, "item")]
    words = ", ".join(counted(count, noun) for count, noun in counts if count)
    return f"{words} failed" if words else ""


def items_failed(jobs: Iterable[TrackedJob]) -> tuple[int, int]:
    """How many items of all jobs failed, of how many that there are results of."""
    counts = [item_counts(tracked.job) for tracked in jobs if tracked.job]
    return sum(failed for failed, _ in counts), sum(told for _, told in counts)


def count_done(watch: Watch) -> int:
    """How many jobs are not asked for any more."""
    return sum(tracked.exit is not None for tracked in watch.jobs)


def items_of(watch: Watch) -> str:
    """How many items are done, of how many; empty while none is known."""
    done, total = watch.items
    return f"{done}/{total} items  {percentage(done, total)}%" if total else ""


def overall_progress(watch: Watch) -> str:
    """How far all of the jobs are."""
    jobs = f"{count_done(watch)} of {len(watch.jobs)} jobs done"
    return "  ".join(filter(None, [jobs, items_of(watch)]))


def watch_summary(watch: Watch, account: str) -> tuple[Glyph, str]:
    """All jobs in a sentence: how many of each state, and of failed items."""
    failed, told = items_failed(watch.jobs)
    words = f"{len(watch.jobs)} jobs at {account}: {count_states(watch.jobs)}"
    if told:
        words += f"; {failed or 'none'} of {told} items failed"
    if failed_jobs(watch.jobs):
        return BAD, words
    good = all(tracked.exit is Exit.OK for tracked in watch.jobs)
    return (GOOD if good else UNKNOWN), words


def format_summary(
    watch: Watch, account: str, terminal: Terminal, elapsed: float | None
) -> str:
    """The same, as it is written to a terminal."""
    glyph, words = watch_summary(watch, account)
    if elapsed is not None:
        words += f"  {format_elapsed(elapsed)}"
    sentence = terminal.wrapped(f"{glyph.on(unicode=terminal.unicode)} {words}")
    lines = sentence.splitlines()
    return "".join(terminal.paint(line, glyph.style) + "\n" for line in lines)


@dataclass(frozen=True, slots=True)
class Line:
    """A job in a line, for when several stand below each other."""

    glyph: Glyph
    state: str
    outcome: str
    title: str
    id: str
    message: str


_LAYOUTS = (
    ("state", "outcome", "title", "id", "message"),
    ("state", "outcome", "title", "id"),
    ("state", "outcome", "id"),
)


def line_of(tracked: TrackedJob) -> Line:
    """One of several jobs, in a line."""
    return _line(*status_label(tracked), tracked.id, tracked.job)


def line_of_job(job: Job) -> Line:
    """A job as it stands, in a line."""
    return _line(status_glyph(job), short_status(job), job_id(job), job)


def _line(glyph: Glyph, state: str, id: str, job: Job | None) -> Line:
    if job is None:
        return Line(glyph, state, "", "", id, "")
    message = sanitize(job.message or "", MAX_MESSAGE)
    return Line(glyph, state, format_outcome(job), job_title(job), id, message)


def table(
    lines: Sequence[Line], width: int | None, *, unicode: bool
) -> list[StyledLine]:
    """Jobs below each other, in columns.

    Where these are wider than ``width``, the message is left out, then the type,
    and at last each job has two lines or three.
    """
    widest = {
        name: max((len(getattr(line, name)) for line in lines), default=0)
        for name in _LAYOUTS[0]
    }
    for layout in _LAYOUTS:
        gaps = 2 * len(layout)
        if width is None or gaps + sum(widest[name] for name in layout) <= width:
            return [_columns(line, layout, widest, unicode=unicode) for line in lines]
    return [part for line in lines for part in _stacked(line, width, unicode=unicode)]


def _columns(
    line: Line, layout: Sequence[str], widest: dict[str, int], *, unicode: bool
) -> StyledLine:
    state, *others = layout
    parts = [_sign(line, unicode=unicode)]
    parts.append((" " * (widest[state] - len(line.state)), ""))
    for name in others:
        text, width = getattr(line, name), widest[name]
        parts.append(
            (f"  {text:>{width}}" if name == "outcome" else f"  {text:<{width}}", "")
        )
    return parts


def _stacked(line: Line, width: int | None, *, unicode: bool) -> list[StyledLine]:
    names = list(filter(None, [line.title, line.id]))
    if width is not None and len("  ".join(["", *names])) <= width:
        names = ["  ".join(names)]
    head = [_sign(line, unicode=unicode), (f"  {line.outcome}", "")]
    return [head, *([(f"  {name}", "")] for name in names)]


def _sign(line: Line, *, unicode: bool) -> tuple[str, str]:
    return f"{line.glyph.on(unicode=unicode)} {line.state}", line.glyph.style


def to_ansi(line: StyledLine, terminal: Terminal) -> str:
    """A line as it is written to a terminal."""
    return "".join(
        terminal.paint(text, style) if style else text for text, style in line
    ).rstrip()
