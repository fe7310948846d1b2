"""A Zendesk account, as the user names it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from jobstat.errors import UsageError
from jobstat.jobs.reference import origin, split_url

ZENDESK_DOMAIN = "zendesk.com"

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_SUFFIX = f".{ZENDESK_DOMAIN}"


@dataclass(frozen=True, slots=True)
class Account:
    """A Zendesk account: ``origin`` is its ``scheme://host[:port]``.

    ``named_by_user`` means that an option, the environment or the default names it. An
    account that only a job's URL names gets no credential but that of its own login.
    """

    origin: str
    named_by_user: bool = field(default=True, compare=False)

    @property
    def name(self) -> str:
        """The host, with the port unless it is the scheme's default."""
        return self.origin.partition("://")[2]

    @property
    def entry_name(self) -> str:
        """The name of its keyring entry: ``name`` for https, the origin for http.

        http and https of one host and port are two accounts.
        """
        return self.name if self.origin.startswith("https:") else self.origin

    @property
    def login_command(self) -> str:
        """The command that logs in to the account."""
        subdomain = self.name.removesuffix(_SUFFIX)
        has_subdomain = (
            self.origin == f"https://{subdomain}{_SUFFIX}" and "." not in subdomain
        )
        option = (
            f"--subdomain {subdomain}" if has_subdomain else f"--base-url {self.origin}"
        )
        return f"jobstat auth login {option}"

    @property
    def is_at_zendesk(self) -> bool:
        """Whether Zendesk runs the account, not another server with the same API."""
        return (urlsplit(self.origin).hostname or "").endswith(_SUFFIX)

    @property
    def on_loopback(self) -> bool:
        """Whether the account is on this machine, as the demo's is."""
        return urlsplit(self.origin).hostname in _LOOPBACK


def named_account(
    base_url: str | None, subdomain: str | None, environ: Mapping[str, str]
) -> Account | None:
    """Return the account that an option names, else the environment, else None.

    An empty option counts too: a script that passes one by mistake must not reach
    another account. Raise UsageError if a name is invalid.
    """
    if base_url is not None and subdomain is not None:
        raise UsageError(
            "--base-url and --subdomain both name an account", hint="Give one of them."
        )
    domain = environ.get("ZENDESK_DOMAIN") or ZENDESK_DOMAIN
    if base_url is not None:
        return account_from_url(base_url, "--base-url")
    if subdomain is not None:
        return account_from_subdomain(subdomain, domain, "--subdomain")
    if url := environ.get("JOBSTAT_BASE_URL"):
        return account_from_url(url, "JOBSTAT_BASE_URL")
    if name := environ.get("ZENDESK_SUBDOMAIN"):
        return account_from_subdomain(name, domain, "ZENDESK_SUBDOMAIN")
    return None


def account_from_url(text: str, source: str) -> Account:
    """Return the account at a base URL; ``source`` names the URL in errors.

    Raise UsageError unless it is https, or http to a loopback address, and has only
    scheme, host and port.
    """
    base = text.strip().rstrip("/")
    account = _parse_origin(base, source)
    if urlsplit(base).path or urlsplit(base).query or urlsplit(base).fragment:
        raise UsageError(
            f"{source} has more than a host in it",
            hint=f"Give {account.origin} alone.",
        )
    return account


def account_from_subdomain(text: str, domain: str, source: str) -> Account:
    """Return the account ``https://{text}.{domain}``; ``source`` names it in errors.

    Accept a whole host name, or any URL of the account, as well. Raise UsageError.
    """
    if not all(map(_LABEL.fullmatch, domain.lower().split("."))):
        raise UsageError(
            f"ZENDESK_DOMAIN is not a domain: {domain[:80]!r}",
            hint="Set ZENDESK_DOMAIN to a domain such as zendesk.com, or unset it.",
        )
    name = text.strip()
    if "://" in name:
        return _parse_origin(name, source)
    name = name.lower().removesuffix("." + domain.lower())
    if not _LABEL.fullmatch(name):
        raise UsageError(
            f"{source} is not a subdomain: {text[:80]!r}",
            hint="The subdomain of https://acme.zendesk.com is acme."
            " For another host, give --base-url.",
        )
    return _parse_origin(f"https://{name}.{domain}", source)


def _parse_origin(url: str, source: str) -> Account:
    try:
        parts = split_url(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None:
        raise UsageError(
            f"{source} is not a URL", hint="Example: https://acme.zendesk.com"
        )
    if "@" in parts.netloc:
        # The text before the @ may be a secret: do not show it.
        raise UsageError(
            f"{source} contains a user name",
            hint="Remove the text before the @. To give a credential, run jobstat auth"
            " login or set ZENDESK_OAUTH_TOKEN.",
        )
    on_loopback = host in _LOOPBACK
    labels = host.split(".")
    if not on_loopback and not all(map(_LABEL.fullmatch, labels)):
        raise UsageError(
            f"{source} has no valid host name: {host[:80]!r}",
            hint="Example: https://acme.zendesk.com",
        )
    if parts.scheme != "https" and not (parts.scheme == "http" and on_loopback):
        raise UsageError(
            f"{source} must start with https://",
            hint="Give an https:// address. http:// is for localhost only.",
        )
    return Account(origin(parts.scheme, host, port))
