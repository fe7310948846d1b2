"""Answers that are damaged, or that belong to another request or another job."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

import pytest
from children import TIMEOUT
from raw_server import http, raw_server
from support import FAILURE, SUCCESS, body, completed, job_object

from jobstat.errors import InvalidResponse
from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.auth.credentials import bearer
from jobstat.zendesk.auth.providers import FixedProvider
from jobstat.zendesk.client import ZendeskClient

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from raw_server import RawServer


SURPLUS_ERROR = http("500 Not for this connection").replace(b"close", b"keep-alive")


def sending(*jobs: dict[str, Any]) -> Callable[[socket.socket], None]:
    """Send answers about these jobs, and an error for every further request."""

    def respond(connection: socket.socket) -> None:
        answers = [http(content=body(job)) for job in jobs]
        connection.sendall(b"".join(answers).replace(b": close", b": keep-alive"))
        connection.settimeout(TIMEOUT)
        while connection.recv(65536):
            connection.sendall(SURPLUS_ERROR)

    return respond


def open_client(server: RawServer) -> ZendeskClient:
    return ZendeskClient(
        Account(server.base_url), FixedProvider(bearer("token", "a test"))
    )


def fetch_one(api: ZendeskClient, id: str) -> tuple[str, str]:
    (job,) = api.fetch([id], TIMEOUT).jobs
    return job.id, job.status


def test_surplus_response_is_not_used_for_the_next_request() -> None:
    first, surplus = completed(SUCCESS, id="one"), completed(SUCCESS, id="other")
    answers = (
        sending(first, surplus),
        sending(job_object("working", id="two")),
    )
    with raw_server(*answers) as server, open_client(server) as api:
        assert fetch_one(api, "one") == ("one", "completed")
        assert fetch_one(api, "two") == ("two", "working")
        assert len(server.requests) == 2


def test_response_about_another_id_is_retried_on_a_new_connection() -> None:
    answers = (
        sending(completed(SUCCESS, id="other")),
        sending(job_object("working", id="mine")),
    )
    with raw_server(*answers) as server, open_client(server) as api:
        assert fetch_one(api, "mine") == ("mine", "working")


@pytest.mark.parametrize("size", [None, 1, 30])
def test_response_received_before_its_request_is_discarded(size: int | None) -> None:
    """All of the response may come before the request, or only its beginning."""
    first, early = (
        http(content=body(job)).replace(b": close", b": keep-alive")
        for job in (job_object("working", id="mine"), completed(SUCCESS, id="mine"))
    )

    def send(connection: socket.socket) -> None:
        connection.sendall(first + early[:size])
        connection.settimeout(TIMEOUT)
        connection.recv(65536)
        connection.sendall(early[size:] if size else b"")

    late = sending(completed(FAILURE, id="mine"))
    with raw_server(send, late) as server, open_client(server) as api:
        assert fetch_one(api, "mine") == ("mine", "working")
        (job,) = api.fetch(["mine"], TIMEOUT).jobs
        assert len(job.failed) == 1


def test_wrong_id_is_no_longer_accepted_after_a_correct_response() -> None:
    ids = ("other", "other", "mine", "other", "mine")
    answers = [http(content=body(completed(SUCCESS, id=id))) for id in ids]
    with raw_server(*answers) as server, open_client(server) as api:
        assert [fetch_one(api, "mine")[0] for _ in range(3)] == [
            "other",
            "mine",
            "mine",
        ]


def test_responses_about_two_other_ids_raise_invalid_response() -> None:
    answers = [http(content=body(completed(SUCCESS, id=id))) for id in ("one", "two")]
    with (
        raw_server(*answers) as server,
        open_client(server) as api,
        pytest.raises(InvalidResponse, match="another job instead of mine"),
    ):
        api.fetch(["mine"], TIMEOUT)


def test_repeated_response_about_another_id_is_accepted() -> None:
    mock = http(content=body(completed(SUCCESS, id="fixed")))
    with raw_server(mock) as server, open_client(server) as api:
        assert fetch_one(api, "mine") == ("fixed", "completed")
        assert fetch_one(api, "mine") == ("fixed", "completed")
        assert len(server.requests) == 3  # the first call asks twice


def test_second_request_after_an_answer_about_another_id_shares_the_deadline(
    monkeypatch: Any,
) -> None:
    timeouts: list[float] = []
    get_job = ZendeskClient._get_job  # noqa: SLF001 - both requests call it

    def record(client: ZendeskClient, id: str, timeout: float, on_tick: Any) -> Any:
        timeouts.append(timeout)
        return get_job(client, id, timeout, on_tick)

    monkeypatch.setattr(ZendeskClient, "_get_job", record)
    mock = http(content=body(completed(SUCCESS, id="fixed")))
    with raw_server(mock) as server, open_client(server) as api:
        fetch_one(api, "mine")
    first, second = timeouts
    assert second < first == TIMEOUT


def test_response_id_may_differ_in_case() -> None:
    with (
        raw_server(http(content=body(completed(SUCCESS, id="MINE")))) as server,
        open_client(server) as api,
    ):
        assert fetch_one(api, "mine") == ("MINE", "completed")
        assert len(server.requests) == 1


def test_request_after_an_invalid_response_uses_a_new_connection() -> None:
    answers = (
        sending({"id": "mine"}),
        sending(job_object("working", id="mine")),
    )
    with raw_server(*answers) as server, open_client(server) as api:
        with pytest.raises(InvalidResponse):
            api.fetch(["mine"], TIMEOUT)
        assert fetch_one(api, "mine") == ("mine", "working")


def test_request_after_an_answer_with_unrequested_jobs_uses_a_new_connection() -> None:
    jobs = [completed(SUCCESS, id="one"), completed(SUCCESS, id="stranger")]
    content = json.dumps({"job_statuses": jobs}).encode()
    several = http(content=content).replace(b"close", b"keep-alive")

    def respond(connection: socket.socket) -> None:
        connection.sendall(several)
        sending()(connection)

    answers = respond, sending(job_object("working", id="two"))
    with raw_server(*answers) as server, open_client(server) as api:
        assert len(api.fetch(["one", "two"], TIMEOUT).jobs) == 2
        assert fetch_one(api, "two") == ("two", "working")


def test_multi_member_gzip_is_read_and_trailing_data_rejected() -> None:
    content = body(completed(SUCCESS, id="mine"))
    parts = gzip.compress(content[:40]) + gzip.compress(content[40:])
    packed = http("200 OK", parts, "Content-Encoding: gzip")
    with raw_server(packed) as server, open_client(server) as api:
        assert fetch_one(api, "mine") == ("mine", "completed")
    junk = http("200 OK", gzip.compress(content) + b"junk", "Content-Encoding: gzip")
    two = gzip.compress(content) * 2
    for sent in (junk, http("200 OK", two, "Content-Encoding: gzip")):
        with (
            raw_server(sent) as server,
            open_client(server) as api,
            pytest.raises(InvalidResponse),
        ):
            api.fetch(["mine"], TIMEOUT)
