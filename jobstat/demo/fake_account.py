"""The pretend account: bulk jobs that live through time. Knows no network.

A job's state is a function of its age, so that any moment of it can be asked
for. Its answers have the forms that Zendesk's have been seen to have.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from secrets import token_hex
from typing import Any

RETENTION = 24 * 3600.0
"""Seconds after its creation for which a job can be read."""

MAX_RECORDS = 100
MAX_JOBS = 30
QUEUED_SHARE = 0.2
"""How much of a job's time it spends in the queue."""

_ACCOUNT_ID = 9134021


@dataclass(frozen=True, slots=True)
class Kind:
    """A bulk request: what its job and its items are called.

    Zendesk calls a deletion's job an update too.
    """

    job_type: str
    doing: str
    action: str
    done: str
    error: str
    reasons: tuple[str, ...]


_NO_DESCRIPTION = "Description: cannot be blank"
CREATE = Kind(
    "Bulk Create Ticket",
    "Creating",
    "create",
    "Created",
    "TicketCreateFailed",
    (
        _NO_DESCRIPTION,
        "Requester: Name: is too short (minimum one character)",
        "Subject: is too long (maximum is 150 characters)",
    ),
)
UPDATE = Kind(
    "Bulk Update Ticket",
    "Updating",
    "update",
    "Updated",
    "UpdateConflict",
    ("Safe update timestamp prevented the update due to outdated ticket data.",),
)
DELETE = Kind(
    "Bulk Update Ticket",
    "Deleting",
    "delete",
    "Deleted",
    "TicketDeleteFailed",
    ("Ticket not found", "Access denied"),
)


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job of which the whole life is settled. Times are POSIX seconds."""

    id: str
    kind: Kind
    ids: tuple[int, ...]
    reasons: dict[int, str]
    created_at: float
    duration: float

    @property
    def ends_at(self) -> float:
        return self.created_at + self.duration

    def state(self, now: float, base_url: str) -> dict[str, Any]:
        """The job_status object as it is at that moment."""
        total = len(self.ids)
        share = self._share_done(now)
        status, progress, message, results = "queued", None, None, None
        if now >= self.ends_at:
            moment = datetime.fromtimestamp(self.ends_at, UTC)
            stamp = moment.strftime("%Y-%m-%d %H:%M:%S +0000")
            results = self._results()
            if len(self.reasons) < max(total, 1):
                status, progress = "completed", total
                message = f"Completed at {stamp}"
            else:
                status, progress, message = "failed", 0, f"Failed at {stamp}"
        elif share is not None:
            status, progress = "working", int(total * share)
            noun = f"ticket #{progress}" if progress else "Tickets"
            message = f"{self.kind.doing} {noun}"
        return {
            "id": self.id,
            "job_type": self.kind.job_type,
            "url": f"{base_url}/api/v2/job_statuses/{self.id}.json",
            "total": total,
            "progress": progress,
            "status": status,
            "message": message,
            "results": results,
        }

    def _share_done(self, now: float) -> float | None:
        queued = QUEUED_SHARE * self.duration
        age = now - self.created_at
        return None if age < queued else (age - queued) / (self.duration - queued)

    def _results(self) -> list[dict[str, Any]]:
        return [
            self._failure(index, id)
            if index in self.reasons
            else self._success(index, id)
            for index, id in enumerate(self.ids)
        ]

    def _failure(self, index: int, id: int) -> dict[str, Any]:
        failure = {
            "index": index,
            "error": self.kind.error,
            "details": self.reasons[index],
        }
        return failure if self.kind is CREATE else {**failure, "id": id}

    def _success(self, index: int, id: int) -> dict[str, Any]:
        if self.kind is CREATE:
            return {"index": index, "id": id, "account_id": _ACCOUNT_ID}
        return {
            "action": self.kind.action,
            "id": id,
            "status": self.kind.done,
            "success": True,
        }


class Refused(Exception):
    """The account refuses a request: an HTTP code and Zendesk's body for it."""

    def __init__(self, code: int, body: dict[str, Any]) -> None:
        super().__init__(code, body)
        self.code = code
        self.body = body


@dataclass(slots=True)
class FakeAccount:
    """A pretend account. Its jobs last ``duration`` seconds each.

    ``failures`` is the share of items that fail, from 0 to 1; a ticket that
    is created without a description fails besides. The account allows
    ``limit`` requests a minute.
    """

    base_url: str
    duration: float = 8.0
    failures: float = 0.0
    limit: int = 700
    _jobs: dict[str, PlannedJob] = field(default_factory=dict)
    _next_id: int = 35436
    _minute: int = 0
    _requests: int = 0

    def count_request(self, now: float) -> tuple[int, int]:
        """What is left of this minute's requests, and its seconds.

        Less than 0 is left when this request is one too many.
        """
        minute, past = divmod(int(now), 60)
        if minute != self._minute:
            self._minute, self._requests = minute, 0
        self._requests += 1
        return self.limit - self._requests, 60 - past

    def create(self, tickets: list[Any], now: float) -> dict[str, Any]:
        """Start a job that creates the tickets."""
        blank = {
            index
            for index, ticket in enumerate(tickets)
            if not (
                isinstance(ticket, dict)
                and (ticket.get("comment") or ticket.get("description"))
            )
        }
        first = self._next_id
        self._next_id += len(tickets)
        ids = tuple(range(first, self._next_id))
        return self._start(CREATE, ids, blank, now)

    def change(self, kind: Kind, ids: list[int], now: float) -> dict[str, Any]:
        """Start a job that updates or deletes the tickets of these ids."""
        return self._start(kind, tuple(ids), set(), now)

    def job(self, id: str, now: float) -> dict[str, Any]:
        """The job of that id. Raises Refused for one that is not known."""
        planned = self._jobs.get(id)
        if planned is None or now - planned.created_at > RETENTION:
            raise Refused(404, {"error": "RecordNotFound", "description": "Not found"})
        return planned.state(now, self.base_url)

    def jobs(self, now: float) -> list[dict[str, Any]]:
        """All jobs: the finished ones by their end, then the rest, newest first."""
        kept = [job for job in self._jobs.values() if now - job.created_at <= RETENTION]
        done = [job for job in kept if job.ends_at <= now]
        rest = [job for job in kept if job.ends_at > now]
        done.sort(key=lambda job: job.ends_at, reverse=True)
        rest.sort(key=lambda job: job.created_at, reverse=True)
        return [job.state(now, self.base_url) for job in done + rest]

    def _start(
        self, kind: Kind, ids: tuple[int, ...], blank: set[int], now: float
    ) -> dict[str, Any]:
        if len(ids) > MAX_RECORDS:
            raise too_many_values()
        self._refuse_too_many_jobs(now)
        reasons = dict.fromkeys(sorted(blank), _NO_DESCRIPTION)
        reasons |= zip(
            _spread(self.failures, len(ids)), cycle(kind.reasons), strict=False
        )
        job = PlannedJob(
            f"V3-{token_hex(16)}", kind, ids, reasons, now, max(self.duration, 0.01)
        )
        self._jobs[job.id] = job
        return job.state(now, self.base_url)

    def _refuse_too_many_jobs(self, now: float) -> None:
        running = [job.id for job in self._jobs.values() if job.ends_at > now]
        if len(running) >= MAX_JOBS:
            raise Refused(
                429,
                {
                    "error": "TooManyJobs",
                    "description": "Too many bulk jobs are currently queued or"
                    " running. Try again later.",
                    "current_job_ids": running,
                },
            )


def too_many_values() -> Refused:
    """The refusal of more than 100 records or ids at once."""
    return Refused(
        400,
        {
            "error": "TooManyValues",
            "description": f"Parameter cannot specify more than {MAX_RECORDS} values",
            "max_count": MAX_RECORDS,
        },
    )


def _spread(share: float, count: int) -> list[int]:
    """The places of that share of ``count``, evenly spread."""
    failed_jobs = round(share * count)
    return [
        (2 * place + 1) * count // (2 * failed_jobs) for place in range(failed_jobs)
    ]
