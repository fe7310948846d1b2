"""The rows of a CSV table, read back."""

from __future__ import annotations

import csv
import io
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support import completed

from jobstat.jobs.csv_cell import defuse, format_cell
from jobstat.jobs.parse import parse_job
from jobstat.views.csv_output import FIRST_KEYS, csv_rows, format_csv

TEXTS = st.text(st.characters(codec=None) | st.sampled_from("=,\"'\r\n\t\0\ud800 "))
KEYS = (
    st.sampled_from([*FIRST_KEYS, "job_id", "results.job_id", "ID", "", "\0"]) | TEXTS
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner),
    max_leaves=5,
)
ITEMS = st.lists(st.dictionaries(KEYS, VALUES, max_size=6), max_size=4)


def read(text: str) -> list[list[str]]:
    # In UTF-8, as a file is read.
    content = io.BytesIO(text.encode())
    return list(csv.reader(io.TextIOWrapper(content, "utf-8", newline="")))


@given(st.lists(ITEMS, max_size=3))
def test_reading_a_table_back_gives_the_cells(jobs: list[list[dict[str, Any]]]) -> None:
    parsed = [
        parse_job(completed(*items, id=f"job{n}")) for n, items in enumerate(jobs)
    ]
    rows = list(csv_rows(parsed, failed_only=False))
    header, *lines = read(format_csv(rows))
    assert [header, *lines] == rows
    assert len(set(header)) == len(header)
    assert header[:8] == ["job_id", *FIRST_KEYS]
    sent = [(job.id, item) for job in parsed for item in job.items]
    keys = dict.fromkeys(
        [*FIRST_KEYS, *(key for _, item in sent for key in item.fields)]
    )
    for line, (id, item) in zip(lines, sent, strict=True):
        fields = item.fields
        if fields.get("index") is None:
            fields = fields | {"index": item.index}
        assert line == [id, *(format_cell(fields.get(key)) for key in keys)]
    for name, key in zip(header[1:], keys, strict=True):
        assert name.endswith(defuse(key))


@given(ITEMS)
def test_table_of_failed_items_has_the_rows_of_these_items(
    items: list[dict[str, Any]],
) -> None:
    job = parse_job(completed(*items))
    _, *failed = csv_rows([job], failed_only=True)
    _, *every = csv_rows([job], failed_only=False)
    expected = [row for row, item in zip(every, job.items, strict=True) if item.failed]
    # The rows differ in the place of the other keys, and in empty cells.
    assert [sorted(filter(None, row)) for row in failed] == [
        sorted(filter(None, row)) for row in expected
    ]


def test_item_without_most_of_1000_keys_has_empty_cells() -> None:
    job = parse_job(completed(*({f"key{n}": n} for n in range(1000))))
    header, *rows = csv_rows([job], failed_only=False)
    assert len(header) == 8 + 1000
    for n, row in enumerate(rows):
        assert row[8 + n] == str(n)
        assert not any(row[2 : 8 + n] + row[9 + n :])
