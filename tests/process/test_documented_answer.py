"""The answer in Zendesk's documentation of 2012, from a server with passwords."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest
from raw_server import http, raw_server
from support import DOCUMENTED, DOCUMENTED_ID, environment, jobstat

if TYPE_CHECKING:
    import subprocess

    from raw_server import RawServer

WORKING = {**DOCUMENTED, "status": "working", "progress": 1, "results": []}


def run(
    server: RawServer, *arguments: str, typed: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Log in as the documentation does: ``curl -u {email_address}:{password}``."""
    env = environment(
        server.base_url,
        ZENDESK_OAUTH_TOKEN="",
        ZENDESK_EMAIL="me@example.org",
        ZENDESK_PASSWORD="hunter2",
    )
    return jobstat(*arguments, env=env, typed=typed)


def answer(job: dict[str, object]) -> bytes:
    return http(content=json.dumps(job, indent=2).encode())


def test_show_sends_the_documented_request_and_prints_the_bare_job() -> None:
    with raw_server(answer(DOCUMENTED)) as server:
        done = run(server, "show", DOCUMENTED_ID, "--results", "all")
    assert (done.returncode, done.stderr) == (0, "")
    (request,) = server.requests
    line = f"GET /api/v2/job_statuses/{DOCUMENTED_ID}.json HTTP/1.1"
    assert request.splitlines()[0] == line
    credential = b64encode(b"me@example.org:hunter2").decode()
    assert f"authorization: basic {credential}".lower() in request.lower()
    shown = [str(DOCUMENTED[name]) for name in ("id", "url", "status", "message")]
    for item in DOCUMENTED["results"]:
        shown += [str(item[name]) for name in ("title", "action", "id", "status")]
    assert not [text for text in shown if text not in done.stdout]


def test_watch_polls_a_bare_job_until_it_completes() -> None:
    with raw_server(answer(WORKING), answer(DOCUMENTED)) as server:
        done = run(server, "watch", DOCUMENTED_ID)
    assert (done.returncode, done.stderr) == (0, "")
    assert "▸ working  1/2  50%" in done.stdout
    assert done.stdout.endswith("✓ 2 items, none failed\n")


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        (["show", "--json"], [DOCUMENTED]),
        (["watch", "--json"], [DOCUMENTED]),
        (["watch", "--stream"], [WORKING, DOCUMENTED]),
    ],
)
def test_json_and_stream_print_bare_jobs_one_per_line(
    arguments: list[str], shown: list[dict[str, object]]
) -> None:
    with raw_server(*map(answer, shown)) as server:
        done = run(server, *arguments, DOCUMENTED_ID)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "".join(json.dumps(job) + "\n" for job in shown)


def test_missing_show_many_falls_back_to_single_requests() -> None:
    other = {**DOCUMENTED, "id": "0" * 32}
    no_show_many = http("404 Not Found")
    with raw_server(no_show_many, answer(DOCUMENTED), answer(other)) as server:
        done = run(server, "watch", "--json", DOCUMENTED_ID, "0" * 32)
    assert (done.returncode, done.stderr) == (0, "")
    assert [json.loads(line) for line in done.stdout.splitlines()] == [
        DOCUMENTED,
        other,
    ]


def test_watch_reads_a_bare_job_from_standard_input() -> None:
    with raw_server(answer(DOCUMENTED)) as server:
        done = run(server, "watch", "-q", "-", typed=json.dumps(WORKING, indent=2))
    assert (done.returncode, done.stderr) == (0, "")
