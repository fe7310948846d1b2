"""One HTTP request and its response, in a thread that can be abandoned."""

from __future__ import annotations

import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from jobstat import clock
from jobstat.zendesk.background import BackgroundCall, OnTick
from jobstat.zendesk.body import read_body

if TYPE_CHECKING:
    import httpx

ERROR_BODY_TIMEOUT = 2.0
"""Seconds that the body of an error response may take after its headers."""

DEAD_AFTER = 3.0
"""Seconds after which a kept connection is dead if its peer confirms no byte.

The peer's system confirms a request at once, however slow the server is. A router that
has forgotten the connection, or a network that was changed, confirms nothing.
"""

# Python has no name for macOS's TCP_RXT_CONNDROPTIME, which counts seconds.
_UNCONFIRMED_LIMIT = (
    (0x80, 1)
    if sys.platform == "darwin"
    else (getattr(socket, "TCP_USER_TIMEOUT", None), 1000)
)
"""The option of a socket that limits the time of unconfirmed bytes, if the system has
one, and its units in a second."""


@dataclass(frozen=True, slots=True)
class Request:
    """A GET, or a POST if it has a body."""

    path: str
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """A response; ``is_cut`` means that the end of its body is missing."""

    status: int
    headers: Mapping[str, str]
    body: bytes = b""
    is_cut: bool = False

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx, except 206, whose body is only a part."""
        return 200 <= self.status < 300 and self.status != 206  # noqa: PLR2004 - HTTP's own numbers


class FirstBytes:
    """The first bytes that a connection receives after it sent a request."""

    def __init__(self) -> None:
        self.content = b""

    @property
    def missed_its_start(self) -> bool:
        """Whether these bytes are not the start of a response.

        There was none, or it began before its request was sent: its start was read
        together with the previous response.
        """
        start = b"HTTP/"
        first = self.content[: len(start)]
        return not (first and start.startswith(first))

    def watch(self, stream: Any) -> None:
        """Record the first bytes that are read from an httpcore stream."""
        read = stream.read

        def recording_read(*arguments: Any, **options: Any) -> bytes:
            chunk: bytes = read(*arguments, **options)
            self.content = self.content or chunk
            return chunk

        stream.read = recording_read


class _Abort(Exception):
    """An exception that ends an exchange inside httpx."""


class Exchange:
    """A request and its response.

    An exchange runs in a thread, because nothing else bounds the resolution of a name
    or a response that drips in, and because signals must reach the main thread.

    ``open_socket`` is that of a kept connection, None without one. ``socket`` is that
    of this exchange's connection, which the next exchange may use. ``peer`` is
    the host and port to connect to. ``connecting`` is true until the connection works.
    """

    def __init__(
        self,
        client: httpx.Client,
        open_socket: socket.socket | None,
        first_bytes: FirstBytes,
        request: Request,
        timeout: float,
    ) -> None:
        self.timeout = timeout
        self.response: Response | None = None
        self.error: Exception | None = None
        self.socket = open_socket
        self.connecting = open_socket is None
        self.peer: str | None = None
        self._client = client
        self._first_bytes = first_bytes
        self._request = request
        self._deadline = clock.monotonic() + timeout
        self._abandoned = False
        self._has_connected = False
        self._is_sent_over_kept = False
        self._call: BackgroundCall[None] | None = None

    def run(self, on_tick: OnTick) -> bool:
        """Send the request. Return whether the exchange ended before its deadline."""
        self._call = BackgroundCall(self._run, "exchange")
        return self._call.wait(lambda: self._deadline - clock.monotonic(), on_tick)

    @property
    def was_in_vain(self) -> bool:
        """Whether the request met a dead connection, and another one may answer it.

        A kept connection may have died while it was idle, or be out of step with its
        requests. Some servers answer a 408 before they close an idle connection. A POST
        is never sent twice.
        """
        if self._request.body is not None or not self._is_sent_over_kept:
            return False
        if self.response:
            return self.response.status == HTTPStatus.REQUEST_TIMEOUT
        return self.error is not None and self._first_bytes.missed_its_start

    def abandon(self) -> None:
        """Make the thread end soon, without sending another byte."""
        self._abandoned = True
        if self.socket:
            # Python's own timeout ends a TLS handshake.
            with suppress(OSError):
                # After SSLSocket.shutdown, the thread could write unencrypted bytes.
                socket.socket.shutdown(self.socket, socket.SHUT_RDWR)
        if self._call:
            self._call.abandon(self._client.close)

    def _run(self) -> None:
        self._client.event_hooks = {"response": [self._on_headers]}
        try:
            with self._client.stream(
                "GET" if self._request.body is None else "POST",
                self._request.path,
                headers=self._request.headers,
                content=self._request.body,
                timeout=self.timeout,
                extensions={"trace": self._trace},
            ) as response:
                body, is_cut = read_body(
                    response.iter_raw(),
                    response.headers.get("content-encoding", ""),
                    # ``_on_headers`` has kept an error response.
                    is_error=self.response is not None,
                )
            status, headers = response.status_code, response.headers
            self.response = Response(status, headers, body, is_cut)
        except Exception as error:  # noqa: BLE001 - the waiting thread raises it
            self.error = error

    def _on_headers(self, response: httpx.Response) -> None:
        """Keep an error response. Its status is enough if its body does not arrive."""
        head = Response(response.status_code, response.headers)
        if not head.is_success:
            self.response = head
            body_deadline = clock.monotonic() + ERROR_BODY_TIMEOUT
            self._deadline = min(self._deadline, body_deadline)

    def _trace(self, event: str, info: Mapping[str, Any]) -> None:
        """Update the state of the exchange. httpcore calls this for each event."""
        if self._abandoned and not event.endswith(".failed"):
            if event.endswith("connect_tcp.complete"):
                info["return_value"].close()
            raise _Abort("the exchange is abandoned")
        if event.endswith("connect_tcp.started"):
            self.connecting = self._has_connected = True
            self.peer = f"{info['host']}:{info['port']}"
        elif event.endswith(("connect_tcp.complete", "start_tls.complete")):
            self.connecting = False
            self.socket = info["return_value"].get_extra_info("socket")
            self._first_bytes.watch(info["return_value"])
        elif event.endswith("send_request_headers.started"):
            self._first_bytes.content = b""
            if not self._has_connected:
                self._is_sent_over_kept = True
                self._limit_unconfirmed_bytes()
        elif event.endswith("receive_response_headers.complete") and (
            self._first_bytes.missed_its_start
        ):
            raise _Abort("the response began before its request")

    def _limit_unconfirmed_bytes(self) -> None:
        option, units = _UNCONFIRMED_LIMIT
        if self.socket and option is not None:
            value = int(DEAD_AFTER * units)
            with suppress(OSError):  # the peer has closed the connection
                self.socket.setsockopt(socket.IPPROTO_TCP, option, value)
