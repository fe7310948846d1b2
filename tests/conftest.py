from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from jobstat.demo.server import TOKEN, DemoServer

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def demo(monkeypatch: pytest.MonkeyPatch) -> Iterator[DemoServer]:
    """The demo server, with jobs that are over after a second."""
    with DemoServer(duration=1.0) as server:
        monkeypatch.setenv("JOBSTAT_BASE_URL", server.base_url)
        monkeypatch.setenv("ZENDESK_OAUTH_TOKEN", TOKEN)
        yield server
