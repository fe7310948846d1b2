"""The report for people, about one job and about several."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from support import FAILURE, ID, OTHER, SUCCESS, body, completed, job_object, python

from jobstat.errors import NotFound
from jobstat.jobs.failures import group_failures
from jobstat.jobs.job import judge
from jobstat.jobs.parse import parse_job
from jobstat.jobs.policy import SHOW
from jobstat.jobs.watch import Watch
from jobstat.views.causes import cause_lines, format_examples
from jobstat.views.job_report import Page, job_report
from jobstat.views.jobs_report import jobs_report, summary_lines
from jobstat.views.layout import text_width, to_ansi
from jobstat.views.terminal import Glyphs, open_terminal

if TYPE_CHECKING:
    from jobstat.views.layout import StyledLine

TAKEN = "Name: {} has already been taken"


WORST = f"V3-{16:032x}"
"""The first of the jobs with the most failures in ``import_of_200_jobs``."""


def to_text(lines: list[StyledLine]) -> list[str]:
    return ["".join(text for text, _ in line).rstrip() for line in lines]


def page(
    width: int | None = None, height: int | None = None, results: str | None = None
) -> Page:
    return Page(width, height, Glyphs.UNICODE, results)


def failures(count: int, details: str = "Description: blank") -> list[dict[str, Any]]:
    return [{**FAILURE, "index": n, "details": details} for n in range(count)]


def report(*items: dict[str, Any], on: Page | None = None, **fields: Any) -> list[str]:
    job = parse_job(completed(*items, **fields))
    return to_text(job_report(job, "acme", on or page()))


def rows(lines: list[str]) -> list[str]:
    """Return the rows of the table of items."""
    start = next((n for n, line in enumerate(lines) if "INDEX" in line), len(lines))
    return [line for line in lines[start + 1 :] if line[:1] in {"✗", "✓"}][:-1]


def watch_of(*jobs: dict[str, Any] | str) -> Watch:
    """Return a watch that has ended, of jobs and the ids of jobs that are gone."""
    ids = [job if isinstance(job, str) else job["id"] for job in jobs]
    watch = Watch(ids, SHOW, 0.0)
    for tracked, sent in zip(watch.jobs, jobs, strict=True):
        if isinstance(sent, str):
            tracked.fail(NotFound("no such job"))
        else:
            tracked.job = parse_job(sent)
            tracked.exit = judge(tracked.job).exit
    return watch


def report_of(*jobs: dict[str, Any] | str, on: Page | None = None) -> list[str]:
    return to_text(jobs_report(watch_of(*jobs), "acme", on or page()))


def test_report_of_one_job_off_a_terminal() -> None:
    items: list[dict[str, Any]] = [
        *({**FAILURE, "index": n, "details": TAKEN.format(f"n{n}")} for n in range(4)),
        {**FAILURE, "index": 4},
        *[SUCCESS] * 20,
    ]
    assert report(*items) == [
        f"Bulk Create Ticket  {ID}  acme",
        "✗ completed, with failures  25/25  100%",
        "Completed at 2026-11-23 12:00:00 +0000",
        f"https://acme.zendesk.com/api/v2/job_statuses/{ID}.json",
        "",
        "  4  TicketCreateFailed: Name: * has already been taken",
        "     index 0: n0; index 1: n1; index 2: n2; and 1 more",
        "  1  TicketCreateFailed: Description: blank",
        "     index 4",
        "",
        "   INDEX  ERROR",
        *(
            f"✗      {n}  TicketCreateFailed: Name: n{n} has already been taken"
            for n in range(4)
        ),
        "✗      4  TicketCreateFailed: Description: blank",
        "  and 20 succeeded",
        "",
        "✗ 5 of 25 items failed",
        "",
        f"See all items: jobstat show {ID} --results all",
        f"Write the records to send again: jobstat retry-file {ID} INPUT > retry.json",
    ]


def test_causes_of_one_item_each_are_left_to_the_table() -> None:
    lines = report(FAILURE, *[SUCCESS] * 30)
    assert not any(line.startswith("  1  ") for line in lines)
    items = [{**FAILURE, "details": letter} for letter in "abc"]
    assert rows(report(*items)) == [
        f"✗      1  TicketCreateFailed: {letter}" for letter in "abc"
    ]
    assert not any(line.startswith("  1  ") for line in report(*items))
    summary = report(*items, on=page(results="summary"))
    assert [line for line in summary if line.startswith("  1  ")] == [
        f"  1  TicketCreateFailed: {letter}" for letter in "abc"
    ]


@pytest.mark.parametrize(
    ("failed", "succeeded", "height", "results", "expected"),
    [
        (3, 17, None, None, (3, 0)),
        (3, 17, 100, None, (3, 17)),
        (3, 18, 100, None, (3, 0)),
        (30, 10, None, None, (20, 0)),
        (30, 10, 100, None, (20, 0)),
        (30, 10, 32, None, (10, 0)),
        (30, 10, 1, None, (5, 0)),
        (30, 10, 1, "failed", (30, 0)),
        (30, 10, None, "all", (30, 10)),
        (3, 17, 100, "summary", (0, 0)),
    ],
)
def test_number_of_items_listed(
    failed: int,
    succeeded: int,
    height: int | None,
    results: str | None,
    expected: tuple[int, int],
) -> None:
    width = 100 if height else None
    items = [*failures(failed), *[SUCCESS] * succeeded]
    lines = report(*items, on=page(width, height, results))
    listed = [row[0] for row in rows(lines)]
    assert (listed.count("✗"), listed.count("✓")) == expected
    hidden = failed - expected[0]
    if results != "summary":
        assert (f"and {hidden:,} more failed" in "\n".join(lines)) == bool(hidden)
    assert (f"jobstat show {ID} --results failed" in "\n".join(lines)) == bool(hidden)


def test_report_of_ten_thousand_failures_is_short_and_separates_thousands() -> None:
    lines = report(*failures(10_000), *[SUCCESS] * 2_000)
    assert len(lines) < 40
    assert "  10,000  TicketCreateFailed: Description: blank" in lines
    assert "          index 0, 1, 2 and 9,997 more" in lines
    assert "  and 9,980 more failed, 2,000 succeeded" in lines
    assert "✗ 10,000 of 12,000 items failed" in lines


def test_job_without_failures_has_no_causes_and_no_command_off_a_terminal() -> None:
    lines = report(*[SUCCESS] * 21)
    assert lines[4:] == ["✓ 21 items, none failed"]
    on_screen = report(*[SUCCESS] * 21, on=page(80, 24))
    assert on_screen[-1] == f"See all items: jobstat show {ID} --results all"


@pytest.mark.parametrize(
    ("fields", "verdict"),
    [
        ({"status": "killed"}, ""),
        ({"status": "failed"}, ""),
        ({"status": "killed", "error": "Deadlock"}, "✗ the job was killed: Deadlock"),
        ({"status": "working", "success": False}, "✗ the job failed"),
    ],
)
def test_verdict_that_only_repeats_the_status_is_left_out(
    fields: dict[str, Any], verdict: str
) -> None:
    job = parse_job(job_object(**fields))
    lines = to_text(job_report(job, "acme", page()))
    assert lines[-1] == (verdict or job.url)


def test_unfinished_job_has_no_records_to_send_again() -> None:
    job = parse_job(job_object("working", results=[FAILURE]))
    lines = to_text(job_report(job, "acme", page()))
    assert lines[-1] == "▸ 1 item failed so far"


def test_one_result_for_all_items_names_no_records_to_send_again() -> None:
    job = parse_job(job_object("completed", total=12, results={"success": False}))
    *_, row, _, verdict = to_text(job_report(job, "acme", page()))
    assert row == "✗    all  success: false"
    assert verdict == "✗ 12 of 12 items failed"


def test_command_too_long_for_the_screen_has_a_line_of_its_own() -> None:
    *_, purpose, command = report(*failures(2), on=page(60, 24))
    assert purpose == "Write the records to send again:"
    assert command == f"  jobstat retry-file {ID} INPUT > retry.json"


def test_id_that_a_shell_would_read_is_not_in_a_command() -> None:
    shown = "\n".join(report(*failures(30), id="$(reboot)"))
    assert "jobstat retry-file ID INPUT" in shown


@pytest.mark.parametrize(
    ("items", "expected"),
    [
        ([FAILURE], "index 1"),
        ([{**FAILURE, "id": 7}], "index 1 (id 7)"),
        (failures(3), "index 0, 1, 2"),
        (failures(1003), "index 0, 1, 2 and 1,000 more"),
        ([{**FAILURE, "details": '"a"'}], "index 1: a"),
        (
            [
                {**FAILURE, "index": n, "id": 9, "details": f'"{n}" of 9'}
                for n in (1, 2)
            ],
            "index 1 (id 9): 1; index 2 (id 9): 2",
        ),
        ([{**FAILURE, "details": f'"{"x" * 50}"'}], f"index 1: {'x' * 40}..."),
        ([{**FAILURE, "details": '"\x1b"'}], r"index 1: \x1b"),
    ],
)
def test_examples_name_items_by_index_id_and_value(
    items: list[dict[str, Any]], expected: str
) -> None:
    (cause,) = group_failures([parse_job(completed(*items))])
    assert format_examples(cause, names_jobs=False) == expected


def test_examples_of_several_jobs_name_their_jobs() -> None:
    jobs = [parse_job(completed(*failures(2), id=id)) for id in (ID, OTHER)]
    (cause,) = group_failures(jobs)
    assert format_examples(cause, names_jobs=True) == (
        f"{ID}: index 0, 1; {OTHER}: index 0; and 1 more"
    )


def test_one_result_for_all_items_counts_as_all_of_them() -> None:
    job = parse_job(job_object("completed", total=12, results={"success": False}))
    (cause,) = group_failures([job])
    assert cause.count == 12
    assert format_examples(cause, names_jobs=False) == "all items"


@pytest.mark.parametrize("width", [None, 80])
def test_more_than_ten_causes_are_counted(width: int | None) -> None:
    items = [
        {**FAILURE, "details": "ab"[n] + "c" * m} for n in (0, 1) for m in range(9)
    ]
    causes = group_failures([parse_job(completed(*items, items[0]))])
    lines = to_text(cause_lines(causes, width, glyphs=Glyphs.UNICODE))
    assert len(lines) == 21
    assert lines[-1] == "  and 8 more causes of 8 items"


@pytest.mark.parametrize("width", [1, 5, 20, 39, 40, 80, 200])
def test_causes_fit_the_width(width: int) -> None:
    items = [{**FAILURE, "details": f"{text} " * 90} for text in ("abc", "日本", "x")]
    causes = group_failures([parse_job(completed(*items, *failures(1234)))])
    for line in to_text(
        cause_lines(causes, width, glyphs=Glyphs.UNICODE, names_jobs=True)
    ):
        assert len(line) <= max(width, 10)


def test_report_of_several_jobs() -> None:
    good = completed(SUCCESS, id="good")
    bad = completed(SUCCESS, FAILURE, id="bad")
    worse = completed(*failures(3), id="worse")
    dead = job_object("killed", id="dead", total=1, progress=0)
    running = job_object("working", id="running", progress=1)
    counts = "2 with failures, 1 completed, 1 working, 1 not found, 1 killed"
    ended = "Completed at 2026-11-23 12:00:00 +0000"
    assert report_of(good, running, "gone", bad, dead, worse) == [
        (
            f"✗ 6 jobs at acme: {counts}; 4 of 6 items failed;"
            " 1 item without a result; unfinished: 1 of 2 items done"
        ),
        "",
        "  4  TicketCreateFailed: Description: blank",
        "     bad: index 1; worse: index 0, 1; and 1 more",
        "",
        "✗ killed                   0/1  Bulk Create Ticket  dead",
        "✗ not found                                         gone",
        f"✗ with failures  3 of 3 failed  Bulk Create Ticket  worse    {ended}",
        f"✗ with failures  1 of 2 failed  Bulk Create Ticket  bad      {ended}",
        "▸ working                  1/2  Bulk Create Ticket  running",
        f"✓ completed                1/1  Bulk Create Ticket  good     {ended}",
        "",
        "See the failed items of one job: jobstat show worse --results failed",
        (
            "Write the records of one job to send again:"
            " jobstat retry-file worse INPUT > retry.json"
        ),
    ]


def test_errors_of_jobs_themselves_are_below_the_causes() -> None:
    short = [
        job_object("completed", id=id, total=40, progress=3, results=[])
        for id in "abcd"
    ]
    erring = completed(FAILURE, id="e") | {"error": "Deadlock"}
    lines = report_of(*short, erring, job_object("killed", id="f"))
    sentence = "only 3 of 40 items were processed; Zendesk does not say why"
    assert lines[2:9] == [
        "       1  TicketCreateFailed: Description: blank",
        "          e: index 1",
        f"  4 jobs  {sentence}",
        "          a, b, c and 1 more",
        "   1 job  the job failed: Deadlock; 1 item failed",
        "          e",
        "",
    ]


def import_of_200_jobs() -> list[dict[str, Any]]:
    texts = ["Description: blank", TAKEN.format("Acme"), "Subject: is too long"]
    return [
        completed(
            *({**FAILURE, "index": m, "details": texts[m % 3]} for m in range(n % 17)),
            *[SUCCESS] * 84,
            id=f"V3-{n:032x}",
        )
        for n in range(200)
    ]


@pytest.mark.parametrize(("width", "height"), [(80, 24), (80, 100), (None, None)])
def test_report_of_200_jobs_has_at_most_60_lines(
    width: int | None, height: int | None
) -> None:
    lines = report_of(*import_of_200_jobs(), on=page(width, height))
    assert len(lines) <= 60
    assert lines[0].startswith("✗ 200 jobs at acme: 188 with failures, 12 completed;")
    shown = sum("✗ with failures" in line for line in lines)
    assert shown == (20 if height != 24 else 5)
    assert f"  and {188 - shown} more with failures" in lines
    assert "✓ 12 completed" in lines
    if height:
        assert all(len(line) <= 80 for line in lines)
    counts = [int(line[:7]) for line in lines if re.match(" +[0-9]+  T", line)]
    assert sum(counts) == sum(n % 17 for n in range(200))


@pytest.mark.parametrize("results", ["failed", "all"])
def test_items_of_each_job_follow_if_the_user_asks_for_them(results: str) -> None:
    good = completed(SUCCESS, id="good")
    bad = completed(SUCCESS, FAILURE, id="bad")
    worse = completed(*failures(3), id="worse")
    lines = report_of(good, bad, worse, on=page(results=results))
    titles = [line for line in lines if line.startswith("Bulk Create Ticket")]
    assert (
        titles
        == [
            "Bulk Create Ticket  worse  3 of 3 items failed",
            "Bulk Create Ticket  bad  1 of 2 items failed",
            "Bulk Create Ticket  good  1 item, none failed",
        ][: 3 if results == "all" else 2]
    )
    assert sum("35436" in line for line in lines) == (2 if results == "all" else 0)
    assert "--results failed" not in "\n".join(lines)
    # The first sentence has scrolled away.
    assert lines[-4:-1] == ["", lines[0], ""]


def test_all_jobs_without_success_are_listed_with_their_items() -> None:
    lines = report_of(*import_of_200_jobs(), on=page(results="failed"))
    assert sum(line.startswith("✗ with failures") for line in lines) == 188


@pytest.mark.parametrize(
    ("height", "shown"),
    [
        (None, {"killed": 1, "not found": 1, "with failures": 13, "working": 5}),
        (30, {"killed": 1, "not found": 1, "with failures": 6, "working": 2}),
        (10, {"killed": 1, "not found": 1, "with failures": 2, "working": 1}),
    ],
)
def test_few_jobs_of_another_status_are_named_before_many_with_failures(
    height: int | None, shown: dict[str, int]
) -> None:
    running = [job_object("working", id=f"running{n}", progress=1) for n in range(7)]
    dead = job_object("killed", id="dead")
    on = page(120 if height else None, height)
    lines = report_of(*running, *import_of_200_jobs(), dead, "gone", on=on)
    for status, count in shown.items():
        assert sum(line[2:].startswith(status) for line in lines) == count
    hidden = 188 - shown["with failures"], 7 - shown["working"]
    assert f"  and {hidden[0]} more with failures, {hidden[1]} more working" in lines


def test_unfinished_jobs_fill_the_rows_that_failed_jobs_leave() -> None:
    running = [job_object("working", id=f"running{n}", progress=1) for n in range(30)]
    lines = report_of(job_object("killed"), *running)
    assert sum(line.startswith("▸ working") for line in lines) == 19


@pytest.mark.parametrize(
    ("from_stdin", "expected"),
    [
        (
            True,
            [
                "See the failed items: jobstat show - --results failed",
                (
                    "Write the records to send again:"
                    " jobstat retry-file - INPUT... --output retry"
                ),
                "For -, give the same standard input again.",
            ],
        ),
        (
            False,
            [
                (
                    f"See the failed items of one job: jobstat show {WORST}"
                    " --results failed"
                ),
                (
                    "Write the records of one job to send again:"
                    f" jobstat retry-file {WORST} INPUT > retry.json"
                ),
            ],
        ),
    ],
)
def test_commands_after_many_jobs_name_standard_input_or_the_worst_job(
    *, from_stdin: bool, expected: list[str]
) -> None:
    on = replace(page(), from_stdin=from_stdin)
    lines = report_of(*import_of_200_jobs(), on=on)
    assert lines[lines.index("✓ 12 completed") + 1 :] == ["", *expected]


def test_only_failed_job_of_standard_input_is_named() -> None:
    on = replace(page(), from_stdin=True)
    *_, show, retry = report_of(completed(FAILURE), completed(SUCCESS, id="b"), on=on)
    assert show == f"See the failed items: jobstat show {ID} --results failed"
    assert f"jobstat retry-file {ID} INPUT" in retry


@pytest.mark.parametrize(
    ("count", "from_stdin", "command"),
    [
        (2, True, "jobstat watch run0 run1"),
        (6, True, "jobstat watch -"),
        (6, False, "jobstat watch JOB..."),
    ],
)
def test_show_of_unfinished_jobs_names_the_command_that_waits(
    *, count: int, from_stdin: bool, command: str
) -> None:
    running = [job_object("working", id=f"run{n}") for n in range(count)]
    good = completed(SUCCESS)
    once = replace(page(), once=True, from_stdin=from_stdin)
    assert f"Wait for the end: {command}" in report_of(*running, good, on=once)
    assert "Wait for the end" not in "\n".join(report_of(*running, good))


def test_show_of_an_unfinished_job_names_the_command_that_waits() -> None:
    lines = job_report(parse_job(job_object("paused")), "acme", page())
    assert "jobstat watch" not in "\n".join(to_text(lines))
    once = replace(page(), once=True)
    lines = job_report(parse_job(job_object("paused")), "acme", once)
    assert to_text(lines)[-1] == f"Wait for the end: jobstat watch {ID}"


def test_number_stays_on_the_line_of_its_word() -> None:
    items = [{**FAILURE, "index": n, "id": 7, "details": f'"{n}"'} for n in (100, 200)]
    for width in range(20, 60):
        for line in report(*items, on=page(width, results="summary")):
            assert not line.endswith((" index", "(id", " id"))


def test_time_of_a_watch_stays_on_the_line_of_the_words_before() -> None:
    watch = watch_of(completed(SUCCESS), completed(FAILURE, id=OTHER))
    for width in range(20, 100):
        lines = to_text(summary_lines(watch, "acme", page(width), 11.0))
        assert lines[-1].endswith("failed  0:11")


def test_jobs_without_failures_have_one_sentence_and_a_row_each() -> None:
    jobs = [completed(SUCCESS, id=id) for id in "abc"]
    lines = report_of(*jobs)
    assert lines[:3] == [
        "✓ 3 jobs at acme: 3 completed; none of 3 items failed",
        "",
        lines[2],
    ]
    assert len(lines) == 5


FOREIGN = [
    {**FAILURE, "index": 0, "id": 1, "title": "プリンタ", "action": "create"},
    {**FAILURE, "index": 1, "id": 22, "title": "שלום", "action": "create"},
    {**FAILURE, "index": 2, "id": 333, "title": "ab", "action": "create"},
]


@pytest.mark.parametrize("width", [None, 100])
def test_wide_and_right_to_left_letters_keep_the_columns(width: int | None) -> None:
    lines = rows(report(*FOREIGN, on=page(width, 30 if width else None)))
    columns = [text_width(line[: line.index("create")]) for line in lines]
    assert len(set(columns)) == 1


def test_text_after_right_to_left_letters_stays_in_its_place_on_a_terminal() -> None:
    line = [("✗", "red"), ("  22  שלום  35  abc", "")]
    off_screen = open_terminal(None, {"LANG": "C.UTF-8"})
    screen = replace(off_screen, interactive=True, glyphs=Glyphs.UNICODE)
    assert to_ansi(line, screen) == "✗  22  שלום\u200e  35  abc"
    assert to_ansi(line, off_screen) == "✗  22  שלום  35  abc"
    ascii_only = replace(screen, glyphs=Glyphs.ASCII)
    assert "\u200e" not in to_ansi(line, ascii_only)


def test_report_off_a_terminal_loads_no_rich() -> None:
    program = (
        "import sys\n"
        "from jobstat.jobs.parse import parse_answer\n"
        "from jobstat.views.job_report import Page, job_report\n"
        "from jobstat.views.terminal import Glyphs\n"
        "job = parse_answer(sys.argv[1].encode())\n"
        "assert job_report(job, 'acme', Page(None, None, Glyphs.UNICODE))\n"
        "assert 'rich' not in sys.modules\n"
    )
    done = python(program, body(completed(*FOREIGN, *failures(30))).decode())
    assert done.returncode == 0, done.stderr
