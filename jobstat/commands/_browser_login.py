"""The login in a browser, on this machine or on another."""

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
from jobstat.zendesk.auth.oauth import AuthorizationCodeFlow, Tokens
from jobstat.zendesk.client import open_http

if TYPE_CHECKING:
    from jobstat.zendesk.auth.account import Account

POLL_INTERVAL = 0.2
"""Seconds between two checks for the browser's answer while the user may paste it."""


def log_in_by_browser(
    account: Account, client_id: str, port: int, timeout: float
) -> Tokens:
    """Return the tokens that the user grants in a browser within ``timeout`` seconds.

    Zendesk redirects the browser to ``port``, or the user pastes the address of the
    redirect. Raise TimedOut, AuthError if the user or Zendesk refuses, UsageError if
    the port is in use, and the errors of the token request.
    """
    deadline = clock.monotonic() + timeout
    redirect = redirect_url(port)
    flow = AuthorizationCodeFlow(account, client_id, redirect)
    with Callback(port, flow.parse_redirect) as callback:
        opens_browser = _has_graphical_browser()
        _print_instructions(account, client_id, flow, opens_browser=opens_browser)
        if opens_browser:
            _open_browser(flow.url)
        code = _wait_for_code(flow, callback, deadline)
    if code is None:
        raise TimedOut(
            f"no answer from the browser within {format_duration(timeout)}",
            hint="Log in again; --timeout allows more time.",
        )
    with open_http(account) as http:
        return flow.request_tokens(http, code)


def _print_instructions(
    account: Account,
    client_id: str,
    flow: AuthorizationCodeFlow,
    *,
    opens_browser: bool,
) -> None:
    stderr = standard_error()
    client = (
        f"The OAuth client {sanitize(client_id, MAX_NAME)} must be a public one of"
        f" {account.name}, with this redirect URL:"
    )
    consent = "Open this in a browser, and allow jobstat to read the account:"
    if opens_browser:
        consent = (
            "In the browser that opens, allow jobstat to read the account."
            " If none opens:"
        )
    stderr.print_quietly(f"{stderr.wrapped(client)}\n  {flow.redirect_uri}\n\n")
    stderr.print_quietly(f"{stderr.wrapped(consent)}\n{flow.url}\n\n")
    if is_interactive():
        paste = (
            "If the browser is on another machine, it ends on a page that it cannot"
            " show. Then paste the address of that page here, and press Enter."
        )
        stderr.print_quietly(stderr.wrapped(paste))


def _wait_for_code(
    flow: AuthorizationCodeFlow, callback: Callback, deadline: float
) -> str | None:
    """Return the code from the browser or the user, None after the deadline."""
    reader = LineReader() if is_interactive() else None
    while (time_left := deadline - clock.monotonic()) > 0:
        if code := callback.wait_for_code(0.0 if reader else min(time_left, TICK)):
            return code
        line = reader.read_line(min(time_left, POLL_INTERVAL)) if reader else None
        if line == "":
            reader = None  # the user ended the input: wait for the browser alone
        elif line and line.strip():
            try:
                return flow.parse_redirect(line)
            except UsageError as error:
                standard_error().print_quietly(f"jobstat: {error.message}; try again\n")
    return None


def _has_graphical_browser() -> bool:
    """Return whether a browser would open outside this terminal."""
    variables = ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER")
    on_local_mac = sys.platform == "darwin" and not os.environ.get("SSH_CONNECTION")
    return on_local_mac or any(map(os.environ.get, variables))


def _open_browser(url: str) -> None:
    """Open a browser in its own process, without jobstat's credentials."""
    environ = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("ZENDESK_")
    }
    with suppress(OSError):
        subprocess.Popen(  # noqa: S603 - Python's own module, and our own URL
            [sys.executable, "-I", "-m", "webbrowser", url],
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
