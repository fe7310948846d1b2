"""The choice of views that fit the options and the streams of the process."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from jobstat.jobs.loop import Clock
from jobstat.views.environment import step_summary_path
from jobstat.views.output import JsonOutput, Output
from jobstat.views.progress import Progress
from jobstat.views.reporter import DisplayOptions, Reporter
from jobstat.views.terminal import Terminal, open_terminal

if TYPE_CHECKING:
    from jobstat.jobs.watch import Watch
    from jobstat.views.github import GitHubReport


def make_reporter(
    watch: Watch, account: str, clock: Clock, options: DisplayOptions
) -> Reporter:
    """Return the reporter that fits the options and the streams of the process."""
    color, plain = options.color, options.plain
    stdout = open_terminal(sys.stdout, os.environ, color, plain=plain)
    stderr = open_terminal(sys.stderr, os.environ, color, plain=plain)
    return Reporter(
        watch,
        _make_progress(watch, account, clock, options, stdout, stderr),
        _make_output(account, options, stdout),
        stderr,
        options,
        _make_github_report(account, options, stderr),
    )


def _make_github_report(
    account: str, options: DisplayOptions, stderr: Terminal
) -> GitHubReport | None:
    path = step_summary_path(os.environ)
    if options.quiet or not (stderr.runs_commands or path):
        return None
    from jobstat.views.github import GitHubReport
    from jobstat.views.job_report import Page

    # A reader of the report has the ids of jobs, but not this standard input.
    page = Page(None, None, stderr.glyphs, account=options.account)
    return GitHubReport(account, page, stderr, path)


def _make_output(
    account: str, options: DisplayOptions, stdout: Terminal
) -> Output | None:
    if options.quiet:
        return None
    if options.csv:
        from jobstat.views.csv_output import CsvOutput

        return CsvOutput(stdout, failed_only=options.results == "failed")
    if options.for_programs:
        indented = stdout.interactive and not options.stream
        return JsonOutput(stdout, indented=indented)
    from jobstat.views.report import TextOutput

    fitted = stdout.interactive and not options.plain
    return TextOutput(stdout, account, options, fitted=fitted)


def _make_progress(
    watch: Watch,
    account: str,
    clock: Clock,
    options: DisplayOptions,
    stdout: Terminal,
    stderr: Terminal,
) -> Progress:
    """Return the view of the progress: nothing, a live view or a log.

    The view is on stderr if stdout gets data for programs.
    """
    if options.quiet or watch.policy.once:
        return Progress()
    for_programs = options.for_programs
    terminal = stderr if for_programs else stdout
    # The next program in a pipe, such as jq, often writes to the same screen. A live
    # view must be gone before that program gets data.
    is_written_at_end = options.csv or (len(watch.jobs) == 1 and not options.stream)
    is_undisturbed = not for_programs or stdout.is_file or is_written_at_end
    if terminal.live and not options.plain and is_undisturbed:
        from jobstat.views.live import LiveProgress

        return LiveProgress(watch, account, terminal, clock, show_final=for_programs)
    log = None if for_programs and not stderr.interactive else terminal
    if options.plain:
        from jobstat.views.spoken_log import SpokenProgress

        return SpokenProgress(watch, log, stderr, show_final=for_programs)
    from jobstat.views.log import LogProgress

    return LogProgress(watch, log, stderr, show_final=for_programs)
