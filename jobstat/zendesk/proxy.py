"""The proxy settings of the environment: their errors and their secrets."""

from __future__ import annotations

import os
from base64 import b64encode
from urllib.parse import unquote
from urllib.request import getproxies

from jobstat.errors import JobstatError, Unreachable, UsageError
from jobstat.zendesk.redact import to_bytes

_VARIABLES = ("HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY")


def proxy_settings_error(error: Exception) -> UsageError:
    """Return the error that names the setting which httpx cannot use.

    It leaves out the URL, which may hold a password.
    """
    for name in _VARIABLES:
        for variable in (name, name.lower()):
            url = os.environ.get(variable)
            if not url:
                continue
            if not _is_proxy_url(url):
                return UsageError(
                    f"{variable} does not name a proxy",
                    hint="Example: http://proxy.example.com:8080",
                )
            if isinstance(error, ImportError) and url.startswith("socks"):
                return UsageError(
                    f"{variable} names a SOCKS proxy, for which socksio is missing",
                    hint="Install it where jobstat is: pip install socksio",
                )
    return UsageError("NO_PROXY, or another proxy setting, cannot be used")


def proxy_refusal(proxy: str, message: str) -> JobstatError:
    """Return the error for a proxy that makes no connection; ``message`` is its own."""
    code = message[:3]
    if code in {"401", "407"}:
        # tinyproxy answers 401 to a wrong password, other proxies 407.
        return UsageError(
            f"{proxy} refuses its user and password ({code})",
            hint="They stand in its URL: http://USER:PASSWORD@HOST:PORT.",
        )
    return Unreachable(f"{proxy} makes no connection: {message}")


def proxy_secrets() -> list[str]:
    """Return the passwords in the proxies' URLs, also as requests send them."""
    secrets = []
    for url in getproxies().values():
        # A proxy's URL may lack the scheme.
        userinfo = url.split("://", 1)[-1].rpartition("@")[0]
        user, _, password = userinfo.partition(":")
        if password:
            pair = to_bytes(f"{unquote(user)}:{unquote(password)}")
            secrets += [password, unquote(password), b64encode(pair).decode()]
    return secrets


def _is_proxy_url(url: str) -> bool:
    import httpx

    try:
        httpx.Proxy(url if "://" in url else f"http://{url}")
    except (ValueError, httpx.InvalidURL):
        return False
    return True
