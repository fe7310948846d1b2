"""The output of jobs on stdout: the base class of its formats, and JSON."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobstat.jobs.job import Job
    from jobstat.jobs.watch import Watch
    from jobstat.views.terminal import Terminal


class Output(ABC):
    """The format in which a command writes jobs to stdout."""

    def __init__(self, terminal: Terminal) -> None:
        self._terminal = terminal
        self.interactive = terminal.interactive

    @abstractmethod
    def render(self, job: Job, elapsed: float | None = None) -> str:
        """Return the text of a job and its results, empty if ``report`` writes it.

        ``elapsed`` is how many seconds the job was watched, None to leave that out.
        """

    def write(self, text: str) -> None:
        """Write a rendered job. Raise OutputError or BrokenPipeError."""
        self._terminal.write(text)

    @abstractmethod
    def report(self, watch: Watch, elapsed: float | None = None) -> None:
        """Write the end of the output: a summary of several jobs, or a table.

        After a watch of ``elapsed`` seconds, write each job and its failed items first.
        """


class JsonOutput(Output):
    """Zendesk's own objects, in ASCII: indented, or a line each."""

    def __init__(self, terminal: Terminal, *, indented: bool) -> None:
        super().__init__(terminal)
        self._indent = 2 if indented else None

    def render(self, job: Job, elapsed: float | None = None) -> str:
        del elapsed
        return self.dump(job.fields)

    def dump(self, value: object) -> str:
        """Return a value as JSON."""
        return json.dumps(value, indent=self._indent) + "\n"

    def report(self, watch: Watch, elapsed: float | None = None) -> None:
        """Write nothing: a summary is not Zendesk's JSON."""
