from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest
from support import TOKEN, FakeClock, Run

from jobstat.process import run

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An account and a credential, and nothing of the tester's own."""
    for name in ("ZENDESK_EMAIL", "ZENDESK_API_TOKEN", "ZENDESK_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    for name in ("JOBSTAT_BASE_URL", "ZENDESK_DOMAIN", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ZENDESK_SUBDOMAIN", "acme")
    monkeypatch.setenv("ZENDESK_OAUTH_TOKEN", TOKEN)
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)
    handlers = {number: signal.getsignal(number) for number in numbers}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    """In place of the time that a watch waits."""
    fake = FakeClock()
    monkeypatch.setattr("jobstat.commands.session.time", fake)
    return fake


@pytest.fixture
def jobstat(clock: FakeClock, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs jobstat in this process: its exit code, stdout and stderr."""
    del clock

    def call(*arguments: str) -> tuple[int, str, str]:
        code = run(list(arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return call
