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


def test_plain_log_tells_progress_at_each_further_ten_percent(
    jobstat: Run, zendesk: Any
) -> None:
    states = [working(done, message=f"Creating #{done}") for done in range(100)]
    zendesk.add(job_object("queued", total=100), *states, working(100), every=2)
    _, out, _ = jobstat("watch", ID, "--plain", "--timeout", "205")
    lines = out.splitlines()
    assert lines[0] == f"queued, 100 items. {ID}"
    assert re.fullmatch(
        r"working, (100 items|\d of 100 items), after . seconds", lines[1]
    )
    told = [
        re.match(r"working, (\d)0 percent, \1. of 100 items, after ", line)
        for line in lines[2:11]
    ]
    assert all(told), lines
    assert lines[11] == "working, 100 items, after 3 minutes 22 seconds"
    assert "Creating" not in out
    assert not GLYPHS.search(out)


def test_plain_log_tells_messages_while_the_progress_is_unknown(
    jobstat: Run, zendesk: Any
) -> None:
    zendesk.add(working(None, None, message="One"), working(7, None, message="Two"))
    _, out, _ = jobstat("watch", ID, "--plain", "--timeout", "15")
    assert (
        out == f"working. One. {ID}\nworking, 7 items so far, after 10 seconds. Two\n"
    )


def test_plain_log_numbers_several_jobs_and_names_each_once(
    jobstat: Run, zendesk: Any
) -> None:
    zendesk.add(job_object("queued"), working(1, 2), completed(SUCCESS, SUCCESS))
    zendesk.add(working(40, id=OTHER), completed(FAILURE, id=OTHER), every=12)
    code, out, _ = jobstat("watch", ID, OTHER, "--plain")
    log = out.partition("\n\n")[0].splitlines()
    assert code == 6
    assert [re.sub("after .* seconds?", "after T", line) for line in log] == [
        f"job 2 of 2: working, 40 percent, 40 of 100 items. {OTHER}",
        "0 of 2 jobs done, 30 percent, 40 of 102 items",
        f"job 1 of 2: working, 50 percent, 1 of 2 items, after T. {ID}",
        "0 of 2 jobs done, 40 percent, 41 of 102 items, after T",
        "job 2 of 2: completed, with failures, 1 of 1 item failed, after T",
        "1 of 2 jobs done, 60 percent, 2 of 3 items, after T",
        "job 1 of 2: completed, 2 items, after T",
    ]


def test_plain_outage_is_in_words(jobstat: Run, zendesk: Any) -> None:
    zendesk.add(working(1), completed(SUCCESS))
    zendesk.errors = {2: 503}
    _, _, err = jobstat("watch", ID, "--plain")
    assert "; retrying in 1 second, last answer 0 seconds ago\n" in err


@pytest.mark.parametrize(
    ("options", "line"),
    [
        ([], f"3:0.  {ID}  no progress for 3 min"),
        (["--plain"], "job 1 of 2: no progress for 3 minutes"),
    ],
)
def test_stall_is_told_once(
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


@pytest.mark.parametrize("count", [1, 2])
def test_plain_report_has_sentences_in_place_of_signs_and_columns(
    jobstat: Run, zendesk: Any, count: int
) -> None:
    failure = {**FAILURE, "details": "Name: Café \u5f20 is taken", "id": 7}
    zendesk.add(working(1), completed(SUCCESS, failure))
    zendesk.add(working(1, id=OTHER), completed(failure, id=OTHER))
    _, out, _ = jobstat("watch", *[ID, OTHER][:count], "--plain")
    lines = out.splitlines()
    sentence = (
        r"index 1, id 7(, failed)?, TicketCreateFailed: Name: Café \u5f20 is taken"
    )
    if count == 1:
        assert any(re.fullmatch(sentence, line) for line in lines)
    else:
        assert f"with failures, 1 of 2 failed, Bulk Create Ticket, {ID}, " in out
        assert "\n2 items: TicketCreateFailed: Name: Café \u5f20 is taken. V3-" in out
        assert "; 2 of 3 items failed, after 10 seconds\n" in out
    assert not GLYPHS.search(out.replace("Café \u5f20", ""))
    assert not re.search("[A-Z]{4}", out.replace("V3-", "").replace("INPUT", ""))
