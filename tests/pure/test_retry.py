"""Retries of a watch: backoff, Retry-After, and the retry budget."""

from __future__ import annotations

from math import inf

from fakes import FakeClock, RecordingObserver, ScriptedServer, follow_script
from support import FAILURE, ID, SUCCESS, completed, job

from jobstat.errors import InvalidResponse, NotFound, Unavailable, Unreachable
from jobstat.exits import Exit
from jobstat.jobs.loop import follow
from jobstat.jobs.parse import parse_job
from jobstat.jobs.policy import SHOW, WatchPolicy
from jobstat.jobs.rate_limit import RateLimiter
from jobstat.jobs.retry import MAX_BACKOFF, REQUEST_TIMEOUT, Outage, Retry
from jobstat.jobs.watch import Watch

QUEUED = job("queued")
WORKING = job("working", progress=1, total=4)
DONE = parse_job(completed(SUCCESS))
BAD = parse_job(completed(SUCCESS, FAILURE))
DOWN = Unreachable("connection refused")
GONE = NotFound("no such job")


def test_request_timeout_does_not_exceed_the_time_left() -> None:
    _, server, _ = follow_script(WORKING, policy=WatchPolicy(timeout=12), latency=1)
    timeouts = [timeout for _, _, timeout in server.requests]
    assert all(at + timeout <= 1012 for at, _, timeout in server.requests)
    assert max(timeouts) <= 12


def test_watch_without_a_timeout_uses_the_default_request_timeout() -> None:
    _, server, _ = follow_script(DONE)
    assert server.requests == [(1000, ID, REQUEST_TIMEOUT)]


def test_temporary_errors_are_retried() -> None:
    watch, _, observer = follow_script(
        QUEUED, DOWN, DOWN, InvalidResponse("HTML"), WORKING, DOWN, BAD
    )
    assert watch.exit() is Exit.ITEMS_FAILED
    assert observer.event_names.count("request_failed") == 4


def test_retry_budget_counts_from_the_last_success() -> None:
    policy = WatchPolicy(retry_for=60)
    watch, server, observer = follow_script(
        QUEUED, DOWN, DOWN, WORKING, DOWN, policy=policy
    )
    assert watch.exit() is Exit.UNAVAILABLE
    last_good = server.times[3]
    assert server.times[-1] == last_good + 60
    assert observer.events[-1] == ("job_done", ID, "working")


def test_retry_for_0_ends_the_watch_at_the_first_error() -> None:
    watch, server, _ = follow_script(DOWN, policy=WatchPolicy(retry_for=0))
    assert watch.exit() is Exit.UNAVAILABLE
    assert len(server.requests) == 1


def test_backoff_doubles_up_to_the_maximum() -> None:
    _, server, _ = follow_script(DOWN)
    delays = [b - a for a, b in zip(server.times, server.times[1:], strict=False)]
    assert delays[:6] == [1, 2, 4, 8, 16, MAX_BACKOFF]
    assert sum(delays) == 300


def test_retry_after_is_obeyed() -> None:
    limited = Unavailable("429", retry_after=93)
    _, server, _ = follow_script(QUEUED, limited, DONE)
    assert server.times[2] - server.times[1] == 93


def test_retry_after_of_0_does_not_shorten_the_backoff() -> None:
    _, server, _ = follow_script(Unavailable("503", retry_after=0))
    delays = [b - a for a, b in zip(server.times, server.times[1:], strict=False)]
    assert delays[:4] == [1, 2, 4, 8]


def test_retry_after_is_capped_at_an_hour() -> None:
    days = Unavailable("429", retry_after=1e6)
    _, server, _ = follow_script(days, DONE, policy=WatchPolicy(retry_for=1e7))
    assert server.times == [1000, 4600]


def test_retry_after_below_the_interval_waits_for_the_interval() -> None:
    limited = Unavailable("429", retry_after=3)
    _, server, _ = follow_script(limited, DONE, policy=WatchPolicy(interval=20))
    assert server.times == [1000, 1020]


def test_long_interval_does_not_use_up_the_retry_budget() -> None:
    policy = WatchPolicy(interval=600, retry_for=300)
    watch, server, _ = follow_script(QUEUED, DOWN, DONE, policy=policy)
    assert watch.exit() is Exit.OK
    assert server.times == [1000, 1600, 2200]


def test_long_interval_after_a_404_does_not_use_up_the_retry_budget() -> None:
    policy = WatchPolicy(interval=600, retry_for=300)
    watch, server, _ = follow_script(GONE, DOWN, DONE, policy=policy)
    assert watch.exit() is Exit.OK
    assert server.times == [1000, 1600, 2200]


def test_delay_of_a_due_retry_does_not_use_up_the_retry_budget() -> None:
    retry = Retry(WatchPolicy(), inf, RateLimiter())
    retry.outage = Outage(DOWN, failures=1, since=1000, retry_at=1001)
    outage = retry.record_failure(DOWN, requested_at=1101, timeout=30, now=1102)
    assert outage.since == 1100


def test_not_found_answers_do_not_lengthen_the_backoff() -> None:
    _, server, _ = follow_script(GONE, GONE, GONE, DOWN, DONE)
    assert server.times == [1000, 1001, 1002, 1003, 1004]


def test_show_makes_a_last_attempt_after_a_suspend() -> None:
    class Suspended(FakeClock):
        def sleep(self, seconds: float) -> None:
            self.now += seconds + 3600

    clock = Suspended()
    server = ScriptedServer(clock, [DOWN, DONE])
    watch = Watch([ID], SHOW, clock.now)
    follow(watch, server.fetch, clock, RecordingObserver())
    assert watch.exit() is Exit.OK
    assert [timeout for _, _, timeout in server.requests] == [10, 1]


def test_retry_after_beyond_the_retry_budget_gets_one_last_attempt() -> None:
    limited = Unavailable("429", retry_after=100_000)
    watch, server, _ = follow_script(limited)
    assert server.times == [1000, 1300]
    assert watch.exit() is Exit.UNAVAILABLE


def test_retry_after_does_not_extend_the_timeout() -> None:
    limited = Unavailable("429", retry_after=100_000)
    watch, server, _ = follow_script(QUEUED, limited, policy=WatchPolicy(timeout=50))
    assert watch.exit() is Exit.TIMEOUT
    assert server.clock.now == 1050


def test_show_of_20_jobs_during_an_outage_ends_within_10_seconds() -> None:
    ids = [f"job{number}" for number in range(20)]
    watch, server, _ = follow_script(DOWN, ids=ids, policy=SHOW, latency=3)
    assert {tracked.exit for tracked in watch.jobs} == {Exit.UNAVAILABLE}
    assert {tracked.error for tracked in watch.jobs} == {DOWN}
    assert server.clock.now - 1000 <= 10


def test_show_gives_up_after_three_attempts() -> None:
    watch, server, _ = follow_script(DOWN, policy=SHOW)
    assert watch.exit() is Exit.UNAVAILABLE
    assert server.times == [1000, 1001, 1003]


def test_show_does_not_wait_for_a_long_retry_after() -> None:
    watch, server, _ = follow_script(Unavailable("429", retry_after=60), policy=SHOW)
    assert watch.exit() is Exit.UNAVAILABLE
    assert server.clock.now == 1000
