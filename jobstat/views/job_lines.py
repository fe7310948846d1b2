"""One job as lines: its title, status, message and verdict."""

from __future__ import annotations

from jobstat.jobs.duration import format_elapsed
from jobstat.jobs.job import Job
from jobstat.views.layout import (
    GAP,
    MAX_BAR,
    MIN_BAR,
    NARROW,
    StyledLine,
    draw_bar,
    flow,
    join_parts,
    line_width,
    wrap,
)
from jobstat.views.sanitize import MAX_MESSAGE, MAX_TEXT, sanitize
from jobstat.views.spoken import speak_status, speak_title
from jobstat.views.terminal import Glyphs
from jobstat.views.wording import (
    format_progress,
    format_status,
    format_verdict,
    job_id,
    job_title,
    percent_done,
    status_glyph,
)


def job_lines(
    job: Job,
    account: str,
    *,
    width: int | None,
    glyphs: Glyphs,
    elapsed: float | None = None,
) -> list[StyledLine]:
    """Return a job's title, status and message, with a bar on a terminal.

    ``elapsed`` is the seconds that the job was watched.
    """
    if glyphs is Glyphs.NONE:
        sentences = [speak_title(job, account), speak_status(job, elapsed or 0.0)]
        head = [[(sentence, "")] for sentence in sentences]
    else:
        title = [(job_title(job), "bold"), (job_id(job), ""), (account, "dim")]
        time = "" if elapsed is None else format_elapsed(elapsed)
        status = _status_lines(job, time, width, glyphs=glyphs)
        head = [*flow(title, width), *status]
    return [*head, *message_lines(job, width)]


def _status_lines(
    job: Job, time: str, width: int | None, *, glyphs: Glyphs
) -> list[StyledLine]:
    glyph = status_glyph(job)
    status = (glyph.label(format_status(job), glyphs), glyph.style)
    progress = (format_progress(job), "")
    line = join_parts([status, progress, (time, "dim")])
    if width is None:
        return [line]

    def bar(columns: int) -> StyledLine:
        done, total = bar_values(job, live=False)
        return draw_bar(done, total, columns, glyph.style, glyphs=glyphs)

    room = width - line_width(line) - len(GAP)
    if width >= NARROW and room >= MIN_BAR:
        first, *others = line
        return [[first, (GAP, ""), *bar(min(room, MAX_BAR)), *others]]
    return [
        *flow([status, progress], width),
        bar(width),
        *flow([(time, "dim")], width),
    ]


def bar_values(job: Job, *, live: bool) -> tuple[int, int | None]:
    """Return a job's items done and in total. A total of None makes the bar move."""
    if percent_done(job) is not None:
        return job.progress or 0, job.total
    if job.state == "completed":
        return 1, 1
    return 0, None if live and job.state == "working" else 1


def message_lines(job: Job, width: int | None) -> list[StyledLine]:
    """Return a job's message, clipped on a terminal to MAX_MESSAGE characters."""
    if not job.message:
        return []
    return wrap(sanitize(job.message, _max_length(width)), "dim", width)


def url_lines(job: Job, width: int | None) -> list[StyledLine]:
    """Return a job's own URL in one line, so that it can be copied or clicked."""
    return [[(sanitize(job.url, _max_length(width)), "dim")]] if job.url else []


def verdict_lines(job: Job, width: int | None, *, glyphs: Glyphs) -> list[StyledLine]:
    """Return the sentence of ``format_verdict``, if it says more than the status."""
    verdict, glyph = format_verdict(job), status_glyph(job)
    if verdict in {"", f"the job {job.state}", f"the job was {job.state}"}:
        return []
    return wrap(glyph.label(verdict, glyphs), f"bold {glyph.style}", width)


def _max_length(width: int | None) -> int:
    """Return the maximum characters of a text. A terminal, with a width, has fewer."""
    return MAX_TEXT if width is None else MAX_MESSAGE
