"""``jobstat auth login``: log in to an account, and have it remembered."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import click

from jobstat.errors import JobstatError, Unavailable, UsageProblem
from jobstat.options import epilog, positive_duration, shared_options
from jobstat.views.prompt import ask, can_ask, choose, read_secret
from jobstat.views.terminal import standard_error
from jobstat.views.wording import LONGEST_NAME, safe
from jobstat.zendesk.auth.account import Account, at_subdomain, named_account
from jobstat.zendesk.auth.callback import PORT
from jobstat.zendesk.auth.credentials import (
    Kind,
    check_client_id,
    check_email,
    check_token,
    end_of_api_tokens,
    source_in,
)
from jobstat.zendesk.auth.memory import Memory
from jobstat.zendesk.auth.oauth import Tokens, mint
from jobstat.zendesk.auth.profiles import Record
from jobstat.zendesk.auth.providers import Login, credential_in
from jobstat.zendesk.auth.store import Entry, check_store, remember
from jobstat.zendesk.client import Api, http_of

EXAMPLES = """
jobstat auth login --subdomain acme --client-id jobstat
jobstat auth login --subdomain acme-sandbox --client-id ci --with-secret < secret.txt
pbpaste | jobstat auth login --subdomain acme --with-token
"""

PATIENCE = 15.0
"""Seconds that each request of a login may take."""

_ROADS = {
    Kind.BROWSER: "in the browser, with an OAuth client: for people",
    Kind.CLIENT: "with an OAuth client's id and secret: for servers and CI",
    Kind.TOKEN: "with an OAuth access token",
    Kind.API_TOKEN: "with an e-mail address and an API token: until 30 April 2027",
}


@click.command("login", epilog=epilog(EXAMPLES))
@click.option(
    "--client-id",
    metavar="ID",
    help="Log in with this OAuth client: in the browser, or with its secret.",
)
@click.option(
    "--with-secret",
    is_flag=True,
    help="Log in with the OAuth client's secret, which is read from standard input.",
)
@click.option(
    "--with-token",
    is_flag=True,
    help="Log in with an OAuth access token, which is read from standard input.",
)
@click.option(
    "--email",
    metavar="ADDRESS",
    help="What is read from standard input is this user's API token.",
)
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    metavar="PORT",
    default=PORT,
    help=f"Where to wait for the browser, on 127.0.0.1. Default: {PORT}.",
)
@click.option(
    "--timeout",
    type=positive_duration,
    metavar="DURATION",
    default="5m",
    help="Give up waiting for the browser after this long. Default: 5m.",
)
@click.option(
    "--default", is_flag=True, help="Make it the default account, in place of another."
)
@shared_options(leaving_out=("json", "quiet", "color", "exit_zero"))
def command(  # noqa: PLR0913 - an option each
    base_url: str | None,
    subdomain: str | None,
    client_id: str | None,
    email: str | None,
    port: int,
    timeout: float,
    *,
    with_secret: bool,
    with_token: bool,
    default: bool,
    debug: bool,
) -> int:
    """Log in to an account, once and for all.

    On a terminal it asks for what is not given. The login is tried before it is
    stored: the secrets in the system's keyring, the rest in a file.
    """
    del debug  # every error ends it, and is told where errors are
    kind = _kind(client_id, email, with_secret=with_secret, with_token=with_token)
    named = named_account(base_url, subdomain, os.environ)
    check_store()  # before anybody takes the trouble
    account = named or _ask_account()
    kind = kind or _ask_kind()
    record = Record(
        kind,
        client_id=_client_id(kind, client_id),
        email=_email(kind, email),
    )
    entry = _entry(account, record, port, timeout)
    user = _try_out(account, record, entry)
    is_default = remember(account, replace(record, user=user), entry, default=default)
    _tell(account, kind, user, is_default=is_default)
    return 0


def _kind(
    client_id: str | None, email: str | None, *, with_secret: bool, with_token: bool
) -> Kind | None:
    """How the options say to log in, None where they do not."""
    if client_id is not None and (with_token or email is not None):
        raise click.UsageError("Give either an OAuth client or a token.")
    if with_secret and (with_token or email is not None):
        raise click.UsageError("Give either a client's secret or a token.")
    if with_secret:
        return Kind.CLIENT
    if with_token or email is not None:
        return Kind.TOKEN if email is None else Kind.API_TOKEN
    return None if client_id is None else Kind.BROWSER


def _ask_account() -> Account:
    if not can_ask():
        raise UsageProblem(
            "which Zendesk account? None is named",
            hint="Give --subdomain: acme for https://acme.zendesk.com.",
        )
    domain = os.environ.get("ZENDESK_DOMAIN") or "zendesk.com"
    default = Memory().default()
    usual = default.name if default else None
    while True:
        named = ask("Account (acme for https://acme.zendesk.com)", usual)
        if default and named == default.name:
            return default
        try:
            return at_subdomain(named, domain, "that")
        except UsageProblem as problem:
            standard_error().note(f"jobstat: {problem.sentence}; try again\n")


def _ask_kind() -> Kind:
    if not can_ask():
        raise click.UsageError(
            "How? Give --client-id, with --with-secret or a browser, or --with-token."
        )
    return list(_ROADS)[choose("How do you log in", list(_ROADS.values()))]


def _client_id(kind: Kind, given: str | None) -> str | None:
    if kind not in {Kind.BROWSER, Kind.CLIENT}:
        return None
    if given is None and not can_ask():
        raise click.UsageError("Give the OAuth client's --client-id.")
    found = ask("OAuth client's id") if given is None else given.strip()
    check_client_id(found, "--client-id")
    return found


def _email(kind: Kind, given: str | None) -> str | None:
    if kind is not Kind.API_TOKEN:
        return None
    found = ask("E-mail address") if given is None else given
    check_email(found, "--email")
    return found


def _entry(account: Account, record: Record, port: int, timeout: float) -> Entry:
    """What is to be stored: typed, or granted by the account."""
    match record.kind, record.client_id:
        case Kind.BROWSER, str(client_id):
            from jobstat.commands._browser_login import tokens_by_browser

            return Entry(tokens_by_browser(account, client_id, port, timeout))
        case Kind.CLIENT, str(client_id):
            secret = read_secret("the OAuth client's secret")
            check_token(secret, "the client's secret")
            with http_of(account) as http:
                tokens = mint(http, account, client_id, secret)
            return Entry(tokens, secret)
        case Kind.API_TOKEN, _:
            token = read_secret("the API token")
        case _:
            token = read_secret("the OAuth access token")
    check_token(token, "the token")
    return Entry(Tokens(token))


def _try_out(account: Account, record: Record, entry: Entry) -> str | None:
    """Whose login it is, as far as the account tells. Raises what refuses it.

    What the account has just granted in the browser is good though it cannot be asked
    now: it need not be granted again.
    """
    credential = credential_in(entry, record)
    assert credential is not None  # noqa: S101 - there is a token in it
    with Api(account, Login(credential)) as api:
        try:
            api.try_out(PATIENCE)
        except Unavailable as problem:
            if record.kind is not Kind.BROWSER:
                raise
            warning = f"the login could not be tried: {problem.sentence}"
            standard_error().note(f"jobstat: warning: {warning}\n")
            return None
        try:
            return api.user(PATIENCE)
        except JobstatError:
            return record.email  # it may ask for jobs, and no more


def _tell(account: Account, kind: Kind, user: str | None, *, is_default: bool) -> None:
    err = standard_error()
    who = f" as {safe(user, LONGEST_NAME)}" if user else ""
    err.note(f"Logged in to {account.name}{who}.\n")
    if is_default:
        err.note("It is the default account.\n")
    else:
        default = Memory().default()
        named = default.name if default else "another"
        err.note(f"The default account is {named}; --default changes that.\n")
    if kind is Kind.API_TOKEN:
        err.note(f"jobstat: warning: {end_of_api_tokens(time.time())}\n")
    if source := source_in(os.environ):
        err.note(f"jobstat: warning: {source} is set, and goes before this login\n")
