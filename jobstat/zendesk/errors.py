"""Turn error responses and failed connections into errors of jobstat."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

from jobstat.errors import (
    InvalidResponse,
    JobstatError,
    Unavailable,
    Unreachable,
    UsageError,
)
from jobstat.jobs.duration import format_duration
from jobstat.jobs.error_body import parse_error_message
from jobstat.zendesk.redact import CUT
from jobstat.zendesk.tls import untrusted_hint

if TYPE_CHECKING:
    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.exchange import Response

_OTHER_NAME = frozenset({62, 63, 64})
"""OpenSSL's codes for a certificate of another host, e-mail or IP address."""


def format_reason(response: Response) -> str:
    """Return the status of an error response, and the message in its body if any."""
    content_type = response.headers.get("content-type", "")
    message = parse_error_message(response.body, content_type)
    if message and response.is_cut:
        # Half a character at the end would separate a part of a secret from CUT, which
        # ``redact_exception`` looks for.
        message = message.rstrip("\N{REPLACEMENT CHARACTER}") + CUT
    return f"{response.status}: {message}" if message else f"{response.status}"


def response_error(response: Response, account: Account) -> JobstatError:
    """Return the error for a status that means the same after every request."""
    code, host = response.status, account.name
    reason = format_reason(response)
    if code in {408, 425, 429} or code >= 500:
        wait = parse_retry_after(response.headers.get("retry-after", ""))
        problem = "allows no more requests now" if code == 429 else "cannot answer now"
        return Unavailable(
            f"{host} {problem} ({reason})",
            hint=f"Try again in {format_duration(wait)}." if wait else None,
            retry_after=wait,
        )
    if code == 206:
        return InvalidResponse(f"{host} sent only part of the answer ({reason})")
    if code == 304:
        return InvalidResponse(f"{host} sent no new answer ({reason})")
    if 300 <= code < 400 and (location := response.headers.get("location")):
        target = _redirect_host(location, account.origin)
        return UsageError(
            f"{host} redirects to {target} ({code}); jobstat sends no credential there",
            hint="If you trust that host, give its URL with --base-url.",
        )
    return UsageError(f"{host} refuses the request ({reason})")


def parse_retry_after(value: str) -> float | None:
    """Return the seconds to wait of a Retry-After header, None if it is invalid.

    The header is a number or a date (RFC 9110).
    """
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


def network_error(name: str, cause: BaseException, *, connecting: bool) -> Unreachable:
    """Return the error of a connection to ``name`` that failed or broke."""
    problem = f"the connection to {name} broke"
    if connecting:
        problem = f"no connection to {name}"
    match cause:
        case ssl.SSLCertVerificationError():
            return Unreachable(
                f"the certificate of {name} is not trusted: {cause.verify_message}",
                hint=None if cause.verify_code in _OTHER_NAME else untrusted_hint(),
            )
        case ssl.SSLError() if cause.reason:
            reason = f"TLS: {cause.reason.replace('_', ' ').lower()}"
        case socket.gaierror():
            return Unreachable(
                f"host not found: {name}",
                hint="Check the name, and your network connection.",
            )
        case OSError() if cause.strerror:
            reason = cause.strerror
        case _:
            reason = (str(cause) or type(cause).__name__).removesuffix(".")
    return Unreachable(f"{problem}: {reason}")


def root_cause(error: BaseException) -> BaseException:
    """Return the first cause of an error, which the operating system or TLS raised."""
    while cause := error.__cause__ or error.__context__:
        error = cause
    return error


def _redirect_host(location: str, base: str) -> str:
    try:
        # The text before an @ may be a secret: leave it out.
        host = urlsplit(urljoin(base, location)).netloc.rpartition("@")[2]
    except ValueError:
        host = ""
    return host or "another address"
