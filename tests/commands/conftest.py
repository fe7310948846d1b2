from __future__ import annotations

import re
import signal
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fakes import FakeClock
from support import TOKEN, Run

from jobstat.process import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_httpx import HTTPXMock


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Set an account and a credential, and restore the signal handlers."""
    monkeypatch.setenv("ZENDESK_SUBDOMAIN", "acme")
    monkeypatch.setenv("ZENDESK_OAUTH_TOKEN", TOKEN)
    ending_signals = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    handlers = {number: signal.getsignal(number) for number in ending_signals}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """A fake clock for the commands, on which a wait takes no time."""
    fake = FakeClock()
    for module in ("_shared", "_job_list", "watch"):
        monkeypatch.setattr(f"jobstat.commands.{module}.clock", fake)
    monkeypatch.setattr("jobstat.zendesk.client.clock", fake)
    return fake


@pytest.fixture
def jobstat(clock: FakeClock, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run jobstat in this process, and return its exit code, stdout and stderr."""
    del clock

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call


@dataclass
class Zendesk:
    """An account whose jobs are functions of the time.

    ``jobs`` maps an id to a function from a moment to the job object, or to an HTTP
    status. ``show_many_status`` is the HTTP status of requests for several jobs.
    ``errors`` maps the number of a request to the HTTP status that answers it.
    ``requested`` holds the last part of each request's path.
    """

    clock: FakeClock
    jobs: dict[str, Callable[[float], dict[str, Any] | int]] = field(
        default_factory=dict
    )
    show_many_status: int = 200
    errors: dict[int, int] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    requested: list[str] = field(default_factory=list)

    def add(self, *states: dict[str, Any] | int, every: float = 10) -> None:
        """Add a job that has each of these states for ``every`` seconds."""
        started = self.clock.now
        id = next(state["id"] for state in states if isinstance(state, dict))

        def state(now: float) -> dict[str, Any] | int:
            index = int((now - started) // every)
            return states[min(index, len(states) - 1)]

        self.jobs[id] = state

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removesuffix(".json").rpartition("/")[2]
        self.requested.append(path)
        if error := self.errors.get(len(self.requested)):
            return httpx.Response(error)
        if path == "show_many":
            ids = request.url.params["ids"].split(",")
            states = [self._state(id) for id in ids]
            jobs = [job for job in states if isinstance(job, dict)]
            content = {"job_statuses": jobs} if self.show_many_status == 200 else {}
            return httpx.Response(
                self.show_many_status, json=content, headers=self.headers
            )
        job = self._state(path)
        if isinstance(job, int):
            return httpx.Response(job, headers=self.headers)
        return httpx.Response(200, json={"job_status": job}, headers=self.headers)

    def _state(self, id: str) -> dict[str, Any] | int:
        return self.jobs[id](self.clock.now) if id in self.jobs else 404


@pytest.fixture
def zendesk(httpx_mock: HTTPXMock, clock: FakeClock) -> Zendesk:
    """The account acme. A test adds its jobs."""
    account = Zendesk(clock)
    httpx_mock.add_callback(
        account.answer,
        url=re.compile(r"https://acme\.zendesk\.com/api/v2/job_statuses/.*"),
        is_reusable=True,
        is_optional=True,
    )
    return account


@pytest.fixture
def stdin(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Callable[[str | bytes], None]]:
    """A function that sets the content of standard input."""
    with ExitStack() as stack:

        def set_content(content: str | bytes) -> None:
            path = tmp_path / "stdin"
            path.write_bytes(content.encode() if isinstance(content, str) else content)
            monkeypatch.setattr("sys.stdin", stack.enter_context(path.open()))

        yield set_content
