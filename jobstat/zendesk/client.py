"""The client of Zendesk's job status API: its requests, answers and errors."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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
from jobstat.zendesk.background import OnTick
from jobstat.zendesk.errors import format_reason, parse_retry_after, response_error
from jobstat.zendesk.exchange import Request, Response
from jobstat.zendesk.http import HttpClient
from jobstat.zendesk.redact import redacting

if TYPE_CHECKING:
    from jobstat.jobs.pages import Page
    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.auth.credentials import Credential
    from jobstat.zendesk.auth.providers import CredentialProvider

_LIMIT_HEADERS = ("ratelimit-limit", "rate-limit", "x-rate-limit")
_REMAINING_HEADERS = (
    "ratelimit-remaining",
    "rate-limit-remaining",
    "x-rate-limit-remaining",
)
_RESET_HEADERS = ("ratelimit-reset", "rate-limit-reset")
"""Spellings of the rate-limit headers, in lower case."""

MAX_USER_NAME = 200
"""Characters of a user's e-mail address or name; a longer one is ignored."""

_AGENTS_ONLY = (
    "Log in as an agent or administrator. An OAuth token needs the scope read."
)
_RIGHT_ACCOUNT = "Check that this is the right account."
_KEPT_ONE_DAY = "Zendesk deletes a job one day after it was created."


def open_http(account: Account) -> HttpClient:
    """Return an HTTP client for an account. Raise UsageError as ``HttpClient`` does."""
    headers = {
        "Accept": "application/json",
        # A cache could answer with an old status.
        "Cache-Control": "no-cache",
        "User-Agent": f"jobstat/{__version__}",
    }
    return HttpClient(account.origin, headers, bypass_proxy=account.on_loopback)


class ZendeskClient:
    """A client for the job statuses of an account, and a context manager.

    ``rate_limiter`` gets the rate limit from every answer. Raise UsageError if the host
    name, or a proxy or certificate setting of the environment, is invalid.
    """

    def __init__(
        self,
        account: Account,
        provider: CredentialProvider,
        rate_limiter: RateLimiter | None = None,
    ) -> None:
        self._account = account
        self._provider = provider
        self._rate_limiter = rate_limiter or RateLimiter()
        self._http = open_http(account)
        self._answered_ids: set[str] = set()  # ids whose own job the server sent
        self._accepted_ids: dict[
            str, str
        ] = {}  # id -> other id that the server insists on

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._http.__exit__(*exception)

    def fetch(
        self, ids: Sequence[str], timeout: float, on_tick: OnTick = None
    ) -> PollResult:
        """Return the jobs of up to 100 ids within ``timeout`` seconds.

        Zendesk may omit some of several ids. ``on_tick`` is called about once a second.
        Raise Unauthorized for 401, AuthError for 403, NotFound for 404 and 410,
        Unavailable for a network error, 429 and 5xx, InvalidResponse if the body is not
        a job status, UsageError for any other refusal, and the errors of the provider.
        """
        with redacting(self._provider.secret_texts):
            if len(ids) > 1:
                return self._fetch_many(ids, timeout, on_tick)
            return self._fetch_one(ids[0], timeout, on_tick)

    def list_jobs(self, query: str, timeout: float) -> Page:
        """Return a page of the account's jobs. Raise as ``fetch`` does."""
        with redacting(self._provider.secret_texts):
            return self._get_page(f"job_statuses?{query}", timeout)

    def check_credential(self, timeout: float) -> None:
        """List one job, to check the credential. Raise as ``fetch`` does.

        Zendesk answers some other requests even if the credential is wrong.
        """
        self.list_jobs("page[size]=1", timeout)

    def current_user(self, timeout: float) -> str | None:
        """Return the user's e-mail address or name, None if Zendesk does not say.

        Raise as ``fetch`` does.
        """
        with redacting(self._provider.secret_texts):
            body = decode_json(self._get("users/me.json", timeout, None).body)
        user = body.get("user") if isinstance(body, dict) else None
        fields = user if isinstance(user, dict) else {}
        for name in (fields.get("email"), fields.get("name")):
            if isinstance(name, str) and 0 < len(name) <= MAX_USER_NAME:
                has_secret = any(
                    secret in name for secret in self._provider.secret_texts()
                )
                return None if has_secret else name
        return None

    def _fetch_many(
        self, ids: Sequence[str], timeout: float, on_tick: OnTick
    ) -> PollResult:
        from jobstat.jobs.pages import find_id

        path = f"job_statuses/show_many?ids={','.join(ids)}"
        page = self._get_page(path, timeout, on_tick)
        page_ids = {job.id for job in page.jobs}
        if not page_ids <= set(ids):
            self._http.reconnect()
        self._answered_ids |= page_ids & set(ids)
        return PollResult(page.jobs, tuple(map(find_id, page.skipped)))

    def _fetch_one(self, id: str, timeout: float, on_tick: OnTick) -> PollResult:
        """Return one job. After an answer about another id, ask again.

        Accept the other job if a new connection gives the same answer: a mock server
        may have a fixed body. Raise InvalidResponse for a third id, or if the server
        has sent the right job for one of these ids before.
        """
        deadline = clock.monotonic() + timeout
        result = self._get_job(id, timeout, on_tick)
        other_id = result.jobs[0].id
        if not is_same_id(id, other_id) and self._accepted_ids.get(id) != other_id:
            self._http.reconnect()
            result = self._get_job(id, deadline - clock.monotonic(), on_tick)
            second_id = result.jobs[0].id
            if not is_same_id(id, second_id):
                if second_id != other_id or self._answered_ids & {id, second_id}:
                    message = f"{self._account.name} sent another job instead of {id}"
                    raise InvalidResponse(message)
                self._accepted_ids[id] = second_id
        if is_same_id(id, result.jobs[0].id):
            self._accepted_ids.pop(id, None)
            self._answered_ids.add(id)
        return result

    def _get_job(self, id: str, timeout: float, on_tick: OnTick) -> PollResult:
        response = self._get(f"job_statuses/{id}.json", timeout, on_tick, id)
        with self._reconnect_if_invalid():
            return PollResult((parse_answer(response.body),))

    def _get_page(self, path: str, timeout: float, on_tick: OnTick = None) -> Page:
        from jobstat.jobs.pages import parse_page

        response = self._get(path, timeout, on_tick)
        with self._reconnect_if_invalid():
            return parse_page(response.body, response.headers.get("link", ""))

    @contextmanager
    def _reconnect_if_invalid(self) -> Iterator[None]:
        """Reconnect after an invalid answer.

        It may belong to an earlier request, and then the next answer would too.
        """
        try:
            yield
        except InvalidResponse:
            self._http.reconnect()
            raise

    def _get(
        self, path: str, timeout: float, on_tick: OnTick, id: str | None = None
    ) -> Response:
        """Send a GET. After a 401, retry once if there is another credential."""
        deadline = clock.monotonic() + timeout
        credential = self._provider.credential(self._http, timeout, on_tick)
        response = self._send(path, credential, deadline, on_tick)
        if response.status == 401:
            time_left = deadline - clock.monotonic()
            other_credential = self._provider.after_401(
                credential, self._http, time_left, on_tick
            )
            if other_credential:
                response = self._send(path, other_credential, deadline, on_tick)
        if not response.is_success:
            raise self._to_error(response, id)
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

    def _to_error(self, response: Response, id: str | None) -> JobstatError:
        code, host, reason = (
            response.status,
            self._account.name,
            format_reason(response),
        )
        if code in {401, 403}:
            message = f"{host} refuses the credential ({reason})"
            if code == 401:
                return Unauthorized(message, hint=self._provider.hint)
            return AuthError(message, hint=_AGENTS_ONLY)
        if code in {404, 410}:
            if id is None:
                message = f"{host} has no job status API ({reason})"
                return NotFound(message, hint=_RIGHT_ACCOUNT)
            hint = f"Check the id. {_KEPT_ONE_DAY}"
            if not reason.startswith("404: RecordNotFound"):
                hint = f"{_RIGHT_ACCOUNT} {_KEPT_ONE_DAY}"
            return NotFound(f"no job {id} at {host} ({reason})", hint=hint)
        return response_error(response, self._account)


def _parse_rate_limit(headers: Mapping[str, str]) -> RateLimit:
    """Return the rate limit in an answer's headers. Retry-After overrides the reset."""
    retry_after = parse_retry_after(headers.get("retry-after", ""))
    reset = _parse_number(headers, _RESET_HEADERS)
    return RateLimit(
        limit=_parse_number(headers, _LIMIT_HEADERS) or None,
        remaining=_parse_number(headers, _REMAINING_HEADERS),
        reset=reset if retry_after is None else retry_after,
    )


def _parse_number(headers: Mapping[str, str], names: Sequence[str]) -> int | None:
    """Return the number in the first of these headers that contains one."""
    for name in names:
        value = headers.get(name, "")
        if value.isascii() and value.isdigit():
            return int(value[:9])
    return None
