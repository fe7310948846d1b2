"""``jobstat auth status``: the accounts, and whether their logins work."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

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
from jobstat.zendesk.auth.memory import Memory
from jobstat.zendesk.auth.profiles import load
from jobstat.zendesk.auth.providers import find_login

if TYPE_CHECKING:
    from jobstat.zendesk.auth.profiles import Profiles

EXAMPLES = """
jobstat auth status
jobstat auth status --subdomain acme --json | jq .works
"""

ACCOUNT_TIMEOUT = 10.0
"""Seconds that each account may take to say whether it takes the login."""


@click.command("status", epilog=epilog(EXAMPLES))
@click.option("--offline", is_flag=True, help="Ask no account whether it takes them.")
@click.option("--json", is_flag=True, help="Write a JSON object an account.")
@shared_options(exclude=("json", "quiet", "exit_zero"))
def command(
    base_url: str | None,
    subdomain: str | None,
    *,
    offline: bool,
    json: bool,
    color: str,
) -> Exit:
    """Show the accounts, and whether their logins work.

    Of each the credential that would be used, where it is from, and until when it is
    good. The exit code is about the account in use: 0 where its login works, else 4,
    or 7 where the account cannot be asked.
    """
    known = load()
    in_use = named_account(base_url, subdomain, os.environ) or Memory().default()
    accounts = [Account(origin, named_by_user=False) for origin in known.records]
    if in_use:
        accounts = [in_use, *(a for a in accounts if a != in_use)]
    standings = [_standing(a, known, in_use, offline=offline) for a in accounts]
    show_accounts([found for found, _ in standings], json=json, color=color)
    if in_use is None:
        standard_error().print_quietly(
            "jobstat: no account is in use; see jobstat auth login\n"
        )
        return Exit.AUTH
    problem = standings[0][1]
    if problem is None:
        return Exit.OK
    return Exit.UNAVAILABLE if problem.exit is Exit.UNAVAILABLE else Exit.AUTH


def _standing(
    account: Account, known: Profiles, in_use: Account | None, *, offline: bool
) -> tuple[AccountStatus, JobstatError | None]:
    """How an account's login stands, and what is wrong with it, if anything is."""
    login = problem = None
    warnings: list[str] = []
    try:
        login = find_login(account, os.environ)
        if offline:
            login.check()
        else:
            with connect_to(account, login) as connection:
                try:
                    connection.client.check_credential(ACCOUNT_TIMEOUT)
                finally:
                    warnings += login.take_warnings()
    except JobstatError as error:
        problem = error
    record = known.records.get(account.origin)
    source = env_source(os.environ) if account.named_by_user else None
    warnings += login.take_warnings() if login else []
    if login and login.kind is AuthMethod.API_TOKEN:
        warnings.append(api_token_deprecation(time.time()))
    if source and record:
        warnings.append(f"{source} hides the login that is stored for this account")
    return AccountStatus(
        account=account.origin,
        name=account.name,
        default=account.origin == known.default,
        in_use=account == in_use,
        works=None if offline and not problem else problem is None,
        source=login.source if login else source,
        kind=str(login.kind) if login else None,
        user=record.user if record and not source else None,
        client_id=login.client_id if login else None,
        expires_at=login.expires_at if login else None,
        renews=bool(login and login.refreshable),
        problem=problem.message if problem else None,
        hint=problem.hint if problem else None,
        warnings=tuple(warnings),
    ), problem
