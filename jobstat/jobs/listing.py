"""The account's jobs, a page at a time."""

from __future__ import annotations

import re
from dataclasses import dataclass
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

_CURSOR = re.compile(r"after|cursor|token", re.IGNORECASE)

MAX_PAGES = 5000
"""Pages after which a list is taken to have no end: 500,000 jobs of one day."""


@dataclass(frozen=True, slots=True)
class Page:
    """Several jobs of one answer.

    ``unread`` are the ids of its entries that are no job status, None for an entry
    without an id. ``following`` is the query that asks for the next page, None when
    this is the last.
    """

    jobs: tuple[Job, ...]
    unread: tuple[str | None, ...] = ()
    following: str | None = None
    limits: Limits = UNTOLD

    @property
    def may_shift(self) -> bool:
        """Whether the next page begins at another job once one before it is gone.

        A page after a cursor begins behind the same job.
        """
        return self.following is not None and not _CURSOR.search(self.following)


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest jobs of an account, out of so many that were looked for.

    ``unread`` is how many entries of its lists are no job status.
    """

    jobs: tuple[Job, ...]
    total: int
    unread: int


MOST_READINGS = 5
"""How often a list is read whose jobs move while it is read."""


def parse_page(body: bytes, limits: Limits = UNTOLD) -> Page:
    """The jobs in ``{"job_statuses": [...]}``.

    Raises BrokenAnswer for anything else. An entry that is no job status says
    nothing of the others: its id is in ``unread``.
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
    unread: list[str | None] = []
    for entry in entries:
        try:
            jobs.append(parse_job(entry))
        except BrokenAnswer:
            id = entry.get("id") if isinstance(entry, dict) else None
            unread.append(id if isinstance(id, str) else None)
    return Page(tuple(jobs), tuple(unread), _following(document), limits)


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


def unfinished(
    read: Callable[[], Iterable[Page]],
) -> tuple[list[str], list[str | None]]:
    """The ids of the jobs that have not ended, and those of entries that are no jobs.

    ``read`` reads the whole list anew. A job that ends meanwhile moves to the front,
    where it is found by a second reading, before the jobs that had ended at the
    first. Of pages by number each may move to an earlier page, which was read
    already: they are read to the end, until nothing new is found.
    """
    ids: dict[str, None] = {}
    unread: list[str | None] = []
    ended: set[str] = set()
    for reading in range(MOST_READINGS):
        known, pages, may_shift = len(ids), 0, False
        for page in read():
            pages += 1
            may_shift = may_shift or page.may_shift
            if reading == 0:
                ended |= {job.id for job in page.jobs if has_ended(job)}
            ids |= dict.fromkeys(
                job.id for job in page.jobs if not has_ended(job) or job.id not in ended
            )
            unread += [id for id in page.unread if reading == 0 or id not in unread]
            if reading and not may_shift and any(job.id in ended for job in page.jobs):
                break
        if pages == 1 or (reading and (not may_shift or len(ids) == known)):
            break
    return list(ids), unread


def recent(pages: Iterable[Page], limit: int, states: Collection[str] = ()) -> Recent:
    """The newest jobs of all pages, of these states if any are given.

    Zendesk sends the finished ones first, by their end, then the others by their
    creation, the newest first of each: so all pages are read, and what is not
    finished, and thus newer than what is, is put in front.
    """
    running: list[Job] = []
    finished: list[Job] = []
    known: set[str] = set()
    total = unread = 0
    for page in pages:
        unread += len(page.unread)
        for job in page.jobs:
            if job.id in known or (states and job.state not in states):
                continue
            known.add(job.id)
            total += 1
            kept = finished if judge(job).finished else running
            if len(kept) < limit:
                kept.append(job)
    return Recent(tuple((running + finished)[:limit]), total, unread)


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


def _following(document: dict[str, object]) -> str | None:
    """The query of the next page; None where nothing says that there is one.

    Raises BrokenAnswer where there is one, but not where.
    """
    meta = document.get("meta")
    if not isinstance(meta, dict | None):
        raise BrokenAnswer(f"the list of jobs has a meta that is {kind_of(meta)}")
    told = _told_beside(document)
    cursor, more = told.get("aftercursor"), told.get("hasmore")
    if more is None and isinstance(is_end := told.get("endofstream"), bool):
        more = not is_end
    if more in (False, "false"):
        return None
    urls = [told.get(name) for name in ("next", "nextpage", "afterurl")]
    try:
        if isinstance(cursor, str) and cursor:
            return urlencode({"page[size]": PAGE_SIZE, "page[after]": cursor})
        for url in urls:
            # Its query alone: what is asked is always this account.
            if isinstance(url, str) and (query := urlencode(parse_qsl(_query(url)))):
                return query
    except UnicodeEncodeError:
        pass  # half of a character
    if more or cursor or any(urls):
        raise BrokenAnswer("the list of jobs has another page, but not where")
    return None


def _told_beside(document: dict[str, object]) -> dict[str, object]:
    """What stands beside the jobs at any depth, by plain names: has_more in meta.

    Of several by one name, one that holds something counts.
    """
    told: dict[str, object] = {}
    objects = [{name: v for name, v in document.items() if name != "job_statuses"}]
    for fields in objects:
        for name, value in fields.items():
            if isinstance(value, dict):
                objects.append(value)
            key = plain_name(name)
            if key not in told or value not in (None, False, "", "false"):
                told[key] = value
    return told


def _query(url: str) -> str:
    try:
        return urlsplit(url).query
    except ValueError:
        return ""
