"""The answer in Zendesk's documentation of 2012: a job without ``job_status``."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from support import DOCUMENTED, DOCUMENTED_ID, OTHER, Run

if TYPE_CHECKING:
    from collections.abc import Callable

    from pytest_httpx import HTTPXMock

API = "https://acme.zendesk.com/api/v2/job_statuses"
URL = f"{API}/{DOCUMENTED_ID}.json"
WORKING = {
    **DOCUMENTED,
    "status": "working",
    "progress": 1,
    "message": "",
    "results": [],
}

SHOWN = f"""\
Job  {DOCUMENTED_ID}  acme.zendesk.com
✓ completed  2/2  100%
Completed at Fri Apr 13 02:51:53 +0000 2012
{DOCUMENTED["url"]}

   INDEX  ID   NAME                             ACTION  STATUS
✓      0  380  I accidentally the whole bottle  update  Updated
✓      1  381  The printer is on fire           update  Updated

✓ 2 items, none failed
"""


@pytest.fixture(autouse=True)
def _email_and_password(monkeypatch: pytest.MonkeyPatch) -> None:
    """Log in as the documentation does: ``curl -u {email_address}:{password}``."""
    monkeypatch.delenv("ZENDESK_OAUTH_TOKEN")
    monkeypatch.setenv("ZENDESK_EMAIL", "me@example.org")
    monkeypatch.setenv("ZENDESK_PASSWORD", "hunter2")


def test_show_prints_a_bare_job_and_sends_basic_auth(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(url=URL, json=DOCUMENTED)
    code, out, _ = jobstat("show", DOCUMENTED_ID, "--results", "all")
    assert (code, out) == (0, SHOWN)
    (request,) = httpx_mock.get_requests()
    credential = b64encode(b"me@example.org:hunter2").decode()
    assert request.headers["authorization"] == f"Basic {credential}"


def test_watch_polls_a_bare_job_until_it_completes(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(url=URL, json=WORKING)
    httpx_mock.add_response(url=URL, json=DOCUMENTED)
    code, out, _ = jobstat("watch", DOCUMENTED_ID)
    assert code == 0
    assert "▸ working  1/2  50%" in out
    assert "✓ 2 items, none failed" in out
    assert len(httpx_mock.get_requests()) == 2


@pytest.mark.parametrize("command", ["show", "watch"])
def test_json_prints_the_bare_job_unchanged(
    jobstat: Run, httpx_mock: HTTPXMock, command: str
) -> None:
    httpx_mock.add_response(url=URL, json=DOCUMENTED)
    code, out, _ = jobstat(command, "--json", DOCUMENTED_ID)
    assert (code, out) == (0, json.dumps(DOCUMENTED) + "\n")


def test_stream_prints_each_state_of_a_bare_job(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    httpx_mock.add_response(url=URL, json=WORKING)
    httpx_mock.add_response(url=URL, json=DOCUMENTED)
    code, out, _ = jobstat("watch", "--stream", DOCUMENTED_ID)
    assert code == 0
    assert [json.loads(line) for line in out.splitlines()] == [WORKING, DOCUMENTED]


@pytest.mark.parametrize("command", ["show", "watch"])
@pytest.mark.parametrize("show_many_status", [404, 200])
def test_unsupported_show_many_falls_back_to_single_requests(
    jobstat: Run, httpx_mock: HTTPXMock, command: str, show_many_status: int
) -> None:
    """A server of 2012 has no show_many, or takes it for a job's id."""

    def answer(request: httpx.Request) -> httpx.Response:
        name = request.url.path.rpartition("/")[2].removesuffix(".json")
        if name == "show_many":
            return httpx.Response(show_many_status, json=DOCUMENTED)
        return httpx.Response(200, json={**DOCUMENTED, "id": name})

    httpx_mock.add_callback(answer, is_reusable=True)
    code, out, _ = jobstat(command, "--json", DOCUMENTED_ID, OTHER)
    assert code == 0
    shown = [json.loads(line) for line in out.splitlines()]
    assert shown == [DOCUMENTED, {**DOCUMENTED, "id": OTHER}]


@pytest.mark.parametrize("indent", [None, 2])
def test_watch_reads_a_bare_job_from_standard_input(
    jobstat: Run,
    httpx_mock: HTTPXMock,
    stdin: Callable[[str], None],
    indent: int | None,
) -> None:
    httpx_mock.add_response(url=URL, json=DOCUMENTED)
    stdin(json.dumps(WORKING, indent=indent))
    assert jobstat("watch", "-q", "-")[0] == 0


def test_bare_job_with_a_failed_item_shows_it_and_exits_6(
    jobstat: Run, httpx_mock: HTTPXMock
) -> None:
    good, bad = DOCUMENTED["results"]
    bad = {**bad, "errors": "Subject: is too long", "success": False}
    httpx_mock.add_response(url=URL, json={**DOCUMENTED, "results": [good, bad]})
    code, out, _ = jobstat("show", DOCUMENTED_ID)
    assert code == 6
    row = next(line for line in out.splitlines() if " 381 " in line)
    assert re.split("  +", row) == [
        *("✗", "1", "381", "The printer is on fire"),
        *("update", "Updated, failed", "Subject: is too long"),
    ]


@pytest.mark.parametrize(
    "payload",
    [
        {name: value for name, value in DOCUMENTED.items() if name != "status"},
        {name: value for name, value in DOCUMENTED.items() if name != "id"},
        {**DOCUMENTED, "status": None},
        {"id": 380, "status": "open"},
        {"error": "RecordNotFound"},
        {},
    ],
)
def test_object_without_a_valid_id_and_status_exits_7(
    jobstat: Run, httpx_mock: HTTPXMock, payload: dict[str, Any]
) -> None:
    httpx_mock.add_response(url=URL, json=payload, is_reusable=True)
    code, out, err = jobstat("watch", "--retry-for", "0", DOCUMENTED_ID)
    assert (code, out) == (7, "")
    assert "the account sent an invalid answer: " in err


@pytest.mark.parametrize("expected", [True, False])
def test_password_warning_appears_only_for_zendesk_com(
    jobstat: Run,
    httpx_mock: HTTPXMock,
    monkeypatch: pytest.MonkeyPatch,
    expected: bool,
) -> None:
    if not expected:
        monkeypatch.setenv("ZENDESK_DOMAIN", "helpdesk.example")
    httpx_mock.add_response(json=DOCUMENTED)
    code, _, err = jobstat("show", "-q", DOCUMENTED_ID)
    assert code == 0
    assert ("ended sign-in by password" in err) == expected
    assert not err or expected
    assert "hunter2" not in err
