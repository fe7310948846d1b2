"""The failures of a watch in GitHub Actions: annotations, and a step summary."""

from __future__ import annotations

import errno
import html
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from jobstat.exits import Exit
from jobstat.jobs.duration import format_duration
from jobstat.jobs.listing import STATUSES, has_status
from jobstat.views.job_report import Page, list_lines
from jobstat.views.jobs_report import choose_rows, next_steps
from jobstat.views.problems import Problem, find_problems
from jobstat.views.sanitize import sanitize
from jobstat.views.summary import (
    format_outcome,
    status_label,
    sum_item_counts,
    worst_first,
)
from jobstat.views.wording import job_title, pluralize

if TYPE_CHECKING:
    from jobstat.jobs.poll import TrackedJob
    from jobstat.jobs.watch import Watch
    from jobstat.views.layout import StyledLine
    from jobstat.views.terminal import Terminal

MAX_ANNOTATIONS = 10
"""Annotations that GitHub shows of a step. It drops the others."""

MAX_ROWS = 20
"""Rows of a table in a summary."""

MAX_MESSAGE = 200
"""Characters of a job's message in a summary."""

MAX_SUMMARY = 1024 * 1024
"""Bytes of the file of a step. GitHub drops a larger one."""


@dataclass(frozen=True, slots=True)
class GitHubReport:
    """The places of the report on a watch: annotations on ``stderr``, and a file.

    ``page`` has the options of the commands that the summary names.
    """

    account: str
    page: Page
    stderr: Terminal
    summary_path: str | None

    def report(self, watch: Watch, elapsed: float | None) -> None:
        """Write an annotation for each reason of a failure, and the summary.

        ``elapsed`` is the seconds of the watch, None for show.
        """
        problems = find_problems(watch.jobs)
        for title, message in format_annotations(problems, self.account):
            properties = f"title={_escape_property(title)}"
            self.stderr.run_command(f"::error {properties}::{_escape_data(message)}")
        # A script may call show again and again until a job ends.
        has_result = not watch.policy.once or any(
            tracked.exit is not Exit.UNFINISHED for tracked in watch.jobs
        )
        if self.summary_path and watch.jobs and has_result:
            summary = step_summary(watch, problems, self, elapsed)
            try:
                append(self.summary_path, summary)
            except OSError as error:
                self.stderr.print_quietly(
                    "jobstat: warning: cannot write the step summary to"
                    f" {self.summary_path}: {error.strerror}\n"
                )


def format_annotations(
    problems: Sequence[Problem], account: str
) -> Iterable[tuple[str, str]]:
    """Yield the title and the message of each annotation.

    If there are more than GitHub shows, the last one counts the others.
    """
    are_all_shown = len(problems) <= MAX_ANNOTATIONS
    shown = problems if are_all_shown else problems[: MAX_ANNOTATIONS - 1]
    for problem in shown:
        title = f"{problem.noun.capitalize()}s failed at {account}"
        message = f"{problem.counted}: {problem.reason}"
        yield title, ". ".join(filter(None, [message, problem.examples]))
    if hidden := problems[len(shown) :]:
        yield f"Failed at {account}", _format_more(hidden)


def append(path: str, summary: str) -> None:
    """Append a summary to the file of a step. Raise OSError if that fails."""
    content = summary.encode()
    # Without O_NONBLOCK, a pipe without a reader would block.
    flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NONBLOCK | os.O_CLOEXEC
    with os.fdopen(os.open(path, flags, 0o666), "ab") as file:
        if file.tell() + len(content) > MAX_SUMMARY:
            raise OSError(errno.EFBIG, "it would be larger than 1 MiB")
        file.write(content)


def step_summary(
    watch: Watch,
    problems: Sequence[Problem],
    report: GitHubReport,
    elapsed: float | None,
) -> str:
    """Return a sentence, tables of problems and of unsuccessful jobs, and commands.

    In Markdown, a block of HTML without blank lines is not parsed any further. So no
    text from outside can be taken for Markdown, and code is not searched for links
    and mentions.
    """
    # The blank line ends the block that the file may end with.
    lines = ["", f"<h3>Zendesk jobs at {_code(report.account)}</h3>"]
    lines.append(f"<p>{_summary_sentence(watch.jobs, elapsed)}</p>")
    if problems:
        rows = [
            [p.counted, _code(p.reason), _code(p.examples)] for p in problems[:MAX_ROWS]
        ]
        lines += _table(["Failed", "Reason", "Examples"], rows)
        if hidden := problems[MAX_ROWS:]:
            lines.append(f"<p>{_format_more(hidden)}</p>")
    lines += _jobs_lines(watch.jobs, report.page)
    lines += _command_lines(next_steps(watch, report.page))
    return "\n".join(lines) + "\n\n"


def _summary_sentence(jobs: Sequence[TrackedJob], elapsed: float | None) -> str:
    succeeded = sum(tracked.exit is Exit.OK for tracked in jobs)
    failed, reported = sum_item_counts(jobs)
    unfinished = sum(t.exit in {Exit.UNFINISHED, Exit.TIMEOUT} for t in jobs)
    sentence = f"{succeeded:,} of {pluralize(len(jobs), 'job')} succeeded"
    sentence += f", {unfinished} did not end." if unfinished else "."
    if reported:
        items = pluralize(reported, "item")
        sentence += f" {f'{failed:,}' if failed else 'None'} of {items} failed."
    if elapsed is not None:
        sentence += f" The watch took {format_duration(elapsed)}."
    return sentence


def _jobs_lines(jobs: Sequence[TrackedJob], page: Page) -> list[str]:
    """Return a table of the jobs without success, and a line that counts the rest."""
    unsuccessful = [job for job in jobs if job.exit is not Exit.OK]
    if not unsuccessful:
        return []
    shown = choose_rows(sorted(unsuccessful, key=worst_first), MAX_ROWS)
    headings = ["Job", "Status", "Items", "Type", "Message"]
    lines = _table(headings, [_job_row(job) for job in shown])
    shown_ids = {job.id for job in shown}
    hidden = [job for job in unsuccessful if job.id not in shown_ids]
    if hidden:
        more = pluralize(len(hidden), "more job")
        lines.append(f"<p>{more} did not succeed.</p>")
        answers = [tracked.job for tracked in hidden if tracked.job]
        statuses = [
            status
            for status in STATUSES
            if status != "completed"
            and any(has_status(job, [status]) for job in answers)
        ]
        if statuses:
            lines += _command_lines(list_lines(statuses, page))
    return lines


def _command_lines(lines: Sequence[StyledLine]) -> list[str]:
    """Return paragraphs for lines of a purpose and a command each."""
    return [
        f"<p>{html.escape(purpose)}{_code(command)}</p>"
        for (purpose, _), (command, _) in lines
    ]


def _job_row(tracked: TrackedJob) -> list[str]:
    status = _code(status_label(tracked)[1])
    job = tracked.job
    if job is None:
        return [_code(tracked.id), status, "", "", ""]
    message = sanitize(job.message or "", MAX_MESSAGE)
    return [
        _code(tracked.id),
        status,
        html.escape(format_outcome(job)),
        _code(job_title(job)),
        _code(message),
    ]


def _table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return the lines of a table. The cells are HTML."""
    return [
        "<table>",
        f"<tr>{''.join(f'<th>{heading}</th>' for heading in headings)}</tr>",
        *(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in rows),
        "</table>",
    ]


def _code(text: str) -> str:
    return f"<code>{html.escape(text)}</code>" if text else ""


def _format_more(problems: Sequence[Problem]) -> str:
    """Return how many jobs and items failed for these reasons."""
    counts = [
        pluralize(sum(p.count for p in problems if p.noun == noun), noun)
        for noun in ("job", "item")
        if any(p.noun == noun for p in problems)
    ]
    reasons = pluralize(len(problems), "more reason")
    return f"{' and '.join(counts)} failed for {reasons}."


def _escape_data(text: str) -> str:
    """Escape the message of a workflow command."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    """Escape a property of a workflow command."""
    return _escape_data(text).replace(":", "%3A").replace(",", "%2C")
