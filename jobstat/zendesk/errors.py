"""What a refusal means, whatever it was that was asked for."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from jobstat.errors import InvalidResponse, JobstatError, Unavailable, UsageError
from jobstat.jobs.duration import format_duration
from jobstat.jobs.error_body import error_message_in
from jobstat.zendesk.redact import CUT

if TYPE_CHECKING:
    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.http import Response


def reason(response: Response) -> str:
    """The code of a refusal, and what it says of itself."""
    said = error_message_in(response.body, response.headers.get("content-type", ""))
    if said and response.is_cut:
        # A character that was cut too would part a secret's beginning from the mark.
        said = said.rstrip("\N{REPLACEMENT CHARACTER}") + CUT
    return f"{response.status}: {said}" if said else f"{response.status}"


def refusal(response: Response, account: Account) -> JobstatError:
    """The error for a refusal that has no meaning of its own here."""
    code, host = response.status, account.name
    because = reason(response)
    if code in {408, 425, 429} or code >= 500:
        wait = parse_retry_after(response.headers.get("retry-after", ""))
        what = "limits the requests" if code == 429 else "cannot answer now"
        return Unavailable(
            f"{host} {what} ({because})",
            hint=f"It asks to be left alone for {format_duration(wait)}."
            if wait
            else None,
            retry_after=wait,
        )
    if code == 206:
        return InvalidResponse(f"{host} sends a part of the answer ({because})")
    if code == 304:
        return InvalidResponse(
            f"{host} sends no answer, but that of before ({because})"
        )
    if 300 <= code < 400 and (location := response.headers.get("location")):
        target = _host_of(location, account.origin)
        return UsageError(
            f"{host} points to {target} ({code}); a credential is not sent there",
            hint="Give the account's own address.",
        )
    return UsageError(f"{host} refuses the request ({because})")


def parse_retry_after(value: str) -> float | None:
    """Return the seconds in a Retry-After header, a number or a date (RFC 9110)."""
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
