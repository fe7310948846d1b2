"""The system's keyring: all that knows the library of that name.

It may ask its user, wait for another program, or never answer: each call is given
up after a time. Where a person is at the terminal, the first one has time for a
dialog.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jobstat import clock, user
from jobstat.errors import AuthError
from jobstat.zendesk.auth.credentials import IN_ENVIRONMENT
from jobstat.zendesk.background import BackgroundCall
from jobstat.zendesk.redact import redact_exception, repeats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

SERVICE = "jobstat"

KEYRING_TIMEOUT = 3.0
"""Seconds that the keyring may take."""

DIALOG_TIMEOUT = 60.0
"""Seconds that it may take where it can ask a person for its password."""


class KeyringProblem(AuthError):
    """The keyring cannot be used, at least now: a watch goes on for a while."""

    transient = True


def read(name: str, timeout: float | None = None) -> str | None:
    """The secret that jobstat keeps of an account, None where there is none.

    ``timeout`` is in seconds; without it a person has time for a dialog. Raises
    KeyringProblem, as the other ones do.
    """
    found: str | None = _bounded(
        lambda keyring: keyring.get_password(SERVICE, name), _brief(timeout)
    )
    return found


def write(
    name: str, secret: str, parts: Sequence[str] = (), timeout: float = KEYRING_TIMEOUT
) -> None:
    """Keep a secret of an account, in place of the one before.

    No error repeats it, or one of its parts. ``timeout`` is in seconds.
    """

    def call(keyring: Any) -> Any:
        keyring.set_password(SERVICE, name, secret)
        return keyring.get_password(SERVICE, name)

    if _bounded(call, timeout, secrets=(secret, *parts)) != secret:
        raise KeyringProblem(
            "the keyring did not keep what was stored in it",
            hint=f"Without one, set {IN_ENVIRONMENT}",
        )


def delete(name: str) -> None:
    """Have the keyring forget what it keeps of an account, if there is anything."""

    def call(keyring: Any) -> None:
        if keyring.get_password(SERVICE, name) is not None:
            keyring.delete_password(SERVICE, name)

    _bounded(call, KEYRING_TIMEOUT)


def read_zcli(name: str, timeout: float | None = None) -> Iterator[str]:
    """What zcli may have stored of an account, in each way to read it.

    ``timeout`` is as that of ``read``.
    """

    def call(keyring: Any) -> list[str]:
        backend = keyring.get_keyring()
        # Of several keyrings, a chain is made.
        return list(_zcli_in(getattr(backend, "backends", [backend]), name))

    found: list[str] = _bounded(call, _brief(timeout))
    return iter(found)


def _brief(timeout: float | None) -> float | None:
    return None if timeout is None else min(timeout, KEYRING_TIMEOUT)


def _zcli_in(backends: list[Any], name: str) -> Iterator[str]:
    for backend in backends:
        service, reader = "zcli", backend
        if hasattr(backend, "schemes"):
            # The Secret Service finds by attributes, and zcli names its own
            # differently.
            keytar = {"username": "account", "service": "service"}
            reader = backend.with_properties(
                schemes={"keytar": keytar}, scheme="keytar"
            )
        elif type(backend).__name__ == "WinVaultKeyring":
            service = f"zcli/{name}"
        secret = reader.get_password(service, name)
        if secret:
            yield secret
            # Windows' keyring takes what zcli wrote in UTF-8 for UTF-16.
            undone = secret.encode("utf-16-le", "surrogatepass")
            yield undone.decode("utf-8", "replace")


def _bounded(
    call: Callable[[Any], Any], timeout: float | None, secrets: Sequence[str] = ()
) -> Any:
    """What ``call`` makes of the library; no error repeats the secrets."""
    # Its time is that of a busy machine, and none of the keyring's.
    import keyring

    started = clock.monotonic()
    patience = KEYRING_TIMEOUT if timeout is None else timeout
    apart = BackgroundCall(lambda: call(keyring), "keyring")
    answered = apart.wait(lambda: started + patience - clock.monotonic())
    if not answered and timeout is None and user.notify:
        user.notify("waiting for the keyring; it may be asking for its password")
        patience = DIALOG_TIMEOUT
        answered = apart.wait(lambda: started + patience - clock.monotonic())
    if not answered:
        raise KeyringProblem(
            f"the keyring did not answer within {max(patience, KEYRING_TIMEOUT):.0f} s",
            hint=f"Is it locked? Without one, set {IN_ENVIRONMENT}",
        )
    try:
        return apart.result()
    except BaseException as error:  # noqa: BLE001 - raised as its cause, if it may be
        # A backend may be anybody's, and raise anything.
        redact_exception(error, secrets)
        problem = _problem(error)
        redact_exception(problem, secrets)
        from traceback import format_exception

        # It may keep a secret elsewhere than in its arguments.
        shows = repeats("".join(format_exception(error)), secrets)
        raise problem from (None if shows else error)


def _problem(error: BaseException) -> KeyringProblem:
    from keyring.errors import KeyringLocked, NoKeyringError

    match error:
        case KeyringLocked():
            message, hint = "the keyring is locked", "Unlock it, or set"
        case NoKeyringError():
            message = "there is no keyring here"
            hint = (
                "On a server, start a Secret Service (such as gnome-keyring, in a D-Bus"
                " session), or store nothing and set"
            )
        case _:
            said = " ".join(str(error).split()) or type(error).__name__
            message = f"the keyring cannot be used: {said}"
            hint = "Without one, set"
    return KeyringProblem(message, hint=f"{hint} {IN_ENVIRONMENT}")
