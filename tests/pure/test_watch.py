"""A watch of one or two jobs, on a fake clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes import (
    FakeAccount,
    FakeClock,
    RecordingObserver,
    ScriptedServer,
    follow_script,
    with_id,
)
from support import FAILURE, ID, OTHER, SUCCESS, completed, job

from jobstat.errors import (
    AuthError,
    InvalidResponse,
    JobstatError,
    NotFound,
    OutputError,
    SignalReceived,
    Unavailable,
    Unreachable,
    UsageError,
)
from jobstat.exits import Exit
from jobstat.jobs.loop import follow
from jobstat.jobs.parse import parse_job
from jobstat.jobs.policy import SHOW, WatchPolicy
from jobstat.jobs.schedule import MIN_DELAY
from jobstat.jobs.watch import NOT_FOUND_GRACE, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jobstat.jobs.job import Job
    from jobstat.jobs.poll import PollResult

QUEUED = job("queued")
WORKING = job("working", progress=1, total=4)
DONE = parse_job(completed(SUCCESS))
BAD = parse_job(completed(SUCCESS, FAILURE))
DOWN = Unreachable("connection refused")
FAULT = Unavailable("500")
GONE = NotFound("no such job")
REFUSED = UsageError("400")
EMPTY = job("completed", total=2, progress=2)


@pytest.mark.parametrize(
    ("last", "code"),
    [(DONE, 0), (BAD, 6), (job("failed"), 3), (job("killed"), 3)],
)
def test_watch_ends_with_the_exit_code_of_the_finished_job(
    last: Job, code: int
) -> None:
    watch, _, observer = follow_script(QUEUED, QUEUED, WORKING, last)
    assert watch.exit() == code
    assert observer.event_names == ["job_changed"] * 3 + ["job_done"]


def test_watch_polls_at_once_then_every_3_seconds_and_later_less_often() -> None:
    policy = WatchPolicy(timeout=3600)
    _, server, _ = follow_script(WORKING, policy=policy)
    delays = [b - a for a, b in zip(server.times, server.times[1:], strict=False)]
    assert server.times[0] == 1000
    assert delays[:200] == pytest.approx([MIN_DELAY] * 200)
    assert delays == pytest.approx(sorted(delays))
    assert delays[-1] == pytest.approx(0.005 * 3600, rel=0.01)


def test_interval_is_the_minimum_time_between_requests() -> None:
    _, server, _ = follow_script(
        QUEUED, DOWN, QUEUED, WORKING, DONE, policy=WatchPolicy(interval=20)
    )
    delays = [b - a for a, b in zip(server.times, server.times[1:], strict=False)]
    assert delays == [20, 20, 20, 20]


def test_watch_ends_exactly_at_the_timeout() -> None:
    clock = FakeClock()
    server = ScriptedServer(clock, [WORKING])
    watch = Watch([ID], WatchPolicy(timeout=100), clock.now)
    observer = RecordingObserver()
    follow(watch, server.fetch, clock, observer)
    assert clock.now == 1100
    assert watch.exit() is Exit.TIMEOUT
    assert observer.events[-1] == ("job_done", ID, "working")


def test_show_continues_with_the_next_job_after_an_error() -> None:
    states: dict[str, Job | JobstatError] = {ID: FAULT, OTHER: with_id(DONE, OTHER)}
    account = FakeAccount(FakeClock(), lambda id, now: states[id], batch_error=REFUSED)
    watch, _ = account.follow([ID, OTHER], SHOW)
    assert [tracked.exit for tracked in watch.jobs] == [Exit.UNAVAILABLE, Exit.OK]


def test_404_of_a_new_job_is_retried() -> None:
    watch, _, _ = follow_script(GONE, GONE, QUEUED, DONE)
    assert watch.exit() is Exit.OK


def test_job_that_is_never_found_ends_as_not_found_after_the_grace_period() -> None:
    watch, server, _ = follow_script(GONE)
    assert watch.exit() is Exit.NOT_FOUND
    assert server.times[-1] - server.times[0] == NOT_FOUND_GRACE


def test_new_job_is_not_polled_more_often_than_the_interval() -> None:
    _, server, _ = follow_script(GONE, DONE, policy=WatchPolicy(interval=5))
    assert server.times == [1000, 1005]


def test_404_of_a_job_that_was_found_before_ends_as_not_found_at_once() -> None:
    watch, server, observer = follow_script(WORKING, GONE)
    assert watch.exit() is Exit.NOT_FOUND
    assert len(server.requests) == 2
    assert observer.events[-1] == ("job_done", ID, "working")


@pytest.mark.parametrize("error", [AuthError("403"), UsageError("422")])
def test_error_that_affects_every_job_ends_the_watch(error: AuthError) -> None:
    clock = FakeClock()
    server = ScriptedServer(clock, [QUEUED, error])
    watch = Watch([ID, OTHER], WatchPolicy(), clock.now)
    observer = RecordingObserver()
    with pytest.raises(type(error)):
        follow(watch, server.fetch, clock, observer)
    # The last state of both jobs is reported.
    assert observer.events == [
        ("job_changed", ID, "queued"),
        ("job_done", ID, "queued"),
        ("job_done", OTHER, ""),
    ]


def test_signal_ends_the_watch_and_reports_the_last_state() -> None:
    class Interrupted(FakeClock):
        def sleep(self, seconds: float) -> None:
            raise SignalReceived(2)

    clock = Interrupted()
    observer = RecordingObserver()
    watch = Watch([ID], WatchPolicy(), clock.now)
    with pytest.raises(SignalReceived):
        follow(watch, ScriptedServer(clock, [WORKING]).fetch, clock, observer)
    assert observer.events[-1] == ("job_done", ID, "working")
    assert not watch.pending
    assert watch.exit() is Exit.UNFINISHED


@pytest.mark.parametrize("error", [OutputError("full"), BrokenPipeError()])
def test_output_error_does_not_hide_a_signal(error: Exception) -> None:
    clock = FakeClock()

    class Broken(RecordingObserver):
        def job_done(self, tracked: object, now: float) -> None:
            raise error

    def fetch(
        ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
    ) -> PollResult:
        raise SignalReceived(2)

    with pytest.raises(SignalReceived):
        follow(Watch([ID], WatchPolicy(), clock.now), fetch, clock, Broken())


def test_jobs_of_one_watch_are_done_in_the_order_they_end() -> None:
    ends = {ID: 1010.0, OTHER: 1060.0}
    account = FakeAccount(
        FakeClock(), lambda id, now: with_id(BAD if now >= ends[id] else WORKING, id)
    )
    watch, observer = account.follow([ID, OTHER, ID])
    assert observer.done_ids == [ID, OTHER]
    assert watch.exit() is Exit.ITEMS_FAILED


def test_job_that_is_not_found_does_not_end_the_others() -> None:
    def answers(id: str, now: float) -> Job | None:
        if id == ID:
            return None
        return with_id(DONE if now > 1030 else WORKING, id)

    watch, _ = FakeAccount(FakeClock(), answers).follow([ID, OTHER])
    assert [tracked.exit for tracked in watch.jobs] == [Exit.NOT_FOUND, Exit.OK]
    assert watch.exit() is Exit.NOT_FOUND


def test_show_ends_with_the_first_answer_of_an_unfinished_job() -> None:
    watch, server, observer = follow_script(WORKING, policy=SHOW)
    assert watch.exit() is Exit.UNFINISHED
    assert len(server.requests) == 1
    assert observer.events == [
        ("job_changed", ID, "working"),
        ("job_done", ID, "working"),
    ]


def test_invalid_response_about_one_job_does_not_affect_the_next() -> None:
    broken = InvalidResponse("results of strings")
    states: dict[str, Job | JobstatError] = {ID: broken, OTHER: with_id(DONE, OTHER)}
    account = FakeAccount(FakeClock(), lambda id, now: states[id])
    watch, observer = account.follow([ID, OTHER], SHOW)
    assert [tracked.exit for tracked in watch.jobs] == [Exit.UNAVAILABLE, Exit.OK]
    assert observer.done_ids == [OTHER, ID]


def test_show_takes_ten_seconds_at_most() -> None:
    _, server, _ = follow_script(DOWN, policy=SHOW, latency=4)
    assert all(at + timeout <= 1010 for at, _, timeout in server.requests)


def test_show_does_not_wait_for_a_job_to_be_found() -> None:
    watch, server, _ = follow_script(GONE, policy=SHOW)
    assert watch.exit() is Exit.NOT_FOUND
    assert len(server.requests) == 1


@pytest.mark.parametrize(
    "fields",
    [{"total": 9}, {"progress": 2}, {"message": "m"}, {"results": [{"id": 1}]}],
)
def test_change_of_any_visible_field_is_reported(fields: dict[str, object]) -> None:
    changed = job("working", **{"progress": 1, "total": 4, **fields})
    _, _, observer = follow_script(WORKING, changed, DONE)
    assert observer.event_names == ["job_changed"] * 3 + ["job_done"]


def test_unchanged_answer_is_not_reported() -> None:
    _, _, observer = follow_script(WORKING, WORKING, WORKING, DONE)
    assert observer.event_names == ["job_changed"] * 2 + ["job_done"]


@pytest.mark.parametrize("policy", [WatchPolicy(), SHOW])
@pytest.mark.parametrize(
    ("second", "code"), [(BAD, Exit.ITEMS_FAILED), (DONE, Exit.OK), (EMPTY, Exit.OK)]
)
def test_completed_job_without_results_is_polled_once_more(
    policy: WatchPolicy, second: Job, code: Exit
) -> None:
    watch, server, observer = follow_script(EMPTY, second, policy=policy)
    assert watch.exit() is code
    assert server.times == [1000, 1001]
    assert observer.event_names == ["job_changed", "job_done"]


def test_confirming_poll_respects_the_interval_and_the_timeout() -> None:
    _, server, _ = follow_script(EMPTY, policy=WatchPolicy(interval=20))
    assert server.times == [1000, 1020]
    _, server, _ = follow_script(EMPTY, policy=WatchPolicy(timeout=1))
    assert server.times == [1000, 1000.5]


@pytest.mark.parametrize("timeout", [10, 20])
def test_completion_without_time_to_confirm_it_exits_with_timeout(
    timeout: float,
) -> None:
    policy = WatchPolicy(interval=20, timeout=timeout)
    watch, _, _ = follow_script(EMPTY, policy=policy)
    assert watch.exit() is Exit.TIMEOUT
    assert str(watch.jobs[0].error).endswith("there was no time to confirm that")


@pytest.mark.parametrize("error", [GONE, DOWN, FAULT])
def test_completion_that_cannot_be_confirmed_does_not_exit_0(
    error: JobstatError,
) -> None:
    watch, _, _ = follow_script(EMPTY, error, policy=WatchPolicy(timeout=3))
    assert watch.exit() is not Exit.OK


def test_unconfirmed_completion_does_not_decide_the_exit_code() -> None:
    watch, _, _ = follow_script(WORKING, EMPTY, DOWN, policy=WatchPolicy(retry_for=10))
    assert watch.exit() is Exit.UNAVAILABLE
    watch, _, _ = follow_script(WORKING, EMPTY, WORKING, EMPTY, BAD)
    assert watch.exit() is Exit.ITEMS_FAILED


@pytest.mark.parametrize("status", ["cancelled", "Aborted", " error "])
def test_undocumented_failure_status_ends_the_watch(status: str) -> None:
    watch, server, _ = follow_script(WORKING, job(status))
    assert watch.exit() is Exit.JOB_FAILED
    assert len(server.requests) == 2


def test_later_error_overrides_an_earlier_404() -> None:
    watch, _, _ = follow_script(GONE, FAULT, policy=WatchPolicy(timeout=4))
    assert watch.exit() is Exit.TIMEOUT


@pytest.mark.parametrize("fields", [{"error": "boom"}, {"success": False}])
def test_error_field_of_a_working_job_is_reported_and_ends_the_watch(
    fields: dict[str, object],
) -> None:
    failed = job("working", progress=1, total=4, **fields)
    watch, _, observer = follow_script(WORKING, failed)
    assert watch.exit() is Exit.JOB_FAILED
    assert observer.event_names == ["job_changed"] * 2 + ["job_done"]


def test_completed_job_that_counted_items_before_needs_results() -> None:
    end = job("completed", total=None)
    watch, server, _ = follow_script(WORKING, end, BAD)
    assert watch.exit() is Exit.ITEMS_FAILED
    assert len(server.requests) == 3
