"""Failed items grouped by cause."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import completed

from jobstat.jobs.failures import NO_REASON, error_text, group_failures
from jobstat.jobs.folding import MAX_LENGTH, fold
from jobstat.jobs.job import Item, Job
from jobstat.jobs.parse import parse_job
from jobstat.jobs.text import collapse_blanks, flatten

TAKEN = "OrganizationUpdateFailed: Name: * has already been taken"


def make_job(*items: dict[str, Any], **fields: Any) -> Job:
    return parse_job(completed(*items, **fields))


def failed(**fields: Any) -> Item:
    (item,) = make_job(fields).failed
    return item


def failure(details: str, **fields: Any) -> dict[str, Any]:
    return {"error": "OrganizationUpdateFailed", "details": details, **fields}


def folded(text: str) -> str:
    return fold(text)[0]


def summary(*jobs: Job) -> list[tuple[str, int]]:
    return [(cause.text, len(cause.failures)) for cause in group_failures(jobs)]


def test_same_error_about_different_values_is_one_cause() -> None:
    names = ["Acme", "Globex, Inc.", "testOrganizationa4603c3a2f5a511f9f71"]
    items = [failure(f"Name:  {name} has already been taken") for name in names]
    (cause,) = group_failures([make_job(*items)])
    assert cause.text == TAKEN
    assert [one.values for one in cause.failures] == [(name,) for name in names]
    assert [one.item.index for one in cause.failures] == [0, 1, 2]


def test_most_frequent_cause_is_first_and_ties_keep_their_order() -> None:
    first = make_job(failure("b"), failure("a"), failure("c"))
    second = make_job(failure("c"), {"id": 1})
    texts = [f"OrganizationUpdateFailed: {text}" for text in "cba"]
    assert summary(first, second) == [(texts[0], 2), (texts[1], 1), (texts[2], 1)]


@pytest.mark.parametrize(
    "other",
    [
        {"error": "OrganizationCreateFailed", "details": "Name: cannot be blank"},
        {"error": "OrganizationUpdateFailed", "details": "Email: cannot be blank"},
        {"error": "OrganizationUpdateFailed"},
        {"details": "Name: cannot be blank"},
    ],
)
def test_another_error_or_other_details_are_another_cause(
    other: dict[str, Any],
) -> None:
    job = make_job(failure("Name: cannot be blank"), other)
    assert len(group_failures([job])) == 2


def test_class_of_an_error_is_never_folded() -> None:
    job = make_job({"error": "E35436"}, {"error": "E35437"}, {"error": "4711"})
    assert len(group_failures([job])) == 3


def test_own_fields_of_an_item_are_folded() -> None:
    job = make_job(
        failure("Globex cannot join Acme", name="Globex"),
        failure("Hooli cannot join Acme", title="Hooli"),
        failure("x1 cannot join Acme", external_id="x1"),
    )
    assert summary(job) == [("OrganizationUpdateFailed: * cannot join Acme", 3)]


def test_label_of_a_custom_field_is_kept() -> None:
    job = make_job(*[failure(f"Customer no: x{n} is invalid") for n in "ab"])
    assert summary(job) == [("OrganizationUpdateFailed: Customer no: * is invalid", 2)]


def test_own_field_that_is_a_label_or_words_of_the_message_is_kept() -> None:
    details = "Name: is too short (minimum one character)"
    job = make_job(
        failure(details, name="Name"),
        failure(details, name="is too short"),
        failure(details, name="min"),
        failure(details, name=""),
    )
    assert summary(job) == [(f"OrganizationUpdateFailed: {details}", 4)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Ticket 35436 not found", "Ticket * not found"),
        ("Ticket: 1,606 is invalid", "Ticket: * is invalid"),
        ("1606", "*"),
        ("failed: 3", "failed: *"),
        ('Value "a b" for 12', 'Value "*" for *'),
        ("Value 'O'Brien' isn't good", "Value '*' isn't good"),
        ("user's name can't be blank", "user's name can't be blank"),
        ("Email bob@example.com bounced", "Email * bounced"),
        ("see https://example.com/a?b=1.", "see *."),
        ("job V3-3ce496a3d948e38821056b1ca5bc3866", "job *"),
        ("no 01926fd2-5f3e-7cc8-9c3a-0242ac120002 here", "no * here"),
        ("since 2023-08-16 14:51:07 +0000 or 10:39", "since * or *"),
        ("Email: x has already been taken", "Email: * has already been taken"),
        (
            "Requester: Email: bob is already being used by another user",
            "Requester: Email: * is already being used by another user",
        ),
        ("Name: a: b does not exist", "Name: * does not exist"),
        ("Name:  a \n b is invalid", "Name: * is invalid"),
        ("Customer number: A-1 is invalid", "Customer number: * is invalid"),
        (
            "Description: cannot be blank, Name: a, b is invalid; Email: c is invalid",
            "Description: cannot be blank, Name: * is invalid; Email: * is invalid",
        ),
    ],
)
def test_variable_parts_are_folded(text: str, expected: str) -> None:
    assert folded(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "Requester: Name: is too short (minimum one character)",
        "Subject: is too long (maximum is 150 characters)",
        "must have at least 8 characters, and at most 64",
        "must be between 1 and 10, greater than or equal to 0",
        "a list of 100 items maximum",
        "HTTP 422: bad; status: 503",
        "422 Unprocessable Entity",
        "Name has already been taken",
        "Requester: Email is invalid",
        "Column 'user_id' cannot be null",
        "'external_id' is required",
        "UserBulkUpdateJobV2 takes UTF-8",
        "Name: * has already been taken",
    ],
)
def test_parts_that_tell_causes_apart_are_kept(text: str) -> None:
    assert folded(text) == text


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"error": "A", "details": " b \n c "}, "A: b c"),
        ({"details": "b", "errors": "A"}, "A: b"),
        ({"error": "", "details": "b"}, "b"),
        ({"error_message": "went wrong", "id": 1}, "went wrong"),
        ({"error": {"title": "A", "message": "b"}}, "title: A, message: b"),
        ({"error": True}, "error: true"),
        ({"error": 404}, "error: 404"),
        ({"error": {"base": {}}}, "error: empty"),
        ({"status": "Failed", "id": 1}, "status: Failed"),
        ({"success": False}, "success: false"),
        ({"success": None}, "success: null"),
        ({"success": False, "status": "Failed"}, "success: false, status: Failed"),
        ({"failed": 3}, "failed: 3"),
        ({"ticket": {"id": 1, "error": "A"}}, "ticket: error: A"),
        ({"total": 5, "succeeded": 3}, "total: 5, succeeded: 3"),
    ],
)
def test_error_text_says_how_the_item_failed(
    fields: dict[str, Any], expected: str
) -> None:
    assert error_text(failed(**fields)) == expected


def test_item_that_only_its_group_calls_failed_has_no_reason() -> None:
    job = parse_job({"id": "1", "status": "completed", "results": {"failed": [{}]}})
    assert [error_text(item) for item in job.failed] == [NO_REASON]


def test_flatten_shows_an_error_object_by_its_description() -> None:
    assert flatten({"a": [{"description": "b", "x": 1}], "c": None}) == "a: b"


@pytest.mark.parametrize(
    "text", ["x" * 2**20, "a@" * 2**19, "1-" * 2**19, '"' * 2**20, "Name: " * 2**18]
)
def test_huge_text_is_cut(text: str) -> None:
    assert len(folded(text)) <= MAX_LENGTH


VALUES = st.text("abcXYZ019 .,:-_/@'äß日", min_size=1, max_size=30).map(
    lambda text: " ".join(f"v{text}v".split())
)
PARTS = st.sampled_from(
    ["Name: {} has already been taken", 'no "{}" here', "5 of {}", "blank", "{}"]
)
ITEMS = st.builds(
    lambda error, part, value: {"error": error, "details": part.format(value)},
    st.sampled_from(["", "A", "B failed"]),
    PARTS,
    VALUES | st.text(max_size=20) | st.integers().map(str),
)
JOBS = st.lists(
    st.lists(ITEMS | st.just({"id": 1}), max_size=8).map(lambda i: make_job(*i)),
    max_size=4,
)


@given(JOBS)
def test_each_failed_item_is_in_exactly_one_group(jobs: list[Job]) -> None:
    grouped = [one for cause in group_failures(jobs) for one in cause.failures]
    expected = [id(item) for job in jobs for item in job.failed]
    assert sorted(id(one.item) for one in grouped) == sorted(expected)
    assert all(any(one.item is i for i in one.job.failed) for one in grouped)


@given(JOBS)
def test_order_of_jobs_changes_only_the_order_of_ties(jobs: list[Job]) -> None:
    one_way, other_way = summary(*jobs), summary(*reversed(jobs))
    assert Counter(one_way) == Counter(other_way)
    assert [n for _, n in one_way] == [n for _, n in other_way]
    assert summary(*jobs) == one_way


@given(JOBS)
def test_groups_of_all_jobs_are_those_of_each_job_together(jobs: list[Job]) -> None:
    counts: Counter[str] = Counter()
    for job in jobs:
        counts.update(dict(summary(job)))
    assert counts == Counter(dict(summary(*jobs)))


@given(st.text(max_size=200) | PARTS)
def test_text_with_its_values_put_back_is_the_error(text: str) -> None:
    text = text.replace("*", "+")
    result, values = fold(text)
    for value in values:
        result = result.replace("*", value.replace("*", "+"), 1)
    assert result == collapse_blanks(text)


@given(VALUES, VALUES)
def test_values_before_the_end_of_a_message_do_not_change_the_cause(
    one: str, other: str
) -> None:
    texts = {
        folded(f"A: Name: {value} has already been taken") for value in (one, other)
    }
    assert texts == {"A: Name: * has already been taken"}
