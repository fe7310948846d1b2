"""The pictures in the README: screens of jobstat, drawn as SVG.

The program's own code writes them, about scripted jobs on a fake clock.
"""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from io import StringIO
from typing import TYPE_CHECKING
from unittest.mock import patch

from fakes import FakeAccount, FakeClock
from package.svg import draw

from jobstat.demo.fake_account import CREATE, PlannedJob
from jobstat.jobs.loop import follow
from jobstat.jobs.parse import parse_job
from jobstat.jobs.policy import WatchPolicy
from jobstat.jobs.watch import Watch
from jobstat.views.live import HIDE_CURSOR, WRITING_SIGNALS
from jobstat.views.reporter import DisplayOptions
from jobstat.views.streams import make_reporter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobstat.jobs.job import Job

SIZE = os.terminal_size((101, 50))
ACCOUNT = "acme.zendesk.com"
COMMAND = "jobstat watch - < answers.jsonl"
START = datetime(2026, 11, 23, 12, 30, tzinfo=UTC).timestamp()
HALFTIME = 106.0
"""Seconds after START at which the picture of the live view is taken."""

JOBS, TICKETS = 24, 100

NAMES = ("anna", "bo", "chen", "dana", "emil")
FAILURES = {
    3: [f"Requester: Email: {name}@example.com is suspended" for name in NAMES] * 6,
    8: ["Description: cannot be blank"] * 17,
    9: ["Subject: is too long (maximum is 150 characters)"] * 8,
    15: [f"Requester: Email: {name}@example.org is suspended" for name in NAMES] * 3,
}
"""The errors in a job, by its number."""


class FakeTerminal(StringIO):
    """A terminal of SIZE that keeps all that is written to it."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@dataclass
class Camera(FakeClock):
    """A fake clock that keeps the output of a terminal until HALFTIME."""

    terminal: FakeTerminal
    now: float = START
    output: str = ""

    def sleep(self, seconds: float) -> None:
        if self.now <= START + HALFTIME:
            self.output = self.terminal.getvalue()
        super().sleep(seconds)


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture in the README. The description is its alternative text."""

    name: str
    description: str
    output: str

    @property
    def svg(self) -> str:
        return draw(self.output, SIZE.columns, COMMAND, self.description)


@cache
def pictures() -> tuple[Picture, Picture]:
    """Return the live view and the report of an import."""
    live, report = map(last_frame, play())
    return (
        Picture(
            "watch.svg",
            "The live view of an import of 2,400 tickets: the jobs with failures, a bar"
            " and the time left for each job that is working, and the count of the jobs"
            " that succeeded.",
            live,
        ),
        Picture(
            "failures.svg",
            "The report at the end: 70 of 2,400 items failed, for three causes. Each"
            " cause has a count and its first items. The four jobs with failures and"
            " the command that writes the records to send again follow.",
            report,
        ),
    )


def planned_jobs() -> dict[str, PlannedJob]:
    """Return jobs that start one after the other, by their ids."""
    jobs = [
        PlannedJob(
            id=f"V3-{sha256(bytes([number])).hexdigest()[:32]}",
            operation=CREATE,
            ticket_ids=tuple(range(TICKETS)),
            failures={3 * i: text for i, text in enumerate(FAILURES.get(number, []))},
            created_at=START + 7 * number - 25,
            duration=45.0 + 7 * (number % 3),
        )
        for number in range(JOBS)
    ]
    return {job.id: job for job in jobs}


def last_frame(output: str) -> str:
    """Return the output without the frames that the last one replaces."""
    return f"$ {COMMAND}\n{output[output.rindex(HIDE_CURSOR) :]}"


@contextmanager
def kept_signal_handlers() -> Iterator[None]:
    """Undo the changes that the live view makes for the rest of the process."""
    handlers = {number: signal.getsignal(number) for number in WRITING_SIGNALS}
    yield
    for number, handler in handlers.items():
        signal.signal(number, handler)


def play() -> tuple[str, str]:
    """Watch the jobs. Return what a terminal gets until HALFTIME, and in all."""
    terminal = FakeTerminal()
    camera = Camera(terminal)
    jobs = planned_jobs()

    def answer(id: str, now: float) -> Job:
        return parse_job(jobs[id].status_at(now, f"https://{ACCOUNT}"))

    watch = Watch(jobs, WatchPolicy(), START)
    environ = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
    with (
        kept_signal_handlers(),
        patch("sys.stdout", terminal),
        patch("sys.stderr", terminal),
        patch("jobstat.views.terminal.DEFAULT_SIZE", SIZE),
        patch.dict(os.environ, environ, clear=True),
        make_reporter(
            watch, ACCOUNT, camera, DisplayOptions(from_stdin=True)
        ) as reporter,
    ):
        follow(watch, FakeAccount(camera, answer).fetch, camera, reporter)
    return camera.output, terminal.getvalue()
