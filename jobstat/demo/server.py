"""The pretend account's HTTP server: loopback only, standard library only."""

from __future__ import annotations

import gzip
import hashlib
import json
import re
import threading
import time
from base64 import b64decode
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

from jobstat.demo.fake_account import (
    DELETE,
    MAX_RECORDS,
    UPDATE,
    FakeAccount,
    Refused,
    too_many_values,
)
from jobstat.demo.oauth import OAuth

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TOKEN = "demo-token"  # noqa: S105 - it opens nothing but the demo
"""The account's one token: as a bearer token, or as any user's API token."""

USER = {"id": 3612, "name": "Ada Agent", "email": "ada@demo.example", "role": "admin"}
"""Who asks, whatever the credential is."""

_NO_ENDPOINT = {"error": "InvalidEndpoint", "description": "Not found"}

_JSON = {"Content-Type": "application/json", "Cache-Control": "no-store"}

MAX_BODY = 16 * 2**20

_JOB = re.compile(r"/api/v2/job_statuses/([^/]+)")


class DemoServer:
    """A pretend account that answers as long as the context lasts.

    ``port`` 0 is any free one; ``token_life`` is how many seconds OAuth's access
    tokens live, ``token_delay`` after how many a token request is answered. Raises
    OSError when the port is taken.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        duration: float = 8.0,
        failures: float = 0.0,
        token_life: float | None = None,
        token_delay: float = 0.0,
    ) -> None:
        self._server = _Server(("127.0.0.1", port), _Handler)
        self.account = FakeAccount(
            f"http://127.0.0.1:{self._server.server_port}",
            duration=duration,
            failures=failures,
        )
        self.oauth = OAuth(token_life)
        self._server.account, self._server.oauth = self.account, self.oauth
        self._server.before_token = lambda: time.sleep(token_delay)

    @property
    def base_url(self) -> str:
        return self.account.base_url

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


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    account: FakeAccount
    oauth: OAuth
    before_token: Callable[[], None]

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.lock = threading.Lock()

    def handle_error(self, *_: object) -> None:
        """Say nothing of clients that have gone."""


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "jobstat-demo"
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._answer()

    do_POST = do_PUT = do_DELETE = do_PATCH = do_GET  # noqa: N815 - likewise

    def log_message(self, *_: object) -> None:
        """Keep quiet: the terminal is the watch's."""

    def _answer(self) -> None:
        now = time.time()
        length = self.headers["content-length"] or ""
        size = int(length) if length.isdigit() and length.isascii() else 0
        body = self.rfile.read(min(size, MAX_BODY))
        if urlsplit(self.path).path.startswith("/oauth/"):
            self._answer_oauth(body, now)
            return
        with self.server.lock:
            left, seconds = self.server.account.count_request(now)
            try:
                code, document = 200, self._route(body, now, left)
            except Refused as refused:
                code, document = refused.code, refused.body
        self._send(code, document, max(left, 0), seconds)

    def _answer_oauth(self, body: bytes, now: float) -> None:
        try:
            with self.server.lock:
                code, content, headers = self._route_oauth(body, now)
        except Refused as refused:
            code, content, headers = refused.code, json.dumps(refused.body), _JSON
        if self.path == "/oauth/tokens":
            self.server.before_token()
        self._write(code, content.encode(), headers)

    def _route_oauth(self, body: bytes, now: float) -> tuple[int, str, dict[str, str]]:
        """OAuth's answers: a page, the way back from it, or a token."""
        oauth, url = self.server.oauth, urlsplit(self.path)
        match self.command, url.path:
            case "GET", "/oauth/authorizations/new":
                page = oauth.page(dict(parse_qsl(url.query)))
                return 200, page, {"Content-Type": "text/html"}
            case "POST", "/oauth/authorizations":
                form = dict(parse_qsl(body.decode("utf-8", "replace")))
                return 302, "", {"Location": oauth.answer(form, now)}
            case "POST", "/oauth/tokens":
                return 200, json.dumps(oauth.grant(_object(body), now)), _JSON
            case _:
                raise Refused(404, _NO_ENDPOINT)

    def _route(self, body: bytes, now: float, left: int) -> Any:
        if left < 0:
            raise Refused(
                429,
                {
                    "error": "APIRateLimitExceeded",
                    "description": "Number of allowed API requests per minute exceeded",
                },
            )
        self._require_credential(now)
        url = urlsplit(self.path)
        query = parse_qs(url.query)
        path = url.path.removesuffix(".json")
        routes: dict[tuple[str, str], Callable[[], Any]] = {
            ("POST", "/api/v2/tickets/create_many"): lambda: self._create(body, now),
            ("PUT", "/api/v2/tickets/update_many"): lambda: self._update(
                body, query, now
            ),
            ("DELETE", "/api/v2/tickets/destroy_many"): lambda: self._delete(
                query, now
            ),
            ("GET", "/api/v2/users/me"): lambda: {"user": USER},
            ("GET", "/api/v2/job_statuses"): lambda: self._list(query, now),
            ("GET", "/api/v2/job_statuses/show_many"): lambda: self._many(query, now),
        }
        if route := routes.get((self.command, path)):
            return route()
        job = _JOB.fullmatch(path)
        if self.command == "GET" and job:
            return {"job_status": self.server.account.job(job[1], now)}
        raise Refused(404, _NO_ENDPOINT)

    def _create(self, body: bytes, now: float) -> Any:
        tickets = _member(body, "tickets", list)
        return {"job_status": self.server.account.create(tickets, now)}

    def _update(self, body: bytes, query: dict[str, list[str]], now: float) -> Any:
        if "ids" in query:
            ids = _ids(query)
        else:
            tickets = _member(body, "tickets", list)
            ids = [_number(str(_member_id(ticket)), "id") for ticket in tickets]
        return {"job_status": self.server.account.change(UPDATE, ids, now)}

    def _delete(self, query: dict[str, list[str]], now: float) -> Any:
        return {"job_status": self.server.account.change(DELETE, _ids(query), now)}

    def _many(self, query: dict[str, list[str]], now: float) -> Any:
        wanted = set(_words(query))
        if len(wanted) > MAX_RECORDS:
            raise too_many_values()
        jobs = self.server.account.jobs(now)
        return {"job_statuses": [job for job in jobs if job["id"] in wanted]}

    def _list(self, query: dict[str, list[str]], now: float) -> Any:
        jobs = self.server.account.jobs(now)
        if "page[size]" not in query:
            return {"job_statuses": jobs}
        size = min(max(_number(query["page[size]"][0], "page[size]"), 1), 100)
        after = query.get("page[after]", [""])[0]
        ids = [job["id"] for job in jobs]
        start = ids.index(after) + 1 if after in ids else 0
        page = jobs[start : start + size]
        cursor = page[-1]["id"] if page else None
        more = start + size < len(jobs)
        following = urlencode({"page[size]": size, "page[after]": cursor})
        url = f"{self.server.account.base_url}/api/v2/job_statuses.json?{following}"
        return {
            "job_statuses": page,
            "meta": {"has_more": more, "after_cursor": cursor},
            "links": {"next": url if more else None},
        }

    def _require_credential(self, now: float) -> None:
        scheme, _, value = (self.headers["authorization"] or "").partition(" ")
        known = value == TOKEN or self.server.oauth.takes(value, now)
        if scheme.lower() == "bearer" and not known:
            raise Refused(
                401,
                {
                    "error": "invalid_token",
                    "error_description": "The access token provided is expired,"
                    " revoked, malformed or invalid for other reasons.",
                },
            )
        basic = scheme.lower() == "basic" and _is_api_token(value)
        if scheme.lower() != "bearer" and not basic:
            raise Refused(401, {"error": "Couldn't authenticate you"})

    def _send(self, code: int, document: Any, left: int, seconds: int) -> None:
        body = json.dumps(document).encode()
        etag = hashlib.md5(body, usedforsecurity=False).hexdigest()
        packed = "gzip" in (self.headers["accept-encoding"] or "")
        if packed:
            body = gzip.compress(body)
        limit = self.server.account.limit
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "ETag": f'W/"{etag}"',
            "Cache-Control": "max-age=0, private, must-revalidate",
            "X-Rate-Limit": limit,
            "X-Rate-Limit-Remaining": left,
            "RateLimit-Limit": limit,
            "RateLimit-Remaining": left,
            "RateLimit-Reset": seconds,
        }
        if packed:
            headers["Content-Encoding"] = "gzip"
        if not left and code == 429:  # noqa: PLR2004 - HTTP's own number
            headers["Retry-After"] = seconds
        self._write(code, body, headers)

    def _write(self, code: int, body: bytes, headers: Mapping[str, object]) -> None:
        self.send_response(code)
        for name, value in {**headers, "Content-Length": len(body)}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    return value if isinstance(value, dict) else {}


def _member(body: bytes, name: str, kind: type[list[Any]]) -> list[Any]:
    try:
        value = json.loads(body)[name]
    except (ValueError, KeyError, TypeError, RecursionError):
        value = None
    if not isinstance(value, kind):
        raise _invalid(name)
    return value


def _member_id(ticket: Any) -> Any:
    return ticket.get("id") if isinstance(ticket, dict) else ticket


def _words(query: dict[str, list[str]]) -> list[str]:
    return [word for word in ",".join(query.get("ids", [])).split(",") if word]


def _ids(query: dict[str, list[str]]) -> list[int]:
    return [_number(word, "ids") for word in _words(query)]


def _number(word: str, name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", word):
        raise _invalid(name)
    return int(word)


def _invalid(name: str) -> Refused:
    return Refused(
        400,
        {
            "error": {
                "title": "Invalid attribute",
                "message": f"You passed an invalid value for the {name} attribute.",
            }
        },
    )


def _is_api_token(value: str) -> bool:
    try:
        pair = b64decode(value, validate=True).decode("utf-8", "replace")
    except ValueError:
        return False
    return pair.endswith(f"/token:{TOKEN}")
