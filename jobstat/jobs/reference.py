"""References to jobs by the user: an id or a URL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from jobstat.errors import UsageError

_ID = re.compile(r"(?=.*[0-9A-Za-z])[0-9A-Za-z_-]{1,64}", re.ASCII)
_JOB_PATH = re.compile(
    r"/api/v2/job_statuses/(?!show_many\b)([^/]+?)(?:\.json)?/?", re.ASCII
)
_LIST_PATH = re.compile(r"/api/v2/job_statuses(/show_many)?(\.json)?/?", re.ASCII)
_OTHER_APIS = {
    "/api/v2/agent_availabilities/": "agent availabilities",
    "/api/v2/apps/job_statuses": "apps",
    "/api/v2/guide/theming/jobs": "themes",
}


@dataclass(frozen=True, slots=True)
class Reference:
    """A job that the user named.

    ``origin`` is the lower-case ``scheme://host[:port]`` of a job URL, None for an id.
    """

    id: str
    origin: str | None = None


def parse_reference(text: str) -> Reference:
    """Parse a job's id or URL. Raise UsageError for anything else."""
    if "://" not in text:
        return parse_id(text)
    try:
        url = split_url(text)
        host, port = url.hostname, url.port
    except ValueError:
        raise _not_a_job_url("it is not a valid URL") from None
    if "@" in url.netloc:
        # The text may hold a password, so do not repeat it.
        raise _not_a_job_url("it has a user name in it")
    path = _JOB_PATH.fullmatch(url.path)
    if host is None or path is None or not _ID.fullmatch(path[1]):
        raise _not_a_job_url(_explain_path(url.path) or _quote(text))
    return Reference(path[1], origin(url.scheme, host, port))


def is_id(text: str) -> bool:
    """Return whether a text is a valid id, safe in the path of a request."""
    return _ID.fullmatch(text) is not None


def is_same_id(first: str, second: str) -> bool:
    """Return whether two ids are equal, ignoring letter case."""
    return first == second or (second.isascii() and first.lower() == second.lower())


def parse_id(text: object) -> Reference:
    """Parse a job's id. Raise UsageError for anything else."""
    if text == "null":
        raise UsageError(
            "not a job id: null",
            hint="jq prints null for a missing field. Check that Zendesk accepted the"
            " bulk request.",
        )
    if not (isinstance(text, str) and is_id(text)):
        is_plain = isinstance(text, str | int)
        shown = _quote(text) if is_plain else "it is not a text"
        raise UsageError(
            f"not a job id: {shown}",
            hint="An id has 1 to 64 letters, digits, - and _."
            " You can also give the URL of a job.",
        )
    return Reference(text)


def _explain_path(path: str) -> str | None:
    """Return why a path is not that of one bulk job, None if it is unknown."""
    if _LIST_PATH.fullmatch(path):
        return "it names a list of jobs, not one"
    for start, product in _OTHER_APIS.items():
        if path.startswith(start):
            return f"it is about {product}, not about a bulk job"
    return None


def _not_a_job_url(reason: str) -> UsageError:
    return UsageError(
        f"not the URL of a job status: {reason}",
        hint="The URL of a job ends in /api/v2/job_statuses/ID.json.",
    )


def split_url(text: str) -> SplitResult:
    """Split a URL.

    Raise ValueError if it is invalid, or has blanks or control characters, which
    urlsplit would silently remove.
    """
    if not text.isprintable() or " " in text:
        raise ValueError(text)
    return urlsplit(text)


def origin(scheme: str, host: str, port: int | None) -> str:
    """Return ``scheme://host[:port]`` in lower case, without the default port."""
    scheme = scheme.lower()
    name = f"[{host}]" if ":" in host else host.lower()
    default_port = {"https": 443, "http": 80}.get(scheme)
    suffix = f":{port}" if port not in (None, default_port) else ""
    return f"{scheme}://{name}{suffix}"


def _quote(value: object) -> str:
    text, max_length = repr(value), 80
    return text if len(text) <= max_length else text[: max_length - 3] + "..."
