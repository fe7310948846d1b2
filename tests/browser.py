"""A browser, and its user who allows or denies the login.

    python browser.py allow|deny|paste URL

With ``paste``, the browser is on another machine: it only prints the address to which
Zendesk sends it. ``BROWSER_LOG`` names a file for its arguments and environment.
"""

from __future__ import annotations

import json
import os
import re
import sys
from html import unescape
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit
from urllib.request import HTTPRedirectHandler, build_opener


class _NoRedirects(HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def click_button(url: str, button: str) -> str:
    """Click a button of the consent page; return the address of its redirect."""
    browser = build_opener(_NoRedirects)
    page = browser.open(url).read().decode()
    fields = re.findall('type="hidden" name="([^"]+)" value="([^"]*)"', page)
    form = {name: unescape(value) for name, value in fields}
    (action,) = re.findall('action="([^"]+)"', page)
    assert f'value="{button}"' in page
    target = f"http://{urlsplit(url).netloc}{action}"
    try:
        browser.open(target, urlencode({**form, "answer": button}).encode())
    except HTTPError as redirect:
        return str(redirect.headers["location"])
    raise AssertionError("no redirect")


def main() -> None:
    answer, url = sys.argv[1:]
    redirect = click_button(url, "allow" if answer == "paste" else answer)
    page = ""
    if answer != "paste":
        try:
            page = build_opener().open(redirect).read().decode()
        except HTTPError as error:
            page = error.read().decode()
    if log := os.environ.get("BROWSER_LOG"):
        parent = Path(f"/proc/{os.getppid()}/cmdline")
        record = {
            "url": url,
            "environment": dict(os.environ),
            "commands": [sys.argv, parent.read_text() if parent.exists() else ""],
            "redirect": redirect,
            "page": page,
        }
        Path(log).write_text(json.dumps(record))
    sys.stdout.write(f"{redirect}\n")


if __name__ == "__main__":
    main()
