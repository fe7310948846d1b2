"""The account of a command: from options, environment, job URLs or the default."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstat.errors import UsageError
from jobstat.jobs.reference import parse_reference
from jobstat.zendesk.auth import profiles, zcli
from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.auth.credentials import AuthMethod
from jobstat.zendesk.auth.profiles import Profile, Profiles
from jobstat.zendesk.auth.resolve import resolve_account

ACME = "https://acme.zendesk.com"
SANDBOX = "https://acme-sandbox.zendesk.com"


@pytest.fixture
def saved_profiles(monkeypatch: pytest.MonkeyPatch) -> Profiles:
    """The profiles in jobstat's file; zcli has none."""
    saved_profiles = Profiles()
    monkeypatch.setattr(profiles, "load_profiles", lambda: saved_profiles)
    monkeypatch.setattr(zcli, "active_account", lambda: None)
    return saved_profiles


def add_profiles(saved_profiles: Profiles, default: str | None, *origins: str) -> None:
    saved_profiles.default = default
    saved_profiles.accounts |= {origin: Profile(AuthMethod.TOKEN) for origin in origins}


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
        # Options take precedence over the environment.
        (None, "acme", {"JOBSTAT_BASE_URL": "https://other.example"}, ACME),
        ("https://acme.zendesk.com", None, {"ZENDESK_SUBDOMAIN": "other"}, ACME),
    ],
)
def test_account_is_found_from_options_then_the_environment(
    base_url: str | None, subdomain: str | None, environ: dict[str, str], origin: str
) -> None:
    assert resolve_account(base_url, subdomain, environ) == Account(origin)


@pytest.mark.parametrize(
    ("base_url", "subdomain", "environ", "message"),
    [
        (None, None, {}, "no Zendesk account given"),
        (None, None, {"ZENDESK_SUBDOMAIN": ""}, "no Zendesk account given"),
        ("", None, {"ZENDESK_SUBDOMAIN": "acme"}, "--base-url is not a URL"),
        (None, "", {"ZENDESK_SUBDOMAIN": "acme"}, "--subdomain is not a subdomain"),
        ("", "", {}, "both name an account"),
        ("https://a.example", "acme", {}, "both name an account"),
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
        ("https://me:hunter2@a.example", None, {}, "contains a user name"),
        (None, "https://me:hunter2@a.example", {}, "contains a user name"),
    ],
)
def test_invalid_account_name_is_an_error(
    saved_profiles: Profiles,
    base_url: str | None,
    subdomain: str | None,
    environ: dict[str, str],
    message: str,
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        resolve_account(base_url, subdomain, environ)
    assert "hunter2" not in f"{caught.value} {caught.value.hint}"


@given(st.text(), st.booleans())
def test_account_of_any_name_uses_tls_or_is_on_loopback(
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
def test_unnamed_account_comes_from_the_job_urls_or_the_default(
    saved_profiles: Profiles,
    jobs: list[str],
    default: str | None,
    logged_in: tuple[str, ...],
    origin: str,
    named_by_user: bool,
) -> None:
    references = [parse_reference(f"{url}/api/v2/job_statuses/1") for url in jobs]
    add_profiles(saved_profiles, default, *logged_in)
    account = resolve_account(None, None, {}, references)
    assert (account.origin, account.named_by_user) == (origin, named_by_user)
    assert resolve_account(origin, None, {}, references).named_by_user


def test_named_account_is_found_without_reading_accounts_toml(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(profiles, "load_profiles", pytest.fail)
    job = parse_reference(f"{ACME}/api/v2/job_statuses/1")
    assert resolve_account(None, "acme", {}, [job]) == Account(ACME)


def test_job_of_an_unknown_account_is_refused(saved_profiles: Profiles) -> None:
    job = parse_reference("https://evil.example/api/v2/job_statuses/1")
    add_profiles(saved_profiles, ACME, ACME)
    with pytest.raises(UsageError, match="but the account is"):
        resolve_account(None, None, {}, [job])


def test_jobs_of_two_accounts_are_refused(saved_profiles: Profiles) -> None:
    add_profiles(saved_profiles, ACME, ACME, SANDBOX)
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


def test_url_of_an_unknown_account_is_named_in_a_hint(saved_profiles: Profiles) -> None:
    job = parse_reference(f"{ACME}/api/v2/job_statuses/1.json")
    with pytest.raises(UsageError, match="no Zendesk account given") as caught:
        resolve_account(None, None, {}, [job])
    assert caught.value.hint
    assert f"--base-url {ACME}" in caught.value.hint
