"""Whether the Secret Service is the keyring that the library would ask first."""

from __future__ import annotations

import sys
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from jobstat.zendesk.auth import secret_service

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def desktop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Linux desktop without settings, whose Python has only the library."""
    monkeypatch.delenv("PYTHON_KEYRING_BACKEND")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_CURRENT_DESKTOP", "ubuntu:GNOME")
    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(sys, "path", ["/nonexistent", str(tmp_path)])
    monkeypatch.setitem(sys.modules, "secretstorage", SimpleNamespace())
    package(tmp_path / "keyring-25.7.0.dist-info", "keyring.backends")
    package(tmp_path / "pytest-9.2.0.dist-info", "console_scripts")
    (tmp_path / "certifi-2026.10.19.dist-info").mkdir()
    return tmp_path


def package(metadata: Path, group: str) -> None:
    metadata.mkdir(parents=True)
    (metadata / "entry_points.txt").write_text(f"[{group}]\nname = module\n")


def test_secret_service_is_first_without_settings_and_other_keyrings() -> None:
    assert secret_service.is_first_choice()


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("PYTHON_KEYRING_BACKEND", "keyring.backends.libsecret.Keyring"),
        ("PYTHON_KEYRING_BACKEND", ""),
        ("KEYRING_PROPERTY_PREFERRED_COLLECTION", "/a/collection"),
        ("XDG_CURRENT_DESKTOP", "KDE"),
    ],
)
def test_setting_makes_the_library_choose(
    variable: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(variable, value)
    assert not secret_service.is_first_choice()


@pytest.mark.parametrize("variable", ["XDG_CONFIG_HOME", "HOME"])
def test_configuration_file_makes_the_library_choose(
    variable: str, desktop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = desktop / "config"
    if variable == "HOME":
        monkeypatch.setenv("HOME", str(desktop))
        monkeypatch.setenv("XDG_CONFIG_HOME", "")
        config = desktop / ".config"
    file = config / "python_keyring" / "keyringrc.cfg"
    file.parent.mkdir(parents=True)
    file.touch()
    assert not secret_service.is_first_choice()


@pytest.mark.parametrize(
    "metadata", ["keyrings.alt-5.0.dist-info", "keyring_pass-1.egg-info", "EGG-INFO"]
)
def test_keyring_of_another_package_makes_the_library_choose(
    metadata: str, desktop: Path
) -> None:
    package(desktop / metadata, "keyring.backends")
    assert not secret_service.is_first_choice()


def test_other_system_makes_the_library_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    assert not secret_service.is_first_choice()


def test_missing_secretstorage_makes_the_library_choose(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "secretstorage", None)
    assert not secret_service.is_first_choice()
