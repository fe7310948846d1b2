"""``jobstat auth login``: log in to an account, and have it remembered."""

from __future__ import annotations

import os
import time
from dataclasses import replace

import click

from jobstat.errors import JobstatError, Unavailable, UsageError
from jobstat.options import epilog, positive_duration, shared_options
from jobstat.views.prompt import ask, choose, is_interactive, read_secret
from jobstat.views.sanitize import MAX_NAME, sanitize
from jobstat.views.terminal import standard_error
from jobstat.zendesk.auth.account import Account, account_from_subdomain, named_account
from jobstat.zendesk.auth.callback import PORT
from jobstat.zendesk.auth.credentials import (
    AuthMethod,
    api_token_deprecation,
    check_client_id,
    check_email,
    check_token,
    env_source,
)
from jobstat.zendesk.auth.memory import Memory
from jobstat.zendesk.auth.oauth import Tokens, client_credentials_grant
from jobstat.zendesk.auth.profiles import Profile
from jobstat.zendesk.auth.providers import CredentialProvider, credential_in
from jobstat.zendesk.auth.store import StoredSecrets, check_store, save_login
from jobstat.zendesk.client import ZendeskClient, open_http

EXAMPLES = """
jobstat auth login --subdomain acme --client-id jobstat
jobstat auth login --subdomain acme-sandbox --client-id ci --with-secret < secret.txt
pbpaste | jobstat auth login --subdomain acme --with-token
"""

REQUEST_TIMEOUT = 15.0
"""Seconds that each request of a login may take."""

_LOGIN_METHODS = {
    AuthMethod.BROWSER: "in the browser, with an OAuth client: for people",
    AuthMethod.CLIENT: "with an OAuth client's id and secret: for servers and CI",
    AuthMethod.TOKEN: "with an OAuth access token",
    AuthMethod.API_TOKEN: (
        "with an e-mail address and an API token: until 30 April 2027"
    ),
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
@shared_options(exclude=("json", "quiet", "color", "exit_zero"))
def command(
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
) -> int:
    """Log in to an account, once and for all.

    On a terminal it asks for what is not given. The login is tried before it is
    stored: the secrets in the system's keyring, the rest in a file.
    """
    kind = _kind(client_id, email, with_secret=with_secret, with_token=with_token)
    named = named_account(base_url, subdomain, os.environ)
    check_store()  # before anybody takes the trouble
    account = named or _ask_account()
    kind = kind or _ask_kind()
    record = Profile(
        kind,
        client_id=_client_id(kind, client_id),
        email=_email(kind, email),
    )
    entry = _entry(account, record, port, timeout)
    user = _try_out(account, record, entry)
    is_default = save_login(account, replace(record, user=user), entry, default=default)
    _print_result(account, kind, user, is_default=is_default)
    return 0


def _kind(
    client_id: str | None, email: str | None, *, with_secret: bool, with_token: bool
) -> AuthMethod | None:
    """How the options say to log in, None where they do not."""
    if client_id is not None and (with_token or email is not None):
        raise click.UsageError("Give either an OAuth client or a token.")
    if with_secret and (with_token or email is not None):
        raise click.UsageError("Give either a client's secret or a token.")
    if with_secret:
        return AuthMethod.CLIENT
    if with_token or email is not None:
        return AuthMethod.TOKEN if email is None else AuthMethod.API_TOKEN
    return None if client_id is None else AuthMethod.BROWSER


def _ask_account() -> Account:
    if not is_interactive():
        raise UsageError(
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
            return account_from_subdomain(named, domain, "that")
        except UsageError as problem:
            standard_error().print_quietly(f"jobstat: {problem.message}; try again\n")


def _ask_kind() -> AuthMethod:
    if not is_interactive():
        raise click.UsageError(
            "How? Give --client-id, with --with-secret or a browser, or --with-token."
        )
    return list(_LOGIN_METHODS)[
        choose("How do you log in", list(_LOGIN_METHODS.values()))
    ]


def _client_id(kind: AuthMethod, given: str | None) -> str | None:
    if kind not in {AuthMethod.BROWSER, AuthMethod.CLIENT}:
        return None
    if given is None and not is_interactive():
        raise click.UsageError("Give the OAuth client's --client-id.")
    found = ask("OAuth client's id") if given is None else given.strip()
    check_client_id(found, "--client-id")
    return found


def _email(kind: AuthMethod, given: str | None) -> str | None:
    if kind is not AuthMethod.API_TOKEN:
        return None
    found = ask("E-mail address") if given is None else given
    check_email(found, "--email")
    return found


def _entry(
    account: Account, record: Profile, port: int, timeout: float
) -> StoredSecrets:
    """What is to be stored: typed, or granted by the account."""
    match record.kind, record.client_id:
        case AuthMethod.BROWSER, str(client_id):
            from jobstat.commands._browser_login import tokens_by_browser

            return StoredSecrets(tokens_by_browser(account, client_id, port, timeout))
        case AuthMethod.CLIENT, str(client_id):
            secret = read_secret("the OAuth client's secret")
            check_token(secret, "the client's secret")
            with open_http(account) as http:
                tokens = client_credentials_grant(http, account, client_id, secret)
            return StoredSecrets(tokens, secret)
        case AuthMethod.API_TOKEN, _:
            token = read_secret("the API token")
        case _:
            token = read_secret("the OAuth access token")
    check_token(token, "the token")
    return StoredSecrets(Tokens(token))


def _try_out(account: Account, record: Profile, entry: StoredSecrets) -> str | None:
    """Whose login it is, as far as the account tells. Raises what refuses it.

    What the account has just granted in the browser is good though it cannot be asked
    now: it need not be granted again.
    """
    credential = credential_in(entry, record)
    assert credential is not None  # noqa: S101 - there is a token in it
    with ZendeskClient(account, CredentialProvider(credential)) as client:
        try:
            client.check_credential(REQUEST_TIMEOUT)
        except Unavailable as problem:
            if record.kind is not AuthMethod.BROWSER:
                raise
            warning = f"the login could not be tried: {problem.message}"
            standard_error().print_quietly(f"jobstat: warning: {warning}\n")
            return None
        try:
            return client.current_user(REQUEST_TIMEOUT)
        except JobstatError:
            return record.email  # it may ask for jobs, and no more


def _print_result(
    account: Account, kind: AuthMethod, user: str | None, *, is_default: bool
) -> None:
    err = standard_error()
    who = f" as {sanitize(user, MAX_NAME)}" if user else ""
    err.print_quietly(f"Logged in to {account.name}{who}.\n")
    if is_default:
        err.print_quietly("It is the default account.\n")
    else:
        default = Memory().default()
        named = default.name if default else "another"
        err.print_quietly(f"The default account is {named}; --default changes that.\n")
    if kind is AuthMethod.API_TOKEN:
        err.print_quietly(f"jobstat: warning: {api_token_deprecation(time.time())}\n")
    if source := env_source(os.environ):
        err.print_quietly(
            f"jobstat: warning: {source} is set, and goes before this login\n"
        )
