"""Which Zendesk account is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from jobstat.errors import UsageProblem
from jobstat.jobs.reference import origin, split_url

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from jobstat.jobs.reference import Reference

_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", re.ASCII)
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True, slots=True)
class Account:
    """A Zendesk account: ``origin`` is its ``scheme://host[:port]``."""

    origin: str

    @property
    def name(self) -> str:
        """The host, with the port where it is not the usual one."""
        return self.origin.partition("://")[2]

    @property
    def on_loopback(self) -> bool:
        """Whether the account is on this machine, as the demo's is."""
        return urlsplit(self.origin).hostname in _LOOPBACK


def find_account(
    base_url: str | None,
    subdomain: str | None,
    environ: Mapping[str, str],
    references: Sequence[Reference] = (),
) -> Account:
    """The account that the options name, else the one of the environment.

    An option goes before any variable, and counts when it is empty too: that
    is a slip of a script, which must not end at another account. Raises
    UsageProblem when none is named, what is named is not an account, or one of
    the jobs that were named by URL is of another.
    """
    account = _named_account(base_url, subdomain, environ)
    origins = [found.origin for found in references if found.origin is not None]
    if account is None:
        raise UsageProblem(
            "which Zendesk account? None is named",
            hint=f"Give --base-url {origins[0]}, if the job's URL can be trusted."
            if origins
            else "Set ZENDESK_SUBDOMAIN or give --subdomain:"
            " acme for https://acme.zendesk.com.",
        )
    for named in origins:
        if named != account.origin:
            raise UsageProblem(
                f"the job's URL is of {named}, but the account is {account.origin}",
                hint="Name the job's account with --subdomain or --base-url.",
            )
    return account


def _named_account(
    base_url: str | None, subdomain: str | None, environ: Mapping[str, str]
) -> Account | None:
    if base_url is not None and subdomain is not None:
        raise UsageProblem("--base-url and --subdomain name an account each: give one")
    domain = environ.get("ZENDESK_DOMAIN") or "zendesk.com"
    if base_url is not None:
        return at_url(base_url, "--base-url")
    if subdomain is not None:
        return at_subdomain(subdomain, domain, "--subdomain")
    if url := environ.get("JOBSTAT_BASE_URL"):
        return at_url(url, "JOBSTAT_BASE_URL")
    if name := environ.get("ZENDESK_SUBDOMAIN"):
        return at_subdomain(name, domain, "ZENDESK_SUBDOMAIN")
    return None


def at_url(text: str, source: str) -> Account:
    """The account at a base URL; ``source`` is what gave it.

    Raises UsageProblem unless it is https, or http to a loopback address, and
    nothing but scheme, host and port.
    """
    base = text.strip().rstrip("/")
    account = _account_of(base, source)
    if urlsplit(base).path or urlsplit(base).query or urlsplit(base).fragment:
        raise UsageProblem(
            f"{source} has more than a host in it",
            hint=f"Give {account.origin} alone.",
        )
    return account


def at_subdomain(text: str, domain: str, source: str) -> Account:
    """The account ``https://{text}.{domain}``.

    A whole host name or any URL of the account is taken for what it means.
    """
    if not all(map(_LABEL.fullmatch, domain.lower().split("."))):
        raise UsageProblem(f"ZENDESK_DOMAIN is not a domain: {domain[:80]!r}")
    name = text.strip()
    if "://" in name:
        return _account_of(name, source)
    name = name.lower().removesuffix("." + domain.lower())
    if not _LABEL.fullmatch(name):
        raise UsageProblem(
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
        raise UsageProblem(
            f"{source} is not a URL", hint="Such as https://acme.zendesk.com."
        )
    if "@" in parts.netloc:
        # What stands before the @ may be a secret: it is not repeated.
        raise UsageProblem(
            f"{source} has a user name in it",
            hint="Credentials are taken from the environment, never from a URL.",
        )
    on_loopback = host in _LOOPBACK
    labels = host.split(".")
    if not on_loopback and not all(map(_LABEL.fullmatch, labels)):
        raise UsageProblem(f"{source} has no valid host name: {host[:80]!r}")
    if parts.scheme != "https" and not (parts.scheme == "http" and on_loopback):
        raise UsageProblem(
            f"{source} must start with https://",
            hint="A credential goes over TLS; plain http is for this machine only.",
        )
    return Account(origin(parts.scheme, host, port))
