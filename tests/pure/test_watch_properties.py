"""Any watch of any account comes to an end, and keeps what it promises."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st
from support import SUCCESS, FakeClock, Notes, completed, job

from jobstat.errors import (
    InvalidResponse,
    JobstatError,
    NotFound,
    Unavailable,
    Unreachable,
    UsageError,
)
from jobstat.exits import Exit
from jobstat.jobs.loop import follow
from jobstat.jobs.parse import parse_job
from jobstat.jobs.policy import SHOW, WatchPolicy
from jobstat.jobs.poll import PollResult
from jobstat.jobs.rate_limit import FIRST_REQUESTS, RateLimit, RateLimiter
from jobstat.jobs.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WORKING = job("working", total=10, progress=3)
DONE = parse_job(completed(SUCCESS))


@dataclass
class Weather:
    """An account with lost and spoiling jobs, faults and a rate limit."""

    rng: random.Random
    clock: FakeClock
    policy: WatchPolicy
    faults: float
    several: bool
    asked: dict[str, float] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = self.rng
        self.ids = [f"job{n}" for n in range(rng.choice([1, 2, 3, 30, 120]))]
        self.ends = {id: 1000 + rng.expovariate(1 / 200) for id in self.ids}
        self.lost = {id for id in self.ids if rng.random() < 0.05}
        self.spoilt = {id for id in self.ids if rng.random() < 0.03}
        self.limit = rng.choice([None, 30, 200, 700])
        self.rate_limiter = RateLimiter(self.policy.rate_limit_share)

    def fetch(
        self, ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
    ) -> PollResult:
        now = self.clock.now
        assert 1 <= len(ids) <= 100
        assert (
            self.policy.timeout is None or timeout <= 1000 + self.policy.timeout - now
        )
        for id in ids:
            assert now - self.asked.get(id, -1e9) >= self.policy.interval - 1e-6
            self.asked[id] = now
        self.times.append(now)
        self.clock.now += min(self.rng.choice([0, 0.2, 3]), timeout)
        self.rate_limiter.update(RateLimit(self.limit), self.clock.now)
        if error := self._error(ids):
            raise error
        found = [id for id in ids if id not in self.lost | self.spoilt]
        jobs = [DONE if self.clock.now >= self.ends[id] else WORKING for id in found]
        named = zip(jobs, found, strict=True)
        return PollResult(tuple(replace(one, id=id) for one, id in named))

    def _error(self, ids: Sequence[str]) -> JobstatError | None:
        if self.rng.random() < self.faults:
            limited = Unavailable("429", retry_after=self.rng.choice([0, 5, 100]))
            return self.rng.choice(
                [Unreachable("down"), Unavailable("503"), limited, InvalidResponse("?")]
            )
        if len(ids) > 1:
            if not self.several:
                return UsageError("400")
            return Unavailable("500") if set(ids) & self.spoilt else None
        if ids[0] in self.lost:
            return NotFound("404")
        return InvalidResponse("no job status") if ids[0] in self.spoilt else None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.05, 0.5]), st.booleans())
def test_any_watch_ends_and_keeps_interval_timeout_and_rate_limit(
    seed: int, faults: float, several: bool
) -> None:
    rng = random.Random(seed)
    policy = WatchPolicy(
        interval=rng.choice([0, 0, 5, 60]),
        timeout=rng.choice([None, 30, 3000]),
        retry_for=rng.choice([0, 10, 300]),
        fail_fast=rng.random() < 0.2,
    )
    policy = SHOW if rng.random() < 0.2 else policy
    weather = Weather(rng, FakeClock(), policy, faults, several)
    watch = Watch(weather.ids, policy, 1000, rng.random, weather.rate_limiter)
    notes = Notes()
    follow(watch, weather.fetch, weather.clock, notes)
    closed = [id for what, id, _ in notes.told if what == "closed"]
    assert sorted(closed) == sorted(weather.ids)
    good = set(weather.ids) - weather.lost - weather.spoilt
    if policy == WatchPolicy(interval=policy.interval) and not faults:
        exits = {tracked.id: tracked.exit for tracked in watch.jobs}
        assert {exits[id] for id in good} <= {Exit.OK}
        assert {exits[id] for id in weather.lost} <= {Exit.NOT_FOUND}
        assert {exits[id] for id in weather.spoilt - weather.lost} <= {Exit.UNAVAILABLE}
    if weather.limit and policy is not SHOW:
        for first in weather.times[FIRST_REQUESTS:]:
            minute = [now for now in weather.times if first <= now < first + 59.999]
            assert len(minute) <= weather.limit / 10
