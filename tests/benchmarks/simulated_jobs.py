"""Jobs for the polling benchmark: random ones, and ones recorded at Zendesk."""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from jobstat.jobs.job import Item, Job

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

RECORDED = Path(__file__).parents[3] / "shared" / "zendesk" / "recorded"

Points = list[tuple[float, float]]


@dataclass(frozen=True)
class RandomJob:
    """A job from its creation at 0 to its end; times are in seconds.

    ``progress`` holds points: (share of the working time, share of the items done).
    """

    id: str
    queued_for: float
    works_for: float
    total: int | None
    progress: Points = field(repr=False)
    fails_after: float | None = None

    @property
    def has_total(self) -> bool:
        return self.total is not None

    @property
    def end(self) -> float:
        works_for = self.works_for if self.fails_after is None else self.fails_after
        return self.queued_for + works_for

    def at(self, now: float) -> Job:
        """Return the job as Zendesk would show it at a time."""
        if now >= self.end:
            status = "completed" if self.fails_after is None else "failed"
            return _job(self.id, status, self.total, self.total)
        if now < self.queued_for:
            return _job(self.id, "queued", self.total, None)
        if self.total is None:
            return _job(self.id, "working", None, None)
        done = self._share_done((now - self.queued_for) / self.works_for)
        return _job(self.id, "working", self.total, int(self.total * done))

    def _share_done(self, x: float) -> float:
        """Interpolate between two points of the progress."""
        index = min(bisect_right(self.progress, (x, math.inf)), len(self.progress) - 1)
        (x0, y0), (x1, y1) = self.progress[index - 1], self.progress[index]
        return y0 if x1 == x0 else y0 + (y1 - y0) * (x - x0) / (x1 - x0)


@dataclass(frozen=True)
class RecordedJob:
    """A job that was once polled at Zendesk. It does not change between two polls."""

    id: str
    states: list[tuple[float, Job]]
    end: float

    def at(self, now: float) -> Job:
        """Return the job as Zendesk showed it at a time."""
        index = bisect_right(self.states, now, key=lambda state: state[0])
        return self.states[max(index - 1, 0)][1]


SimulatedJob = RandomJob | RecordedJob


def random_job(
    rng: random.Random,
    id: str,
    draw_progress: Callable[[random.Random], Points] | None = None,
    *,
    has_total: bool | None = None,
    fails: bool | None = None,
) -> RandomJob:
    """Draw a job of 1 s to 2 h, whose properties are random unless they are given.

    It is queued for up to 5 minutes, mostly less. It works for 1 s to 2 h on 1 to
    10,000 items; every magnitude is equally likely. One job in seven has no total, one
    in 20 fails midway.
    """
    works_for = math.exp(rng.uniform(0, math.log(7200)))
    total = round(math.exp(rng.uniform(0, math.log(10_000))))
    draw_progress = draw_progress or rng.choice([steady, bursty, stalling])
    has_total = rng.random() > 0.15 if has_total is None else has_total
    fails = rng.random() < 0.05 if fails is None else fails
    return RandomJob(
        id,
        queued_for=300 * rng.random() ** 3,
        works_for=works_for,
        total=total if has_total else None,
        progress=draw_progress(rng),
        fails_after=works_for * rng.random() if fails else None,
    )


def small_job(rng: random.Random, id: str) -> RandomJob:
    """Draw a job of 1 to 100 items, Zendesk's limit of a bulk request.

    The recorded jobs did 2 to 9 items a second, and waited in the queue for some
    seconds, one of them for 150 s. Here the pace is steady.
    """
    total = rng.randint(1, 100)
    works_for = 0.5 + total / math.exp(rng.uniform(0, math.log(9)))
    return RandomJob(
        id,
        queued_for=150 * rng.random() ** 5,
        works_for=works_for,
        total=None if rng.random() < 0.15 else total,
        progress=steady(rng),
        fails_after=works_for * rng.random() if rng.random() < 0.05 else None,
    )


def recorded_jobs() -> list[RecordedJob]:
    """Return the recorded jobs, none if the recordings are not beside the project."""
    jobs = []
    for path in sorted(RECORDED.glob("zenpy-sequence-*.json")):
        polls = json.loads(path.read_text())["polls"]
        started = datetime.fromisoformat(polls[0]["at"])
        states: list[tuple[float, Job]] = []
        for poll in polls:
            fields = poll["body"].get("job_status")
            if fields and not (states and states[-1][1].status == "completed"):
                age = (datetime.fromisoformat(poll["at"]) - started).total_seconds()
                counts = fields["total"], fields["progress"]
                states.append((age, _job(path.stem, fields["status"], *counts)))
        jobs.append(RecordedJob(path.stem, states, states[-1][0]))
    return jobs


def _job(id: str, status: str, total: int | None, progress: int | None) -> Job:
    # jobstat polls a completed job without results once more.
    results = {"success": True} if status == "completed" else None
    items = () if results is None else (Item(0, results, failed=False),)
    fields = {"results": results}
    return Job(id, status, None, None, total, progress, None, items, fields)


def steady(rng: random.Random) -> Points:
    """A pace that varies by some tenths."""
    return _to_points([(pace, 1.0) for pace in _random_paces(rng)])


def stalling(rng: random.Random) -> Points:
    """A steady pace that stalls one to three times."""
    parts = []
    stalls = rng.sample(range(20), rng.randint(1, 3))
    for index, pace in enumerate(_random_paces(rng)):
        parts.append((pace, 1.0))
        if index in stalls:
            parts.append((0.0, 20 * rng.uniform(0.05, 0.6)))
    return _to_points(parts)


def slowing(rng: random.Random) -> Points:
    """A pace that falls to a tenth, so that the job ends later than estimated."""
    paces = _random_paces(rng)
    return _to_points([(pace * 0.1 ** (x / 19), 1.0) for x, pace in enumerate(paces)])


def bursty(rng: random.Random) -> Points:
    """Three to thirty bursts with pauses between them, all of random size."""
    parts: list[tuple[float, float]] = []
    for _ in range(rng.randint(3, 30)):
        parts += [(0.0, rng.expovariate(1)), (1e6 * rng.expovariate(1), 1e-6)]
    return _to_points(parts)


def _random_paces(rng: random.Random) -> list[float]:
    drift, paces = 0.0, []
    for _ in range(20):
        drift = 0.7 * drift + rng.gauss(0, 0.15)
        paces.append(math.exp(drift))
    return paces


def _to_points(parts: list[tuple[float, float]]) -> Points:
    """Turn consecutive (pace, time) parts into points."""
    total_time = sum(length for _, length in parts)
    total_items = sum(pace * length for pace, length in parts)
    points, x, y = [(0.0, 0.0)], 0.0, 0.0
    for pace, length in parts:
        x, y = x + length / total_time, y + pace * length / total_items
        points.append((x, y))
    points[-1] = (1.0, 1.0)
    return points
