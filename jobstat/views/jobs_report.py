"""The report on several jobs: causes of all failures, and jobs without success."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobstat.exits import Exit
from jobstat.jobs.failures import group_failures
from jobstat.jobs.job import Verdict, judge
from jobstat.jobs.signs import find_errors
from jobstat.views.causes import cause_lines
from jobstat.views.job_report import (
    FEWER_ROWS,
    MAX_ROWS,
    Page,
    has_records_to_retry,
    item_lines,
    retry_lines,
    show_lines,
    shown_items,
    watch_lines,
)
from jobstat.views.layout import GAP, StyledLine, flow, wrap
from jobstat.views.spoken import speak_elapsed, speak_number, speak_row
from jobstat.views.summary import (
    failed_jobs,
    format_status_counts,
    jobs_table,
    watch_summary,
    worst_first,
)
from jobstat.views.table import table_lines
from jobstat.views.terminal import Glyphs
from jobstat.views.wording import (
    GOOD,
    format_failures,
    format_verdict,
    job_id,
    job_title,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobstat.jobs.job import Job
    from jobstat.jobs.poll import TrackedJob
    from jobstat.jobs.watch import Watch


def jobs_report(
    watch: Watch, account: str, page: Page, elapsed: float | None = None
) -> list[StyledLine]:
    """Return the lines of the report on all jobs of a watch.

    A page that is not high enough for the report gets fewer rows of jobs.
    """
    jobs = [tracked.job for tracked in watch.jobs if tracked.job]
    lines = summary_lines(watch, account, page, elapsed)
    causes, erring = group_failures(jobs), [job for job in jobs if _has_own_error(job)]
    if causes or erring:
        lines += [
            [],
            *cause_lines(
                causes, page.width, glyphs=page.glyphs, names_jobs=True, jobs=erring
            ),
        ]
    steps = next_steps(watch, page)
    for max_rows in (MAX_ROWS, *FEWER_ROWS):
        table = _jobs_lines(watch, page, max_rows)
        if page.fits([*lines, *table, *steps], rows=2) or len(watch.jobs) <= MAX_ROWS:
            break
    lines += [[], *table]
    if page.results in {"all", "failed"}:
        numbers = {tracked.id: n for n, tracked in enumerate(watch.jobs, start=1)}
        sections: list[StyledLine] = []
        for tracked in sorted(watch.jobs, key=worst_first):
            if tracked.job:
                name = speak_number(numbers[tracked.id], len(numbers))
                sections += _items_of_job(tracked.job, name, page)
        if sections:  # the first lines have scrolled away
            lines += [*sections, [], *summary_lines(watch, account, page, elapsed)]
    return [*lines, *([[], *steps] if steps else [])]


def summary_lines(
    watch: Watch, account: str, page: Page, elapsed: float | None
) -> list[StyledLine]:
    """Return one sentence about all jobs."""
    is_spoken = page.glyphs is Glyphs.NONE
    glyph, words = watch_summary(watch, account, None if is_spoken else elapsed)
    if is_spoken and elapsed:
        words = ", ".join(filter(None, [words, speak_elapsed(elapsed)]))
    return wrap(glyph.label(words, page.glyphs), f"bold {glyph.style}", page.width)


def _jobs_lines(watch: Watch, page: Page, max_rows: int) -> list[StyledLine]:
    """Return a row for each job without success, or for each job if there are few."""
    jobs = sorted(watch.jobs, key=worst_first)
    shown: Sequence[TrackedJob] = jobs
    if len(jobs) > MAX_ROWS:
        shown = [tracked for tracked in jobs if tracked.exit is not Exit.OK]
        if page.results not in {"all", "failed"}:
            shown = choose_rows(shown, max_rows)
    if page.glyphs is Glyphs.NONE:
        numbers = {tracked.id: n for n, tracked in enumerate(watch.jobs, start=1)}
        rows = [speak_row(t, numbers[t.id], len(numbers)) for t in shown]
        lines: list[StyledLine] = [[(row, "")] for row in rows]
    else:
        lines = table_lines(jobs_table(shown), page.width, glyphs=page.glyphs)
    shown_ids = {tracked.id for tracked in shown}
    hidden = [tracked for tracked in jobs if tracked.id not in shown_ids]
    unsuccessful = [tracked for tracked in hidden if tracked.exit is not Exit.OK]
    if unsuccessful:
        more = f"and {format_status_counts(unsuccessful, 'more ')}"
        lines += [[(GAP, ""), *line] for line in wrap(more, "dim", page.width)]
    if succeeded := len(hidden) - len(unsuccessful):
        counted = GOOD.label(f"{succeeded:,} completed", page.glyphs)
        lines.append([(counted, GOOD.style)])
    return lines


def choose_rows(jobs: Sequence[TrackedJob], max_rows: int) -> list[TrackedJob]:
    """Return the worst jobs, and at least a few of those that are unfinished."""
    failed = failed_jobs(jobs)
    unfinished = jobs[len(failed) :]
    kept = min(len(unfinished), max_rows // 4)
    failed = failed[: max_rows - kept]
    return [*failed, *unfinished[: max_rows - len(failed)]]


def _has_own_error(job: Job) -> bool:
    """Return whether the verdict says more than the job's status and items."""
    match judge(job):
        case Verdict.JOB_FAILED:
            return bool(find_errors(job.fields))
        case Verdict.ITEMS_FAILED:
            return not job.failed
        case _:
            return False


def _items_of_job(job: Job, name: str, page: Page) -> list[StyledLine]:
    """Return the items of a job. Its name is spoken before its type and id."""
    items = shown_items(job, page)
    if not items:
        return []
    counts = format_failures(job) or format_verdict(job)
    parts = [job_title(job), job_id(job), counts]
    title = flow([(part, "bold") for part in parts], page.width)
    if page.glyphs is Glyphs.NONE:
        parts = [name, job_title(job), counts, job_id(job)]
        title = [[(", ".join(filter(None, parts)), "bold")]]
    return [[], *title, *item_lines(items, job, page)]


def next_steps(watch: Watch, page: Page) -> list[StyledLine]:
    """Return the commands that follow: wait, list failed items, write the records."""
    lines: list[StyledLine] = []
    unfinished = [t.id for t in watch.jobs if t.job and not judge(t.job).finished]
    if page.once and unfinished:
        lines += watch_lines(unfinished, page)
    jobs = [t.job for t in sorted(watch.jobs, key=worst_first) if t.job]
    failed = [job for job in jobs if job.failed]
    if failed and page.results not in {"all", "failed"}:
        lines += show_lines("See the failed items", failed, "failed", page)
    ended = [job for job in failed if has_records_to_retry(job)]
    lines += retry_lines(ended, page) if ended else []
    if any(" - " in text for line in lines for text, _ in line):
        note = "For -, give the same standard input again."
        lines += wrap(note, "dim", page.width)
    return lines
