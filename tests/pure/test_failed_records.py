"""The records whose items failed, or a refusal if the results leave a doubt."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ID, OTHER, completed, job, job_object

from jobstat.errors import UsageError
from jobstat.exits import Exit
from jobstat.jobs.failed_records import FailedRecord, Unfinished, find_failed_records
from jobstat.jobs.job import Job
from jobstat.jobs.parse import parse_job
from jobstat.jobs.records import Document
from jobstat.jobs.records_file import parse_records
from jobstat.jobs.retry_files import render_document, render_files

USERS: list[dict[str, Any]] = [
    {"id": 11, "external_id": "a", "email": "a@example.org"},
    {"id": "12", "external_id": "b", "email": "b@example.org"},
    {"id": 13, "external_id": "c", "email": "c@example.org"},
]
OK = {"status": "Updated", "success": True}
BAD = {"error": "UserUpdateFailed", "details": "Name: is too short"}


def document(*records: dict[str, Any], name: str = "users.json") -> Document:
    return parse_records(json.dumps({"users": records}).encode(), name)


def done(*items: dict[str, Any], **fields: Any) -> Job:
    return parse_job({**completed(*items), **fields})


def find(job: Job, *records: dict[str, Any], **options: bool) -> list[int]:
    """Return the indexes of the failed records."""
    found = find_failed_records([(job, document(*(records or USERS)))], **options)
    return [failed.index for failed in found]


@pytest.mark.parametrize(
    "items",
    [
        [{**OK, "id": 11}, {**BAD, "index": 1}, {**OK, "id": 13}],
        [{**OK, "id": 11}, {**BAD, "index": 1, "id": 12}, {**OK, "id": 13}],
        [{**OK, "id": 13}, {**BAD, "index": "1"}, {**OK, "id": 11}],
        [{**BAD, "id": 12}, {**OK, "id": 13}, {**OK, "id": 11}],
        [{**BAD, "id": "12"}, OK, OK],
        [{**BAD, "external_id": "b"}, OK, OK],
        [{**BAD, "email": " B@EXAMPLE.ORG"}, OK, OK],
        [{**BAD, "id": None, "index": None, "email": "b@example.org"}, OK, OK],
        # An update that fails may have another address than the user has.
        [{**BAD, "id": 12, "email": "old@example.org"}, OK, OK],
    ],
    ids=str,
)
def test_failed_item_is_matched_to_its_record(items: list[dict[str, Any]]) -> None:
    assert find(done(*items)) == [1]


def test_place_in_the_results_does_not_count_as_an_index() -> None:
    items = [{**OK, "id": 13}, {**BAD, "id": 11}, {**BAD, "id": 12}]
    assert find(done(*items)) == [0, 1]
    with pytest.raises(UsageError, match="has no index or id or external_id or email"):
        find(done(OK, BAD, OK))


def test_results_in_groups_are_matched_by_id() -> None:
    groups = {"failed": [{**BAD, "id": 13}, {**BAD, "id": 11}], "updated": [{"id": 12}]}
    assert find(job("completed", total=3, progress=3, results=groups)) == [0, 2]


@given(st.lists(st.booleans(), min_size=1, max_size=30), st.randoms())
def test_exactly_the_failed_records_are_found_in_their_order(
    failed: list[bool], random: Any
) -> None:
    records = [{"id": 100 + n, "name": f"n{n}"} for n in range(len(failed))]
    expected = [n for n, bad in enumerate(failed) if bad]
    for key in ("index", "id"):
        items = [
            {**(BAD if bad else OK), key: n if key == "index" else 100 + n}
            for n, bad in enumerate(failed)
        ]
        random.shuffle(items)
        assert find(done(*items), *records) == expected


@pytest.mark.parametrize("results", [[], None, {"success": True}, [OK, OK, OK]])
@pytest.mark.parametrize("total", [3, None])
def test_job_without_failures_has_no_failed_records(results: Any, total: Any) -> None:
    assert find(job("completed", total=total, progress=total, results=results)) == []


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (
            completed({**OK, "index": 0}, {**BAD, "index": 1}),
            "users.json does not fit {id}: it has 3 records, the job has 2",
        ),
        (
            job_object("completed", total=100, progress=100, results=[]),
            "users.json does not fit {id}: it has 3 records, the job has 100",
        ),
        (
            job_object("completed", total=None, results=[{**BAD, "index": 0}]),
            "users.json does not fit {id}: it has 3 records, the job has 1",
        ),
        (
            completed(*[{**BAD, "index": n} for n in range(4)]) | {"total": 3},
            "users.json does not fit {id}: it has 3 records, the job has 4",
        ),
        (
            job_object("failed", total=3, results=[{**BAD, "index": 0}]),
            "unknown which records of {id} failed: it has results for only 1 of 3",
        ),
        (
            job_object("completed", total=3, progress=3, results=[OK, OK]),
            "unknown which records of {id} failed: it has results for only 2 of 3",
        ),
        (
            job_object("completed", total=3, progress=3, results={"success": False}),
            "unknown which records of {id} failed: it has one result for all records",
        ),
        (
            job_object("completed", total=3, progress=2, results=None),
            "unknown which records of {id} failed: it reports a failure without naming",
        ),
        (
            completed(OK, OK, OK) | {"failed": 1},
            "unknown which records of {id} failed: it reports a failure without naming",
        ),
        (
            completed(OK, OK, OK) | {"status": "failed"},
            "unknown which records of {id} failed: it reports a failure without naming",
        ),
        (
            job_object("killed", total=3, progress=2),
            "{id} failed without results, so it is unknown which records failed",
        ),
        (
            completed({**BAD, "index": 3}, OK, OK),
            "users.json does not fit {id}: no record has the index 3",
        ),
        (
            completed({**BAD, "index": 1}, {**OK, "index": 1}, OK),
            "unknown which records of {id} failed: two results are about the record",
        ),
        (
            completed({**BAD, "index": 1}, {**OK, "id": 12}, OK),
            "two results are about the record with the index 1",
        ),
        (
            completed({**BAD, "id": 14}, OK, OK),
            "users.json does not fit {id}: no record has the id 14",
        ),
        (
            completed({**BAD, "index": 0, "id": 12}, OK, OK),
            "does not fit {id}: no record has the index 0 and the id 12",
        ),
        (
            completed({**BAD, "index": 0, "email": "b@example.org"}, OK, OK),
            "no record has the index 0 and the email b@example.org",
        ),
        (
            completed({**BAD, "external_id": "a", "email": "b@example.org"}, OK, OK),
            "no record has the external_id a and the email b@example.org",
        ),
        (
            completed({**BAD, "id": "9" * 99}, OK, OK),
            f"no record has the id {'9' * 57}...",
        ),
    ],
)
def test_doubt_is_refused(status: dict[str, Any], reason: str) -> None:
    with pytest.raises(UsageError, match=re.escape(reason.format(id=ID))) as caught:
        find(parse_job(status))
    assert caught.value.hint


@pytest.mark.parametrize("failure", [{**BAD, "index": 1}, {**OK, "index": 1}])
@pytest.mark.parametrize(
    ("items", "reason"),
    [
        ([{**OK, "id": 101}, OK], "no record has the id 101"),
        ([{"id": 101, "success": True}, OK], "no record has the id 101"),
        ([{"id": 101, "action": "update"}, OK], "no record has the id 101"),
        ([{**OK, "index": 0, "id": 101}, OK], "no record has the index 0 and the id"),
        ([{**OK, "index": 0, "id": 13}, OK], "no record has the index 0 and the id 13"),
        ([{"index": 0, "id": 13}, OK], "no record has the index 0 and the id 13"),
        ([{**OK, "email": "x@example.org"}, OK], "no record has the email x@example."),
        ([{**OK, "external_id": "x"}, OK], "no record has the external_id x"),
        ([{**OK, "external_id": "a", "email": "c@example.org"}, OK], "the external_id"),
        ([{**OK, "index": 3}, OK], "no record has the index 3"),
        ([{**OK, "index": -1}, OK], "no record has the index -1"),
        ([{**OK, "index": "x1"}, OK], "no record has the index x1"),
        ([{**OK, "index": 0.5}, OK], "no record has the index 0.5"),
        ([{**OK, "index": True}, OK], "no record has the index True"),
        ([{**OK, "index": 1}, OK], "two results are about the record with the index 1"),
        ([{**OK, "id": 12}, OK], "two results are about the record with the index 1"),
        ([{**OK, "index": 2}, {**OK, "index": 2}], "two results are about the record"),
        ([{**OK, "id": 11}, {**OK, "id": 11}], "two results are about the record with"),
    ],
    ids=str,
)
def test_succeeded_item_that_contradicts_the_file_is_refused(
    failure: dict[str, Any], items: list[dict[str, Any]], reason: str
) -> None:
    with pytest.raises(UsageError, match=re.escape(reason)):
        find(done(items[0], failure, items[1]))


def test_new_id_of_a_created_record_is_no_contradiction() -> None:
    bad = {**BAD, "index": 2}
    assert find(done({"index": 0, "id": 7}, {"index": 1, "id": 8}, bad)) == [2]
    created = {"id": 7, "status": "Created"}
    assert find(done(created, {**created, "id": 8}, bad)) == [2]
    named = {**created, "external_id": "b", "email": "b@example.org"}
    assert find(done(named, created, bad)) == [2]


def test_fields_that_the_file_lacks_do_not_count() -> None:
    records = [{"external_id": "a"}, {"external_id": "b", "email": "b@example.org"}]
    by_name = {"id": 7, "external_id": "a", "email": "a@example.org", **OK}
    assert find(done(by_name, {**BAD, "id": 8, "external_id": "b"}), *records) == [1]
    assert find(done(by_name, {**BAD, "email": "b@example.org"}), *records) == [1]
    with pytest.raises(UsageError, match="a failed result has no index to find its"):
        find(done({**OK, "id": 7}, {**BAD, "id": 8}), {"name": "a"}, {"name": "b"})


def test_record_without_an_id_may_have_any_id() -> None:
    records: list[dict[str, Any]] = [{"id": 11}, {"name": "a"}, {"name": "b"}]
    updated = {**OK, "id": 15}
    assert find(done({**OK, "id": 11}, updated, {**BAD, "index": 2}), *records) == [2]
    assert find(done({**OK, "id": 11}, OK, {**BAD, "index": 2, "id": 9}), *records)
    with pytest.raises(UsageError, match=r"no record has the id 9$"):
        find(done({**OK, "id": 11}, updated, {**BAD, "id": 9}), *records)
    with pytest.raises(UsageError, match="more results for some records than there"):
        find(done({**BAD, "index": 2}, updated, {**OK, "id": 9}), *records)


@pytest.mark.parametrize(
    ("groups", "expected"),
    [
        ({"failed": [{**BAD, "index": 1}], "ok": [{"index": 0}, {"index": 2}]}, [1]),
        ({"failed": [{**BAD, "index": 0}], "ok": [{"index": 0}, {"index": 1}]}, None),
        ({"failed": [{**BAD, "index": 0}], "ok": [{"id": 12}, {"id": 13}]}, None),
        (
            {"failed": [{**BAD, "index": 0, "id": 12}], "ok": [{"id": 11}, {"id": 13}]},
            [1],
        ),
    ],
)
def test_index_that_may_count_within_a_group_is_not_used(
    groups: dict[str, Any], expected: list[int] | None
) -> None:
    grouped = job("completed", total=3, progress=3, results=groups)
    if expected:
        assert find(grouped) == expected
    else:
        with pytest.raises(UsageError, match="it is unknown which records"):
            find(grouped)


@pytest.mark.parametrize(
    "fields",
    [
        {"failed": 2},
        {"result": {"error": "x"}},
        {"error": "x"},
        {"summary": {"failed": 2, "success": 1}},
        {"succeeded": 1},
        {"progress": 1},
    ],
)
def test_failure_of_the_job_that_its_items_do_not_explain_is_refused(
    fields: dict[str, Any],
) -> None:
    items = [{**OK, "index": 0}, {**BAD, "index": 1}, {**OK, "index": 2}]
    with pytest.raises(UsageError, match="it reports a failure that its results"):
        find(done(*items, **fields))


@pytest.mark.parametrize(
    "fields",
    [
        {"failed": 1, "success": 2},
        {"summary": {"total": 3, "succeeded": "2", "failures": 1}},
        {"status": "failed"},
        {"success": False, "result": "partial failure"},
        {"progress": 2},
        {"error": None, "errors": []},
    ],
)
def test_failure_of_the_job_that_its_items_explain_is_no_doubt(
    fields: dict[str, Any],
) -> None:
    items = [{**OK, "index": 0}, {**BAD, "index": 1}, {**OK, "index": 2}]
    assert find(done(*items, **fields)) == [1]
    every = [{**BAD, "index": n} for n in range(3)]
    assert find(done(*every, progress=0, error="x")) == [0, 1, 2]


def test_error_counts_the_other_files_in_doubt() -> None:
    wrong = done({**BAD, "index": 7}, OK, OK)
    good = done({**BAD, "index": 2}, OK, OK)
    for number, words in ((1, "1 more file is"), (2, "2 more files are")):
        sent = [(one, document(*USERS)) for one in (good, wrong, *[wrong] * number)]
        with pytest.raises(UsageError, match=f"the index 7 .{words} in doubt.$"):
            find_failed_records(sent)


def test_id_of_two_records_is_refused() -> None:
    twice = [USERS[0], USERS[1], {**USERS[2], "id": 12}]
    with pytest.raises(UsageError, match="2 records have the id 12"):
        find(done({**BAD, "id": 12}, OK, OK), *twice)
    assert find(done({**BAD, "id": 11}, OK, OK), *twice) == [0]


def test_all_records_of_a_failed_job_without_items_can_be_taken() -> None:
    killed = job("killed", total=3, message="Killed by an admin")
    assert find(killed, all_of_failed_jobs=True) == [0, 1, 2]
    some = job("failed", total=3, results=[{**BAD, "index": 0}])
    with pytest.raises(UsageError, match="results for only 1 of 3"):
        find(some, all_of_failed_jobs=True)
    unexplained = job("completed", total=3, progress=2)
    with pytest.raises(UsageError, match="reports a failure"):
        find(unexplained, all_of_failed_jobs=True)


def test_unfinished_job_is_named_before_any_other_doubt() -> None:
    wrong = done({**BAD, "index": 7}, OK, OK)
    sent = [(one, document(*USERS)) for one in (wrong, job("working", id=OTHER))]
    with pytest.raises(Unfinished, match=f"^{OTHER} .* its status is working$") as err:
        find_failed_records(sent)
    assert err.value.exit is Exit.UNFINISHED
    with pytest.raises(Unfinished, match="3 of 3 jobs have not ended; the first"):
        find_failed_records([(job(), document(*USERS))] * 3)


def found(
    *items: dict[str, Any], model: Document | None = None
) -> tuple[Document, list[FailedRecord]]:
    model = model or document(*({"name": f"n{n}"} for n in range(len(items))))
    return model, find_failed_records([(done(*items), model)])


@given(st.integers(0, 12), st.integers(1, 5))
def test_batches_together_hold_the_records_of_one_document(
    count: int, batch: int
) -> None:
    model, failed = found(*[{**BAD, "index": n} for n in range(count)])
    files = render_files(model, failed, batch, with_errors=False).records
    assert list(files) == sorted(files)
    batches = [json.loads(text)["users"] for text in files.values()]
    assert all(1 <= len(users) <= batch for users in batches)
    whole = json.loads(render_document(model, failed))["users"]
    assert [user for users in batches for user in users] == whole


def test_file_names_have_as_many_digits_as_the_last_one_needs() -> None:
    model, failed = found(*[{**BAD, "index": n} for n in range(1000)])
    names = list(render_files(model, failed, 1, with_errors=False).records)
    assert (names[0], names[-1]) == ("retry-0001.json", "retry-1000.json")


def test_errors_of_json_are_in_a_file_beside_each_batch() -> None:
    bad = {"index": 2, "id": 9, "errors": "Bö"}
    items: list[dict[str, Any]] = [{**BAD, "index": 0}, {"index": 1}, bad]
    model, failed = found(*items)
    files = render_files(model, failed, 1, with_errors=True)
    assert list(files.records) == ["retry-001.json", "retry-002.json"]
    assert list(files.errors) == ["errors-001.jsonl", "errors-002.jsonl"]
    assert json.loads(files.errors["errors-001.jsonl"]) == {
        "position": 0,
        "job_id": ID,
        "index": 0,
        "id": None,
        **BAD,
    }
    second = json.loads(files.errors["errors-002.jsonl"])
    assert (second["index"], second["id"], second["error"]) == (2, 9, "Bö")


def test_errors_of_csv_are_in_two_columns() -> None:
    table = parse_records(b'id;name\r\n11;"a\r\nb"\r\n12;c', "users.csv")
    items = [{"id": 11, "error": "=1", "details": "a;b"}, {"id": 12, "errors": "Bad"}]
    model, failed = found(*items, model=table)
    assert render_document(model, failed, with_errors=True) == (
        'id;name;error;details\r\n11;"a\r\nb";\'=1;"a;b"\r\n12;c;Bad;\r\n'
    )


def test_job_stands_for_the_errors_of_its_records() -> None:
    killed = job("killed", total=3, message="Killed by an admin")
    failed = find_failed_records([(killed, document(*USERS))], all_of_failed_jobs=True)
    assert failed[0].error_cells == ("killed", "Killed by an admin")
