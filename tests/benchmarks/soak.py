"""The memory, files and threads of a long watch under random faults.

Run by hand on Linux: ``python tests/benchmarks/soak.py [POLLS] [MINUTES]``. First a
watch on a fake clock polls with the real client, then the real program watches in real
time. Both meet the same kinds of faults, at random with a fixed seed. Both must end
with the verdict on the job's last answer.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes import FakeClock
from misbehaving import drip, endless, gzipped, head, rate_limited, reset, stall
from raw_server import Early, RawServer, http
from support import (
    FAILURE,
    ID,
    JOBSTAT,
    SUCCESS,
    TOKEN,
    body,
    completed,
    environment,
    job_object,
)

from jobstat.jobs.loop import Observer, follow
from jobstat.jobs.policy import WatchPolicy
from jobstat.jobs.watch import Watch
from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.auth.credentials import bearer
from jobstat.zendesk.auth.providers import FixedProvider
from jobstat.zendesk.client import ZendeskClient

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Sequence

    from raw_server import Reply

    from jobstat.jobs.poll import PollResult

SEED = 20261123
FAULT_RATE = 0.3
DONE = http(content=body(completed(SUCCESS, FAILURE)))
GOOD = http(content=body(job_object("working", total=100, progress=1)))

FAULTS: list[Reply] = [
    b"",
    DONE[:40],
    DONE[:-9],
    Early(reset()),
    reset(DONE[:-20]),
    stall(DONE[:30]),
    drip(DONE, 0.01),
    gzipped(GOOD)[:-9],
    endless(head("Content-Encoding: gzip"), b"nothing"),
    http("502 Bad Gateway", b"<html>" * 9000, content_type="text/html"),
    http("500 Oops", b'{"error":"Internal"}'),
    rate_limited("0"),
    rate_limited(None, "text"),
    http(content=b"[" * 1000),
    http(content=b"x" * 10**6),
    http(content=body(job_object("working", results="text"))),
]


@dataclass(frozen=True)
class Sample:
    """The resources of a process: memory in kB, open files, threads."""

    memory: int
    files: int
    threads: int

    @classmethod
    def of(cls, process: int) -> Sample:
        folder = Path("/proc") / str(process)
        status = (folder / "status").read_text().split("VmRSS:")[1]
        files, threads = (len([*(folder / name).iterdir()]) for name in ("fd", "task"))
        return cls(int(status.split()[0]), files, threads)


@contextmanager
def flaky_server(seed: int) -> Iterator[tuple[RawServer, Callable[[], None]]]:
    """Run a server with random answers. Yield it, and a function that ends the job."""
    rng = random.Random(seed)
    is_done = False
    count = 0

    def send_good_answer(connection: socket.socket) -> None:
        nonlocal count
        count += 1
        working = job_object(
            "working", total=10**6, progress=count, message=f"#{count}"
        )
        connection.sendall(DONE if is_done else http(content=body(working)))

    def replies() -> Iterator[Reply]:
        while True:
            is_fault = not is_done and rng.random() < FAULT_RATE
            yield rng.choice(FAULTS) if is_fault else send_good_answer

    def finish() -> None:
        nonlocal is_done
        is_done = True

    server = RawServer(replies())
    try:
        yield server, finish
    finally:
        server.close()


def poll_on_fake_clock(polls: int, seed: int = SEED) -> tuple[int, list[Sample]]:
    """Poll this many times. Return the exit code, and ten samples.

    The samples include the files and threads of the server in the same process.
    """
    clock, samples, count = FakeClock(), [], 0
    with (
        flaky_server(seed) as (server, finish),
        ZendeskClient(
            Account(server.base_url), FixedProvider(bearer(TOKEN, "a test"))
        ) as client,
    ):

        def fetch(
            ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
        ) -> PollResult:
            nonlocal count
            count += 1
            server.requests.clear()
            if count % (polls // 10) == 0:
                samples.append(Sample.of(os.getpid()))
            if count >= polls:
                finish()
            return client.fetch(ids, min(timeout, 0.2), on_tick)

        watch = Watch([ID], WatchPolicy(), clock.now)
        follow(watch, fetch, clock, Observer())
    return watch.exit(), samples


def watch_in_real_time(
    seconds: float, min_requests: int = 0, seed: int = SEED
) -> tuple[int, int, list[Sample]]:
    """Run jobstat until these seconds are over and these requests have come.

    Return the exit code, the number of requests, and a sample a second.
    """
    with flaky_server(seed) as (server, finish):
        process = subprocess.Popen(
            [*JOBSTAT, "watch", "-q", ID],
            env=environment(server.base_url),
            stdin=subprocess.DEVNULL,
        )
        samples = []
        end = time.monotonic() + seconds
        while process.poll() is None:
            time.sleep(1)
            with suppress(IndexError, OSError):  # the process may have ended
                samples.append(Sample.of(process.pid))
            if time.monotonic() > end and len(server.requests) >= min_requests:
                finish()
        return process.wait(), len(server.requests), samples


def main() -> None:
    polls = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else 5
    started = time.monotonic()
    code, samples = poll_on_fake_clock(polls)
    print(f"{polls} polls in {time.monotonic() - started:.0f} s: exit {code}")
    print_samples(samples)
    code, requests, samples = watch_in_real_time(60 * minutes)
    print(f"\n{minutes:g} minutes, {requests} requests: exit {code}")
    print_samples(samples[:: max(len(samples) // 10, 1)])


def print_samples(samples: list[Sample]) -> None:
    print(f"{'':10} {'kB':>8} {'files':>6} {'threads':>8}")
    for number, sample in enumerate(samples, 1):
        print(f"{number:10} {sample.memory:8} {sample.files:6} {sample.threads:8}")


if __name__ == "__main__":
    main()
