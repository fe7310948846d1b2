"""The fake account and its bulk jobs, without a network.

A job's status is a function of the time. The job objects have the form that Zendesk
sends.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import cycle
from secrets import token_hex
from typing import Any

RETENTION = 24 * 3600.0
"""Seconds until a job is deleted, counted from its creation."""

MAX_RECORDS = 100
"""The most records or ids in one request."""

MAX_JOBS = 30
"""The most unfinished jobs at one time."""

QUEUED_SHARE = 0.2
"""The part of its duration for which a job is queued."""

_ACCOUNT_ID = 9134021


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """A bulk operation on tickets: the words in its job and its items.

    Zendesk gives the job of a deletion the type of an update.
    """

    job_type: str
    progress_verb: str
    action: str
    item_status: str
    error: str
    error_details: tuple[str, ...]


_NO_DESCRIPTION = "Description: cannot be blank"
CREATE = BulkOperation(
    job_type="Bulk Create Ticket",
    progress_verb="Creating",
    action="create",
    item_status="Created",
    error="TicketCreateFailed",
    error_details=(
        _NO_DESCRIPTION,
        "Requester: Name: is too short (minimum one character)",
        "Subject: is too long (maximum is 150 characters)",
    ),
)
UPDATE = BulkOperation(
    job_type="Bulk Update Ticket",
    progress_verb="Updating",
    action="update",
    item_status="Updated",
    error="UpdateConflict",
    error_details=(
        "Safe update timestamp prevented the update due to outdated ticket data.",
    ),
)
DELETE = BulkOperation(
    job_type="Bulk Update Ticket",
    progress_verb="Deleting",
    action="delete",
    item_status="Deleted",
    error="TicketDeleteFailed",
    error_details=("Ticket not found", "Access denied"),
)


@dataclass(frozen=True, slots=True)
class PlannedJob:
    """A job whose results and end are fixed when it starts.

    ``failures`` maps the index of each failing item to the details of its error.
    ``created_at`` is in POSIX seconds, ``duration`` in seconds.
    """

    id: str
    operation: BulkOperation
    ticket_ids: tuple[int, ...]
    failures: dict[int, str]
    created_at: float
    duration: float

    @property
    def ends_at(self) -> float:
        return self.created_at + self.duration

    def status_at(self, now: float, base_url: str) -> dict[str, Any]:
        """Return the job_status object at that moment."""
        total = len(self.ticket_ids)
        share_done = self._share_done(now)
        status, progress, message, results = "queued", None, None, None
        if now >= self.ends_at:
            ended_at = datetime.fromtimestamp(self.ends_at, UTC)
            stamp = ended_at.strftime("%Y-%m-%d %H:%M:%S +0000")
            results = self._results()
            if not total or len(self.failures) < total:
                status, progress = "completed", total
                message = f"Completed at {stamp}"
            else:
                status, progress, message = "failed", 0, f"Failed at {stamp}"
        elif share_done is not None:
            status, progress = "working", int(total * share_done)
            noun = f"ticket #{progress}" if progress else "Tickets"
            message = f"{self.operation.progress_verb} {noun}"
        return {
            "id": self.id,
            "job_type": self.operation.job_type,
            "url": f"{base_url}/api/v2/job_statuses/{self.id}.json",
            "total": total,
            "progress": progress,
            "status": status,
            "message": message,
            "results": results,
        }

    def _share_done(self, now: float) -> float | None:
        """Return the part of the items that is done, None while the job is queued."""
        queued = QUEUED_SHARE * self.duration
        age = now - self.created_at
        return None if age < queued else (age - queued) / (self.duration - queued)

    def _results(self) -> list[dict[str, Any]]:
        return [
            self._failure(index, id)
            if index in self.failures
            else self._success(index, id)
            for index, id in enumerate(self.ticket_ids)
        ]

    def _failure(self, index: int, id: int) -> dict[str, Any]:
        failure = {
            "index": index,
            "error": self.operation.error,
            "details": self.failures[index],
        }
        return failure if self.operation is CREATE else {**failure, "id": id}

    def _success(self, index: int, id: int) -> dict[str, Any]:
        if self.operation is CREATE:
            return {"index": index, "id": id, "account_id": _ACCOUNT_ID}
        return {
            "action": self.operation.action,
            "id": id,
            "status": self.operation.item_status,
            "success": True,
        }


class AccountError(Exception):
    """An error of the account, with the HTTP status and JSON object of its response."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body


@dataclass(slots=True)
class FakeAccount:
    """A fake account, whose jobs last ``duration`` seconds each.

    ``failure_share`` is the share of items that fail, from 0 to 1. A new ticket without
    a description fails, too. The account allows ``limit`` requests a minute.
    """

    base_url: str
    duration: float = 8.0
    failure_share: float = 0.0
    limit: int = 700
    _jobs: dict[str, PlannedJob] = field(default_factory=dict)
    _next_id: int = 35436
    _minute: int = 0
    _requests: int = 0

    def count_request(self, now: float) -> tuple[int, int]:
        """Count a request. Return how many remain, and the seconds until the reset.

        The first number is negative if the request exceeds the limit.
        """
        minute, seconds = divmod(int(now), 60)
        if minute != self._minute:
            self._minute, self._requests = minute, 0
        self._requests += 1
        return self.limit - self._requests, 60 - seconds

    def create_tickets(self, tickets: list[Any], now: float) -> dict[str, Any]:
        """Start a job that creates the tickets, and return the job object."""
        failures = {
            index: _NO_DESCRIPTION
            for index, ticket in enumerate(tickets)
            if not (
                isinstance(ticket, dict)
                and (ticket.get("comment") or ticket.get("description"))
            )
        }
        ids = list(range(self._next_id, self._next_id + len(tickets)))
        self._next_id += len(tickets)
        return self.start(CREATE, ids, now, failures)

    def start(
        self,
        operation: BulkOperation,
        ticket_ids: list[int],
        now: float,
        failures: dict[int, str] | None = None,
    ) -> dict[str, Any]:
        """Start a job about these tickets, and return the job object.

        ``failures`` maps the index of each failing item to the details of its error.
        The account's ``failure_share`` adds more. Raise AccountError if there are too
        many tickets, or too many unfinished jobs.
        """
        if len(ticket_ids) > MAX_RECORDS:
            raise too_many_values()
        self._check_running_jobs(now)
        indexes = _spread(self.failure_share, len(ticket_ids))
        more = dict(zip(indexes, cycle(operation.error_details), strict=False))
        job = PlannedJob(
            id=f"V3-{token_hex(16)}",
            operation=operation,
            ticket_ids=tuple(ticket_ids),
            failures={**(failures or {}), **more},
            created_at=now,
            duration=max(self.duration, 0.01),
        )
        self._jobs[job.id] = job
        return job.status_at(now, self.base_url)

    def get_job(self, id: str, now: float) -> dict[str, Any]:
        """Return the job with this id. Raise AccountError if there is none."""
        job = self._jobs.get(id)
        if job is None or now - job.created_at > RETENTION:
            raise AccountError(
                404, {"error": "RecordNotFound", "description": "Not found"}
            )
        return job.status_at(now, self.base_url)

    def list_jobs(self, now: float) -> list[dict[str, Any]]:
        """Return the finished jobs, the last to end first, then the unfinished ones.

        Of the unfinished jobs, the newest comes first.
        """
        jobs = [job for job in self._jobs.values() if now - job.created_at <= RETENTION]
        finished = [job for job in jobs if job.ends_at <= now]
        unfinished = [job for job in jobs if job.ends_at > now]
        finished.sort(key=lambda job: job.ends_at, reverse=True)
        unfinished.sort(key=lambda job: job.created_at, reverse=True)
        return [job.status_at(now, self.base_url) for job in finished + unfinished]

    def _check_running_jobs(self, now: float) -> None:
        """Raise AccountError if the account has as many unfinished jobs as it can."""
        running = [job.id for job in self._jobs.values() if job.ends_at > now]
        if len(running) >= MAX_JOBS:
            raise AccountError(
                429,
                {
                    "error": "TooManyJobs",
                    "description": "Too many bulk jobs are currently queued or"
                    " running. Try again later.",
                    "current_job_ids": running,
                },
            )


def too_many_values() -> AccountError:
    """Return the error for more than 100 records or ids in one request."""
    return AccountError(
        400,
        {
            "error": "TooManyValues",
            "description": f"Parameter cannot specify more than {MAX_RECORDS} values",
            "max_count": MAX_RECORDS,
        },
    )


def _spread(share: float, count: int) -> list[int]:
    """Return the indexes of a share of ``count`` items, evenly spread."""
    chosen = round(share * count)
    return [(2 * number + 1) * count // (2 * chosen) for number in range(chosen)]
