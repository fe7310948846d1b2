"""What goes to stdout: jobs for people, or for programs."""

from __future__ import annotations

import json
from dataclasses import astuple
from typing import TYPE_CHECKING, Protocol

from jobstat.jobs.duration import clock
from jobstat.views.words import (
    BAD,
    GOOD,
    HEADINGS,
    counts_of,
    glyph_of,
    percent_of,
    rows_of,
    safe,
    state_of,
    summary_of,
    title_of,
)

if TYPE_CHECKING:
    from jobstat.jobs.job import Job
    from jobstat.views.terminal import Terminal
    from jobstat.views.words import Glyph


class Output(Protocol):
    """Where the state of a job is written in full."""

    def write(self, job: Job, elapsed: float | None = None) -> None:
        """Write the job; ``elapsed`` is for how many seconds it was watched.

        Raises OutputError, or BrokenPipeError when the reader has gone.
        """


class JsonOutput:
    """Zendesk's own object, in ASCII: a line a job, or indented."""

    def __init__(self, terminal: Terminal, *, indented: bool) -> None:
        self._terminal = terminal
        self._indent = 2 if indented else None

    def write(self, job: Job, elapsed: float | None = None) -> None:  # noqa: ARG002
        self._terminal.write(json.dumps(job.fields, indent=self._indent) + "\n")


class TextOutput:
    """A job and its results as lines: no box, no bar, nothing cut off."""

    def __init__(self, terminal: Terminal, account: str) -> None:
        self._terminal = terminal
        self._account = account

    def write(self, job: Job, elapsed: float | None = None) -> None:
        glyph, paint = glyph_of(job), self._terminal.paint
        sign = glyph.on(unicode=self._terminal.unicode)
        percent = percent_of(job)
        share = "" if percent is None else f"{percent}%"
        time = "" if elapsed is None else clock(elapsed)
        word = paint(f"{sign} {state_of(job)}", glyph.style)
        state = [word, counts_of(job), share, time]
        lines = [
            f"{title_of(job)}  {safe(job.id)}  {self._account}",
            "  ".join(filter(None, state)),
        ]
        if job.message:
            lines.append(safe(job.message))
        if job.items:
            lines += ["", *self._table(job)]
        if summary := summary_of(job):
            lines += [""] * bool(job.items)
            lines.append(paint(f"{sign} {summary}", glyph.style))
        self._terminal.write("\n".join(lines) + "\n")

    def _table(self, job: Job) -> list[str]:
        table = [astuple(row)[1:] for row in (HEADINGS, *rows_of(job))]
        index, id, result = (max(len(row[n]) for row in table) for n in range(3))
        glyphs = [None, *(BAD if row.failed else GOOD for row in rows_of(job))]
        return [
            f"{self._sign(glyph)} {row[0]:>{index}}  {row[1]:<{id}}"
            f"  {row[2]:<{result}}  {row[3]}".rstrip()
            for glyph, row in zip(glyphs, table, strict=True)
        ]

    def _sign(self, glyph: Glyph | None) -> str:
        if glyph is None:
            return " "
        sign = glyph.on(unicode=self._terminal.unicode)
        return self._terminal.paint(sign, glyph.style)


class ScreenOutput:
    """A job and its results on a terminal, fitted to its width."""

    def __init__(self, terminal: Terminal, account: str) -> None:
        self._terminal = terminal
        self._account = account

    def write(self, job: Job, elapsed: float | None = None) -> None:
        from jobstat.views.screen import job_lines, results

        console = self._terminal.console()
        unicode = self._terminal.unicode
        width, height = console.size
        with console.capture() as capture:
            for part in job_lines(
                job, self._account, width=width, unicode=unicode, elapsed=elapsed
            ):
                console.print(part)
            for part in results(job, width=width, height=height, unicode=unicode):
                console.print(part)
        self._terminal.write(capture.get())
