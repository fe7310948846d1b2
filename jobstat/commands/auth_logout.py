"""``jobstat auth logout``: forget an account."""

from __future__ import annotations

import os

import click

from jobstat.errors import AuthError
from jobstat.options import epilog, shared_options
from jobstat.views.terminal import standard_error
from jobstat.zendesk.auth.account import named_account
from jobstat.zendesk.auth.profiles import load
from jobstat.zendesk.auth.store import delete_login

EXAMPLES = """
jobstat auth logout
jobstat auth logout --subdomain acme-sandbox
"""


@click.command("logout", epilog=epilog(EXAMPLES))
@shared_options(exclude=("json", "quiet", "color", "exit_zero"))
def command(base_url: str | None, subdomain: str | None) -> int:
    """Forget an account, and how to log in to it.

    What the keyring and the file hold of it goes; what zcli and the environment have
    stays. Tokens are not revoked: they end by themselves, or in Admin Center.
    """
    account = named_account(base_url, subdomain, os.environ) or load().default_account
    if account is None:
        raise AuthError("not logged in to any account")
    default = delete_login(account)
    err = standard_error()
    err.print_quietly(f"Logged out of {account.name}.\n")
    if default:
        err.print_quietly(f"The default account is {default.name}.\n")
    return 0
