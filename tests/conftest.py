from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import NOBODY

from jobstat.demo.server import TOKEN, DemoServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def _nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """No login of the tester's own."""
    for name, value in NOBODY.items():
        monkeypatch.setenv(name, value)
    for name in ("ZENDESK_OAUTH_CLIENT_ID", "ZENDESK_OAUTH_CLIENT_SECRET"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> Iterator[DemoServer]:
    """The demo server, with jobs that are over after a second."""
    with DemoServer(duration=1.0) as server:
        monkeypatch.setenv("JOBSTAT_BASE_URL", server.base_url)
        monkeypatch.setenv("ZENDESK_OAUTH_TOKEN", TOKEN)
        yield server
