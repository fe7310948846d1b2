from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from children import CLEAN, restore_default_signals
from hypothesis import HealthCheck, settings

from jobstat.demo.api import TOKEN
from jobstat.demo.fake_account import FakeAccount
from jobstat.demo.server import DemoServer

if TYPE_CHECKING:
    from collections.abc import Iterator


def pytest_xdist_auto_num_workers() -> int:
    """Several for each core: most tests wait for a child, or for a server."""
    return min(WORKERS_PER_CORE * (os.cpu_count() or 1), MAX_WORKERS)


WORKERS_PER_CORE = 4
MAX_WORKERS = 16

# On a busy machine an example takes as long as it takes.
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


@pytest.fixture(autouse=True, scope="session")
def _machine_of_nobody() -> Iterator[None]:
    """Nothing of the tester's own: no login, settings, terminal, ignored signals."""
    restore_default_signals()
    with pytest.MonkeyPatch.context() as patch:
        for name in list(os.environ):
            if not name.startswith("PYTEST_"):
                patch.delenv(name)
        for name, value in CLEAN.items():
            patch.setenv(name, value)
        yield


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> Iterator[DemoServer]:
    """The demo server, with jobs that are over after a second."""
    with DemoServer(duration=1.0) as server:
        monkeypatch.setenv("JOBSTAT_BASE_URL", server.base_url)
        monkeypatch.setenv("ZENDESK_OAUTH_TOKEN", TOKEN)
        yield server


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The times of the requests that the demo server has had."""
    times: list[float] = []
    count = FakeAccount.count_request

    def noted(self: FakeAccount, now: float) -> tuple[int, int]:
        times.append(now)
        return count(self, now)

    monkeypatch.setattr(FakeAccount, "count_request", noted)
    return times
