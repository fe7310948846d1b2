"""Everything that a command shows: progress, output and problems together."""

from __future__ import annotations

import os
import sys
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from jobstat.exits import Exit
from jobstat.jobs.job import KNOWN_STATES, judge
from jobstat.jobs.loop import Observer
from jobstat.jobs.reference import is_same_id
from jobstat.views.log import LogProgress, NoProgress
from jobstat.views.report import JsonOutput, ScreenOutput, TextOutput
from jobstat.views.terminal import open_terminal
from jobstat.views.wording import (
    counted,
    format_status,
    format_traceback,
    job_id,
    problem_lines,
)
from jobstat.views.writing import limit_writes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from jobstat.errors import JobstatError
    from jobstat.jobs.job import Job
    from jobstat.jobs.loop import Clock
    from jobstat.jobs.poll import TrackedJob
    from jobstat.jobs.retry import Outage
    from jobstat.jobs.watch import Watch
    from jobstat.views.log import Progress
    from jobstat.views.report import Output
    from jobstat.views.terminal import Terminal

MAX_NAMED = 20
"""Jobs whose ids are named in one line."""


@dataclass(frozen=True, slots=True)
class DisplayOptions:
    """The user's choices about how a command shows jobs.

    ``color`` is ``auto``, ``always`` or ``never``.
    """

    json: bool = False
    stream: bool = False
    quiet: bool = False
    plain: bool = False
    color: str = "auto"
    debug: bool = False


class Reporter(Observer):
    """The observer of a watch, and a context manager around it.

    ``output`` is None where stdout gets nothing. For a ``as_json`` each job is
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
        as_json: bool = False,
        stream: bool = False,
        debug: bool = False,
    ) -> None:
        self._watch = watch
        self._progress = progress
        self._output = output
        self._problems = problems
        self._stream = stream
        self._as_json = as_json
        self._debug = debug
        self._reports = len(watch.jobs) > 1 and not (as_json or watch.policy.once)
        self._warned: set[str] = set()
        self._seen: dict[str, Job | None] = {}
        self._closed: set[str] = set()
        self._written: dict[str, Job] = {}

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.__exit__(*exception)

    def notify(self, words: str) -> None:
        """Say something on stderr that is no data."""
        with self._progress.suspended():
            self._problems.print_quietly(words)

    def job_changed(self, tracked: TrackedJob, now: float) -> None:
        if self._seen.get(tracked.id) is not tracked.job:
            # Once, though a signal may have it told again.
            self._seen[tracked.id] = tracked.job
            self._warn(tracked)
            self._progress.job_changed(tracked, now)
        if self._stream:
            self._write(tracked, now)

    def request_failed(
        self, asked: Sequence[TrackedJob], outage: Outage, now: float
    ) -> None:
        self._progress.request_failed(asked, outage, now)

    def tick(self, now: float) -> None:
        self._progress.tick(now)

    def interrupted(self) -> None:
        # Neither who reads stdout nor the terminal is to let it wait any longer.
        limit_writes(0)
        self._progress.__exit__()

    def job_done(self, tracked: TrackedJob, now: float) -> None:
        if tracked.id not in self._closed:
            self._closed.add(tracked.id)
            # Before the data: its reader may write to the same screen.
            self._progress.job_done(tracked, now)
        is_told = self._stream or self._reports or self._already_read(tracked)
        if not is_told or (self._stream and tracked.unconfirmed):
            self._write(tracked, now)
        if tracked.error and tracked.exit in {tracked.error.exit, Exit.TIMEOUT}:
            self._tell(tracked.error)

    def _tell(self, error: JobstatError) -> None:
        """Tell of a problem, and of its hint, each once."""
        if error.message not in self._warned:
            hint = None if error.hint in self._warned else error.hint
            self._warned |= {error.message, hint or ""}
            if self._debug:
                self.notify(format_traceback(error))
            self.notify(problem_lines(error.message, hint))

    def ended(self, now: float) -> None:
        self._progress.ended(now)
        watch = self._watch
        self._name_the_unanswered()
        if self._output and len(watch.jobs) > 1 and any(w.job for w in watch.jobs):
            elapsed = None if watch.policy.once else now - watch.started
            with self._suspended():
                self._output.report(watch, elapsed)

    def _name_the_unanswered(self) -> None:
        """Name the jobs without an answer, unless their errors do."""
        jobs = self._watch.jobs
        ids = [w.id for w in jobs if not w.job and w.error and w.id not in str(w.error)]
        if 0 < len(ids) < len(jobs):
            more = f" and {len(ids) - MAX_NAMED} more" * (len(ids) > MAX_NAMED)
            named = ", ".join(ids[:MAX_NAMED]) + more
            self.notify(
                f"jobstat: no answer about {counted(len(ids), 'job')}: {named}\n"
            )

    def _already_read(self, tracked: TrackedJob) -> bool:
        unfinished = tracked.job and not judge(tracked.job).finished
        return bool(self._progress.persistent and unfinished and not self._as_json)

    def _write(self, tracked: TrackedJob, now: float) -> None:
        job = tracked.job
        if self._as_json and tracked.exit is not None:
            job = tracked.unconfirmed or job
        if self._output and job and self._written.get(tracked.id) is not job:
            timed = tracked.seen_running and not self._watch.policy.once
            text = self._output.render(
                job, now - self._watch.started if timed else None
            )
            with self._suspended():
                # A signal may end the writing, but it does not begin anew.
                self._written[tracked.id] = job
                self._output.write(text)

    def _suspended(self) -> AbstractContextManager[None]:
        """Make room for output where it goes to the screen of the progress."""
        progress_stream = self._output and self._output.interactive
        return self._progress.suspended() if progress_stream else nullcontext()

    def _warn(self, tracked: TrackedJob) -> None:
        job = tracked.job
        if job is None:
            return
        unknown = job.state not in KNOWN_STATES and not judge(job).finished
        if unknown and job.status not in self._warned:
            self._warned.add(job.status)
            self.notify(
                f"jobstat: warning: unknown status '{format_status(job)}';"
                " taken as unfinished\n"
            )
        if not is_same_id(tracked.id, job.id) and tracked.id not in self._warned:
            self._warned.add(tracked.id)
            self.notify(
                f"jobstat: warning: asked for {tracked.id},"
                f" the answer is about {job_id(job)}\n"
            )


def make_reporter(
    watch: Watch, account: str, clock: Clock, options: DisplayOptions
) -> Reporter:
    """Return the reporter that fits the options and the streams of the process."""
    stdout = open_terminal(sys.stdout, os.environ, options.color)
    stderr = open_terminal(sys.stderr, os.environ, options.color)
    as_json = options.json or options.stream
    output: Output | None
    if options.quiet:
        output = None
    elif as_json:
        output = JsonOutput(stdout, indented=stdout.interactive and not options.stream)
    elif stdout.interactive and not options.plain:
        output = ScreenOutput(stdout, account)
    else:
        output = TextOutput(stdout, account)

    progress_stream = stderr if as_json else stdout
    progress: Progress
    if options.quiet or watch.policy.once:
        progress = NoProgress()
    elif (
        progress_stream.live
        and not options.plain
        and (not as_json or _is_unseen(stdout, watch, stream=options.stream))
    ):
        from jobstat.views.live import LiveProgress

        progress = LiveProgress(
            watch, account, progress_stream, clock, show_final=as_json
        )
    else:
        lines = None if as_json and not stderr.interactive else progress_stream
        progress = LogProgress(watch, lines, stderr, show_final=as_json)
    return Reporter(
        watch,
        progress,
        output,
        stderr,
        as_json=as_json,
        stream=options.stream,
        debug=options.debug,
    )


def _is_unseen(stdout: Terminal, watch: Watch, *, stream: bool) -> bool:
    """Whether no data appears on the screen before the live view has gone.

    The next program in a pipe, such as jq, often writes to the same screen.
    """
    return stdout.is_file or (len(watch.jobs) == 1 and not stream)
