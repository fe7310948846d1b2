"""A short way to a secret in the Secret Service, the keyring of most Linux desktops.

The keyring library takes a fourth of the time of ``show --json`` to choose a keyring.
If it would choose the Secret Service anyway, jobstat reads from there directly. In
each other case, also for a locked keyring, the library does its work.
"""

from __future__ import annotations

import os
import sys
from contextlib import closing, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


def is_first_choice() -> bool:
    """Return whether the keyring library would ask the Secret Service first.

    Its priority is the highest of the library's own keyrings, apart from KDE's. A
    setting or another package can add a keyring before it.
    """
    if sys.platform != "linux" or any(map(_is_setting, os.environ)):
        return False
    if "KDE" in os.environ.get("XDG_CURRENT_DESKTOP", ""):
        return False
    config = os.environ.get("XDG_CONFIG_HOME") or os.path.expanduser("~/.config")  # noqa: PTH111 - pathlib raises without a home
    if os.path.exists(f"{config}/python_keyring/keyringrc.cfg"):  # noqa: PTH110 - the same
        return False
    if any(b"keyring.backends" in text for text in _entry_points()):
        return False
    try:
        import secretstorage  # noqa: F401 - the import is not a part of the timeout
    except (ImportError, AttributeError):  # as the library expects them
        return False
    return True


def find(service: str, name: str) -> str | None:
    """Return a secret. Return None if it is missing or locked, or after any error.

    Show no dialog. The keyring library stores a secret with the same attributes.
    """
    import secretstorage

    query = {"service": service, "username": name}
    # The library reports a problem.
    with suppress(Exception), closing(secretstorage.dbus_init()) as bus:
        for item in secretstorage.Collection(bus).search_items(query):
            secret: bytes = item.get_secret()  # not of a locked one
            return secret.decode()
    return None


def _is_setting(variable: str) -> bool:
    return variable.startswith(("PYTHON_KEYRING_BACKEND", "KEYRING_PROPERTY_"))


def _entry_points() -> Iterator[bytes]:
    """Yield the entry points of each package but the library itself.

    importlib.metadata takes ten times as long.
    """
    for directory in sys.path:
        try:
            names = os.listdir(directory or ".")  # noqa: PTH208 - it is a string
        except OSError:
            continue
        for name in names:
            is_metadata = name.endswith((".dist-info", ".egg-info", "EGG-INFO"))
            if is_metadata and not name.startswith("keyring-"):
                try:
                    path = f"{directory or '.'}/{name}/entry_points.txt"
                    with open(path, "rb") as file:  # noqa: PTH123 - the same
                        yield file.read()
                except OSError:
                    pass
