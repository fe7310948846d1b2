"""The report on one job: its status, the causes of its failures, its items."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobstat.jobs.failures import group_failures
from jobstat.jobs.job import Item, Job, judge
from jobstat.views.causes import cause_lines
from jobstat.views.job_lines import job_lines, url_lines, verdict_lines
from jobstat.views.layout import GAP, StyledLine, line_width, wrap
from jobstat.views.results import failures_first, results_table
from jobstat.views.sanitize import MAX_MESSAGE, MAX_TEXT, sanitize
from jobstat.views.table import table_lines

if TYPE_CHECKING:
    from jobstat.jobs.failures import Cause
    from jobstat.views.terminal import Glyphs

MAX_ROWS = 20
"""Items or jobs that a person reads in a table. The others are counted."""

FEWER_ROWS = (10, 5)
"""Maximum rows on a terminal that is not high enough for MAX_ROWS."""

MAX_IDS = 5
"""Most ids in the command that waits for jobs."""

MAX_LISTED = 1000
"""Jobs in the command that lists jobs: more than an account starts on most days."""

STANDARD_INPUT = "-"

_COMMAND_LINE_ID = re.compile("[0-9A-Za-z_][0-9A-Za-z_-]{0,63}", re.ASCII)
"""An id that a command line takes as it is."""


@dataclass(frozen=True, slots=True)
class Page:
    """The space that a report has, and the user's choice of its items.

    ``width`` and ``height`` are in columns and rows, None off a terminal. ``results``
    is ``all``, ``failed``, ``summary``, or None for as many items as a person reads.
    ``account`` are the options of commands about the same jobs, None if no command can
    ask for them again. ``once`` is true if the command did not wait for the jobs to
    end, ``from_stdin`` if all of them came from standard input.
    """

    width: int | None
    height: int | None
    glyphs: Glyphs
    results: str | None = None
    account: tuple[str, ...] | None = ()
    once: bool = False
    from_stdin: bool = False

    def fits(self, lines: Sequence[StyledLine], rows: int) -> bool:
        """Return whether the page has room for these lines and more rows."""
        if self.height is None or self.width is None:
            return True
        width = self.width
        return sum(-(-line_width(line) // width) or 1 for line in lines) + rows < (
            self.height
        )


def job_report(
    job: Job, account: str, page: Page, elapsed: float | None = None
) -> list[StyledLine]:
    """Return the lines of the report on one job.

    A page that is not high enough for the report gets fewer rows of failed items.
    """
    head = [
        *job_lines(job, account, width=page.width, glyphs=page.glyphs, elapsed=elapsed),
        *url_lines(job, page.width),
    ]
    causes = group_failures([job])
    for max_rows in (MAX_ROWS, *FEWER_ROWS):
        lines = [*head, *_result_lines(job, causes, page, max_rows)]
        if page.results or page.fits(lines, rows=1):
            break
    return lines


def _result_lines(
    job: Job, causes: Sequence[Cause], page: Page, max_rows: int
) -> list[StyledLine]:
    items = shown_items(job, page, max_rows)
    lines: list[StyledLine] = []
    # Causes of one item each say no more than the table.
    if causes and (len(causes) < len(job.failed) or not items):
        lines += [[], *cause_lines(causes, page.width, glyphs=page.glyphs)]
    if items:
        lines += [[], *item_lines(items, job, page)]
        lines += _left_out(job, items, page)
    verdict = verdict_lines(job, page.width, glyphs=page.glyphs)
    if verdict:
        lines += [[], *verdict] if lines else verdict
    steps = _next_steps(job, items, page)
    return [*lines, *([[], *steps] if steps else [])]


def shown_items(job: Job, page: Page, max_rows: int = MAX_ROWS) -> Sequence[Item]:
    """Return the items to list: the failed ones, then those that succeeded."""
    match page.results:
        case "all":
            return failures_first(job)
        case "failed":
            return job.failed
        case "summary":
            return ()
        case _ if page.height is not None and len(job.items) <= MAX_ROWS:
            return failures_first(job)
        case _:
            return job.failed[:max_rows]


def item_lines(items: Sequence[Item], job: Job, page: Page) -> list[StyledLine]:
    """Return a table of items."""
    max_length = MAX_TEXT if page.width is None else MAX_MESSAGE
    table = results_table(items, job, max_length)
    return table_lines(table, page.width, glyphs=page.glyphs)


def _left_out(job: Job, items: Sequence[Item], page: Page) -> list[StyledLine]:
    """Return a line that counts the items that are not listed."""
    failed = len(job.failed) - sum(item.failed for item in items)
    succeeded = len(job.items) - len(items) - failed
    counts = [f"{failed:,} more failed"] if failed else []
    counts += [f"{succeeded:,} succeeded"] if succeeded else []
    if not counts:
        return []
    return [
        [(GAP, ""), *line]
        for line in wrap(f"and {', '.join(counts)}", "dim", page.width)
    ]


def _next_steps(job: Job, items: Sequence[Item], page: Page) -> list[StyledLine]:
    """Return the commands that list more items, and that write the failed records."""
    lines: list[StyledLine] = []
    if page.once and not judge(job).finished:
        lines += watch_lines([job.id], page)
    if sum(item.failed for item in items) < len(job.failed):
        lines += show_lines("See the failed items", [job], "failed", page)
    elif len(items) < len(job.items) and (items or page.height is not None):
        lines += show_lines("See all items", [job], "all", page)
    return lines + (retry_lines([job], page) if has_records_to_retry(job) else [])


def has_records_to_retry(job: Job) -> bool:
    """Return whether the results say which records of the request failed."""
    return bool(job.failed) and judge(job).finished and not job.has_one_result


def watch_lines(ids: Sequence[str], page: Page) -> list[StyledLine]:
    """Return the command that waits for the end of these jobs."""
    purpose = "Wait for the end"
    if len(ids) <= MAX_IDS and all(map(_COMMAND_LINE_ID.fullmatch, ids)):
        return _command_lines(purpose, f"watch {' '.join(ids)}", "", page)
    if page.from_stdin:
        return _command_lines(purpose, f"watch {STANDARD_INPUT}", "", page)
    return _command_lines(purpose, "watch JOB...", "", page)


def show_lines(
    purpose: str, jobs: Sequence[Job], results: str, page: Page
) -> list[StyledLine]:
    """Return the command that lists items of the jobs, and its purpose."""
    if _names_one_of(jobs, page):
        purpose += " of one job"
    command = f"show {_name(jobs, page)}"
    return _command_lines(purpose, command, f"--results {results}", page)


def retry_lines(jobs: Sequence[Job], page: Page) -> list[StyledLine]:
    """Return the command that writes the failed records, ready to send again."""
    records = "the records of one job" if _names_one_of(jobs, page) else "the records"
    name, inputs, end = _name(jobs, page), "INPUT", "> retry.json"
    if name == STANDARD_INPUT:
        inputs, end = "INPUT...", "--output retry"
    command = f"retry-file {name} {inputs}"
    return _command_lines(f"Write {records} to send again", command, end, page)


def list_lines(statuses: Iterable[str], page: Page) -> list[StyledLine]:
    """Return the command that lists the account's jobs with these statuses."""
    command = " ".join(["list", *(f"--status {status}" for status in statuses)])
    return _command_lines("List them", command, f"--limit {MAX_LISTED}", page)


def _name(jobs: Sequence[Job], page: Page) -> str:
    """Return the argument for a command about these jobs, or about the first one."""
    if len(jobs) > 1 and page.from_stdin:
        return STANDARD_INPUT
    return jobs[0].id if _COMMAND_LINE_ID.fullmatch(jobs[0].id) else "ID"


def _names_one_of(jobs: Sequence[Job], page: Page) -> bool:
    return len(jobs) > 1 and not page.from_stdin


def _command_lines(
    purpose: str, command: str, end: str, page: Page
) -> list[StyledLine]:
    """Return a command of jobstat and its purpose, in one line if they fit.

    The command is never wrapped, so that it can be copied.
    """
    if page.account is None:
        return []
    account = sanitize(shlex.join(page.account))
    words = " ".join(filter(None, ["jobstat", command, account, end]))
    line: StyledLine = [(f"{purpose}: ", "dim"), (words, "")]
    if page.width is None or line_width(line) <= page.width:
        return [line]
    return [*wrap(f"{purpose}:", "dim", page.width), [(f"{GAP}{words}", "")]]
