"""Watching jobs: what is known of them, and what to do next.

A watch is told what was answered and when; it never asks, for a job or the time.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from heapq import nsmallest
from math import inf
from typing import TYPE_CHECKING

from jobstat.errors import BrokenAnswer, NotFound, Unauthorized, Unreachable
from jobstat.exits import Exit, combine
from jobstat.jobs.job import Job
from jobstat.jobs.progress import Course
from jobstat.jobs.retry import (
    Policy,
    Setback,
    is_hopeless,
    patience_with,
    set_back,
)
from jobstat.jobs.schedule import LEAST_HOLD, Allowance, delay_after_answer
from jobstat.jobs.verdict import judge, lacks_results
from jobstat.limits import UNTOLD, Limits

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from jobstat.errors import JobstatError

NOT_FOUND_PATIENCE = 10.0
"""Seconds in which a job that is not found may be too young to be found."""

CONFIRM_DELAY = 1.0
"""Seconds until a completed job without results is asked for once more."""

LARGEST_BATCH = 100
"""Ids in one request; Zendesk is said to refuse more."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A good answer: its jobs, and the rate limit from its headers.

    ``unread`` are the ids of entries that are no job status.
    """

    jobs: tuple[Job, ...]
    limits: Limits = UNTOLD
    unread: tuple[str | None, ...] = ()


@dataclass(slots=True)
class Watched:
    """One job of a watch: what is known of it, and when to ask again.

    Times are seconds on the loop's clock. ``exit`` is set once the job is no
    longer asked for; ``error`` is then why, where it is not the job's own end.
    ``ran`` is whether it was seen before its end, ``fresh_at`` when its last
    good answer came, ``asked_at`` when it was last asked for. ``alone`` is whether
    that is to be done by a request of its own, ``misses`` how many answers about
    several jobs left it out. ``not_found`` is the error of the last answer that did
    not know it, while it may be too young to be found. ``unconfirmed`` is an answer
    that is believed only when it comes a second time: a completed job without results.
    """

    id: str
    due: float
    job: Job | None = None
    ran: bool = False
    exit: Exit | None = None
    error: JobstatError | None = None
    setback: Setback | None = None
    fresh_at: float | None = None
    asked_at: float | None = None
    course: Course = field(default_factory=Course)
    alone: bool = False
    misses: int = 0
    not_found: NotFound | None = None
    unconfirmed: Job | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Ask for these jobs now, in one request of at most so many seconds."""

    jobs: tuple[Watched, ...]
    within: float
    at: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing is to be done for so many seconds."""

    seconds: float


class Watch:
    """What is known of the jobs that are watched, and what to do next.

    ``chance`` gives random numbers from 0 to 1; ``allowance`` is what is left of
    the account's rate limit, where it has been used before. ``setback`` is what
    keeps the account from answering at all, None when it does. ``course`` is how
    the items of all the jobs move on, as far as they are known. ``news`` are the
    jobs of which something is known that nobody was told yet.
    """

    def __init__(
        self,
        ids: Iterable[str],
        policy: Policy,
        started: float,
        chance: Callable[[], float] = lambda: 0.5,
        allowance: Allowance | None = None,
    ) -> None:
        self.policy = policy
        self.started = started
        self.jobs = [Watched(id, due=started) for id in dict.fromkeys(ids)]
        self.setback: Setback | None = None
        self.fresh_at: float | None = None
        self.course = Course()
        self._chance = chance
        self._largest = LARGEST_BATCH
        self._several_known = False
        self._alone_is_next = False
        self._refused = False
        self.news: list[Watched] = []
        self._allowance = allowance or Allowance(policy.share)

    @property
    def open(self) -> list[Watched]:
        """The jobs that are still to be asked for."""
        return [watched for watched in self.jobs if watched.exit is None]

    @property
    def ends_at(self) -> float:
        """When the time-out ends it all."""
        timeout = self.policy.timeout
        return inf if timeout is None else self.started + timeout

    def ended_by(self, code: Exit) -> bool:
        """Whether a job is no longer asked for by reason of this code."""
        return any(watched.exit is code for watched in self.jobs)

    def exit(self, *, forgiving: bool = False) -> Exit:
        """The exit code of the whole, once no job is open."""
        exits = (watched.exit for watched in self.jobs)
        told = (Exit.UNFINISHED if code is None else code for code in exits)
        return combine(told, forgiving=forgiving)

    @property
    def items(self) -> tuple[int, int]:
        """How many items are done, of how many, as far as the jobs are known.

        The items of a job that has ended are done, whatever became of them.
        """
        jobs = [watched.job for watched in self.jobs if watched.job]
        known = [(job, job.total) for job in jobs if job.total and job.total > 0]
        return (
            sum(_items_done(job, total) for job, total in known),
            sum(total for _, total in known),
        )

    def time_left(self, now: float) -> float | None:
        """Seconds to the end of all, as far as it can be foretold.

        The pace of all items together knows of the jobs that have not begun; that
        of the slowest job is longer where it alone is left.
        """
        courses = [self.course, *(watched.course for watched in self.open)]
        known = [left for c in courses if (left := c.told_left(now)) is not None]
        return max(known, default=None)

    def held_until(self, now: float) -> float | None:
        """When the rate limit allows the next request, where it is what delays it."""
        if self.setback or not self.open:
            return None  # a setback tells its own time
        first, _ = self._first_due(self.open, now)
        free_at = self._allowance.free_at
        due = max(first.due, now)
        return free_at if not first.setback and free_at - due > LEAST_HOLD else None

    def next(self, now: float) -> Ask | Wait | None:
        """The next thing to do, None when nothing is left to do."""
        if self.policy.fail_fast and self._bad_news():
            self.close()
        jobs = self.open
        if not jobs:
            return None
        left = self.ends_at - now
        if left <= 0:
            self._close_all(Exit.TIMEOUT, self.setback)
            return None
        first, batch = self._first_due(jobs, now)
        at = max(first.due, self._gate())
        if at > now:
            return Wait(min(at - now, left))
        asked = self._batch(batch, now)
        self._alone_is_next = not asked[0].alone
        for watched in asked:
            watched.asked_at = now
        self._allowance.asked(now)
        setback = self.setback or asked[0].setback
        return Ask(asked, min(left, patience_with(setback, self.policy, now)), now)

    def answered(self, ask: Ask, answer: Answer, now: float) -> None:
        """Take in a good answer; what it tells is added to the news."""
        self.setback, self.fresh_at, self._refused = None, now, False
        self._allowance.told(answer.limits, now)
        if len(ask.jobs) == 1:
            # Whatever id it has: there is only one job that it can be about.
            found: dict[str, list[Job | None]] = {ask.jobs[0].id: [answer.jobs[0]]}
        else:
            found = _by_asked_id(ask, answer)
            self._several_known = True
        if self._several_known or self._largest > 1:
            self._largest = min(2 * self._largest, LARGEST_BATCH)
        chance = self._chance()
        for watched in ask.jobs:
            match found.get(watched.id, []):
                case []:
                    self._missed(watched, now)
                case [Job() as job]:
                    self._seen(watched, job, now, chance, alone=len(ask.jobs) == 1)
                case _:
                    self._ask_alone(watched, now)
        if all(watched.job for watched in self.open):
            done, total = self.items
            self.course.note(total, done or None, now)

    def failed(self, ask: Ask, error: JobstatError, now: float) -> Setback | None:
        """Take in a failed request; gives what is to be said of it, if anything.

        Raises the error again when it ends the whole watch: a refused
        credential and a refused request would meet the other jobs as well.
        """
        several, watched = len(ask.jobs) > 1, ask.jobs[0]
        self._allowance.refused(error, now)
        for asked in ask.jobs:
            asked.due = max(asked.due, ask.at + self.policy.interval)
            asked.not_found = None  # unless this error says so again
        if several and not self._is_of_all(error):
            # Not every server knows the request for several jobs, and one job
            # may spoil the answer about all: asked for singly it says so alone.
            # While answers are good they may be about ever more again, unless
            # the request has never been answered, or was refused once more.
            self._several_known = self._several_known and self._largest > 2  # noqa: PLR2004 - not at the first new try
            self._largest = 1
            if not error.passing:
                return None
        if isinstance(error, NotFound):
            self.setback = None
            return self._not_found(watched, error, now)
        if not (error.passing or self._may_be_renewed(error)):
            raise error
        if several or self.setback or not isinstance(error, BrokenAnswer):
            # One broken answer is the job's own, several in a row are not.
            self.setback = self._set_back(self, ask, error, now)
            if self._is_hopeless(self.setback, now):
                self._close_all(error.exit, self.setback)
                return None
        if several:
            return self.setback
        watched.setback = self._set_back(watched, ask, error, now)
        watched.due, watched.alone = watched.setback.again_at, True
        if self._is_hopeless(watched.setback, now):
            watched.exit, watched.error = error.exit, error
            return None
        return self.setback or watched.setback

    @staticmethod
    def _is_of_all(error: JobstatError) -> bool:
        """Whether it would meet any request alike."""
        of_all = isinstance(error, Unreachable | Unauthorized)
        return of_all or error.retry_after is not None

    def _may_be_renewed(self, error: JobstatError) -> bool:
        """Whether a credential that was good may be so again: it is tried once."""
        first = isinstance(error, Unauthorized) and not self._refused
        self._refused = self._refused or first
        return first and self.fresh_at is not None and not self.policy.once

    def _is_hopeless(self, setback: Setback, now: float) -> bool:
        # The time-out that cut a request short is what ends the watch then.
        return is_hopeless(setback, self.policy, now) and now < self.ends_at

    def _bad_news(self) -> bool:
        return any(watched.exit not in {None, Exit.OK} for watched in self.jobs)

    def close(self) -> None:
        """End the watch early: no job is asked for again."""
        self._close_all(Exit.UNFINISHED)

    def _close_all(self, code: Exit, setback: Setback | None = None) -> None:
        for watched in self.open:
            because = setback or watched.setback
            watched.exit = code
            watched.error = because.error if because else None
            if watched.unconfirmed and not watched.error:
                watched.error = BrokenAnswer(
                    f"{watched.id} completed without results;"
                    " there was no time to confirm that"
                )
            if code is Exit.TIMEOUT and watched.job is None and watched.not_found:
                # It was never there, and the time-out only cut the grace short.
                watched.exit, watched.error = Exit.NOT_FOUND, watched.not_found

    def _first_due(
        self, jobs: list[Watched], now: float
    ) -> tuple[Watched, list[Watched]]:
        """The job that is to be asked for first, and all that may go with it."""
        together = [job for job in jobs if not job.alone]
        alone = min((job for job in jobs if job.alone), key=_due, default=None)
        first = min(together, key=_due, default=None)
        if alone is None or first is None:
            due = alone or first
            assert due is not None  # noqa: S101 - there is an open job
            return due, together if alone is None else [due]
        both_due = max(alone.due, first.due) <= max(now, self._gate())
        # Where requests are few, neither many lost jobs hold up the others, nor
        # these, of which one request tells, a lost one.
        if self._alone_is_next if both_due else alone.due < first.due:
            return alone, [alone]
        return first, together

    def _batch(self, jobs: list[Watched], now: float) -> tuple[Watched, ...]:
        """Those that are due first; a job more in a request costs nothing."""
        interval = self.policy.interval
        may_be_asked = (
            job
            for job in jobs
            if job.due <= now or job.asked_at is None or job.asked_at + interval <= now
        )
        return tuple(nsmallest(self._largest, may_be_asked, key=_due))

    def _gate(self) -> float:
        """The time before which nothing at all is asked."""
        return self.setback.again_at if self.setback else self._allowance.free_at

    def _seen(
        self, watched: Watched, job: Job, now: float, chance: float, *, alone: bool
    ) -> None:
        watched.setback, watched.fresh_at = None, now
        watched.alone = watched.misses > 1
        before = watched.unconfirmed
        if before and before.failed and not job.failed:
            job = before  # What failed once does not succeed later.
        elif lacks_results(job, watched.job, alone=alone) and (
            before is None or len(job.items) < len(before.items)
        ):
            # An answer about several jobs may leave the results out.
            watched.unconfirmed, watched.alone = job, True
            in_time = max(self.ends_at - now, 0) / 2
            watched.due = now + max(min(CONFIRM_DELAY, in_time), self.policy.interval)
            return
        self._believe(watched, job)
        begun = job.state != "queued"
        watched.course.note(job.total, job.progress if begun else None, now)
        delay = delay_after_answer(
            now - self.started, watched.course.time_left(now), chance=chance
        )
        watched.due = now + max(delay, self.policy.interval)

    def _believe(self, watched: Watched, job: Job) -> None:
        if watched.job is None or _visible(watched.job) != _visible(job):
            # First of all: a signal may come at any moment.
            self.news.append(watched)
        watched.job, watched.unconfirmed = job, None
        verdict = judge(job)
        watched.ran = watched.ran or not verdict.finished
        if verdict.finished or self.policy.once:
            watched.exit = verdict.exit

    def _missed(self, watched: Watched, now: float) -> None:
        """An answer about several jobs left this one out."""
        # Before the time-out there should be time to ask for it singly.
        early = now < (self.started + self.ends_at) / 2
        if early and self._may_yet_be_found(watched, now):
            watched.due = now + max(1.0, self.policy.interval)
        else:
            # Left out twice, it is never again asked for with others.
            watched.misses += 1
            self._ask_alone(watched, now)

    def _ask_alone(self, watched: Watched, now: float) -> None:
        """Ask for the job by a request of its own, as soon as may be."""
        watched.alone = True
        watched.due = now + self.policy.interval

    def _not_found(
        self, watched: Watched, error: NotFound, now: float
    ) -> Setback | None:
        if not self._may_yet_be_found(watched, now):
            watched.exit, watched.error = error.exit, error
            return None
        watched.not_found = error
        watched.due = now + max(1.0, self.policy.interval)
        watched.setback = Setback(error, 0, now, max(watched.due, self._gate()))
        return watched.setback

    def _may_yet_be_found(self, watched: Watched, now: float) -> bool:
        """Whether a job that is not found may be too young to be found."""
        seen_or_once = watched.job is not None or self.policy.once
        grace = min(NOT_FOUND_PATIENCE, self.policy.retry_for)
        return not seen_or_once and now - self.started < grace

    def _set_back(
        self, of: Watch | Watched, ask: Ask, error: JobstatError, now: float
    ) -> Setback:
        setback = set_back(
            of.setback,
            error,
            self.policy,
            fresh_at=of.fresh_at,
            asked_at=ask.at,
            within=ask.within,
            now=now,
        )
        return setback.held(self._allowance.free_at, self.policy)


def _due(watched: Watched) -> float:
    return watched.due


def _by_asked_id(ask: Ask, answer: Answer) -> dict[str, list[Job | None]]:
    """The jobs of an answer by the ids that were asked for; equal copies are one.

    None stands for an entry that is no job status. A job is also found where its id
    is written in another case, unless two of the ids that were asked for differ by
    case alone.
    """
    found: dict[str, list[Job | None]] = {watched.id: [] for watched in ask.jobs}
    spellings = Counter(id.lower() for id in found)
    folded = {id.lower(): id for id in found if spellings[id.lower()] == 1}
    for id, job in [
        *((job.id, job) for job in answer.jobs),
        *((id, None) for id in answer.unread if id is not None),
    ]:
        asked = id if id in found else folded.get(id.lower())
        if asked is not None and job not in found[asked]:
            found[asked].append(job)
    return found


def _items_done(job: Job, total: int) -> int:
    if judge(job).finished:
        return total
    return min(max(job.progress or 0, 0), total)


def _visible(job: Job) -> tuple[object, ...]:
    counts = (job.total, job.progress, len(job.items), len(job.failed))
    return (job.status, job.message, judge(job), *counts)
