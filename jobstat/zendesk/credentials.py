"""Which credential is shown to the account."""

from __future__ import annotations

import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from jobstat.errors import AuthError, UsageProblem
from jobstat.zendesk.hiding import as_bytes, hide_in

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(r"[!-~]+")
_EMAIL = re.compile(r"[^\s:\x00-\x1f\x7f]+@[^\s:\x00-\x1f\x7f]+")
_PASSWORD = re.compile(r"[^\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True)
class Credential:
    """What proves to the account who asks.

    ``source`` names the variables that it came from, ``warning`` is what the
    user should know about it. The header is never part of a ``repr``.
    """

    source: str
    authorization: str = field(repr=False)
    warning: str | None = None
    secret: str = field(default="", repr=False)

    def hide_in(self, error: BaseException) -> None:
        """Take the secret out of an error and its causes, in any form it is met in."""
        hide_in(error, (self.authorization.partition(" ")[2], self.secret))


def find_credential(environ: Mapping[str, str]) -> Credential:
    """The first credential that the environment holds, checked for a header.

    Raises AuthError when there is none or only half of one, UsageProblem for
    one that cannot be used as it stands. No error repeats a secret.
    """
    if token := environ.get("ZENDESK_OAUTH_TOKEN"):
        _check("ZENDESK_OAUTH_TOKEN", token, _TOKEN, "one word of ASCII")
        return Credential("ZENDESK_OAUTH_TOKEN", f"Bearer {token}", secret=token)
    email = environ.get("ZENDESK_EMAIL")
    api_token = environ.get("ZENDESK_API_TOKEN")
    password = environ.get("ZENDESK_PASSWORD")
    if email and api_token:
        _check("ZENDESK_EMAIL", email, _EMAIL, "one e-mail address")
        _check("ZENDESK_API_TOKEN", api_token, _TOKEN, "one word of ASCII")
        return Credential(
            "ZENDESK_EMAIL with ZENDESK_API_TOKEN",
            _basic(f"{email}/token", api_token),
            secret=api_token,
        )
    if email and password:
        _check("ZENDESK_EMAIL", email, _EMAIL, "one e-mail address")
        _check("ZENDESK_PASSWORD", password, _PASSWORD, "one line")
        return Credential(
            "ZENDESK_EMAIL with ZENDESK_PASSWORD",
            _basic(email, password),
            secret=password,
            warning="Zendesk ended sign-in by password in January 2026;"
            " use ZENDESK_OAUTH_TOKEN",
        )
    raise _missing(
        email=bool(email), api_token=bool(api_token), password=bool(password)
    )


def _missing(*, email: bool, api_token: bool, password: bool) -> AuthError:
    if email:
        return AuthError(
            "half a credential: ZENDESK_EMAIL is set without a token",
            hint="Set ZENDESK_API_TOKEN beside it, or ZENDESK_OAUTH_TOKEN alone.",
        )
    for name, there in (
        ("ZENDESK_API_TOKEN", api_token),
        ("ZENDESK_PASSWORD", password),
    ):
        if there:
            return AuthError(
                f"half a credential: {name} is set without ZENDESK_EMAIL",
                hint="Set ZENDESK_EMAIL beside it, or ZENDESK_OAUTH_TOKEN alone.",
            )
    return AuthError(
        "no credential",
        hint="Set ZENDESK_OAUTH_TOKEN, or ZENDESK_EMAIL and ZENDESK_API_TOKEN.",
    )


def _check(name: str, value: str, form: re.Pattern[str], what: str) -> None:
    if not form.fullmatch(value):
        raise UsageProblem(
            f"{name} is not {what}: it holds a character that does not belong there",
            hint="Give it bare: without Bearer, a blank or a line break.",
        )


def _basic(user: str, secret: str) -> str:
    return "Basic " + b64encode(as_bytes(f"{user}:{secret}")).decode()
