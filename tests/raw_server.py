"""A server on loopback that sends any bytes, for broken answers and TLS."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import chain, repeat
from typing import TYPE_CHECKING

from children import TIMEOUT

if TYPE_CHECKING:
    import ssl


def http(
    status: str = "200 OK",
    content: bytes = b"",
    *headers: str,
    content_type: str = "application/json; charset=utf-8",
) -> bytes:
    """Return the bytes of an HTTP answer."""
    lines = [
        f"HTTP/1.1 {status}",
        f"Content-Type: {content_type}",
        f"Content-Length: {len(content)}",
        "Connection: close",
        *headers,
    ]
    return "\r\n".join([*lines, "", ""]).encode() + content


Sent = bytes | Callable[[socket.socket], None]
"""An answer: its bytes, or a function that handles the connection."""


def after(moment: threading.Event, answer: bytes) -> Sent:
    """Return an answer that is sent only after ``moment``."""

    def handle(connection: socket.socket) -> None:
        moment.wait(TIMEOUT)
        connection.sendall(answer)

    return handle


@dataclass(frozen=True)
class Early:
    """An answer before the request is read.

    ``handle`` handles the connection. Without it, the server presents the certificate
    of ``tls`` and sends nothing.
    """

    handle: Callable[[socket.socket], None] | None = None
    tls: ssl.SSLContext | None = None


Reply = Sent | Early


@contextmanager
def raw_server(
    *answers: Reply, tls: ssl.SSLContext | None = None
) -> Iterator[RawServer]:
    """Run a server with one answer for each connection; the last one repeats."""
    server = RawServer(chain(answers, repeat(answers[-1])), tls)
    try:
        yield server
    finally:
        server.close()


class RawServer:
    """A server that records the head of each request, and sends the next answer."""

    def __init__(
        self,
        answers: Iterator[Reply],
        tls: ssl.SSLContext | None = None,
        port: int = 0,
    ) -> None:
        self._answers = answers
        self._tls = tls
        self._listening = socket.create_server(("127.0.0.1", port))
        self.requests: list[str] = []
        self.port = self._listening.getsockname()[1]
        scheme = "https" if tls else "http"
        self.base_url = f"{scheme}://127.0.0.1:{self.port}"
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        # A close alone would not wake the thread in accept, and would keep the port.
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            answer = next(self._answers)
            thread = threading.Thread(
                target=self._handle, args=(connection, answer), daemon=True
            )
            thread.start()

    def _handle(self, connection: socket.socket, answer: Reply) -> None:
        try:
            tls = self._tls
            if isinstance(answer, Early):
                if answer.handle:
                    answer.handle(connection)
                    return
                tls = answer.tls
                answer = b""
            if tls:
                connection = tls.wrap_socket(connection, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head:
                head += connection.recv(65536) or b"\r\n\r\n"
            self.requests.append(head.decode("latin-1"))
            if callable(answer):
                answer(connection)
            else:
                connection.sendall(answer)
        except OSError:
            pass  # the client closed the connection, or rejected the certificate
        finally:
            connection.close()
