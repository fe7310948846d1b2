"""The hint that names the command to resume a watch."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

import click

from jobstat.commands._shared import STANDARD_INPUT
from jobstat.exits import Exit
from jobstat.jobs.watch import Watch

MAX_IDS = 30
"""Most ids in the command: an account can run 30 jobs at once."""

_NOT_ENDED = {Exit.TIMEOUT, Exit.UNFINISHED, Exit.UNAVAILABLE, Exit.AUTH}
"""Exit codes of jobs that had not ended when the watch ended."""


def resume_hint(
    reason: str, watch: Watch, jobs: Sequence[str], command_line: list[str]
) -> str:
    """Return why the watch ended, how many jobs go on, and how to resume it.

    ``jobs`` are the JOB arguments, which are empty with ``--all``.
    """
    command, note = _resume_command(watch, jobs, command_line)
    return f"jobstat: {reason}{_running_jobs(watch)}\n  Resume with: {command}\n{note}"


def _running_jobs(watch: Watch) -> str:
    running = sum(
        tracked.exit in _NOT_ENDED and tracked.job is not None for tracked in watch.jobs
    )
    if not running:
        return ""
    if len(watch.jobs) == 1:
        return "; the job goes on"
    return f"; {running} of {len(watch.jobs)} jobs go on"


def _resume_command(
    watch: Watch, jobs: Sequence[str], command_line: list[str]
) -> tuple[str, str]:
    """Return the command, and a note if the command cannot name the jobs."""
    note = ""
    if STANDARD_INPUT in jobs or not jobs:
        # Standard input is used up, and --all leaves out jobs that end in the
        # meantime, so name the ids. Failed jobs are included, because the exit code
        # of the resumed watch must count them.
        ids = [tracked.id for tracked in watch.jobs if tracked.exit is not Exit.OK]
        if 0 < len(ids) <= MAX_IDS:
            separator = ["--"] if any(id.startswith("-") for id in ids) else []
            command_line = [*_without_jobs(command_line), *separator, *ids]
        elif jobs:
            note = "  Give it the same standard input again.\n"
        else:
            note = "  It leaves out jobs that end before then.\n"
    return shlex.join(["jobstat", *command_line]), note


def _without_jobs(command_line: list[str]) -> list[str]:
    """Return the command and its options, without JOB arguments, ``--`` and --all."""
    params = click.get_current_context().command.params
    options_with_value = {
        name
        for param in params
        if isinstance(param, click.Option) and not param.is_flag
        for name in param.opts
    }
    command, *rest = command_line
    kept = [command]
    remaining = iter(rest)
    for word in remaining:
        if word == "--":
            break
        if word in options_with_value:
            kept += [word, next(remaining)]
        elif word.startswith("-") and word not in {STANDARD_INPUT, "--all"}:
            kept.append(word)
    return kept
