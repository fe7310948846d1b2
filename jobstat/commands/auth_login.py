"""``jobstat auth login``: log in to an account, and store the login."""

from __future__ import annotations

import os
import re
import time
from dataclasses import replace

import click

from jobstat.errors import JobstatError, Unavailable, UsageError
from jobstat.options import epilog, positive_duration, shared_options
from jobstat.views.prompt import ask, choose, is_interactive, read_secret
from jobstat.views.sanitize import MAX_NAME, sanitize
from jobstat.views.terminal import standard_error
from jobstat.zendesk.auth.account import (
    ZENDESK_DOMAIN,
    Account,
    account_from_subdomain,
    named_account,
)
from jobstat.zendesk.auth.callback import PORT
from jobstat.zendesk.auth.credentials import (
    AuthMethod,
    api_token_deprecation,
    check_client_id,
    check_email,
    check_token,
    env_source,
)
from jobstat.zendesk.auth.oauth import Tokens, client_credentials_grant
from jobstat.zendesk.auth.profiles import Profile
from jobstat.zendesk.auth.providers import FixedProvider
from jobstat.zendesk.auth.resolve import credential_from, default_account
from jobstat.zendesk.auth.store import LoginSecrets, check_store, save_login
from jobstat.zendesk.client import ZendeskClient, open_http

EXAMPLES = """
jobstat auth login
jobstat auth login --subdomain acme --client-id jobstat
jobstat auth login --subdomain acme --client-id ci --with-secret < secret.txt
pbpaste | jobstat auth login --subdomain acme --with-token
"""

MAX_PORT = 65535

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


def _port(text: str) -> int:
    """Parse the value of --port."""
    if not re.fullmatch("[0-9]{1,5}", text) or not 1 <= int(text) <= MAX_PORT:
        raise click.BadParameter(f"not a whole number from 1 to {MAX_PORT}: {text!r}")
    return int(text)


@click.command("login", epilog=epilog(EXAMPLES))
@click.option(
    "--client-id",
    metavar="ID",
    help="Log in with this OAuth client: in the browser, or with its secret.",
)
@click.option(
    "--with-secret",
    is_flag=True,
    help="Read the OAuth client's secret from standard input.",
)
@click.option(
    "--with-token",
    is_flag=True,
    help="Read an OAuth access token from standard input.",
)
@click.option(
    "--email",
    metavar="ADDRESS",
    help="Read an API token of this user from standard input.",
)
@click.option(
    "--port",
    type=_port,
    metavar="PORT",
    default=str(PORT),
    help="Port on 127.0.0.1 to which the browser returns, from 1 to 65535."
    f" Default: {PORT}.",
)
@click.option(
    "--timeout",
    type=positive_duration,
    metavar="DURATION",
    default="5m",
    help="How long to wait for the browser. Default: 5m.",
)
@click.option("--default", is_flag=True, help="Make this account the default.")
@shared_options(
    exclude=("json", "csv", "results", "quiet", "plain", "color", "exit_zero")
)
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
    """Log in to an account.

    On a terminal, jobstat asks for everything that no option gives. It checks the
    login with Zendesk before it stores it: secrets in the system's keyring, the rest
    in a file.

    DURATION is a time such as 90, 90s, 10m or 1h30m.
    """
    method = _method_from_options(
        client_id, email, with_secret=with_secret, with_token=with_token
    )
    account = named_account(base_url, subdomain, os.environ)
    check_store()  # fail before the user types a secret
    account = account or _ask_account()
    method = method or _ask_method()
    profile = _make_profile(method, client_id, email)
    secrets = _get_secrets(account, profile, port, timeout)
    user = _check_login(account, profile, secrets)
    profile = replace(profile, user=user)
    is_default = save_login(account, profile, secrets, default=default)
    _print_result(account, profile, is_default=is_default)
    return 0


def _method_from_options(
    client_id: str | None, email: str | None, *, with_secret: bool, with_token: bool
) -> AuthMethod | None:
    """Return the method that the options choose, None without such an option."""
    has_token = with_token or email is not None
    for is_given, option in (
        (client_id is not None, "--client-id"),
        (with_secret, "--with-secret"),
    ):
        if is_given and has_token:
            message = f"{option} cannot be used with --with-token or --email."
            raise click.UsageError(message)
    if with_secret:
        return AuthMethod.CLIENT
    if has_token:
        return AuthMethod.TOKEN if email is None else AuthMethod.API_TOKEN
    return None if client_id is None else AuthMethod.BROWSER


def _ask_account() -> Account:
    if not is_interactive():
        raise UsageError(
            "no Zendesk account given",
            hint="Give --subdomain, for example --subdomain acme for"
            " https://acme.zendesk.com.",
        )
    domain = os.environ.get("ZENDESK_DOMAIN") or ZENDESK_DOMAIN
    default = default_account()
    default_name = default.name if default else None
    while True:
        answer = ask("Account (acme for https://acme.zendesk.com)", default_name)
        if default and answer == default.name:
            return default
        try:
            return account_from_subdomain(answer, domain, "your answer")
        except UsageError as error:
            standard_error().print_quietly(f"jobstat: {error.message}; try again\n")


def _ask_method() -> AuthMethod:
    if not is_interactive():
        raise UsageError(
            "no login method given",
            hint="Give --client-id to use the browser, or --with-token to read a"
            " token from standard input.",
        )
    choice = choose("How do you want to log in", list(_LOGIN_METHODS.values()))
    return list(_LOGIN_METHODS)[choice]


def _make_profile(
    method: AuthMethod, client_id: str | None, email: str | None
) -> Profile:
    """Return the profile of the login. Ask for a value that no option gives."""
    match method:
        case AuthMethod.BROWSER | AuthMethod.CLIENT:
            return Profile(method, client_id=_ask_missing_client_id(client_id))
        case AuthMethod.API_TOKEN:
            address = ask("E-mail address") if email is None else email
            check_email(address, "--email")
            return Profile(method, email=address)
        case _:
            return Profile(method)


def _ask_missing_client_id(client_id: str | None) -> str:
    if client_id is None and not is_interactive():
        raise UsageError(
            "no OAuth client given", hint="Give the client's id with --client-id."
        )
    id = ask("OAuth client's id") if client_id is None else client_id.strip()
    check_client_id(id, "--client-id")
    return id


def _get_secrets(
    account: Account, profile: Profile, port: int, timeout: float
) -> LoginSecrets:
    """Return the secrets of the login, typed by the user or granted by Zendesk."""
    match profile.method, profile.client_id:
        case AuthMethod.BROWSER, str(client_id):
            from jobstat.commands._browser_login import log_in_by_browser

            return LoginSecrets(log_in_by_browser(account, client_id, port, timeout))
        case AuthMethod.CLIENT, str(client_id):
            secret = read_secret("the OAuth client's secret")
            check_token(secret, "the client's secret")
            with open_http(account) as http:
                tokens = client_credentials_grant(http, account, client_id, secret)
            return LoginSecrets(tokens, secret)
        case AuthMethod.API_TOKEN, _:
            token = read_secret("the API token")
        case _:
            token = read_secret("the OAuth access token")
    check_token(token, "the token")
    return LoginSecrets(Tokens(token))


def _check_login(
    account: Account, profile: Profile, secrets: LoginSecrets
) -> str | None:
    """Return the user of the login, None if unknown. Raise JobstatError if it fails.

    If Zendesk is unavailable, warn about a login in the browser instead: its tokens are
    new, and the user need not grant them again.
    """
    credential = credential_from(secrets, profile)
    assert credential is not None  # noqa: S101 - the secrets of a new login have a token
    with ZendeskClient(account, FixedProvider(credential)) as client:
        try:
            client.check_credential(REQUEST_TIMEOUT)
        except Unavailable as error:
            if profile.method is not AuthMethod.BROWSER:
                raise
            _warn(f"the login could not be checked: {error.message}")
            return None
        try:
            return client.current_user(REQUEST_TIMEOUT)
        except JobstatError:
            return profile.email  # a token may be limited to job statuses


def _print_result(account: Account, profile: Profile, *, is_default: bool) -> None:
    stderr = standard_error()
    user = f" as {sanitize(profile.user, MAX_NAME)}" if profile.user else ""
    stderr.print_quietly(f"Logged in to {account.name}{user}.\n")
    if is_default:
        stderr.print_quietly("It is the default account.\n")
    else:
        default = default_account()
        name = default.name if default else "another"
        stderr.print_quietly(
            f"The default account is {name}; --default changes that.\n"
        )
    if profile.method is AuthMethod.API_TOKEN:
        _warn(api_token_deprecation(time.time()))
    if source := env_source(os.environ):
        _warn(f"{source} is set and overrides this login")


def _warn(message: str) -> None:
    standard_error().print_quietly(f"jobstat: warning: {message}\n")
