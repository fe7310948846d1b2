"""The pictures in the README: screens of jobstat, drawn as SVG.

The program's own code writes them, about scripted jobs on a fake clock.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from io import StringIO
from typing import TYPE_CHECKING
from unittest.mock import patch

from fakes import FakeAccount, FakeClock

from jobstat.demo.fake_account import PlannedJob
from jobstat.jobs.loop import follow
from jobstat.jobs.parse import parse_job
from jobstat.jobs.policy import WatchPolicy
from jobstat.jobs.watch import Watch
from jobstat.views.reporter import DisplayOptions, make_reporter

if TYPE_CHECKING:
    from jobstat.jobs.job import Job

ACCOUNT = "acme.zendesk.com"
START = datetime(2026, 11, 23, 12, 30, tzinfo=UTC).timestamp()


class FakeTerminal(StringIO):
    """A terminal of the default size, which keeps all that is written to it."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@dataclass
class Camera(FakeClock):
    """A fake clock that keeps the output of a terminal up to a moment."""

    terminal: FakeTerminal
    moment: float
    now: float = START
    output: str = ""

    def sleep(self, seconds: float) -> None:
        if self.now <= self.moment:
            self.output = self.terminal.getvalue()
        super().sleep(seconds)


def play(jobs: dict[str, PlannedJob], command: str, moment: float) -> str:
    """Return what a terminal gets until ``moment`` seconds after the start."""
    terminal = FakeTerminal(f"$ {command}\n")
    terminal.seek(0, os.SEEK_END)
    camera = Camera(terminal, START + moment)

    def answer(id: str, now: float) -> Job:
        return parse_job(jobs[id].status_at(now, f"https://{ACCOUNT}"))

    fetch = FakeAccount(camera, answer).fetch
    watch = Watch(jobs, WatchPolicy(), START)
    environ = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
    with (
        patch("sys.stdout", terminal),
        patch("sys.stderr", terminal),
        patch.dict(os.environ, environ, clear=True),
        make_reporter(watch, ACCOUNT, camera, DisplayOptions()) as reporter,
    ):
        follow(watch, fetch, camera, reporter)
    return camera.output if moment else terminal.getvalue()
