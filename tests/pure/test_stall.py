"""What a watch knows of a job's time: its queue, its work and its stalls."""

from __future__ import annotations

from dataclasses import replace

import pytest
from support import job

from jobstat.errors import Unavailable
from jobstat.jobs.duration import format_rate
from jobstat.jobs.job import Job
from jobstat.jobs.policy import WatchPolicy
from jobstat.jobs.poll import PollRequest, PollResult, TrackedJob
from jobstat.jobs.watch import Watch
from jobstat.views.wording import format_stall

QUEUED = job("queued", total=100)
WORKING = job("working", total=100, progress=40)


def watched(*answers: tuple[float, Job]) -> TrackedJob:
    """Return a job of a watch that started at 0 and got these answers."""
    watch = Watch([WORKING.id], WatchPolicy(), 0)
    (tracked,) = watch.jobs
    for now, answer in answers:
        request = PollRequest((tracked,), 10, now)
        watch.record_result(request, PollResult((answer,)), now)
    return tracked


def moved(progress: int) -> Job:
    return replace(WORKING, progress=progress)


def test_job_stalls_when_answers_of_three_minutes_show_no_progress() -> None:
    assert watched((0, WORKING), (170, WORKING)).stalled_since is None
    assert watched((0, WORKING), (180, WORKING)).stalled_since == 0
    assert watched((0, WORKING), (60, moved(41)), (300, moved(41))).stalled_since == 60


def test_progress_ends_a_stall() -> None:
    assert watched((0, WORKING), (300, WORKING), (310, moved(41))).stalled_since is None


def test_new_message_is_progress() -> None:
    told = replace(WORKING, message="Creating ticket #41")
    assert watched((0, WORKING), (200, told), (300, told)).stalled_since is None


def test_slow_job_stalls_later() -> None:
    """Each of its changes took two minutes so far."""
    slow = [(120.0 * step, moved(40 + step)) for step in range(4)]
    assert watched(*slow, (360 + 350, moved(43))).stalled_since is None
    assert watched(*slow, (360 + 370, moved(43))).stalled_since == 360


def test_time_without_an_answer_is_no_stall() -> None:
    tracked = watched((0, WORKING), (100, WORKING))
    assert tracked.stalled_since is None  # at any later time
    stalled = watched((0, WORKING), (200, WORKING))
    stalled.retry.record_failure(Unavailable("503"), requested_at=201, timeout=9, now=9)
    assert stalled.stalled_since is None


@pytest.mark.parametrize(
    "quiet", [QUEUED, job("working", total=100), job("working", total=None)]
)
def test_job_that_is_queued_or_has_no_count_does_not_stall(quiet: Job) -> None:
    assert watched((0, quiet), (900, quiet)).stalled_since is None


def test_job_that_ended_does_not_stall() -> None:
    tracked = watched((0, WORKING), (900, WORKING), (901, job("killed", progress=40)))
    assert tracked.stalled_since is None


def test_work_began_between_the_last_queued_answer_and_the_next_one() -> None:
    assert watched((0, QUEUED), (100, QUEUED)).began_at is None
    assert watched((0, QUEUED), (100, QUEUED), (110, WORKING)).began_at == 105
    assert watched((5, QUEUED), (7, job("working", total=None))).began_at == 6


def test_queue_time_is_unknown_if_no_answer_showed_the_job_queued() -> None:
    assert watched((0, WORKING), (10, WORKING)).began_at is None


def test_second_wait_in_the_queue_does_not_move_the_beginning_of_the_work() -> None:
    answers = [(0, QUEUED), (10, WORKING), (20, QUEUED), (30, WORKING)]
    assert watched(*answers).began_at == 5


def test_stall_is_told_in_whole_minutes() -> None:
    assert format_stall(0, 239) == "no progress for 3 min"
    assert format_stall(0, 4000) == "no progress for 1 h 6 min"


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (250.4, "250 items/s"),
        (9.96, "10 items/s"),
        (4.23, "4.2 items/s"),
        (1, "1.0 items/s"),
        (0.5, "30 items/min"),
        (0.02, "1.2 items/min"),
        (0.01, "36 items/h"),
    ],
)
def test_rate_has_a_unit_that_suits_its_size(rate: float, words: str) -> None:
    assert format_rate(rate) == words
