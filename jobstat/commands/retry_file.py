"""``jobstat retry-file``: write the records that failed, ready to send again."""

from __future__ import annotations

import click

from jobstat.exits import Exit
from jobstat.options import epilog, shared_options

EXAMPLES = """
jobstat retry-file V3-3ce496a3d948e38821056b1ca5bc3866 batch-1.json > retry.json
jobstat retry-file - batch-*.json --output retry < answers.jsonl
"""


@click.command("retry-file", epilog=epilog(EXAMPLES))
@click.argument("arguments", metavar="JOB INPUT...", nargs=-1, required=True)
@click.option(
    "--output",
    metavar="DIR",
    help="Write files of at most --batch records to this directory.",
)
@click.option(
    "--batch",
    metavar="NUMBER",
    default="100",
    help="Maximum records in a file of --output. Default: 100, Zendesk's limit.",
)
@click.option(
    "--with-errors",
    is_flag=True,
    help="Add the errors: as columns in CSV, in a file of their own for JSON.",
)
@click.option(
    "--all-of-failed-jobs",
    is_flag=True,
    help="Write all records of a failed job that reports no items.",
)
@shared_options(exclude=("json", "csv", "results", "quiet", "color", "exit_zero"))
def command(**_: object) -> Exit:
    """Write the records that failed, ready to send again."""
    return Exit.OK
