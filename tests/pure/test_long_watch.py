"""A long watch: suspended machines, outages, and jobs that do not change for hours."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import pytest
from fakes import FakeAccount, FakeClock, RecordingObserver, follow_script
from support import FAILURE, ID, OTHER, SUCCESS, completed, job

from jobstat import clock as real_clock
from jobstat.errors import (
    AuthError,
    InvalidResponse,
    OutputError,
    SignalReceived,
    Unauthorized,
    Unreachable,
)
from jobstat.exits import Exit
from jobstat.jobs.loop import Observer, follow
from jobstat.jobs.parse import parse_job
from jobstat.jobs.policy import WatchPolicy
from jobstat.jobs.poll import PollResult
from jobstat.jobs.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jobstat.errors import JobstatError
    from jobstat.jobs.job import Job
    from jobstat.jobs.poll import TrackedJob

WORKING = job("working", progress=1, total=4)
BAD = parse_job(completed(SUCCESS, FAILURE))
DOWN = Unreachable("no connection")
NIGHT = 9 * 3600.0


class Laptop(FakeClock):
    """The clock of a machine that is suspended for a night at these moments."""

    def __init__(self, *suspends_at: float) -> None:
        super().__init__()
        self._suspends_at = [1000 + at for at in suspends_at]

    def advance(self, seconds: float) -> None:
        before, self.now = self.now, self.now + seconds
        if self._suspends_at and before <= self._suspends_at[0] <= self.now:
            self._suspends_at.pop(0)
            self.now += NIGHT

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)


def follow_on(
    clock: Laptop, answers: Callable[[float], Job | JobstatError], policy: WatchPolicy
) -> tuple[Watch, list[float]]:
    """Follow a job. Return the times at which requests began and ended.

    A request without an answer takes as long as its timeout.
    """
    watch, times = Watch([ID], policy, clock.now), []

    def fetch(
        ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
    ) -> PollResult:
        times.append(clock.now)
        answer = answers(clock.now)
        until = clock.now + (timeout if isinstance(answer, Exception) else 0.1)
        while clock.now < until:
            clock.advance(min(until - clock.now, 1))
        times.append(clock.now)
        if isinstance(answer, Exception):
            raise answer
        return PollResult((answer,))

    follow(watch, fetch, clock, RecordingObserver())
    return watch, times


@pytest.mark.parametrize("suspend_at", range(60, 100))
def test_watch_polls_at_once_after_a_suspend_and_goes_on(suspend_at: float) -> None:
    clock = Laptop(suspend_at)

    def answers(now: float) -> Job | JobstatError:
        return WORKING if now < 1000 + NIGHT + 200 else BAD

    watch, times = follow_on(clock, answers, WatchPolicy())
    assert watch.exit() is Exit.ITEMS_FAILED
    assert any(0 <= at - 1000 - NIGHT - suspend_at <= 1.1 for at in times)


@pytest.mark.parametrize("suspend_at", [60.5, 75, 90, 105, 119.5])
def test_suspend_during_an_outage_does_not_use_the_retry_budget(
    suspend_at: float,
) -> None:
    """The network is down from 60 s on, until a minute after the suspend."""
    clock = Laptop(suspend_at)
    morning = 1000 + suspend_at + NIGHT

    def answers(now: float) -> Job | JobstatError:
        if now < 1060:
            return WORKING
        return DOWN if now < morning + 60 else BAD

    watch, times = follow_on(clock, answers, WatchPolicy(retry_for=300))
    assert watch.exit() is Exit.ITEMS_FAILED
    # A pending request times out, or a waiting watch sends one.
    assert any(0 <= at - morning <= 1.1 for at in times)


def test_without_a_suspend_the_retry_budget_counts_from_the_last_success() -> None:
    def answers(now: float) -> Job | JobstatError:
        return WORKING if now < 1060 else DOWN

    watch, times = follow_on(Laptop(), answers, WatchPolicy(retry_for=300))
    assert watch.exit() is Exit.UNAVAILABLE
    last_good = max(at for at in times if at < 1060)
    # The last request may take its whole timeout of 30 seconds.
    assert last_good + 300 <= max(times) <= last_good + 330


def test_timeout_that_passes_during_a_suspend_ends_the_watch() -> None:
    watch, times = follow_on(Laptop(60), lambda _: WORKING, WatchPolicy(timeout=3600))
    assert watch.exit() is Exit.TIMEOUT
    assert max(times) < 1061


def test_job_unchanged_for_an_hour_is_reported_once_and_polled_rarely() -> None:
    watch, server, observer = follow_script(WORKING, policy=WatchPolicy(timeout=3600))
    assert watch.exit() is Exit.TIMEOUT
    assert observer.events == [
        ("job_changed", ID, "working"),
        ("job_done", ID, "working"),
    ]
    # Twice an hour of polls every 20 seconds, and half of every 3 seconds.
    assert 360 < len(server.requests) <= 600


def test_401_is_retried_once_after_each_success() -> None:
    refused = Unauthorized("401")
    watch, server, _ = follow_script(WORKING, refused, WORKING, refused, BAD)
    assert watch.exit() is Exit.ITEMS_FAILED
    assert len(server.requests) == 5
    with pytest.raises(Unauthorized):
        follow_script(WORKING, refused, refused, BAD)
    with pytest.raises(Unauthorized):
        follow_script(refused, BAD)


@pytest.mark.parametrize("moment", range(3))
def test_signal_during_reporting_loses_no_change(moment: int) -> None:
    ids = ["a", "b", "c"]
    changed: list[str] = []

    class Interrupted(Observer):
        def job_changed(self, tracked: TrackedJob, now: float) -> None:
            changed.append(tracked.id)
            if len(changed) == moment + 1:
                raise SignalReceived(2)

    def fetch(
        ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
    ) -> PollResult:
        return PollResult(tuple(job("working", id=id) for id in ids))

    clock = FakeClock()
    with pytest.raises(SignalReceived):
        follow(Watch(ids, WatchPolicy(), clock.now), fetch, clock, Interrupted())
    # The interrupted report is repeated, because it may not have been written.
    assert changed == [*ids[: moment + 1], *ids[moment:]]


@pytest.mark.long
def test_ten_thousand_polls_do_not_grow_memory() -> None:
    import gc
    import tracemalloc

    clock = FakeClock()
    sizes: list[int] = []
    count = 0

    def fetch(
        ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
    ) -> PollResult:
        nonlocal count
        count += 1
        if count in {2_000, 10_000}:
            gc.collect()
            sizes.append(tracemalloc.get_traced_memory()[0])
        if count % 7 == 0:
            raise Unreachable(f"no connection {count}")
        if count > 10_000:
            return PollResult((BAD,))
        return PollResult((job("working", progress=count % 50, message=f"#{count}"),))

    tracemalloc.start()
    try:
        watch = Watch([ID], WatchPolicy(), clock.now)
        follow(watch, fetch, clock, Observer())
    finally:
        tracemalloc.stop()
    assert watch.exit() is Exit.ITEMS_FAILED
    assert clock.now - 1000 > 86_400
    early, late = sizes
    assert late - early < 10_000


def test_short_retry_for_shortens_the_request_timeout() -> None:
    """A request to a silent server takes 10 seconds, not 30."""

    def answers(now: float) -> Job | JobstatError:
        return WORKING if now < 1005 else DOWN

    watch, times = follow_on(Laptop(), answers, WatchPolicy(retry_for=4))
    assert watch.exit() is Exit.UNAVAILABLE
    assert max(times) < 1020


def test_request_after_an_invalid_response_gets_the_retry_time_left() -> None:
    broken = InvalidResponse("not JSON")
    _, server, _ = follow_script(broken, BAD, policy=WatchPolicy(retry_for=20))
    assert [timeout for _, _, timeout in server.requests] == [20, 19]


@pytest.mark.parametrize("ids", [[ID], [ID, OTHER]])
def test_keyring_that_stays_locked_ends_the_watch_with_exit_code_4(
    ids: list[str],
) -> None:
    class Locked(AuthError):
        transient = True

    watch, _, _ = follow_script(
        Locked("locked"), policy=WatchPolicy(retry_for=10), ids=ids
    )
    assert watch.exit() is Exit.AUTH


def test_request_cut_short_by_the_timeout_exits_with_timeout() -> None:
    policy = WatchPolicy(retry_for=0, timeout=5)
    watch, _ = follow_on(Laptop(), lambda _: DOWN, policy)
    assert watch.exit() is Exit.TIMEOUT


def test_timeout_does_not_announce_a_retry() -> None:
    _, server, observer = follow_script(
        WORKING, DOWN, policy=WatchPolicy(timeout=10), latency=6
    )
    assert len(server.requests) == 2
    assert observer.event_names == ["job_changed", "job_done"]


@pytest.mark.parametrize("ids", [[ID], [ID, "other"]])
def test_output_error_during_a_request_ends_the_watch(ids: list[str]) -> None:
    class Gone(RecordingObserver):
        def tick(self, now: float) -> None:
            raise OutputError("no terminal")

    def fetch(
        ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
    ) -> PollResult:
        on_tick()
        raise AssertionError

    clock = FakeClock()
    with pytest.raises(OutputError):
        follow(Watch(ids, WatchPolicy(), clock.now), fetch, clock, Gone())


def test_401_for_a_batch_is_not_retried_job_by_job() -> None:
    account = FakeAccount(
        FakeClock(),
        lambda id, now: job("working", id=id),
        batch_error=Unauthorized("401"),
    )
    with pytest.raises(Unauthorized):
        account.follow([ID, "other"])
    assert len(account.requests) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="the clock of Linux")
def test_monotonic_clock_counts_the_time_of_a_suspend() -> None:
    difference = real_clock.monotonic() - time.clock_gettime(time.CLOCK_BOOTTIME)
    assert abs(difference) < 1
