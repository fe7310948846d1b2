"""Several jobs in words: a table row for each, and one sentence for all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from jobstat.exits import Exit
from jobstat.jobs.duration import format_elapsed
from jobstat.jobs.job import MAX_ITEMS, Job, item_counts, judge
from jobstat.jobs.progress import count_items
from jobstat.views.layout import NO_BREAK
from jobstat.views.sanitize import MAX_MESSAGE, sanitize
from jobstat.views.table import Column, Row, Table
from jobstat.views.wording import (
    BAD,
    GOOD,
    UNKNOWN,
    Glyph,
    format_counts,
    job_title,
    pluralize,
    short_status,
    status_glyph,
    whole_percent,
)

if TYPE_CHECKING:
    from jobstat.jobs.poll import TrackedJob
    from jobstat.jobs.watch import Watch

_NOT_FAILED = frozenset({None, Exit.OK, Exit.UNFINISHED, Exit.TIMEOUT})

_ORDER = {Exit.ITEMS_FAILED: 1, Exit.UNFINISHED: 2, Exit.TIMEOUT: 2, Exit.OK: 3}
"""The place of a job in a list, by its exit code. Jobs with another code are first."""

_COLUMNS = (
    Column(numeric=True),
    Column(optional=True, own_line=True),
    Column(own_line=True),
    Column(optional=True),
)
"""The columns of a job: its outcome, title, id and message."""


def jobs_table(jobs: Iterable[TrackedJob]) -> Table:
    """Return a table with a row for each job of a watch."""
    return Table(_COLUMNS, [_tracked_row(tracked) for tracked in jobs])


def _tracked_row(tracked: TrackedJob) -> Row:
    glyph, status = status_label(tracked)
    if tracked.job is None:
        return Row(glyph, status, ["", "", tracked.id, ""])
    return _row(glyph, status, tracked.id, tracked.job)


def _row(glyph: Glyph, status: str, id: str, job: Job) -> Row:
    message = sanitize(job.message or "", MAX_MESSAGE)
    return Row(glyph, status, [format_outcome(job), job_title(job), id, message])


def status_label(tracked: TrackedJob) -> tuple[Glyph, str]:
    """Return the glyph and the status of one of several jobs."""
    if tracked.exit is Exit.NOT_FOUND:
        return BAD, "gone" if tracked.job else "not found"
    if tracked.exit is Exit.UNAVAILABLE:
        return BAD, "no answer"
    if tracked.job is None:
        return UNKNOWN, "not known yet"
    return status_glyph(tracked.job), short_status(tracked.job)


def format_outcome(job: Job) -> str:
    """Return how many items failed or, if none did, how many are done."""
    failed, reported = item_counts(job)
    return f"{failed:,} of {reported:,} failed" if failed else format_counts(job)


def format_status_counts(jobs: Iterable[TrackedJob], word: str = "") -> str:
    """Return how many jobs have each status, the most frequent status first.

    A word, such as ``"more "``, stands before each status.
    """
    counts = Counter(status_label(tracked)[1] for tracked in jobs)
    return ", ".join(f"{n:,} {word}{status}" for status, n in counts.most_common())


def failed_jobs(jobs: Iterable[TrackedJob]) -> list[TrackedJob]:
    """Return the jobs that failed, are gone or got no answer, the worst first."""
    failed = [tracked for tracked in jobs if tracked.exit not in _NOT_FAILED]
    return sorted(failed, key=worst_first)


def worst_first(tracked: TrackedJob) -> tuple[int, int, int]:
    """Return a sort key: jobs that failed, with the most failures, unfinished, good."""
    code, job = tracked.exit, tracked.job
    if code is None:
        code = Exit.UNFINISHED
    return _ORDER.get(code, 0), code.rank, -len(job.failed) if job else 0


def format_failure_counts(jobs: Sequence[TrackedJob], *, short: bool = False) -> str:
    """Return how many jobs and items failed so far, or an empty string.

    With ``short``, completed jobs with failed items are not counted.
    """
    failed = failed_jobs(jobs)
    with_failures = sum(tracked.exit is Exit.ITEMS_FAILED for tracked in failed)
    whole = len(failed) - with_failures
    items, _ = sum_item_counts(jobs)
    if short and (whole or items):
        with_failures = 0
    parts = [f"{pluralize(whole, 'job')} failed"] if whole else []
    if with_failures:
        count = f"{with_failures:,}" if whole else pluralize(with_failures, "job")
        parts.append(f"{count} with failures")
    parts += [f"{pluralize(items, 'item')} failed"] if items else []
    return ", ".join(parts)


def sum_item_counts(jobs: Iterable[TrackedJob]) -> tuple[int, int]:
    """Return how many items of all jobs failed, and how many have a result."""
    counts = [item_counts(tracked.job) for tracked in jobs if tracked.job]
    return sum(failed for failed, _ in counts), sum(total for _, total in counts)


def count_done(watch: Watch) -> int:
    """Return how many jobs are not polled any more."""
    return sum(tracked.exit is not None for tracked in watch.jobs)


def overall_progress(watch: Watch) -> tuple[int, int]:
    """Return how many items are done and of how many, or jobs if no item is counted."""
    done, total = watch.items
    return (done, total) if total else (count_done(watch), len(watch.jobs))


def format_overall_progress(watch: Watch) -> str:
    """Return how many jobs are done, and how many of their items if that is known."""
    done, total = watch.items
    items = (
        f"  {done:,}/{total:,} items  {whole_percent(done, total)}%" if total else ""
    )
    return f"{count_done(watch):,} of {len(watch.jobs):,} jobs done{items}"


def watch_summary(
    watch: Watch, account: str, elapsed: float | None = None
) -> tuple[Glyph, str]:
    """Return a glyph and a sentence about all jobs, after ``elapsed`` seconds."""
    failed, reported = sum_item_counts(watch.jobs)
    words = f"{len(watch.jobs):,} jobs at {account}: {format_status_counts(watch.jobs)}"
    if reported:
        words += f"; {f'{failed:,}' if failed else 'none'} of {reported:,} items failed"
    words += _format_other_items(watch.jobs)
    if elapsed is not None:
        words += f"{NO_BREAK * 2}{format_elapsed(elapsed)}"
    if failed_jobs(watch.jobs):
        return BAD, words
    is_good = all(tracked.exit is Exit.OK for tracked in watch.jobs)
    return (GOOD if is_good else UNKNOWN), words


def _format_other_items(jobs: Iterable[TrackedJob]) -> str:
    """Return how many items have no result, and how many are done in unfinished jobs.

    Only jobs that tell their counts have a part in them.
    """
    without_result, unfinished = 0, []
    for tracked in jobs:
        job = tracked.job
        if job is None or not 0 < (job.total or 0) <= MAX_ITEMS:
            continue
        if judge(job).finished or tracked.exit is Exit.NOT_FOUND:
            _, reported = item_counts(job)
            without_result += max((job.total or 0) - reported, 0)
        elif job.progress is not None or job.state == "queued":
            unfinished.append(job)
    words = ""
    if without_result:
        words += f"; {pluralize(without_result, 'item')} without a result"
    if unfinished:
        done, total = count_items(unfinished)
        words += f"; unfinished: {done:,} of {pluralize(total, 'item')} done"
    return words
