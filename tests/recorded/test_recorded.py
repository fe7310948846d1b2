"""Answers that Zendesk really sent, if a collection of them is beside the project.

Their licenses keep them out of the project. Its other tests use answers of the same
forms.
"""

from __future__ import annotations

import csv
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fakes import FakeClock, RecordingObserver
from support import body

from jobstat.errors import JobstatError
from jobstat.exits import Exit
from jobstat.jobs.error_body import error_message
from jobstat.jobs.input import parse_input
from jobstat.jobs.job import judge
from jobstat.jobs.loop import follow
from jobstat.jobs.parse import parse_answer, parse_job
from jobstat.jobs.policy import WatchPolicy
from jobstat.jobs.poll import PollResult
from jobstat.jobs.rate_limit import RateLimit, RateLimiter
from jobstat.jobs.watch import Watch
from jobstat.views.csv_output import csv_rows, format_csv
from jobstat.views.output import JsonOutput
from jobstat.views.report import TextOutput
from jobstat.views.reporter import DisplayOptions
from jobstat.views.terminal import Terminal, open_terminal
from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.auth.credentials import bearer
from jobstat.zendesk.auth.providers import FixedProvider
from jobstat.zendesk.client import ZendeskClient

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

FOLDER = Path(__file__).parents[3] / "shared" / "zendesk" / "recorded"
pytestmark = pytest.mark.skipif(
    not FOLDER.is_dir(), reason="the recorded answers are not beside the project"
)
NAMES = sorted(path.stem for path in FOLDER.glob("*.json"))

# The exit code and the number of failed items of each recording, judged by a person.
VERDICTS = {
    "cloudbees-issue98-failed": (3, 1),
    "javasample-users-create-many-queued": (8, 0),
    "justeat-completed-deleted-with-title-errors": (0, 0),
    "justeat-completed-results-object-total-12": (0, 0),
    "node-zendesk-destroy-many-queued": (8, 0),
    "node-zendesk-show-completed-deleted": (0, 0),
    "node-zendesk-show-completed-updated": (0, 0),
    "node-zendesk-show-working-creating": (8, 0),
    "node-zendesk-show-working-deleting": (8, 0),
    "teamster-users-created-2025": (0, 0),
    "teamster-users-updated-2025": (0, 0),
    "visual-mock-tickets-completed": (0, 0),
    "zenpy-delete-destroy-many-queued": (8, 0),
    "zenpy-delete-permanently-queued-total-null": (8, 0),
    "zenpy-issue76-completed-created": (0, 0),
    "zenpy-job-type-bulk-create-organization": (8, 0),
    "zenpy-job-type-bulk-create-ticket": (8, 0),
    "zenpy-job-type-bulk-delete-organization": (8, 0),
    "zenpy-job-type-bulk-update-ticket": (8, 0),
    "zenpy-job-type-bulk-update-user": (8, 0),
    "zenpy-post-create-many-queued": (8, 0),
    "zenpy-post-create-many-queued-job-type": (8, 0),
    "zenpy-post-create-many-queued-total-null-2018": (8, 0),
    "zenpy-put-update-many-queued": (8, 0),
    "zenpy-show-completed-create-index-id-2018": (0, 0),
    "zenpy-show-completed-create-index-id-account": (0, 0),
    "zenpy-show-completed-created-id-status": (0, 0),
    "zenpy-show-completed-empty-results": (0, 0),
    "zenpy-show-completed-job-type": (0, 0),
    "zenpy-show-completed-mixed-failures": (6, 99),
    "zenpy-show-completed-mixed-failures-tickets": (6, 3),
    "zenpy-show-completed-results-object": (0, 0),
    "zenpy-show-completed-updated": (0, 0),
    "zenpy-show-queued": (8, 0),
    "zenpy-show-queued-total-null": (8, 0),
    "zenpy-show-working": (8, 0),
    "zenpy-show-working-2018": (8, 0),
    "zenpy-show-working-starting": (8, 0),
    "zenpy-show-working-starting-2017": (8, 0),
}
SEQUENCES = {
    "zenpy-sequence-17-polls-2017": 0,
    "zenpy-sequence-2023": 0,
    "zenpy-sequence-2023-partial-failure": 6,
    "zenpy-sequence-29-queued-polls-2023": 0,
}
REFUSALS = {
    "community-error-429-text": (7, "Number of allowed API requests per minute"),
    "doc-error-429-text-2013": (7, "Rate limit for ticket updates exceeded"),
    "doc-error-too-many-jobs": (7, "Too many UserBulkUpdateJobV2 jobs"),
    "node-zendesk-error-404": (5, "RecordNotFound: Not found"),
    "zenpy-error-400-too-many-values": (2, "TooManyValues: Parameter"),
    "zenpy-error-404-2023": (5, "RecordNotFound: Not found"),
    "zenpy-error-404-record-not-found": (5, "RecordNotFound: Not found"),
    "zenpy-error-422": (2, "Record validation errors: Subdomain: Does not exist"),
    "zenpy-error-429-json-retry-after": (7, "APIRateLimitExceeded"),
}
RETRY_AFTER = {
    "community-error-429-text": 1,
    "doc-error-429-text-2013": 93,
    "zenpy-error-429-json-retry-after": 10,
}


def recorded(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text())
    return content


def test_every_recording_is_used() -> None:
    assert sorted([*VERDICTS, *SEQUENCES, *REFUSALS]) == NAMES


@pytest.mark.parametrize("name", VERDICTS)
def test_recorded_job_has_the_expected_verdict_and_shows_its_items(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    import sys

    monkeypatch.setattr(Terminal, "size", os.terminal_size((80, 24)))
    sent = recorded(name)["body"]["job_status"]
    job = parse_answer(body(sent))
    code, failed = VERDICTS[name]
    assert judge(job).exit == code
    assert len(job.failed) == failed
    terminal = open_terminal(sys.stdout, {}, "always")
    json_lines = JsonOutput(terminal, indented=False)
    json_lines.write(json_lines.render(job))
    assert list(json.loads(capsys.readouterr().out).items()) == list(sent.items())
    every_item = DisplayOptions(results="all")
    for fitted in (False, True):
        output = TextOutput(terminal, "acme", every_item, fitted=fitted)
        output.write(output.render(job))
        shown = capsys.readouterr().out
        assert sent["id"] in shown
        for item in sent["results"] if isinstance(sent["results"], list) else []:
            assert str(item.get("id", "-")) in shown
            assert item.get("error", "") in shown


@pytest.mark.parametrize("name", VERDICTS)
def test_recorded_items_are_rows_of_a_csv_table(name: str) -> None:
    job = parse_job(recorded(name)["body"]["job_status"])
    text = format_csv(csv_rows([job], failed_only=False))
    rows = list(csv.DictReader(text.splitlines()))
    assert [row["job_id"] for row in rows] == [job.id] * len(job.items)
    for row, item in zip(rows, job.items, strict=True):
        assert row["error"] == item.fields.get("error", "")
        assert row["id"] == str(item.fields.get("id", ""))
        assert row["index"] == ("" if job.has_one_result else str(item.index))


@pytest.mark.parametrize("name", SEQUENCES)
def test_recorded_sequence_is_watched_to_its_end(name: str) -> None:
    polls = [poll for poll in recorded(name)["polls"] if poll["method"] == "GET"]
    jobs = [parse_job(poll["body"]["job_status"]) for poll in polls]
    ends = [job for job in jobs if judge(job).finished]
    clock = FakeClock()
    steps = iter(jobs)

    def fetch(
        ids: Sequence[str], timeout: float, on_tick: Callable[[], None]
    ) -> PollResult:
        del ids, timeout
        return PollResult((next(steps),))

    observer = RecordingObserver()
    watch = Watch([jobs[0].id], WatchPolicy(), clock.now)
    follow(watch, fetch, clock, observer)
    assert watch.exit() == SEQUENCES[name]
    assert watch.jobs[0].job == ends[0]
    distinct = {(job.status, job.progress, job.message) for job in jobs}
    assert observer.event_names.count("job_changed") == len(distinct)


@pytest.mark.parametrize("name", REFUSALS)
def test_recorded_error_raises_the_expected_exit_code_and_message(
    name: str, httpx_mock: Any
) -> None:
    recording = recorded(name)
    code, message = REFUSALS[name]
    # Zendesk documents no status code for TooManyJobs.
    status = (recording["status"] or {"code": 429})["code"]
    sent = recording["body"]
    headers = {
        header: value
        for header, value in (recording["headers"] or {}).items()
        if header.lower() in {"retry-after", "content-type", "x-rate-limit"}
    }
    content = sent.encode() if isinstance(sent, str) else json.dumps(sent).encode()
    httpx_mock.add_response(status_code=status, headers=headers, content=content)
    with (
        ZendeskClient(
            Account("https://acme.zendesk.com"),
            FixedProvider(bearer("t", "a test")),
        ) as client,
        pytest.raises(JobstatError) as caught,
    ):
        client.fetch(["1"], 5)
    assert caught.value.exit is Exit(code)
    assert message in caught.value.message
    assert caught.value.retry_after == RETRY_AFTER.get(name)
    if isinstance(sent, dict):
        assert error_message(sent)


def test_recorded_rate_limit_is_read(httpx_mock: Any) -> None:
    recording = recorded("zenpy-show-working")
    httpx_mock.add_response(
        headers=httpx.Headers(
            {
                name: str(value)
                for name, value in recording["headers"].items()
                if "rate" in name
            }
        ),
        json=recording["body"],
    )
    seen: list[RateLimit] = []

    class RecordingLimiter(RateLimiter):
        def update(self, rate_limit: RateLimit, now: float) -> None:
            seen.append(rate_limit)

    account = Account("https://acme.zendesk.com")
    provider = FixedProvider(bearer("t", "a test"))
    with ZendeskClient(account, provider, RecordingLimiter()) as client:
        client.fetch([recording["body"]["job_status"]["id"]], 5)
    assert seen == [RateLimit(700, 698, 33)]


@pytest.mark.parametrize("name", VERDICTS)
def test_recorded_job_response_is_valid_input(name: str) -> None:
    sent = recorded(name)["body"]
    job_input = parse_input(json.dumps(sent).encode())
    assert [job.id for job in job_input.jobs] == [sent["job_status"]["id"]]
    assert job_input.problem is None


@pytest.mark.parametrize("name", REFUSALS)
def test_recorded_error_as_input_yields_its_message_or_current_jobs(name: str) -> None:
    sent = recorded(name)["body"]
    text = sent if isinstance(sent, str) else json.dumps(sent)
    job_input = parse_input(text.encode())
    if name == "doc-error-too-many-jobs":
        assert [job.id for job in job_input.jobs] == sent["current_job_ids"]
        assert job_input.problem is None
    else:
        assert REFUSALS[name][1].rstrip(".") in str(job_input.problem)
