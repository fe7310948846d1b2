"""Asking a Zendesk account for job statuses: the one module that knows httpx."""

from __future__ import annotations

import socket
import ssl
import sys
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Self

from jobstat import __version__
from jobstat.errors import (
    AuthError,
    BrokenAnswer,
    JobstatError,
    NotFound,
    Unavailable,
    Unreachable,
    UsageProblem,
)
from jobstat.jobs.complaint import complaint_in
from jobstat.jobs.duration import spoken
from jobstat.jobs.job import parse_answer
from jobstat.jobs.watching import Answer
from jobstat.limits import Limits

# httpx imports its own command line, and with it click, rich and pygments,
# where they are installed: a third of its cost. None in sys.modules makes that
# import fail, which httpx provides for.
sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # as said
import httpx  # noqa: E402

if sys.modules["httpx._main"] is None:
    del sys.modules["httpx._main"]

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from jobstat.jobs.listing import Page
    from jobstat.zendesk.account import Account
    from jobstat.zendesk.credentials import Credential

LARGEST_BODY = 64 * 2**20
"""Bytes of an unpacked answer that are read."""

_RATE_LIMIT_HEADERS = {
    "limit": ("ratelimit-limit", "rate-limit", "x-rate-limit"),
    "remaining": (
        "ratelimit-remaining",
        "rate-limit-remaining",
        "x-rate-limit-remaining",
    ),
    "reset": ("ratelimit-reset", "rate-limit-reset"),
}

_DIRECT: dict[str, httpx.BaseTransport | None] = {
    "http://": None,
    "https://": None,
    "all://": None,
}


class Api:
    """A connection to one account, to be used as a context manager.

    Raises UsageProblem when the account's host is no host, or the proxy or
    certificate settings of the environment cannot be used.
    """

    def __init__(self, account: Account, credential: Credential) -> None:
        self._account = account
        _require_valid_host(account)
        try:
            self._client = httpx.Client(
                base_url=account.origin,
                headers={
                    "Accept": "application/json",
                    "Authorization": credential.authorization,
                    "User-Agent": f"jobstat/{__version__}",
                },
                # A proxy of the environment would be sent what is meant for
                # this machine, and in clear. None means: go there directly.
                mounts=_DIRECT if account.on_loopback else None,
            )
        except (OSError, ValueError, ImportError, httpx.InvalidURL) as error:
            # Not in its own words: a proxy's URL may hold a password.
            raise UsageProblem(
                "the environment's proxy or certificate settings cannot be used"
                f" ({type(error).__name__})",
                hint="Look at HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE, SSL_CERT_DIR.",
            ) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def fetch(self, ids: Sequence[str], within: float) -> Answer:
        """The jobs of these ids, 100 at most; ``within`` is in seconds.

        One id is asked for by itself. An answer about several may leave some out.
        Raises JobstatError: AuthError for 401 and 403, NotFound for 404,
        Unavailable for network errors, 429 and 5xx, BrokenAnswer for a body
        that is no job status, UsageProblem for any other refusal.
        """
        if len(ids) > 1:
            path = f"job_statuses/show_many.json?ids={','.join(ids)}"
            page = self._page(path, within)
            return Answer(page.jobs, page.limits)
        path = f"job_statuses/{ids[0]}.json"
        response, body = self._get(path, within, ids[0])
        return Answer((parse_answer(body),), _limits(response.headers))

    def page(self, query: str, within: float) -> Page:
        """A page of the account's jobs. Raises what ``fetch`` raises."""
        return self._page(f"job_statuses.json?{query}", within)

    def _page(self, path: str, within: float) -> Page:
        from jobstat.jobs.listing import parse_page

        response, body = self._get(path, within)
        return parse_page(body, _limits(response.headers))

    def _get(
        self, path: str, within: float, id: str | None = None
    ) -> tuple[httpx.Response, bytes]:
        deadline = time.monotonic() + within
        with (
            self._network_errors(within),
            self._client.stream(
                "GET", f"/api/v2/{path}", timeout=httpx.Timeout(within)
            ) as response,
        ):
            body = self._read(response, deadline)
        if not response.is_success:
            refusal = self._refusal(response, body, id)
            refusal.limits = _limits(response.headers)
            raise refusal
        return response, body

    def _read(self, response: httpx.Response, deadline: float) -> bytes:
        body = bytearray()
        try:
            for chunk in response.iter_bytes():
                body += chunk
                if len(body) > LARGEST_BODY:
                    raise BrokenAnswer("the answer is larger than 64 MiB")
                if time.monotonic() > deadline:
                    raise httpx.ReadTimeout("the answer drips in too slowly")
        except httpx.DecodingError:
            # A refusal is one without its words too.
            if response.is_success:
                raise
            return b""
        return bytes(body)

    @contextmanager
    def _network_errors(self, within: float) -> Iterator[None]:
        host = self._account.name
        try:
            yield
        except httpx.TimeoutException as error:
            patience = spoken(max(within, 1))
            raise Unreachable(f"{host} did not answer within {patience}") from error
        except httpx.DecodingError as error:
            raise BrokenAnswer(f"the answer of {host} cannot be unpacked") from error
        except httpx.TransportError as error:
            raise _network_problem(host, error) from error

    def _refusal(
        self, response: httpx.Response, body: bytes, id: str | None
    ) -> JobstatError:
        code, host = response.status_code, self._account.name
        said = complaint_in(body, response.headers.get("content-type", ""))
        because = f"{code}: {said}" if said else f"{code}"
        if code in {401, 403}:
            return AuthError(
                f"{host} refuses the credential ({because})",
                hint="Is it meant for this account, and has it not expired?"
                if code == 401
                else "Job statuses are for agents; an OAuth token needs scope read.",
            )
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
        if response.has_redirect_location:
            return UsageProblem(
                f"{host} points to {_host_of(response)} ({code});"
                " a credential is not sent there",
                hint="Give the account's own address.",
            )
        return UsageProblem(f"{host} refuses the request ({because})")


def _require_valid_host(account: Account) -> None:
    try:
        # httpx decodes an internationalized name (xn--...) when it is looked at.
        _ = httpx.URL(account.origin).host
    except (ValueError, httpx.InvalidURL) as error:
        raise UsageProblem(f"no valid host name: {account.name}") from error


def _network_problem(host: str, error: httpx.TransportError) -> Unreachable:
    match _root(error):
        case ssl.SSLCertVerificationError() as cause:
            return Unreachable(
                f"the certificate of {host} is not trusted: {cause.verify_message}",
                hint="SSL_CERT_FILE may name the certificates to trust.",
            )
        case ssl.SSLError() as cause if cause.reason:
            words = f"TLS: {cause.reason.replace('_', ' ').lower()}"
        case socket.gaierror():
            return Unreachable(
                f"host not found: {host}", hint="Is the account's name right?"
            )
        case OSError() as cause if cause.strerror:
            words = cause.strerror
        case _:
            words = str(error) or type(error).__name__
    return Unreachable(f"no connection to {host}: {words}")


def _root(error: BaseException) -> BaseException:
    """The first cause of an error: what the operating system or TLS said."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    return error


def _limits(headers: httpx.Headers) -> Limits:
    return Limits(
        limit=_number(headers, "limit") or None,
        remaining=_number(headers, "remaining"),
        reset=_number(headers, "reset"),
    )


def _number(headers: httpx.Headers, what: str) -> int | None:
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


def _host_of(response: httpx.Response) -> str:
    following = response.next_request
    return following.url.netloc.decode() if following else "another address"
