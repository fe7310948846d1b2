"""The live view of several jobs on a screen of some size."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from support import FAILURE, SUCCESS, completed, job
from watches import answer, new_watch

from jobstat.errors import InvalidResponse, Unavailable
from jobstat.exits import Exit
from jobstat.jobs.parse import parse_job
from jobstat.jobs.poll import PollRequest, PollResult, Wait
from jobstat.jobs.rate_limit import RateLimit
from jobstat.jobs.watch import Watch
from jobstat.views.frame import Frame
from jobstat.views.terminal import Glyphs

if TYPE_CHECKING:
    from jobstat.jobs.job import Job

GOOD = parse_job(completed(*[SUCCESS] * 100))
BAD = parse_job(completed(*[SUCCESS] * 97, *[FAILURE] * 3))
QUEUED = job("queued", total=100)
WORKING = job("working", total=100, progress=40)


def lines(
    watch: Watch,
    width: int = 80,
    height: int = 23,
    now: float = 65,
    *,
    glyphs: Glyphs = Glyphs.UNICODE,
) -> list[str]:
    frame = Frame(watch, "acme", now, width=width, height=height, glyphs=glyphs)
    return ["".join(text for text, _ in line) for line in frame.lines()]


def test_frame_orders_failed_working_queued_unknown_completed_jobs() -> None:
    shown = lines(new_watch(GOOD, QUEUED, WORKING, BAD, None, GOOD))
    assert [line.split("  ")[0] for line in shown] == [
        "3 of 6 jobs done",
        "✗ with failures",
        "▸ working",
        "◦ queued",
        "? not known yet",
        "✓ 2 completed",
    ]
    whole, bad, working, *_ = shown
    assert whole.endswith("340/500 items  68%  3 items failed  1:05")
    assert "3 of 100 failed" in bad
    assert "━" in working
    assert "40/100   40%  V3-00000000000000000000000000000002" in working


def test_jobs_that_do_not_fit_are_counted() -> None:
    watch = new_watch(*[BAD] * 50, *[WORKING] * 30, *[QUEUED] * 10, *[GOOD] * 10)
    shown = lines(watch, height=23)
    assert len(shown) == 23
    assert sum("with failures" in line for line in shown[:-1]) == 10
    assert sum("▸ working" in line for line in shown) == 10
    assert shown[-2:] == [
        "✓ 10 completed",
        "and 70 more: 40 with failures, 20 working, 10 queued",
    ]


def test_failed_jobs_use_the_rows_that_other_jobs_leave_free() -> None:
    shown = lines(new_watch(*[BAD] * 50, WORKING), height=23)
    assert sum("✗" in line for line in shown) == 20
    assert "▸ working" in shown[-2]


@pytest.mark.parametrize(
    ("bad", "failed", "width", "words"),
    [
        (2, 0, 140, "2 jobs with failures, 6 items failed"),
        (2, 1, 140, "1 job failed, 2 with failures, 6 items failed"),
        (0, 2, 140, "2 jobs failed"),
        (2, 1, 40, "1 job failed, 6 items failed"),
        (2, 0, 40, "6 items failed"),
    ],
)
def test_header_tells_failed_jobs_from_jobs_with_failures(
    bad: int, failed: int, width: int, words: str
) -> None:
    jobs = [*[BAD] * bad, *[job("failed", total=100)] * failed, WORKING]
    header = lines(new_watch(*jobs), width)[:3]
    assert words in [
        re.sub("[━╸─]", "", part) for part in "  ".join(header).split("  ")
    ]


def test_large_counts_have_separators() -> None:
    large = parse_job(completed(*[FAILURE] * 1606, *[SUCCESS] * 8394))
    running = job("working", total=10_000, progress=4_000)
    wide = "\n".join(lines(new_watch(large, running), 120))
    assert "14,000/20,000 items" in wide
    assert "1,606 of 10,000 failed" in wide
    assert "4,000/10,000" in wide
    narrow = "\n".join(lines(new_watch(large, running), 40))
    assert "✗ with failures  1,606 failed" in narrow


def test_narrow_frame_uses_short_counts_and_ids() -> None:
    shown = lines(new_watch(GOOD, WORKING, BAD), width=40)
    assert shown == [
        "2/3 jobs  80%  3 items failed  1:05",
        "━" * 32 + "─" * 8,
        "✗ with failures  3 failed  V3-000…000002",
        "▸ working  ━╸──  40/100  V3-0000…0000001",
        "✓ 1 completed",
    ]


def test_60_columns_show_the_whole_id() -> None:
    shown = lines(new_watch(QUEUED, WORKING), width=60)
    assert shown[1] == f"▸ working  ━╸──  40/100  V3-{1:032x}"
    assert shown[2] == f"◦ queued   ────   0/100  V3-{0:032x}"
    assert len(shown[1]) <= 60


def test_100_columns_show_the_time_left_of_each_job() -> None:
    watch = new_watch(QUEUED, QUEUED)
    for now, done in ((60.0, 36), (80.0, 56)):
        request = watch.next_step(now)
        assert isinstance(request, PollRequest)
        moved = replace(WORKING, progress=done)
        statuses = tuple(replace(moved, id=tracked.id) for tracked in request.jobs)
        watch.record_result(request, PollResult(statuses), now)
    shown = lines(watch, 100, now=85)
    assert shown[0].endswith("1:25  2.2 items/s  about 0:34 left  acme")
    assert " 0:34 left  V3-" in shown[1]
    assert "left" not in lines(watch, 99, now=85)[1]


def test_outage_line_names_the_job_if_only_one_job_is_affected() -> None:
    watch = new_watch(WORKING, WORKING)
    request = watch.next_step(60)
    assert isinstance(request, PollRequest)
    watch.record_failure(request, Unavailable("acme cannot answer now (503)"), 60)
    _, outage, *_ = lines(watch, now=60)
    assert outage.startswith("! acme cannot answer now (503); retrying in 1 s, ")
    alone = PollRequest((request.jobs[1],), 1, 61)
    watch.record_result(request, PollResult(()), 61)
    watch.record_failure(alone, InvalidResponse("no job status"), 61)
    _, outage, other = lines(watch, width=100, now=61)
    assert outage.startswith(
        "! no job status; retrying in 1 s, last answer 1 min 1 s ago"
    )
    assert outage.endswith(request.jobs[1].id)
    assert "▸ working" in other


def test_frame_without_unicode_is_ascii() -> None:
    shown = lines(new_watch(GOOD, WORKING, BAD), width=40, glyphs=Glyphs.ASCII)
    assert all(line.isascii() for line in shown)
    assert "==" in shown[1]
    assert "..." in shown[2]


@pytest.mark.parametrize("code", [Exit.NOT_FOUND, Exit.UNAVAILABLE])
@pytest.mark.parametrize("has_answer", [True, False])
def test_job_that_is_no_longer_polled_says_why(code: Exit, has_answer: bool) -> None:
    watch = new_watch(WORKING if has_answer else None, QUEUED)
    watch.jobs[0].exit = code
    reason = "gone" if has_answer else "not found"
    if code is Exit.UNAVAILABLE:
        reason = "no answer"
    assert lines(watch)[1].startswith(f"✗ {reason}")


jobs = st.lists(st.sampled_from([GOOD, BAD, QUEUED, WORKING, None]), min_size=1)


@given(jobs, st.integers(1, 200), st.integers(1, 60), st.sampled_from(Glyphs))
def test_frame_fits_any_screen_size(
    statuses: list[Job | None], width: int, height: int, glyphs: Glyphs
) -> None:
    watch = new_watch(*statuses[:100], *([None] if len(statuses) < 2 else []))
    shown = lines(watch, width, height, glyphs=glyphs)
    assert 1 <= len(shown) <= height
    assert all(cell_len(line) <= width for line in shown)


def test_job_status_is_sanitized() -> None:
    evil = job("\x1b[2Jevil", total=7, progress=3)
    shown = "".join(lines(new_watch(evil, WORKING)))
    assert r"\x1b[2Jevil" in shown
    assert "\x1b" not in shown


def test_only_the_header_changes_while_the_watch_waits() -> None:
    watch = new_watch(GOOD, WORKING)
    assert isinstance(watch.next_step(0.1), Wait)
    assert lines(watch, now=5)[1:] == lines(watch, now=9)[1:]


def ended_watch(codes: list[Exit]) -> Watch:
    """Return a watch whose jobs have ended with these codes."""
    watch = new_watch(*[None] * len(codes))
    for tracked, code in zip(watch.jobs, codes, strict=True):
        tracked.exit = code
        if code is Exit.ITEMS_FAILED:
            tracked.job = BAD
        if code is Exit.JOB_FAILED:
            tracked.job = job("failed")
    return watch


def test_most_serious_failures_are_listed_first() -> None:
    codes = [Exit.UNAVAILABLE, Exit.NOT_FOUND, Exit.ITEMS_FAILED, Exit.JOB_FAILED]
    shown = lines(ended_watch(codes * 10))
    states = [line.split("  ")[0] for line in shown[1:-1]]
    assert states[:10] == ["✗ failed"] * 10
    assert states[10:20] == ["✗ not found"] * 10
    assert shown[-1] == "and 19 more: 10 with failures, 9 no answer"


def test_header_counts_failed_jobs_and_items_before_the_end() -> None:
    (header, *_) = lines(new_watch(WORKING, BAD, QUEUED))
    assert "  3 items failed  " in header
    partly = job("working", total=100, progress=40, results=[FAILURE, SUCCESS])
    (header, *_) = lines(new_watch(partly, QUEUED))
    assert "  1 item failed  " in header
    (header, *_) = lines(new_watch(WORKING, QUEUED))
    assert "failed" not in header


@pytest.mark.parametrize("width", [50, 55, 60, 70])
def test_narrow_header_shows_items_and_time_left(width: int) -> None:
    watch = new_watch(GOOD, WORKING, QUEUED, QUEUED)
    watch.estimate.first, watch.estimate.latest, watch.estimate.steps = (
        (0, 0),
        (60, 140),
        2,
    )
    (header, *_) = lines(watch, width)
    assert "140/400 items" in header
    assert "  1:46 left" in header
    assert len(header) <= width


@pytest.mark.parametrize("width", range(20, 120))
def test_header_and_last_line_never_cut_a_word(width: int) -> None:
    height = 4 if width >= 37 else 6  # a narrow header has more lines
    shown = lines(new_watch(GOOD, QUEUED, WORKING, BAD, None, GOOD), width, height)
    words = {
        "and",
        "2",
        "3",
        "4",
        "more:",
        "1",
        "with",
        "failures,",
        "working,",
        "queued,",
    }
    words |= {"not", "known", "yet", "more", "…", "failures", "working", "queued"}
    assert set(shown[-1].split()) <= words
    parts = {"3/6 jobs", "3 of 6 jobs done", "340/500 items", "68%", "1:05"}
    parts |= {"1 job with failures, 3 items failed", "3 items failed", "acme", ""}
    header = re.sub("[━╸─]", "", shown[0])
    assert set(header.split("  ")) <= parts
    assert "3 items failed" in " ".join(shown[:3])


def test_429_shows_the_retry_not_the_wait_for_the_rate_limit() -> None:
    watch = new_watch(WORKING, QUEUED)
    error = Unavailable("429", retry_after=9)
    watch.rate_limiter.update(RateLimit(limit=700, remaining=0, reset=9), 0)
    watch.record_failure(PollRequest(tuple(watch.jobs), 30, 0), error, 0)
    assert watch.rate_limited_until(1) is None
    assert lines(watch, now=1)[1] == "! 429; retrying in 8 s, last answer 1 s ago"


def test_wait_for_the_rate_limit_is_shown() -> None:
    watch = new_watch(WORKING, QUEUED)
    request = PollRequest(tuple(watch.jobs), 30, 0)
    watch.rate_limiter.update(RateLimit(limit=700, remaining=0), 0)
    statuses = tuple(tracked.job for tracked in watch.jobs if tracked.job)
    watch.record_result(request, PollResult(statuses), 0)
    assert lines(watch, now=10)[1] == (
        "! waiting for the rate limit; next request in 50 s, last answer 10 s ago"
    )


def test_failed_items_of_a_working_job_are_counted_in_its_row() -> None:
    partly = job("working", total=100, progress=40, results=[FAILURE, SUCCESS])
    _, row, _ = lines(new_watch(partly, QUEUED))
    assert "40/100   40%  1 failed  V3-" in row
    _, _, row, _ = lines(new_watch(partly, QUEUED), width=40)
    assert "40/100  1 failed  V3" in row


def test_stalled_job_is_named_and_listed_first() -> None:
    watch = new_watch(QUEUED, WORKING, WORKING)
    moved = replace(WORKING, progress=41)
    answer(watch, QUEUED, moved, WORKING, now=200)
    _, delay, stalled, working, queued = lines(watch, 100, now=400)
    assert delay == "! 1 job: no progress for 6 min"
    assert stalled.startswith("! stalled  ━")
    assert "for 6:40  V3-" in stalled
    assert working.startswith("▸ working")
    assert queued.startswith("◦ queued")
    answer(watch, QUEUED, moved, moved, now=401)
    assert "stalled" not in "".join(lines(watch, 100, now=401))


def test_stall_of_one_job_replaces_its_rate() -> None:
    watch = new_watch(job("queued", total=100))
    for now, done in ((30.0, 10), (60.0, 20), (90.0, 30)):
        answer(watch, replace(WORKING, progress=done), now=now)
    shown = lines(watch, now=95)
    assert "24 items/min  about 2:50 left  1:20 working, 0:15 queued" in shown
    answer(watch, replace(WORKING, progress=30), now=300)
    shown = lines(watch, now=310)
    assert shown[-1] == "! no progress for 3 min"
    assert "left" not in " ".join(shown)
    assert "4:55 working, 0:15 queued" in " ".join(shown)
    answer(watch, replace(WORKING, progress=40), now=311)
    assert "no progress" not in " ".join(lines(watch, now=311))


def test_header_has_no_rate_during_an_outage_or_if_all_working_jobs_stall() -> None:
    watch = new_watch(QUEUED, QUEUED, QUEUED)
    for now, done in ((30, 10), (60, 20), (90, 30)):
        moved = replace(WORKING, progress=done)
        answer(watch, moved, moved, QUEUED, now=now)
    assert "48 items/min  about" in lines(watch, 100, now=95)[0]
    watch.record_failure(PollRequest(tuple(watch.jobs), 30, 91), Unavailable("503"), 92)
    assert "items/min" not in lines(watch, 100, now=95)[0]
    answer(watch, moved, moved, QUEUED, now=94)
    assert "48 items/min  about" in lines(watch, 100, now=95)[0]
    answer(watch, moved, moved, QUEUED, now=300)
    header, delay, *_ = lines(watch, 100, now=300)
    assert "items/min" not in header
    assert "left" not in header
    assert delay == "! 2 jobs: no progress for up to 3 min"


def test_short_time_in_the_queue_is_part_of_the_time() -> None:
    watch = new_watch(job("queued", total=100))
    answer(watch, WORKING, now=5)
    assert lines(watch, now=65)[1].endswith("40/100  40%  1:05")


def test_age_of_the_last_answer_ticks_while_out_of_reach() -> None:
    watch = new_watch(WORKING)
    request = PollRequest(tuple(watch.jobs), 30, 60)
    watch.record_failure(request, Unavailable("503", retry_after=90), 60)
    assert (
        lines(watch, now=61)[-1]
        == "! 503; retrying in 1 min 29 s, last answer 1 min 1 s ago"
    )
    assert (
        lines(watch, now=62)[-1]
        == "! 503; retrying in 1 min 28 s, last answer 1 min 2 s ago"
    )


def test_rows_of_one_status_are_counted_without_repeating_the_number() -> None:
    assert lines(new_watch(*[QUEUED] * 9), height=5)[-1] == "and 6 more queued"
