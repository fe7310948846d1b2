"""The account's jobs, a page at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from math import inf
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode, urlsplit

from jobstat.errors import BrokenAnswer, JobstatError, TimedOut
from jobstat.jobs.following import TICK
from jobstat.jobs.job import check_around, decode, kind_of, parse_job
from jobstat.jobs.patience import is_hopeless, patience_with, set_back
from jobstat.jobs.polling import LEAST_HOLD
from jobstat.jobs.signs import plain_name
from jobstat.jobs.verdict import has_ended, judge
from jobstat.limits import UNTOLD

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator

    from jobstat.jobs.following import Clock
    from jobstat.jobs.job import Job
    from jobstat.jobs.patience import Policy, Setback
    from jobstat.jobs.polling import Allowance
    from jobstat.limits import Limits

PAGE_SIZE = 100
FIRST_PAGE = urlencode({"page[size]": PAGE_SIZE})

_CURSOR = re.compile(r"(?:page|starting|next)?\W?(?:after|cursor|token)\W?|aftercursor")
"""The plain name of a parameter that is a cursor: ``page[after]``, ``next_token``."""

_LINK = re.compile(r"<([^>]*)>[^,<]*\brel=\"?next\b")
"""The next page in a Link header (RFC 8288)."""

_MORE = frozenset({"hasmore", "hasnext", "hasnextpage", "truncated", "istruncated"})
_NEXT = ("next", "nextpage", "nexturl", "nextlink", "odatanextlink", "afterurl")
_OTHER_CURSORS = ("nextcursor", "endcursor", "nexttoken", "nextpagetoken")
_PAGE, _PAGES = ("page", "currentpage"), ("totalpages", "pagecount", "pages")
"""Plain names by which lists tell of their other pages."""

MAX_PAGES = 5000
"""Pages after which a list is taken to have no end: 500,000 jobs of one day."""


@dataclass(frozen=True, slots=True)
class Page:
    """Several jobs of one answer.

    ``unread`` are its entries that are no job status, as they were sent.
    ``following`` is the query that asks for the next page, None when this is the
    last.
    """

    jobs: tuple[Job, ...]
    unread: tuple[object, ...] = ()
    following: str | None = None
    limits: Limits = UNTOLD

    @property
    def may_shift(self) -> bool:
        """Whether the next page begins at another job once one before it is gone.

        A page after a cursor begins behind the same job.
        """
        names = [plain_name(name) for name, _ in parse_qsl(self.following or "")]
        return bool(names) and not any(map(_CURSOR.fullmatch, names))


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest jobs of an account, out of so many that were looked for.

    ``unread`` are the entries of its list that are no job status, as they were sent.
    """

    jobs: tuple[Job, ...]
    total: int
    unread: tuple[object, ...]


MOST_READINGS = 5
"""How often a list is read whose jobs move while it is read."""


def parse_page(body: bytes, limits: Limits = UNTOLD, link: str = "") -> Page:
    """The jobs in ``{"job_statuses": [...]}``; ``link`` is the answer's Link header.

    Raises BrokenAnswer for anything else. An entry that is no job status says
    nothing of the others: it is in ``unread``.
    """
    document = decode(body)
    entries = document.get("job_statuses") if isinstance(document, dict) else None
    if not (isinstance(document, dict) and isinstance(entries, list)):
        raise BrokenAnswer(
            f"the answer is not a list of job statuses: {kind_of(document)}"
            " without job_statuses"
        )
    check_around(document, "job_statuses")
    jobs: list[Job] = []
    unread: list[object] = []
    for entry in entries:
        try:
            jobs.append(parse_job(entry))
        except BrokenAnswer:
            unread.append(entry)
    return Page(tuple(jobs), tuple(unread), _following(document, link), limits)


def id_in(entry: object) -> str | None:
    """The id of an entry that is no job status, None where it has none."""
    id = entry.get("id") if isinstance(entry, dict) else None
    return id if isinstance(id, str) else None


def read_pages(
    fetch: Callable[[str, float], Page],
    clock: Clock,
    policy: Policy,
    started: float,
    allowance: Allowance,
    say: Callable[[Setback | None, float, float], None] = lambda *_: None,
) -> Iterator[Page]:
    """All pages, one after the other. A job may be on more than one.

    ``fetch`` gets the query of a page and the seconds it may take. Failures are
    ridden out, and the account's rate limit is kept, as the policy says; its
    time-out counts from ``started``. ``say`` hears of each wait: of the setback, None
    where it is for the rate limit, of its end and of the time. Raises TimedOut,
    BrokenAnswer for a list without end, and what ``fetch`` raises.
    """
    query: str | None = FIRST_PAGE
    asked: set[str] = set()
    while query is not None:
        if query in asked:
            raise BrokenAnswer("the list of jobs does not end: a page leads back")
        if len(asked) == MAX_PAGES:
            raise BrokenAnswer(f"the list of jobs does not end: {MAX_PAGES:,} pages")
        page = _read(query, fetch, clock, policy, started, allowance, say)
        asked.add(query)
        yield page
        query = page.following


def settled(read: Callable[[], Iterable[Page]]) -> Iterator[tuple[Page, bool]]:
    """The pages of a list that changes while it is read; true with those of the first.

    ``read`` reads the whole list anew. A job that ends meanwhile moves to the front,
    where a second reading finds it, before the jobs that had ended at the first. Of
    pages by number each may move to an earlier page, which was read already: they are
    read to the end, until nothing new is found. Of the later readings only the unread
    entries that are new are given.
    """
    known: set[str] = set()
    ended: set[str] = set()
    unread: list[object] = []
    for reading in range(MOST_READINGS):
        before, pages, may_shift = len(known), 0, False
        for page in read():
            new = page.unread
            if reading:
                new = tuple(entry for entry in new if entry not in unread)
            unread += new
            pages += 1
            may_shift = may_shift or page.may_shift
            reaches_ended = any(job.id in ended for job in page.jobs)
            known |= {job.id for job in page.jobs}
            if reading == 0:
                ended |= {job.id for job in page.jobs if has_ended(job)}
            yield replace(page, unread=new), reading == 0
            if reading and reaches_ended and not may_shift:
                break
        if pages == 1 or (reading and (not may_shift or len(known) == before)):
            return


def unfinished(
    read: Callable[[], Iterable[Page]],
) -> tuple[list[str], list[str | None]]:
    """The ids of the jobs that have not ended, and those of entries that are no jobs.

    ``read`` reads the whole list. A job that ended after it was begun to be read is
    among them.
    """
    ids: dict[str, None] = {}
    unread: list[str | None] = []
    ended: set[str] = set()
    for page, is_first in settled(read):
        if is_first:
            ended |= {job.id for job in page.jobs if has_ended(job)}
        ids |= dict.fromkeys(
            job.id for job in page.jobs if not has_ended(job) or job.id not in ended
        )
        unread += map(id_in, page.unread)
    return list(ids), unread


def recent(
    read: Callable[[], Iterable[Page]], limit: int, states: Collection[str] = ()
) -> Recent:
    """The newest jobs of a list, of these states if any are given.

    Zendesk sends the finished ones first, by their end, then the others by their
    creation, the newest first of each: so all pages are read, and what is not
    finished, and thus newer than what is, is put in front.
    """
    running: list[Job] = []
    finished: list[Job] = []
    known: set[str] = set()
    unread: list[object] = []
    total = late = 0
    for page, is_first in settled(read):
        unread += page.unread
        for job in page.jobs:
            if job.id in known or (states and job.state not in states):
                continue
            known.add(job.id)
            total += 1
            if not judge(job).finished:
                running.append(job)
            elif is_first:
                finished.append(job)
            else:
                finished.insert(late, job)  # it has just ended
                late += 1
        del running[limit:], finished[limit:]
    return Recent(tuple((running + finished)[:limit]), total, tuple(unread))


def _read(
    query: str,
    fetch: Callable[[str, float], Page],
    clock: Clock,
    policy: Policy,
    started: float,
    allowance: Allowance,
    say: Callable[[Setback | None, float, float], None],
) -> Page:
    setback: Setback | None = None
    while True:
        now = clock.monotonic()
        if setback is None:
            if allowance.free_at - now > LEAST_HOLD:
                say(None, allowance.free_at, now)
            _sleep(allowance.free_at - now, clock, policy, started)
        asked_at = clock.monotonic()
        allowance.asked(asked_at)
        within = patience_with(setback, policy, asked_at)
        if policy.timeout is not None:
            within = min(within, started + policy.timeout - asked_at)
        try:
            page = fetch(query, within)
        except JobstatError as error:
            now = clock.monotonic()
            allowance.refused(error, now)
            setback = set_back(
                setback,
                error,
                policy,
                fresh_at=None,
                asked_at=asked_at,
                within=within,
                now=now,
            ).held(allowance.free_at, policy)
            if not error.passing or is_hopeless(setback, policy, now):
                raise
            say(setback, setback.again_at, now)
            _sleep(setback.again_at - now, clock, policy, started)
        else:
            allowance.told(page.limits, clock.monotonic())
            return page


def _sleep(seconds: float, clock: Clock, policy: Policy, started: float) -> None:
    now = clock.monotonic()
    end = inf if policy.timeout is None else started + policy.timeout
    until = min(now + seconds, end)
    while (left := until - clock.monotonic()) > 0:
        clock.sleep(min(left, TICK))
    if until == end:
        raise TimedOut("the time-out ran out before the account's jobs were known")


def _following(document: dict[str, object], link: str) -> str | None:
    """The query of the next page; None where nothing says that there is one.

    Raises BrokenAnswer where there is one, but not where.
    """
    meta = document.get("meta")
    if not isinstance(meta, dict | None):
        raise BrokenAnswer(f"the list of jobs has a meta that is {kind_of(meta)}")
    told = _told_beside(document)
    more = [told[name] for name in _MORE if told.get(name) is not None]
    if not more and isinstance(is_end := told.get("endofstream"), bool):
        more = [not is_end]
    if more and all(value in (False, "false") for value in more):
        return None
    cursor, linked = told.get("aftercursor"), _LINK.search(link)
    urls = [*map(told.get, _NEXT), linked and linked[1]]
    try:
        if isinstance(cursor, str) and cursor:
            return urlencode({"page[size]": PAGE_SIZE, "page[after]": cursor})
        for url in urls:
            # Its query alone: what is asked is always this account.
            if isinstance(url, str) and (query := urlencode(parse_qsl(_query(url)))):
                return query
    except UnicodeEncodeError:
        pass  # half of a character
    others = [told.get(name) for name in _OTHER_CURSORS]
    if any([*more, cursor, *urls, *others]) or _is_not_last(told):
        raise BrokenAnswer("the list of jobs has another page, but not where")
    return None


def _is_not_last(told: dict[str, object]) -> bool:
    """Whether it is page 1 of 2, say."""
    page = next((told[name] for name in _PAGE if name in told), None)
    pages = next((told[name] for name in _PAGES if name in told), None)
    return isinstance(page, int) and isinstance(pages, int) and page < pages


def _told_beside(document: dict[str, object]) -> dict[str, object]:
    """What stands beside the jobs at any depth, by plain names: has_more in meta.

    Of several by one name, one that holds something counts.
    """
    told: dict[str, object] = {}
    objects = [{name: v for name, v in document.items() if name != "job_statuses"}]
    for fields in objects:
        if fields.get("rel") == "next":
            told["next"] = fields.get("href")
        for name, value in fields.items():
            inner = value if isinstance(value, list) else [value]
            objects += [entry for entry in inner if isinstance(entry, dict)]
            key = plain_name(name)
            if key not in told or value not in (None, False, "", "false"):
                told[key] = value
    return told


def _query(url: str) -> str:
    try:
        return urlsplit(url).query
    except ValueError:
        return ""
