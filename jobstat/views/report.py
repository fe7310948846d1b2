"""What goes to stdout: jobs for people, or for programs."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Protocol

from jobstat.jobs.duration import format_elapsed
from jobstat.jobs.job import Verdict, judge
from jobstat.views.sanitize import sanitize
from jobstat.views.wording import (
    BAD,
    GOOD,
    Column,
    format_counts,
    format_status,
    format_verdict,
    job_id,
    job_title,
    percent_done,
    results_table,
    status_glyph,
)

if TYPE_CHECKING:
    from jobstat.jobs.job import Job
    from jobstat.jobs.watch import Watch
    from jobstat.views.terminal import Terminal
    from jobstat.views.wording import Glyph, ResultsTable


MAX_COLUMN = 64
"""Characters to which what is shorter is filled up."""


class Output(Protocol):
    """Where the state of a job is written in full.

    ``interactive`` is whether that is a terminal.
    """

    @property
    def interactive(self) -> bool: ...

    def render(self, job: Job, elapsed: float | None = None) -> str:
        """What is to be written of a job, watched for ``elapsed`` seconds."""

    def write(self, paragraph: str) -> None:
        """Write it. Raises OutputError, BrokenPipeError when the reader has gone."""

    def report(self, watch: Watch, elapsed: float | None = None) -> None:
        """Write what there is to say of several jobs as a whole.

        Of a watch, of ``elapsed`` seconds, also each job and every failed item.
        """


class JsonOutput:
    """Zendesk's own object, in ASCII: a line a job, or indented."""

    def __init__(self, terminal: Terminal, *, indented: bool) -> None:
        self._terminal = terminal
        self._indent = 2 if indented else None
        self.interactive = terminal.interactive

    def render(self, job: Job, elapsed: float | None = None) -> str:  # noqa: ARG002
        return self.dump(job.fields)

    def dump(self, value: object) -> str:
        """A value as it was sent."""
        return json.dumps(value, indent=self._indent) + "\n"

    def write(self, paragraph: str) -> None:
        self._terminal.write(paragraph)

    def report(self, watch: Watch, elapsed: float | None = None) -> None:
        """Write nothing: what is not Zendesk's own is no part of it."""


class _ForPeople(ABC):
    """What the two outputs for people have in common: the report on a watch."""

    def __init__(self, terminal: Terminal, account: str) -> None:
        self._terminal = terminal
        self._account = account
        self._paragraphs = 0
        self.interactive = terminal.interactive

    def report(self, watch: Watch, elapsed: float | None = None) -> None:
        from jobstat.views.many import format_summary

        if elapsed is not None:
            self._each(watch)
        self.write(format_summary(watch, self._account, self._terminal, elapsed))

    def _each(self, watch: Watch) -> None:
        """Write a line for each job, and a paragraph for each that went wrong."""
        from jobstat.views.many import line_of, table, to_ansi

        jobs = [line_of(tracked) for tracked in watch.jobs]
        lines = table(jobs, self._width(), unicode=self._terminal.unicode)
        self.write("".join(to_ansi(line, self._terminal) + "\n" for line in lines))
        for job in (w.job for w in watch.jobs if w.job):
            if judge(job) in {Verdict.ITEMS_FAILED, Verdict.JOB_FAILED}:
                self.write(self._failures(job))

    def write(self, paragraph: str) -> None:
        """Write it, with a blank line between it and what stands above."""
        self._terminal.write("\n" * (self._paragraphs > 0) + paragraph)
        self._paragraphs += 1

    def _width(self) -> int | None:
        """Columns that a line may have, None where nothing bounds it."""
        return None

    @abstractmethod
    def _failures(self, job: Job) -> str:
        """What is to be said of a job that did not succeed altogether."""


class TextOutput(_ForPeople):
    """A job and its results as lines: no box, no bar, nothing cut off."""

    def render(self, job: Job, elapsed: float | None = None) -> str:
        glyph, paint = status_glyph(job), self._terminal.paint
        sign = glyph.on(unicode=self._terminal.unicode)
        percent = percent_done(job)
        share = "" if percent is None else f"{percent}%"
        time = "" if elapsed is None else format_elapsed(elapsed)
        word = paint(f"{sign} {format_status(job)}", glyph.style)
        state = [word, format_counts(job), share, time]
        lines = [
            f"{job_title(job)}  {job_id(job)}  {self._account}",
            "  ".join(filter(None, state)),
        ]
        if job.message:
            lines.append(sanitize(job.message))
        if job.url:
            lines.append(sanitize(job.url))
        if job.items:
            lines += ["", *self._table(results_table(job))]
        if format_verdict(job):
            lines += [""] * bool(job.items)
            lines.append(self._summary(job))
        return "\n".join(lines) + "\n"

    def _summary(self, job: Job) -> str:
        glyph = status_glyph(job)
        sign = glyph.on(unicode=self._terminal.unicode)
        return self._terminal.paint(f"{sign} {format_verdict(job)}", glyph.style)

    def _each(self, watch: Watch) -> None:
        # The lines of its changes stand above.
        self._terminal.write("\n")
        super()._each(watch)

    def _failures(self, job: Job) -> str:
        lines = [f"{job_title(job)}  {job_id(job)}"]
        if job.message:
            lines.append(sanitize(job.message))
        if job.failed:
            lines += self._table(results_table(job, failed=True))
        else:
            lines.append(self._summary(job))
        return "\n".join(lines) + "\n"

    def _table(self, results: ResultsTable) -> list[str]:
        columns = results.columns
        lines = [columns, *(tuple(map(r.cell, columns)) for r in results.rows)]
        widths = [
            min(max(map(len, cells)), MAX_COLUMN) for cells in zip(*lines, strict=True)
        ]
        aligned = [">" if column is Column.INDEX else "<" for column in columns]
        glyphs = [None, *(BAD if row.failed else GOOD for row in results.rows)]
        return [
            "  ".join(
                [
                    self._sign(glyph),
                    *(
                        f"{cell:{side}{width}}"
                        for cell, side, width in zip(
                            cells, aligned, widths, strict=True
                        )
                    ),
                ]
            ).rstrip()
            for glyph, cells in zip(glyphs, lines, strict=True)
        ]

    def _sign(self, glyph: Glyph | None) -> str:
        if glyph is None:
            return " "
        sign = glyph.on(unicode=self._terminal.unicode)
        return self._terminal.paint(sign, glyph.style)


class ScreenOutput(_ForPeople):
    """A job and its results on a terminal, fitted to its width."""

    def render(self, job: Job, elapsed: float | None = None) -> str:
        from jobstat.views.screen import job_lines, results, url_line

        console = self._terminal.console()
        unicode = self._terminal.unicode
        width, height = console.size
        with console.capture() as capture:
            for part in job_lines(
                job, self._account, width=width, unicode=unicode, elapsed=elapsed
            ):
                console.print(part)
            if job.url:
                # Wrapped by the terminal, it can still be copied or clicked.
                console.print(url_line(job.url), soft_wrap=True)
            for part in results(job, width=width, height=height, unicode=unicode):
                console.print(part)
        return capture.get()

    def _width(self) -> int:
        return self._terminal.size.columns

    def _failures(self, job: Job) -> str:
        from jobstat.views.screen import failures

        console = self._terminal.console()
        unicode = self._terminal.unicode
        with console.capture() as capture:
            for part in failures(job, width=console.size.width, unicode=unicode):
                console.print(part)
        return capture.get()
