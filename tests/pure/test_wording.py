"""Jobs, results and errors in words, and the sanitizing of text from outside."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import FAILURE, SUCCESS, completed, job, job_object

from jobstat.jobs.parse import parse_job
from jobstat.views.job_list import jobs_table
from jobstat.views.report import TextOutput
from jobstat.views.reporter import DisplayOptions
from jobstat.views.results import failures_first, results_table
from jobstat.views.sanitize import MAX_TEXT, sanitize
from jobstat.views.terminal import Glyphs, open_terminal
from jobstat.views.wording import (
    BAD,
    GOOD,
    format_counts,
    format_problem,
    format_status,
    format_verdict,
    job_id,
    job_title,
    percent_done,
    status_glyph,
)

if TYPE_CHECKING:
    from jobstat.views.table import Table


def all_results(sent: dict[str, Any]) -> Table:
    job = parse_job(sent)
    return results_table(failures_first(job), job, MAX_TEXT)


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("plain Ünïcode 日本 🙂", "plain Ünïcode 日本 🙂"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("\x9b2J", r"\x9b2J"),
        ("a\r\nb\tc\0", r"a\r\nb\tc\x00"),
        ("\u202egnp.exe", r"\u202egnp.exe"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("\ud800", r"\ud800"),
        ("line\u2028end", r"line\u2028end"),
        ("no\u00a0break", "no break"),
        ("[bold]markup[/bold] :smile:", "[bold]markup[/bold] :smile:"),
        # Combining marks are text in Vietnamese, Thai, Hebrew and Hindi.
        ("e\u0323\u0302 ที่นี่ שָׁלוֹם हिन्दी", "e\u0323\u0302 ที่นี่ שָׁלוֹם हिन्दी"),
        ("\u0338struck", r"\u0338struck"),
        ("a" + "\u0300" * 6, "a" + "\u0300" * 4 + r"\u0300\u0300"),
        ("a" + "\u0300" * 4 + "b" + "\u0300" * 4, None),
        ("\u2764\ufe0f", "\u2764\\ufe0f"),
        ("a\u034fb\u3164c\u115fd\uffa0e", r"a\u034fb\u3164c\u115fd\uffa0e"),
        ("x\U000e0101y", r"x\U000e0101y"),
    ],
)
def test_characters_that_control_a_terminal_are_escaped(
    sent: str, shown: str | None
) -> None:
    assert sanitize(sent) == (sent if shown is None else shown)


def test_long_text_is_truncated_and_the_rest_is_counted() -> None:
    assert sanitize("abcdef", 6) == "abcdef"
    assert sanitize("ab\x1bdef", 4) == r"ab\x1bd... (and 2 more characters)"


# Code points of Unicode's Default_Ignorable_Code_Point that Python calls
# printable.
IGNORABLE = [
    *(0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F),
    *(0x3164, 0xFFA0),
    *range(0xFE00, 0xFE10),
    *range(0xE0100, 0xE01F0),
]


def test_default_ignorable_characters_are_escaped() -> None:
    shown = {point for point in IGNORABLE if chr(point) in sanitize(f"a{chr(point)}b")}
    assert not shown


MARKS = re.compile("^[\u0300\u0489\u0e35]|[\u0300\u0489\u0e35]{5}")


@given(st.text(st.characters(codec=None)))
def test_any_text_is_sanitized_to_printable_characters(text: str) -> None:
    shown = sanitize(text)
    assert shown.isprintable()
    assert not {unicodedata.category(c) for c in shown} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert not {ord(c) for c in shown} & set(IGNORABLE)
    assert not MARKS.search(shown)
    # Nothing is left out.
    assert len(shown) >= len(text)


@given(st.text("a\u0300\u0489\u0e35 \x1b", max_size=40))
def test_combining_marks_never_stand_alone_or_stack_up(text: str) -> None:
    assert not MARKS.search(sanitize(text))
    assert sanitize(text).isprintable()


@pytest.mark.parametrize(
    ("total", "progress", "status", "counts", "percent"),
    [
        (40, 19, "working", "19/40", 47),
        (40, None, "queued", "0/40", None),
        (40, None, "working", "?/40", None),
        (None, 3, "working", "3/?", None),
        (None, None, "working", "", None),
        (0, 0, "completed", "0/0", None),
        (4, 9, "working", "9/4", 100),
        (4, -9, "working", "-9/4", 0),
        (-4, 1, "working", "1/-4", None),
        (2**53, 1, "working", f"1/{2**53:,}", 0),
        (2**53 + 1, 1, "working", "1/?", None),
    ],
)
def test_counts_and_percent_are_formatted_despite_unknown_or_odd_values(
    total: int | None,
    progress: int | None,
    status: str,
    counts: str,
    percent: int | None,
) -> None:
    seen = job(status, total=total, progress=progress)
    assert (format_counts(seen), percent_done(seen)) == (counts, percent)


@pytest.mark.parametrize(
    ("sent", "sign", "state", "summary"),
    [
        (job_object("queued"), "◦", "queued", ""),
        (job_object("working"), "▸", "working", ""),
        (
            job_object("working", results=[FAILURE]),
            "▸",
            "working",
            "1 item failed so far",
        ),
        (
            job_object("completed", total=3, results={"success": False}),
            "✗",
            "completed, with failures",
            "3 of 3 items failed",
        ),
        *(
            (
                job_object("completed", total=total, results={"success": False}),
                "✗",
                "completed, with failures",
                "1 of 1 item failed",
            )
            for total in (-58254960, 0, None, 2**53)
        ),
        (
            {**completed(FAILURE), "total": 50},
            "✗",
            "completed, with failures",
            "1 of 1 item failed; Zendesk reported 1 of 50",
        ),
        (job_object("on hold"), "?", "on hold", ""),
        (job_object("\x1b[2J"), "?", r"\x1b[2J", ""),
        (completed(SUCCESS), "✓", "completed", "1 item, none failed"),
        (completed(SUCCESS, SUCCESS), "✓", "completed", "2 items, none failed"),
        (
            completed(SUCCESS, FAILURE),
            "✗",
            "completed, with failures",
            "1 of 2 items failed",
        ),
        (completed(), "✓", "completed", "completed; Zendesk reported no results"),
        (
            job_object("completed", total=12, results={"success": True}),
            "✓",
            "completed",
            "12 items, none failed",
        ),
        (
            {**completed(SUCCESS), "total": 3, "progress": 3},
            "✓",
            "completed",
            "1 item, none failed; Zendesk reported 1 of 3",
        ),
        (
            {**completed(SUCCESS), "total": 3},
            "✗",
            "completed, in part",
            "only 1 of 3 items were processed; Zendesk does not say why",
        ),
        (
            {**completed(SUCCESS, SUCCESS), "total": 5, "progress": 1},
            "✗",
            "completed, in part",
            "only 2 of 5 items were processed; Zendesk does not say why",
        ),
        (
            job_object("completed", total=40, progress=3),
            "✗",
            "completed, in part",
            "only 3 of 40 items were processed; Zendesk does not say why",
        ),
        (
            {**completed(SUCCESS), "failed": 3},
            "✗",
            "completed, with failures",
            "the job reports failures, but not of which items",
        ),
        (
            {**completed(SUCCESS), "error": {"title": "Boom\x1b[2J"}},
            "✗",
            "completed, with an error",
            r"the job failed: title: Boom\x1b[2J",
        ),
        (
            job_object("working", success=False),
            "✗",
            "working, with an error",
            "the job failed",
        ),
        (job_object("cancelled"), "✗", "cancelled", "the job was cancelled"),
        (job_object("aborted"), "✗", "aborted", "the job was aborted"),
        (job_object("error"), "✗", "error", "the job failed"),
        (
            job_object("failed", results=[FAILURE]),
            "✗",
            "failed",
            "the job failed; 1 item failed",
        ),
        (job_object("killed"), "✗", "killed", "the job was killed"),
    ],
)
def test_each_state_has_a_glyph_a_status_and_a_verdict_sentence(
    sent: dict[str, object], sign: str, state: str, summary: str
) -> None:
    seen = parse_job(sent)
    assert status_glyph(seen).render(Glyphs.UNICODE) == sign
    assert status_glyph(seen).render(Glyphs.ASCII).isascii()
    assert format_status(seen) == state
    assert format_verdict(seen) == summary


def test_results_table_lists_failed_items_first_with_their_errors() -> None:
    results: list[dict[str, Any]] = [
        {"index": 0, "id": 35436, "account_id": 9},
        {"index": 1, "error": "TicketCreateFailed", "details": "Description: blank"},
        {"id": 7, "status": "Created", "email": "a@example.org", "name": "Ann"},
        {"action": "update", "id": 8, "status": "Updated", "success": False},
        {"id": 9, "errors": {"base": ["one", "two"]}, "title": "T\x1b[1m"},
        {"action": "delete", "id": None, "success": True},
    ]
    table = all_results(completed(*results))
    assert table.headings == [
        *("INDEX", "ID", "NAME", "ACTION", "STATUS", "ERROR", "DETAILS"),
    ]
    assert [tuple(row.cells) for row in table.rows] == [
        ("1", "-", "", "", "failed", "TicketCreateFailed: Description: blank", ""),
        ("3", "8", "", "update", "Updated, failed", "success: false", ""),
        ("4", "9", r"T\x1b[1m", "", "failed", "base: one, two", ""),
        ("0", "35436", "", "", "ok", "", ""),
        ("2", "7", "a@example.org", "", "Created", "", "name=Ann"),
        ("5", "-", "", "delete", "ok", "", ""),
    ]
    assert [row.glyph for row in table.rows] == [BAD] * 3 + [GOOD] * 3


def test_table_has_a_column_if_any_item_fills_it() -> None:
    assert all_results(completed(SUCCESS)).headings == ["INDEX", "ID", "STATUS"]
    table = all_results(completed({"errors": "", "title": None}))
    assert table.headings == ["INDEX", "STATUS"]


def test_table_of_failed_items_has_a_status_only_if_it_says_more() -> None:
    assert all_results(completed(FAILURE)).headings == ["INDEX", "ERROR"]
    table = all_results(completed(FAILURE, {**FAILURE, "status": "Updated"}))
    assert table.headings == ["INDEX", "STATUS", "ERROR"]


@given(
    st.dictionaries(
        st.sampled_from(
            ["id", "title", "action", "error", "errors", "details", "status", "x\x1b"]
        ),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
            max_leaves=5,
        ),
    )
)
def test_any_item_becomes_a_printable_row(item: dict[str, object]) -> None:
    table = all_results(completed(item))
    (row,) = table.rows
    assert all(map(str.isprintable, row.cells))
    assert len(row.cells) == len(table.columns)


def test_error_is_printed_as_a_line_and_a_hint() -> None:
    assert format_problem("it\nbroke", "mend\x07 it") == (
        "jobstat: it\\nbroke\n  mend\\x07 it\n"
    )
    assert format_problem("it broke", None) == "jobstat: it broke\n"
    long = format_problem("x" * 1234, None)
    assert long == f"jobstat: {'x' * 1000}... (and 234 more characters)\n"


def test_long_names_are_truncated_in_every_view() -> None:
    long = "x" * 5000
    seen = job(long, job_type=long, id=long, message=long)
    item = {"id": long, "status": long, "action": long}
    table = all_results(completed(item))
    assert table.headings == ["INDEX", "ID", "ACTION", "STATUS"]
    cells = table.rows[0].cells[1:]
    (row,) = jobs_table([seen], None).rows
    _, title, id, message = row.cells
    shown = (format_status(seen), job_title(seen), job_id(seen), row.status, title, id)
    for text in (*shown, *cells):
        assert text == f"{'x' * 200}... (and 4800 more characters)"
    assert message == f"{'x' * 1000}... (and 4000 more characters)"


def test_one_long_id_does_not_widen_every_row() -> None:
    items: list[dict[str, Any]] = [{"id": "x" * 199}, *({"id": n} for n in range(50))]
    terminal = open_terminal(None, {})
    output = TextOutput(terminal, "acme", DisplayOptions(results="all"), fitted=False)
    shown = output.render(parse_job(completed(*items)))
    assert "x" * 199 in shown
    assert max(len(line) for line in shown.splitlines() if "xxx" not in line) < 100


def test_sanitize_truncates_text_over_the_maximum() -> None:
    shown = sanitize("\u202e" * (MAX_TEXT + 9))
    assert shown.endswith(r"\u202e... (and 9 more characters)")
