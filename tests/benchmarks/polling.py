"""The polling of jobstat compared with polling every 3 and every 5 seconds.

Run by hand: ``python tests/benchmarks/polling.py [JOBS]``. It takes half a minute.
The jobs are random, with a fixed seed. The real ``Watch`` and the fixed intervals
follow them on a simulated clock. The tables show the requests for each job, and the
delay between a job's end and its detection, in seconds and as a share of the job's
length, from its creation to its end.

To measure another version of jobstat, put its checkout first on PYTHONPATH.
"""

from __future__ import annotations

import math
import random
import statistics
import sys
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.simulated_jobs import (
    RandomJob,
    bursty,
    random_job,
    recorded_jobs,
    slowing,
    small_job,
    stalling,
    steady,
)

from jobstat.jobs.policy import WatchPolicy
from jobstat.jobs.poll import PollResult, Wait
from jobstat.jobs.rate_limit import RateLimit
from jobstat.jobs.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from benchmarks.simulated_jobs import SimulatedJob

    Jobs = Sequence[SimulatedJob]

SEED = 20261123

LATENCY = 0.2
"""Seconds that a request takes. The server looks at the job in the middle."""

RATE_LIMITS = [RateLimit(limit) for limit in (10, 200, 400, 700, 2500)]

GROUPS = 30
"""The number of groups of jobs that are watched together."""

LENGTHS = (0, 60, 600, 1200, 2400, 3600, 7500)
"""The limits of the classes of lengths, in seconds."""


def promised_delay(length: float) -> float:
    """Return the promised delay of a job's end: 3 s, or half a percent up to 20 s.

    A job that ends while the server answers is noticed with the next answer.
    """
    return min(max(3.0, 0.005 * length), 20.0) + 1.5 * LATENCY


@dataclass
class Run:
    """The requests of a run, and each job with the delay until its end was known."""

    times: list[float] = field(default_factory=list)
    delays: list[tuple[SimulatedJob, float]] = field(default_factory=list)


def run_jobstat(
    jobs: Jobs, rate_limit: RateLimit | None = None, latency: float = LATENCY
) -> Run:
    """Follow the jobs with the real Watch."""
    jobs_by_id = {job.id: job for job in jobs}
    watch = Watch(jobs_by_id, WatchPolicy(), 0.0)
    run = Run()
    now = 0.0
    while (step := watch.next_step(now)) is not None:
        if isinstance(step, Wait):
            now += step.seconds
            continue
        run.times.append(now)
        seen_at = now + latency / 2
        answers = (jobs_by_id[tracked.id].at(seen_at) for tracked in step.jobs)
        result = PollResult(tuple(answers))
        now += latency
        watch.rate_limiter.update(rate_limit or RateLimit(), now)
        watch.record_result(step, result, now)
        for tracked in step.jobs:
            if tracked.exit is not None:
                job = jobs_by_id[tracked.id]
                run.delays.append((job, now - job.end))
    return run


def poll_every(seconds: float, jobs: Jobs) -> Run:
    """Ask about all jobs, 100 with one request, and wait after the last answer."""
    run = Run()
    now, pending = 0.0, list(jobs)
    while pending:
        still_pending = []
        for start in range(0, len(pending), 100):
            run.times.append(now)
            seen_at = now + LATENCY / 2
            now += LATENCY
            for job in pending[start : start + 100]:
                if seen_at >= job.end:
                    run.delays.append((job, now - job.end))
                else:
                    still_pending.append(job)
        pending = still_pending
        now += seconds
    return run


STRATEGIES: dict[str, Callable[[Jobs], Run]] = {
    "jobstat": run_jobstat,
    "every 3 s": partial(poll_every, 3.0),
    "every 5 s": partial(poll_every, 5.0),
}

COLUMNS = (
    f"{'':22}{'requests a job':>16}{'delay in seconds':>24}{'of the length':>16}"
    f"{'promise':>9}\n"
    f"{'':22}{'mean':>8}{'median':>8}{'median':>8}{'95 %':>8}{'max':>8}"
    f"{'median':>8}{'95 %':>8}{'kept':>9}"
)


def print_row(name: str, runs: Sequence[Run]) -> None:
    ends = [end for run in runs for end in run.delays]
    delays = [delay for _, delay in ends]
    shares = [delay / job.end for job, delay in ends]
    kept = [delay <= promised_delay(job.end) + 1e-6 for job, delay in ends]
    requests = [len(run.times) / len(run.delays) for run in runs]
    print(
        f"{name:22}{sum(len(run.times) for run in runs) / len(ends):8.1f}"
        f"{statistics.median(requests):8.1f}"
        f"{statistics.median(delays):8.2f}{_p95(delays):8.2f}{max(delays):8.1f}"
        f"{statistics.median(shares):8.1%}{_p95(shares):8.1%}"
        f"{statistics.mean(kept):9.2%}",
        flush=True,
    )


def _p95(values: Iterable[float]) -> float:
    ordered = sorted(values)
    return ordered[int(0.95 * len(ordered))]


def print_mix(title: str, groups: Sequence[Jobs]) -> None:
    """Compare the strategies on the jobs of a mix."""
    lengths = [job.end for group in groups for job in group]
    print(f"\n{title}: {len(lengths)} jobs, median {statistics.median(lengths):.0f} s")
    print(COLUMNS)
    for name, strategy in STRATEGIES.items():
        print_row(name, [strategy(group) for group in groups])


def print_lengths(jobs: Sequence[RandomJob]) -> None:
    """Compare the requests of jobstat and of a poll every 3 s, by the jobs' length."""
    print("\nRequests divided by those of polling every 3 s, by the job's length")
    print(f"{'':22}{'all':>8}{'with a total':>16}{'without':>16}")
    for shortest, longest in pairwise(LENGTHS):
        chosen = [job for job in jobs if shortest <= job.end < longest]
        shares = [
            _request_share([job for job in chosen if job.has_total in values])
            for values in ({True, False}, {True}, {False})
        ]
        name = f"{shortest / 60:g} to {longest / 60:g} minutes"
        print(f"{name:22}{shares[0]:8.2f}{shares[1]:16.2f}{shares[2]:16.2f}")


def _request_share(jobs: Jobs) -> float:
    own = sum(len(run_jobstat([job]).times) for job in jobs)
    return own / (sum(len(poll_every(3.0, [job]).times) for job in jobs) or math.nan)


def print_kinds(count: int) -> None:
    """Compare jobstat and a poll every 3 s on each kind of job."""
    print(f"\nBy the kind of job: {count} jobs of 1 s to 2 h of each")
    print(COLUMNS)
    kinds = [
        ("steady", steady, True, False),
        ("in bursts", bursty, True, False),
        ("stalling", stalling, True, False),
        ("ever slower", slowing, True, False),
        ("fails midway", steady, True, True),
        ("without a total", steady, False, False),
    ]
    for name, progress, has_total, fails in kinds:
        rng = random.Random(SEED)
        draw = partial(random_job, rng, "a", progress, has_total=has_total, fails=fails)
        jobs = [draw() for _ in range(count)]
        print_row(name, [run_jobstat([job]) for job in jobs])
        print_row("  every 3 s", [poll_every(3.0, [job]) for job in jobs])


def print_rate_limits(rng: random.Random) -> None:
    jobs = [random_job(rng, f"job{number}") for number in range(200)]
    print("\n200 jobs of 1 s to 2 h together, on accounts with small limits")
    for limit in RATE_LIMITS:
        run = run_jobstat(jobs, limit)
        busiest = max(
            sum(at <= other < at + 60 - 1e-6 for other in run.times) for at in run.times
        )
        delay = statistics.median(delay for _, delay in run.delays)
        print(
            f"{limit.limit:5d} a minute: {busiest:3d} requests in the busiest minute,"
            f" median delay {delay:6.2f} s"
        )


def main(count: int) -> None:
    rng = random.Random(SEED)
    alone = [random_job(rng, "job") for _ in range(count)]
    together = []
    for _ in range(GROUPS):
        size = round(math.exp(rng.uniform(0, math.log(200))))
        together.append([random_job(rng, f"job{number}") for number in range(size)])
    small = [[small_job(rng, "job")] for _ in range(2 * count)]
    print_mix("1 to 100 items", small)
    if recorded := [[job] for job in recorded_jobs()]:
        print_mix("Recorded at Zendesk", recorded)
    print_mix("1 s to 2 h", [[job] for job in alone])
    print_mix(f"1 s to 2 h, in {GROUPS} groups of up to 200", together)
    print_lengths(alone)
    print_kinds(max(count // 5, 1))
    print_rate_limits(rng)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 2000)
