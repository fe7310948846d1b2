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
    """Run several workers per core: most tests wait for a child or a server."""
    return min(WORKERS_PER_CORE * (os.cpu_count() or 1), MAX_WORKERS)


WORKERS_PER_CORE = 6
MAX_WORKERS = 16

# On a busy machine an example may take long.
settings.register_profile(
    "any machine",
    deadline=None,
    max_examples=40,
    suppress_health_check=[HealthCheck.too_slow],
)
# .ci/run looks for rare counterexamples.
settings.register_profile(
    "thorough", settings.get_profile("any machine"), max_examples=200
)
settings.load_profile("any machine")


@pytest.fixture(autouse=True, scope="session")
def _clean_environment() -> Iterator[None]:
    """Hide the tester's logins, settings, terminal and ignored signals."""
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
    """The demo server, whose jobs take a second. The environment names it."""
    with DemoServer(duration=1.0) as server:
        monkeypatch.setenv("JOBSTAT_BASE_URL", server.base_url)
        monkeypatch.setenv("ZENDESK_OAUTH_TOKEN", TOKEN)
        yield server


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The times of the requests to the demo server."""
    times: list[float] = []
    count = FakeAccount.count_request

    def record_time(self: FakeAccount, now: float) -> tuple[int, int]:
        times.append(now)
        return count(self, now)

    monkeypatch.setattr(FakeAccount, "count_request", record_time)
    return times
