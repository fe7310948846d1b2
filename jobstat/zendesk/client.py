"""Asking a Zendesk account for job statuses, and what its answers mean."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Self

from jobstat import __version__, clock
from jobstat.errors import (
    AuthError,
    InvalidResponse,
    JobstatError,
    NotFound,
    Unauthorized,
)
from jobstat.jobs.parse import decode_json, parse_answer
from jobstat.jobs.poll import PollResult
from jobstat.jobs.rate_limit import RateLimit, RateLimiter
from jobstat.jobs.reference import is_same_id
from jobstat.zendesk.errors import parse_retry_after, reason, refusal
from jobstat.zendesk.http import HttpClient, Request
from jobstat.zendesk.redact import redacting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from jobstat.jobs.pages import Page
    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.auth.credentials import Credential
    from jobstat.zendesk.auth.providers import CredentialProvider
    from jobstat.zendesk.http import Response

    OnTick = Callable[[], None] | None

_LIMIT_HEADERS = ("ratelimit-limit", "rate-limit", "x-rate-limit")
_REMAINING_HEADERS = (
    "ratelimit-remaining",
    "rate-limit-remaining",
    "x-rate-limit-remaining",
)
_RESET_HEADERS = ("ratelimit-reset", "rate-limit-reset")
"""Spellings of the rate-limit headers, in lower case."""

MAX_USER_NAME = 200
"""Characters of what is taken for somebody's address or name."""

_FOR_AGENTS = "Job statuses are for agents; an OAuth token needs scope read."


def open_http(account: Account) -> HttpClient:
    """How an account is reached. Raises what ``ZendeskClient`` raises."""
    headers = {
        "Accept": "application/json",
        # A cache between would tell how a job stood a while ago.
        "Cache-Control": "no-cache",
        "User-Agent": f"jobstat/{__version__}",
    }
    return HttpClient(account.origin, headers, bypass_proxy=account.on_loopback)


class ZendeskClient:
    """An account to be asked, as a context manager.

    ``rate_limiter`` gets the rate limit of every answer.

    Raises UsageError when the account's host is no host, or the proxy or
    certificate settings of the environment cannot be used.
    """

    def __init__(
        self,
        account: Account,
        login: CredentialProvider,
        rate_limiter: RateLimiter | None = None,
    ) -> None:
        self._account = account
        self._login = login
        self._rate_limiter = rate_limiter or RateLimiter()
        self._http = open_http(account)
        self._insisted: dict[str, str] = {}
        self._told: set[str] = set()  # ids under which a job was answered rightly

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._http.__exit__(*exception)

    def fetch(
        self, ids: Sequence[str], timeout: float, on_tick: OnTick = None
    ) -> PollResult:
        """The jobs of these ids, 100 at most; ``timeout`` is in seconds.

        One id is asked for by itself. An answer about several may leave some out.
        An answer about another id is not believed at once: it is asked for again
        over a new connection, and taken if the server insists.
        ``tick`` is called about every second until the answer is there. Raises
        JobstatError: Unauthorized for 401, AuthError for 403, NotFound for 404
        and 410, Unavailable for network errors, 429 and 5xx, InvalidResponse for a
        body that is no job status, UsageError for any other refusal.
        """
        with redacting(self._login.secrets):
            if len(ids) > 1:
                from jobstat.jobs.pages import id_in

                path = f"job_statuses/show_many?ids={','.join(ids)}"
                page = self._page(path, timeout, on_tick)
                if not {job.id for job in page.jobs} <= set(ids):
                    self._http.reconnect()
                self._told |= {job.id for job in page.jobs} & set(ids)
                skipped = tuple(map(id_in, page.skipped))
                return PollResult(page.jobs, skipped)
            (id,) = ids
            deadline = clock.monotonic() + timeout
            answer = self._one(id, timeout, on_tick)
            other = answer.jobs[0].id
            if not is_same_id(id, other) and self._insisted.get(id) != other:
                self._http.reconnect()
                answer = self._one(id, deadline - clock.monotonic(), on_tick)
                again = answer.jobs[0].id
                if not is_same_id(id, again):
                    # A server that tells jobs apart has answered about a wrong one.
                    if again != other or self._told & {id, again}:
                        words = f"the answers are about other jobs than {id}"
                        raise InvalidResponse(words)
                    self._insisted[id] = again
            if is_same_id(id, answer.jobs[0].id):
                self._insisted.pop(id, None)
                self._told.add(id)
            return answer

    def list_jobs(self, query: str, timeout: float) -> Page:
        """A page of the account's jobs. Raises what ``fetch`` raises."""
        with redacting(self._login.secrets):
            return self._page(f"job_statuses?{query}", timeout)

    def check_credential(self, timeout: float) -> None:
        """Ask for what only a user may know. Raises what ``fetch`` raises.

        Elsewhere Zendesk may take a wrong credential for nobody's.
        """
        self.list_jobs("page[size]=1", timeout)

    def current_user(self, timeout: float) -> str | None:
        """Who it is that asks, by e-mail or else by name; None where that is not told.

        Raises what ``fetch`` raises.
        """
        with redacting(self._login.secrets):
            answer = decode_json(self._get("users/me.json", timeout, None).body)
        user = answer.get("user") if isinstance(answer, dict) else None
        told = user if isinstance(user, dict) else {}
        for name in (told.get("email"), told.get("name")):
            if isinstance(name, str) and 0 < len(name) <= MAX_USER_NAME:
                said_back = any(secret in name for secret in self._login.secrets())
                return None if said_back else name
        return None

    def _one(self, id: str, timeout: float, on_tick: OnTick) -> PollResult:
        response = self._get(f"job_statuses/{id}.json", timeout, on_tick, id)
        with self._reconnecting():
            job = parse_answer(response.body)
        return PollResult((job,))

    def _page(self, path: str, timeout: float, on_tick: OnTick = None) -> Page:
        from jobstat.jobs.pages import parse_page

        response = self._get(path, timeout, on_tick)
        with self._reconnecting():
            link = response.headers.get("link", "")
            return parse_page(response.body, link)

    @contextmanager
    def _reconnecting(self) -> Iterator[None]:
        """After a broken answer, use a new connection: it may be another's answer."""
        try:
            yield
        except InvalidResponse:
            self._http.reconnect()
            raise

    def _get(
        self, path: str, timeout: float, on_tick: OnTick, id: str | None = None
    ) -> Response:
        deadline = clock.monotonic() + timeout
        credential = self._login.credential(self._http, timeout, on_tick)
        response = self._send(path, credential, deadline, on_tick)
        if response.status == 401:
            left = deadline - clock.monotonic()
            other = self._login.after_401(credential, self._http, left, on_tick)
            if other:
                response = self._send(path, other, deadline, on_tick)
        if not response.is_success:
            raise self._refusal(response, id)
        return response

    def _send(
        self, path: str, credential: Credential, deadline: float, on_tick: OnTick
    ) -> Response:
        headers = {"Authorization": credential.authorization}
        request = Request(f"/api/v2/{path}", headers)
        timeout = max(deadline - clock.monotonic(), 0)
        response = self._http.send(request, timeout, on_tick)
        rate_limit = _parse_rate_limit(response.headers)
        self._rate_limiter.update(rate_limit, clock.monotonic())
        return response

    def _refusal(self, response: Response, id: str | None) -> JobstatError:
        code, host = response.status, self._account.name
        because = reason(response)
        if code in {401, 403}:
            refused = f"{host} refuses the credential ({because})"
            if code == 401:
                return Unauthorized(refused, hint=self._login.hint)
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


def _parse_rate_limit(headers: Mapping[str, str]) -> RateLimit:
    """Return the rate limit in an answer's headers. A Retry-After is its reset."""
    retry_after = parse_retry_after(headers.get("retry-after", ""))
    reset = _parse_number(headers, _RESET_HEADERS)
    return RateLimit(
        limit=_parse_number(headers, _LIMIT_HEADERS) or None,
        remaining=_parse_number(headers, _REMAINING_HEADERS),
        reset=reset if retry_after is None else retry_after,
    )


def _parse_number(headers: Mapping[str, str], names: Sequence[str]) -> int | None:
    """Return the number in the first of these headers that has one."""
    for name in names:
        value = headers.get(name, "")
        if value.isascii() and value.isdigit():
            return int(value[:9])
    return None
