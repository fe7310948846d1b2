"""Asking a Zendesk account for job statuses, and what its answers mean."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Self
from urllib.parse import urljoin, urlsplit

from jobstat import __version__
from jobstat.errors import (
    AuthError,
    JobstatError,
    NotFound,
    Unauthorized,
    Unavailable,
    UsageProblem,
)
from jobstat.jobs.complaint import complaint_in
from jobstat.jobs.duration import spoken
from jobstat.jobs.job import parse_answer
from jobstat.jobs.watching import Answer
from jobstat.limits import Limits
from jobstat.zendesk.http import Http, Request

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from jobstat.jobs.listing import Page
    from jobstat.zendesk.account import Account
    from jobstat.zendesk.credentials import Credential
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

_UNTAKEN = {
    401: (Unauthorized, "Is it meant for this account, and has it not expired?"),
    403: (AuthError, "Job statuses are for agents; an OAuth token needs scope read."),
}


class Api:
    """An account to be asked, as a context manager.

    Raises UsageProblem when the account's host is no host, or the proxy or
    certificate settings of the environment cannot be used.
    """

    def __init__(self, account: Account, credential: Credential) -> None:
        self._account = account
        self._credential = credential
        headers = {
            "Accept": "application/json",
            "Authorization": credential.authorization,
            "User-Agent": f"jobstat/{__version__}",
        }
        self._http = Http(account.origin, headers, direct=account.on_loopback)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._http.__exit__(*exception)

    def fetch(self, ids: Sequence[str], within: float, idle: Idle = None) -> Answer:
        """The jobs of these ids, 100 at most; ``within`` is in seconds.

        One id is asked for by itself. An answer about several may leave some out.
        ``idle`` is called about every second until the answer is there. Raises
        JobstatError: Unauthorized for 401, AuthError for 403, NotFound for 404,
        Unavailable for network errors, 429 and 5xx, BrokenAnswer for a body
        that is no job status, UsageProblem for any other refusal.
        """
        with self._discreet():
            if len(ids) > 1:
                path = f"job_statuses/show_many.json?ids={','.join(ids)}"
                page = self._page(path, within, idle)
                return Answer(page.jobs, page.limits)
            path = f"job_statuses/{ids[0]}.json"
            response = self._get(path, within, idle, ids[0])
            return Answer((parse_answer(response.body),), _limits(response.headers))

    def page(self, query: str, within: float) -> Page:
        """A page of the account's jobs. Raises what ``fetch`` raises."""
        with self._discreet():
            return self._page(f"job_statuses.json?{query}", within)

    def _page(self, path: str, within: float, idle: Idle = None) -> Page:
        from jobstat.jobs.listing import parse_page

        response = self._get(path, within, idle)
        return parse_page(response.body, _limits(response.headers))

    def _get(
        self, path: str, within: float, idle: Idle, id: str | None = None
    ) -> Response:
        response = self._http.send(Request(f"/api/v2/{path}"), within, idle)
        if not response.is_success:
            refusal = self._refusal(response, id)
            refusal.limits = _limits(response.headers)
            raise refusal
        return response

    @contextmanager
    def _discreet(self) -> Iterator[None]:
        """See to it that no error repeats the credential, should an answer do so.

        It is looked for in all of the words: cut off first, a part would be left.
        """
        try:
            yield
        except Exception as error:
            self._credential.hide_in(error)
            raise

    def _refusal(self, response: Response, id: str | None) -> JobstatError:
        code, host = response.status, self._account.name
        said = complaint_in(response.body, response.headers.get("content-type", ""))
        because = f"{code}: {said}" if said else f"{code}"
        if code in {401, 403}:
            kind, hint = _UNTAKEN[code]
            return kind(f"{host} refuses the credential ({because})", hint=hint)
        if code == 404:
            right_account = "Is that the right account?"
            if id is None:
                return NotFound(
                    f"no job statuses at {host} ({because})", hint=right_account
                )
            known = said is not None and said.startswith("RecordNotFound")
            forgets = "Zendesk forgets a job one day after it was created."
            return NotFound(
                f"no job {id} at {host} ({because})",
                hint=forgets if known else f"{right_account} {forgets}",
            )
        if code in {408, 425, 429} or code >= 500:
            wait = _retry_after(response.headers.get("retry-after", ""))
            what = "limits the requests" if code == 429 else "cannot answer now"
            return Unavailable(
                f"{host} {what} ({because})",
                hint=f"It asks to be left alone for {spoken(wait)}." if wait else None,
                retry_after=wait,
            )
        if 300 <= code < 400 and (location := response.headers.get("location")):
            target = _host_of(location, self._account.origin)
            return UsageProblem(
                f"{host} points to {target} ({code}); a credential is not sent there",
                hint="Give the account's own address.",
            )
        return UsageProblem(f"{host} refuses the request ({because})")


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


def _retry_after(value: str) -> float | None:
    """Seconds in a Retry-After header, a number or a date (RFC 9110)."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return float(value[:9])
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max((moment - datetime.now(UTC)).total_seconds(), 0.0)


def _host_of(location: str, base: str) -> str:
    try:
        # Without what stands before an @: it may be a secret.
        host = urlsplit(urljoin(base, location)).netloc.rpartition("@")[2]
    except ValueError:
        host = ""
    return host or "another address"
