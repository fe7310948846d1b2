"""Which credential is shown to the account."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, quote_plus

from jobstat.errors import AuthError, JobstatError, UsageProblem

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_TOKEN = re.compile(r"[!-~]+")
_EMAIL = re.compile(r"[^\s:\x00-\x1f\x7f]+@[^\s:\x00-\x1f\x7f]+")
_PASSWORD = re.compile(r"[^\x00-\x1f\x7f]+")

HIDDEN = "[hidden]"


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
    return "Basic " + b64encode(_bytes(f"{user}:{secret}")).decode()


def hide_in(error: BaseException, secrets: Iterable[str]) -> None:
    """Take these secrets out of an error and its causes, in any form it is met in."""
    forms = _forms(secrets)

    def hidden(value: Any) -> Any:
        if isinstance(value, str):
            for form in forms:
                value = value.replace(form, HIDDEN)
        return value

    found: BaseException | None = error
    while found is not None:
        found.args = tuple(map(hidden, found.args))
        if isinstance(found, JobstatError):
            found.sentence, found.hint = hidden(found.sentence), hidden(found.hint)
        found = found.__cause__ or found.__context__


def _forms(secrets: Iterable[str]) -> list[str]:
    """Secrets as they are sent, and as an answer or an error may quote them."""
    found: set[str] = set()
    for bare in secrets:
        raw = _bytes(bare)
        quoted = {quote(raw), quote_plus(raw), quote(raw, safe="")}
        found |= {bare, b64encode(raw).decode(), *quoted, *map(_lower, quoted)}
        # As an error of Python's, a text in JSON, or a text put on one line.
        found |= {repr(bare)[1:-1], repr(raw)[2:-1], json.dumps(bare)[1:-1]}
        found.add(" ".join(bare.split()))
    # What is shorter is no secret, but a part of many a word.
    return sorted((f for f in found if len(f) > 3), key=len, reverse=True)  # noqa: PLR2004 - as said


def _lower(quoted: str) -> str:
    return re.sub("%..", lambda code: code[0].lower(), quoted)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
