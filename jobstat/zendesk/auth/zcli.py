"""What zcli, Zendesk's own command line, has stored: read, and never written."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from jobstat.errors import UsageError
from jobstat.zendesk.auth import keyring
from jobstat.zendesk.auth.account import account_from_subdomain
from jobstat.zendesk.auth.credentials import AuthMethod, Credential, bearer
from jobstat.zendesk.auth.files import check_private, read_settings

if TYPE_CHECKING:
    from jobstat.zendesk.auth.account import Account

SOURCE = "zcli"

MAX_TIMESTAMP = 1e14
"""Milliseconds of a time that is taken for one: what is later is nonsense."""

_HEADER = re.compile(r"(Basic|Bearer) ([!-~]+)", re.ASCII)
_USUAL = ".zendesk.com"


def active_account() -> Account | None:
    """The account of zcli's active profile, None where there is none to be had.

    Raises UsageError where another user can change it: it says which account gets
    the credential.
    """
    try:
        content = read_settings(Path.home() / ".zcli", check_private)
    except (OSError, RuntimeError):
        return None  # there is none, or no home
    try:
        document = json.loads(content.decode())
        profile = document["activeProfile"]
        subdomain, domain = profile["subdomain"], profile.get("domain")
        return account_from_subdomain(
            subdomain, domain or "zendesk.com", "zcli's profile"
        )
    except (ValueError, LookupError, UsageError):
        return None
    except (TypeError, AttributeError, RecursionError):
        return None  # in a form that jobstat knows nothing of


def credential_of(account: Account, timeout: float | None = None) -> Credential | None:
    """What zcli shows to an account, expired or not; ``timeout`` is in seconds.

    Raises KeyringProblem.
    """
    name = account.name.removesuffix(_USUAL)
    if ("." in name) == account.name.endswith(_USUAL):
        return None  # by such a name, it has that of another account
    found = map(_parsed, keyring.read_zcli(name, timeout))
    return next(filter(None, found), None)


def _parsed(secret: str) -> Credential | None:
    """The credential in a secret of zcli's: a whole header, or tokens in JSON."""
    if header := _HEADER.fullmatch(secret):
        kind = AuthMethod.API_TOKEN if header[1] == "Basic" else AuthMethod.TOKEN
        return Credential(SOURCE, kind, secret, header[2])
    with suppress(ValueError, RecursionError, LookupError, TypeError, UsageError):
        told = json.loads(secret)
        expires = told.get("expiresAt") if isinstance(told, dict) else None
        if not (isinstance(expires, int | float) and 0 <= expires < MAX_TIMESTAMP):
            expires = None
        at = expires and expires / 1000
        return bearer(told["accessToken"], SOURCE, AuthMethod.BROWSER, at)
    return None
