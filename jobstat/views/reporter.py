"""Everything that a command shows: progress, output and problems together."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Self

from jobstat.exits import Exit
from jobstat.jobs.reference import is_same_id
from jobstat.jobs.verdict import KNOWN_STATES, judge
from jobstat.views.log import Plain, Silent
from jobstat.views.report import JsonOutput, ScreenOutput, TextOutput
from jobstat.views.terminal import limit_writes, open_terminal
from jobstat.views.wording import (
    counted,
    id_of,
    problem_lines,
    state_of,
    traceback_of,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from jobstat.errors import JobstatError
    from jobstat.jobs.job import Job
    from jobstat.jobs.loop import Clock
    from jobstat.jobs.retry import Setback
    from jobstat.jobs.watch import Watch, Watched
    from jobstat.views.log import Progress
    from jobstat.views.report import Output
    from jobstat.views.terminal import Terminal

MOST_NAMED = 20
"""Jobs whose ids are named in one line."""


class Display:
    """The observer of a watch, and a context manager around it.

    ``output`` is None where stdout gets nothing. For a ``machine`` each job is
    written when it is no longer asked for, with ``stream`` at each change. For
    people several jobs are reported on when all of them have ended. ``debug`` has
    a traceback shown with an error.
    """

    def __init__(
        self,
        watch: Watch,
        progress: Progress,
        output: Output | None,
        problems: Terminal,
        *,
        machine: bool = False,
        stream: bool = False,
        debug: bool = False,
    ) -> None:
        self._watch = watch
        self._progress = progress
        self._output = output
        self._problems = problems
        self._stream = stream
        self._machine = machine
        self._debug = debug
        self._reports = len(watch.jobs) > 1 and not (machine or watch.policy.once)
        self._warned: set[str] = set()
        self._seen: dict[str, Job | None] = {}
        self._closed: set[str] = set()
        self._written: dict[str, Job] = {}

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.__exit__(*exception)

    def say(self, words: str) -> None:
        """Say something on stderr that is no data."""
        with self._progress.aside():
            self._problems.note(words)

    def changed(self, watched: Watched, now: float) -> None:
        if self._seen.get(watched.id) is not watched.job:
            # Once, though a signal may have it told again.
            self._seen[watched.id] = watched.job
            self._warn(watched)
            self._progress.changed(watched, now)
        if self._stream:
            self._write(watched, now)

    def troubled(self, asked: Sequence[Watched], setback: Setback, now: float) -> None:
        self._progress.troubled(asked, setback, now)

    def idle(self, now: float) -> None:
        self._progress.idle(now)

    def interrupted(self) -> None:
        # Neither who reads stdout nor the terminal is to let it wait any longer.
        limit_writes(0)
        self._progress.__exit__()

    def closed(self, watched: Watched, now: float) -> None:
        if watched.id not in self._closed:
            self._closed.add(watched.id)
            # Before the data: its reader may write to the same screen.
            self._progress.closed(watched, now)
        is_told = self._stream or self._reports or self._already_read(watched)
        if not is_told or (self._stream and watched.unconfirmed):
            self._write(watched, now)
        if watched.error and watched.exit in {watched.error.exit, Exit.TIMEOUT}:
            self._tell(watched.error)

    def _tell(self, error: JobstatError) -> None:
        """Tell of a problem, and of its hint, each once."""
        if error.sentence not in self._warned:
            hint = None if error.hint in self._warned else error.hint
            self._warned |= {error.sentence, hint or ""}
            if self._debug:
                self.say(traceback_of(error))
            self.say(problem_lines(error.sentence, hint))

    def ended(self, now: float) -> None:
        self._progress.ended(now)
        watch = self._watch
        self._name_the_unanswered()
        if self._output and len(watch.jobs) > 1 and any(w.job for w in watch.jobs):
            elapsed = None if watch.policy.once else now - watch.started
            with self._aside():
                self._output.report(watch, elapsed)

    def _name_the_unanswered(self) -> None:
        """Name the jobs without an answer, unless their errors do."""
        jobs = self._watch.jobs
        ids = [w.id for w in jobs if not w.job and w.error and w.id not in str(w.error)]
        if 0 < len(ids) < len(jobs):
            more = f" and {len(ids) - MOST_NAMED} more" * (len(ids) > MOST_NAMED)
            named = ", ".join(ids[:MOST_NAMED]) + more
            self.say(f"jobstat: no answer about {counted(len(ids), 'job')}: {named}\n")

    def _already_read(self, watched: Watched) -> bool:
        unfinished = watched.job and not judge(watched.job).finished
        return bool(self._progress.keeps and unfinished and not self._machine)

    def _write(self, watched: Watched, now: float) -> None:
        job = watched.job
        if self._machine and watched.exit is not None:
            job = watched.unconfirmed or job
        if self._output and job and self._written.get(watched.id) is not job:
            timed = watched.ran and not self._watch.policy.once
            text = self._output.render(
                job, now - self._watch.started if timed else None
            )
            with self._aside():
                # A signal may end the writing, but it does not begin anew.
                self._written[watched.id] = job
                self._output.write(text)

    def _aside(self) -> AbstractContextManager[None]:
        """Make room for output where it goes to the screen of the progress."""
        seen = self._output and self._output.interactive
        return self._progress.aside() if seen else nullcontext()

    def _warn(self, watched: Watched) -> None:
        job = watched.job
        if job is None:
            return
        unknown = job.state not in KNOWN_STATES and not judge(job).finished
        if unknown and job.status not in self._warned:
            self._warned.add(job.status)
            self.say(
                f"jobstat: warning: unknown status '{state_of(job)}';"
                " taken as unfinished\n"
            )
        if not is_same_id(watched.id, job.id) and watched.id not in self._warned:
            self._warned.add(watched.id)
            self.say(
                f"jobstat: warning: asked for {watched.id},"
                f" the answer is about {id_of(job)}\n"
            )


def display_for(  # noqa: PLR0913 - what the user can choose of a view
    watch: Watch,
    account: str,
    clock: Clock,
    *,
    json: bool = False,
    stream: bool = False,
    quiet: bool = False,
    plain: bool = False,
    color: str = "auto",
    debug: bool = False,
) -> Display:
    """The display that fits what was asked for and where it is shown."""
    stdout = open_terminal(sys.stdout, os.environ, color)
    stderr = open_terminal(sys.stderr, os.environ, color)
    machine = json or stream
    output: Output | None
    if quiet:
        output = None
    elif machine:
        output = JsonOutput(stdout, indented=stdout.interactive and not stream)
    elif stdout.interactive and not plain:
        output = ScreenOutput(stdout, account)
    else:
        output = TextOutput(stdout, account)

    seen = stderr if machine else stdout
    progress: Progress
    if quiet or watch.policy.once:
        progress = Silent()
    elif (
        seen.live
        and not plain
        and (not machine or _is_unseen(stdout, watch, stream=stream))
    ):
        from jobstat.views.live import Live

        progress = Live(watch, account, seen, clock, last=machine)
    else:
        lines = None if machine and not stderr.interactive else seen
        progress = Plain(watch, lines, stderr, last=machine)
    return Display(
        watch,
        progress,
        output,
        stderr,
        machine=machine,
        stream=stream,
        debug=debug,
    )


def _is_unseen(stdout: Terminal, watch: Watch, *, stream: bool) -> bool:
    """Whether no data appears on the screen before the live view has gone.

    The next program in a pipe, such as jq, often writes to the same screen.
    """
    return stdout.is_file or (len(watch.jobs) == 1 and not stream)
