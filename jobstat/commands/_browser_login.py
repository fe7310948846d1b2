"""Logging in by a browser, here or elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from jobstat import clock
from jobstat.errors import TimedOut, UsageError
from jobstat.jobs.duration import format_duration
from jobstat.jobs.loop import TICK
from jobstat.views.prompt import LineReader, is_interactive
from jobstat.views.sanitize import MAX_NAME, sanitize
from jobstat.views.terminal import standard_error
from jobstat.zendesk.auth.callback import Callback, redirect_url
from jobstat.zendesk.auth.oauth import AuthorizationCodeFlow
from jobstat.zendesk.client import open_http

if TYPE_CHECKING:
    from jobstat.zendesk.auth.account import Account
    from jobstat.zendesk.auth.oauth import Tokens

GLANCE = 0.2
"""Seconds between two looks for the browser's answer while one may be pasted."""


def tokens_by_browser(
    account: Account, client_id: str, port: int, timeout: float
) -> Tokens:
    """The tokens that a user grants in a browser within ``timeout`` seconds.

    The code comes back by the browser, or is pasted with the address that it shows.
    Raises TimedOut, AuthError for a refusal, and what keeps the account from
    answering.
    """
    uri = redirect_url(port)
    authorization = AuthorizationCodeFlow(account, client_id, uri)
    deadline = clock.monotonic() + timeout
    with Callback(port, authorization.parse_redirect) as callback:
        opens = _has_screen()
        _explain(account, client_id, uri, authorization.url, opens=opens)
        if opens:
            _open(authorization.url)
        code = _wait_for_code(authorization, callback, deadline)
    if code is None:
        raise TimedOut(f"no answer from the browser within {format_duration(timeout)}")
    with open_http(account) as http:
        return authorization.tokens(http, code)


def _explain(
    account: Account, client_id: str, uri: str, url: str, *, opens: bool
) -> None:
    err = standard_error()
    registered = (
        f"The OAuth client {sanitize(client_id, MAX_NAME)} must be a public one of"
        f" {account.name}, with this redirect URL:"
    )
    allow = (
        "In the browser that opens, allow jobstat to read the account. If none does:"
        if opens
        else "Open this in a browser, and allow jobstat to read the account:"
    )
    err.print_quietly(f"{err.wrapped(registered)}\n  {uri}\n\n")
    err.print_quietly(f"{err.wrapped(allow)}\n{url}\n\n")
    if is_interactive():
        paste = (
            "Where the browser is on another machine, it ends at a page that cannot be"
            " shown: paste the address of that page here, and press Enter."
        )
        err.print_quietly(err.wrapped(paste))


def _wait_for_code(
    authorization: AuthorizationCodeFlow, callback: Callback, deadline: float
) -> str | None:
    keyboard = LineReader() if is_interactive() else None
    while (left := deadline - clock.monotonic()) > 0:
        if code := callback.code(0.0 if keyboard else min(left, TICK)):
            return code
        line = keyboard.line(min(left, GLANCE)) if keyboard else None
        if line == "":
            keyboard = None  # the end of input
        elif line and line.strip():
            try:
                return authorization.parse_redirect(line)
            except UsageError as problem:
                standard_error().print_quietly(
                    f"jobstat: {problem.message}; try again\n"
                )
    return None


def _has_screen() -> bool:
    """Whether a browser would open elsewhere than in this terminal."""
    screens = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    on_mac = sys.platform == "darwin" and not os.environ.get("SSH_CONNECTION")
    return on_mac or any(map(os.environ.get, screens))


def _open(url: str) -> None:
    """Open a browser, in a process of its own.

    It gets nothing of what the environment has for jobstat.
    """
    names = [name for name in os.environ if not name.startswith("ZENDESK_")]
    with suppress(OSError):
        subprocess.Popen(  # noqa: S603 - Python's own module, with our own address
            [sys.executable, "-I", "-m", "webbrowser", url],
            env={name: os.environ[name] for name in names},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
