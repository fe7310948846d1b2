"""Hostile text in an answer, as it arrives at a terminal.

The terminal gets only printable text, and the few escape sequences with which jobstat
itself colors and redraws.
"""

from __future__ import annotations

import json
import re
import unicodedata
from typing import Any

import pytest
from raw_server import http, raw_server
from support import FAILURE, ID, OTHER, SUCCESS, body, completed, environment, jobstat
from terminals import Session, on_terminal

from jobstat.views.sanitize import sanitize

EVIL = {
    "CSI": "\x1b[2J\x1b[31;1m\x1b[9999;1H",
    "window title": "\x1b]0;owned\x07",
    "OSC 8": "\x1b]8;;https://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "OSC 52": "\x1b]52;c;cm0gLXJmIC8=\x07",
    "C1": "\x9b2J\x9d0;owned\x9c\x90q\x84\x85\x8d",
    "controls": "\r\n\t\v\f\b\b\b\a\0\x7f\x0e\x0f",
    "bidi": "\u202egnp.exe\u202c\u2066a\u2069\u200f\u061c",
    "zero width": "pay\u200bpal\u200d\u2060\ufeff\u00ad\u034f\ufe0f\U000e0041",
    "blanks": "a\u3164b\u115fc\u00a0d\u2028e\u2029f\u2003g",
    "stacked marks": "a" + "\u0334\u0300" * 60,
    "surrogates": "\ud800 \udfff \udc9b",
    "markup": "[bold red]x[/] [link=https://evil.example]y[/link] \\[z] :boom: %s {0}",
    "unassigned": "\U000e0fff\uffff\ue000",
    "wide": "日本語🙂" * 5,
}
GROUPS = {
    ", ".join(names): " ".join(EVIL[name] for name in names)
    for names in zip(*[iter(EVIL)] * 2, strict=True)
}
"""Pairs of hostile texts. A longer text would be truncated where it is a name."""

SEQUENCES = re.compile(r"\x1b\[(?:\?25[lh]|[0-9;]*m|[0-9]+A|B|K|J)|\x1b[78]|\r*\n|\r")
INVISIBLE = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}


def hostile_job(text: str, status: str = "completed", **fields: Any) -> dict[str, Any]:
    """Return a job with the text in every field that can hold it."""
    name = f"x{text}"
    item = {**FAILURE, "id": name, "error": name, "details": {name: [name]}, name: name}
    job = completed(item, {"id": name, "status": name, name: name}, SUCCESS)
    return job | {"status": status, "job_type": name, "message": name, **fields}


def check_printable(session: Session) -> str:
    """Return the text that a terminal got, and check that all of it is printable."""
    text = SEQUENCES.sub("", session.raw.decode())
    assert not {c for c in text if unicodedata.category(c) in INVISIBLE}
    assert not re.search("[\u034f\u115f\u3164\ufe00-\ufe0f\U000e0100-\U000e01ef]", text)
    assert session.screen.title == ""
    assert not session.screen.cursor.hidden
    return text


@pytest.mark.parametrize("evil", GROUPS)
@pytest.mark.parametrize(
    ("arguments", "columns"),
    [
        ("show", 120),
        ("show --csv", 120),
        ("watch", 120),
        ("watch --csv", 120),
        ("watch --plain", 120),
        ("list", 120),
        ("watch", 40),
    ],
)
def test_text_in_a_job_cannot_control_the_terminal(
    evil: str, arguments: str, columns: int
) -> None:
    text = GROUPS[evil]
    working = hostile_job(text, "working", results=None)
    strange = hostile_job(text, f"on{text}", id=f"{OTHER}{text}", results=None)
    answers = [strange, working, hostile_job(text)][-1 if "show" in arguments else 0 :]
    contents = [http(content=body(job)) for job in answers]
    if arguments == "list":
        contents = [http(content=json.dumps({"job_statuses": answers}).encode())]
    command = arguments.split() + [ID] * (arguments != "list")
    with (
        raw_server(*contents) as server,
        on_terminal(
            *command, columns=columns, env=environment(server.base_url)
        ) as terminal,
    ):
        terminal.read()
    assert terminal.process.returncode == (0 if arguments == "list" else 6)
    shown = check_printable(terminal)
    if columns > 40 and arguments != "list":
        # All of the text is shown, escaped or as it is.
        assert "".join(sanitize(text).split()) in "".join(shown.split())


@pytest.mark.parametrize("evil", GROUPS)
def test_text_in_several_jobs_cannot_control_the_terminal(evil: str) -> None:
    text = GROUPS[evil]
    jobs = [hostile_job(text, id=ID), hostile_job(text, "failed", id=OTHER)]
    first = [hostile_job(text, f"on{text}", id=id, results=None) for id in (ID, OTHER)]
    answers = [
        http(content=json.dumps({"job_statuses": statuses}).encode())
        for statuses in (first, jobs)
    ]
    with (
        raw_server(*answers) as server,
        on_terminal("watch", ID, OTHER, env=environment(server.base_url)) as terminal,
    ):
        terminal.read()
    assert terminal.process.returncode == 3
    check_printable(terminal)


@pytest.mark.parametrize("half", [0, 1])
@pytest.mark.parametrize(
    "answer",
    [
        '429 No|{"error":"@","description":"@"}',
        '401 No|{"error":{"title":"@","message":"@"}}',
        '422 No|{"details":{"a":[{"description":"@"}]}}',
        "302 Go\r\nLocation: https://evil@.example/|",
        "503 @|@",
        "200 OK\r\nContent-Encoding: @|@",
        "200 OK\r\n@|@",
    ],
)
def test_text_in_an_error_response_cannot_control_the_terminal(
    half: int, answer: str
) -> None:
    text = " ".join(list(EVIL.values())[half::2])
    line, _, content = answer.partition("|")
    quoted = json.dumps(text)[1:-1] if "{" in content else text
    head = f"HTTP/1.1 {line}".replace("@", text)
    sent = f"{head}\r\n\r\n{content.replace('@', quoted)}"
    with (
        raw_server(sent.encode("utf-8", "surrogatepass")) as server,
        on_terminal(
            *("watch", "--debug", "--retry-for=0", ID), env=environment(server.base_url)
        ) as terminal,
    ):
        terminal.read()
    assert terminal.process.returncode in {2, 4, 7}
    check_printable(terminal)


@pytest.mark.parametrize("evil", GROUPS)
def test_show_json_prints_hostile_text_as_ascii_escapes(evil: str) -> None:
    sent = hostile_job(GROUPS[evil])
    with (
        raw_server(http(content=body(sent))) as server,
        on_terminal(
            "show", "--json", ID, columns=2000, env=environment(server.base_url)
        ) as terminal,
    ):
        shown = terminal.read()
    assert json.loads(shown) == sent
    assert re.fullmatch(rb"[\x20-\x7e\r\n]*", terminal.raw)


ABSURD = {
    "a message of a megabyte": completed(FAILURE) | {"message": "word " * 200_000},
    "a type of a megabyte": completed(FAILURE) | {"job_type": "x" * 10**6},
    "details of a megabyte": completed({**FAILURE, "details": "x" * 10**6}),
    "names of 20,000 columns": completed(
        {**FAILURE, "id": "日" * 10_000, "日" * 10_000: "日" * 10_000}
    ),
    "an item of 10,000 keys": completed(
        {**FAILURE, **{f"k{n}": n for n in range(9999)}}
    ),
    "a status of a megabyte": completed(FAILURE, {"status": "x" * 10**6}),
    "10,000 items": completed(*[FAILURE] * 5_000, *[SUCCESS] * 5_000),
}


@pytest.mark.parametrize("columns", [20, 80])
@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.long if "items" in name else ())
        for name in ABSURD
    ],
)
def test_oversized_values_are_shortened_on_a_terminal(name: str, columns: int) -> None:
    working = {**ABSURD[name], "status": "working", "results": None}
    answers = [http(content=body(job)) for job in (working, ABSURD[name])]
    with (
        raw_server(*answers) as server,
        on_terminal(
            "watch", ID, columns=columns, env=environment(server.base_url)
        ) as terminal,
    ):
        terminal.read()
    assert terminal.process.returncode == 6
    check_printable(terminal)
    if name != "10,000 items":
        assert len(terminal.raw) < 20_000
        assert "more characters)" in " ".join(terminal.text.split())


@pytest.mark.parametrize("name", ABSURD)
def test_oversized_values_are_printed_in_full_without_a_terminal(name: str) -> None:
    sent = ABSURD[name]
    with raw_server(http(content=body(sent))) as server:
        env = environment(server.base_url)
        shown = jobstat("show", ID, "--results", "all", env=env)
        data = jobstat("show", "--json", ID, env=env)
    assert (shown.returncode, data.returncode) == (6, 6)
    assert json.loads(data.stdout) == sent
    assert str(sent["message"]).strip() in shown.stdout
    for item in sent["results"][:1]:
        assert str(item["details"]) in shown.stdout
    rows = [line for line in shown.stdout.splitlines() if "TicketCreateFailed" in line]
    assert sum(line.startswith("✗") for line in rows) == len(
        [item for item in sent["results"] if "error" in item]
    )
