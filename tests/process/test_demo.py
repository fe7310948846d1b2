"""The demo command and its server."""

from __future__ import annotations

import gzip
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from children import child, run
from requirements import needs_curl
from support import JOBSTAT, environment, jobstat

from jobstat.demo.api import TOKEN

if TYPE_CHECKING:
    from jobstat.demo.server import DemoServer


def test_demo_watches_a_job_to_its_end() -> None:
    done = jobstat("demo", "--duration", "1.5s")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert "creates 40 tickets" in lines[0]
    assert re.search(r"\bV3-\w{32}\b", lines[1])
    assert sum("TicketCreateFailed" in line for line in lines if line[0:1] == "✗") == 4
    # No command about the job works when the demo has ended.
    assert lines[-4] == "✗ 4 of 40 items failed"
    assert "jobstat watch exits with 6 (items-failed)" in lines[-2]
    assert lines[-1].startswith("Add --serve to create")


@pytest.mark.parametrize(("failures", "code"), [("0", "0 (ok)"), ("100%", "3 (job-")])
def test_demo_failures_option_determines_the_reported_exit_code(
    failures: str, code: str
) -> None:
    done = jobstat("demo", "--duration", "0.3", "--failures", failures)
    assert done.returncode == 0
    assert f"exits with {code}" in done.stdout


def test_demo_on_a_port_in_use_exits_2() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = jobstat("demo", "--serve", "--port", str(port))
    assert done.returncode == 2
    line, hint = done.stderr.splitlines()
    assert line == f"jobstat: cannot listen on 127.0.0.1:{port}: Address already in use"
    assert "--port" in hint


SCRIPT = Path(sys.executable).with_name("jobstat")


@needs_curl
@pytest.mark.parametrize("start", [JOBSTAT, [str(SCRIPT)]], ids=["module", "script"])
def test_commands_printed_by_demo_serve_run_without_jobstat_on_path(
    start: list[str],
) -> None:
    with child(
        [*start, "demo", "--serve", "--duration", "1s", "--failures", "0"],
        # As under uvx, PATH has jobstat only here.
        env=environment(PATH=f"{SCRIPT.parent}:{os.environ['PATH']}"),
        stdout=subprocess.PIPE,
    ) as server:
        printed = ""
        while " watch -" not in printed:
            line = server.stdout.readline()
            assert line
            printed += line
        lines = "\n".join(re.findall(r"^  .*", printed, re.MULTILINE))
        folders = os.environ["PATH"].split(":")
        path = ":".join(f for f in folders if not Path(f, "jobstat").exists())
        done = run(["bash", "-c", lines], env=environment(PATH=path))
        server.send_signal(signal.SIGINT)
        server.wait()
    assert done.returncode == 6, done.stderr
    assert "1 of 2 items failed" in done.stdout
    assert server.returncode == -signal.SIGINT


def test_demo_serve_prints_jobstat_if_a_link_on_path_started_it(tmp_path: Path) -> None:
    (tmp_path / "jobstat").symlink_to(SCRIPT)
    with child(
        [str(tmp_path / "jobstat"), "demo", "--serve"],
        env=environment(PATH=f"{tmp_path}:{os.environ['PATH']}"),
        stdout=subprocess.PIPE,
    ) as server:
        printed = ""
        while " watch -" not in printed:
            line = server.stdout.readline()
            assert line
            printed += line
    assert "\n    jobstat watch -\n" in printed


def call(
    server: DemoServer,
    path: str,
    data: object = None,
    method: str | None = None,
    **headers: str,
) -> tuple[int, Any, dict[str, str]]:
    """Send a request without jobstat. Return the status, the document and headers."""
    request = Request(
        server.base_url + path,
        data=None if data is None else json.dumps(data).encode(),
        headers={"Authorization": f"Bearer {TOKEN}", **headers},
        method=method,
    )
    try:
        response = urlopen(request, timeout=10)
    except HTTPError as error:
        response = error
    with response:
        content = response.read()
        if response.headers["content-encoding"] == "gzip":
            content = gzip.decompress(content)
        response_headers = {
            name.lower(): value for name, value in response.headers.items()
        }
        return response.status, json.loads(content), response_headers


TICKETS = {"tickets": [{"comment": {"body": "Help!"}}] * 3}


def test_demo_server_creates_jobs_and_returns_their_status(demo: DemoServer) -> None:
    code, created, _ = call(demo, "/api/v2/tickets/create_many.json", TICKETS)
    assert code == 200
    assert created["job_status"]["status"] == "queued"
    _, updated, _ = call(
        demo,
        "/api/v2/tickets/update_many.json",
        {"tickets": [{"id": 1}, {"id": 2}]},
        "PUT",
    )
    _, same, _ = call(
        demo,
        "/api/v2/tickets/update_many.json?ids=1,2",
        {"ticket": {"status": "solved"}},
        "PUT",
    )
    _, deleted, _ = call(
        demo, "/api/v2/tickets/destroy_many.json?ids=1,2", None, "DELETE"
    )
    assert [job["job_status"]["total"] for job in (updated, same, deleted)] == [2] * 3
    ids = [job["job_status"]["id"] for job in (created, updated, same, deleted)]

    for ending in ("", ".json"):
        _, shown, _ = call(demo, f"/api/v2/job_statuses/{ids[0]}{ending}")
        assert shown["job_status"]["id"] == ids[0]
    _, many, _ = call(
        demo, f"/api/v2/job_statuses/show_many.json?ids={ids[3]},{ids[1]},nosuch"
    )
    assert {job["id"] for job in many["job_statuses"]} == {ids[1], ids[3]}
    _, listed, _ = call(demo, "/api/v2/job_statuses.json")
    assert {job["id"] for job in listed["job_statuses"]} == set(ids)


def test_demo_server_paginates_the_job_list_by_cursor(demo: DemoServer) -> None:
    for _ in range(5):
        call(demo, "/api/v2/tickets/create_many.json", TICKETS)
    path: str | None = "/api/v2/job_statuses.json?page[size]=2"
    sizes, seen = [], set()
    while path:
        _, page, _ = call(demo, path)
        sizes.append(len(page["job_statuses"]))
        seen |= {job["id"] for job in page["job_statuses"]}
        assert page["meta"]["has_more"] == bool(page["links"]["next"])
        path = page["links"]["next"]
        path = path.removeprefix(demo.base_url) if path else None
    assert (sizes, len(seen)) == ([2, 2, 1], 5)


def test_demo_server_sends_etag_rate_limit_and_gzip_headers(demo: DemoServer) -> None:
    path = "/api/v2/job_statuses.json"
    _, document, plain = call(demo, path)
    assert plain["content-type"] == "application/json; charset=utf-8"
    assert plain["etag"].startswith('W/"')
    assert plain["x-rate-limit"] == plain["ratelimit-limit"] == "700"
    assert plain["x-rate-limit-remaining"] == plain["ratelimit-remaining"] == "699"
    assert 0 < int(plain["ratelimit-reset"]) <= 60
    _, same, packed = call(demo, path, **{"Accept-Encoding": "gzip"})
    assert packed["content-encoding"] == "gzip"
    assert same == document
    assert packed["etag"] == plain["etag"]
    call(demo, "/api/v2/tickets/create_many.json", TICKETS)
    assert call(demo, path)[2]["etag"] != plain["etag"]


def _basic(pair: str) -> str:
    return "Basic " + b64encode(pair.encode()).decode()


@pytest.mark.parametrize(
    ("authorization", "error"),
    [
        ("", "Couldn't authenticate you"),
        ("Bearer nonsense", "invalid_token"),
        (_basic(f"me@example.org:{TOKEN}"), "Couldn't authenticate you"),
        ("Basic ?", "Couldn't authenticate you"),
        ("Digest x", "Couldn't authenticate you"),
        (_basic(f"me@example.org/token:{TOKEN}"), None),
    ],
)
def test_demo_server_answers_401_without_a_valid_credential(
    demo: DemoServer, authorization: str, error: str | None
) -> None:
    code, document, _ = call(
        demo, "/api/v2/job_statuses.json", Authorization=authorization
    )
    assert (code, document.get("error")) == ((401, error) if error else (200, None))


@pytest.mark.parametrize(
    ("path", "method", "data", "code", "error"),
    [
        ("/api/v2/job_statuses/nosuch.json", "GET", None, 404, "RecordNotFound"),
        ("/api/v2/users.json", "GET", None, 404, "InvalidEndpoint"),
        ("/api/v2/job_statuses.json", "PATCH", {}, 404, "InvalidEndpoint"),
        (
            "/api/v2/tickets/create_many.json",
            "POST",
            {"tickets": [{}] * 101},
            400,
            "TooManyValues",
        ),
        (
            f"/api/v2/job_statuses/show_many.json?ids={','.join(map(str, range(101)))}",
            "GET",
            None,
            400,
            "TooManyValues",
        ),
        ("/api/v2/tickets/create_many.json", "POST", [], 400, "Invalid attribute"),
        ("/api/v2/tickets/create_many.json", "POST", {}, 400, "Invalid attribute"),
        (
            "/api/v2/tickets/update_many.json",
            "PUT",
            {"tickets": [{}]},
            400,
            "Invalid attribute",
        ),
        (
            "/api/v2/tickets/destroy_many.json?ids=x",
            "DELETE",
            None,
            400,
            "Invalid attribute",
        ),
    ],
)
def test_demo_server_sends_zendesk_errors_for_invalid_requests(
    demo: DemoServer, path: str, method: str, data: object, code: int, error: str
) -> None:
    status, document, _ = call(demo, path, data, method)
    assert status == code
    actual = document["error"]
    assert (actual["title"] if isinstance(actual, dict) else actual) == error


def test_demo_server_answers_429_over_the_rate_limit(demo: DemoServer) -> None:
    demo.account.limit = 2
    codes = [call(demo, "/api/v2/job_statuses.json")[0] for _ in range(3)]
    if codes[-1] == 200:  # a new minute has begun
        codes = [call(demo, "/api/v2/job_statuses.json")[0] for _ in range(3)]
    assert codes == [200, 200, 429]
    _, document, headers = call(demo, "/api/v2/job_statuses.json")
    assert document["error"] == "APIRateLimitExceeded"
    assert 0 < int(headers["retry-after"]) <= 60


def test_demo_server_handles_concurrent_requests(demo: DemoServer) -> None:
    codes: list[int] = []

    def create_job() -> None:
        codes.append(call(demo, "/api/v2/tickets/create_many.json", TICKETS)[0])

    threads = [threading.Thread(target=create_job) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert codes == [200] * 8
