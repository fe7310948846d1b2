"""Several jobs in one watch, on a fake clock."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from fakes import (
    BAD,
    DONE,
    IDS,
    WORKING,
    FakeAccount,
    FakeClock,
    ending_at,
    make_account,
    with_id,
)
from support import job

from jobstat.errors import (
    AuthError,
    InvalidResponse,
    SignalReceived,
    Unavailable,
    UsageError,
)
from jobstat.exits import Exit
from jobstat.jobs.loop import Observer, follow
from jobstat.jobs.policy import SHOW, WatchPolicy
from jobstat.jobs.rate_limit import FREE_REQUESTS
from jobstat.jobs.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jobstat.errors import JobstatError
    from jobstat.jobs.job import Job
    from jobstat.jobs.poll import PollResult, TrackedJob


@pytest.mark.parametrize("limit", [10, 200, 700])
@pytest.mark.parametrize("batch_error", [None, UsageError("400")])
def test_many_jobs_use_at_most_a_tenth_of_the_rate_limit(
    limit: int, batch_error: JobstatError | None
) -> None:
    account = make_account(ending_at(5000), batch_error, limit)
    account.follow(IDS[:150], WatchPolicy(timeout=1200))
    times = [now for now, _ in account.requests]
    for first in times[FREE_REQUESTS:]:
        in_a_minute = [now for now in times if first <= now < first + 60 - 1e-6]
        assert len(in_a_minute) <= limit / 10


def test_interval_is_the_minimum_time_between_polls_of_each_job() -> None:
    account = make_account(ending_at(1200))
    account.follow(IDS[:150], WatchPolicy(interval=30))
    for id in IDS[:150]:
        times = [now for now, ids in account.requests if id in ids]
        assert min(later - now for now, later in pairwise(times)) >= 30


def test_watch_of_many_jobs_waits_for_retry_after() -> None:
    class LimitedAccount(FakeAccount):
        def fetch(
            self, ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
        ) -> PollResult:
            if len(self.requests) == 1:
                self.requests.append((self.clock.now, ()))
                raise Unavailable("429", retry_after=77)
            return FakeAccount.fetch(self, ids, timeout, on_tick)

    account = LimitedAccount(FakeClock(), ending_at(0))
    account.follow(IDS)
    assert [now for now, _ in account.requests] == [1000, 1000, 1077]


def test_all_jobs_are_unavailable_when_the_retry_budget_ends() -> None:
    down = Unavailable("503")
    account = make_account(lambda id, now: down, down)
    watch, observer = account.follow(IDS, WatchPolicy(retry_for=60))
    assert {tracked.exit for tracked in watch.jobs} == {Exit.UNAVAILABLE}
    assert account.clock.now == 1060
    assert observer.event_names.count("job_done") == 200


def test_refused_requests_count_against_the_rate_limit() -> None:
    account = make_account(lambda id, now: None, UsageError("400"), limit=10)
    account.follow(IDS[:20], WatchPolicy(timeout=600))
    times = [now for now, _ in account.requests]
    # After the first ones, one request a minute is a tenth of the limit.
    assert len(times) <= FREE_REQUESTS + 9


def test_wait_behind_many_jobs_does_not_use_up_the_retry_budget() -> None:
    faults = {1000.0, 1800.0}

    def answers(id: str, now: float) -> Job | JobstatError:
        if id == "job7" and faults and now >= min(faults):
            faults.remove(min(faults))
            return Unavailable("503")
        return ending_at(3000)(id, now)

    account = make_account(answers, UsageError("400"), limit=200)
    watch, _ = account.follow(IDS[:100])
    assert watch.exit() is Exit.OK
    assert not faults


def test_interval_applies_to_jobs_that_are_not_found() -> None:
    account = make_account(lambda id, now: None)
    account.follow(IDS[:150], WatchPolicy(interval=30))
    for id in IDS[:150]:
        times = [now for now, ids in account.requests if id in ids]
        assert min(later - now for now, later in pairwise(times)) >= 30


def test_invalid_response_about_one_job_does_not_end_the_others() -> None:
    broken = InvalidResponse("results of strings")
    account = make_account(
        lambda id, now: broken if id == "job1" else ending_at(2000)(id, now)
    )
    watch, observer = account.follow(IDS[:3])
    assert [tracked.exit for tracked in watch.jobs] == [0, 7, 0]
    assert observer.done_ids == ["job1", "job0", "job2"]


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ({"a": DONE, "b": DONE}, 0),
        ({"a": DONE, "b": WORKING}, 8),
        ({"a": WORKING, "b": Unavailable("500")}, 7),
        ({"a": Unavailable("500"), "b": None}, 5),
        ({"a": None, "b": BAD}, 6),
        ({"a": BAD, "b": job("killed")}, 3),
        ({"a": job("failed"), "b": DONE, "c": WORKING}, 3),
    ],
)
def test_most_serious_exit_code_of_all_jobs_wins(
    states: dict[str, Job | JobstatError | None], code: int
) -> None:
    def answers(id: str, now: float) -> Job | JobstatError | None:
        state = states[id]
        if state is None or isinstance(state, Exception):
            return state
        return replace(state, id=id)

    # Refuse batches: an error about one job is only seen in a single request.
    for ids in (list(states), list(reversed(states))):
        watch, _ = make_account(answers, UsageError("400")).follow(ids, SHOW)
        assert watch.exit() == code


def test_auth_error_about_one_job_is_raised_despite_other_results() -> None:
    def answers(id: str, now: float) -> Job | JobstatError:
        return AuthError("403") if id == "b" else replace(BAD, id=id)

    with pytest.raises(AuthError):
        make_account(answers, UsageError("400")).follow(["a", "b"], SHOW)


@pytest.mark.parametrize("last", [BAD, job("failed"), None])
def test_fail_fast_ends_the_watch_at_the_first_failed_job(last: Job | None) -> None:
    def answers(id: str, now: float) -> Job | None:
        if id == "job1" and now >= 1020:
            return last and replace(last, id=id)
        return ending_at(1010 if id == "job0" else 5000)(id, now)

    account = make_account(answers)
    watch, observer = account.follow(IDS[:4], WatchPolicy(fail_fast=True))
    assert account.clock.now < 1030
    exits = [tracked.exit for tracked in watch.jobs]
    assert exits[0] is Exit.OK
    assert exits[1] in {Exit.ITEMS_FAILED, Exit.JOB_FAILED, Exit.NOT_FOUND}
    assert exits[2:] == [Exit.UNFINISHED] * 2
    # The last state of the running jobs is reported.
    assert [event for event in observer.events if event[0] == "job_done"][-2:] == [
        ("job_done", "job2", "working"),
        ("job_done", "job3", "working"),
    ]


def test_fail_fast_reports_a_new_job_as_unfinished_not_as_not_found() -> None:
    def answers(id: str, now: float) -> Job | None:
        return with_id(BAD, id) if id == "bad" else None

    account = make_account(answers, batch_error=UsageError("400"))
    watch, _ = account.follow(["new", "bad"], WatchPolicy(fail_fast=True))
    assert [tracked.exit for tracked in watch.jobs] == [
        Exit.UNFINISHED,
        Exit.ITEMS_FAILED,
    ]


def test_timeout_reports_every_unfinished_job() -> None:
    account = make_account(
        lambda id, now: ending_at(1010 if id == "job0" else 5000)(id, now)
    )
    watch, observer = account.follow(IDS[:3], WatchPolicy(timeout=60))
    assert account.clock.now == 1060
    assert watch.exit() is Exit.TIMEOUT
    done = [event[1:] for event in observer.events if event[0] == "job_done"]
    assert done == [("job0", "completed"), ("job1", "working"), ("job2", "working")]


@pytest.mark.parametrize("moment", range(1, 8))
def test_signal_at_any_moment_loses_no_job(moment: int) -> None:
    account = make_account(ending_at(0))
    watch = Watch(IDS[:5], WatchPolicy(), 1000)
    events: list[str] = []

    class Interrupted(Observer):
        def ended(self, now: float) -> None:
            events.append("ended")

        def job_done(self, tracked: TrackedJob, now: float) -> None:
            events.append(tracked.id)
            if len(events) == moment:
                raise SignalReceived(2)

    if moment > 5:
        follow(watch, account.fetch, account.clock, Interrupted())
    else:
        with pytest.raises(SignalReceived):
            follow(watch, account.fetch, account.clock, Interrupted())
    # The interrupted report is repeated, because it may not have been written.
    interrupted = IDS[moment - 1 : min(moment, 5)]
    assert events == [*IDS[:5][:moment], *interrupted, *IDS[moment:5], "ended"]


def test_items_are_summed_over_all_jobs_with_a_known_total() -> None:
    states = {
        "a": job("working", total=100, progress=30),
        "b": job("queued", total=50),
        "c": job("queued", total=None),
        "d": job("failed", total=10, progress=0),
        "e": job("working", total=5, progress=99),
    }
    account = make_account(lambda id, now: replace(states[id], id=id))
    watch, _ = account.follow(states, WatchPolicy(timeout=1))
    assert watch.items == (30 + 10 + 5, 165)


def test_time_left_is_estimated_from_the_items_of_all_jobs() -> None:
    def answers(id: str, now: float) -> Job:
        done = int(now - 1000)
        return job("working", id=id, total=100, progress=min(done, 99))

    account = make_account(answers)
    watch, _ = account.follow(["a", "b"], WatchPolicy(timeout=50))
    left = watch.estimate.time_left(1050)
    assert left is not None
    assert left == pytest.approx(50, abs=5)
