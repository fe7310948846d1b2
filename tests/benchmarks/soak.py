"""What a long watch under random faults costs: memory, files and threads.

``python tests/benchmarks/soak.py [polls] [minutes]``, Linux only. First the real
client is asked through by a watch on a clock that jumps, then the real program
watches in real time. Both meet the same kinds of faults, drawn by a fixed seed,
and are to end with the verdict of the job's last answer.
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
SHARE_OF_FAULTS = 0.3
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
    http("502 Bad Gateway", b"<html>" * 9000, kind="text/html"),
    http("500 Oops", b'{"error":"Internal"}'),
    rate_limited("0"),
    rate_limited(None, "text"),
    http(content=b"[" * 1000),
    http(content=b"x" * 10**6),
    http(content=body(job_object("working", results="text"))),
]


@dataclass(frozen=True)
class Sample:
    """What a process holds: kB of memory, open files, threads."""

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
    """A server that answers at random; what it gives ends the job."""
    rng = random.Random(seed)
    done = False
    asked = 0

    def draw(connection: socket.socket) -> None:
        nonlocal asked
        asked += 1
        working = job_object(
            "working", total=10**6, progress=asked, message=f"#{asked}"
        )
        connection.sendall(DONE if done else http(content=body(working)))

    def replies() -> Iterator[Reply]:
        while True:
            at_fault = not done and rng.random() < SHARE_OF_FAULTS
            yield rng.choice(FAULTS) if at_fault else draw

    def finish() -> None:
        nonlocal done
        done = True

    server = RawServer(replies())
    try:
        yield server, finish
    finally:
        server.close()


def polled(polls: int, seed: int = SEED) -> tuple[int, list[Sample]]:
    """Ask so often on a clock that jumps; gives the exit code, and ten samples.

    The files and threads are those of the server in the same process, too.
    """
    clock, samples, asked = FakeClock(), [], 0
    with (
        flaky_server(seed) as (server, finish),
        ZendeskClient(
            Account(server.base_url), FixedProvider(bearer(TOKEN, "a test"))
        ) as api,
    ):

        def fetch(
            ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
        ) -> PollResult:
            nonlocal asked
            asked += 1
            server.requests.clear()
            if asked % (polls // 10) == 0:
                samples.append(Sample.of(os.getpid()))
            if asked >= polls:
                finish()
            return api.fetch(ids, min(timeout, 0.2), on_tick)

        watch = Watch([ID], WatchPolicy(), clock.now, random.Random(seed).random)
        follow(watch, fetch, clock, Observer())
    return watch.exit(), samples


def tracked(seconds: float, seed: int = SEED) -> tuple[int, int, list[Sample]]:
    """Watch for so long: the exit code, the requests, and a sample a second."""
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
            with suppress(IndexError, OSError):  # a process that has ended
                samples.append(Sample.of(process.pid))
            if time.monotonic() > end:
                finish()
        return process.wait(), len(server.requests), samples


def main() -> None:
    polls = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    minutes = float(sys.argv[2]) if len(sys.argv) > 2 else 5
    began = time.monotonic()
    code, samples = polled(polls)
    print(f"{polls} polls in {time.monotonic() - began:.0f} s: exit {code}")
    _print(samples)
    code, requests, samples = tracked(60 * minutes)
    print(f"\n{minutes:g} minutes, {requests} requests: exit {code}")
    _print(samples[:: max(len(samples) // 10, 1)])


def _print(samples: list[Sample]) -> None:
    print(f"{'':10} {'kB':>8} {'files':>6} {'threads':>8}")
    for number, sample in enumerate(samples, 1):
        print(f"{number:10} {sample.memory:8} {sample.files:6} {sample.threads:8}")


if __name__ == "__main__":
    main()
