"""The polling of jobstat compared with polling at fixed intervals.

Run by hand: ``python tests/benchmarks/polling.py [JOBS]``. The jobs are random, with
a fixed seed. The real ``Watch`` and the usual strategies follow them on a simulated
clock, alone and in groups of 1 to 200. The tables show the requests per job, and the
delay between a job's end and its detection, in seconds and as a share of the job's
duration.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.simulated_jobs import random_job, recorded_jobs

from jobstat.jobs import watch as watch_module
from jobstat.jobs.policy import WatchPolicy
from jobstat.jobs.poll import PollResult, Wait
from jobstat.jobs.rate_limit import RateLimit
from jobstat.jobs.schedule import delay_after_answer
from jobstat.jobs.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.simulated_jobs import SimulatedJob

    Jobs = Sequence[SimulatedJob]

SEED = 20261123

LATENCY = 0.2
"""Seconds that a request takes."""

INTERVALS = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0)
RATE_LIMIT = RateLimit(700)
GROUPS = 30
"""The number of groups."""

FRONTIER = 200
"""The number of single jobs for the frontier. It takes a 20th as many groups."""


# The strategies.


@dataclass
class Run:
    """The requests and the results of one run.

    ``delays`` are the seconds from each job's end to its detection, ``shares`` the same
    as shares of the job's duration. ``times`` are the times of the requests.
    """

    requests: int = 0
    delays: list[float] = field(default_factory=list)
    shares: list[float] = field(default_factory=list)
    times: list[float] = field(default_factory=list, repr=False)

    def record_end(self, job: SimulatedJob, now: float) -> None:
        self.delays.append(now - job.end)
        self.shares.append((now - job.end) / job.end)


def run_jobstat(
    jobs: Jobs,
    stretch: float = 1.0,
    rate_limit: RateLimit = RATE_LIMIT,
    latency: float = LATENCY,
) -> Run:
    """Follow the jobs with the real Watch. Multiply its delays by ``stretch``."""
    jobs_by_id = {job.id: job for job in jobs}
    rng = random.Random(SEED)

    def stretched_delay(
        watched_for: float, time_left: float | None = None, *, jitter: float
    ) -> float:
        return stretch * delay_after_answer(watched_for, time_left, jitter=jitter)

    vars(watch_module)["delay_after_answer"] = stretched_delay
    watch = Watch(jobs_by_id, WatchPolicy(), 0.0, rng.random)
    run = Run()
    now = 0.0
    while (step := watch.next_step(now)) is not None:
        if isinstance(step, Wait):
            now += step.seconds
            continue
        run.requests += 1
        run.times.append(now)
        seen_at = now + latency / 2
        answers = (jobs_by_id[tracked.id].at(seen_at) for tracked in step.jobs)
        result = PollResult(tuple(answers))
        now += latency
        watch.rate_limiter.update(rate_limit, now)
        watch.record_result(step, result, now)
        for tracked in step.jobs:
            if tracked.exit is not None:
                run.record_end(jobs_by_id[tracked.id], now)
    return run


def poll_all(
    next_delay: Callable[[float], float], first_delay: float
) -> Callable[[Jobs], Run]:
    """Return a strategy that polls all jobs at each turn, 100 with one request."""

    def run_strategy(jobs: Jobs) -> Run:
        run = Run()
        now, delay, pending = 0.0, first_delay, list(jobs)
        while pending:
            still_pending = []
            for start in range(0, len(pending), 100):
                run.requests += 1
                batch = pending[start : start + 100]
                seen_at = now + LATENCY / 2
                now += LATENCY
                for job in batch:
                    if seen_at >= job.end:
                        run.record_end(job, now)
                    else:
                        still_pending.append(job)
            pending = still_pending
            now += delay
            delay = next_delay(delay)
        return run

    return run_strategy


def poll_every(seconds: float) -> Callable[[Jobs], Run]:
    return poll_all(lambda delay: delay, seconds)


STRATEGIES = {f"fixed {seconds:g} s": poll_every(seconds) for seconds in INTERVALS}
STRATEGIES["x1.4 to 180 s"] = poll_all(lambda delay: min(1.4 * delay, 180.0), 1.0)


# The figures.


@dataclass(frozen=True)
class Figures:
    """The requests per job, and the median and 95th percentile of the delays.

    ``share`` and ``share95`` are the delays as shares of the job's duration.
    """

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


def measure(strategy: Callable[[Jobs], Run], groups: Sequence[Jobs]) -> Figures:
    runs = [strategy(group) for group in groups]
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


def print_table(title: str, groups: Sequence[Jobs]) -> dict[str, Figures]:
    print(f"\n{title}\n{'':14} {'a job':>8} {'delay, s':>17} {'of the duration':>17}")
    print(HEAD)
    figures = {}
    for name, strategy in {"jobstat": run_jobstat, **STRATEGIES}.items():
        figures[name] = measure(strategy, groups)
        print(f"{name:14} {figures[name]}", flush=True)
    return figures


def print_frontier(groups: Sequence[Jobs]) -> None:
    """Compare delays at an equal number of requests, by stretching jobstat's delays."""
    print(f"\nAt equal requests, in {len(groups)} runs: jobstat with stretched delays")
    print("The last column omits the time that the answer takes to arrive.")
    print(
        f"{'':14} {'requests':>8} {'its delay':>9} {'jobstat':>8} {'ratio':>6}"
        f" {'without':>11}"
    )
    for name, strategy in STRATEGIES.items():
        other = measure(strategy, groups)
        own = _measure_with_requests(other.requests, groups)
        ratio = own.median / other.median
        without = (own.median - LATENCY / 2) / (other.median - LATENCY / 2)
        print(
            f"{name:14} {own.requests:8.1f} {other.median:9.2f} {own.median:8.2f}"
            f" {ratio:6.2f} {without:11.2f}",
            flush=True,
        )


def _measure_with_requests(requests: float, groups: Sequence[Jobs]) -> Figures:
    """Find the stretch at which jobstat makes this number of requests per job."""
    low, high = 0.02, 20.0
    for _ in range(10):
        middle = math.sqrt(low * high)
        unlimited = partial(run_jobstat, stretch=middle, rate_limit=RateLimit())
        figures = measure(unlimited, groups)
        low, high = (middle, high) if figures.requests > requests else (low, middle)
    return figures


def print_rate_limits(rng: random.Random) -> None:
    print("\n200 jobs on accounts with small limits: the busiest minute")
    for limit in (10, 200, 700, 2500):
        jobs = [random_job(rng, f"job{number}") for number in range(200)]
        run = run_jobstat(jobs, rate_limit=RateLimit(limit))
        busiest = max(
            sum(at <= other < at + 60 - 1e-6 for other in run.times) for at in run.times
        )
        print(
            f"{limit:5d} a minute: {busiest:4d} requests, {busiest / limit:6.1%};"
            f" {run.requests / 200:5.2f} a job,"
            f" median delay {statistics.median(run.delays):6.2f} s"
        )


def main(count: int) -> None:
    rng = random.Random(SEED)
    alone = [[random_job(rng, "job")] for _ in range(count)]
    together = []
    for _ in range(GROUPS):
        size = round(math.exp(rng.uniform(0, math.log(200))))
        together.append([random_job(rng, f"job{number}") for number in range(size)])
    print_table(f"Alone: {len(alone)} jobs", alone)
    print_table(
        f"Together: {sum(map(len, together))} jobs in {GROUPS} groups", together
    )
    figures = print_table("All of them", [*alone, *together])
    own, fixed = figures["jobstat"], figures["fixed 3 s"]
    print(
        f"\nAgainst a fixed 3 s: {own.requests / fixed.requests:.2f} of the requests,"
        f" {own.median / fixed.median:.2f} of the median delay"
    )
    print_frontier(alone[:FRONTIER] + together[: FRONTIER // 20])
    if recorded := [[job] for job in recorded_jobs()]:
        print_table(f"Recorded at Zendesk: {len(recorded)} jobs", recorded)
    print_rate_limits(rng)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
