"""Jobs in words that read well aloud, for ``--plain``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobstat.jobs.duration import spell_duration
from jobstat.jobs.job import MAX_ITEMS, Job, Verdict, judge
from jobstat.views.sanitize import MAX_MESSAGE, sanitize
from jobstat.views.summary import count_done
from jobstat.views.wording import (
    format_failures,
    format_status,
    percent_done,
    pluralize,
    whole_percent,
)

if TYPE_CHECKING:
    from jobstat.jobs.watch import Watch


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


def speak_status(job: Job, elapsed: float) -> str:
    """Return a job's status, failures or progress, and the time."""
    result = format_failures(job) or speak_progress(job)
    parts = [format_status(job), result, speak_elapsed(elapsed)]
    return ", ".join(filter(None, parts))


def speak_job(job: Job, elapsed: float) -> str:
    """Return a job's status, failures or progress, the time, and the message.

    A message only repeats a progress that is known, unless the job failed.
    """
    sentence = speak_status(job, elapsed)
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
