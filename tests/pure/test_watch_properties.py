"""Properties of every watch: it ends, and it keeps to its limits."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fakes import FakeClock, RecordingObserver
from hypothesis import given, settings
from hypothesis import strategies as st
from support import SUCCESS, completed, job

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
from jobstat.jobs.rate_limit import FREE_REQUESTS, RateLimit, RateLimiter
from jobstat.jobs.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jobstat.jobs.job import Job

WORKING = job("working", total=10, progress=3)
DONE = parse_job(completed(SUCCESS))


@dataclass
class FlakyAccount:
    """An account with missing jobs, jobs that break a batch, and random errors.

    ``faults`` is the share of the requests with an error.
    """

    rng: random.Random
    clock: FakeClock
    policy: WatchPolicy
    faults: float
    has_batches: bool
    last_request_at: dict[str, float] = field(default_factory=dict)
    times: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = self.rng
        self.ids = [f"job{n}" for n in range(rng.choice([1, 2, 3, 30, 120]))]
        self.ends = {id: 1000 + rng.expovariate(1 / 200) for id in self.ids}
        self.missing = {id for id in self.ids if rng.random() < 0.05}
        self.breaking = {id for id in self.ids if rng.random() < 0.03}
        self.limit = rng.choice([None, 30, 200, 700])
        self.rate_limiter = RateLimiter(self.policy.rate_limit_share)

    def fetch(
        self, ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
    ) -> PollResult:
        now = self.clock.now
        assert 1 <= len(ids) <= 100
        assert timeout <= self.policy.deadline(1000) - now
        for id in ids:
            delay = now - self.last_request_at.get(id, -1e9)
            assert delay >= self.policy.interval - 1e-6
            self.last_request_at[id] = now
        self.times.append(now)
        self.clock.now += min(self.rng.choice([0, 0.2, 3]), timeout)
        self.rate_limiter.update(RateLimit(self.limit), self.clock.now)
        if error := self._choose_error(ids):
            raise error
        ids = [id for id in ids if id not in self.missing | self.breaking]
        return PollResult(tuple(map(self._job, ids)))

    def _job(self, id: str) -> Job:
        has_ended = self.clock.now >= self.ends[id]
        return replace(DONE if has_ended else WORKING, id=id)

    def _choose_error(self, ids: Sequence[str]) -> JobstatError | None:
        if self.rng.random() < self.faults:
            limited = Unavailable("429", retry_after=self.rng.choice([0, 5, 100]))
            return self.rng.choice(
                [Unreachable("down"), Unavailable("503"), limited, InvalidResponse("?")]
            )
        if len(ids) > 1:
            if not self.has_batches:
                return UsageError("400")
            return Unavailable("500") if set(ids) & self.breaking else None
        if ids[0] in self.missing:
            return NotFound("404")
        return InvalidResponse("no job status") if ids[0] in self.breaking else None


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32), st.sampled_from([0.0, 0.05, 0.5]), st.booleans())
def test_any_watch_ends_and_keeps_interval_timeout_and_rate_limit(
    seed: int, faults: float, has_batches: bool
) -> None:
    rng = random.Random(seed)
    policy = WatchPolicy(
        interval=rng.choice([0, 0, 5, 60]),
        timeout=rng.choice([None, 30, 3000]),
        retry_for=rng.choice([0, 10, 300]),
        fail_fast=rng.random() < 0.2,
    )
    policy = SHOW if rng.random() < 0.2 else policy
    account = FlakyAccount(rng, FakeClock(), policy, faults, has_batches)
    watch = Watch(account.ids, policy, 1000, account.rate_limiter)
    observer = RecordingObserver()
    follow(watch, account.fetch, account.clock, observer)
    assert sorted(observer.done_ids) == sorted(account.ids)
    good = set(account.ids) - account.missing - account.breaking
    if policy == WatchPolicy(interval=policy.interval) and not faults:
        exits = {tracked.id: tracked.exit for tracked in watch.jobs}
        breaking = account.breaking - account.missing
        assert {exits[id] for id in good} <= {Exit.OK}
        assert {exits[id] for id in account.missing} <= {Exit.NOT_FOUND}
        assert {exits[id] for id in breaking} <= {Exit.UNAVAILABLE}
    if account.limit and policy is not SHOW:
        for first in account.times[FREE_REQUESTS:]:
            in_a_minute = [at for at in account.times if first <= at < first + 59.999]
            assert len(in_a_minute) <= account.limit / 10
