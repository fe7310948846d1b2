"""Measure the grouping of failures, and the report of a job with 10,000 of them.

Run it as a program: ``.venv/bin/python tests/benchmarks/report.py``
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[1]))

from children import child
from support import JOBSTAT, body, completed, environment, python
from raw_server import http, raw_server

RESULTS = 100_000
FAILURES = 10_000

ERRORS = {
    "the same error": "Description: cannot be blank",
    "names": "Name: Organization {} has already been taken",
    "quoted names": 'Organization "name {}" is not allowed here',
    "numbers": "Ticket {} not found",
    "different errors": "Problem number x{}y",
}


def answers(details: str, count: int = RESULTS) -> list[bytes]:
    """Return the answers about jobs of 100 items each, all of which failed."""
    return [
        body(
            completed(
                *(
                    {
                        "index": n % 100,
                        "id": 6_164_110_000_000 + n,
                        "error": "OrganizationUpdateFailed",
                        "details": details.format(n),
                    }
                    for n in range(first, first + 100)
                )
            )
        )
        for first in range(0, count, 100)
    ]
