from __future__ import annotations

import json
import re
import traceback
from base64 import b64decode, b64encode
from typing import TYPE_CHECKING
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from jobstat.errors import AuthError, JobstatError, UsageError
from jobstat.jobs.reference import parse_reference
from jobstat.zendesk.auth import profiles, zcli
from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.auth.credentials import (
    AuthMethod,
    Credential,
    credential_from_env,
    env_source,
    missing_credential,
)
from jobstat.zendesk.auth.profiles import Profile, Profiles
from jobstat.zendesk.auth.resolve import resolve_account, resolve_provider
from jobstat.zendesk.errors import format_reason
from jobstat.zendesk.exchange import Response
from jobstat.zendesk.redact import CUT, REDACTED, redact_exception

if TYPE_CHECKING:
    from collections.abc import Callable

ACME = "https://acme.zendesk.com"


SANDBOX = "https://acme-sandbox.zendesk.com"


@pytest.fixture
def known(monkeypatch: pytest.MonkeyPatch) -> Profiles:
    """The profiles in jobstat's file; zcli has none."""
    known = Profiles()
    monkeypatch.setattr(profiles, "load_profiles", lambda: known)
    monkeypatch.setattr(zcli, "active_account", lambda: None)
    return known


def add_profiles(known: Profiles, default: str | None, *origins: str) -> None:
    known.default = default
    known.accounts |= {origin: Profile(AuthMethod.TOKEN) for origin in origins}


def find_credential(environ: dict[str, str]) -> Credential:
    found = credential_from_env(environ)
    if found is None:
        raise missing_credential(environ, Account(ACME))
    return found


@pytest.mark.parametrize(
    ("base_url", "subdomain", "environ", "origin"),
    [
        (None, "acme", {}, ACME),
        (None, " ACME ", {}, ACME),
        (None, "acme.zendesk.com", {}, ACME),
        (None, "https://acme.zendesk.com", {}, ACME),
        (None, "https://acme.zendesk.com/agent/dashboard?x=1", {}, ACME),
        (None, "http://127.0.0.1:8080", {}, "http://127.0.0.1:8080"),
        (None, "acme", {"ZENDESK_DOMAIN": "example.com"}, "https://acme.example.com"),
        ("https://acme.zendesk.com/", None, {}, ACME),
        ("HTTPS://ACME.zendesk.com:443", None, {}, ACME),
        ("https://desk.example.com:8443", None, {}, "https://desk.example.com:8443"),
        ("http://localhost:1", None, {}, "http://localhost:1"),
        ("http://[::1]:1", None, {}, "http://[::1]:1"),
        (None, None, {"JOBSTAT_BASE_URL": "http://127.0.0.1:1"}, "http://127.0.0.1:1"),
        (None, None, {"ZENDESK_SUBDOMAIN": "acme"}, ACME),
        (
            None,
            None,
            {"ZENDESK_SUBDOMAIN": "acme", "ZENDESK_DOMAIN": "example.com"},
            "https://acme.example.com",
        ),
        (
            None,
            None,
            {"JOBSTAT_BASE_URL": "https://a.example", "ZENDESK_SUBDOMAIN": "acme"},
            "https://a.example",
        ),
        # What is typed goes before what the environment says.
        (None, "acme", {"JOBSTAT_BASE_URL": "https://other.example"}, ACME),
        ("https://acme.zendesk.com", None, {"ZENDESK_SUBDOMAIN": "other"}, ACME),
    ],
)
def test_account_is_found_from_options_then_the_environment(
    base_url: str | None, subdomain: str | None, environ: dict[str, str], origin: str
) -> None:
    assert resolve_account(base_url, subdomain, environ) == Account(origin)


@pytest.mark.parametrize(
    ("base_url", "subdomain", "environ", "says"),
    [
        (None, None, {}, "no Zendesk account given"),
        (None, None, {"ZENDESK_SUBDOMAIN": ""}, "no Zendesk account given"),
        ("", None, {"ZENDESK_SUBDOMAIN": "acme"}, "--base-url is not a URL"),
        (None, "", {"ZENDESK_SUBDOMAIN": "acme"}, "--subdomain is not a subdomain"),
        ("", "", {}, "give one"),
        ("https://a.example", "acme", {}, "give one"),
        (None, "support.acme.com", {}, "--subdomain is not a subdomain"),
        (None, "acme/..", {}, "--subdomain is not a subdomain"),
        (None, "acme#", {}, "--subdomain is not a subdomain"),
        (None, "-", {}, "--subdomain is not a subdomain"),
        (None, "äcme", {}, "--subdomain is not a subdomain"),
        (None, "a\nb", {}, "--subdomain is not a subdomain"),
        (None, None, {"ZENDESK_SUBDOMAIN": "a b"}, "ZENDESK_SUBDOMAIN is not"),
        ("acme", None, {}, "--base-url is not a URL"),
        ("https://", None, {}, "--base-url is not a URL"),
        ("https://[", None, {}, "--base-url is not a URL"),
        ("https://a.example:x", None, {}, "--base-url is not a URL"),
        ("ftp://a.example", None, {}, "must start with https://"),
        ("http://a.example", None, {}, "must start with https://"),
        ("http://127.0.0.1.example", None, {}, "must start with https://"),
        ("http://localhost.example", None, {}, "must start with https://"),
        ("https://a.example/api/v2", None, {}, "more than a host"),
        ("https://a.example?x", None, {}, "more than a host"),
        ("https://a b.example", None, {}, "--base-url is not a URL"),
        ("http://127.0.\n0.1:1", None, {}, "--base-url is not a URL"),
        ("https://a_b.example", None, {}, "no valid host name"),
        (None, "acme", {"ZENDESK_DOMAIN": "a/b"}, "ZENDESK_DOMAIN is not a domain"),
        (None, "acme", {"ZENDESK_DOMAIN": "x@evil.com"}, "ZENDESK_DOMAIN is not"),
        ("https://ä.example", None, {}, "no valid host name"),
        ("https://me:hunter2@a.example", None, {}, "has a user name in it"),
        (None, "https://me:hunter2@a.example", {}, "has a user name in it"),
    ],
)
def test_invalid_account_name_is_an_error(
    known: Profiles,
    base_url: str | None,
    subdomain: str | None,
    environ: dict[str, str],
    says: str,
) -> None:
    with pytest.raises(UsageError, match=says) as caught:
        resolve_account(base_url, subdomain, environ)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


@given(st.text(), st.booleans())
def test_any_name_is_an_account_over_tls_or_on_this_machine(
    text: str, subdomain: bool
) -> None:
    try:
        account = resolve_account(
            None if subdomain else text, text if subdomain else None, {}
        )
    except UsageError:
        return
    assert account.origin.startswith("https://") or account.on_loopback


def test_job_url_of_another_account_is_refused() -> None:
    mine = parse_reference(f"{ACME}/api/v2/job_statuses/1.json")
    bare = parse_reference("1")
    other = parse_reference("https://evil.example/api/v2/job_statuses/1.json")
    assert resolve_account(ACME, None, {}, [mine, bare]) == Account(ACME)
    with pytest.raises(UsageError, match=r"https://evil\.example"):
        resolve_account(ACME, None, {}, [mine, other])


@pytest.mark.parametrize(
    ("jobs", "default", "logged_in", "origin", "named_by_user"),
    [
        # The account of a job's URL if jobstat is logged in to it, else the default.
        ([SANDBOX], ACME, (ACME, SANDBOX), SANDBOX, False),
        ([ACME], ACME, (ACME, SANDBOX), ACME, True),
        ([SANDBOX], None, (ACME, SANDBOX), SANDBOX, False),
        ([], ACME, (ACME,), ACME, True),
        # zcli's active profile may be the default: jobstat has no login of its own.
        ([ACME], ACME, (), ACME, True),
    ],
)
def test_account_without_a_name_comes_from_the_jobs_or_the_default(
    known: Profiles,
    jobs: list[str],
    default: str | None,
    logged_in: tuple[str, ...],
    origin: str,
    named_by_user: bool,
) -> None:
    references = [parse_reference(f"{url}/api/v2/job_statuses/1") for url in jobs]
    add_profiles(known, default, *logged_in)
    account = resolve_account(None, None, {}, references)
    assert (account.origin, account.named_by_user) == (origin, named_by_user)
    assert resolve_account(origin, None, {}, references).named_by_user


def test_named_account_does_not_need_the_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(profiles, "load_profiles", pytest.fail)
    job = parse_reference(f"{ACME}/api/v2/job_statuses/1")
    assert resolve_account(None, "acme", {}, [job]) == Account(ACME)


def test_job_of_an_unknown_account_is_refused(known: Profiles) -> None:
    job = parse_reference("https://evil.example/api/v2/job_statuses/1")
    add_profiles(known, ACME, ACME)
    with pytest.raises(UsageError, match="but the account is"):
        resolve_account(None, None, {}, [job])


def test_jobs_of_two_accounts_are_refused(known: Profiles) -> None:
    add_profiles(known, ACME, ACME, SANDBOX)
    jobs = [parse_reference(f"{url}/api/v2/job_statuses/1") for url in (ACME, SANDBOX)]
    with pytest.raises(UsageError, match="but the account is"):
        resolve_account(None, None, {}, jobs)


@pytest.mark.parametrize(
    ("origin", "command"),
    [
        (ACME, "jobstat auth login --subdomain acme"),
        (
            "https://acme.zendesk.com.evil.example",
            "--base-url https://acme.zendesk.com.",
        ),
        ("https://a.b.zendesk.com", "--base-url https://a.b.zendesk.com"),
        ("https://desk.example.com:8443", "--base-url https://desk.example.com:8443"),
        ("http://127.0.0.1:1", "--base-url http://127.0.0.1:1"),
        ("http://localhost", "--base-url http://localhost"),
        ("https://localhost:8443", "--base-url https://localhost:8443"),
        ("https://zendesk", "--base-url https://zendesk"),
    ],
)
def test_login_command_names_the_subdomain_or_the_base_url(
    origin: str, command: str
) -> None:
    assert command in Account(origin).login_command


def test_url_of_an_unknown_account_is_named_in_a_hint(known: Profiles) -> None:
    job = parse_reference(f"{ACME}/api/v2/job_statuses/1.json")
    with pytest.raises(UsageError, match="no Zendesk account given") as caught:
        resolve_account(None, None, {}, [job])
    assert caught.value.hint
    assert f"--base-url {ACME}" in caught.value.hint


def _basic(authorization: str) -> str:
    scheme, _, value = authorization.partition(" ")
    assert scheme == "Basic"
    return b64decode(value).decode()


def test_oauth_token_takes_precedence_over_other_credentials() -> None:
    credential = find_credential(
        {
            "ZENDESK_OAUTH_TOKEN": "abc",
            "ZENDESK_EMAIL": "me@example.org",
            "ZENDESK_API_TOKEN": "def",
            "ZENDESK_PASSWORD": "ghi",
        }
    )
    assert credential.authorization == "Bearer abc"


def test_api_token_takes_precedence_over_a_password() -> None:
    credential = find_credential(
        {
            "ZENDESK_EMAIL": "me@example.org",
            "ZENDESK_API_TOKEN": "def",
            "ZENDESK_PASSWORD": "ghi",
        }
    )
    assert _basic(credential.authorization) == "me@example.org/token:def"


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
    provider = resolve_provider(Account(ACME), environ)
    assert (provider.method, provider.source) == (method, source)
    assert env_source(environ) == source


def test_client_id_without_a_secret_raises_an_auth_error() -> None:
    environ = {"ZENDESK_OAUTH_CLIENT_ID": "ci"}
    with pytest.raises(AuthError, match="ZENDESK_OAUTH_CLIENT_ID is set without"):
        find_credential(environ)
    assert env_source(environ) is None


@pytest.mark.parametrize("name", ["ID", "SECRET"])
def test_line_break_in_a_client_id_or_secret_raises_a_usage_error(name: str) -> None:
    environ = {**ENVIRONMENT, f"ZENDESK_OAUTH_CLIENT_{name}": "hunter2\n"}
    del environ["ZENDESK_OAUTH_TOKEN"]
    with pytest.raises(UsageError) as caught:
        resolve_provider(Account(ACME), environ)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


def test_email_and_password_become_basic_authorization() -> None:
    credential = find_credential(
        {"ZENDESK_EMAIL": "me@example.org", "ZENDESK_PASSWORD": "pass wörd:1"}
    )
    assert _basic(credential.authorization) == "me@example.org:pass wörd:1"


def test_repr_of_a_credential_does_not_contain_the_token() -> None:
    credential = find_credential({"ZENDESK_OAUTH_TOKEN": "hunter2"})
    assert "hunter2" not in repr(credential)


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({}, "no credential"),
        ({"ZENDESK_OAUTH_TOKEN": ""}, "no credential"),
        ({"ZENDESK_EMAIL": "me@example.org"}, "ZENDESK_EMAIL is set without"),
        ({"ZENDESK_API_TOKEN": "hunter2"}, "ZENDESK_API_TOKEN is set without"),
        ({"ZENDESK_PASSWORD": "hunter2"}, "ZENDESK_PASSWORD is set without"),
    ],
)
def test_missing_or_incomplete_credential_raises_an_auth_error(
    environ: dict[str, str], says: str
) -> None:
    with pytest.raises(AuthError, match=says) as caught:
        find_credential(environ)
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
        find_credential(environ)
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
        credential = find_credential(environ)
    except JobstatError:
        return
    assert credential.authorization.isascii()
    assert credential.authorization.isprintable()


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
    credential = find_credential(
        {"ZENDESK_EMAIL": "me@example.org", "ZENDESK_API_TOKEN": SECRET}
    )
    error = UsageError(f"it said {form}!", hint=f"it hinted {form}.")
    error.__cause__ = ValueError(f"a line with {form}", 3)
    error.__cause__.__context__ = RuntimeError(5, f"no {form}")
    redact_exception(error, credential.secrets)
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
    redact_exception(error, find_credential(environ).secrets)
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
    for said in (error.message, str(error.__cause__)):
        assert REDACTED in said
        assert whole[:4] not in said


def test_secret_cut_off_inside_a_character_is_redacted() -> None:
    body = "you sent pässwö".encode()[:-1]
    said = format_reason(
        Response(400, {"content-type": "text/plain"}, body, is_cut=True)
    )
    error = UsageError(said)
    redact_exception(error, ["pässwört"])
    assert error.message == f"400: you sent {REDACTED}{CUT}"


def test_start_of_a_secret_is_redacted_only_at_the_cut() -> None:
    error = UsageError(f"a test{CUT} of test")
    redact_exception(error, ["test-t0ken"])
    assert error.message == f"a [hidden]{CUT} of test"


def test_short_secret_is_not_redacted_inside_words() -> None:
    error = UsageError("a cat sat")
    redact_exception(error, find_credential({"ZENDESK_OAUTH_TOKEN": "at"}).secrets)
    assert error.message == "a cat sat"
