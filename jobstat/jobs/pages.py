"""A page of the account's jobs, and where the next one is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from jobstat.errors import InvalidResponse
from jobstat.jobs.parse import (
    check_fields_beside,
    decode_json,
    describe_type,
    parse_job,
)
from jobstat.jobs.vocabulary import plain_name

if TYPE_CHECKING:
    from jobstat.jobs.job import Job

PAGE_SIZE = 100
FIRST_PAGE = urlencode({"page[size]": PAGE_SIZE})

MAX_NAME = 100
"""Characters of a field's name that are looked at."""

_CURSOR = re.compile(r"(?:page|starting|next)?\W?(?:after|cursor|token)\W?|aftercursor")
"""The plain name of a parameter that is a cursor: ``page[after]``, ``next_token``."""

_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_REL = re.compile(r";\s*rel\s*=\s*[\"']?([^\"';,]*)", re.IGNORECASE)
"""A target of a Link header with its parameters, and its relation (RFC 8288)."""

_MORE = re.compile("has(?:more|next)(?:pages?|items|results|data)?|(?:is)?truncated")
_NEXT = ("next", "nextpage", "nexturl", "nextlink", "odatanextlink", "afterurl")
_OTHER_CURSOR = re.compile(
    "(?!before|prev|first|start|has)[a-z]*(?:next|cursor|continuation|more)[a-z]*|after"
)
_PAGING = frozenset({*_NEXT, "aftercursor", "endofstream"})
_PAGE, _PAGES = (
    ("page", "currentpage", "pagenumber"),
    ("totalpages", "pagecount", "pages", "lastpage"),
)
"""Plain names by which lists tell of their other pages."""


@dataclass(frozen=True, slots=True)
class Page:
    """Several jobs of one answer.

    ``skipped`` are its entries that are no job status, as they were sent.
    ``next_query`` is the query that asks for the next page, None when this is the
    last.
    """

    jobs: tuple[Job, ...]
    skipped: tuple[object, ...] = ()
    next_query: str | None = None

    @property
    def may_shift(self) -> bool:
        """Whether the next page begins at another job once one before it is gone.

        A page after a cursor begins behind the same job.
        """
        names = [plain_name(name) for name, _ in parse_qsl(self.next_query or "")]
        return bool(names) and not any(map(_CURSOR.fullmatch, names))


def parse_page(body: bytes, link: str = "") -> Page:
    """The jobs in ``{"job_statuses": [...]}``; ``link`` is the answer's Link header.

    Raises InvalidResponse for anything else. An entry that is no job status says
    nothing of the others: it is in ``skipped``.
    """
    document = decode_json(body)
    entries = document.get("job_statuses") if isinstance(document, dict) else None
    if not (isinstance(document, dict) and isinstance(entries, list)):
        raise InvalidResponse(
            f"the answer is not a list of job statuses: {describe_type(document)}"
            " without job_statuses"
        )
    check_fields_beside(document, "job_statuses")
    jobs: list[Job] = []
    skipped: list[object] = []
    for entry in entries:
        try:
            jobs.append(parse_job(entry))
        except InvalidResponse:
            skipped.append(entry)
    return Page(tuple(jobs), tuple(skipped), next_page(document, link))


def id_in(entry: object) -> str | None:
    """The id of an entry that is no job status, None where it has none."""
    id = entry.get("id") if isinstance(entry, dict) else None
    return id if isinstance(id, str) else None


def next_page(document: dict[str, object], link: str = "") -> str | None:
    """The query of the next page; None where nothing says that there is one.

    ``link`` is the answer's Link header. Raises InvalidResponse where another page is
    told of, but not how to ask for it.
    """
    meta = document.get("meta")
    if not isinstance(meta, dict | None):
        raise InvalidResponse(
            f"the list of jobs has a meta that is {describe_type(meta)}"
        )
    told = _told_beside(document)
    more = [v for name, v in told.items() if _MORE.fullmatch(name) and v is not None]
    if not more and isinstance(is_end := told.get("endofstream"), bool):
        more = [not is_end]
    if more and all(value in (False, "false") for value in more):
        return None
    cursor = told.get("aftercursor")
    urls = [*map(told.get, _NEXT), _next_in(link)]
    try:
        if isinstance(cursor, str) and cursor:
            return urlencode({"page[size]": PAGE_SIZE, "page[after]": cursor})
        for url in urls:
            # Only its query is used: requests go to this account, never elsewhere.
            if isinstance(url, str) and (query := urlencode(parse_qsl(_query(url)))):
                return query
    except UnicodeEncodeError:
        pass  # half of a character
    others = [value for name, value in told.items() if _OTHER_CURSOR.fullmatch(name)]
    if any([*more, cursor, *urls, *others]) or _is_not_last(told):
        raise InvalidResponse("the list of jobs has another page, but not where")
    return None


def has_next_page(document: dict[str, object]) -> bool | None:
    """Whether a list has another page, None where it does not tell of pages."""
    try:
        if next_page(document) is not None:
            return True
    except InvalidResponse:
        return True
    names = _told_beside(document)
    return False if any(n in _PAGING or _MORE.fullmatch(n) for n in names) else None


def _next_in(link: str) -> str | None:
    """The next page in a Link header, None where it has none."""
    for url, parameters in _LINK.findall(link):
        rel = _REL.search(parameters)
        if rel and "next" in rel[1].lower().split():
            return str(url)
    return None


def _is_not_last(told: dict[str, object]) -> bool:
    """Whether it is page 1 of 2, say."""
    page = next((told[name] for name in _PAGE if name in told), None)
    pages = next((told[name] for name in _PAGES if name in told), None)
    is_last = map(told.get, ("last", "islast", "islastpage"))
    if any(value in (False, "false") for value in is_last if value is not None):
        return True
    number, most = str(page)[:20], str(pages)[:20]
    return number.isdecimal() and most.isdecimal() and int(number) < int(most)


def _told_beside(document: dict[str, object]) -> dict[str, object]:
    """The fields beside the jobs, at any depth, by plain names: has_more in meta.

    Of several by one name, one that holds something counts.
    """
    told: dict[str, object] = {}
    objects = [{name: v for name, v in document.items() if name != "job_statuses"}]
    for fields in objects:
        if str(fields.get("rel")).lower() == "next":
            told["next"] = fields.get("href") or fields.get("url") or fields.get("uri")
        for name, value in fields.items():
            inner = value if isinstance(value, list) else [value]
            objects += [entry for entry in inner if isinstance(entry, dict)]
            key = plain_name(name[:MAX_NAME])
            if key not in told or value not in (None, False, "", "false"):
                told[key] = value
    return told


def _query(url: str) -> str:
    try:
        return urlsplit(url).query
    except ValueError:
        return ""
