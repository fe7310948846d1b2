"""A fake clock, fake servers and a recording observer for tests of a watch."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from support import FAILURE, ID, SUCCESS, completed, job

from jobstat.errors import NotFound
from jobstat.jobs.loop import Observer, follow
from jobstat.jobs.parse import parse_job
from jobstat.jobs.policy import WatchPolicy
from jobstat.jobs.poll import PollResult
from jobstat.jobs.rate_limit import RateLimit, RateLimiter
from jobstat.jobs.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from jobstat.errors import JobstatError
    from jobstat.jobs.job import Job
    from jobstat.jobs.poll import TrackedJob
    from jobstat.jobs.retry import Outage

DONE = parse_job(completed(SUCCESS))
BAD = parse_job(completed(SUCCESS, FAILURE))
WORKING = job("working", progress=1, total=4)
IDS = [f"job{number}" for number in range(200)]


class FakeClock:
    """A clock that advances only while a caller sleeps."""

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

    A request takes ``latency`` seconds. ``requests`` holds a (time, ids, timeout) each.
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
    jobs. ``rate_limit`` is in the headers of every answer. ``requests`` holds a (time,
    ids) each.
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


def ending_at(end: float, last: Job = DONE) -> Callable[[str, float], Job]:
    """Return the answers about jobs that end at this time."""
    return lambda id, now: replace(last if now >= end else WORKING, id=id)


def make_account(
    answers: Callable[[str, float], Job | JobstatError | None],
    batch_error: JobstatError | None = None,
    limit: int | None = None,
) -> FakeAccount:
    """Return an account with a clock of its own. ``limit`` is in requests a minute."""
    return FakeAccount(FakeClock(), answers, batch_error, RateLimit(limit))


@dataclass
class RecordingObserver(Observer):
    """An observer that records the events as (name, id, status of the job)."""

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
        self, jobs: Sequence[TrackedJob], outage: Outage, now: float
    ) -> None:
        del outage, now
        self._record("request_failed", jobs[0])

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


def with_id(job: Job, id: str) -> Job:
    return replace(job, id=id)
