"""An HTTP client for one host. Each exchange has one timeout, from DNS to last byte."""

from __future__ import annotations

import sys
import zlib
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

from jobstat import clock
from jobstat.errors import InvalidResponse, Unreachable, UsageError
from jobstat.jobs.duration import format_duration
from jobstat.zendesk.errors import network_error, root_cause
from jobstat.zendesk.exchange import Exchange, FirstBytes, Request, Response
from jobstat.zendesk.proxy import proxy_refusal, proxy_secrets, proxy_settings_error
from jobstat.zendesk.redact import redact_exception
from jobstat.zendesk.tls import ssl_context

# If they are installed, httpx imports its own command line, with rich and pygments, and
# httpcore the libraries for async: a third of their start-up time. None in sys.modules
# makes these imports fail, and both handle the failure.
_UNUSED = {"httpx._main", "anyio", "trio"} - sys.modules.keys()
sys.modules.update(dict.fromkeys(_UNUSED))  # type: ignore[arg-type] # None is allowed
import httpcore  # noqa: E402, F401 - httpx would import it later
import httpx  # noqa: E402 - after the lines above

for _name in _UNUSED:
    del sys.modules[_name]

if TYPE_CHECKING:
    import socket
    import ssl

    from jobstat.zendesk.background import OnTick

KEEPALIVE = 60.0
"""Seconds that an idle connection stays open for the next exchange.

Longer than the longest wait between two polls of a job. A new TLS connection costs the
bytes of several polls.
"""

PROXY_KEEPALIVE = 5.0
"""The same for a connection through a proxy. A proxy may lose the other half of it, and
still confirm each byte: the connection then looks alive, but no answer comes."""


class _NoCookies(CookieJar):
    """A cookie jar that stays empty. The credential says who asks."""

    def extract_cookies(self, *_: object) -> None:
        """Ignore the cookies of a response. httpx cannot send a non-ASCII one back."""


class HttpClient:
    """A client for one host, and a context manager.

    ``bypass_proxy`` ignores the proxies of the environment. ``tls`` contains the
    certificates to trust; without it, ``ssl_context`` chooses them. Raise UsageError if
    the host name, a proxy setting or a certificate setting is invalid.
    """

    def __init__(
        self,
        origin: str,
        headers: dict[str, str],
        *,
        bypass_proxy: bool,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._origin = origin
        self._name = origin.partition("://")[2]
        self._headers = headers
        self._bypass_proxy = bypass_proxy
        try:
            # ``host`` decodes an internationalized name (xn--...), which may fail.
            _ = httpx.URL(origin).host
        except (ValueError, httpx.InvalidURL) as error:
            raise UsageError(
                f"no valid host name: {self._name}",
                hint="Check the account's address, for example"
                " https://acme.zendesk.com",
            ) from error
        self._tls = tls or ssl_context()
        self._client = self._open()
        self._socket: socket.socket | None = None
        self._first_bytes = FirstBytes()
        self._last_used_at = clock.monotonic()
        self._keepalive = KEEPALIVE

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def send(
        self, request: Request, timeout: float, on_tick: OnTick = None
    ) -> Response:
        """Return the response to a request. Follow no redirect.

        ``timeout`` is in seconds, from the resolution of the name to the last byte.
        ``on_tick`` is called about once a second. A GET that meets a dead connection
        is sent once more, over a new one. Raise Unreachable if there is no whole
        response by then, InvalidResponse if it is too large or damaged, UsageError if
        the proxy refuses its user and password.
        """
        is_old = clock.monotonic() - self._last_used_at > self._keepalive
        if is_old or request.body is not None:
            # httpx's own expiry does not count the time of a suspend. A POST must not
            # meet a dead connection: it is never sent twice.
            self.reconnect()
        deadline = clock.monotonic() + timeout
        exchange, done = self._exchange(request, timeout, on_tick)
        if exchange.was_in_vain and (time_left := deadline - clock.monotonic()) > 0:
            self.reconnect()
            exchange, done = self._exchange(request, time_left, on_tick)
        if exchange.response:
            connection = exchange.response.headers.get("connection", "")
            if connection.strip().lower() == "close":
                self._socket = None
            return exchange.response
        # Ignore errors caused by our own cancel.
        raise self._to_error(exchange, exchange.error if done else None, timeout)

    def _exchange(
        self, request: Request, timeout: float, on_tick: OnTick
    ) -> tuple[Exchange, bool]:
        """Return an exchange, and whether it ended before its deadline."""
        exchange = Exchange(
            self._client, self._socket, self._first_bytes, request, timeout
        )
        done = False
        try:
            done = exchange.run(on_tick)
        finally:
            self._last_used_at = clock.monotonic()
            if exchange.peer:  # a new connection
                is_proxied = exchange.peer != _host_and_port(self._origin)
                self._keepalive = PROXY_KEEPALIVE if is_proxied else KEEPALIVE
            if done:
                self._socket = exchange.socket
            else:
                # The abandoned thread may still use the old client.
                exchange.abandon()
                self._client, self._socket = self._open(), None
        return exchange, done

    def clone(self) -> HttpClient:
        """Return another client for the same host, with its own connection."""
        return HttpClient(
            self._origin, self._headers, bypass_proxy=self._bypass_proxy, tls=self._tls
        )

    def reconnect(self) -> None:
        """Use a new connection for the next request.

        Surplus bytes on the old one would be read as the next response.
        """
        if self._socket:
            self._client.close()
            self._client, self._socket = self._open(), None

    def _open(self) -> httpx.Client:
        try:
            return httpx.Client(
                base_url=self._origin,
                headers={**self._headers, "Accept-Encoding": "gzip"},
                verify=self._tls,
                # Requests to this machine have no TLS: a proxy could read them.
                trust_env=not self._bypass_proxy,
                limits=httpx.Limits(keepalive_expiry=KEEPALIVE),
                cookies=_NoCookies(),
            )
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            raise proxy_settings_error(error) from None

    def _to_error(
        self, exchange: Exchange, cause: Exception | None, timeout: float
    ) -> Exception:
        """Return the error for an exchange without a response, without secrets."""
        if cause:
            # Redact first: the new error quotes the message.
            redact_exception(cause, proxy_secrets())
        error = self._translate(exchange, cause, timeout)
        if error is not cause:
            error.__cause__ = cause
        return error

    def _translate(
        self, exchange: Exchange, cause: Exception | None, timeout: float
    ) -> Exception:
        peer, name = exchange.peer, self._name
        if peer not in {None, _host_and_port(self._origin)}:
            proxy = f"the proxy {peer}"
            name = proxy if exchange.connecting else f"{name} through {proxy}"
        match cause:
            case None | httpx.TimeoutException():
                duration = format_duration(max(timeout + 0.5, 1))
                return Unreachable(f"{name} did not answer within {duration}")
            case httpx.ProxyError():
                return proxy_refusal(f"the proxy {peer}", str(cause))
            case zlib.error():
                return InvalidResponse(f"the answer from {name} cannot be decompressed")
            case httpx.InvalidURL():
                # The cursor of the next page is a part of the URL.
                return InvalidResponse(
                    f"{name} sent a list whose link to the next page is broken",
                    hint="Try again.",
                )
            case httpx.TransportError() | OSError():
                return network_error(
                    name, root_cause(cause), connecting=exchange.connecting
                )
            case _:
                return cause


def _host_and_port(origin: str) -> str:
    url = urlsplit(origin)
    return f"{url.hostname}:{url.port or {'http': 80}.get(url.scheme, 443)}"
