"""The progress of a watch in words that read well aloud, for ``--plain``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobstat.jobs.duration import spell_duration
from jobstat.jobs.job import Job, Verdict, judge
from jobstat.views.log import LogProgress, has_new_status
from jobstat.views.sanitize import MAX_MESSAGE, sanitize
from jobstat.views.summary import count_done
from jobstat.views.wording import (
    MAX_ITEMS,
    format_failures,
    format_status,
    percent_done,
    pluralize,
    whole_percent,
)

if TYPE_CHECKING:
    from jobstat.jobs.watch import Watch
    from jobstat.views.terminal import Terminal


class SpokenProgress(LogProgress):
    """The lines of a log as sentences for a screen reader.

    Progress is told at each further ten percent. Jobs have numbers, and only the first
    line about a job ends with its id.
    """

    format_duration = staticmethod(spell_duration)

    def __init__(
        self,
        watch: Watch,
        terminal: Terminal | None,
        stderr: Terminal,
        *,
        show_final: bool,
    ) -> None:
        super().__init__(watch, terminal, stderr, show_final=show_final)
        self._numbers = {tracked.id: n for n, tracked in enumerate(watch.jobs, start=1)}
        self._told_tens = 0

    def is_worth_a_line(self, job: Job, id: str) -> bool:
        logged, percent = self.logged.get(id), percent_done(job)
        if self.has_several or logged is None or percent is None:
            return super().is_worth_a_line(job, id)
        logged_percent = percent_done(logged) or 0
        return has_new_status(job, logged) or tens(percent) != tens(logged_percent)

    def is_overall_due(self, seconds: float) -> bool:
        is_further = overall_tens(self.watch) > self._told_tens
        return is_further or super().is_overall_due(seconds)

    def format_job(self, job: Job, elapsed: float) -> list[str]:
        return [speak_job(job, elapsed)]

    def format_overall(self, elapsed: float) -> list[str]:
        self._told_tens = overall_tens(self.watch)
        return [speak_overall_progress(self.watch, elapsed)]

    def format_line(self, id: str, elapsed: float, parts: Sequence[str]) -> str:
        del elapsed
        sentence = ", ".join(parts)
        if id and self.has_several:
            sentence = f"{self.format_name(id)}: {sentence}"
        # A listener can stop the reader before the id.
        return f"{sentence}. {id}" if id and id not in self.logged else sentence

    def format_name(self, id: str) -> str:
        return f"job {self._numbers[id]} of {len(self._numbers)}"


def speak_elapsed(seconds: float) -> str:
    """Return ``after 8 seconds``, or an empty string at the start."""
    return f"after {spell_duration(seconds)}" if seconds >= 1 else ""


def speak_progress(job: Job) -> str:
    """Return ``40 percent, 43 of 100 items``, or the part of it that is known.

    If all items are done or none is, return ``100 items``.
    """
    percent = percent_done(job)
    if percent is not None and 0 < (job.progress or 0) < (job.total or 0):
        return _speak_share(percent, job.progress or 0, job.total or 0)
    if job.total is not None and 0 < job.total <= MAX_ITEMS:
        return pluralize(job.total, "item")
    if job.progress is not None and 0 < job.progress <= MAX_ITEMS:
        return f"{pluralize(job.progress, 'item')} so far"
    return ""


def speak_job(job: Job, elapsed: float) -> str:
    """Return a job's status, failures or progress, time and message.

    A message only repeats a progress that is known, unless the job failed.
    """
    result = format_failures(job) or speak_progress(job)
    parts = [format_status(job), result, speak_elapsed(elapsed)]
    sentence = ", ".join(filter(None, parts))
    if percent_done(job) is not None and judge(job) is not Verdict.JOB_FAILED:
        return sentence
    message = sanitize(job.message or "", MAX_MESSAGE)
    return f"{sentence}. {message}" if message else sentence


def speak_overall_progress(watch: Watch, elapsed: float) -> str:
    """Return how many jobs are done, and how many of their items if that is known."""
    done, total = watch.items
    share = _speak_share(whole_percent(done, total), done, total) if total else ""
    jobs = f"{count_done(watch)} of {len(watch.jobs)} jobs done"
    return ", ".join(filter(None, [jobs, share, speak_elapsed(elapsed)]))


def overall_tens(watch: Watch) -> int:
    """Return the percentage of all items that are done, in tens."""
    done, total = watch.items
    return tens(whole_percent(done, total or 1))


def tens(percent: int) -> int:
    """Return the percentage in tens, as it is spoken."""
    return percent // 10 * 10


def _speak_share(percent: int, done: int, total: int) -> str:
    counts = f"{done} of {total} items"
    return f"{tens(percent)} percent, {counts}" if tens(percent) else counts
