"""Batches: jobs that share a request, and jobs that are polled alone."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from fakes import (
    BAD,
    DONE,
    IDS,
    WORKING,
    FakeAccount,
    FakeClock,
    RecordingObserver,
    ending_at,
    make_account,
    with_id,
)
from support import FAILURE, SUCCESS, job

from jobstat.errors import (
    AuthError,
    InvalidResponse,
    NotFound,
    Unavailable,
    Unreachable,
    UsageError,
)
from jobstat.exits import Exit
from jobstat.jobs.loop import follow
from jobstat.jobs.policy import SHOW, WatchPolicy
from jobstat.jobs.poll import PollRequest, PollResult
from jobstat.jobs.rate_limit import RateLimit
from jobstat.jobs.watch import NOT_FOUND_GRACE, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jobstat.errors import JobstatError
    from jobstat.jobs.job import Job

NO_RESULTS = job("completed", total=2, progress=2)


def fetch_from(
    batch: list[Job], single: dict[str, Job], requests: list[tuple[str, ...]]
) -> Callable[..., PollResult]:
    """Return a fetch with one answer to every batch, and one about each single job."""

    def fetch(
        ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
    ) -> PollResult:
        requests.append(tuple(ids))
        return PollResult(tuple(batch) if len(ids) > 1 else (single[ids[0]],))

    return fetch


def test_200_jobs_are_polled_in_two_batches_of_100() -> None:
    account = make_account(ending_at(1030))
    watch, _ = account.follow(IDS)
    assert watch.exit() is Exit.OK
    first, second = account.requests[:2]
    assert [*first[1], *second[1]] == IDS
    assert all(len(ids) == 100 for _, ids in account.requests)
    counts = {id: sum(id in ids for _, ids in account.requests) for id in IDS}
    assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize("count", [2, 99, 100, 101, 250])
def test_batches_hold_at_most_100_jobs(count: int) -> None:
    ids = [f"job{number}" for number in range(count)]
    account = make_account(ending_at(0))
    watch, _ = account.follow(ids)
    assert watch.exit() is Exit.OK
    assert [len(ids) for _, ids in account.requests] == [
        *[100] * (count // 100),
        *[count % 100] * (count % 100 > 0),
    ]


@pytest.mark.parametrize(
    "refusal", [UsageError("400"), AuthError("403"), NotFound("404")]
)
def test_refused_first_batch_switches_to_single_requests_for_good(
    refusal: JobstatError,
) -> None:
    account = make_account(ending_at(1020), refusal)
    watch, observer = account.follow(IDS[:3])
    assert watch.exit() is Exit.OK
    batches = [ids for _, ids in account.requests if len(ids) > 1]
    assert len(batches) == 1
    assert set(observer.event_names) == {"job_changed", "job_done"}


@pytest.mark.parametrize("error", [AuthError("403"), UsageError("422")])
def test_error_of_a_batch_that_recurs_for_a_single_job_ends_the_watch(
    error: JobstatError,
) -> None:
    account = make_account(lambda id, now: error, error)
    with pytest.raises(type(error)):
        account.follow(IDS[:3])
    assert len(account.requests) == 2


def test_job_omitted_from_batch_answers_is_polled_alone() -> None:
    class OmittingAccount(FakeAccount):
        def fetch(
            self, ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
        ) -> PollResult:
            result = FakeAccount.fetch(self, ids, timeout, on_tick)
            if len(result.jobs) == 1:
                return result
            return PollResult(tuple(job for job in result.jobs if job.id != "job1"))

    account = OmittingAccount(FakeClock(), ending_at(1100))
    watch, _ = account.follow(IDS[:3])
    assert watch.exit() is Exit.OK
    # After the second time the job is always polled alone.
    assert watch.jobs[1].times_omitted == 2
    assert not any("job1" in ids for _, ids in account.requests[-5:] if len(ids) > 1)


def test_omitted_job_is_not_found_only_after_a_single_request() -> None:
    def answers(id: str, now: float) -> Job | None:
        return None if id == "job1" else ending_at(1100)(id, now)

    account = make_account(answers)
    watch, _ = account.follow(IDS[:3])
    assert [tracked.exit for tracked in watch.jobs] == [0, 5, 0]
    single = [now for now, ids in account.requests if ids == ("job1",)]
    assert len(single) == 1
    assert single[0] >= 1000 + NOT_FOUND_GRACE


def test_show_polls_an_omitted_job_alone_at_once() -> None:
    account = make_account(
        lambda id, now: None if id == "job1" else ending_at(0)(id, now)
    )
    watch, _ = account.follow(IDS[:3], SHOW)
    assert [tracked.exit for tracked in watch.jobs] == [0, 5, 0]
    assert [ids for _, ids in account.requests] == [("job0", "job1", "job2"), ("job1",)]


def test_new_jobs_that_are_not_found_yet_are_polled_in_batches() -> None:
    account = make_account(
        lambda id, now: None if now < 1005 else ending_at(1010)(id, now)
    )
    watch, _ = account.follow(IDS[:100])
    assert watch.exit() is Exit.OK
    assert {len(ids) for _, ids in account.requests} == {100}


def test_many_jobs_that_are_not_found_do_not_delay_the_others() -> None:
    def answers(id: str, now: float) -> Job | None:
        return ending_at(1100)(id, now) if id == "job0" else None

    account = make_account(answers, limit=200)
    _, observer = account.follow([*IDS[:100], "late"])
    assert "job0" in observer.done_ids[:60]


@pytest.mark.parametrize(
    ("count", "batch_error", "limit", "latency"),
    [(2, None, 10, 0.3), (30, NotFound("404"), None, 1.0)],
    ids=["small rate limit", "no batches"],
)
def test_job_polled_alone_is_not_delayed_by_the_others(
    count: int, batch_error: JobstatError | None, limit: int | None, latency: float
) -> None:
    errors = [Unavailable("503"), Unavailable("503")]
    rate_limit = RateLimit(limit, 9, 60)

    def answers(id: str, now: float) -> Job | JobstatError:
        if id == "job0" and now >= 1060:
            return errors.pop() if errors else with_id(BAD, id)
        return ending_at(4600)(id, now)

    account = FakeAccount(FakeClock(), answers, batch_error, rate_limit, latency)
    account.follow(IDS[:count])
    assert not errors
    assert max(now for now, ids in account.requests if "job0" in ids) < 1400


def test_job_that_was_not_requested_is_ignored() -> None:
    jobs = [replace(BAD, id="stranger"), *(with_id(DONE, f"job{n}") for n in range(2))]
    requests: list[tuple[str, ...]] = []
    watch = Watch(["job0", "job1"], WatchPolicy(), 1000)
    follow(watch, fetch_from(jobs, {}, requests), FakeClock(), RecordingObserver())
    assert watch.exit() is Exit.OK
    assert requests == [("job0", "job1")]


def test_equal_copies_of_a_job_count_as_one() -> None:
    jobs = [with_id(DONE, "job0"), with_id(DONE, "job1"), with_id(DONE, "job0")]
    requests: list[tuple[str, ...]] = []
    watch = Watch(["job0", "job1"], WatchPolicy(), 1000)
    follow(watch, fetch_from(jobs, {}, requests), FakeClock(), RecordingObserver())
    assert watch.exit() is Exit.OK
    assert requests == [("job0", "job1")]


@pytest.mark.parametrize("policy", [WatchPolicy(), SHOW])
@pytest.mark.parametrize("reverse", [False, True])
def test_contradictory_copies_of_a_job_cause_a_single_request(
    policy: WatchPolicy, reverse: bool
) -> None:
    copies = [with_id(DONE, "job0"), with_id(BAD, "job0")]
    jobs = [*(reversed(copies) if reverse else copies), with_id(DONE, "job1")]
    requests: list[tuple[str, ...]] = []
    watch = Watch(["job0", "job1"], policy, 1000)
    fetch = fetch_from(jobs, {"job0": with_id(BAD, "job0")}, requests)
    follow(watch, fetch, FakeClock(), RecordingObserver())
    assert watch.exit() is Exit.ITEMS_FAILED
    assert requests == [("job0", "job1"), ("job0",)]


@pytest.mark.parametrize(
    ("batch", "single", "code"),
    [
        (job("completed", total=2, progress=2, results=[FAILURE]), [NO_RESULTS], 6),
        (job("completed", total=2, progress=2, results=[FAILURE]), [WORKING, DONE], 6),
        (job("completed", total=2, progress=2, results=[SUCCESS]), [BAD], 6),
        (
            job("completed", total=2, progress=2, results=[SUCCESS]),
            [NO_RESULTS, BAD],
            6,
        ),
        (job("completed", total=2, progress=2, results=[SUCCESS]), [NO_RESULTS] * 2, 0),
        (job("completed", total=None, results=[]), [BAD], 6),
        (job("completed", total=None, results=[]), [DONE], 0),
    ],
)
def test_results_missing_from_a_batch_do_not_improve_the_verdict(
    batch: Job, single: list[Job], code: int
) -> None:
    answers = iter([*single, single[-1]])

    def fetch(
        ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
    ) -> PollResult:
        if len(ids) > 1:
            return PollResult((with_id(batch, "job0"), with_id(DONE, "job1")))
        return PollResult((next(answers),))

    watch = Watch(["job0", "job1"], WatchPolicy(), 1000)
    follow(watch, fetch, FakeClock(), RecordingObserver())
    assert watch.exit() == code
    shown = watch.jobs[0].job
    assert shown
    if code:
        assert len(shown.items) == max(len(job.items) for job in [batch, *single])


def test_unreadable_copy_of_a_job_causes_a_single_request() -> None:
    requests: list[tuple[str, ...]] = []
    fetch = fetch_from(
        [with_id(DONE, "job0"), with_id(DONE, "job1")],
        {"job0": with_id(BAD, "job0")},
        requests,
    )

    def fetch_with_unreadable_entry(*arguments: Any) -> PollResult:
        return replace(fetch(*arguments), skipped=("job0", None, "stranger"))

    watch = Watch(["job0", "job1"], WatchPolicy(), 1000)
    follow(watch, fetch_with_unreadable_entry, FakeClock(), RecordingObserver())
    assert watch.exit() is Exit.ITEMS_FAILED
    assert requests == [("job0", "job1"), ("job0",)]


def test_id_case_is_ignored_unless_two_jobs_differ_only_in_case() -> None:
    requests: list[tuple[str, ...]] = []
    watch = Watch(["abc", "def"], WatchPolicy(), 1000)
    jobs = [with_id(DONE, "ABC"), with_id(DONE, "def")]
    follow(watch, fetch_from(jobs, {}, requests), FakeClock(), RecordingObserver())
    assert watch.exit() is Exit.OK

    watch = Watch(["abc", "ABC"], WatchPolicy(), 1000)
    fetch = fetch_from(
        [with_id(DONE, "abc")],
        {"abc": with_id(BAD, "abc"), "ABC": with_id(BAD, "ABC")},
        [],
    )
    follow(watch, fetch, FakeClock(), RecordingObserver())
    assert [tracked.exit for tracked in watch.jobs] == [Exit.OK, Exit.ITEMS_FAILED]

    watch = Watch(["abc", "ABC"], WatchPolicy(), 1000)
    batch = [with_id(DONE, "abc"), with_id(DONE, "Abc")]
    fetch = fetch_from(batch, {"ABC": with_id(BAD, "ABC")}, [])
    follow(watch, fetch, FakeClock(), RecordingObserver())
    assert [tracked.exit for tracked in watch.jobs] == [Exit.OK, Exit.ITEMS_FAILED]


def test_answer_to_a_single_request_is_accepted_with_another_id() -> None:
    watch = Watch(["job0"], WatchPolicy(), 0)
    request = watch.next_step(0)
    assert isinstance(request, PollRequest)
    watch.record_result(request, PollResult((replace(DONE, id="other"),)), 0)
    assert watch.unreported_changes == watch.jobs
    assert watch.exit() is Exit.OK


@pytest.mark.parametrize(
    "error", [Unreachable("refused"), Unavailable("503"), InvalidResponse("HTML")]
)
def test_each_failed_batch_is_reported_once_and_delays_all_jobs(
    error: JobstatError,
) -> None:
    class FailingAccount(FakeAccount):
        def fetch(
            self, ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
        ) -> PollResult:
            if len(self.requests) in {2, 3, 4}:
                self.requests.append((self.clock.now, tuple(ids)))
                raise error
            return FakeAccount.fetch(self, ids, timeout, on_tick)

    account = FailingAccount(FakeClock(), ending_at(1030))
    watch, observer = account.follow(IDS)
    assert watch.exit() is Exit.OK
    assert observer.event_names.count("request_failed") == 3
    times = [now for now, _ in account.requests]
    assert [times[n + 1] - times[n] for n in (2, 3, 4)] == [1, 2, 4]


@pytest.mark.parametrize(
    "error", [Unavailable("500"), InvalidResponse("NaN in it"), UsageError("400")]
)
def test_job_that_breaks_a_batch_is_polled_alone_and_only_it_exits_7(
    error: JobstatError,
) -> None:
    class BreakingAccount(FakeAccount):
        def fetch(
            self, ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
        ) -> PollResult:
            is_broken = "job7" in ids and len(ids) > 1
            self.batch_error = error if is_broken else None
            return FakeAccount.fetch(self, ids, timeout, on_tick)

    broken = InvalidResponse("results of strings")
    account = BreakingAccount(
        FakeClock(),
        lambda id, now: broken if id == "job7" else ending_at(1900)(id, now),
    )
    watch, _ = account.follow(IDS[:20])
    exits = {tracked.id: tracked.exit for tracked in watch.jobs}
    assert exits.pop("job7") is Exit.UNAVAILABLE
    assert set(exits.values()) == {Exit.OK}


def test_one_refused_batch_after_good_answers_keeps_batching() -> None:
    class OnceRefusingAccount(FakeAccount):
        def fetch(
            self, ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
        ) -> PollResult:
            self.batch_error = NotFound("404") if len(self.requests) == 5 else None
            return FakeAccount.fetch(self, ids, timeout, on_tick)

    account = OnceRefusingAccount(FakeClock(), ending_at(1100))
    watch, _ = account.follow(IDS[:50])
    assert watch.exit() is Exit.OK
    assert len(account.requests[-1][1]) == 50


def test_refused_batch_after_good_answers_is_retried_with_two_jobs() -> None:
    class ChangedAccount(FakeAccount):
        def fetch(
            self, ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
        ) -> PollResult:
            self.batch_error = NotFound("404") if len(self.requests) >= 3 else None
            return FakeAccount.fetch(self, ids, timeout, on_tick)

    account = ChangedAccount(FakeClock(), ending_at(1100))
    watch, _ = account.follow(IDS[:5])
    assert watch.exit() is Exit.OK
    refused = [len(ids) for _, ids in account.requests[3:] if len(ids) > 1]
    assert refused == [5, 2]


@pytest.mark.parametrize("limit", [10, 30, 200])
def test_missing_job_ends_as_not_found_while_the_others_run(limit: int) -> None:
    def answers(id: str, now: float) -> Job | None:
        return None if id.startswith("missing") else ending_at(5000)(id, now)

    account = make_account(answers, limit=limit)
    watch, _ = account.follow(["a", "b", "missing"], WatchPolicy(timeout=1800))
    assert watch.jobs[2].exit is Exit.NOT_FOUND
    # Many missing jobs do not delay the others.
    account = make_account(answers, limit=limit)
    account.follow(["a", *[f"missing{n}" for n in range(51)]], WatchPolicy(timeout=900))
    times = [now for now, ids in account.requests if "a" in ids]
    assert max(later - now for now, later in pairwise(times)) < 200


def test_watch_of_no_jobs_sends_no_request() -> None:
    account = make_account(ending_at(0))
    account.follow([])
    assert not account.requests


def test_single_requests_share_one_backoff_during_an_outage() -> None:
    down = Unreachable("refused")
    account = make_account(lambda id, now: down, UsageError("400"))
    account.follow(IDS[:5], WatchPolicy(retry_for=20))
    assert [now for now, _ in account.requests] == [
        1000,
        1000,
        1001,
        1003,
        1007,
        1015,
        1020,
    ]
