"""The polling of the demo server's jobs in real time, compared with their simulation.

Run by hand: ``python tests/benchmarks/polling_demo.py``. It takes some minutes.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.polling import run_jobstat
from benchmarks.simulated_jobs import RandomJob

from jobstat.demo.api import TOKEN
from jobstat.demo.fake_account import QUEUED_SHARE
from jobstat.demo.server import DemoServer
from jobstat.jobs.policy import WatchPolicy
from jobstat.jobs.poll import PollRequest
from jobstat.jobs.watch import Watch
from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.auth.credentials import bearer
from jobstat.zendesk.auth.providers import FixedProvider
from jobstat.zendesk.client import ZendeskClient

LOOPBACK_LATENCY = 0.005
"""Seconds that a request to the demo server takes."""


def main() -> None:
    print("The demo server in real time, and the simulation of the same jobs")
    print(f"{'':14} {'requests':>17} {'delay, s':>17}")
    print(f"{'':14} {'real':>8} {'simulated':>8} {'real':>8} {'simulated':>8}")
    for seconds in (1, 3, 8, 20, 40, 60):
        requests, delay, queued_for = _watch_demo_job(seconds)
        job = RandomJob("a", queued_for, seconds - queued_for, 100, [(0, 0), (1, 1)])
        simulated = run_jobstat([job], latency=LOOPBACK_LATENCY)
        print(
            f"{f'{seconds} s of work':14} {requests:8d} {len(simulated.times):9d}"
            f" {delay:8.2f} {simulated.delays[0][1]:9.2f}",
            flush=True,
        )


def _watch_demo_job(seconds: float) -> tuple[int, float, float]:
    """Return the number of requests, the delay, and the time in the queue."""
    requests = 0
    provider = FixedProvider(bearer(TOKEN, "a test"))
    with DemoServer(duration=seconds) as server:
        tickets: list[Any] = [{"description": "x"}] * 100
        started = time.time()
        id = server.account.create_tickets(tickets, started)["id"]
        watch = Watch([id], WatchPolicy(), time.monotonic())
        with ZendeskClient(Account(server.base_url), provider) as client:
            while (step := watch.next_step(time.monotonic())) is not None:
                if isinstance(step, PollRequest):
                    requests += 1
                    result = client.fetch([id], step.timeout)
                    watch.record_result(step, result, time.monotonic())
                else:
                    time.sleep(step.seconds)
    return requests, time.time() - started - seconds, QUEUED_SHARE * seconds


if __name__ == "__main__":
    main()
