"""The accounts and the status of their logins, for people and as JSON."""

from __future__ import annotations

import json as json_module
import os
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from jobstat.jobs.duration import format_duration
from jobstat.views.sanitize import MAX_ERROR, MAX_NAME, sanitize
from jobstat.views.terminal import Terminal, open_terminal
from jobstat.views.wording import BAD, GOOD, UNKNOWN

SECONDS_A_DAY = 86400

_KINDS = {
    "browser": "OAuth in the browser",
    "client-credentials": "OAuth client credentials",
    "token": "an OAuth token",
    "api-token": "an API token",
    "password": "a password",
}
"""The words for each ``kind`` of credential."""


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """The status of an account's login: the fields of ``jobstat auth status --json``.

    ``works`` is None if Zendesk was not contacted and no problem is known. ``hint``
    says what to do about the ``problem``. ``expires_at`` is in Unix seconds; the JSON
    has a date.
    """

    account: str
    name: str
    default: bool
    in_use: bool
    works: bool | None
    source: str | None
    kind: str | None
    user: str | None
    client_id: str | None
    expires_at: float | None
    renews: bool
    problem: str | None
    hint: str | None
    warnings: tuple[str, ...]


def show_accounts(statuses: Sequence[AccountStatus], *, json: bool, color: str) -> None:
    """Write the accounts to stdout, for people or as JSON objects.

    On a terminal the JSON is indented. Elsewhere each object is a line.
    """
    stdout = open_terminal(sys.stdout, os.environ, color)
    if json:
        indent = 2 if stdout.interactive else None
        for status in statuses:
            stdout.write(json_module.dumps(_to_json(status), indent=indent) + "\n")
        return
    now = datetime.now(UTC).timestamp()
    stdout.write("\n".join(_to_text(status, now, stdout) for status in statuses))


def _to_json(status: AccountStatus) -> dict[str, object]:
    fields = asdict(status)
    if status.expires_at is not None:
        expires_at = datetime.fromtimestamp(status.expires_at, UTC)
        fields["expires_at"] = expires_at.isoformat(timespec="seconds")
    return fields


def _to_text(status: AccountStatus, now: float, terminal: Terminal) -> str:
    marks = ["in use"] * status.in_use + ["default"] * status.default
    name = terminal.paint(sanitize(status.name, MAX_NAME), "bold")
    title = name + (f"  ({', '.join(marks)})" if marks else "")
    glyph, words = {
        True: (GOOD, "the login works"),
        False: (BAD, "the login does not work"),
        None: (UNKNOWN, "not checked"),
    }[status.works]
    sign = terminal.paint(glyph.render(terminal.glyphs), glyph.style)
    details = [
        sanitize(status.problem or "", MAX_ERROR),
        sanitize(status.hint or ""),
    ]
    if status.kind:
        details += [_format_credential(status), _format_expiry(status, now)]
    details += [f"warning: {sanitize(warning)}" for warning in status.warnings]
    paragraphs = (terminal.wrapped(detail, "  ") for detail in details if detail)
    return f"{title}\n{sign} {words}\n{''.join(paragraphs)}"


def _format_credential(status: AccountStatus) -> str:
    kind = _KINDS.get(status.kind or "", status.kind)
    client = f" (client {status.client_id})" if status.client_id else ""
    source = "the keyring" if status.source == "keyring" else status.source
    user = f", as {status.user}" if status.user else ""
    return sanitize(f"{kind}{client}, from {source}{user}", MAX_ERROR)


def _format_expiry(status: AccountStatus, now: float) -> str:
    if status.expires_at is None:
        return ""
    renewal = ", and is renewed automatically" if status.renews else ""
    seconds_left = status.expires_at - now
    if seconds_left <= 0:
        return f"has expired{renewal}"
    days = seconds_left // SECONDS_A_DAY
    time_left = f"{days:.0f} days" if days > 1 else format_duration(seconds_left)
    return f"expires in {time_left}{renewal}"
