"""``jobstat auth``: the commands about logins."""

from __future__ import annotations

import click

from jobstat.lazy_group import LazyGroup
from jobstat.options import epilog

COMMANDS = {
    "login": "Log in to an account, once and for all.",
    "status": "Show the accounts, and whether their logins work.",
    "logout": "Forget an account, and how to log in to it.",
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
    """Log in to accounts, and out of them.

    Secrets are kept in the system's keyring, and nowhere else. Where there is none,
    as in CI, the environment has the credential: see the README.
    """
