from __future__ import annotations

from typing import TYPE_CHECKING

from jobstat import critical

if TYPE_CHECKING:
    import pytest


def test_second_wait_for_a_critical_section_shares_the_deadline_of_the_first(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    critical.reset()  # an earlier test may have finished
    notifications: list[str] = []

    def notify() -> None:
        notifications.append("waiting")
        monkeypatch.setattr(critical, "MAX_WAIT", 0.0)  # the deadline passes

    monkeypatch.setattr(critical, "NOTIFY_AFTER", 0.0)
    with critical.section():
        critical.wait(notify)
        critical.wait(notify)
    assert notifications == ["waiting"]
