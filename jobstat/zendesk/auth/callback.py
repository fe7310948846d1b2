"""The local server to which Zendesk redirects the browser after a login."""

from __future__ import annotations

import threading
from collections.abc import Callable
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue
from socketserver import TCPServer
from typing import Self
from urllib.parse import urlsplit

from jobstat.errors import AuthError, UsageError

PORT = 15627
"""The default port. It is fixed because the OAuth client lists the redirect URL."""

PATH = "/callback"

_PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>jobstat</title>
<meta name="viewport" content="width=device-width">
<body style="font: 18px sans-serif; max-width: 30em; margin: 4em auto; padding: 0 1em">
<h1>{title}</h1>
<p>{text}</p>
</body></html>
"""


def redirect_url(port: int) -> str:
    """Return the redirect URL, which the OAuth client must list."""
    return f"http://127.0.0.1:{port}{PATH}"


class Callback:
    """A local server that waits for the browser, and a context manager.

    ``parse_redirect`` returns the code in a redirect. It raises UsageError for any
    other address, AuthError if the login was denied. Raise UsageError if the port is
    in use.
    """

    def __init__(self, port: int, parse_redirect: Callable[[str], str]) -> None:
        try:
            self._server = _Server(("127.0.0.1", port), _Handler)
        except OSError as error:
            raise UsageError(
                f"cannot wait for the browser on 127.0.0.1:{port}: {error.strerror}",
                hint="Choose another --port, and add http://127.0.0.1:PORT/callback to"
                " the OAuth client.",
            ) from error
        self._server.parse_redirect = parse_redirect
        self._answers: Queue[str | AuthError] = Queue()
        self._server.answers = self._answers

    def __enter__(self) -> Self:
        threading.Thread(
            target=self._server.serve_forever,
            kwargs={"poll_interval": 0.1},
            daemon=True,
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    def wait_for_code(self, timeout: float) -> str | None:
        """Return the code, None if it does not arrive within ``timeout`` seconds.

        Raise AuthError if the login was denied.
        """
        try:
            answer = self._answers.get(timeout=timeout)
        except Empty:
            return None
        if isinstance(answer, AuthError):
            raise answer
        return answer


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    parse_redirect: Callable[[str], str]
    answers: Queue[str | AuthError]

    def server_bind(self) -> None:
        # HTTPServer.server_bind would look up the host's name, which may take long.
        TCPServer.server_bind(self)

    def handle_error(self, *_: object) -> None:
        """Ignore clients that have disconnected."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    timeout = 5

    def do_GET(self) -> None:
        if urlsplit(self.path).path != PATH:
            self.send_error(404)
            return
        try:
            answer: str | AuthError = self.server.parse_redirect(self.path)
        except UsageError as error:
            # Go on waiting: any web page can send a browser here.
            self._show(400, "Not logged in", f"jobstat says: {error.message}.")
            return
        except AuthError as error:
            answer = error
        title, text = "jobstat has its answer", "Go back to the terminal"
        if isinstance(answer, AuthError):
            title = "Not logged in"
            text = answer.message[:1].upper() + answer.message[1:]
        try:
            self._show(200, title, f"{text}. You may close this.")
        finally:
            # The answer counts even if the browser has disconnected.
            self.server.answers.put(answer)

    def log_message(self, *_: object) -> None:
        """Log nothing: the address contains the code."""

    def _show(self, code: int, title: str, text: str) -> None:
        body = _PAGE.format(title=escape(title), text=escape(text)).encode()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("Referrer-Policy", "no-referrer")
        policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"
        self.send_header("Content-Security-Policy", policy)
        self.end_headers()
        self.wfile.write(body)
