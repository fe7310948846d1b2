"""The account's list of jobs as a whole: its unfinished jobs, and its newest ones.

Zendesk lists the finished jobs first, by their end, and then the unfinished ones, by
their creation; the newest first in each part. The list changes while it is read, and
may be out of date. So it is read more than once.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from jobstat.exits import Exit
from jobstat.jobs.job import KNOWN_STATES, Job, Verdict, has_final_status, judge
from jobstat.jobs.pages import FIRST_PAGE, Page, find_id

if TYPE_CHECKING:
    from jobstat.jobs.page_reader import PageReader

MAX_READINGS = 5
"""Readings of a list in which jobs still appear or move."""


@dataclass(frozen=True, slots=True)
class JobListing:
    """The newest jobs of an account.

    ``total`` counts all jobs with the wanted statuses, listed here or not. ``skipped``
    are the entries of the list that are not a job status, as the server sent them.
    """

    jobs: tuple[Job, ...]
    total: int
    skipped: tuple[object, ...]


STATUSES = (*KNOWN_STATES, Exit.ITEMS_FAILED.slug)
"""The statuses that select jobs: Zendesk's words, and a verdict."""


def has_status(job: Job, statuses: Collection[str]) -> bool:
    """Return whether a job has one of these STATUSES.

    ``failed`` stands for every failed job, except for a killed one. ``items-failed``
    selects completed jobs, which ``completed`` also selects.
    """
    words, verdict = {job.state}, judge(job)
    if verdict is Verdict.JOB_FAILED and job.state != "killed":
        words.add("failed")
    if verdict is Verdict.ITEMS_FAILED:
        words.add(verdict.exit.slug)
    return not words.isdisjoint(statuses)


def lacks_listed_results(job: Job) -> bool:
    """Return whether a job completed, but the list does not say with which results."""
    is_completed = job.state == "completed" and judge(job) is Verdict.OK
    return is_completed and job.fields.get("results") is None


def find_unfinished(reader: PageReader) -> tuple[list[str], list[str | None]]:
    """Return the ids of the unfinished jobs, and of the entries that are not a job.

    A job that begins or ends during the first reading is included if a later reading
    shows it.
    """
    ids: dict[str, None] = {}
    skipped: list[str | None] = []
    ended: set[str] = set()
    for page, is_first_reading in _read_until_settled(reader, include_new=True):
        if is_first_reading:
            ended |= {job.id for job in page.jobs if has_final_status(job)}
        ids |= dict.fromkeys(
            job.id
            for job in page.jobs
            if not has_final_status(job) or job.id not in ended
        )
        skipped += map(find_id, page.skipped)
    return list(ids), skipped


def list_recent(
    reader: PageReader,
    limit: int,
    statuses: Collection[str] = (),
    look_up: Callable[[Sequence[Job]], Sequence[Job]] = tuple,
) -> JobListing:
    """Return the newest jobs, only those with these STATUSES if any are given.

    Unfinished jobs come first, although Zendesk lists them last: they are the newest.
    ``look_up`` completes the jobs of a page that lack their results.
    """
    running: list[Job] = []
    finished: list[Job] = []
    newly_begun: list[Job] = []
    newly_ended: list[Job] = []
    ids: set[str] = set()
    skipped: list[object] = []
    for page, is_first_reading in _read_until_settled(reader):
        skipped += page.skipped
        for job in look_up([job for job in page.jobs if job.id not in ids]):
            if job.id in ids or (statuses and not has_status(job, statuses)):
                continue
            ids.add(job.id)
            if judge(job).finished:
                (finished if is_first_reading else newly_ended).append(job)
            else:
                (running if is_first_reading else newly_begun).append(job)
        del running[limit:], finished[limit:]
    newest = [*newly_begun, *running, *newly_ended, *finished][:limit]
    return JobListing(tuple(newest), len(ids), tuple(skipped))


def _read_until_settled(
    reader: PageReader, *, include_new: bool = False
) -> Iterator[tuple[Page, bool]]:
    """Yield the pages of all readings, and whether each is of the first reading.

    A job that ends during the first reading moves to the front, before the jobs that
    had already ended. A second reading of the front finds it. In pages by number every
    job may move to an earlier page. Read such pages to the end, until a reading finds
    no new job. Later readings yield only the skipped entries that are new.

    ``include_new`` also looks for jobs that are too new for the first reading. They
    appear at the beginning of the unfinished ones. Read that part again before the
    front, because these jobs may move to the front meanwhile.
    """
    seen = _SeenPages()
    for page in seen.read_first(reader.read()):
        yield page, True
    if seen.count == 1 and not include_new:
        return
    # Where to start reading again, and the jobs at which to stop.
    front: tuple[str, Collection[str]] = (FIRST_PAGE, seen.ended)
    parts = [(seen.unfinished_start, ()), front] if include_new else [front]
    if seen.may_shift:
        parts = [(FIRST_PAGE, ())]
    for _ in range(MAX_READINGS - 1):
        jobs_before = len(seen.jobs)
        for start, stop_at in parts:
            reader.pause()
            pages_before = seen.count
            for page in seen.read_again(reader.read(start), stop_at):
                yield page, False
            if start == FIRST_PAGE and seen.count == pages_before + 1:
                break  # One page holds the whole list, so nothing can have moved.
        if not seen.may_shift or len(seen.jobs) == jobs_before:
            return


@dataclass(slots=True)
class _SeenPages:
    """The jobs and skipped entries on the pages of all readings so far.

    ``ended`` are the jobs that had ended at the first reading. ``unfinished_start`` is
    the query of the page where the unfinished jobs begin, or of the last page if there
    are none. ``may_shift`` is true if jobs may move to other pages. ``count`` counts
    the pages.
    """

    jobs: set[str] = field(default_factory=set)
    ended: set[str] = field(default_factory=set)
    skipped: list[object] = field(default_factory=list)
    unfinished_start: str = FIRST_PAGE
    may_shift: bool = False
    count: int = 0

    def read_first(self, pages: Iterable[Page]) -> Iterator[Page]:
        """Record and yield the pages of the first reading."""
        query, all_ended = FIRST_PAGE, True
        for page in pages:
            if all_ended:
                self.unfinished_start = query
            all_ended = all_ended and all(map(has_final_status, page.jobs))
            self.ended |= {job.id for job in page.jobs if has_final_status(job)}
            self._record(page)
            self.skipped += page.skipped
            query = page.next_query or query
            yield page

    def read_again(
        self, pages: Iterable[Page], stop_at: Collection[str]
    ) -> Iterator[Page]:
        """Record and yield pages until one has any job of ``stop_at``.

        Drop the skipped entries of earlier readings.
        """
        for page in pages:
            new = tuple(entry for entry in page.skipped if entry not in self.skipped)
            self._record(page)
            self.skipped += new
            yield replace(page, skipped=new)
            if not {job.id for job in page.jobs}.isdisjoint(stop_at):
                return

    def _record(self, page: Page) -> None:
        self.count += 1
        self.jobs |= {job.id for job in page.jobs}
        self.may_shift = self.may_shift or page.may_shift
