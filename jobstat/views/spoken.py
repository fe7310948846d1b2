"""Jobs in words that read well aloud, for ``--plain``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from jobstat.jobs.duration import spell_duration
from jobstat.jobs.folding import FOLDED
from jobstat.jobs.job import MAX_ITEMS, Job, Verdict, judge
from jobstat.views.sanitize import MAX_MESSAGE, sanitize
from jobstat.views.summary import count_done, status_label
from jobstat.views.wording import (
    format_failures,
    format_status,
    job_id,
    job_title,
    percent_done,
    pluralize,
    whole_percent,
)

if TYPE_CHECKING:
    from jobstat.jobs.failures import Cause
    from jobstat.jobs.poll import TrackedJob
    from jobstat.jobs.watch import Watch


def speak_elapsed(seconds: float) -> str:
    """Return ``after 8 seconds``, or an empty string at the start."""
    return f"after {spell_duration(seconds)}" if seconds >= 1 else ""


def speak_progress(job: Job) -> str:
    """Return ``43 percent, 43 of 100 items``, or the part of it that is known.

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

    If the progress is known, a message only repeats it, unless the job failed.
    """
    sentence = speak_status(job, elapsed)
    if percent_done(job) is not None and judge(job) is not Verdict.JOB_FAILED:
        return sentence
    message = sanitize(job.message or "", MAX_MESSAGE)
    return f"{sentence}. {message}" if message else sentence


def speak_overall_progress(watch: Watch, elapsed: float) -> str:
    """Return how many jobs are done, and how many items if they are counted."""
    done, total = watch.items
    share = _speak_share(whole_percent(done, total), done, total) if total else ""
    jobs = f"{count_done(watch):,} of {len(watch.jobs):,} jobs done"
    return ", ".join(filter(None, [jobs, share, speak_elapsed(elapsed)]))


def overall_tens(watch: Watch) -> int:
    """Return how many tens the percentage of all items has passed."""
    done, total = watch.items
    return tens(whole_percent(done, total or 1))


def tens(percent: int) -> int:
    """Return how many tens a percentage has passed."""
    return percent // 10


def speak_title(job: Job, account: str) -> str:
    """Return the type, the account and the id of a job."""
    return f"{job_title(job)} at {account}, {job_id(job)}"


def speak_number(number: int, count: int) -> str:
    """Return the name of one of several jobs."""
    return f"job {number} of {count}"


def speak_row(tracked: TrackedJob, number: int, count: int) -> str:
    """Return a sentence about one of several jobs at their end, its id last."""
    name, job = speak_number(number, count), tracked.job
    if job is None:
        return f"{name}: {status_label(tracked)[1]}. {tracked.id}"
    outcome = f"{speak_status(job, 0.0)}, {job_title(job)}"
    message = sanitize(job.message or "", MAX_MESSAGE)
    return ". ".join(filter(None, [f"{name}: {outcome}", message, tracked.id]))


def speak_cause(cause: Cause) -> str:
    """Return the text of a cause, with a word in place of the sign for a value."""
    if cause.text.count(FOLDED) != len(cause.failures[0].values):
        return cause.text  # the error itself has such a sign
    return cause.text.replace(FOLDED, "(value)")


def _speak_share(percent: int, done: int, total: int) -> str:
    counts = f"{done:,} of {total:,} items"
    return f"{percent} percent, {counts}" if percent else counts
