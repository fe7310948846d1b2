"""Credentials from the environment: their order, their form, their errors."""

from __future__ import annotations

from base64 import b64decode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstat.errors import AuthError, JobstatError, UsageError
from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.auth.credentials import (
    AuthMethod,
    Credential,
    credential_from_env,
    env_source,
    missing_credential,
)
from jobstat.zendesk.auth.resolve import resolve_provider


def require_credential(environ: dict[str, str]) -> Credential:
    """Return the environment's credential, or raise the error of a missing one."""
    credential = credential_from_env(environ)
    if credential is None:
        raise missing_credential(environ, Account("https://acme.zendesk.com"))
    return credential


def decode_basic(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    assert scheme == "Basic"
    return b64decode(value).decode()


def test_oauth_token_takes_precedence_over_other_credentials() -> None:
    credential = require_credential(
        {
            "ZENDESK_OAUTH_TOKEN": "abc",
            "ZENDESK_EMAIL": "me@example.org",
            "ZENDESK_API_TOKEN": "def",
            "ZENDESK_PASSWORD": "ghi",
        }
    )
    assert credential.authorization == "Bearer abc"


def test_api_token_takes_precedence_over_a_password() -> None:
    credential = require_credential(
        {
            "ZENDESK_EMAIL": "me@example.org",
            "ZENDESK_API_TOKEN": "def",
            "ZENDESK_PASSWORD": "ghi",
        }
    )
    assert decode_basic(credential.authorization) == "me@example.org/token:def"


ENVIRONMENT = {
    "ZENDESK_OAUTH_TOKEN": "abc",
    "ZENDESK_OAUTH_CLIENT_ID": "ci",
    "ZENDESK_OAUTH_CLIENT_SECRET": "s3cret",
    "ZENDESK_EMAIL": "me@example.org",
    "ZENDESK_API_TOKEN": "def",
    "ZENDESK_PASSWORD": "ghi",
}


@pytest.mark.parametrize(
    ("without", "method", "source"),
    [
        ((), AuthMethod.TOKEN, "ZENDESK_OAUTH_TOKEN"),
        (("ZENDESK_OAUTH_TOKEN",), AuthMethod.CLIENT, "ZENDESK_OAUTH_CLIENT_ID"),
        (
            ("ZENDESK_OAUTH_TOKEN", "ZENDESK_OAUTH_CLIENT_SECRET"),
            AuthMethod.API_TOKEN,
            "ZENDESK_API_TOKEN",
        ),
        (
            ("ZENDESK_OAUTH_TOKEN", "ZENDESK_OAUTH_CLIENT_ID", "ZENDESK_API_TOKEN"),
            AuthMethod.PASSWORD,
            "ZENDESK_PASSWORD",
        ),
    ],
)
def test_login_uses_the_first_complete_environment_credential(
    without: tuple[str, ...], method: AuthMethod, source: str
) -> None:
    environ = {name: v for name, v in ENVIRONMENT.items() if name not in without}
    provider = resolve_provider(Account("https://acme.zendesk.com"), environ)
    assert (provider.method, provider.source) == (method, source)
    assert env_source(environ) == source


def test_client_id_without_a_secret_raises_an_auth_error() -> None:
    environ = {"ZENDESK_OAUTH_CLIENT_ID": "ci"}
    with pytest.raises(AuthError, match="ZENDESK_OAUTH_CLIENT_ID is set without"):
        require_credential(environ)
    assert env_source(environ) is None


@pytest.mark.parametrize("name", ["ID", "SECRET"])
def test_line_break_in_a_client_id_or_secret_raises_a_usage_error(name: str) -> None:
    environ = {**ENVIRONMENT, f"ZENDESK_OAUTH_CLIENT_{name}": "hunter2\n"}
    del environ["ZENDESK_OAUTH_TOKEN"]
    with pytest.raises(UsageError) as caught:
        resolve_provider(Account("https://acme.zendesk.com"), environ)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_email_and_password_become_basic_authorization() -> None:
    credential = require_credential(
        {"ZENDESK_EMAIL": "me@example.org", "ZENDESK_PASSWORD": "pass wörd:1"}
    )
    assert decode_basic(credential.authorization) == "me@example.org:pass wörd:1"


def test_repr_of_a_credential_does_not_contain_the_token() -> None:
    credential = require_credential({"ZENDESK_OAUTH_TOKEN": "hunter2"})
    assert "hunter2" not in repr(credential)


@pytest.mark.parametrize(
    ("environ", "message"),
    [
        ({}, "no credential"),
        ({"ZENDESK_OAUTH_TOKEN": ""}, "no credential"),
        ({"ZENDESK_EMAIL": "me@example.org"}, "ZENDESK_EMAIL is set without"),
        ({"ZENDESK_API_TOKEN": "hunter2"}, "ZENDESK_API_TOKEN is set without"),
        ({"ZENDESK_PASSWORD": "hunter2"}, "ZENDESK_PASSWORD is set without"),
    ],
)
def test_missing_or_incomplete_credential_raises_an_auth_error(
    environ: dict[str, str], message: str
) -> None:
    with pytest.raises(AuthError, match=message) as caught:
        require_credential(environ)
    assert caught.value.hint
    assert "ZENDESK_OAUTH_TOKEN" in caught.value.hint
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


@pytest.mark.parametrize(
    "environ",
    [
        {"ZENDESK_OAUTH_TOKEN": "hunter2\n"},
        {"ZENDESK_OAUTH_TOKEN": "hunter2\r"},
        {"ZENDESK_OAUTH_TOKEN": "hunter2\nX-Evil: 1"},
        {"ZENDESK_OAUTH_TOKEN": "hunter2ö"},
        {"ZENDESK_OAUTH_TOKEN": "hunter2 "},
        {"ZENDESK_OAUTH_TOKEN": "hunter2\udcff"},
        {"ZENDESK_EMAIL": "me@example.org", "ZENDESK_API_TOKEN": "hunter2\n"},
        {"ZENDESK_EMAIL": "me@x:hunter2", "ZENDESK_API_TOKEN": "a"},
        {"ZENDESK_EMAIL": "me", "ZENDESK_API_TOKEN": "hunter2"},
        {"ZENDESK_EMAIL": "me@example.org\n", "ZENDESK_PASSWORD": "hunter2"},
        {"ZENDESK_EMAIL": "me@example.org", "ZENDESK_PASSWORD": "hunter2\n"},
    ],
)
def test_malformed_credential_raises_a_usage_error_without_the_secret(
    environ: dict[str, str],
) -> None:
    with pytest.raises(UsageError) as caught:
        require_credential(environ)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "ZENDESK_OAUTH_TOKEN",
                "ZENDESK_EMAIL",
                "ZENDESK_API_TOKEN",
                "ZENDESK_PASSWORD",
            ]
        ),
        st.text(st.characters(codec=None)),
    )
)
def test_any_environment_yields_an_ascii_header_or_an_error(
    environ: dict[str, str],
) -> None:
    try:
        credential = require_credential(environ)
    except JobstatError:
        return
    assert credential.authorization.isascii()
    assert credential.authorization.isprintable()
