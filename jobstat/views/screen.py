"""Jobs on a terminal: bars and tables of any width, drawn with rich."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobstat.jobs.duration import format_elapsed
from jobstat.views.sanitize import MAX_MESSAGE, sanitize
from jobstat.views.wording import (
    BAD,
    GOOD,
    Column,
    ResultsTable,
    format_counts,
    format_failures,
    format_status,
    format_verdict,
    job_id,
    job_title,
    percent_done,
    results_table,
    status_glyph,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import RenderableType

    from jobstat.jobs.job import Job

NARROW = 72
"""Columns below which a line or a row is laid out over several lines."""

MAX_BAR = 60

AROUND_TABLE = 12
"""Lines above and below the results table, the shell's prompt among them."""

MIN_SUCCEEDED = 5


def job_lines(
    job: Job,
    account: str,
    *,
    width: int,
    unicode: bool,
    elapsed: float | None = None,
    left: float | None = None,
    live: bool = False,
) -> Iterator[RenderableType]:
    """A job's title, state with a bar, and message.

    ``elapsed`` and ``left`` are seconds, and are left out where None. What is
    ``live`` moves where the progress is unknown, and has a message of two lines
    at most.
    """
    from rich.text import Text

    yield _spread(
        [Text(job_title(job), "bold"), Text(job_id(job)), Text(account, "dim")], width
    )
    times = _times(elapsed, left)
    yield from _state(job, width=width, unicode=unicode, times=times, live=live)
    if job.message:
        message = Text(sanitize(job.message, MAX_MESSAGE), "dim", overflow="fold")
        if live:
            # A fifth of a line is what wrapping between words may leave empty.
            message.truncate(2 * width - width // 5, overflow="ellipsis")
        yield message


def url_line(url: str) -> RenderableType:
    """The job's own URL."""
    from rich.text import Text

    return Text(sanitize(url, MAX_MESSAGE), "dim")


def summary_line(job: Job, *, unicode: bool) -> Iterator[RenderableType]:
    """The verdict in a line, where there is one."""
    from rich.text import Text

    if summary := format_verdict(job):
        glyph = status_glyph(job)
        yield Text(f"{glyph.on(unicode=unicode)} {summary}", f"bold {glyph.style}")


def results(
    job: Job, *, width: int, height: int, unicode: bool
) -> Iterator[RenderableType]:
    """The results table, where there are any, and the summary line.

    Every failed item is in it. Of those that succeeded there are as many as
    leave the failed ones on the screen, and a few in any case.
    """
    from rich.text import Text

    if job.items:
        table = results_table(job, MAX_MESSAGE)
        failed = len(job.failed)
        taken = AROUND_TABLE + failed * (3 if width < NARROW else 2)
        room = failed + max(height - taken, MIN_SUCCEEDED)
        folded = len(table.rows) - room
        yield Text()
        yield from _results(
            ResultsTable(table.columns, table.rows[:room]), width, unicode=unicode
        )
        if folded > 0:
            yield Text(f"  and {folded} more succeeded: see --json", "dim")
    summary = list(summary_line(job, unicode=unicode))
    if job.items and summary:
        yield Text()
    yield from summary


def failures(job: Job, *, width: int, unicode: bool) -> Iterator[RenderableType]:
    """A job among several that did not succeed: its name, and what failed."""
    from rich.text import Text

    yield Text(f"{job_title(job)}  {job_id(job)}", "bold", overflow="fold")
    if job.message:
        yield Text(sanitize(job.message, MAX_MESSAGE), "dim", overflow="fold")
    if job.failed:
        table = results_table(job, MAX_MESSAGE, failed=True)
        yield from _results(table, width, unicode=unicode)
    else:
        yield from summary_line(job, unicode=unicode)


def _results(
    results: ResultsTable, width: int, *, unicode: bool
) -> Iterator[RenderableType]:
    if width < NARROW:
        yield from _stacked(results, unicode=unicode)
    else:
        yield _table(results, unicode=unicode)


def _state(
    job: Job, *, width: int, unicode: bool, times: str, live: bool
) -> Iterator[RenderableType]:
    from rich.text import Text

    glyph = status_glyph(job)
    state = Text(f"{glyph.on(unicode=unicode)} {format_status(job)}", glyph.style)
    figures = _figures(job, live=live)
    if width < NARROW:
        yield _spread([state, Text(figures)], width)
        yield _one_row(_bar(job, width, unicode=unicode, live=live))
        if times:
            yield Text(times, "dim")
        return
    used = state.cell_len + len(figures) + max(len(times), 1) + 6
    yield _one_row(
        state,
        _bar(job, min(max(width - used, 8), MAX_BAR), unicode=unicode, live=live),
        Text(figures),
        Text(times, "dim"),
    )


def _one_row(*cells: RenderableType) -> RenderableType:
    from rich.table import Table

    grid = Table.grid(padding=(0, 2, 0, 0), pad_edge=False)
    grid.add_row(*cells)
    return grid


def _bar(job: Job, width: int, *, unicode: bool, live: bool) -> RenderableType:
    from rich.progress_bar import ProgressBar
    from rich.text import Text

    style = status_glyph(job).style
    known = percent_done(job) is not None or not (live and job.state == "working")
    done = min(max(job.progress or 0, 0), job.total or 1) if known else 0
    if not unicode:
        # rich's own bar in ASCII draws both parts with the same character.
        full = width * done // (job.total or 1)
        return Text("=" * full, style) + Text(("-" if known else "?") * (width - full))
    return ProgressBar(
        total=(job.total or 1) if known else None,
        completed=done,
        width=width,
        complete_style=style,
        finished_style=style,
        pulse_style="cyan",
    )


def _figures(job: Job, *, live: bool) -> str:
    """Counts and percent; while it is live, also how many items failed so far."""
    percent = percent_done(job)
    share = "" if percent is None else f"{percent}%"
    failed = format_failures(job) if live else ""
    return "  ".join(filter(None, [format_counts(job), share, failed]))


def _times(elapsed: float | None, left: float | None) -> str:
    return "  ".join(
        ([] if elapsed is None else [format_elapsed(elapsed)])
        + ([] if left is None else [f"about {format_elapsed(left)} left"])
    )


def _spread(parts: list[RenderableType], width: int) -> RenderableType:
    """The parts on one line where they fit, else one below the other."""
    from rich.console import Group
    from rich.text import Text

    line = Text("  ").join(part for part in parts if isinstance(part, Text))
    return line if line.cell_len <= width else Group(*parts)


def _table(results: ResultsTable, *, unicode: bool) -> RenderableType:
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), header_style="bold")
    table.add_column("")
    for column in results.columns:
        if column is Column.INDEX:
            table.add_column(column, justify="right", no_wrap=True)
        else:
            table.add_column(column, overflow="fold")
    for row in results.rows:
        glyph = BAD if row.failed else GOOD
        table.add_row(
            Text(glyph.on(unicode=unicode), glyph.style),
            *(
                Text(
                    row.cell(column),
                    glyph.style if row.failed and column is Column.STATUS else "",
                )
                for column in results.columns
            ),
        )
    return table


def _stacked(results: ResultsTable, *, unicode: bool) -> Iterator[RenderableType]:
    """Each item over several lines: title, errors and details below the others."""
    from rich.padding import Padding
    from rich.text import Text

    for row in results.rows:
        glyph = BAD if row.failed else GOOD
        cells = row.cells
        line = Text(
            f"{glyph.on(unicode=unicode)} index {cells[Column.INDEX]}", glyph.style
        )
        id = f"id {cells[Column.ID]}" if cells.get(Column.ID) else ""
        short = filter(None, [id, cells.get(Column.ACTION), cells[Column.STATUS]])
        line.append("".join(f"  {text}" for text in short), "default")
        line.overflow = "fold"
        yield line
        reason = ": ".join(
            filter(None, [cells.get(Column.ERRORS), cells.get(Column.DETAILS)])
        )
        for text in filter(None, [cells.get(Column.TITLE), reason]):
            yield Padding(Text(text, overflow="fold"), (0, 0, 0, 2))
