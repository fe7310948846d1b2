"""The accounts, and how their logins stand."""

from __future__ import annotations

import json as json_module
import os
import sys
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from jobstat.jobs.duration import format_duration
from jobstat.views.sanitize import MAX_ERROR, MAX_NAME, sanitize
from jobstat.views.terminal import open_terminal
from jobstat.views.wording import BAD, GOOD, UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobstat.views.terminal import Terminal

_KINDS = {
    "browser": "OAuth in the browser",
    "client-credentials": "OAuth client credentials",
    "token": "an OAuth token",
    "api-token": "an API token",
    "password": "a password",
}


@dataclass(frozen=True, slots=True)
class AccountStatus:
    """How the login of an account stands.

    ``works`` is None where nobody was asked and nothing is known to be wrong; else
    ``problem`` says what is, and ``hint`` what to do. Times are in Unix seconds.
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


def show_accounts(
    standings: Sequence[AccountStatus], *, json: bool, color: str
) -> None:
    """Write them to stdout: for people, or as JSON, a line each off a terminal."""
    stdout = open_terminal(sys.stdout, os.environ, color)
    if json:
        indent = 2 if stdout.interactive else None
        for standing in standings:
            stdout.write(json_module.dumps(_told(standing), indent=indent) + "\n")
        return
    now = datetime.now(UTC).timestamp()
    stdout.write("\n".join(_text(standing, now, stdout) for standing in standings))


def _told(standing: AccountStatus) -> dict[str, object]:
    told = asdict(standing)
    if standing.expires_at is not None:
        moment = datetime.fromtimestamp(standing.expires_at, UTC)
        told["expires_at"] = moment.isoformat(timespec="seconds")
    return told


def _text(standing: AccountStatus, now: float, terminal: Terminal) -> str:
    marks = [
        name
        for name in ("in use", "default")
        if getattr(standing, name.replace(" ", "_"))
    ]
    heading = terminal.paint(sanitize(standing.name, MAX_NAME), "bold")
    lines = [heading + (f"  ({', '.join(marks)})" if marks else "")]
    glyph, words = {
        True: (GOOD, "the login works"),
        False: (BAD, "the login does not work"),
        None: (UNKNOWN, "not asked"),
    }[standing.works]
    sign = glyph.render(unicode=terminal.unicode)
    lines.append(f"{terminal.paint(sign, glyph.style)} {words}")
    details = [
        sanitize(standing.problem or "", MAX_ERROR),
        sanitize(standing.hint or ""),
    ]
    if standing.kind:
        details += [_credential(standing), _expiry(standing, now)]
    details += [f"warning: {sanitize(warning)}" for warning in standing.warnings]
    shown = (terminal.wrapped(line, "  ") for line in details if line)
    return "\n".join(lines) + "\n" + "".join(shown)


def _credential(standing: AccountStatus) -> str:
    client = f" (client {standing.client_id})" if standing.client_id else ""
    who = f", as {standing.user}" if standing.user else ""
    kind = _KINDS.get(standing.kind or "", standing.kind)
    place = "the keyring" if standing.source == "keyring" else standing.source
    return sanitize(f"{kind}{client}, from {place}{who}", MAX_ERROR)


def _expiry(standing: AccountStatus, now: float) -> str:
    refreshable = ", and is renewed by itself" if standing.renews else ""
    if standing.expires_at is None:
        return ""
    left = standing.expires_at - now
    if left <= 0:
        return f"has expired{refreshable}"
    days = left // 86400
    when = f"{days:.0f} days" if days > 1 else format_duration(left)
    return f"expires in {when}{refreshable}"
