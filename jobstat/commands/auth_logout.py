"""``jobstat auth logout``: delete the login of an account."""

from __future__ import annotations

import os

import click

from jobstat.errors import AuthError
from jobstat.options import epilog, shared_options
from jobstat.views.terminal import standard_error
from jobstat.zendesk.auth.account import named_account
from jobstat.zendesk.auth.profiles import load_profiles
from jobstat.zendesk.auth.store import delete_login

EXAMPLES = """
jobstat auth logout
jobstat auth logout --subdomain acme-sandbox
"""


@click.command("logout", epilog=epilog(EXAMPLES))
@shared_options(
    exclude=("json", "csv", "results", "quiet", "plain", "color", "exit_zero")
)
def command(base_url: str | None, subdomain: str | None) -> int:
    """Log out of an account.

    jobstat deletes the login from the keyring and from its file. The logins of zcli
    and of the environment stay. Zendesk does not revoke the tokens: they expire, or
    you revoke them in Admin Center.
    """
    account = named_account(base_url, subdomain, os.environ)
    account = account or load_profiles().default_account
    if account is None:
        raise AuthError(
            "no account given, and there is no default account",
            hint="Give --subdomain. jobstat auth status shows the accounts.",
        )
    default = delete_login(account)
    stderr = standard_error()
    stderr.print_quietly(f"Logged out of {account.name}.\n")
    if default:
        stderr.print_quietly(f"The default account is {default.name}.\n")
    return 0
