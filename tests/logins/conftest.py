from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from endpoint import ACME
from fake_store import FakeStore
from machine import Grants, Machine

from jobstat import critical
from jobstat.demo.oauth import FakeOAuth
from jobstat.demo.server import DemoServer
from jobstat.zendesk.auth import keyring, store
from jobstat.zendesk.auth.credentials import AuthMethod
from jobstat.zendesk.auth.refreshing import KeyringProvider

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from fake_store import NewKeyringProvider

    from jobstat.zendesk.auth.store import LoginSecrets


@pytest.fixture(autouse=True)
def _allow_critical_sections() -> None:
    """Allow critical sections, which an earlier run in this process forbade."""
    critical.reset()


@pytest.fixture
def grants(monkeypatch: pytest.MonkeyPatch) -> Grants:
    """Record the use of the demo account's OAuth."""
    grants = Grants()
    grant_tokens, accepts = FakeOAuth.grant_tokens, FakeOAuth.accepts

    def recording_grant(oauth: FakeOAuth, fields: dict[str, Any], now: float) -> Any:
        grants.requests += 1
        tokens = grant_tokens(oauth, fields, now)
        grants.granted.append((now, fields["grant_type"]))
        return tokens

    def recording_accepts(oauth: FakeOAuth, token: str, now: float) -> bool:
        accepted = accepts(oauth, token, now)
        grants.accepted += accepted
        grants.refused += not accepted
        return accepted

    monkeypatch.setattr(FakeOAuth, "grant_tokens", recording_grant)
    monkeypatch.setattr(FakeOAuth, "accepts", recording_accepts)
    return grants


@pytest.fixture
def demo_server() -> Iterator[DemoServer]:
    with DemoServer(duration=1.0) as server:
        yield server


@pytest.fixture
def machine(demo_server: DemoServer, tmp_path: Path) -> Machine:
    return Machine(tmp_path, demo_server)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of the accounts file."""
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path / "jobstat"


@pytest.fixture
def entries(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The entries of the keyring."""
    entries: dict[str, str] = {}

    def write(
        name: str, secret: str, parts: Sequence[str] = (), timeout: float = 3.0
    ) -> None:
        entries[name] = secret

    monkeypatch.setattr(keyring, "read", lambda name, timeout=3.0: entries.get(name))
    monkeypatch.setattr(keyring, "write", write)
    monkeypatch.setattr(keyring, "delete", lambda name: entries.pop(name, None))
    return entries


@pytest.fixture
def new_keyring_provider(monkeypatch: pytest.MonkeyPatch) -> NewKeyringProvider:
    """Make a provider of stored tokens, and the store that it uses."""

    def make(secrets: LoginSecrets) -> tuple[KeyringProvider, FakeStore]:
        fake = FakeStore(secrets)
        monkeypatch.setattr(store, "lock_if_possible", fake.lock)
        monkeypatch.setattr(store, "load_secrets", fake.load)
        monkeypatch.setattr(store, "save_secrets", fake.save)
        return KeyringProvider(ACME, "app", secrets, AuthMethod.BROWSER), fake

    return make
