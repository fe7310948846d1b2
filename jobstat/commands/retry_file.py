"""``jobstat retry-file``: write the records that failed, ready to send again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click

from jobstat.commands._shared import (
    STANDARD_INPUT,
    connect,
    new_watch,
    run_watch,
    warn,
)
from jobstat.errors import UsageError
from jobstat.exits import Exit, combine
from jobstat.invocation import Invocation
from jobstat.jobs.failed_records import count_worked_on, find_failed_records
from jobstat.jobs.job import Job
from jobstat.jobs.policy import SHOW
from jobstat.jobs.records import Format, merge
from jobstat.jobs.records_file import parse_records
from jobstat.jobs.reference import Reference, is_same_id, parse_reference
from jobstat.jobs.retry_files import (
    NAME_STARTS,
    RetryFiles,
    render_document,
    render_files,
)
from jobstat.options import epilog, positive_number, shared_options
from jobstat.views.files import read_file, write_document, write_new_files
from jobstat.views.reporter import DisplayOptions
from jobstat.views.stdin import read_input
from jobstat.views.terminal import standard_error, standard_output
from jobstat.views.wording import pluralize

DEFAULT_BATCH = 100
"""Records in a file of --output: the most that Zendesk takes in a request."""

MAX_FILE = 64 * 2**20
"""Bytes of an INPUT."""

EXAMPLES = """
jobstat retry-file V3-3ce496a3d948e38821056b1ca5bc3866 batch-1.json > retry.json
jobstat retry-file V3-3ce496a3d948e38821056b1ca5bc3866 users.csv --with-errors
jobstat retry-file - batch-*.json --output retry < answers.jsonl
"""
EXIT_CODES = [
    code
    for code in Exit
    if code not in {Exit.JOB_FAILED, Exit.ITEMS_FAILED, Exit.TIMEOUT}
]
MEANINGS = {
    Exit.OK: "the failed records are written, or none failed",
    Exit.USAGE: "bad arguments, input or output, or doubt about what failed",
    Exit.UNFINISHED: "a job is still queued or working",
}


@click.command("retry-file", epilog=epilog(EXAMPLES, EXIT_CODES, MEANINGS))
@click.argument(
    "arguments", type=click.Path(), metavar="JOB INPUT...", nargs=-1, required=True
)
@click.option(
    "--output",
    type=click.Path(file_okay=False),
    metavar="DIR",
    help="Write files of at most --batch records to this directory.",
)
@click.option(
    "--batch",
    type=positive_number,
    metavar="NUMBER",
    help="Maximum records in a file of --output. Default: 100, Zendesk's limit.",
)
@click.option(
    "--with-errors",
    is_flag=True,
    help="Add the errors: columns in CSV, a separate file for JSON (needs --output).",
)
@click.option(
    "--all-of-failed-jobs",
    is_flag=True,
    help="Write all records of a failed job that reports no items.",
)
@shared_options(
    exclude=("json", "csv", "results", "quiet", "plain", "color", "exit_zero")
)
@click.pass_obj
def command(
    invocation: Invocation,
    /,
    arguments: tuple[str, ...],
    output: str | None,
    batch: int | None,
    subdomain: str | None,
    base_url: str | None,
    *,
    with_errors: bool,
    all_of_failed_jobs: bool,
) -> Exit:
    """Write the records that failed, ready to send again.

    JOB is a job's id or URL. INPUT is the file that was sent for it: JSON such as
    {"tickets": [...]}, JSON Lines, or CSV with a header. Several jobs are given as JOB
    INPUT JOB INPUT, or as - INPUT INPUT with Zendesk's answers on standard input: the
    first job belongs to the first file.

    The output has the same format and order. Each record is as it was in INPUT. If
    jobstat cannot tell which records failed, it writes nothing.
    """
    if batch is not None and output is None:
        raise UsageError(
            "--batch cannot be used without --output",
            hint="Name a directory for the files with --output DIR.",
        )
    if output == "":
        raise UsageError(
            "the directory of --output has no name",
            hint="Name a directory, or . for this one.",
        )
    jobs, paths = _parse_arguments(arguments)
    documents = [parse_records(read_file(path, MAX_FILE), path) for path in paths]
    template = merge(documents)
    if with_errors and output is None and template.format is not Format.CSV:
        raise UsageError(
            "--with-errors needs --output for JSON: the errors get files of their own",
            hint="Name a directory for the files with --output DIR.",
        )
    with connect(base_url, subdomain, jobs) as connection:
        watch = new_watch(connection, [job.id for job in jobs], SHOW)
        display = DisplayOptions(quiet=True, debug=invocation.debug)
        run_watch(connection, watch, display)
    unknown = [tracked for tracked in watch.jobs if tracked.error or not tracked.job]
    if unknown:  # the reporter has shown the errors
        errors = (tracked.error for tracked in unknown)
        return combine(error.exit if error else Exit.UNAVAILABLE for error in errors)
    answers = [tracked.job for tracked in watch.jobs if tracked.job]
    _check_ids(jobs, answers)
    sent = list(zip(answers, documents, strict=True))
    failed = find_failed_records(sent, all_of_failed_jobs=all_of_failed_jobs)
    for job in answers:
        if worked_on := count_worked_on(job):
            warn(
                f"Zendesk had worked on {pluralize(worked_on, 'record')} of {job.id};"
                " sending all of them again may create duplicates"
            )
    if output is None:
        text = render_document(template, failed, with_errors=with_errors)
        write_document(standard_output(), text)
        written = ""
    else:
        files = render_files(
            template, failed, batch or DEFAULT_BATCH, with_errors=with_errors
        )
        written = _write(files, output)
    count = f"{len(failed) or 'none'} of {pluralize(len(template.records), 'record')}"
    standard_error().print_quietly(f"jobstat: {count} failed{written}\n")
    return Exit.OK


def _check_ids(jobs: Sequence[Reference], answers: Sequence[Job]) -> None:
    """Raise UsageError if an answer is about another job."""
    for reference, job in zip(jobs, answers, strict=True):
        if not is_same_id(reference.id, job.id):
            raise UsageError(
                f"it is unknown which records of {reference.id} failed: the answer is"
                f" about {job.id}",
                hint="A mock server may have the same answer for all jobs.",
            )


def _write(files: RetryFiles, directory: str) -> str:
    """Write the files, and return the end of a sentence that counts them."""
    write_new_files(directory, {**files.records, **files.errors}, NAME_STARTS)
    if not files.records:
        return "; wrote no file"
    errors = ", and their errors beside them" if files.errors else ""
    return f"; wrote {pluralize(len(files.records), 'file')} to {directory}{errors}"


def _parse_arguments(
    arguments: Sequence[str],
) -> tuple[list[Reference], Sequence[str]]:
    """Return the jobs, and the path of the file that was sent for each.

    Raise UsageError if a job has no file, a file no job, or a job two files.
    """
    from_stdin = arguments[0] == STANDARD_INPUT
    if len(arguments) == 1 or (len(arguments) % 2 and not from_stdin):
        raise UsageError(
            f"no INPUT after {arguments[-1]}",
            hint="Give each job the file that was sent for it.",
        )
    paths = arguments[1:] if from_stdin else arguments[1::2]
    _check_paths(paths)
    if from_stdin:
        jobs = _read_jobs(paths)
    else:
        jobs = [_parse_job(argument) for argument in arguments[::2]]
    path_of: dict[str, str] = {}
    for job, path in zip(jobs, paths, strict=True):
        id = job.id.lower()
        if id in path_of:
            raise UsageError(
                f"{job.id} is given twice: for {path_of[id]} and for {path}",
                hint="Give each job once, with the file that was sent for it.",
            )
        path_of[id] = path
    return jobs, paths


def _check_paths(paths: Sequence[str]) -> None:
    """Raise UsageError if a path cannot be an INPUT, or is given twice."""
    if "" in paths:
        raise UsageError(
            "the name of an INPUT is empty",
            hint="Check the variable that holds the name.",
        )
    if STANDARD_INPUT in paths:
        raise UsageError(
            "- cannot be an INPUT",
            hint="Name the file. If the jobs are arguments, /dev/stdin reads it from"
            " standard input.",
        )
    files = [Path(path).resolve() for path in paths]
    for number, (path, file) in enumerate(zip(paths, files, strict=True)):
        if file in files[:number]:
            raise UsageError(
                f"{path} is given for two jobs",
                hint="Give each job the file that was sent for it.",
            )


def _parse_job(argument: str) -> Reference:
    if argument == STANDARD_INPUT:
        raise UsageError(
            "- must be the first argument",
            hint="Give all jobs on standard input, or all as arguments.",
        )
    try:
        return parse_reference(argument)
    except UsageError as error:
        raise UsageError(
            error.message, hint="Give a job's id or URL, then its file: JOB INPUT."
        ) from error


def _read_jobs(paths: Sequence[str]) -> list[Reference]:
    """Return the jobs on standard input, one for each file. Raise UsageError."""
    from jobstat.jobs.input import MAX_INPUT, RefusedRequest, parse_input

    jobs: list[Reference] = []
    job_input = parse_input(read_input(MAX_INPUT))
    if job_input.has_list:
        raise UsageError(
            "standard input holds a list of jobs, which is not in the order of sending",
            hint="Give the answers to the requests, or ids, in the order in which the"
            " files were sent.",
        )
    entries = job_input.entries
    for number, entry in enumerate(entries, start=1):
        if isinstance(entry, RefusedRequest):
            file = f" ({paths[number - 1]})" if len(entries) == len(paths) else ""
            raise UsageError(
                f"answer {number}{file} is an error: {entry.message}",
                hint="Zendesk started no job for that file. Leave out both, and send"
                " the file again.",
            )
        jobs.append(entry)
    if len(jobs) != len(paths):
        raise UsageError(
            f"standard input names {pluralize(len(jobs), 'job')}, but there"
            f" {'is' if len(paths) == 1 else 'are'} {pluralize(len(paths), 'file')}",
            hint="Give the files in the order in which they were sent.",
        )
    return jobs
