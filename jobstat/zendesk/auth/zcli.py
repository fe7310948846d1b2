"""The login of zcli, Zendesk's own command line. jobstat only reads it."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from pathlib import Path

from jobstat.errors import UsageError
from jobstat.zendesk.auth import keyring
from jobstat.zendesk.auth.account import ZENDESK_DOMAIN, Account, account_from_subdomain
from jobstat.zendesk.auth.credentials import AuthMethod, Credential, bearer
from jobstat.zendesk.auth.files import check_private, read_settings

SOURCE = "zcli"

MAX_TIMESTAMP = 1e14
"""Milliseconds since 1970; a later time is not plausible."""

_HEADER = re.compile(r"(Basic|Bearer) ([!-~]+)", re.ASCII)


def active_account() -> Account | None:
    """Return the account of zcli's active profile, None if there is none.

    Raise UsageError if another user can change the profile, which decides to which
    account jobstat sends the credential.
    """
    try:
        content = read_settings(Path.home() / ".zcli", check_private)
    except (OSError, RuntimeError):
        return None  # no such file, or no home directory
    try:
        profile = json.loads(content.decode())["activeProfile"]
        subdomain, domain = profile["subdomain"], profile.get("domain")
        return account_from_subdomain(
            subdomain, domain or ZENDESK_DOMAIN, "zcli's profile"
        )
    except (
        *(ValueError, LookupError, TypeError, AttributeError, RecursionError),
        UsageError,
    ):
        return None  # a format that jobstat does not know


def load_credential(
    account: Account, timeout: float | None = None
) -> Credential | None:
    """Return zcli's credential for an account, None if there is none.

    The credential may have expired. ``timeout`` is in seconds; None allows more time
    for the keyring's dialog. Raise KeyringError.
    """
    suffix = f".{ZENDESK_DOMAIN}"
    name = account.name.removesuffix(suffix)
    if ("." in name) == account.name.endswith(suffix):
        # zcli names an entry by the subdomain, outside zendesk.com by the host. This
        # name would be another account's.
        return None
    credentials = map(_parse, keyring.read_zcli(name, timeout))
    return next(filter(None, credentials), None)


def _parse(secret: str) -> Credential | None:
    """Parse an entry of zcli. Return None for an unknown format.

    An entry is the value of an Authorization header, or tokens in JSON.
    """
    if header := _HEADER.fullmatch(secret):
        is_basic = header[1] == "Basic"
        method = AuthMethod.API_TOKEN if is_basic else AuthMethod.TOKEN
        return Credential(SOURCE, method, secret, header[2])
    with suppress(ValueError, RecursionError, LookupError, TypeError, UsageError):
        fields = json.loads(secret)
        expires = fields.get("expiresAt") if isinstance(fields, dict) else None
        if not (isinstance(expires, int | float) and 0 <= expires < MAX_TIMESTAMP):
            expires = None
        expires_at = expires and expires / 1000
        return bearer(fields["accessToken"], SOURCE, AuthMethod.BROWSER, expires_at)
    return None
