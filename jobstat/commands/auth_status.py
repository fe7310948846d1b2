"""``jobstat auth status``: show the accounts, and whether their logins work."""

from __future__ import annotations

import os
import time

import click

from jobstat.commands._shared import connect_to
from jobstat.errors import JobstatError
from jobstat.exits import Exit
from jobstat.options import epilog, shared_options
from jobstat.views.accounts import AccountStatus, show_accounts
from jobstat.views.terminal import standard_error
from jobstat.zendesk.auth.account import Account, named_account
from jobstat.zendesk.auth.credentials import (
    AuthMethod,
    api_token_deprecation,
    env_source,
)
from jobstat.zendesk.auth.profiles import Profiles, load_profiles
from jobstat.zendesk.auth.resolve import default_account, resolve_provider

EXAMPLES = """
jobstat auth status
jobstat auth status --subdomain acme --json | jq .works
"""

ACCOUNT_TIMEOUT = 10.0
"""Seconds that each account may take to check its login."""


@click.command("status", epilog=epilog(EXAMPLES))
@click.option("--offline", is_flag=True, help="Don't contact Zendesk.")
@click.option("--json", is_flag=True, help="Print a JSON object for each account.")
@shared_options(exclude=("json", "csv", "results", "quiet", "plain", "exit_zero"))
def command(
    base_url: str | None,
    subdomain: str | None,
    *,
    offline: bool,
    json: bool,
    color: str,
) -> Exit:
    """Show the accounts, and whether their logins work.

    For each account, jobstat shows the credential that it would use, its source, and
    when it expires. The exit code is that of the account in use: 0 if its login works,
    4 if not, 7 if Zendesk cannot be reached.
    """
    profiles = load_profiles()
    in_use = named_account(base_url, subdomain, os.environ) or default_account()
    accounts = [Account(origin, named_by_user=False) for origin in profiles.accounts]
    if in_use:
        others = [account for account in accounts if account != in_use]
        accounts = [in_use, *others]
    results = [
        _check_account(account, profiles, in_use, offline=offline)
        for account in accounts
    ]
    show_accounts([status for status, _ in results], json=json, color=color)
    if in_use is None:
        standard_error().print_quietly(
            "jobstat: no account is in use; log in with jobstat auth login\n"
        )
        return Exit.AUTH
    error = results[0][1]
    if error is None:
        return Exit.OK
    return Exit.UNAVAILABLE if error.exit is Exit.UNAVAILABLE else Exit.AUTH


def _check_account(
    account: Account, profiles: Profiles, in_use: Account | None, *, offline: bool
) -> tuple[AccountStatus, JobstatError | None]:
    """Return the status of an account, and the error if its login does not work."""
    provider = error = None
    warnings: list[str] = []
    try:
        provider = resolve_provider(account, os.environ)
        if offline:
            provider.check()
        else:
            with connect_to(account, provider) as connection:
                try:
                    connection.client.check_credential(ACCOUNT_TIMEOUT)
                finally:
                    # Show the warnings below. ``connect_to`` would print them.
                    warnings += provider.take_warnings()
    except JobstatError as caught:
        error = caught
    profile = profiles.accounts.get(account.origin)
    source = env_source(os.environ) if account.named_by_user else None
    warnings += provider.take_warnings() if provider else []
    if provider and provider.method is AuthMethod.API_TOKEN:
        warnings.append(api_token_deprecation(time.time()))
    if source and profile:
        warnings.append(f"{source} is set and overrides the login of this account")
    return AccountStatus(
        account=account.origin,
        name=account.name,
        default=account.origin == profiles.default,
        in_use=account == in_use,
        works=None if offline and not error else error is None,
        source=provider.source if provider else source,
        kind=str(provider.method) if provider else None,
        user=profile.user if profile and not source else None,
        client_id=provider.client_id if provider else None,
        expires_at=provider.expires_at if provider else None,
        renews=bool(provider and provider.refreshable),
        problem=error.message if error else None,
        hint=error.hint if error else None,
        warnings=tuple(warnings),
    ), error
