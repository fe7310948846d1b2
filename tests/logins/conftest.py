from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from machine import Grants, Machine

from jobstat import critical
from jobstat.demo.oauth import FakeOAuth
from jobstat.demo.server import DemoServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True)
def _begin() -> None:
    """Allow token requests, which an earlier run of jobstat in this process ended."""
    critical.reset()


@pytest.fixture
def grants(monkeypatch: pytest.MonkeyPatch) -> Grants:
    log = Grants()
    grant, takes = FakeOAuth.grant_tokens, FakeOAuth.accepts

    def logged_grant(oauth: FakeOAuth, fields: dict[str, Any], now: float) -> Any:
        log.asked += 1
        told = grant(oauth, fields, now)
        log.granted.append((now, fields["grant_type"]))
        return told

    def logged_takes(oauth: FakeOAuth, token: str, now: float) -> bool:
        taken = takes(oauth, token, now)
        log.taken += taken
        log.refused += not taken
        return taken

    monkeypatch.setattr(FakeOAuth, "grant_tokens", logged_grant)
    monkeypatch.setattr(FakeOAuth, "accepts", logged_takes)
    return log


@pytest.fixture
def account() -> Iterator[DemoServer]:
    with DemoServer(duration=1.0) as server:
        yield server


@pytest.fixture
def machine(account: DemoServer, tmp_path: Path) -> Machine:
    return Machine(tmp_path, account)
