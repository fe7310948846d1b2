"""Secrets never appear in errors, in any encoding that a response may use."""

from __future__ import annotations

import json
import re
import traceback
from base64 import b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from jobstat.errors import UsageError
from jobstat.zendesk.auth.credentials import api_token, bearer, credential_from_env
from jobstat.zendesk.errors import format_reason
from jobstat.zendesk.exchange import Response
from jobstat.zendesk.redact import CUT, REDACTED, redact_exception

if TYPE_CHECKING:
    from collections.abc import Callable


SECRET = "t0k/en+&=%x"


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        "t0k%2Fen%2B%26%3D%25x",
        "t0k/en%2B%26%3D%25x",
        "t0k%2fen%2b%26%3d%25x",
        b64encode(SECRET.encode()).decode(),
        b64encode(f"me@example.org/token:{SECRET}".encode()).decode(),
    ],
)
def test_every_encoding_of_a_secret_is_redacted_in_error_and_causes(form: str) -> None:
    credential = api_token("me@example.org", SECRET, "a test")
    error = UsageError(f"it said {form}!", hint=f"it hinted {form}.")
    error.__cause__ = ValueError(f"a line with {form}", 3)
    error.__cause__.__context__ = RuntimeError(5, f"no {form}")
    redact_exception(error, credential.secret_texts)
    shown = "".join(traceback.format_exception(error)) + error.message
    assert form not in f"{shown}{error.hint}"
    assert error.message == "it said [hidden]!"
    assert error.hint == "it hinted [hidden]."


@pytest.mark.parametrize(
    "form",
    [
        "pässwört",
        repr("pässwört".encode()),
        r"p\u00e4ssw\u00f6rt",
        "p%C3%A4ssw%C3%B6rt",
        "p%c3%a4ssw%c3%b6rt",
        "p\\xe4ss",
    ],
)
def test_every_encoding_of_a_password_is_redacted(form: str) -> None:
    password = "p\\xe4ss" if form == "p\\xe4ss" else "pässwört"
    environ = {"ZENDESK_EMAIL": "me@example.org", "ZENDESK_PASSWORD": password}
    error = UsageError(f"it said {form}!")
    credential = credential_from_env(environ)
    assert credential
    redact_exception(error, credential.secret_texts)
    assert not re.search(r"ssw|xe4", error.message)


FORMS: dict[str, Callable[[str], str]] = {
    "bare": str,
    "on one line": lambda secret: " ".join(secret.split()),
    "in a path": quote,
    "in a form": quote_plus,
    "in base64": lambda secret: b64encode(secret.encode()).decode(),
    "in JSON": lambda secret: json.dumps(secret)[1:-1],
}


@pytest.mark.parametrize("form", FORMS)
@given(st.text(min_size=4), st.integers(min_value=4, max_value=40))
@example(secret=" [cu ", length=4)
@example(secret="abcd ", length=4)
def test_secret_cut_off_by_truncation_is_redacted(
    form: str, secret: str, length: int
) -> None:
    whole = FORMS[form](secret)
    words = "it refuses (400: this: {}" + CUT + ")"
    assume(len(whole) >= 4)
    assume(whole[:4] not in words.format(REDACTED))
    error = UsageError(words.format(whole[:length]))
    error.__cause__ = ValueError(words.format(whole[:length]))
    redact_exception(error, [secret])
    for message in (error.message, str(error.__cause__)):
        assert REDACTED in message
        assert whole[:4] not in message


def test_secret_cut_off_inside_a_character_is_redacted() -> None:
    body = "you sent pässwö".encode()[:-1]
    reason = format_reason(
        Response(400, {"content-type": "text/plain"}, body, is_cut=True)
    )
    error = UsageError(reason)
    redact_exception(error, ["pässwört"])
    assert error.message == f"400: you sent {REDACTED}{CUT}"


def test_start_of_a_secret_is_redacted_only_at_the_cut() -> None:
    error = UsageError(f"a test{CUT} of test")
    redact_exception(error, ["test-t0ken"])
    assert error.message == f"a [hidden]{CUT} of test"


def test_short_secret_is_not_redacted_inside_words() -> None:
    error = UsageError("a cat sat")
    redact_exception(error, bearer("at", "a test").secret_texts)
    assert error.message == "a cat sat"
