"""A page of the account's list of jobs, and the query of the next one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from jobstat.errors import InvalidResponse
from jobstat.jobs.job import Job
from jobstat.jobs.parse import (
    check_fields_beside,
    decode_json,
    describe_type,
    parse_job,
)
from jobstat.jobs.vocabulary import plain_name

PAGE_SIZE = 100
FIRST_PAGE = urlencode({"page[size]": PAGE_SIZE})
"""The query of the first page."""

INVALID_LIST_HINT = "Try again, or give the ids of the jobs."
"""What to do if the list of jobs cannot be read."""

MAX_NAME = 100
"""Characters of a field's name that are compared."""

_CURSOR = re.compile(r"(?:page|starting|next)?\W?(?:after|cursor|token)\W?|aftercursor")
"""The plain name of a query parameter that is a cursor: ``page[after]``."""

# The targets of a Link header with their parameters, and the relation (RFC 8288).
_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_REL = re.compile(r";\s*rel\s*=\s*[\"']?([^\"';,]*)", re.IGNORECASE)

# Plain names of fields about other pages.
_HAS_MORE = re.compile(
    "has(?:more|next)(?:pages?|items|results|data)?|(?:is)?truncated"
)
_NEXT_URL = ("next", "nextpage", "nexturl", "nextlink", "odatanextlink", "afterurl")
_OTHER_CURSOR = re.compile(
    "(?!before|prev|first|start|has)[a-z]*(?:next|cursor|continuation|more)[a-z]*|after"
)
_IS_LAST = ("last", "islast", "islastpage")
_PAGE_NUMBER = ("page", "currentpage", "pagenumber")
_PAGE_COUNT = ("totalpages", "pagecount", "pages", "lastpage")
_PAGING = frozenset({*_NEXT_URL, "aftercursor", "endofstream"})


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list, or the answer to a batch request.

    ``skipped`` are its entries that are not a job status, as the server sent them.
    ``next_query`` is the query of the next page, None on the last page.
    """

    jobs: tuple[Job, ...]
    skipped: tuple[object, ...] = ()
    next_query: str | None = None

    @property
    def may_shift(self) -> bool:
        """Whether jobs may move to other pages while the list is read.

        That is so for pages by number. A page after a cursor always begins after the
        same job.
        """
        names = [plain_name(name) for name, _ in parse_qsl(self.next_query or "")]
        return bool(names) and not any(map(_CURSOR.fullmatch, names))


def parse_page(body: bytes, link: str = "") -> Page:
    """Parse ``{"job_statuses": [...]}``; ``link`` is the Link header of the answer.

    Raise InvalidResponse for anything else. An entry that is not a job status goes to
    ``skipped``: the other entries may still be good.
    """
    document = decode_json(body)
    entries = document.get("job_statuses") if isinstance(document, dict) else None
    if not (isinstance(document, dict) and isinstance(entries, list)):
        raise InvalidResponse(
            "the account sent an invalid list of jobs:"
            f" {describe_type(document)} without job_statuses",
            hint=INVALID_LIST_HINT,
        )
    check_fields_beside(document, "job_statuses")
    jobs: list[Job] = []
    skipped: list[object] = []
    for entry in entries:
        try:
            jobs.append(parse_job(entry))
        except InvalidResponse:
            skipped.append(entry)
    return Page(tuple(jobs), tuple(skipped), find_next_query(document, link))


def find_id(entry: object) -> str | None:
    """Return the id of an entry that is not a job status, None without one."""
    id = entry.get("id") if isinstance(entry, dict) else None
    return id if isinstance(id, str) else None


def find_next_query(document: dict[str, object], link: str = "") -> str | None:
    """Return the query of the next page, None if no field or header mentions one.

    ``link`` is the Link header of the answer. Raise InvalidResponse if there is
    another page but no query for it.
    """
    meta = document.get("meta")
    if not isinstance(meta, dict | None):
        raise InvalidResponse(
            "the account sent an invalid list of jobs:"
            f" a meta that is {describe_type(meta)}",
            hint=INVALID_LIST_HINT,
        )
    fields = _collect_fields(document)
    has_more = [
        value
        for name, value in fields.items()
        if _HAS_MORE.fullmatch(name) and value is not None
    ]
    if not has_more and isinstance(is_end := fields.get("endofstream"), bool):
        has_more = [not is_end]
    if has_more and all(value in (False, "false") for value in has_more):
        return None
    cursor = fields.get("aftercursor")
    urls = [*map(fields.get, _NEXT_URL), _find_next_link(link)]
    try:
        if isinstance(cursor, str) and cursor:
            return urlencode({"page[size]": PAGE_SIZE, "page[after]": cursor})
        for url in urls:
            # Use only the query: requests go to this account and nowhere else.
            if isinstance(url, str) and (
                query := urlencode(parse_qsl(_find_query(url)))
            ):
                return query
    except UnicodeEncodeError:
        pass  # The cursor or URL has a lone surrogate.
    cursors = [value for name, value in fields.items() if _OTHER_CURSOR.fullmatch(name)]
    if any([*has_more, cursor, *urls, *cursors]) or not _is_last_page(fields):
        raise InvalidResponse(
            "the list of jobs has another page, but no link to it",
            hint=INVALID_LIST_HINT,
        )
    return None


def has_next_page(document: dict[str, object]) -> bool | None:
    """Return whether a list has another page, None if it does not mention pages."""
    try:
        if find_next_query(document) is not None:
            return True
    except InvalidResponse:
        return True
    names = _collect_fields(document)
    mentions_pages = any(n in _PAGING or _HAS_MORE.fullmatch(n) for n in names)
    return False if mentions_pages else None


def _find_next_link(link: str) -> str | None:
    """Return the URL of the next page in a Link header."""
    for url, parameters in _LINK.findall(link):
        rel = _REL.search(parameters)
        if rel and "next" in rel[1].lower().split():
            return str(url)
    return None


def _is_last_page(fields: dict[str, object]) -> bool:
    """Return whether no field says that another page follows, as page 1 of 2 does."""
    is_last = [fields.get(name) for name in _IS_LAST]
    if any(value in (False, "false") for value in is_last if value is not None):
        return False
    number = next((fields[name] for name in _PAGE_NUMBER if name in fields), None)
    count = next((fields[name] for name in _PAGE_COUNT if name in fields), None)
    number_digits, count_digits = str(number)[:20], str(count)[:20]
    if not (number_digits.isdecimal() and count_digits.isdecimal()):
        return True
    return int(number_digits) >= int(count_digits)


def _collect_fields(document: dict[str, object]) -> dict[str, object]:
    """Return the fields beside the jobs, at any depth, by their plain names.

    ``has_more`` may be in ``meta``. Of several fields with one name, keep one that
    holds something.
    """
    fields: dict[str, object] = {}
    objects = [{name: v for name, v in document.items() if name != "job_statuses"}]
    for current in objects:  # grows while it is read
        if str(current.get("rel")).lower() == "next":
            url = current.get("href") or current.get("url") or current.get("uri")
            fields["next"] = url
        for name, value in current.items():
            children = value if isinstance(value, list) else [value]
            objects += [child for child in children if isinstance(child, dict)]
            key = plain_name(name[:MAX_NAME])
            if key not in fields or value not in (None, False, "", "false"):
                fields[key] = value
    return fields


def _find_query(url: str) -> str:
    """Return the query of a URL, none if the URL is invalid."""
    try:
        return urlsplit(url).query
    except ValueError:
        return ""
