"""How a user names a job in a word: by its id or its URL."""

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
    """A job as the user named it.

    ``origin`` is the lower-case ``scheme://host[:port]`` of a job URL, None
    when a bare id was given.
    """

    id: str
    origin: str | None = None


def parse_reference(text: str) -> Reference:
    """The job that a command-line word names.

    Raises UsageError, before any request, for what is neither an id nor the
    URL of a job status.
    """
    if "://" not in text:
        return parse_id(text)
    try:
        url = split_url(text)
        host, port = url.hostname, url.port
    except ValueError:
        raise _not_a_job_url("it cannot be read as a URL") from None
    if "@" in url.netloc:
        # The text may hold a password: it is not repeated.
        raise _not_a_job_url("it has a user name in it")
    path = _JOB_PATH.fullmatch(url.path)
    if host is None or path is None or not _ID.fullmatch(path[1]):
        raise _not_a_job_url(_near_miss(url.path) or _quoted(text))
    return Reference(path[1], origin(url.scheme, host, port))


def is_id(text: str) -> bool:
    """Whether it can be a job's id, and stand in the path of a request."""
    return _ID.fullmatch(text) is not None


def is_same_id(one: str, other: str) -> bool:
    """Whether two ids are the same, letter case aside."""
    return one == other or (other.isascii() and one.lower() == other.lower())


def parse_id(text: object) -> Reference:
    """The job of this id. Raises UsageError for what is no id."""
    if text == "null":
        raise UsageError(
            "not a job id: null",
            hint="jq writes null where there is no such field:"
            " was the bulk request refused?",
        )
    if not (isinstance(text, str) and is_id(text)):
        kind = f"a {type(text).__name__}"
        raise UsageError(
            f"not a job id: {_quoted(text) if isinstance(text, str | int) else kind}",
            hint="An id has 1 to 64 letters, digits, - and _;"
            " the URL of a job is taken too.",
        )
    return Reference(text)


def _near_miss(path: str) -> str | None:
    if _LIST_PATH.fullmatch(path):
        return "it names a list of jobs, not one"
    for start, what in _OTHER_APIS.items():
        if path.startswith(start):
            return f"the jobs of {what} are another API, not bulk jobs"
    return None


def _not_a_job_url(why: str) -> UsageError:
    return UsageError(
        f"not the URL of a job status: {why}",
        hint="Such a URL ends in /api/v2/job_statuses/ID.json.",
    )


def split_url(text: str) -> SplitResult:
    """The parts of a URL.

    Raises ValueError for one with blanks or control characters, which urlsplit
    would leave out in silence.
    """
    if not text.isprintable() or " " in text:
        raise ValueError(text)
    return urlsplit(text)


def origin(scheme: str, host: str, port: int | None) -> str:
    """``scheme://host[:port]`` in one spelling: lower case, no default port."""
    scheme = scheme.lower()
    name = f"[{host}]" if ":" in host else host.lower()
    usual = {"https": 443, "http": 80}.get(scheme)
    return f"{scheme}://{name}" + (f":{port}" if port not in (None, usual) else "")


def _quoted(value: object) -> str:
    text, longest = repr(value), 80
    return text if len(text) <= longest else text[: longest - 3] + "..."
