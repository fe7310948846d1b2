"""The system's keyring. Only this module imports the library of that name.

A keyring may show a dialog, wait for another program, or never answer, so each call has
a timeout. A user at the terminal gets more time to answer a dialog.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from jobstat import clock, user
from jobstat.errors import AuthError
from jobstat.zendesk.auth import secret_service
from jobstat.zendesk.auth.credentials import ENV_CREDENTIALS
from jobstat.zendesk.background import BackgroundCall
from jobstat.zendesk.redact import contains_secret, redact_exception

T = TypeVar("T")

SERVICE = "jobstat"
"""The service of jobstat's keyring entries. The name of an entry is the account's."""

KEYRING_TIMEOUT = 3.0
"""Seconds that the keyring may take."""

DIALOG_TIMEOUT = 60.0
"""Seconds that the keyring may take if a user can answer its dialog."""


class KeyringError(AuthError):
    """The keyring cannot be used now. A watch retries: the user may unlock it."""

    transient = True


def read(name: str, timeout: float | None = None) -> str | None:
    """Return the secret of this name, None if there is none.

    Wait ``timeout`` seconds, at most ``KEYRING_TIMEOUT``. Without a timeout, a user has
    time to answer a dialog. Raise KeyringError.
    """
    timeout = _at_most(timeout)
    if secret_service.is_first_choice():
        search = _wait_for(lambda: secret_service.find(SERVICE, name), timeout)
        if secret := search.result():
            return secret
    stored: str | None = _call_keyring(
        lambda keyring: keyring.get_password(SERVICE, name), timeout
    )
    return stored


def write(
    name: str, secret: str, parts: Sequence[str] = (), timeout: float = KEYRING_TIMEOUT
) -> None:
    """Replace the secret of this name within ``timeout`` seconds.

    Raise KeyringError, without the secret and its ``parts``.
    """

    def write_and_read(keyring: Any) -> Any:
        keyring.set_password(SERVICE, name, secret)
        return keyring.get_password(SERVICE, name)

    if _call_keyring(write_and_read, timeout, secrets=(secret, *parts)) != secret:
        raise KeyringError(
            "the keyring did not keep the secret",
            hint=f"To work without the keyring, set {ENV_CREDENTIALS}",
        )


def delete(name: str) -> None:
    """Delete the secret of this name, if there is one. Raise KeyringError."""

    def delete_existing(keyring: Any) -> None:
        if keyring.get_password(SERVICE, name) is not None:
            keyring.delete_password(SERVICE, name)

    _call_keyring(delete_existing, KEYRING_TIMEOUT)


def read_zcli(name: str, timeout: float | None = None) -> list[str]:
    """Return the secrets that zcli may have stored for an account.

    Wait as ``read`` does. Raise KeyringError.
    """

    def read_all(keyring: Any) -> list[str]:
        backend = keyring.get_keyring()
        # If there are several keyrings, the library's backend is a chain of them.
        return list(_zcli_secrets(getattr(backend, "backends", [backend]), name))

    secrets: list[str] = _call_keyring(read_all, _at_most(timeout))
    return secrets


def _at_most(timeout: float | None) -> float | None:
    return None if timeout is None else min(timeout, KEYRING_TIMEOUT)


def _zcli_secrets(backends: list[Any], name: str) -> Iterator[str]:
    for backend in backends:
        reader = backend
        if hasattr(backend, "schemes"):
            # The Secret Service finds entries by attributes. zcli's keytar names them
            # differently.
            keytar = {"username": "account", "service": "service"}
            reader = backend.with_properties(
                schemes={"keytar": keytar}, scheme="keytar"
            )
        if secret := reader.get_password("zcli", name):
            yield secret


def _skip_macos_library() -> None:
    """Keep the library from looking for macOS's own libraries on another system.

    It would run ldconfig and a compiler, which takes longer than all of its own code,
    and find none.
    """
    if sys.platform != "darwin":
        sys.modules.setdefault("keyring.backends.macOS.api", None)  # type: ignore[arg-type] # None is allowed


def _call_keyring(
    call: Callable[[Any], Any], timeout: float | None, secrets: Sequence[str] = ()
) -> Any:
    """Return the result of a call of the library. Wait as ``read`` does.

    Raise KeyringError, without the secrets.
    """
    # The timeout does not include the import, which takes seconds on a busy machine.
    import keyring

    _skip_macos_library()
    background = _wait_for(lambda: call(keyring), timeout)
    try:
        return background.result()
    except BaseException as error:  # noqa: BLE001 - a backend may raise anything
        redact_exception(error, secrets)
        keyring_error = _to_keyring_error(error)
        redact_exception(keyring_error, secrets)
        from traceback import format_exception

        # Drop an exception that still shows a secret, outside its arguments.
        shows_secret = contains_secret("".join(format_exception(error)), secrets)
        raise keyring_error from (None if shows_secret else error)


def _wait_for(call: Callable[[], T], timeout: float | None) -> BackgroundCall[T]:
    """Run a call, and return it when it is done. Wait as ``read`` does.

    Raise KeyringError if it takes too long.
    """
    started = clock.monotonic()
    allowed = KEYRING_TIMEOUT if timeout is None else timeout
    background = BackgroundCall(call, "keyring")
    answered = background.wait(lambda: started + allowed - clock.monotonic())
    if not answered and timeout is None and user.notify:
        user.notify("waiting for the keyring; it may be asking for its password")
        allowed = DIALOG_TIMEOUT
        answered = background.wait(lambda: started + allowed - clock.monotonic())
    if not answered:
        raise KeyringError(
            f"the keyring did not answer within {max(allowed, 1):.0f} s",
            hint="If the keyring is locked, unlock it. To work without it, set"
            f" {ENV_CREDENTIALS}",
        )
    return background


def _to_keyring_error(error: BaseException) -> KeyringError:
    from keyring.errors import KeyringLocked, NoKeyringError

    match error:
        case KeyringLocked():
            message, hint = "the keyring is locked", "Unlock the keyring, or set"
        case NoKeyringError():
            message = "there is no keyring here"
            hint = (
                "On a server, start a Secret Service such as gnome-keyring. To work"
                " without a keyring, set"
            )
        case _:
            reason = " ".join(str(error).split()) or type(error).__name__
            message = f"the keyring cannot be used: {reason}"
            hint = "To work without the keyring, set"
    return KeyringError(message, hint=f"{hint} {ENV_CREDENTIALS}")
