"""Several jobs in one watch, on a clock that obeys."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from support import FAILURE, SUCCESS, Account, FakeClock, Notes, completed, job

from jobstat.errors import (
    AuthError,
    InvalidResponse,
    NotFound,
    SignalReceived,
    Unavailable,
    Unreachable,
    UsageError,
)
from jobstat.exits import Exit
from jobstat.jobs.loop import Observer, follow
from jobstat.jobs.parse import parse_job
from jobstat.jobs.policy import SHOW, WatchPolicy
from jobstat.jobs.poll import PollRequest, PollResult
from jobstat.jobs.rate_limit import FIRST_REQUESTS, RateLimit
from jobstat.jobs.watch import NOT_FOUND_GRACE, Watch

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from jobstat.errors import JobstatError
    from jobstat.jobs.job import Job
    from jobstat.jobs.poll import TrackedJob

DONE = parse_job(completed(SUCCESS))
BAD = parse_job(completed(SUCCESS, FAILURE))
WORKING = job("working", progress=1, total=4)
IDS = [f"job{number}" for number in range(200)]

State = "Job | JobstatError | None"


def named(state: Job, id: str) -> Job:
    return replace(state, id=id)


def at(end: float, last: Job = DONE) -> Callable[[str, float], Job]:
    """A job that works until then."""
    return lambda id, now: replace(last if now >= end else WORKING, id=id)


def account(
    answers: Callable[[str, float], Job | JobstatError | None],
    many: JobstatError | None = None,
    limit: int | None = None,
) -> Account:
    return Account(FakeClock(), answers, many, RateLimit(limit))


def test_200_jobs_are_polled_in_two_batches_of_100() -> None:
    server = account(at(1030))
    watch, _ = server.follow(IDS)
    assert watch.exit() is Exit.OK
    first, second = server.asked[:2]
    assert [*first[1], *second[1]] == IDS
    assert all(len(ids) == 100 for _, ids in server.asked)
    counts = {id: sum(id in ids for _, ids in server.asked) for id in IDS}
    assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize("count", [2, 99, 100, 101, 250])
def test_batches_hold_at_most_100_jobs(count: int) -> None:
    ids = [f"job{number}" for number in range(count)]
    server = account(at(0))
    watch, _ = server.follow(ids)
    assert watch.exit() is Exit.OK
    assert [len(ids) for _, ids in server.asked] == [
        *[100] * (count // 100),
        *[count % 100] * (count % 100 > 0),
    ]


@pytest.mark.parametrize("limit", [10, 200, 700])
@pytest.mark.parametrize("many", [None, UsageError("400")])
def test_many_jobs_use_at_most_a_tenth_of_the_rate_limit(
    limit: int, many: JobstatError | None
) -> None:
    server = account(at(5000), many, limit)
    server.follow(IDS[:150], WatchPolicy(timeout=1200))
    made = [now for now, _ in server.asked]
    for first in made[FIRST_REQUESTS:]:
        in_a_minute = [now for now in made if first <= now < first + 60 - 1e-6]
        assert len(in_a_minute) <= limit / 10


def test_interval_is_the_minimum_time_between_polls_of_each_job() -> None:
    server = account(at(1200))
    server.follow(IDS[:150], WatchPolicy(interval=30))
    for id in IDS[:150]:
        made = [now for now, ids in server.asked if id in ids]
        assert min(later - now for now, later in pairwise(made)) >= 30


@pytest.mark.parametrize(
    "refusal", [UsageError("400"), AuthError("403"), NotFound("404")]
)
def test_refused_first_batch_switches_to_single_requests_for_good(
    refusal: JobstatError,
) -> None:
    server = account(at(1020), refusal)
    watch, notes = server.follow(IDS[:3])
    assert watch.exit() is Exit.OK
    batches = [ids for _, ids in server.asked if len(ids) > 1]
    assert len(batches) == 1
    assert {what for what, _, _ in notes.told} == {"changed", "closed"}


@pytest.mark.parametrize("error", [AuthError("401"), UsageError("422")])
def test_error_of_a_batch_and_of_a_single_request_ends_the_watch(
    error: JobstatError,
) -> None:
    server = account(lambda id, now: error, error)
    with pytest.raises(type(error)):
        server.follow(IDS[:3])
    assert len(server.asked) == 2


def test_job_omitted_from_batch_answers_is_polled_individually() -> None:
    class Forgetful(Account):
        def fetch(
            self, ids: object, timeout: float, on_tick: Callable[[], None]
        ) -> PollResult:
            answer = Account.fetch(self, ids, timeout, on_tick)  # type: ignore[arg-type] # as it is
            if len(answer.jobs) == 1:
                return answer
            return PollResult(tuple(one for one in answer.jobs if one.id != "job1"))

    server = Forgetful(FakeClock(), at(1100))
    watch, _ = server.follow(IDS[:3])
    assert watch.exit() is Exit.OK
    # It is tried with the others once more, and never again after that.
    assert watch.jobs[1].times_omitted == 2
    assert not any("job1" in ids for _, ids in server.asked[-5:] if len(ids) > 1)


def test_omitted_job_is_not_found_only_after_an_individual_request() -> None:
    def answers(id: str, now: float) -> Job | None:
        return None if id == "job1" else at(1100)(id, now)

    server = account(answers)
    watch, _ = server.follow(IDS[:3])
    assert [tracked.exit for tracked in watch.jobs] == [0, 5, 0]
    alone = [now for now, ids in server.asked if ids == ("job1",)]
    assert len(alone) == 1
    assert alone[0] >= 1000 + NOT_FOUND_GRACE


def test_show_requests_an_omitted_job_individually_at_once() -> None:
    server = account(lambda id, now: None if id == "job1" else at(0)(id, now))
    watch, _ = server.follow(IDS[:3], SHOW)
    assert [tracked.exit for tracked in watch.jobs] == [0, 5, 0]
    assert [ids for _, ids in server.asked] == [("job0", "job1", "job2"), ("job1",)]


def test_young_jobs_that_are_not_found_yet_are_polled_in_batches() -> None:
    server = account(lambda id, now: None if now < 1005 else at(1010)(id, now))
    watch, _ = server.follow(IDS[:100])
    assert watch.exit() is Exit.OK
    assert {len(ids) for _, ids in server.asked} == {100}


def test_many_lost_jobs_do_not_delay_the_others() -> None:
    def answers(id: str, now: float) -> Job | None:
        return at(1100)(id, now) if id == "job0" else None

    server = account(answers, limit=200)
    _, notes = server.follow([*IDS[:100], "late"])
    closed = [id for what, id, _ in notes.told if what == "closed"]
    assert "job0" in closed[:60]


@pytest.mark.parametrize(
    ("count", "many", "limit", "takes"),
    [(2, None, 10, 0.3), (30, NotFound("404"), None, 1.0)],
    ids=["little may be asked", "each is asked for singly"],
)
def test_individually_polled_job_is_not_delayed_by_the_others(
    count: int, many: JobstatError | None, limit: int | None, takes: float
) -> None:
    errors = [Unavailable("503"), Unavailable("503")]

    def answers(id: str, now: float) -> Job | JobstatError:
        if id == "job0" and now >= 1060:
            return errors.pop() if errors else named(BAD, id)
        return at(4600)(id, now)

    server = Account(FakeClock(), answers, many, RateLimit(limit, 9, 60), takes)
    server.follow(IDS[:count])
    assert not errors
    assert max(now for now, ids in server.asked if "job0" in ids) < 1400


def fetch_from(
    several: list[Job], singly: dict[str, Job], asked: list[tuple[str, ...]]
) -> Callable[..., PollResult]:
    """A server that has one answer about several jobs, and one about each."""

    def fetch(
        ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
    ) -> PollResult:
        asked.append(tuple(ids))
        return PollResult(tuple(several) if len(ids) > 1 else (singly[ids[0]],))

    return fetch


def test_job_that_was_not_requested_is_ignored() -> None:
    jobs = [replace(BAD, id="stranger"), *(named(DONE, f"job{n}") for n in range(2))]
    asked: list[tuple[str, ...]] = []
    watch = Watch(["job0", "job1"], WatchPolicy(), 1000)
    follow(watch, fetch_from(jobs, {}, asked), FakeClock(), Notes())
    assert watch.exit() is Exit.OK
    assert asked == [("job0", "job1")]


def test_equal_copies_of_a_job_count_as_one() -> None:
    jobs = [named(DONE, "job0"), named(DONE, "job1"), named(DONE, "job0")]
    asked: list[tuple[str, ...]] = []
    watch = Watch(["job0", "job1"], WatchPolicy(), 1000)
    follow(watch, fetch_from(jobs, {}, asked), FakeClock(), Notes())
    assert watch.exit() is Exit.OK
    assert asked == [("job0", "job1")]


@pytest.mark.parametrize("policy", [WatchPolicy(), SHOW])
@pytest.mark.parametrize("reverse", [False, True])
def test_contradictory_copies_of_a_job_cause_an_individual_request(
    policy: WatchPolicy, reverse: bool
) -> None:
    copies = [named(DONE, "job0"), named(BAD, "job0")]
    jobs = [*(reversed(copies) if reverse else copies), named(DONE, "job1")]
    asked: list[tuple[str, ...]] = []
    watch = Watch(["job0", "job1"], policy, 1000)
    fetch = fetch_from(jobs, {"job0": named(BAD, "job0")}, asked)
    follow(watch, fetch, FakeClock(), Notes())
    assert watch.exit() is Exit.ITEMS_FAILED
    assert asked == [("job0", "job1"), ("job0",)]


NO_RESULTS = job("completed", total=2, progress=2)


@pytest.mark.parametrize(
    ("several", "singly", "code"),
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
    several: Job, singly: list[Job], code: int
) -> None:
    answers = iter([*singly, singly[-1]])

    def fetch(
        ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
    ) -> PollResult:
        if len(ids) > 1:
            return PollResult((named(several, "job0"), named(DONE, "job1")))
        return PollResult((next(answers),))

    watch = Watch(["job0", "job1"], WatchPolicy(), 1000)
    follow(watch, fetch, FakeClock(), Notes())
    assert watch.exit() == code
    told = watch.jobs[0].job
    assert told
    if code:
        assert len(told.items) == max(len(job.items) for job in [several, *singly])


def test_unreadable_entry_causes_an_individual_request() -> None:
    """It contradicts a good entry about the same job."""
    asked: list[tuple[str, ...]] = []
    fetch = fetch_from(
        [named(DONE, "job0"), named(DONE, "job1")], {"job0": named(BAD, "job0")}, asked
    )

    def with_unread(*arguments: Any) -> PollResult:
        return replace(fetch(*arguments), skipped=("job0", None, "stranger"))

    watch = Watch(["job0", "job1"], WatchPolicy(), 1000)
    follow(watch, with_unread, FakeClock(), Notes())
    assert watch.exit() is Exit.ITEMS_FAILED
    assert asked == [("job0", "job1"), ("job0",)]


def test_id_case_is_ignored_unless_two_jobs_differ_only_in_case() -> None:
    asked: list[tuple[str, ...]] = []
    watch = Watch(["abc", "def"], WatchPolicy(), 1000)
    jobs = [named(DONE, "ABC"), named(DONE, "def")]
    follow(watch, fetch_from(jobs, {}, asked), FakeClock(), Notes())
    assert watch.exit() is Exit.OK

    watch = Watch(["abc", "ABC"], WatchPolicy(), 1000)
    fetch = fetch_from(
        [named(DONE, "abc")], {"abc": named(BAD, "abc"), "ABC": named(BAD, "ABC")}, []
    )
    follow(watch, fetch, FakeClock(), Notes())
    assert [tracked.exit for tracked in watch.jobs] == [Exit.OK, Exit.ITEMS_FAILED]

    watch = Watch(["abc", "ABC"], WatchPolicy(), 1000)
    several = [named(DONE, "abc"), named(DONE, "Abc")]
    fetch = fetch_from(several, {"ABC": named(BAD, "ABC")}, [])
    follow(watch, fetch, FakeClock(), Notes())
    assert [tracked.exit for tracked in watch.jobs] == [Exit.OK, Exit.ITEMS_FAILED]


def test_answer_to_a_single_request_is_accepted_with_another_id() -> None:
    watch = Watch(["job0"], WatchPolicy(), 0)
    ask = watch.next_step(0)
    assert isinstance(ask, PollRequest)
    watch.record_result(ask, PollResult((replace(DONE, id="other"),)), 0)
    assert watch.unreported == watch.jobs
    assert watch.exit() is Exit.OK


@pytest.mark.parametrize(
    "error", [Unreachable("refused"), Unavailable("503"), InvalidResponse("HTML")]
)
def test_each_failed_batch_is_reported_once_and_delays_all_jobs(
    error: JobstatError,
) -> None:
    class Failing(Account):
        def fetch(
            self, ids: object, timeout: float, on_tick: Callable[[], None]
        ) -> PollResult:
            if len(self.asked) in {2, 3, 4}:
                self.asked.append((self.clock.now, tuple(ids)))  # type: ignore[arg-type] # as it is
                raise error
            return Account.fetch(self, ids, timeout, on_tick)  # type: ignore[arg-type] # as it is

    server = Failing(FakeClock(), at(1030))
    watch, notes = server.follow(IDS)
    assert watch.exit() is Exit.OK
    assert [what for what, _, _ in notes.told].count("request_failed") == 3
    made = [now for now, _ in server.asked]
    assert [made[n + 1] - made[n] for n in (2, 3, 4)] == [1, 2, 4]


def test_watch_of_many_jobs_waits_for_retry_after() -> None:
    class Limited(Account):
        def fetch(
            self, ids: object, timeout: float, on_tick: Callable[[], None]
        ) -> PollResult:
            if len(self.asked) == 1:
                self.asked.append((self.clock.now, ()))
                raise Unavailable("429", retry_after=77)
            return Account.fetch(self, ids, timeout, on_tick)  # type: ignore[arg-type] # as it is

    server = Limited(FakeClock(), at(0))
    server.follow(IDS)
    assert [now for now, _ in server.asked] == [1000, 1000, 1077]


def test_all_jobs_are_unavailable_when_the_retry_budget_ends() -> None:
    down = Unavailable("503")
    server = account(lambda id, now: down, down)
    watch, notes = server.follow(IDS, WatchPolicy(retry_for=60))
    assert {tracked.exit for tracked in watch.jobs} == {Exit.UNAVAILABLE}
    assert server.clock.now == 1060
    assert [what for what, _, _ in notes.told].count("closed") == 200


@pytest.mark.parametrize(
    "error", [Unavailable("500"), InvalidResponse("NaN in it"), UsageError("400")]
)
def test_job_that_breaks_the_batch_is_isolated_and_unavailable(
    error: JobstatError,
) -> None:
    class Spoilt(Account):
        def fetch(
            self, ids: object, timeout: float, on_tick: Callable[[], None]
        ) -> PollResult:
            several = "job7" in ids and len(ids) > 1  # type: ignore[operator,arg-type] # as it is
            self.many = error if several else None
            return Account.fetch(self, ids, timeout, on_tick)  # type: ignore[arg-type] # as it is

    broken = InvalidResponse("results of strings")
    server = Spoilt(
        FakeClock(), lambda id, now: broken if id == "job7" else at(1900)(id, now)
    )
    watch, _ = server.follow(IDS[:20])
    exits = {tracked.id: tracked.exit for tracked in watch.jobs}
    assert exits.pop("job7") is Exit.UNAVAILABLE
    assert set(exits.values()) == {Exit.OK}


def test_one_refused_batch_after_good_answers_keeps_batching() -> None:
    class Once(Account):
        def fetch(
            self, ids: object, timeout: float, on_tick: Callable[[], None]
        ) -> PollResult:
            self.many = NotFound("404") if len(self.asked) == 5 else None
            return Account.fetch(self, ids, timeout, on_tick)  # type: ignore[arg-type] # as it is

    server = Once(FakeClock(), at(1100))
    watch, _ = server.follow(IDS[:50])
    assert watch.exit() is Exit.OK
    assert len(server.asked[-1][1]) == 50


def test_refused_batch_after_good_answers_is_retried_with_two_jobs() -> None:
    class Changed(Account):
        def fetch(
            self, ids: object, timeout: float, on_tick: Callable[[], None]
        ) -> PollResult:
            self.many = NotFound("404") if len(self.asked) >= 3 else None
            return Account.fetch(self, ids, timeout, on_tick)  # type: ignore[arg-type] # as it is

    server = Changed(FakeClock(), at(1100))
    watch, _ = server.follow(IDS[:5])
    assert watch.exit() is Exit.OK
    refused = [len(ids) for _, ids in server.asked[3:] if len(ids) > 1]
    assert refused == [5, 2]


@pytest.mark.parametrize("limit", [10, 30, 200])
def test_lost_job_ends_as_not_found_while_the_others_run(limit: int) -> None:
    def answers(id: str, now: float) -> Job | None:
        return None if id.startswith("lost") else at(5000)(id, now)

    server = account(answers, limit=limit)
    watch, _ = server.follow(["a", "b", "lost"], WatchPolicy(timeout=1800))
    assert watch.jobs[2].exit is Exit.NOT_FOUND
    # And they are not held up by many of those.
    server = account(answers, limit=limit)
    server.follow(
        ["a", *["lost"], *[f"lost{n}" for n in range(50)]], WatchPolicy(timeout=900)
    )
    made = [now for now, ids in server.asked if "a" in ids]
    assert max(later - now for now, later in pairwise(made)) < 200


def test_refused_requests_count_against_the_rate_limit() -> None:
    server = account(lambda id, now: None, UsageError("400"), limit=10)
    server.follow(IDS[:20], WatchPolicy(timeout=600))
    made = [now for now, _ in server.asked]
    # After the first ones, one request a minute is a tenth of the limit.
    assert len(made) <= FIRST_REQUESTS + 9


def test_time_in_the_queue_does_not_use_the_retry_budget() -> None:
    faults = {1000.0, 1800.0}

    def answers(id: str, now: float) -> Job | JobstatError:
        if id == "job7" and faults and now >= min(faults):
            faults.remove(min(faults))
            return Unavailable("503")
        return at(3000)(id, now)

    server = account(answers, UsageError("400"), limit=200)
    watch, _ = server.follow(IDS[:100])
    assert watch.exit() is Exit.OK
    assert not faults


def test_single_requests_share_one_backoff_during_an_outage() -> None:
    server = account(at(0), UsageError("400"))
    server.follow([])
    down = Unreachable("refused")
    dead = account(lambda id, now: down, UsageError("400"))
    dead.follow(IDS[:5], WatchPolicy(retry_for=20))
    assert [now for now, _ in dead.asked] == [1000, 1000, 1001, 1003, 1007, 1015, 1020]


def test_interval_applies_to_jobs_that_are_not_found() -> None:
    server = account(lambda id, now: None)
    server.follow(IDS[:150], WatchPolicy(interval=30))
    for id in IDS[:150]:
        made = [now for now, ids in server.asked if id in ids]
        assert min(later - now for now, later in pairwise(made)) >= 30


def test_invalid_response_about_one_job_does_not_end_the_others() -> None:
    broken = InvalidResponse("results of strings")
    server = account(lambda id, now: broken if id == "job1" else at(2000)(id, now))
    watch, notes = server.follow(IDS[:3])
    assert [tracked.exit for tracked in watch.jobs] == [0, 7, 0]
    closed = [id for what, id, _ in notes.told if what == "closed"]
    assert closed == ["job1", "job0", "job2"]


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
def test_exit_code_of_the_most_severe_result_wins(
    states: dict[str, Job | JobstatError | None], code: int
) -> None:
    def answers(id: str, now: float) -> Job | JobstatError | None:
        state = states[id]
        if state is None or isinstance(state, Exception):
            return state
        return replace(state, id=id)

    # One by one, for a fault about one of them is otherwise not seen.
    for ids in (list(states), list(reversed(states))):
        watch, _ = account(answers, UsageError("400")).follow(ids, SHOW)
        assert watch.exit() == code


def test_auth_error_about_one_job_is_raised_despite_other_results() -> None:
    def answers(id: str, now: float) -> Job | JobstatError:
        return AuthError("403") if id == "b" else replace(BAD, id=id)

    with pytest.raises(AuthError):
        account(answers, UsageError("400")).follow(["a", "b"], SHOW)


@pytest.mark.parametrize("last", [BAD, job("failed"), None])
def test_fail_fast_ends_the_watch_at_the_first_failed_job(last: Job | None) -> None:
    def answers(id: str, now: float) -> Job | None:
        if id == "job1" and now >= 1020:
            return last and replace(last, id=id)
        return at(1010 if id == "job0" else 5000)(id, now)

    server = account(answers)
    watch, notes = server.follow(IDS[:4], WatchPolicy(fail_fast=True))
    assert server.clock.now < 1030
    exits = [tracked.exit for tracked in watch.jobs]
    assert exits[0] is Exit.OK
    assert exits[1] in {Exit.ITEMS_FAILED, Exit.JOB_FAILED, Exit.NOT_FOUND}
    assert exits[2:] == [Exit.UNFINISHED] * 2
    # The last state of those that go on is told.
    assert [told for told in notes.told if told[0] == "closed"][-2:] == [
        ("closed", "job2", "working"),
        ("closed", "job3", "working"),
    ]


def test_fail_fast_leaves_a_young_job_unfinished_not_lost() -> None:
    def answers(id: str, now: float) -> Job | None:
        return named(BAD, id) if id == "bad" else None

    server = account(answers, many=UsageError("400"))
    watch, _ = server.follow(["young", "bad"], WatchPolicy(fail_fast=True))
    assert [w.exit for w in watch.jobs] == [Exit.UNFINISHED, Exit.ITEMS_FAILED]


def test_timeout_reports_every_unfinished_job() -> None:
    server = account(lambda id, now: at(1010 if id == "job0" else 5000)(id, now))
    watch, notes = server.follow(IDS[:3], WatchPolicy(timeout=60))
    assert server.clock.now == 1060
    assert watch.exit() is Exit.TIMEOUT
    closed = [told[1:] for told in notes.told if told[0] == "closed"]
    assert closed == [("job0", "completed"), ("job1", "working"), ("job2", "working")]


@pytest.mark.parametrize("moment", range(1, 8))
def test_signal_at_any_moment_loses_no_job(moment: int) -> None:
    server = account(at(0))
    watch = Watch(IDS[:5], WatchPolicy(), 1000)
    told: list[str] = []

    class Interrupted(Observer):
        def ended(self, now: float) -> None:
            told.append("ended")

        def job_done(self, tracked: TrackedJob, now: float) -> None:
            told.append(tracked.id)
            if len(told) == moment:
                raise SignalReceived(2)

    if moment > 5:
        follow(watch, server.fetch, server.clock, Interrupted())
    else:
        with pytest.raises(SignalReceived):
            follow(watch, server.fetch, server.clock, Interrupted())
    # The one that it interrupted is told again: it may not have been written.
    interrupted = IDS[moment - 1 : min(moment, 5)]
    assert told == [*IDS[:5][:moment], *interrupted, *IDS[moment:5], "ended"]


def test_items_are_summed_over_all_jobs_with_a_known_total() -> None:
    states = {
        "a": job("working", total=100, progress=30),
        "b": job("queued", total=50),
        "c": job("queued", total=None),
        "d": job("failed", total=10, progress=0),
        "e": job("working", total=5, progress=99),
    }
    server = account(lambda id, now: replace(states[id], id=id))
    watch, _ = server.follow(states, WatchPolicy(timeout=1))
    assert watch.items == (30 + 10 + 5, 165)


def test_time_left_is_estimated_from_the_items_of_all_jobs() -> None:
    def answers(id: str, now: float) -> Job:
        done = int(now - 1000)
        return job("working", id=id, total=100, progress=min(done, 99))

    server = account(answers)
    watch, _ = server.follow(["a", "b"], WatchPolicy(timeout=50))
    left = watch.estimate.time_left(1050)
    assert left is not None
    assert left == pytest.approx(50, abs=5)
