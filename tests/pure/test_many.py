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


def test_two_hundred_jobs_are_two_requests_a_turn() -> None:
    server = account(at(1030))
    watch, _ = server.follow(IDS)
    assert watch.exit() is Exit.OK
    first, second = server.asked[:2]
    assert [*first[1], *second[1]] == IDS
    assert all(len(ids) == 100 for _, ids in server.asked)
    counts = {id: sum(id in ids for _, ids in server.asked) for id in IDS}
    assert max(counts.values()) - min(counts.values()) <= 1


@pytest.mark.parametrize("count", [2, 99, 100, 101, 250])
def test_no_request_is_larger_than_a_batch(count: int) -> None:
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
def test_many_jobs_use_a_tenth_of_the_limit(
    limit: int, many: JobstatError | None
) -> None:
    server = account(at(5000), many, limit)
    server.follow(IDS[:150], WatchPolicy(timeout=1200))
    made = [now for now, _ in server.asked]
    for first in made[FIRST_REQUESTS:]:
        in_a_minute = [now for now in made if first <= now < first + 60 - 1e-6]
        assert len(in_a_minute) <= limit / 10


def test_an_interval_is_a_floor_for_each_job() -> None:
    server = account(at(1200))
    server.follow(IDS[:150], WatchPolicy(interval=30))
    for id in IDS[:150]:
        made = [now for now, ids in server.asked if id in ids]
        assert min(later - now for now, later in pairwise(made)) >= 30


@pytest.mark.parametrize(
    "refusal", [UsageError("400"), AuthError("403"), NotFound("404")]
)
def test_a_server_without_the_request_for_many_is_asked_one_by_one_for_good(
    refusal: JobstatError,
) -> None:
    server = account(at(1020), refusal)
    watch, notes = server.follow(IDS[:3])
    assert watch.exit() is Exit.OK
    batches = [ids for _, ids in server.asked if len(ids) > 1]
    assert len(batches) == 1
    assert {what for what, _, _ in notes.told} == {"changed", "closed"}


@pytest.mark.parametrize("error", [AuthError("401"), UsageError("422")])
def test_what_is_refused_one_by_one_too_ends_it(error: JobstatError) -> None:
    server = account(lambda id, now: error, error)
    with pytest.raises(type(error)):
        server.follow(IDS[:3])
    assert len(server.asked) == 2


def test_one_that_an_answer_leaves_out_is_asked_for_alone() -> None:
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


def test_one_that_is_lost_is_not_found_only_when_it_was_asked_for_alone() -> None:
    def answers(id: str, now: float) -> Job | None:
        return None if id == "job1" else at(1100)(id, now)

    server = account(answers)
    watch, _ = server.follow(IDS[:3])
    assert [tracked.exit for tracked in watch.jobs] == [0, 5, 0]
    alone = [now for now, ids in server.asked if ids == ("job1",)]
    assert len(alone) == 1
    assert alone[0] >= 1000 + NOT_FOUND_GRACE


def test_a_show_asks_for_a_lost_one_at_once() -> None:
    server = account(lambda id, now: None if id == "job1" else at(0)(id, now))
    watch, _ = server.follow(IDS[:3], SHOW)
    assert [tracked.exit for tracked in watch.jobs] == [0, 5, 0]
    assert [ids for _, ids in server.asked] == [("job0", "job1", "job2"), ("job1",)]


def test_young_jobs_that_are_not_found_yet_are_asked_for_together() -> None:
    server = account(lambda id, now: None if now < 1005 else at(1010)(id, now))
    watch, _ = server.follow(IDS[:100])
    assert watch.exit() is Exit.OK
    assert {len(ids) for _, ids in server.asked} == {100}


def test_many_lost_ones_do_not_hold_up_the_others() -> None:
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
def test_one_that_is_asked_for_alone_is_not_held_up_by_the_others(
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


def test_job_that_was_not_asked_for_is_ignored() -> None:
    jobs = [replace(BAD, id="stranger"), *(named(DONE, f"job{n}") for n in range(2))]
    asked: list[tuple[str, ...]] = []
    watch = Watch(["job0", "job1"], WatchPolicy(), 1000)
    follow(watch, fetch_from(jobs, {}, asked), FakeClock(), Notes())
    assert watch.exit() is Exit.OK
    assert asked == [("job0", "job1")]


def test_equal_copies_of_a_job_are_one() -> None:
    jobs = [named(DONE, "job0"), named(DONE, "job1"), named(DONE, "job0")]
    asked: list[tuple[str, ...]] = []
    watch = Watch(["job0", "job1"], WatchPolicy(), 1000)
    follow(watch, fetch_from(jobs, {}, asked), FakeClock(), Notes())
    assert watch.exit() is Exit.OK
    assert asked == [("job0", "job1")]


@pytest.mark.parametrize("policy", [WatchPolicy(), SHOW])
@pytest.mark.parametrize("reverse", [False, True])
def test_different_copies_of_a_job_are_asked_for_singly(
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
def test_what_an_answer_about_several_left_out_makes_no_verdict_better(
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


def test_entry_that_cannot_be_read_is_asked_for_singly() -> None:
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


def test_case_of_an_id_does_not_matter_unless_it_tells_two_jobs_apart() -> None:
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


def test_the_answer_about_one_job_is_about_it_whatever_its_id() -> None:
    watch = Watch(["job0"], WatchPolicy(), 0)
    ask = watch.next(0)
    assert isinstance(ask, PollRequest)
    watch.answered(ask, PollResult((replace(DONE, id="other"),)), 0)
    assert watch.unreported == watch.jobs
    assert watch.exit() is Exit.OK


@pytest.mark.parametrize(
    "error", [Unreachable("refused"), Unavailable("503"), InvalidResponse("HTML")]
)
def test_a_failure_of_all_is_told_once_and_waited_for_once(
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


def test_a_rest_that_the_account_asks_for_is_kept_by_all() -> None:
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


def test_when_patience_ends_all_are_given_up() -> None:
    down = Unavailable("503")
    server = account(lambda id, now: down, down)
    watch, notes = server.follow(IDS, WatchPolicy(retry_for=60))
    assert {tracked.exit for tracked in watch.jobs} == {Exit.UNAVAILABLE}
    assert server.clock.now == 1060
    assert [what for what, _, _ in notes.told].count("closed") == 200


@pytest.mark.parametrize(
    "error", [Unavailable("500"), InvalidResponse("NaN in it"), UsageError("400")]
)
def test_one_job_that_spoils_the_answer_about_all_is_found(
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


def test_a_refusal_after_good_answers_is_not_for_good() -> None:
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


def test_a_server_that_stops_taking_several_ids_is_tried_once_more_with_two() -> None:
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
def test_a_lost_job_is_looked_for_while_the_others_run(limit: int) -> None:
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


def test_refusals_count_as_requests_too() -> None:
    server = account(lambda id, now: None, UsageError("400"), limit=10)
    server.follow(IDS[:20], WatchPolicy(timeout=600))
    made = [now for now, _ in server.asked]
    # After the first ones, one request a minute is a tenth of the limit.
    assert len(made) <= FIRST_REQUESTS + 9


def test_patience_does_not_run_out_in_a_queue() -> None:
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


def test_a_dead_network_is_waited_for_once_one_by_one() -> None:
    server = account(at(0), UsageError("400"))
    server.follow([])
    down = Unreachable("refused")
    dead = account(lambda id, now: down, UsageError("400"))
    dead.follow(IDS[:5], WatchPolicy(retry_for=20))
    assert [now for now, _ in dead.asked] == [1000, 1000, 1001, 1003, 1007, 1015, 1020]


def test_an_interval_is_kept_by_young_and_lost_jobs() -> None:
    server = account(lambda id, now: None)
    server.follow(IDS[:150], WatchPolicy(interval=30))
    for id in IDS[:150]:
        made = [now for now, ids in server.asked if id in ids]
        assert min(later - now for now, later in pairwise(made)) >= 30


def test_one_broken_answer_does_not_end_the_others() -> None:
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
def test_the_gravest_code_counts(
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


def test_a_refused_credential_is_graver_than_any_state() -> None:
    def answers(id: str, now: float) -> Job | JobstatError:
        return AuthError("403") if id == "b" else replace(BAD, id=id)

    with pytest.raises(AuthError):
        account(answers, UsageError("400")).follow(["a", "b"], SHOW)


@pytest.mark.parametrize("last", [BAD, job("failed"), None])
def test_fail_fast_ends_with_the_first_bad_news(last: Job | None) -> None:
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


def test_a_young_job_is_not_called_lost_when_another_ends_the_watch() -> None:
    def answers(id: str, now: float) -> Job | None:
        return named(BAD, id) if id == "bad" else None

    server = account(answers, many=UsageError("400"))
    watch, _ = server.follow(["young", "bad"], WatchPolicy(fail_fast=True))
    assert [w.exit for w in watch.jobs] == [Exit.UNFINISHED, Exit.ITEMS_FAILED]


def test_a_time_out_tells_each_that_did_not_end() -> None:
    server = account(lambda id, now: at(1010 if id == "job0" else 5000)(id, now))
    watch, notes = server.follow(IDS[:3], WatchPolicy(timeout=60))
    assert server.clock.now == 1060
    assert watch.exit() is Exit.TIMEOUT
    closed = [told[1:] for told in notes.told if told[0] == "closed"]
    assert closed == [("job0", "completed"), ("job1", "working"), ("job2", "working")]


@pytest.mark.parametrize("moment", range(1, 8))
def test_a_signal_loses_no_job_whenever_it_comes(moment: int) -> None:
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


def test_items_are_counted_over_all_jobs_that_are_known() -> None:
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


def test_the_end_of_all_is_foretold_from_the_items_of_all() -> None:
    def answers(id: str, now: float) -> Job:
        done = int(now - 1000)
        return job("working", id=id, total=100, progress=min(done, 99))

    server = account(answers)
    watch, _ = server.follow(["a", "b"], WatchPolicy(timeout=50))
    left = watch.estimate.time_left(1050)
    assert left is not None
    assert left == pytest.approx(50, abs=5)
