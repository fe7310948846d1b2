"""The delay between two polls of a job."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from fakes import FakeAccount, FakeClock
from hypothesis import given
from hypothesis import strategies as st
from support import ID, SUCCESS, completed, job

from jobstat.exits import Exit
from jobstat.jobs.parse import parse_job
from jobstat.jobs.policy import WatchPolicy
from jobstat.jobs.progress import ProgressEstimate
from jobstat.jobs.schedule import END_MARGIN, FAR, delay_after_answer, max_delay

if TYPE_CHECKING:
    from jobstat.jobs.job import Job

ages = st.floats(0, 1e6)
DONE = parse_job(completed(SUCCESS))


def promised(watched_for: float) -> float:
    """The seconds of the promise, spelled out."""
    return min(max(3, 0.005 * watched_for), 20)


@given(ages)
def test_delay_without_an_estimate_is_exactly_the_promised_one(age: float) -> None:
    assert delay_after_answer(age) == max_delay(age) == promised(age)


@given(ages, st.floats(-1e9, 1e9))
def test_delay_with_any_estimate_is_at_most_twice_the_promised_one(
    age: float, left: float
) -> None:
    delay = delay_after_answer(age, left)
    assert END_MARGIN <= delay <= min(2 * promised(age), 20)
    if left <= FAR * promised(age):
        assert delay <= promised(age)


@given(ages, st.floats(0, 1e6))
def test_estimated_end_is_polled_right_after_it(age: float, left: float) -> None:
    delay = delay_after_answer(age, left)
    assert delay <= left + END_MARGIN
    if left + END_MARGIN <= promised(age):
        assert delay == left + END_MARGIN


@given(ages, st.floats(-1e9, 0, exclude_max=True))
def test_overdue_job_is_polled_as_if_it_had_no_estimate(
    age: float, left: float
) -> None:
    assert delay_after_answer(age, left) == max_delay(age)


def test_delay_grows_with_the_time_and_doubles_while_the_end_is_far() -> None:
    assert delay_after_answer(0) == delay_after_answer(600) == 3
    assert delay_after_answer(1800) == 9
    assert delay_after_answer(3600) == 18
    assert delay_after_answer(4000) == delay_after_answer(1e6) == 20
    assert delay_after_answer(30, 40) == 3
    assert delay_after_answer(30, 50) == 6
    assert delay_after_answer(1800, 1000) == 18
    assert delay_after_answer(3600, 1000) == 20


answers = st.lists(
    st.tuples(
        st.sampled_from(["queued", "working", "paused"]),
        st.one_of(st.none(), st.integers(-1, 120)),
        st.one_of(st.none(), st.just(100), st.integers(-1, 120)),
    ),
    max_size=60,
)


@given(
    answers,
    st.sampled_from([0.0, 0.1, 2.0, 10.0]),
    st.sampled_from([0.0, 0.0, 5.0, 60.0]),
    st.integers(1, 3),
)
def test_any_sequence_of_answers_keeps_the_promise_and_the_interval(
    states: list[tuple[str, int | None, int | None]],
    latency: float,
    interval: float,
    count: int,
) -> None:
    """Each job gets the states in turn. None of them ends before the last state."""
    clock = FakeClock()
    ids = [f"job{number}" for number in range(count)]
    given_answers = dict.fromkeys(ids, 0)
    asked_at = dict.fromkeys(ids, -1e9)
    answered_at = dict.fromkeys(ids, clock.now)
    allowed = dict.fromkeys(ids, 0.0)
    estimates = {id: ProgressEstimate() for id in ids}

    def answer(id: str, now: float) -> Job:
        requested_at = now - latency
        assert requested_at - asked_at[id] >= interval - 1e-6
        assert requested_at - answered_at[id] <= max(allowed[id], interval) + 1e-6
        asked_at[id], answered_at[id] = requested_at, now
        number = given_answers[id]
        given_answers[id] += 1
        if number >= len(states):
            return parse_job(completed(SUCCESS, id=id))
        status, progress, total = states[number]
        estimate, age = estimates[id], now - 1000
        estimate.update(total, None if status == "queued" else progress, now)
        left = estimate.time_left(now)
        is_far = left is not None and left > FAR * promised(age)
        allowed[id] = min((1 + is_far) * promised(age), 20)
        return job(status, id=id, progress=progress, total=total)

    account = FakeAccount(clock, answer, latency=latency)
    watch, _ = account.follow(ids, WatchPolicy(interval=interval))
    assert watch.exit() is Exit.OK


@pytest.mark.parametrize("seconds", [20, 100, 1000, 5000])
@pytest.mark.parametrize("latency", [0.0, 0.2, 1.0])
def test_end_of_a_steady_job_is_known_within_a_second_and_its_answer(
    seconds: float, latency: float
) -> None:
    clock = FakeClock()
    end = clock.now + seconds

    def answer(id: str, now: float) -> Job:
        # The server looks at the job when the request arrives, in the middle.
        left = end - (now - latency / 2)
        if left <= 0:
            return parse_job(completed(SUCCESS, id=id))
        return job(
            "working", id=id, total=1000, progress=int(1000 - 1000 * left / seconds)
        )

    FakeAccount(clock, answer, latency=latency).follow([ID], WatchPolicy())
    assert clock.now - end <= 1 + 2 * latency + seconds / 1000
