from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from support import start_job

if TYPE_CHECKING:
    from collections.abc import Callable

    from jobstat.demo.server import DemoServer


@pytest.fixture
def new_job(demo: DemoServer) -> Callable[..., str]:
    """A function that starts a job on the demo server, and returns its id."""

    def start(tickets: int = 4, failures: float = 0.0, duration: float = 1.0) -> str:
        return start_job(demo, tickets, failures, duration)

    return start
