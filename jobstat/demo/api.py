"""The fake account's endpoints: which request gets which answer."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from jobstat.demo.fake_account import (
    DELETE,
    MAX_RECORDS,
    UPDATE,
    AccountError,
    FakeAccount,
    too_many_values,
)

if TYPE_CHECKING:
    from jobstat.demo.oauth import FakeOAuth

TOKEN = "demo-token"  # noqa: S105 - valid at the fake account only
"""The account's only token. It is a bearer token and the API token of every user."""

USER = {"id": 3612, "name": "Ada Agent", "email": "ada@demo.example", "role": "admin"}
"""The user who sends every request."""

OAUTH_HEADERS = {"Content-Type": "application/json", "Cache-Control": "no-store"}
"""The headers of the JSON responses of OAuth."""

API = "/api/v2/"

MAX_PAGE_SIZE = 100
"""The most jobs on a page of the list."""


@dataclass(frozen=True, slots=True)
class Request:
    """An HTTP request. ``target`` is the path with the query."""

    method: str
    target: str
    authorization: str
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path.removesuffix(".json")

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query))

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace")))

    @property
    def json(self) -> dict[str, Any]:
        """The JSON object of the body, empty if there is none."""
        try:
            value = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return value if isinstance(value, dict) else {}


class FakeApi:
    """Zendesk's endpoints for tickets, job statuses and OAuth."""

    def __init__(self, account: FakeAccount, oauth: FakeOAuth) -> None:
        self._account = account
        self._oauth = oauth

    def respond(self, request: Request, now: float) -> Any:  # noqa: PLR0911 - a return for each endpoint
        """Return the JSON document for a request. Raise AccountError."""
        self._require_credential(request.authorization, now)
        if not request.path.startswith(API):
            raise _no_endpoint()
        match request.method, request.path.removeprefix(API).split("/"):
            case "POST", ["tickets", "create_many"]:
                tickets = _list(request.json, "tickets")
                return {"job_status": self._account.create_tickets(tickets, now)}
            case "PUT", ["tickets", "update_many"]:
                ids = _ids_to_update(request)
                return {"job_status": self._account.start(UPDATE, ids, now)}
            case "DELETE", ["tickets", "destroy_many"]:
                ids = _ids_of_query(request)
                return {"job_status": self._account.start(DELETE, ids, now)}
            case "GET", ["users", "me"]:
                return {"user": USER}
            case "GET", ["job_statuses"]:
                return self._list_jobs(request.query, now)
            case "GET", ["job_statuses", "show_many"]:
                return self._show_many(request.query, now)
            case "GET", ["job_statuses", id]:
                return {"job_status": self._account.get_job(id, now)}
            case _:
                raise _no_endpoint()

    def respond_to_oauth(
        self, request: Request, now: float
    ) -> tuple[int, dict[str, str], str]:
        """Return the status, headers and body for a request. Raise AccountError."""
        match request.method, request.path:
            case "GET", "/oauth/authorizations/new":
                page = self._oauth.render_consent_page(request.query)
                return 200, {"Content-Type": "text/html"}, page
            case "POST", "/oauth/authorizations":
                url = self._oauth.redirect_after_consent(request.form, now)
                return 302, {"Location": url}, ""
            case "POST", "/oauth/tokens":
                tokens = self._oauth.grant_tokens(request.json, now)
                return 200, OAUTH_HEADERS, json.dumps(tokens)
            case _:
                raise _no_endpoint()

    def _require_credential(self, authorization: str, now: float) -> None:
        scheme, _, value = authorization.partition(" ")
        if scheme.lower() == "bearer":
            if value == TOKEN or self._oauth.accepts(value, now):
                return
            raise AccountError(
                401,
                {
                    "error": "invalid_token",
                    "error_description": "The access token provided is expired,"
                    " revoked, malformed or invalid for other reasons.",
                },
            )
        if not (scheme.lower() == "basic" and _is_api_token(value)):
            raise AccountError(401, {"error": "Couldn't authenticate you"})

    def _show_many(self, query: dict[str, str], now: float) -> Any:
        ids = set(_split_ids(query))
        if len(ids) > MAX_RECORDS:
            raise too_many_values()
        jobs = self._account.list_jobs(now)
        return {"job_statuses": [job for job in jobs if job["id"] in ids]}

    def _list_jobs(self, query: dict[str, str], now: float) -> Any:
        jobs = self._account.list_jobs(now)
        if "page[size]" not in query:
            return {"job_statuses": jobs}
        size = min(max(_number(query["page[size]"], "page[size]"), 1), MAX_PAGE_SIZE)
        ids = [job["id"] for job in jobs]
        cursor = query.get("page[after]", "")
        start = ids.index(cursor) + 1 if cursor in ids else 0
        page = jobs[start : start + size]
        next_cursor = page[-1]["id"] if page else None
        has_more = start + size < len(jobs)
        next_query = urlencode({"page[size]": size, "page[after]": next_cursor})
        next_url = f"{self._account.base_url}{API}job_statuses.json?{next_query}"
        return {
            "job_statuses": page,
            "meta": {"has_more": has_more, "after_cursor": next_cursor},
            "links": {"next": next_url if has_more else None},
        }


def _ids_to_update(request: Request) -> list[int]:
    """Return the ids of the tickets to update, from the query or from the body."""
    if "ids" in request.query:
        return _ids_of_query(request)
    tickets = _list(request.json, "tickets")
    ids = [
        ticket.get("id") if isinstance(ticket, dict) else ticket for ticket in tickets
    ]
    return [_number(str(id), "id") for id in ids]


def _ids_of_query(request: Request) -> list[int]:
    return [_number(id, "ids") for id in _split_ids(request.query)]


def _split_ids(query: dict[str, str]) -> list[str]:
    return [id for id in query.get("ids", "").split(",") if id]


def _list(document: dict[str, Any], name: str) -> list[Any]:
    value = document.get(name)
    if not isinstance(value, list):
        raise _invalid_attribute(name)
    return value


def _number(text: str, name: str) -> int:
    if not re.fullmatch(r"[0-9]{1,18}", text):
        raise _invalid_attribute(name)
    return int(text)


def _is_api_token(value: str) -> bool:
    try:
        user_and_token = b64decode(value, validate=True).decode("utf-8", "replace")
    except ValueError:
        return False
    return user_and_token.endswith(f"/token:{TOKEN}")


def _invalid_attribute(name: str) -> AccountError:
    return AccountError(
        400,
        {
            "error": {
                "title": "Invalid attribute",
                "message": f"You passed an invalid value for the {name} attribute.",
            }
        },
    )


def _no_endpoint() -> AccountError:
    return AccountError(404, {"error": "InvalidEndpoint", "description": "Not found"})
