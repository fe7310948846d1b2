"""The time to parse results, to group failures, and the cost of a long report.

Run by hand: ``python tests/benchmarks/report.py``. Parsing is a
ratio to ``json.loads``, grouping is one to parsing. The aims: 100,000 results are
parsed in less than 9 times the time of ``json.loads``, and grouped in less than 3 times
the time of their parsing, and a report of 10,000 failures
takes less than a second and 100 MB.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from statistics import median
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[1]))
from children import run
from support import body, completed

from jobstat.jobs.failures import group_failures
from jobstat.jobs.parse import parse_answer

RESULTS = 100_000
ROUNDS = 3

ERRORS = {
    "the same text": "Description: cannot be blank",
    "a name each": "Name: Organization {} has already been taken",
    "a quoted name each": 'Organization "name {}" is not allowed here',
    "a number each": "Ticket {} not found",
    "a cause each": "Problem with x{}y",
}

REPORT = """
import resource, sys
from time import perf_counter
from jobstat.jobs.parse import parse_answer
from jobstat.views.job_report import Page, job_report
from jobstat.views.layout import render_lines
from jobstat.views.terminal import standard_output

answer = sys.stdin.buffer.read()
job = parse_answer(answer)
parsed = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
terminal, results = standard_output(), sys.argv[1] if sys.argv[1:] else None
began = perf_counter()
page = Page(80, 24, terminal.glyphs, results)
text = render_lines(job_report(job, "acme", page), terminal)
seconds = perf_counter() - began
end = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
unit = 1024 if sys.platform == "darwin" else 1
print(f"{seconds:.2f} s, {(end - parsed) // unit / 1024:.0f} MiB more than parsed,"
      f" {end // unit / 1024:.0f} MiB in all, {text.count(chr(10)):,} lines",
      file=sys.stderr)
"""


def answers(details: str, count: int, size: int) -> list[bytes]:
    """Return the answers about jobs of ``size`` items each, all of which failed."""

    def item(number: int) -> dict[str, object]:
        return {
            "index": number % size,
            "id": 6_164_110_000_000 + number,
            "error": "OrganizationUpdateFailed",
            "details": details.format(number),
        }

    return [
        body(completed(*map(item, range(first, first + size))))
        for first in range(0, count, size)
    ]


ITEMS: dict[str, dict[str, object]] = {
    "failed": {"error": "OrganizationUpdateFailed", "details": "Name: taken"},
    "updated": {"action": "update", "status": "Updated", "success": True},
    "created": {"account_id": 1234567},
}


def measure_parsing(fields: dict[str, object], size: int) -> float:
    """Return the time to parse jobs of ``size`` items, as a ratio to json.loads."""
    items = [{"index": n % size, "id": 10**12 + n, **fields} for n in range(RESULTS)]
    firsts = range(0, RESULTS, size)
    bodies = [body(completed(*items[first : first + size])) for first in firsts]
    ratios = []
    for _ in range(2 * ROUNDS + 1):
        start = process_time()
        for sent in bodies:
            json.loads(sent)
        decoded = process_time()
        for sent in bodies:
            parse_answer(sent)
        ratios.append((process_time() - decoded) / (decoded - start))
    return median(ratios)


def measure_grouping(details: str) -> tuple[float, float, int]:
    """Return the seconds to parse and to group, the best of some rounds, and causes."""
    bodies = answers(details, RESULTS, 100)
    parsing, grouping = [], []
    causes = 0
    for _ in range(ROUNDS):
        start = process_time()
        jobs = [parse_answer(sent) for sent in bodies]
        parsed = process_time()
        causes = len(group_failures(jobs))
        parsing.append(parsed - start)
        grouping.append(process_time() - parsed)
    return min(parsing), min(grouping), causes


def main() -> None:
    # First, because a child's peak of memory begins with that of its parent.
    for count in (10_000, 60_000):
        (answer,) = answers(ERRORS["a name each"], count, count)
        for options in ([], ["failed"]):
            done = run([sys.executable, "-c", REPORT, *options], typed=answer.decode())
            which = "every item" if options else "20 items"
            print(f"report of {count:,} failures with {which}: {done.stderr.strip()}")
    print(f"{RESULTS:,} results, parsed in this many times the time of json.loads")
    for name, fields in ITEMS.items():
        ratios = [measure_parsing(fields, size) for size in (100, RESULTS)]
        print(f"  {name:<20} in jobs of 100: {ratios[0]:.1f}, in one: {ratios[1]:.1f}")
    print(f"{RESULTS:,} results with")
    for name, details in ERRORS.items():
        parsing, grouping, causes = measure_grouping(details)
        print(
            f"  {name:<20} parsed in {parsing:.2f} s, grouped in {grouping:.2f} s:"
            f" ratio {grouping / parsing:.1f}, {causes:,} causes"
        )


if __name__ == "__main__":
    main()
