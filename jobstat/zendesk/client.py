"""Asking a Zendesk account for job statuses, and what its answers mean."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from jobstat import __version__, clock
from jobstat.errors import (
    AuthError,
    BrokenAnswer,
    JobstatError,
    NotFound,
    Unauthorized,
)
from jobstat.jobs.job import decode, parse_answer
from jobstat.jobs.reference import is_same_id
from jobstat.jobs.watch import Answer
from jobstat.limits import Limits
from jobstat.zendesk.errors import reason, refusal
from jobstat.zendesk.http import Http, Request
from jobstat.zendesk.redact import discreet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from jobstat.jobs.pages import Page
    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.auth.credentials import Credential
    from jobstat.zendesk.auth.providers import Login
    from jobstat.zendesk.http import Response

    Idle = Callable[[], None] | None

_RATE_LIMIT_HEADERS = {
    "limit": ("ratelimit-limit", "rate-limit", "x-rate-limit"),
    "remaining": (
        "ratelimit-remaining",
        "rate-limit-remaining",
        "x-rate-limit-remaining",
    ),
    "reset": ("ratelimit-reset", "rate-limit-reset"),
}

LONGEST_USER = 200
"""Characters of what is taken for somebody's address or name."""

_FOR_AGENTS = "Job statuses are for agents; an OAuth token needs scope read."


def http_of(account: Account) -> Http:
    """How an account is reached. Raises what ``Api`` raises."""
    headers = {
        "Accept": "application/json",
        # A cache between would tell how a job stood a while ago.
        "Cache-Control": "no-cache",
        "User-Agent": f"jobstat/{__version__}",
    }
    return Http(account.origin, headers, direct=account.on_loopback)


class Api:
    """An account to be asked, as a context manager.

    Raises UsageProblem when the account's host is no host, or the proxy or
    certificate settings of the environment cannot be used.
    """

    def __init__(self, account: Account, login: Login) -> None:
        self._account = account
        self._login = login
        self._http = http_of(account)
        self._insisted: dict[str, str] = {}
        self._told: set[str] = set()  # ids under which a job was answered rightly

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._http.__exit__(*exception)

    def fetch(self, ids: Sequence[str], within: float, idle: Idle = None) -> Answer:
        """The jobs of these ids, 100 at most; ``within`` is in seconds.

        One id is asked for by itself. An answer about several may leave some out.
        An answer about another id is not believed at once: it is asked for again
        over a new connection, and taken if the server insists.
        ``idle`` is called about every second until the answer is there. Raises
        JobstatError: Unauthorized for 401, AuthError for 403, NotFound for 404
        and 410, Unavailable for network errors, 429 and 5xx, BrokenAnswer for a
        body that is no job status, UsageProblem for any other refusal.
        """
        with discreet(self._login.secrets):
            if len(ids) > 1:
                from jobstat.jobs.pages import id_in

                path = f"job_statuses/show_many?ids={','.join(ids)}"
                page = self._page(path, within, idle)
                if not {job.id for job in page.jobs} <= set(ids):
                    self._http.reconnect()
                self._told |= {job.id for job in page.jobs} & set(ids)
                unread = tuple(map(id_in, page.unread))
                return Answer(page.jobs, page.limits, unread)
            (id,) = ids
            until = clock.monotonic() + within
            answer = self._one(id, within, idle)
            other = answer.jobs[0].id
            if not is_same_id(id, other) and self._insisted.get(id) != other:
                self._http.reconnect()
                answer = self._one(id, until - clock.monotonic(), idle)
                again = answer.jobs[0].id
                if not is_same_id(id, again):
                    # A server that tells jobs apart has answered about a wrong one.
                    if again != other or self._told & {id, again}:
                        words = f"the answers are about other jobs than {id}"
                        raise BrokenAnswer(words)
                    self._insisted[id] = again
            if is_same_id(id, answer.jobs[0].id):
                self._insisted.pop(id, None)
                self._told.add(id)
            return answer

    def page(self, query: str, within: float) -> Page:
        """A page of the account's jobs. Raises what ``fetch`` raises."""
        with discreet(self._login.secrets):
            return self._page(f"job_statuses?{query}", within)

    def try_out(self, within: float) -> None:
        """Ask for what only a user may know. Raises what ``fetch`` raises.

        Elsewhere Zendesk may take a wrong credential for nobody's.
        """
        self.page("page[size]=1", within)

    def user(self, within: float) -> str | None:
        """Who it is that asks, by e-mail or else by name; None where that is not told.

        Raises what ``fetch`` raises.
        """
        with discreet(self._login.secrets):
            answer = decode(self._get("users/me.json", within, None).body)
        user = answer.get("user") if isinstance(answer, dict) else None
        told = user if isinstance(user, dict) else {}
        for name in (told.get("email"), told.get("name")):
            if isinstance(name, str) and 0 < len(name) <= LONGEST_USER:
                said_back = any(secret in name for secret in self._login.secrets())
                return None if said_back else name
        return None

    def _one(self, id: str, within: float, idle: Idle) -> Answer:
        response = self._get(f"job_statuses/{id}.json", within, idle, id)
        with self._reconnecting():
            job = parse_answer(response.body)
        return Answer((job,), _limits(response.headers))

    def _page(self, path: str, within: float, idle: Idle = None) -> Page:
        from jobstat.jobs.pages import parse_page

        response = self._get(path, within, idle)
        with self._reconnecting():
            link = response.headers.get("link", "")
            return parse_page(response.body, _limits(response.headers), link)

    @contextmanager
    def _reconnecting(self) -> Iterator[None]:
        """After a broken answer, use a new connection: it may be another's answer."""
        try:
            yield
        except BrokenAnswer:
            self._http.reconnect()
            raise

    def _get(
        self, path: str, within: float, idle: Idle, id: str | None = None
    ) -> Response:
        until = clock.monotonic() + within
        credential = self._login.credential(self._http, within, idle)
        response = self._send(path, credential, until, idle)
        if response.status == 401:
            left = until - clock.monotonic()
            other = self._login.another(credential, self._http, left, idle)
            if other:
                response = self._send(path, other, until, idle)
        if not response.is_success:
            error = self._refusal(response, id)
            error.limits = _limits(response.headers)
            raise error
        return response

    def _send(
        self, path: str, credential: Credential, until: float, idle: Idle
    ) -> Response:
        headers = {"Authorization": credential.authorization}
        request = Request(f"/api/v2/{path}", headers)
        return self._http.send(request, max(until - clock.monotonic(), 0), idle)

    def _refusal(self, response: Response, id: str | None) -> JobstatError:
        code, host = response.status, self._account.name
        because = reason(response)
        if code in {401, 403}:
            refused = f"{host} refuses the credential ({because})"
            if code == 401:
                return Unauthorized(refused, hint=self._login.remedy)
            return AuthError(refused, hint=_FOR_AGENTS)
        if code in {404, 410}:
            right_account = "Is that the right account?"
            if id is None:
                return NotFound(
                    f"no job statuses at {host} ({because})", hint=right_account
                )
            known = because.startswith("404: RecordNotFound")
            forgets = "Zendesk forgets a job one day after it was created."
            return NotFound(
                f"no job {id} at {host} ({because})",
                hint=forgets if known else f"{right_account} {forgets}",
            )
        return refusal(response, self._account)


def _limits(headers: Mapping[str, str]) -> Limits:
    return Limits(
        limit=_number(headers, "limit") or None,
        remaining=_number(headers, "remaining"),
        reset=_number(headers, "reset"),
    )


def _number(headers: Mapping[str, str], what: str) -> int | None:
    """A rate-limit header in any of the spellings that were seen."""
    for name in _RATE_LIMIT_HEADERS[what]:
        value = headers.get(name, "")
        if value.isascii() and value.isdigit():
            return int(value[:9])
    return None
