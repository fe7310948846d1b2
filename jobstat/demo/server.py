"""The fake account's HTTP server, on 127.0.0.1 only."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
import time
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

from jobstat.demo.api import OAUTH_HEADERS, FakeApi, Request
from jobstat.demo.fake_account import AccountError, FakeAccount
from jobstat.demo.oauth import FakeOAuth

MAX_BODY = 16 * 2**20
"""The most bytes that are read of a request's body."""


class DemoServer:
    """A fake account that answers while the context is open.

    ``port`` 0 is any free port. Each job takes ``duration`` seconds, and
    ``failure_share`` of its items fail. ``token_lifetime`` is the lifetime of access
    tokens in seconds, ``token_delay`` the delay of token responses in seconds. Raise
    OSError if the port is taken, OverflowError if it is no port.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        duration: float = 8.0,
        failure_share: float = 0.0,
        token_lifetime: float | None = None,
        token_delay: float = 0.0,
    ) -> None:
        self._server = _HttpServer(("127.0.0.1", port), _Handler)
        self.base_url = f"http://127.0.0.1:{self._server.server_port}"
        self.account = FakeAccount(self.base_url, duration, failure_share)
        self.oauth = FakeOAuth(token_lifetime)
        self._server.account = self.account
        self._server.api = FakeApi(self.account, self.oauth)
        self._server.before_tokens = lambda: time.sleep(token_delay)

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


class _HttpServer(ThreadingHTTPServer):
    daemon_threads = True
    account: FakeAccount
    api: FakeApi
    before_tokens: Callable[[], None]

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self.lock = threading.Lock()

    def handle_error(self, *_: object) -> None:
        """Ignore clients that disconnect."""


class _Handler(BaseHTTPRequestHandler):
    server: _HttpServer
    protocol_version = "HTTP/1.1"
    server_version = "jobstat-demo"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        request = Request(
            self.command,
            self.path,
            self.headers["authorization"] or "",
            self._read_body(),
        )
        if request.path.startswith("/oauth/"):
            self._respond_to_oauth(request)
        else:
            self._respond(request)

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815 - http.server's names

    def log_message(self, *_: object) -> None:
        """Print nothing: the watch uses the terminal."""

    def _read_body(self) -> bytes:
        length = self.headers["content-length"] or ""
        size = int(length) if length.isdigit() and length.isascii() else 0
        return self.rfile.read(min(size, MAX_BODY))

    def _respond(self, request: Request) -> None:
        now = time.time()
        with self.server.lock:
            remaining, reset = self.server.account.count_request(now)
            try:
                _check_rate_limit(remaining)
                status, document = 200, self.server.api.respond(request, now)
            except AccountError as error:
                status, document = error.status, error.body
        self._send_json(status, document, max(remaining, 0), reset)

    def _respond_to_oauth(self, request: Request) -> None:
        try:
            with self.server.lock:
                response = self.server.api.respond_to_oauth(request, time.time())
        except AccountError as error:
            response = error.status, OAUTH_HEADERS, json.dumps(error.body)
        if request.path == "/oauth/tokens":
            self.server.before_tokens()
        status, headers, body = response
        self._send(status, headers, body.encode())

    def _send_json(
        self, status: int, document: Any, remaining: int, reset: int
    ) -> None:
        """Send a JSON document with Zendesk's headers.

        ``remaining`` is the number of requests left, ``reset`` the seconds until the
        rate limit is full again.
        """
        body = json.dumps(document).encode()
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        limit = self.server.account.limit
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "ETag": f'W/"{etag}"',
            "Cache-Control": "max-age=0, private, must-revalidate",
            "X-Rate-Limit": limit,
            "X-Rate-Limit-Remaining": remaining,
            "RateLimit-Limit": limit,
            "RateLimit-Remaining": remaining,
            "RateLimit-Reset": reset,
        }
        if "gzip" in (self.headers["accept-encoding"] or ""):
            body = gzip.compress(body)
            headers["Content-Encoding"] = "gzip"
        if status == 429 and remaining == 0:  # noqa: PLR2004 - an HTTP status
            headers["Retry-After"] = reset
        self._send(status, headers, body)

    def _send(self, status: int, headers: Mapping[str, object], body: bytes) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)


def _check_rate_limit(remaining: int) -> None:
    if remaining < 0:
        raise AccountError(
            429,
            {
                "error": "APIRateLimitExceeded",
                "description": "Number of allowed API requests per minute exceeded",
            },
        )
