"""``jobstat auth``: log in to Zendesk accounts, and out of them."""

from __future__ import annotations

import click

from jobstat.lazy_group import LazyGroup
from jobstat.options import epilog

COMMANDS = {
    "login": "Log in to an account.",
    "status": "Show the accounts, and whether their logins work.",
    "logout": "Log out of an account.",
}
EXAMPLES = """
jobstat auth login
jobstat auth status
"""


@click.group(
    "auth",
    cls=LazyGroup,
    summaries=COMMANDS,
    prefix="jobstat.commands.auth_",
    epilog=epilog(EXAMPLES),
)
def command() -> None:
    """Log in to Zendesk accounts, and out of them.

    jobstat stores secrets only in the system's keyring. On a machine without one, as
    in CI, it takes the credential from environment variables: see
    jobstat help environment.
    """
