"""What goes to stdout: jobs for people, or for programs."""

from __future__ import annotations

import json
from dataclasses import astuple
from typing import TYPE_CHECKING, Protocol

from jobstat.jobs.duration import clock
from jobstat.views.terminal import ENDLESS
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


class Output(Protocol):
    """Where the state of a job is written in full."""

    def write(self, job: Job, elapsed: float | None = None) -> None:
        """Write the job; ``elapsed`` is for how many seconds it was watched.

        Raises OutputError, or BrokenPipeError when the reader has gone.
        """


class JsonOutput:
    """Zendesk's own object, in ASCII: a line a job, indented on a terminal."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal

    def write(self, job: Job, elapsed: float | None = None) -> None:  # noqa: ARG002
        indent = 2 if self._terminal.interactive else None
        self._terminal.write(json.dumps(job.fields, indent=indent) + "\n")


class TextOutput:
    """A job and its results as lines: no box, no bar, nothing cut off."""

    def __init__(self, terminal: Terminal, account: str) -> None:
        self._terminal = terminal
        self._account = account

    def write(self, job: Job, elapsed: float | None = None) -> None:
        unicode = self._terminal.unicode
        sign = glyph_of(job).on(unicode=unicode)
        percent = percent_of(job)
        share = "" if percent is None else f"{percent}%"
        time = "" if elapsed is None else clock(elapsed)
        state = [f"{sign} {state_of(job)}", counts_of(job), share, time]
        lines = [
            f"{title_of(job)}  {safe(job.id)}  {self._account}",
            "  ".join(filter(None, state)),
        ]
        if job.message:
            lines.append(safe(job.message))
        if job.items:
            lines += ["", *_table(job, unicode=unicode), ""]
        if summary := summary_of(job):
            lines.append(f"{sign} {summary}")
        self._terminal.write("\n".join(lines) + "\n")


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
        if not self._terminal.interactive:
            height = ENDLESS
        with console.capture() as capture:
            for part in job_lines(
                job, self._account, width=width, unicode=unicode, elapsed=elapsed
            ):
                console.print(part)
            for part in results(job, width=width, height=height, unicode=unicode):
                console.print(part)
        self._terminal.write(capture.get())


def _table(job: Job, *, unicode: bool) -> list[str]:
    table = [(" ", *astuple(HEADINGS)[1:])]
    table += [
        ((BAD if row.failed else GOOD).on(unicode=unicode), *astuple(row)[1:])
        for row in rows_of(job)
    ]
    wide = [max(len(row[column]) for row in table) for column in range(4)]
    lines = (
        f"{sign} {index:>{wide[1]}}  {id:<{wide[2]}}  {result:<{wide[3]}}  {details}"
        for sign, index, id, result, details in table
    )
    return [line.rstrip() for line in lines]
