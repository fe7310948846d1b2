from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from jobstat.demo.server import DemoServer


@pytest.fixture
def new_job(demo: DemoServer) -> Callable[..., str]:
    """Starts a job at the demo server: its id."""

    def start(tickets: int = 4, failures: float = 0.0, duration: float = 1.0) -> str:
        demo.world.failures, demo.world.duration = failures, duration
        ticket = {"comment": {"body": "Help!"}}
        return str(demo.world.create([ticket] * tickets, time.time())["id"])

    return start
