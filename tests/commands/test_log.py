"""The lines of a watch in a log: of ``--plain``, and in CI."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest
from support import FAILURE, ID, OTHER, SUCCESS, completed, job_object

if TYPE_CHECKING:
    from support import Run

NOW = "2026-11-28T12:30:09Z"
GLYPHS = re.compile(r"[^\x20-\x7e\n]|(?<!INPUT )[+~>] |\bx ")
"""Signs, also their ASCII forms."""


def working(done: int | None, total: int | None = 100, **fields: Any) -> dict[str, Any]:
    return job_object("working", progress=done, total=total, **fields)


def test_plain_log_has_a_line_at_each_further_ten_percent(
    jobstat: Run, zendesk: Any
) -> None:
    states = [working(done, message=f"Creating #{done}") for done in range(100)]
    zendesk.add(job_object("queued", total=100), *states, working(100), every=2)
    _, out, _ = jobstat("watch", ID, "--plain", "--timeout", "205")
    lines = out.splitlines()
    assert lines[0] == f"queued, 100 items. {ID}"
    assert re.fullmatch(
        r"working, (100 items|(\d) percent, \2 of 100 items), after . seconds",
        lines[1],
    )
    percentages = [
        re.match(r"working, ((\d)\d) percent, \1 of 100 items, after ", line)
        for line in lines[2:11]
    ]
    assert [match and match[2] for match in percentages] == [*"123456789"], lines
    assert lines[11] == "working, 100 items, after 3 minutes 23 seconds"
    assert "Creating" not in out
    assert not GLYPHS.search(out)


def test_plain_log_tells_messages_while_the_progress_is_unknown(
    jobstat: Run, zendesk: Any
) -> None:
    zendesk.add(working(None, None, message="One"), working(7, None, message="Two"))
    _, out, _ = jobstat("watch", ID, "--plain", "--timeout", "15")
    assert (
        out == f"working. One. {ID}\nworking, 7 items so far, after 12 seconds. Two\n"
    )


def test_plain_log_numbers_several_jobs_and_names_each_once(
    jobstat: Run, zendesk: Any
) -> None:
    zendesk.add(job_object("queued"), working(1, 2), completed(SUCCESS, SUCCESS))
    zendesk.add(working(40, id=OTHER), completed(FAILURE, id=OTHER), every=15)
    code, out, _ = jobstat("watch", ID, OTHER, "--plain")
    log = out.partition("\n\n")[0].splitlines()
    assert code == 6
    assert [re.sub("after .* seconds?", "after T", line) for line in log] == [
        f"job 2 of 2: working, 40 percent, 40 of 100 items. {OTHER}",
        "0 of 2 jobs done, 39 percent, 40 of 102 items, after T",
        f"job 1 of 2: working, 50 percent, 1 of 2 items, after T. {ID}",
        "0 of 2 jobs done, 40 percent, 41 of 102 items, after T",
        "job 2 of 2: completed, with failures, 1 of 1 item failed, after T",
        "1 of 2 jobs done, 66 percent, 2 of 3 items, after T",
        "job 1 of 2: completed, 2 items, after T",
    ]


def test_plain_outage_is_in_words(jobstat: Run, zendesk: Any) -> None:
    zendesk.add(working(1), completed(SUCCESS))
    zendesk.errors = {2: 503}
    _, _, err = jobstat("watch", ID, "--plain")
    assert "; retrying in 1 second, last answer 3 seconds ago\n" in err


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ([], f"3:0.  {ID}  no progress for 3 min"),
        (["--plain"], "job 1 of 2: no progress for 3 minutes"),
    ],
)
def test_each_stall_gets_one_line(
    jobstat: Run, zendesk: Any, options: list[str], line: str
) -> None:
    states = [working(done, id=OTHER) for done in range(61)]
    zendesk.add(working(7))
    zendesk.add(*states)
    _, out, _ = jobstat("watch", ID, OTHER, "--timeout", "9m", *options)
    assert len(re.findall(f"(?m)^{line}$", out)) == 1
    assert out.count("no progress") == 1


@pytest.mark.parametrize("count", [1, 2])
def test_each_line_in_ci_has_the_time_of_day(
    jobstat: Run, zendesk: Any, monkeypatch: pytest.MonkeyPatch, count: int
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr("jobstat.clock.timestamp", lambda: NOW)
    zendesk.add(working(1))
    zendesk.add(working(1, id=OTHER))
    zendesk.errors = {2: 503}
    _, out, err = jobstat("watch", *[ID, OTHER][:count], "--timeout", "9m")
    lines = out.partition("\n\n")[0].splitlines()
    assert len(lines) >= 9
    assert all(re.match(rf"{NOW}  \d:\d\d  ", line) for line in lines)
    outage, recovery, *_ = err.splitlines()
    assert outage.startswith(f"jobstat: {NOW}  acme.zendesk.com cannot answer now")
    assert recovery == f"jobstat: {NOW}  Zendesk answers again"


def test_reading_a_list_in_ci_tells_the_time_of_an_outage(
    jobstat: Run, httpx_mock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr("jobstat.clock.timestamp", lambda: NOW)
    httpx_mock.add_response(status_code=503, headers={"retry-after": "9"})
    httpx_mock.add_response(json={"job_statuses": []}, is_reusable=True)
    _, _, err = jobstat("watch", "--all")
    assert err.startswith(f"jobstat: {NOW}  acme.zendesk.com cannot answer now (503);")


@pytest.mark.parametrize("command", ["show", "watch"])
@pytest.mark.parametrize("count", [1, 2])
def test_plain_report_has_sentences_in_place_of_signs_and_columns(
    jobstat: Run, zendesk: Any, command: str, count: int
) -> None:
    failure = {**FAILURE, "details": "Name: Café \u5f20 is taken", "id": 7}
    is_watch = command == "watch"
    for job in (completed(SUCCESS, failure), completed(failure, id=OTHER)):
        zendesk.add(*[working(1, id=job["id"])] * is_watch, job)
    _, out, _ = jobstat(command, *[ID, OTHER][:count], "--plain")
    lines = out.splitlines()
    error = "TicketCreateFailed: Name: Café \u5f20 is taken"
    if count == 1:
        assert f"Bulk Create Ticket at acme.zendesk.com, {ID}" in lines
        item = f"index 1, id 7(, failed)?, {error}"
        assert any(re.fullmatch(item, line) for line in lines)
    else:
        message = "Completed at 2026-11-23 12:00:00 +0000"
        outcome = "completed, with failures, 1 of 2 items failed"
        row = f"job 1 of 2: {outcome}, Bulk Create Ticket. {message}. {ID}"
        assert row in lines
        assert f"\n2 items: {error}. V3-" in out
        time = ", after 12 seconds" * is_watch
        assert f"; 2 of 3 items failed{time}\n" in out
    assert not GLYPHS.search(out.replace("Café \u5f20", ""))
    assert not re.search("[A-Z]{4}|[0-9]/[0-9]", re.sub("V3-|INPUT|http.*", "", out))


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        ("Name: 'A' is taken", "Name: '(value)' is taken"),
        ("Use * in place of 'A'", "Use * in place of '*'"),  # which * is the value?
    ],
)
def test_plain_report_has_a_word_in_place_of_the_sign_for_a_value(
    jobstat: Run, zendesk: Any, error: str, cause: str
) -> None:
    errors = [error, error.replace("A", "B")]
    zendesk.add(completed(*[{"error": error, "index": n} for n in range(2)]))
    items = [{"error": error, "index": n} for n, error in enumerate(errors)]
    zendesk.add(completed(*items, id=OTHER))
    _, out, _ = jobstat("show", ID, OTHER, "--plain")
    assert f"\n4 items: {cause}. {ID}: index 0: A; " in out


def test_plain_report_names_the_jobs_of_their_items_and_jobs_without_an_answer(
    jobstat: Run, zendesk: Any
) -> None:
    zendesk.add(completed(FAILURE))
    _, out, _ = jobstat("show", "gone1", ID, "--plain", "--results", "failed")
    assert "\njob 1 of 2: not found. gone1\n" in out
    title = "job 2 of 2, Bulk Create Ticket, 1 of 1 item failed"
    assert f"\n{title}, {ID}\nindex 1, " in out


@pytest.mark.parametrize(
    ("timeout", "time"),
    [("90", "1 minute 30 seconds"), ("1", "1 second"), ("1.5", "1.5 seconds")],
)
def test_plain_watch_spells_the_timeout(
    jobstat: Run, zendesk: Any, timeout: str, time: str
) -> None:
    zendesk.add(working(1))
    _, out, err = jobstat("watch", ID, "--plain", "--timeout", timeout)
    assert err.startswith(f"jobstat: not finished after {time};")
    assert not re.search(r"\d:\d|\d+/", out)
