"""Which Zendesk account is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from jobstat.errors import UsageError
from jobstat.jobs.reference import origin, split_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jobstat.jobs.reference import Reference

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


_ZENDESK = ".zendesk.com"


@dataclass(frozen=True, slots=True)
class Account:
    """A Zendesk account: ``origin`` is its ``scheme://host[:port]``.

    ``named_by_user`` is whether the user has named it, by an option, the environment or
    as the default. Where only a job's URL does, no credential goes there that was
    not stored for it.
    """

    origin: str
    named_by_user: bool = field(default=True, compare=False)

    @property
    def name(self) -> str:
        """The host, with the port where it is not the usual one."""
        return self.origin.partition("://")[2]

    @property
    def entry_name(self) -> str:
        """The name of its keyring entry: the host for https, the origin for http.

        http and https of one host and port are two accounts.
        """
        return self.name if self.origin.startswith("https:") else self.origin

    @property
    def login_command(self) -> str:
        """The command that logs in to it."""
        subdomain = self.name.removesuffix(_ZENDESK)
        usual = self.origin == f"https://{subdomain}{_ZENDESK}" and "." not in subdomain
        named = f"--subdomain {subdomain}" if usual else f"--base-url {self.origin}"
        return f"jobstat auth login {named}"

    @property
    def is_at_zendesk(self) -> bool:
        """Whether Zendesk itself runs it, not a server that answers as Zendesk does."""
        return (urlsplit(self.origin).hostname or "").endswith(_ZENDESK)

    @property
    def on_loopback(self) -> bool:
        """Whether the account is on this machine, as the demo's is."""
        return urlsplit(self.origin).hostname in _LOOPBACK


class Memory(Protocol):
    """What is known of accounts from earlier on."""

    def default(self) -> Account | None:
        """The account of which all is about, if nothing else is said."""

    def is_logged_in(self, origin: str) -> bool:
        """Whether jobstat is logged in to this account."""


def find_account(
    base_url: str | None,
    subdomain: str | None,
    environ: Mapping[str, str],
    memory: Memory,
    references: Sequence[Reference] = (),
) -> Account:
    """The account that the options name, else the one of the environment.

    Else it is that of the job URLs, where jobstat is logged in to it, else the
    default. An option goes before any variable, and counts when it is empty too:
    that is a slip of a script, which must not end at another account. Raises
    UsageError when none is found, what is named is not an account, or one of
    the jobs that were named by URL is of another.
    """
    origins = [found.origin for found in references if found.origin is not None]
    account = named_account(base_url, subdomain, environ)
    if account is None:
        account = _remembered(origins, memory)
    if account is None:
        raise UsageError(
            "which Zendesk account? None is named",
            hint=f"Give --base-url {origins[0]}, if the job's URL can be trusted."
            if origins
            else "Set ZENDESK_SUBDOMAIN or give --subdomain: acme for"
            " https://acme.zendesk.com. jobstat auth login makes one the default.",
        )
    for named in origins:
        if named != account.origin:
            raise UsageError(
                f"the job's URL is of {named}, but the account is {account.origin}",
                hint="Name the job's account with --subdomain or --base-url.",
            )
    return account


def _remembered(origins: Sequence[str], memory: Memory) -> Account | None:
    default = memory.default()
    if origins and memory.is_logged_in(origins[0]):
        named = default is not None and default.origin == origins[0]
        return Account(origins[0], named_by_user=named)
    return default


def named_account(
    base_url: str | None, subdomain: str | None, environ: Mapping[str, str]
) -> Account | None:
    """The account that an option names, else the environment, if any does.

    Raises UsageError when what is named is not an account.
    """
    if base_url is not None and subdomain is not None:
        raise UsageError("--base-url and --subdomain name an account each: give one")
    domain = environ.get("ZENDESK_DOMAIN") or "zendesk.com"
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
    """The account at a base URL; ``source`` is what gave it.

    Raises UsageError unless it is https, or http to a loopback address, and
    nothing but scheme, host and port.
    """
    base = text.strip().rstrip("/")
    account = _account_of(base, source)
    if urlsplit(base).path or urlsplit(base).query or urlsplit(base).fragment:
        raise UsageError(
            f"{source} has more than a host in it",
            hint=f"Give {account.origin} alone.",
        )
    return account


def account_from_subdomain(text: str, domain: str, source: str) -> Account:
    """The account ``https://{text}.{domain}``.

    A whole host name or any URL of the account is taken for what it means.
    """
    if not all(map(_LABEL.fullmatch, domain.lower().split("."))):
        raise UsageError(f"ZENDESK_DOMAIN is not a domain: {domain[:80]!r}")
    name = text.strip()
    if "://" in name:
        return _account_of(name, source)
    name = name.lower().removesuffix("." + domain.lower())
    if not _LABEL.fullmatch(name):
        raise UsageError(
            f"{source} is not a subdomain: {text[:80]!r}",
            hint="The subdomain of https://acme.zendesk.com is acme;"
            " for another host give --base-url.",
        )
    return _account_of(f"https://{name}.{domain}", source)


def _account_of(url: str, source: str) -> Account:
    try:
        parts = split_url(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port = None, None
    if host is None:
        raise UsageError(
            f"{source} is not a URL", hint="Such as https://acme.zendesk.com."
        )
    if "@" in parts.netloc:
        # What stands before the @ may be a secret: it is not repeated.
        raise UsageError(
            f"{source} has a user name in it",
            hint="Credentials are taken from the environment, never from a URL.",
        )
    on_loopback = host in _LOOPBACK
    labels = host.split(".")
    if not on_loopback and not all(map(_LABEL.fullmatch, labels)):
        raise UsageError(f"{source} has no valid host name: {host[:80]!r}")
    if parts.scheme != "https" and not (parts.scheme == "http" and on_loopback):
        raise UsageError(
            f"{source} must start with https://",
            hint="A credential goes over TLS; plain http is for this machine only.",
        )
    return Account(origin(parts.scheme, host, port))
