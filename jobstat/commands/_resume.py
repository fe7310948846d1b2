"""The hint that names the command to resume a watch."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

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
    verb = "goes" if running == 1 else "go"
    return f"; {running:,} of {len(watch.jobs):,} jobs {verb} on"


def _resume_command(
    watch: Watch, jobs: Sequence[str], command_line: list[str]
) -> tuple[str, str]:
    """Return the command, and a note if the command cannot name the jobs."""
    running_ids = [tracked.id for tracked in watch.jobs if tracked.exit in _NOT_ENDED]
    if watch.policy.fail_fast:
        ids = running_ids  # a failed job would end the resumed watch at once
    else:
        # The exit code of the resumed watch must count the failed jobs.
        ids = [tracked.id for tracked in watch.jobs if tracked.exit is not Exit.OK]
    has_arguments = bool(jobs) and STANDARD_INPUT not in jobs
    if has_arguments and not (watch.policy.fail_fast and ids):
        return _join(command_line), ""
    # Standard input is used up, and --all leaves out jobs that end in the meantime.
    if has_arguments or 0 < len(ids) <= MAX_IDS:
        return _join(_with_ids(command_line, ids)), ""
    if not jobs:
        return _join(command_line), "  It leaves out jobs that end before then.\n"
    command = _join(word for word in command_line if word != "--fail-fast")
    note = "  Give it the same standard input again.\n"
    if 0 < len(running_ids) <= MAX_IDS:
        only = _join(_with_ids(command_line, running_ids))
        note += f"  Or watch only the jobs that go on: {only}\n"
    return command, note


def _join(words: Iterable[str]) -> str:
    return shlex.join(["jobstat", *words])


def _with_ids(command_line: list[str], ids: Sequence[str]) -> list[str]:
    """Return the command and its options with these ids in place of its jobs."""
    separator = ["--"] if any(id.startswith("-") for id in ids) else []
    return [*_without_jobs(command_line), *separator, *ids]


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
