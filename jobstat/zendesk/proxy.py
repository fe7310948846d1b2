"""The proxy settings of the environment: errors about them, and their secrets."""

from __future__ import annotations

import os
from base64 import b64encode
from urllib.parse import unquote
from urllib.request import getproxies

from jobstat.errors import JobstatError, Unreachable, UsageError
from jobstat.zendesk.redact import to_bytes

_PROXY_VARIABLES = ("HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY")


def proxy_settings_error(error: Exception) -> UsageError:
    """Return the error for the proxy setting that httpx cannot use.

    The error leaves out the URL, which may contain a password.
    """
    for name in _PROXY_VARIABLES:
        for variable in (name, name.lower()):
            url = os.environ.get(variable)
            if not url:
                continue
            if not _is_proxy_url(url):
                return UsageError(
                    f"{variable} does not name a proxy",
                    hint=f"Set {variable} to a URL such as http://proxy.example.com:8080",
                )
            if isinstance(error, ImportError) and url.startswith("socks"):
                return UsageError(
                    f"{variable} names a SOCKS proxy, which needs the Python package"
                    " socksio",
                    hint="Install it beside jobstat: pipx inject jobstat socksio, or"
                    " pip install socksio",
                )
    # Of the other settings that httpx reads, only NO_PROXY may contain an invalid URL.
    return UsageError(
        "a proxy setting is invalid",
        hint="Check NO_PROXY, for example: NO_PROXY=localhost,.example.com",
    )


def proxy_refusal(proxy: str, message: str) -> JobstatError:
    """Return the error for a proxy that did not connect to the account.

    ``message`` is that of ``httpx.ProxyError``: the status of the proxy's answer, and
    the proxy's words.
    """
    code = message[:3]
    if code in {"401", "407"}:
        # tinyproxy answers 401 to a wrong password, other proxies 407.
        return UsageError(
            f"{proxy} refuses the user name and password ({code})",
            hint="Set the proxy's variable, such as HTTPS_PROXY, to"
            " http://USER:PASSWORD@HOST:PORT",
        )
    return Unreachable(f"{proxy} could not connect to the account: {message}")


def proxy_secrets() -> list[str]:
    """Return the passwords in the proxies' URLs, plain and as a header sends them."""
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
