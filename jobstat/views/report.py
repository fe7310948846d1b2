"""The final output for people: jobs and their results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobstat.jobs.job import Job
from jobstat.views.job_lines import job_lines, verdict_lines
from jobstat.views.job_report import Page, job_report
from jobstat.views.layout import render_lines
from jobstat.views.output import Output
from jobstat.views.terminal import Terminal

if TYPE_CHECKING:
    from jobstat.jobs.watch import Watch
    from jobstat.views.reporter import DisplayOptions


class TextOutput(Output):
    """Jobs as text for people.

    With ``fitted``, lines fit the terminal and have bars. Without ``fitted``, nothing
    is cut or wrapped.
    """

    def __init__(
        self,
        terminal: Terminal,
        account: str,
        options: DisplayOptions,
        *,
        fitted: bool,
    ) -> None:
        super().__init__(terminal)
        self._account = account
        self._fitted = fitted
        self._options = options

    def render(self, job: Job, elapsed: float | None = None) -> str:
        lines = job_report(job, self._account, self._page, elapsed)
        return render_lines(lines, self._terminal)

    def report(self, watch: Watch, elapsed: float | None = None) -> None:
        if len(watch.jobs) == 1 or not any(tracked.job for tracked in watch.jobs):
            return
        from jobstat.views.jobs_report import jobs_report

        lines = jobs_report(watch, self._account, self._page, elapsed)
        is_below_log = elapsed is not None and not self._fitted
        self._terminal.write("\n" * is_below_log + render_lines(lines, self._terminal))

    @property
    def _page(self) -> Page:
        terminal, (columns, rows) = self._terminal, self._terminal.size
        is_attended = self._fitted and not terminal.unattended
        return Page(
            width=columns if self._fitted else None,
            height=rows if is_attended else None,
            glyphs=terminal.glyphs,
            results=self._options.results,
            account=self._options.account,
            once=self._options.once,
            from_stdin=self._options.from_stdin,
        )


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
    from jobstat.views.jobs_report import summary_lines

    width = terminal.size.columns if terminal.interactive else None
    page = Page(width, None, terminal.glyphs)
    return render_lines(summary_lines(watch, account, page, elapsed), terminal)
