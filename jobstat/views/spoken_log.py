"""The progress of a watch in words that read well aloud, for ``--plain``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobstat.jobs.duration import spell_duration
from jobstat.jobs.job import Job
from jobstat.views.log import LogProgress, has_new_status
from jobstat.views.spoken import (
    overall_tens,
    speak_job,
    speak_number,
    speak_overall_progress,
    tens,
)
from jobstat.views.wording import percent_done

if TYPE_CHECKING:
    from jobstat.jobs.watch import Watch
    from jobstat.views.terminal import Terminal


class SpokenProgress(LogProgress):
    """The lines of a log as sentences for a screen reader.

    Progress has a line at each further ten percent. Jobs have numbers, and only the
    first line about a job ends with its id.
    """

    format_duration = staticmethod(spell_duration)

    def __init__(
        self,
        watch: Watch,
        terminal: Terminal | None,
        stderr: Terminal,
        *,
        show_final: bool,
    ) -> None:
        super().__init__(watch, terminal, stderr, show_final=show_final)
        self._numbers = {tracked.id: n for n, tracked in enumerate(watch.jobs, start=1)}
        self._logged_tens = 0

    def is_worth_a_line(self, job: Job, id: str) -> bool:
        logged, percent = self.logged.get(id), percent_done(job)
        if self.has_several or logged is None or percent is None:
            return super().is_worth_a_line(job, id)
        logged_percent = percent_done(logged) or 0
        return has_new_status(job, logged) or tens(percent) != tens(logged_percent)

    def is_overall_due(self, seconds: float) -> bool:
        is_further = overall_tens(self.watch) > self._logged_tens
        return is_further or super().is_overall_due(seconds)

    def format_job(self, job: Job, elapsed: float) -> list[str]:
        return [speak_job(job, elapsed)]

    def format_overall(self, elapsed: float) -> list[str]:
        self._logged_tens = overall_tens(self.watch)
        return [speak_overall_progress(self.watch, elapsed)]

    def format_line(self, id: str, elapsed: float, parts: Sequence[str]) -> str:
        del elapsed
        sentence = ", ".join(parts)
        if id and self.has_several:
            sentence = f"{self.format_name(id)}: {sentence}"
        # A listener can stop the reader before the id.
        return f"{sentence}. {id}" if id and id not in self.logged else sentence

    def format_name(self, id: str) -> str:
        return speak_number(self._numbers[id], len(self._numbers))
