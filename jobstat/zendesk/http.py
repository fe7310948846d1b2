"""HTTP with one host, each exchange under one deadline: all that knows httpx."""

from __future__ import annotations

import errno
import os
import socket
import ssl
import stat
import sys
import zlib
from base64 import b64encode
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import unquote, urlsplit
from urllib.request import getproxies

from jobstat import clock
from jobstat.errors import InvalidResponse, JobstatError, Unreachable, UsageError
from jobstat.jobs.duration import format_duration
from jobstat.zendesk.background import BackgroundCall
from jobstat.zendesk.redact import redact_exception

# httpx imports its own command line, and with it click, rich and pygments,
# where they are installed: a third of its cost. None in sys.modules makes that
# import fail, which httpx provides for.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # as said
import httpx  # noqa: E402

if sys.modules["httpx._main"] is None:
    del sys.modules["httpx._main"]

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

MAX_BODY = 64 * 2**20
"""Bytes of an unpacked answer that are read."""

MAX_ERROR_BODY = 2**16
"""Bytes that are read of the body of an error: its words stand at the beginning."""

KEEPALIVE = 5.0
"""Seconds that a connection is kept for the next exchange."""

ERROR_BODY_TIMEOUT = 2.0
"""Seconds that the words of a refusal may take, once it is known to be one."""


@dataclass(frozen=True, slots=True)
class Request:
    """A question: a GET, or with a ``body`` a POST."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """An answer; ``is_cut`` is whether the end of its body is missing."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    is_cut: bool = False

    @property
    def is_success(self) -> bool:
        # 206 is a part of an answer.
        return 200 <= self.status < 300 and self.status != 206  # noqa: PLR2004 - HTTP's own numbers


class _NoCookies(CookieJar):
    """Keeps no cookies and sends none: a credential says who asks."""

    def extract_cookies(self, *_: object) -> None:
        """Leave them unread: one that is no ASCII could not be sent."""


class HttpClient:
    """Exchanges with one host, to be used as a context manager.

    ``bypass_proxy`` goes there without a proxy; ``tls`` is the certificates that are
    trusted, None for those of the environment. Raises UsageError when the host is no
    host, or the proxy or certificate settings of the environment cannot be used.
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
            # httpx decodes an internationalized name (xn--...) when it is looked at.
            _ = httpx.URL(origin).host
        except (ValueError, httpx.InvalidURL) as error:
            raise UsageError(f"no valid host name: {self._name}") from error
        self._tls = tls or _ssl_context()
        self._client = self._open()
        self._socket: socket.socket | None = None
        self._reads = _Reads()
        self._is_closed = False
        self._used_at = clock.monotonic()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def send(
        self,
        request: Request,
        timeout: float,
        on_tick: Callable[[], None] | None = None,
    ) -> Response:
        """The answer to a request. Redirects are not followed.

        ``timeout`` is how many seconds it may take from the name's resolution to
        the last byte; ``tick`` is called about every second of them. Raises
        Unreachable when there is no whole answer by then, InvalidResponse for one
        that is too large or cannot be unpacked.
        """
        if clock.monotonic() - self._used_at > KEEPALIVE:
            # httpx's keep-alive ignores a suspend.
            self.reconnect()
        deadline = clock.monotonic() + timeout
        exchange = _Exchange(self._client, self._socket, self._reads, request, timeout)
        finished = False
        try:
            finished = exchange.wait(on_tick)
        finally:
            self._used_at = clock.monotonic()
            if finished:
                self._socket = exchange.socket
            else:
                # Its client goes with it: it may still be in there for a while.
                exchange.abandon()
                self._client, self._socket = self._open(), None
        if exchange.response and not exchange.is_early:
            connection = exchange.response.headers.get("connection", "")
            self._is_closed = connection.strip().lower() == "close"
            return exchange.response
        if exchange.is_early:
            self.reconnect()
            return self.send(request, max(deadline - clock.monotonic(), 0), on_tick)
        # What it met after it was given up is of our own making.
        error = exchange.error if finished else None
        if error:
            # Before it is put into words, of which some are cut off.
            redact_exception(error, _proxy_secrets())
        problem = self._problem(exchange, error)
        if problem is not error:
            problem.__cause__ = error
        raise problem

    def apart(self) -> HttpClient:
        """Another client of the same host, with a connection of its own."""
        return HttpClient(
            self._origin, self._headers, bypass_proxy=self._bypass_proxy, tls=self._tls
        )

    def reconnect(self) -> None:
        """Use a new connection for the next request.

        Bytes that were sent beyond an answer would be read as the next one.
        """
        if not self._is_closed:
            self._client.close()
            self._client, self._socket = self._open(), None

    def _open(self) -> httpx.Client:
        try:
            return httpx.Client(
                base_url=self._origin,
                headers={**self._headers, "Accept-Encoding": "gzip"},
                verify=self._tls,
                # A proxy of the environment would be sent what is meant for
                # this machine, and in clear.
                trust_env=not self._bypass_proxy,
                limits=httpx.Limits(keepalive_expiry=KEEPALIVE),
                cookies=_NoCookies(),
            )
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            raise _proxy_problem(error) from None

    def _problem(self, exchange: _Exchange, error: Exception | None) -> Exception:
        """What kept the answer away, in the words of whoever knows it best."""
        peer = exchange.peer
        proxied = peer not in {None, _with_port(self._origin)}
        name = f"{self._name} through the proxy {peer}" if proxied else self._name
        if proxied and exchange.connecting:
            name = f"the proxy {peer}"
        match error:
            case None | httpx.TimeoutException():
                patience = format_duration(max(exchange.timeout + 0.5, 1))
                return Unreachable(f"{name} did not answer within {patience}")
            case httpx.ProxyError():
                return _refusal_of_proxy(f"the proxy {peer}", str(error))
            case zlib.error():
                return InvalidResponse(f"the answer of {name} cannot be unpacked")
            case httpx.InvalidURL():
                # Its cursor to the next page is part of one.
                return InvalidResponse(f"the answer of {name} leads to no URL")
            case httpx.TransportError() | OSError():
                pass
            case _:
                return error
        what = f"the connection to {name} broke"
        if exchange.connecting:
            what = f"no connection to {name}"
        return _network_problem(name, what, _root_cause(error))


class _Reads:
    """Remembers the first bytes that a connection gives after a request."""

    def __init__(self) -> None:
        self.first = b""

    @property
    def is_early(self) -> bool:
        """Whether the head of an answer, or its beginning, came before its question."""
        beginning = b"HTTP/"
        first = self.first[: len(beginning)]
        return not (first and beginning.startswith(first))

    def watch(self, stream: Any) -> None:
        """Remember the first bytes that are read from this stream of httpcore's."""
        read = stream.read

        def noted(*arguments: Any, **options: Any) -> bytes:
            content: bytes = read(*arguments, **options)
            self.first = self.first or content
            return content

        stream.read = noted


class _Exchange:
    """A request and its answer, in a thread of their own.

    So they can be given up at any moment: nothing else bounds the resolution of
    a name, or an answer that drips in, and no signal would come through either.
    """

    def __init__(
        self,
        client: httpx.Client,
        connected: socket.socket | None,
        reads: _Reads,
        request: Request,
        timeout: float,
    ) -> None:
        self.timeout = timeout
        self.is_early = False
        self._reads = reads
        self.socket = connected
        self.peer: str | None = None
        self.connecting = connected is None
        self.response: Response | None = None
        self.error: Exception | None = None
        self._client = client
        self._request = request
        self._deadline = clock.monotonic() + timeout
        self._abandoned = False
        self._thread: BackgroundCall[None] | None = None

    def wait(self, on_tick: Callable[[], None] | None) -> bool:
        """Let it happen; gives whether it came to an end within its time."""
        self._thread = BackgroundCall(self._run, "exchange")
        return self._thread.wait(self._left, on_tick)

    def _left(self) -> float:
        return self._deadline - clock.monotonic()

    def abandon(self) -> None:
        """Let it end by itself, and soon, without another byte sent."""
        self._abandoned = True
        if self.socket:
            # A handshake, which has it then, has Python's own deadline.
            with suppress(OSError):
                # Not SSLSocket's own: that one would let a thread which is about
                # to write go on in clear.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
        if self._thread:
            self._thread.abandon(self._client.close)

    def _run(self) -> None:
        self._client.event_hooks = {"response": [self._note_refusal]}
        try:
            with self._client.stream(
                "GET" if self._request.body is None else "POST",
                self._request.path,
                headers=self._request.headers,
                content=self._request.body,
                timeout=self.timeout,
                extensions={"trace": self._trace},
            ) as response:
                body, is_cut = _read_body(response, refusal=self.response is not None)
            status, headers = response.status_code, response.headers
            self.response = Response(status, headers, body, is_cut)
        except Exception as error:  # noqa: BLE001 - told by whoever waits for it
            self.error = error

    def _note_refusal(self, response: httpx.Response) -> None:
        """Keep what is known already: it is a refusal without its words too."""
        head = Response(response.status_code, response.headers)
        if not head.is_success:
            self.response = head
            patience = clock.monotonic() + ERROR_BODY_TIMEOUT
            self._deadline = min(self._deadline, patience)

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Follow what httpcore tells of an exchange, by its trace extension."""
        if self._abandoned and not event.endswith(".failed"):
            if event.endswith("connect_tcp.complete"):
                info["return_value"].close()
            raise httpx.ReadTimeout("given up")
        if event.endswith("connect_tcp.started"):
            self.connecting = True
            self.peer = f"{info['host']}:{info['port']}"
        elif event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self.connecting = False
            self.socket = info["return_value"].get_extra_info("socket")
            self._reads.watch(info["return_value"])
        elif event.endswith("send_request_headers.started"):
            self._reads.first = b""
        elif event.endswith("receive_response_headers.complete") and (
            self._reads.is_early
        ):
            # It was read with the answer before: it was there before its question.
            self.is_early = True
            raise httpx.RemoteProtocolError("an answer before its question")


def _read_body(response: httpx.Response, *, refusal: bool) -> tuple[bytes, bool]:
    """The body, unpacked up to a limit, and whether its end is missing.

    httpx would unpack whatever comes. Only a refusal may lack its end.
    """
    largest = MAX_ERROR_BODY if refusal else MAX_BODY
    packing = response.headers.get("content-encoding", "").strip().lower()
    unpacking = None
    if packing in {"gzip", "x-gzip"}:
        unpacking = zlib.decompressobj(wbits=31)
    elif packing not in {"", "identity"}:
        raise zlib.error("of another kind")
    body = bytearray()
    for chunk in response.iter_raw():
        room = largest + 1 - len(body)
        if unpacking is None:
            body += chunk
        else:
            unpacking = _unpack(chunk, unpacking, body, room)
        if len(body) > largest:
            if refusal:
                break
            raise InvalidResponse(f"the answer is larger than {largest // 2**20} MiB")
    is_cut = len(body) > largest or bool(unpacking and not unpacking.eof and body)
    if is_cut and not refusal:
        raise zlib.error("cut off")
    return bytes(body), is_cut


def _unpack(chunk: bytes, unpacking: Any, body: bytearray, room: int) -> Any:
    """Unpack a chunk into the body; gives what unpacks the next one.

    gzip may have several members, one after the other (RFC 1952).
    """
    body += unpacking.decompress(chunk, room)
    while unpacking.eof and (rest := unpacking.unused_data):
        unpacking = zlib.decompressobj(wbits=31)
        body += unpacking.decompress(rest, room)
    return unpacking


def _ssl_context() -> ssl.SSLContext:
    """The certificates that are trusted: certifi's, or those of the environment."""
    file, folder = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    folders = (folder or "").split(os.pathsep)
    if folder and not file and not any(map(os.path.isdir, folders)):
        raise UsageError(f"SSL_CERT_DIR names no directory: {folder!r}")
    try:
        if file:
            _check_regular(file)
        return httpx.create_ssl_context()
    except OSError as error:
        # To the file that the second one names, Python's ssl writes its keys.
        name = "SSL_CERT_FILE" if file else "SSLKEYLOGFILE"
        no_certificate = isinstance(error, ssl.SSLError)
        why = (
            "it holds no certificate in PEM form" if no_certificate else error.strerror
        )
        raise UsageError(
            f"{name} cannot be used: {os.environ.get(name)!r}: {why}"
        ) from error


def _check_regular(file: str) -> None:
    """Raise OSError unless it is a regular file: OpenSSL waits forever for a FIFO."""
    if not stat.S_ISREG(os.stat(file).st_mode):  # noqa: PTH116 - as OpenSSL finds it
        raise OSError(errno.EINVAL, "it is not a regular file")


def _proxy_problem(error: Exception) -> UsageError:
    """Which setting of the environment it is that httpx cannot use.

    Not in its own words: a proxy's URL may hold a password.
    """
    for name in ("HTTPS_PROXY", "ALL_PROXY", "HTTP_PROXY"):
        for spelling in (name, name.lower()):
            url = os.environ.get(spelling)
            if not url:
                continue
            try:
                httpx.Proxy(url if "://" in url else f"http://{url}")
            except (ValueError, httpx.InvalidURL):
                return UsageError(
                    f"{spelling} does not name a proxy",
                    hint="Such as http://proxy.example.com:8080.",
                )
            if isinstance(error, ImportError) and url.startswith("socks"):
                return UsageError(
                    f"{spelling} names a SOCKS proxy, for which socksio is missing",
                    hint="Install it beside jobstat: pip install socksio",
                )
    return UsageError("NO_PROXY, or another proxy setting, cannot be used")


def _proxy_secrets() -> list[str]:
    """The passwords in the proxies' URLs, and what is sent of them."""
    found = []
    for url in getproxies().values():
        # The scheme may be left out.
        userinfo = url.split("://", 1)[-1].rpartition("@")[0]
        user, _, password = userinfo.partition(":")
        pair = f"{unquote(user)}:{unquote(password)}".encode("utf-8", "surrogateescape")
        if password:
            found += [password, unquote(password), b64encode(pair).decode()]
    return found


def _refusal_of_proxy(proxy: str, words: str) -> JobstatError:
    code = words[:3]
    if code in {"401", "407"}:
        # tinyproxy answers 401 to a wrong password, others 407.
        return UsageError(
            f"{proxy} does not take its user and password ({code})",
            hint="They stand in its URL: http://USER:PASSWORD@HOST:PORT.",
        )
    return Unreachable(f"{proxy} makes no connection: {words}")


def _network_problem(name: str, what: str, cause: BaseException) -> Unreachable:
    match cause:
        case ssl.SSLCertVerificationError():
            return Unreachable(
                f"the certificate of {name} is not trusted: {cause.verify_message}",
                hint="SSL_CERT_FILE may name the certificates to trust.",
            )
        case ssl.SSLError() if cause.reason:
            return Unreachable(f"{what}: TLS: {cause.reason.replace('_', ' ').lower()}")
        case socket.gaierror():
            return Unreachable(
                f"host not found: {name}",
                hint="Is the name right, and is there a network?",
            )
        case OSError() if cause.strerror:
            return Unreachable(f"{what}: {cause.strerror}")
        case _:
            words = (str(cause) or type(cause).__name__).removesuffix(".")
            return Unreachable(f"{what}: {words[:1].lower()}{words[1:]}")


def _with_port(origin: str) -> str:
    url = urlsplit(origin)
    return f"{url.hostname}:{url.port or {'http': 80}.get(url.scheme, 443)}"


def _root_cause(error: BaseException) -> BaseException:
    """The first cause of an error: what the operating system or TLS said."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    return error
