"""What several tests need: made-up jobs, a clock that obeys, servers on loopback."""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import chain, repeat
from typing import TYPE_CHECKING, Any

from children import BOUND, CLEAN, run

from jobstat.errors import NotFound
from jobstat.jobs.loop import Observer, follow
from jobstat.jobs.parse import parse_job
from jobstat.jobs.policy import WatchPolicy
from jobstat.jobs.poll import PollResult
from jobstat.jobs.rate_limit import RateLimit, RateLimiter
from jobstat.jobs.watch import Watch

if TYPE_CHECKING:
    import ssl
    import subprocess
    from collections.abc import Iterable

    from jobstat.demo.server import DemoServer
    from jobstat.errors import JobstatError
    from jobstat.jobs.job import Job
    from jobstat.jobs.poll import TrackedJob
    from jobstat.jobs.retry import Outage

Run = Callable[..., tuple[int, str, str]]
"""Runs jobstat with arguments: its exit code, stdout and stderr."""

ID = "V3-0123456789abcdef0123456789abcdef"
OTHER = "V3-fedcba9876543210fedcba9876543210"
TOKEN = "s3cret-t0ken"
SUCCESS = {"index": 0, "id": 35436, "account_id": 9}
FAILURE = {"index": 1, "error": "TicketCreateFailed", "details": "Description: blank"}


DOCUMENTED_ID = "8b726e606741012ffc2d782bcb7848fe"
DOCUMENTED: dict[str, Any] = {
    "id": DOCUMENTED_ID,
    "url": f"https://company.zendesk.com/api/v2/job_statuses/{DOCUMENTED_ID}.json",
    "total": 2,
    "progress": 2,
    "status": "completed",
    "message": "Completed at Fri Apr 13 02:51:53 +0000 2012",
    "results": [
        {
            "title": "I accidentally the whole bottle",
            "action": "update",
            "errors": "",
            "id": 380,
            "success": True,
            "status": "Updated",
        },
        {
            "title": "The printer is on fire",
            "action": "update",
            "errors": "",
            "id": 381,
            "success": True,
            "status": "Updated",
        },
    ],
}
"""The example of Zendesk's documentation of 2012: the bare object is the answer."""


def job_object(status: str = "queued", **fields: Any) -> dict[str, Any]:
    """A job_status object as Zendesk sends it."""
    id = fields.pop("id", ID)
    return {
        "id": id,
        "job_type": "Bulk Create Ticket",
        "url": f"https://acme.zendesk.com/api/v2/job_statuses/{id}.json",
        "total": 2,
        "progress": None,
        "status": status,
        "message": None,
        "results": None,
        **fields,
    }


def job(status: str = "queued", **fields: Any) -> Job:
    return parse_job(job_object(status, **fields))


def completed(*items: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return job_object(
        "completed",
        total=len(items),
        progress=len(items),
        message="Completed at 2026-11-23 12:00:00 +0000",
        results=list(items),
        **fields,
    )


def body(job_status: object) -> bytes:
    return json.dumps({"job_status": job_status}).encode()


class FakeClock:
    """A clock that passes only when somebody sleeps on it."""

    def __init__(self, start: float = 1000.0) -> None:
        self.now = start

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        assert seconds >= 0
        self.now += seconds


@dataclass
class ScriptedServer:
    """A server with a list of answers; the last one repeats.

    A request takes ``latency`` seconds. ``requests`` are (time, ids, timeout).
    """

    clock: FakeClock
    answers: list[Job | JobstatError]
    latency: float = 0.0
    requests: list[tuple[float, str, float]] = field(default_factory=list)

    def fetch(
        self, ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
    ) -> PollResult:
        self.requests.append((self.clock.now, ",".join(ids), timeout))
        self.clock.now += min(self.latency, timeout)
        is_last = len(self.answers) == 1
        answer = self.answers[0] if is_last else self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return PollResult((answer,))

    @property
    def times(self) -> list[float]:
        """The times of the requests."""
        return [time for time, _, _ in self.requests]


@dataclass
class FakeAccount:
    """An account in which the state of each job is a function of the time.

    ``answers`` returns the answer about an id at a time: a job, an error, or None for
    a job that does not exist. ``batch_error`` is the error of every request for several
    jobs. ``rate_limit`` is in the headers of every answer. ``requests`` are (time,
    ids).
    """

    clock: FakeClock
    answers: Callable[[str, float], Job | JobstatError | None]
    batch_error: JobstatError | None = None
    rate_limit: RateLimit = RateLimit()  # noqa: RUF009 - it is immutable
    latency: float = 0.0
    requests: list[tuple[float, tuple[str, ...]]] = field(default_factory=list)
    rate_limiter: RateLimiter = field(default_factory=RateLimiter)

    def fetch(
        self, ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
    ) -> PollResult:
        assert 1 <= len(ids) <= 100
        self.requests.append((self.clock.now, tuple(ids)))
        self.clock.now += min(self.latency, timeout)
        self.rate_limiter.update(self.rate_limit, self.clock.now)
        answers = [self.answers(id, self.clock.now) for id in ids]
        if len(ids) == 1:
            answer = answers[0] or NotFound(f"no job {ids[0]}")
            if isinstance(answer, Exception):
                raise answer
            return PollResult((answer,))
        if self.batch_error:
            raise self.batch_error
        jobs = (job for job in answers if job and not isinstance(job, Exception))
        return PollResult(tuple(jobs))

    def follow(
        self, ids: Iterable[str], policy: WatchPolicy | None = None
    ) -> tuple[Watch, RecordingObserver]:
        """Follow these jobs to the end."""
        policy = policy or WatchPolicy()
        self.rate_limiter = RateLimiter(policy.rate_limit_share)
        watch = Watch(ids, policy, self.clock.now, rate_limiter=self.rate_limiter)
        observer = RecordingObserver()
        follow(watch, self.fetch, self.clock, observer)
        return watch, observer


@dataclass
class RecordingObserver(Observer):
    """An observer that keeps the events: (name, id, status of the job)."""

    events: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def event_names(self) -> list[str]:
        return [event for event, _, _ in self.events]

    @property
    def done_ids(self) -> list[str]:
        return [id for event, id, _ in self.events if event == "job_done"]

    def job_changed(self, tracked: TrackedJob, now: float) -> None:
        del now
        self._record("job_changed", tracked)

    def request_failed(
        self, asked: Sequence[TrackedJob], outage: Outage, now: float
    ) -> None:
        del outage, now
        self._record("request_failed", asked[0])

    def job_done(self, tracked: TrackedJob, now: float) -> None:
        del now
        self._record("job_done", tracked)

    def _record(self, event: str, tracked: TrackedJob) -> None:
        status = tracked.job.status if tracked.job else ""
        self.events.append((event, tracked.id, status))


def follow_script(
    *answers: Job | JobstatError,
    policy: WatchPolicy | None = None,
    ids: Iterable[str] = (ID,),
    latency: float = 0.0,
) -> tuple[Watch, ScriptedServer, RecordingObserver]:
    """Follow jobs on a scripted server and a fake clock."""
    clock = FakeClock()
    server = ScriptedServer(clock, list(answers), latency)
    watch = Watch(ids, policy or WatchPolicy(), started=clock.now)
    observer = RecordingObserver()
    follow(watch, server.fetch, clock, observer)
    return watch, server, observer


def environment(base_url: str | None = None, **more: str) -> dict[str, str]:
    """The environment of a child: none of the tester's own settings."""
    env = dict(CLEAN)
    if base_url:
        env |= {"JOBSTAT_BASE_URL": base_url, "ZENDESK_OAUTH_TOKEN": TOKEN}
    return env | more


JOBSTAT = [sys.executable, "-m", "jobstat"]
MAIN = "from jobstat.__main__ import main; main()"
"""Runs jobstat, at the end of a program that changes it first."""


def jobstat(
    *arguments: str, env: dict[str, str] | None = None, **more: Any
) -> subprocess.CompletedProcess[str]:
    """Run jobstat in a process of its own, to its end."""
    env = environment() if env is None else env
    return run([*JOBSTAT, *arguments], env=env, **more)


def python(
    program: str, *arguments: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a program of Python, to its end."""
    env = environment() if env is None else env
    return run([sys.executable, "-c", program, *arguments], env=env)


def sh(
    script: str, *arguments: str, env: dict[str, str] | None = None, **more: Any
) -> subprocess.CompletedProcess[str]:
    """Run a line of sh, to its end: ``$@`` is jobstat with these arguments."""
    env = environment() if env is None else env
    return run(["sh", "-c", script, "sh", *JOBSTAT, *arguments], env=env, **more)


def bash(script: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run lines of bash in which jobstat is the one under test."""
    function = f'jobstat() {{ {sys.executable} -m jobstat "$@"; }}'
    return run(["bash", "-c", f"{function}\n{script}"], env={**os.environ, **env})


def start_job(
    demo: DemoServer, tickets: int = 4, failures: float = 0.0, duration: float = 600.0
) -> str:
    """Start a job at the demo server, which lasts so many seconds: its id."""
    demo.account.failures, demo.account.duration = failures, duration
    ticket = {"comment": {"body": "Help!"}}
    return str(demo.account.create_tickets([ticket] * tickets, time.time())["id"])


def finish_jobs(demo: DemoServer) -> None:
    """Let every job of the demo server end now."""
    jobs = demo.account._jobs  # noqa: SLF001 - a job's end is settled when it starts
    for id, job in jobs.items():
        jobs[id] = replace(
            job, duration=min(job.duration, time.time() - job.created_at)
        )


def http(
    status: str = "200 OK",
    content: bytes = b"",
    *headers: str,
    kind: str = "application/json; charset=utf-8",
) -> bytes:
    """An HTTP answer, byte by byte."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {kind}",
        f"Content-Length: {len(content)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + content


Sent = bytes | Callable[[socket.socket], None]
"""An answer: its bytes, or what is done with the connection."""


def after(moment: threading.Event, answer: bytes) -> Sent:
    """Send the answer only after ``moment``: a test can see the state before it."""

    def act(connection: socket.socket) -> None:
        moment.wait(BOUND)
        connection.sendall(answer)

    return act


@dataclass(frozen=True)
class Early:
    """What is done with a connection before anything is read from it.

    With ``tls`` that is to greet it by another certificate, else what ``act`` does.
    """

    act: Callable[[socket.socket], None] | None = None
    tls: ssl.SSLContext | None = None


Reply = Sent | Early


@contextmanager
def raw_server(
    *answers: Reply, tls: ssl.SSLContext | None = None
) -> Iterator[RawServer]:
    """A server that sends these bytes, one answer a connection, then the last."""
    server = RawServer(chain(answers, repeat(answers[-1])), tls)
    try:
        yield server
    finally:
        server.close()


class RawServer:
    """Reads a request's head, keeps it in ``requests``, and sends an answer."""

    def __init__(
        self,
        answers: Iterator[Reply],
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self._answers = answers
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", port))
        self.requests: list[str] = []
        self.port = self._listening.getsockname()[1]
        scheme = "https" if tls else "http"
        self.base_url = f"{scheme}://127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        # A close alone would not wake who waits to accept, and keep the port.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            answer = next(self._answers)
            talk = threading.Thread(
                target=self._talk, args=(connection, answer), daemon=True
            )
            talk.start()

    def _talk(self, connection: socket.socket, answer: Reply) -> None:
        try:
            tls = self._tls
            if isinstance(answer, Early):
                if answer.act:
                    answer.act(connection)
                    return
                tls = answer.tls
                answer = b""
            if tls:
                connection = tls.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(65536) or b"\r\n\r\n"
            self.requests.append(head.decode("latin-1"))
            if callable(answer):
                answer(connection)
            else:
                connection.sendall(answer)
        except OSError:
            pass  # the client went away, or never trusted the certificate
        finally:
            connection.close()
