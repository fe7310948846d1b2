"""The final output for people: jobs and their results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobstat.jobs.job import Job, Verdict, judge
from jobstat.views.job_lines import (
    failure_lines,
    job_lines,
    result_lines,
    url_lines,
    verdict_lines,
)
from jobstat.views.layout import render_lines, wrap
from jobstat.views.output import Output
from jobstat.views.summary import watch_summary, watch_table
from jobstat.views.table import table_lines
from jobstat.views.terminal import Terminal

if TYPE_CHECKING:
    from jobstat.jobs.watch import Watch


class TextOutput(Output):
    """Jobs as text for people.

    With ``fitted``, lines fit the terminal and have bars. Without ``fitted``, nothing
    is cut or wrapped.
    """

    def __init__(self, terminal: Terminal, account: str, *, fitted: bool) -> None:
        super().__init__(terminal)
        self._account = account
        self._fitted = fitted
        self._paragraphs = 0

    def render(self, job: Job, elapsed: float | None = None) -> str:
        width, glyphs = self._width, self._terminal.glyphs
        height = self._terminal.size.lines
        lines = [
            *job_lines(job, self._account, width=width, glyphs=glyphs, elapsed=elapsed),
            *url_lines(job, width),
            *result_lines(job, width, height, glyphs=glyphs),
        ]
        return render_lines(lines, self._terminal)

    def write(self, text: str) -> None:
        """Write a paragraph, with a blank line above all but the first."""
        blank_line = "\n" if self._paragraphs else ""
        self._terminal.write(blank_line + text)
        self._paragraphs += 1

    def report(self, watch: Watch, elapsed: float | None = None) -> None:
        if len(watch.jobs) == 1 or not any(tracked.job for tracked in watch.jobs):
            return
        if elapsed is not None:
            self._write_jobs(watch)
        self.write(render_summary(watch, self._account, self._terminal, elapsed))

    def _write_jobs(self, watch: Watch) -> None:
        """Write a row for each job, and a paragraph for each failed job."""
        if not self._fitted:
            self._paragraphs += 1  # the log is the first one
        width, glyphs = self._width, self._terminal.glyphs
        table = table_lines(watch_table(watch), width, glyphs=glyphs)
        self.write(render_lines(table, self._terminal))
        for job in (tracked.job for tracked in watch.jobs if tracked.job):
            if judge(job) in {Verdict.ITEMS_FAILED, Verdict.JOB_FAILED}:
                lines = failure_lines(job, width, glyphs=glyphs)
                self.write(render_lines(lines, self._terminal))

    @property
    def _width(self) -> int | None:
        return self._terminal.size.columns if self._fitted else None


def render_last_status(
    job: Job, account: str, terminal: Terminal, elapsed: float | None
) -> str:
    """Return the last status of a watched job, without its results."""
    width, glyphs = terminal.size.columns, terminal.glyphs
    lines = [
        *job_lines(job, account, width=width, glyphs=glyphs, elapsed=elapsed),
        *verdict_lines(job, width, glyphs=glyphs),
    ]
    return render_lines(lines, terminal)


def render_summary(
    watch: Watch, account: str, terminal: Terminal, elapsed: float | None
) -> str:
    """Return the one-sentence summary of a watch of several jobs."""
    glyph, words = watch_summary(watch, account, elapsed)
    sentence = glyph.label(words, terminal.glyphs)
    width = terminal.size.columns if terminal.interactive else None
    return render_lines(wrap(sentence, glyph.style, width), terminal)
