"""The observer of a watch that shows its progress, output and errors."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from jobstat import clock
from jobstat.errors import JobstatError
from jobstat.exits import Exit
from jobstat.jobs.job import KNOWN_STATES, Job, judge
from jobstat.jobs.loop import Observer
from jobstat.jobs.poll import TrackedJob
from jobstat.jobs.reference import is_same_id
from jobstat.views.output import Output
from jobstat.views.progress import Progress
from jobstat.views.terminal import Terminal
from jobstat.views.wording import (
    format_problem,
    format_status,
    format_traceback,
    job_id,
    pluralize,
)
from jobstat.views.writing import limit_writes

if TYPE_CHECKING:
    from jobstat.jobs.retry import Outage
    from jobstat.jobs.watch import Watch
    from jobstat.views.github import GitHubReport

MAX_IDS = 20
"""Maximum number of ids in one warning."""


@dataclass(frozen=True, slots=True)
class DisplayOptions:
    """The user's choices about how a command shows jobs.

    ``color`` is ``auto``, ``always`` or ``never``. ``results`` is ``all``, ``failed``,
    ``summary`` or None, for as many items as a person reads. ``account`` are the
    options that name the account in commands about the same jobs. It is None if the
    jobs cannot be asked for again. ``once`` is true for a command that does not wait
    for the jobs to end, ``from_stdin`` if all jobs came from standard input.
    """

    json: bool = False
    stream: bool = False
    csv: bool = False
    results: str | None = None
    quiet: bool = False
    plain: bool = False
    bell: bool = False
    color: str = "auto"
    debug: bool = False
    account: tuple[str, ...] | None = ()
    once: bool = False
    from_stdin: bool = False

    @property
    def for_programs(self) -> bool:
        """Whether stdout gets data for programs: JSON or CSV."""
        return self.json or self.stream or self.csv


class Reporter(Observer):
    """The observer of a watch, and a context manager around it.

    ``output`` is None if stdout gets nothing. JSON is written for each job when it is
    done, or with ``stream`` at each change. CSV is written at the end. For people,
    several watched jobs are reported together at the end.

    The user may press Ctrl-C while jobstat waits for a slow reader of stdout. Then
    ``follow`` repeats the interrupted call, and the reporter skips the parts of the
    call that are done.
    """

    def __init__(
        self,
        watch: Watch,
        progress: Progress,
        output: Output | None,
        stderr: Terminal,
        options: DisplayOptions,
        github: GitHubReport | None = None,
    ) -> None:
        self._github = github
        self._watch = watch
        self._progress = progress
        self._output = output
        self._stderr = stderr
        self._options = options
        self._warned: set[str] = set()
        self._shown_changes: dict[str, Job | None] = {}
        self._shown_ends: set[str] = set()
        self._written: dict[str, Job] = {}

    def __enter__(self) -> Self:
        self._progress.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._progress.__exit__(*exception)

    def notify(self, message: str) -> None:
        """Print a message to stderr."""
        with self._progress.suspended():
            self._stderr.print_quietly(message)

    def job_changed(self, tracked: TrackedJob, now: float) -> None:
        if self._shown_changes.get(tracked.id) is not tracked.job:
            self._shown_changes[tracked.id] = tracked.job
            self._warn_about(tracked)
            self._progress.job_changed(tracked, now)
        if self._options.stream:
            self._write(tracked, now)

    def request_failed(
        self, jobs: Sequence[TrackedJob], outage: Outage, now: float
    ) -> None:
        self._progress.request_failed(jobs, outage, now)

    def tick(self, now: float) -> None:
        self._progress.tick(now)

    def ending_early(self) -> None:
        # A slow reader of stdout or a paused terminal must not delay the end.
        limit_writes(clock.monotonic())
        self._progress.stop()

    def job_done(self, tracked: TrackedJob, now: float) -> None:
        if tracked.id not in self._shown_ends:
            self._shown_ends.add(tracked.id)
            # Erase the view before the data: their reader may use the same screen.
            self._progress.job_done(tracked, now)
        if self._is_written_when_done(tracked):
            self._write(tracked, now)
        if tracked.error and tracked.exit in {tracked.error.exit, Exit.TIMEOUT}:
            self._report_error(tracked.error)

    def ended(self, now: float) -> None:
        self._progress.ended(now)
        self._warn_about_unanswered()
        if self._options.csv:
            self._count_jobs_without_results()
        is_timed = not self._watch.policy.once
        elapsed = now - self._watch.started if is_timed else None
        if self._output:
            with self._making_room():
                self._output.report(self._watch, elapsed)
        if self._github:
            self._github.report(self._watch, elapsed)

    def _is_written_when_done(self, tracked: TrackedJob) -> bool:
        if self._options.stream:
            # The last change was written, but an unconfirmed answer was not.
            return tracked.unconfirmed is not None
        if self._options.for_programs:
            return True
        if len(self._watch.jobs) > 1:
            return False  # the report at the end has it
        # The log already shows the last status of an unfinished job.
        is_finished = not tracked.job or judge(tracked.job).finished
        return is_finished or not self._progress.persistent

    def _write(self, tracked: TrackedJob, now: float) -> None:
        job = tracked.job
        if self._options.for_programs and tracked.exit is not None:
            job = tracked.unconfirmed or job
        if self._output and job and self._written.get(tracked.id) is not job:
            is_timed = tracked.seen_running and not self._watch.policy.once
            elapsed = now - self._watch.started if is_timed else None
            if text := self._output.render(job, elapsed):
                with self._making_room():
                    # Before the write: a line that a signal has cut is not repeated.
                    self._written[tracked.id] = job
                    self._output.write(text)

    def _making_room(self) -> AbstractContextManager[None]:
        """Suspend the progress if the output goes to a terminal: both may share it."""
        is_shared = self._output and self._output.interactive
        return self._progress.suspended() if is_shared else nullcontext()

    def _report_error(self, error: JobstatError) -> None:
        """Print an error and its hint, each once."""
        if error.message not in self._warned:
            hint = None if error.hint in self._warned else error.hint
            self._warned |= {error.message, hint or ""}
            if self._options.debug:
                self.notify(format_traceback(error))
            self.notify(format_problem(error.message, hint))

    def _warn_about(self, tracked: TrackedJob) -> None:
        job = tracked.job
        if job is None:
            return
        is_unknown = job.state not in KNOWN_STATES and not judge(job).finished
        if is_unknown and job.status not in self._warned:
            self._warned.add(job.status)
            same = [t for t in self._watch.jobs if t.job and t.job.status == job.status]
            others = len(same) - 1
            more = f" and {pluralize(others, 'more job')}" if others else ""
            self.notify(
                f"jobstat: warning: unknown status '{format_status(job)}' of"
                f" {tracked.id}{more}; treated as unfinished\n"
            )
        if not is_same_id(tracked.id, job.id) and tracked.id not in self._warned:
            self._warned.add(tracked.id)
            self.notify(
                f"jobstat: warning: asked for {tracked.id},"
                f" the answer is about {job_id(job)}\n"
            )

    def _warn_about_unanswered(self) -> None:
        """Name the jobs without an answer, if no error names them."""
        jobs = self._watch.jobs
        ids = [t.id for t in jobs if not t.job and t.error and t.id not in str(t.error)]
        if 0 < len(ids) < len(jobs):
            more = f" and {len(ids) - MAX_IDS:,} more" * (len(ids) > MAX_IDS)
            names = ", ".join(ids[:MAX_IDS]) + more
            count = pluralize(len(ids), "job")
            self.notify(f"jobstat: no answer about {count}: {names}\n")

    def _count_jobs_without_results(self) -> None:
        """Print the statuses of the jobs that have no row in a table of results."""
        from jobstat.views.summary import format_status_counts

        jobs = [t for t in self._watch.jobs if t.job and not t.job.items]
        if jobs:
            statuses = format_status_counts(jobs)
            self.notify(f"jobstat: jobs without results: {statuses}\n")
