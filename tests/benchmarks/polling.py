"""When jobstat asks, against those who ask every so many seconds.

Run by hand: ``python tests/benchmarks/polling.py [JOBS] [--real]``. It draws jobs
(the seed is fixed), lets the real ``Watch`` and the usual ways to poll follow each
of them on a pretended clock, alone and in groups of 1 to 200, and prints what
each way costs, requests a job, and what it gives: how long after a job's end it is
known, in seconds and as a share of the job's length.

With ``--real`` a few jobs are watched at the demo server in real time as well,
beside what the simulation says of the same jobs.
"""

from __future__ import annotations

import json
import math
import random
import statistics
import sys
import time
from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from jobstat.jobs import watch as watch_module
from jobstat.jobs.job import Job
from jobstat.jobs.policy import WatchPolicy
from jobstat.jobs.poll import PollRequest, PollResult, Wait
from jobstat.jobs.rate_limit import RateLimit
from jobstat.jobs.schedule import delay_after_answer
from jobstat.jobs.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

SEED = 20261123
LATENCY = 0.2
"""Seconds that a request takes."""

LOOPBACK = 0.005
"""The same at the demo server."""

INTERVALS = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0)
USUAL = RateLimit(700)
GROUPS = 30
FRONTIER = 200
"""Jobs alone, and a twentieth as many groups, on which the frontier is looked for."""

RECORDED = Path(__file__).parents[3] / "shared" / "zendesk" / "recorded"

Points = list[tuple[float, float]]


# The jobs.


@dataclass(frozen=True)
class Life:
    """A job from its creation at 0 to its end, in seconds.

    ``course`` are points of (share of the work's time, share of the items done).
    """

    id: str
    queue: float
    work: float
    total: int | None
    course: Points = field(repr=False)
    fails_after: float | None = None

    @property
    def end(self) -> float:
        return self.queue + (
            self.work if self.fails_after is None else self.fails_after
        )

    def at(self, now: float) -> Job:
        if now >= self.end:
            status = "completed" if self.fails_after is None else "failed"
            return _job(self.id, status, self.total, self.total)
        if now < self.queue:
            return _job(self.id, "queued", self.total, None)
        if self.total is None:
            return _job(self.id, "working", None, None)
        x = (now - self.queue) / self.work
        place = min(bisect_right(self.course, (x, math.inf)), len(self.course) - 1)
        (x0, y0), (x1, y1) = self.course[place - 1], self.course[place]
        done = y0 if x1 == x0 else y0 + (y1 - y0) * (x - x0) / (x1 - x0)
        return _job(self.id, "working", self.total, int(self.total * done))


def _job(id: str, status: str, total: int | None, progress: int | None) -> Job:
    return Job(id, status, None, None, total, progress, None, (), {})


def draw(rng: random.Random, id: str) -> Life:
    """A job: in the queue for up to 5 minutes, mostly less; then 1 s to 2 h of work
    on 1 to 10,000 items, any magnitude as likely as another."""
    work = math.exp(rng.uniform(0, math.log(7200)))
    total = round(math.exp(rng.uniform(0, math.log(10_000))))
    shape = rng.choice([_steady, _bursty, _stalling])
    return Life(
        id,
        queue=300 * rng.random() ** 3,
        work=work,
        total=None if rng.random() < 0.15 else total,
        course=shape(rng),
        fails_after=work * rng.random() if rng.random() < 0.05 else None,
    )


def _steady(rng: random.Random) -> Points:
    """A pace that wanders by some tenths."""
    return _course([(pace, 1.0) for pace in _paces(rng)])


def _stalling(rng: random.Random) -> Points:
    """The same, but at one to three places nothing moves for a while."""
    parts = []
    stalls = rng.sample(range(20), rng.randint(1, 3))
    for place, pace in enumerate(_paces(rng)):
        parts.append((pace, 1.0))
        if place in stalls:
            parts.append((0.0, 20 * rng.uniform(0.05, 0.6)))
    return _course(parts)


def _bursty(rng: random.Random) -> Points:
    """Three to thirty bursts of any size, with pauses of any length between."""
    parts: list[tuple[float, float]] = []
    for _ in range(rng.randint(3, 30)):
        parts += [(0.0, rng.expovariate(1)), (1e6 * rng.expovariate(1), 1e-6)]
    return _course(parts)


def _paces(rng: random.Random) -> list[float]:
    drift, paces = 0.0, []
    for _ in range(20):
        drift = 0.7 * drift + rng.gauss(0, 0.15)
        paces.append(math.exp(drift))
    return paces


def _course(parts: list[tuple[float, float]]) -> Points:
    """Points from (pace, time) after each other."""
    times = sum(length for _, length in parts)
    items = sum(pace * length for pace, length in parts)
    points, x, y = [(0.0, 0.0)], 0.0, 0.0
    for pace, length in parts:
        x, y = x + length / times, y + pace * length / items
        points.append((x, y))
    points[-1] = (1.0, 1.0)
    return points


@dataclass(frozen=True)
class Recording:
    """A job as it was polled at Zendesk once; between two polls it stays the same."""

    id: str
    states: list[tuple[float, Job]]
    end: float

    def at(self, now: float) -> Job:
        place = bisect_right(self.states, now, key=lambda state: state[0])
        return self.states[max(place - 1, 0)][1]


def recordings() -> list[Recording]:
    found = []
    for path in sorted(RECORDED.glob("zenpy-sequence-*.json")):
        polls = json.loads(path.read_text())["polls"]
        sent = [(poll["at"], poll["body"].get("job_status")) for poll in polls]
        first = datetime.fromisoformat(sent[0][0])
        states: list[tuple[float, Job]] = []
        for at, told in sent:
            if told and not (states and states[-1][1].status == "completed"):
                age = (datetime.fromisoformat(at) - first).total_seconds()
                one = _job(path.stem, told["status"], told["total"], told["progress"])
                states.append((age, one))
        found.append(Recording(path.stem, states, states[-1][0]))
    return found


AnyJob = Life | Recording


# The ways to poll.


@dataclass
class Seen:
    """What a run cost and gave."""

    requests: int
    delays: list[float]
    shares: list[float]
    times: list[float] = field(default_factory=list, repr=False)


Way = "Callable[[Sequence[AnyJob]], Seen]"


def jobstats(
    jobs: Sequence[AnyJob],
    scale: float = 1.0,
    limits: RateLimit = USUAL,
    latency: float = LATENCY,
) -> Seen:
    """The real Watch; ``scale`` stretches its delays, to see the whole frontier."""
    lives = {job.id: job for job in jobs}
    rng = random.Random(SEED)

    def stretched(age: float, left: float | None = None, *, rng: float) -> float:
        return scale * delay_after_answer(age, left, rng=rng)

    vars(watch_module)["delay_after_answer"] = stretched
    watch = Watch(lives, WatchPolicy(), 0.0, rng.random)
    seen = Seen(0, [], [])
    now = 0.0
    while (step := watch.next_step(now)) is not None:
        if isinstance(step, Wait):
            now += step.seconds
            continue
        seen.requests += 1
        seen.times.append(now)
        told = tuple(lives[one.id].at(now + latency / 2) for one in step.jobs)
        now += latency
        watch.rate_limiter.update(limits, now)
        watch.record_result(step, PollResult(told), now)
        for one in step.jobs:
            if one.exit is not None:
                _note_end(seen, lives[one.id], now)
    return seen


def every(next_delay: Callable[[float], float], first: float) -> Callable[..., Seen]:
    """All jobs at each turn, 100 a request; a delay makes the next."""

    def run(jobs: Sequence[AnyJob]) -> Seen:
        seen = Seen(0, [], [])
        now, delay, left = 0.0, first, list(jobs)
        while left:
            going_on = []
            for start in range(0, len(left), 100):
                seen.requests += 1
                batch = left[start : start + 100]
                moment = now + LATENCY / 2
                now += LATENCY
                for job in batch:
                    if moment >= job.end:
                        _note_end(seen, job, now)
                    else:
                        going_on.append(job)
            left = going_on
            now += delay
            delay = next_delay(delay)
        return seen

    return run


def _note_end(seen: Seen, job: AnyJob, now: float) -> None:
    seen.delays.append(now - job.end)
    seen.shares.append((now - job.end) / job.end)


def fixed(seconds: float) -> Callable[..., Seen]:
    return every(lambda delay: delay, seconds)


WAYS = {f"fixed {seconds:g} s": fixed(seconds) for seconds in INTERVALS}
WAYS["x1.4 to 180 s"] = every(lambda delay: min(1.4 * delay, 180.0), 1.0)


# The figures.


@dataclass(frozen=True)
class Figures:
    requests: float
    median: float
    p95: float
    share: float
    share95: float

    def __str__(self) -> str:
        return (
            f"{self.requests:8.1f} {self.median:8.2f} {self.p95:8.2f}"
            f" {100 * self.share:7.2f}% {100 * self.share95:7.1f}%"
        )


def measure(way: Callable[..., Seen], groups: Sequence[Sequence[AnyJob]]) -> Figures:
    runs = [way(group) for group in groups]
    delays = sorted(delay for run in runs for delay in run.delays)
    shares = sorted(share for run in runs for share in run.shares)
    assert len(delays) == sum(map(len, groups))
    return Figures(
        sum(run.requests for run in runs) / len(delays),
        statistics.median(delays),
        delays[int(0.95 * len(delays))],
        statistics.median(shares),
        shares[int(0.95 * len(shares))],
    )


HEAD = f"{'':14} {'requests':>8} {'median':>8} {'p95':>8} {'median':>8} {'p95':>8}"


def table(title: str, groups: Sequence[Sequence[AnyJob]]) -> dict[str, Figures]:
    print(f"\n{title}\n{'':14} {'a job':>8} {'delay, s':>17} {'of the length':>17}")
    print(HEAD)
    found = {}
    for name, way in {"jobstat": jobstats, **WAYS}.items():
        found[name] = measure(way, groups)
        print(f"{name:14} {found[name]}", flush=True)
    return found


def frontier(groups: Sequence[Sequence[AnyJob]]) -> None:
    """jobstat with all delays stretched until it asks as often as the others."""
    print(f"\nAt equal requests, in {len(groups)} runs: jobstat with stretched delays")
    print("The last column leaves out an answer's way back, which none can save.")
    print(
        f"{'':14} {'requests':>8} {'its delay':>9} {'jobstat':>8} {'ratio':>6}"
        f" {'without':>11}"
    )
    for name, way in WAYS.items():
        other = measure(way, groups)
        low, high = 0.02, 20.0
        for _ in range(10):
            middle = math.sqrt(low * high)
            mine = measure(
                lambda jobs, s=middle: jobstats(jobs, s, RateLimit()), groups
            )
            low, high = (
                (middle, high) if mine.requests > other.requests else (low, middle)
            )
        ratio = mine.median / other.median
        without = (mine.median - LATENCY / 2) / (other.median - LATENCY / 2)
        print(
            f"{name:14} {mine.requests:8.1f} {other.median:9.2f} {mine.median:8.2f}"
            f" {ratio:6.2f} {without:11.2f}",
            flush=True,
        )


def limits(rng: random.Random) -> None:
    print("\n200 jobs on accounts with small limits: the busiest minute")
    for limit in (10, 200, 700, 2500):
        jobs = [draw(rng, f"job{number}") for number in range(200)]
        run = jobstats(jobs, limits=RateLimit(limit))
        busiest = max(
            sum(at <= other < at + 60 - 1e-6 for other in run.times) for at in run.times
        )
        print(
            f"{limit:5d} a minute: {busiest:4d} requests, {busiest / limit:6.1%};"
            f" {run.requests / 200:5.2f} a job,"
            f" median delay {statistics.median(run.delays):6.2f} s"
        )


def real() -> None:
    """Some jobs at the demo server, each beside its simulation."""
    from jobstat.demo.api import TOKEN
    from jobstat.demo.fake_account import QUEUED_SHARE
    from jobstat.demo.server import DemoServer
    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.auth.credentials import bearer
    from jobstat.zendesk.auth.providers import FixedProvider
    from jobstat.zendesk.client import ZendeskClient

    print("\nThe demo server in real time, and the simulation of the same jobs")
    print(f"{'':14} {'requests':>17} {'delay, s':>17}")
    print(f"{'':14} {'real':>8} {'simulated':>8} {'real':>8} {'simulated':>8}")
    for seconds in (1, 3, 8, 20, 40, 60):
        with DemoServer(duration=seconds) as server:
            tickets: list[Any] = [{"description": "x"}] * 100
            began = time.time()
            id = server.account.create_tickets(tickets, began)["id"]
            asked = 0
            account = Account(server.base_url)
            rng = random.Random(SEED).random
            watch = Watch([id], WatchPolicy(), time.monotonic(), rng)
            with ZendeskClient(account, FixedProvider(bearer(TOKEN, "a test"))) as api:
                while (step := watch.next_step(time.monotonic())) is not None:
                    if isinstance(step, PollRequest):
                        asked += 1
                        answer = api.fetch([id], step.timeout)
                        watch.record_result(step, answer, time.monotonic())
                    else:
                        time.sleep(step.seconds)
            delay = time.time() - began - seconds
        queue = QUEUED_SHARE * seconds
        life = Life(id, queue, seconds - queue, 100, [(0.0, 0.0), (1.0, 1.0)])
        simulated = jobstats([life], latency=LOOPBACK)
        print(
            f"{f'{seconds} s of work':14} {asked:8d} {simulated.requests:9d}"
            f" {delay:8.2f} {simulated.delays[0]:9.2f}",
            flush=True,
        )


def main(arguments: list[str]) -> None:
    counts = [int(word) for word in arguments if word.isdigit()] or [2000]
    rng = random.Random(SEED)
    alone = [[draw(rng, "job")] for _ in range(counts[0])]
    together = []
    for _ in range(GROUPS):
        size = round(math.exp(rng.uniform(0, math.log(200))))
        together.append([draw(rng, f"job{number}") for number in range(size)])
    table(f"Alone: {len(alone)} jobs", alone)
    table(f"Together: {sum(map(len, together))} jobs in {GROUPS} groups", together)
    found = table("All of them", [*alone, *together])
    mine, usual = found["jobstat"], found["fixed 3 s"]
    print(
        f"\nAgainst a fixed 3 s: {mine.requests / usual.requests:.2f} of the requests,"
        f" {mine.median / usual.median:.2f} of the median delay"
    )
    frontier(alone[:FRONTIER] + together[: FRONTIER // 20])
    if recorded := [[one] for one in recordings()]:
        table(f"Recorded at Zendesk: {len(recorded)} jobs", recorded)
    limits(rng)
    if "--real" in arguments:
        real()


if __name__ == "__main__":
    main(sys.argv[1:])
