"""Watches in a given state, for tests of the views."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from support import FAILURE, SUCCESS, completed, job

from jobstat.errors import Unavailable
from jobstat.jobs.parse import parse_job
from jobstat.jobs.policy import WatchPolicy
from jobstat.jobs.poll import PollRequest, PollResult
from jobstat.jobs.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from jobstat.jobs.job import Job


def new_watch(*jobs: Job | None, now: float = 0) -> Watch:
    """Return a watch that has answers about these jobs. None is a job without one."""
    ids = [f"V3-{number:032x}" for number in range(len(jobs))]
    watch = Watch(ids, WatchPolicy(), 0)
    answer(watch, *jobs, now=now)
    return watch


def answer(watch: Watch, *jobs: Job | None, now: float) -> None:
    """Answer a request about all pending jobs, which are as many as ``jobs``."""
    tracked = watch.pending
    pairs = zip(jobs, tracked, strict=True)
    statuses = tuple(replace(job, id=tracked.id) for job, tracked in pairs if job)
    if statuses:
        request = PollRequest(tuple(tracked), 30, now)
        watch.record_result(request, PollResult(statuses), now)


@dataclass(frozen=True)
class Scene:
    """A watch at a moment, and the texts that its frames show.

    A frame of any size has the ``texts``. One of 40 columns also has the ``more``.
    """

    watch: Watch
    now: float
    texts: tuple[str, ...]
    more: tuple[str, ...] = ()


GOOD = parse_job(completed(*[SUCCESS] * 100))
BAD = parse_job(completed(*[SUCCESS] * 92, *[FAILURE] * 8))


def working(progress: int, total: int = 100) -> Job:
    message = f"Creating ticket #{progress}"
    return job("working", total=total, progress=progress, message=message)


def single(texts: tuple[str, ...], now: float, *answers: tuple[float, Job]) -> Scene:
    """Return the scene of one job after these answers."""
    watch = new_watch(answers[0][1], now=answers[0][0])
    for moment, status in answers[1:]:
        answer(watch, status, now=moment)
    return Scene(watch, now, texts)


QUEUED = job("queued", total=100)
MOVING = [(150.0 + 5 * step, working(20 * step)) for step in range(3)]


def _unreachable() -> Scene:
    texts = ("working", "40/100", "acme cannot", "12 s", "last answer 1 min 10 s ago")
    scene = single(texts, 230, *MOVING)
    scene.watch.record_failure(
        PollRequest(tuple(scene.watch.pending), 30, 230),
        Unavailable("acme cannot answer now (503)", retry_after=12),
        230,
    )
    return replace(scene, more=("acme cannot answer now (503)", "Creating ticket #40"))


def _partly_failed() -> Scene:
    items = parse_job(completed(*[SUCCESS] * 33, *[FAILURE] * 7)).items
    partly = replace(working(40), items=items)
    texts = ("working", "40/100", "7 of 40 items failed")
    return single(texts, 60, (0, working(0)), (20, working(20)), (50, partly))


def _many(*jobs: Job | None, texts: tuple[str, ...]) -> Scene:
    watch = new_watch(*[QUEUED] * len(jobs))
    answer(watch, *[working(20) if job else None for job in jobs], now=100)
    answer(watch, *jobs, now=130)
    return Scene(watch, 135, texts)


def _many_stalled() -> Scene:
    watch = new_watch(working(40), working(60), QUEUED)
    answer(watch, working(40), working(60), QUEUED, now=200)
    return Scene(watch, 210, ("0/3 jobs", "2 jobs: no progress", "3 min", "stalled"))


def _many_unreachable() -> Scene:
    texts = ("0/30 jobs", "acme cannot", "12 s", "last answer 1 min ago", "working")
    scene = _many(*[working(40)] * 30, texts=texts)
    scene.watch.record_failure(
        PollRequest(tuple(scene.watch.pending), 30, 190),
        Unavailable("acme cannot answer now (503)", retry_after=12),
        190,
    )
    return replace(scene, now=190, more=("acme cannot answer now (503)", "1,200/3,000"))


SCENES: dict[str, Callable[[], Scene]] = {
    "asking": lambda: Scene(new_watch(None), 3, ("asking", "0:03")),
    "queued": lambda: single(("queued", "0/100", "2:30"), 150, (0, QUEUED)),
    "working without a total": lambda: single(
        ("working", "0:45"), 45, (0, job("working", total=None))
    ),
    "working": lambda: single(("working", "40/100", "40%"), 165, (0, QUEUED), *MOVING),
    "stalled": lambda: single(
        ("working", "40/100", "no progress for 3"), 370, *MOVING, (369, working(40))
    ),
    "unreachable": _unreachable,
    "100 items with 7 failures": _partly_failed,
    "10,000 items": lambda: single(
        ("working", "4,000/10,000", "40%"),
        900,
        *[(100.0 * step, working(500 * step, 10_000)) for step in range(9)],
    ),
    "killed": lambda: single(
        ("killed", "40/100"), 65, *MOVING, (60, job("killed", total=100, progress=40))
    ),
    "unknown status": lambda: single(
        ("paused", "40/100"), 65, (0, job("paused", total=100, progress=40))
    ),
    "3 jobs": lambda: _many(
        working(40), GOOD, BAD, texts=("2/3 jobs", "8 items failed", "40/100")
    ),
    "30 jobs": lambda: _many(
        *[working(40)] * 10,
        *[QUEUED] * 18,
        GOOD,
        BAD,
        texts=("2/30 jobs", "8 items failed", "working"),
    ),
    "200 jobs with failures": lambda: _many(
        *[GOOD] * 120,
        *[BAD] * 40,
        job("killed", total=100, progress=37),
        *[working(40)] * 20,
        *[QUEUED] * 19,
        texts=("161/200 jobs", "1 job failed", "320 items failed", "killed", "working"),
    ),
    "30 jobs unreachable": _many_unreachable,
    "stalled jobs": _many_stalled,
}
