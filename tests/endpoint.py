"""A token endpoint in memory, in place of an HttpClient."""

from __future__ import annotations

import json
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from children import TIMEOUT

from jobstat.zendesk.auth.account import Account
from jobstat.zendesk.exchange import Request, Response

if TYPE_CHECKING:
    import threading
    from contextlib import AbstractContextManager

    from jobstat.zendesk.background import OnTick
    from jobstat.zendesk.http import HttpClient

ACME = Account("https://acme.zendesk.com")


@dataclass
class Endpoint:
    """Gives the same response to every request, and records the requests.

    With ``ready``, it waits for that event first.
    """

    response: Response
    requests: list[Request] = field(default_factory=list)
    ready: threading.Event | None = None
    timeouts: list[float] = field(default_factory=list)

    def send(
        self,
        request: Request,
        timeout: float,
        on_tick: OnTick = None,
    ) -> Response:
        self.requests.append(request)
        self.timeouts.append(timeout)
        if self.ready:
            assert self.ready.wait(TIMEOUT)
        return self.response

    def clone(self) -> AbstractContextManager[Endpoint]:
        return nullcontext(self)

    @property
    def http(self) -> HttpClient:
        return cast("HttpClient", self)

    def fields(self) -> Any:
        (request,) = self.requests
        assert request.path == "/oauth/tokens"
        assert request.headers["Content-Type"] == "application/json"
        return json.loads(request.body or b"")


def granting(**fields: Any) -> Endpoint:
    tokens = {"access_token": "t0ken", "token_type": "bearer", "scope": "read"}
    return Endpoint(Response(200, {}, json.dumps(tokens | fields).encode()))


def refusing(code: int, body: bytes, **headers: str) -> Endpoint:
    return Endpoint(Response(code, headers, body))
