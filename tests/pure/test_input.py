"""The jobs and refused requests on standard input."""

from __future__ import annotations

import json
import random
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import ID, OTHER, completed, job_object

from jobstat.errors import UsageError
from jobstat.jobs.input import JobInput, parse_input
from jobstat.jobs.reference import Reference, parse_reference

URL = f"https://acme.zendesk.com/api/v2/job_statuses/{ID}.json"
CREATED = {"job_status": job_object()}
FULL = {
    "error": "TooManyJobs",
    "description": "Too many jobs are currently queued or running.",
    "current_job_ids": [ID, OTHER],
}
INVALID = {"error": "RecordInvalid", "description": "Record validation errors"}


def ids(*parts: object) -> list[str]:
    text = "\n".join(
        part if isinstance(part, str) else json.dumps(part) for part in parts
    )
    return [reference.id for reference in parse_input(text.encode()).jobs]


@pytest.mark.parametrize(
    "part",
    [
        CREATED,
        {"ticket": {"id": 1}, **CREATED},
        job_object(),
        {"id": ID, "status": "queued"},
        {"job_statuses": [job_object()], "meta": {"has_more": False}},
        [job_object()],
        [CREATED],
        [ID],
        f'"{ID}"',
        ID,
        URL,
        f"  {ID}\t",
        f"\ufeff{ID}",
        f"\x1e{json.dumps(CREATED)}",
        json.dumps(CREATED, indent=4),
        json.dumps(completed({"id": 1}), indent=4),
    ],
)
def test_job_id_is_found_in_each_form_of_input(part: object) -> None:
    assert ids(part) == [ID]


def test_all_forms_of_input_can_be_mixed() -> None:
    line = json.dumps(CREATED)
    assert ids(f"a b {line}{line} c", "d", {"job_statuses": [{"id": "e"}]}, FULL) == [
        "a",
        "b",
        ID,
        "c",
        "d",
        "e",
        ID,
        OTHER,
    ]


@pytest.mark.parametrize(
    "answer",
    [
        {**CREATED, "job_statuses": [job_object(id=OTHER)]},
        {"id": "x", "status": "ok", **CREATED, "job_statuses": [{"id": OTHER}]},
        {**CREATED, "error": "", "job_statuses": [{"id": OTHER}]},
    ],
)
def test_jobs_in_job_status_and_job_statuses_are_all_kept(answer: object) -> None:
    assert ids(answer) == [ID, OTHER]


def test_error_beside_a_job_is_reported_and_the_job_is_taken() -> None:
    job_input = parse_input(json.dumps({**CREATED, **INVALID}).encode())
    assert [reference.id for reference in job_input.jobs] == [ID]
    assert "RecordInvalid" in str(job_input.problem)
    job_input = parse_input(json.dumps({**CREATED, **FULL}).encode())
    assert [reference.id for reference in job_input.jobs] == [ID, ID, OTHER]
    job_input = parse_input(json.dumps({"job_status": None, **INVALID}).encode())
    assert (job_input.jobs, str(job_input.problem)[-6:]) == ((), "errors")


@pytest.mark.parametrize(
    "answer",
    [
        {"error": "RecordInvalid", "current_job_ids": [ID]},
        {"errors": [{"title": "Boom"}], **CREATED},
        {"success": False, **CREATED},
        {"failed": 3, **CREATED},
        {"error_message": "Boom"},
        {"status": "error", "message": "quota", "job_statuses": []},
        {"status": 422, **CREATED},
        {"results": [{"error": "x"}], "job_statuses": []},
        {"result": {"error": "x"}, **CREATED},
    ],
)
def test_any_error_except_too_many_jobs_is_a_problem(answer: object) -> None:
    assert parse_input(json.dumps(answer).encode()).problem


def test_error_in_an_unknown_form_is_quoted_as_json() -> None:
    answer = {"errors": [{"title": "Bööm"}], **CREATED}
    job_input = parse_input(json.dumps(answer).encode())
    assert str(job_input.problem) == (
        'Zendesk refused a request: {"errors": [{"title": "Bööm"}]}'
    )


def test_other_fields_beside_a_job_are_not_a_problem() -> None:
    ticket = {"id": 1, "status": "pending", "comments": [{"id": 2}]}
    answer = {**CREATED, "ticket": ticket, "success": True, "status": "created"}
    job_input = parse_input(json.dumps(answer).encode())
    assert [reference.id for reference in job_input.jobs] == [ID]
    assert job_input.problem is None


def test_error_field_of_a_bare_job_is_not_a_problem() -> None:
    job_input = parse_input(json.dumps({**job_object(), "error": "Boom"}).encode())
    assert [reference.id for reference in job_input.jobs] == [ID]
    assert job_input.problem is None


def test_repeated_words_are_parsed_only_once() -> None:
    with patch("jobstat.jobs.input.parse_reference", wraps=parse_reference) as parse:
        assert ids(*[ID, URL] * 1000) == [ID, ID]
    assert parse.call_count == 2


def test_url_in_the_input_keeps_its_account() -> None:
    (reference,) = parse_input(URL.encode()).jobs
    assert reference == Reference(ID, "https://acme.zendesk.com")


def test_url_field_of_a_job_does_not_set_the_account() -> None:
    (reference,) = parse_input(json.dumps(job_object()).encode()).jobs
    assert reference.origin is None


def test_too_many_jobs_error_yields_current_job_ids_and_a_warning() -> None:
    job_input = parse_input(json.dumps(FULL).encode())
    assert [reference.id for reference in job_input.jobs] == [ID, OTHER]
    assert job_input.problem is None
    (warning,) = job_input.warnings
    assert warning == (
        "Zendesk refused a request: TooManyJobs: Too many jobs are currently queued"
        " or running; the running jobs that it names are included"
    )


@pytest.mark.parametrize("job_ids", ["abc", 7, {"a": 1}, None, []])
def test_too_many_jobs_error_without_job_ids_is_a_problem(job_ids: object) -> None:
    job_input = parse_input(json.dumps({**FULL, "current_job_ids": job_ids}).encode())
    assert job_input.jobs == ()
    assert "TooManyJobs" in str(job_input.problem)


def test_too_many_jobs_error_among_good_answers_is_a_warning() -> None:
    job_input = parse_input("\n".join(map(json.dumps, [FULL, CREATED])).encode())
    assert [reference.id for reference in job_input.jobs] == [ID, ID, OTHER]
    assert job_input.problem is None
    assert "TooManyJobs" in job_input.warnings[0]


def test_refused_requests_are_counted_and_quoted_as_a_problem() -> None:
    job_input = parse_input(
        "\n".join(map(json.dumps, [INVALID, CREATED, INVALID])).encode()
    )
    assert [reference.id for reference in job_input.jobs] == [ID]
    assert str(job_input.problem) == (
        "Zendesk refused 2 requests: RecordInvalid: Record validation errors"
    )
    assert job_input.warnings == [str(job_input.problem)]


@pytest.mark.parametrize(
    "text", ["Number of allowed requests exceeded", "Please wait, then try again.\r"]
)
def test_plain_text_sentence_is_reported_as_a_refused_request(text: str) -> None:
    job_input = parse_input(f"{ID}\n{text}\n{OTHER} a b c".encode())
    assert [reference.id for reference in job_input.jobs] == [ID, OTHER, "a", "b", "c"]
    assert str(job_input.problem) == "Zendesk refused a request: " + text.rstrip(".\r")


@pytest.mark.parametrize(
    ("page", "name"),
    [
        (
            "<html>\n<title> 502 Bad\x1b\n</title>\n</html>",
            "a web page, '502 Bad\\x1b'",
        ),
        ("<!DOCTYPE HTML>\n<p>sorry</p></HTML>", "a web page"),
    ],
)
def test_web_page_is_reported_as_a_refused_request(page: str, name: str) -> None:
    job_input = parse_input(f"{ID}\n{page}\n{OTHER}".encode())
    assert [reference.id for reference in job_input.jobs] == [ID, OTHER]
    message = f"Zendesk refused a request: {name} instead of an answer"
    assert str(job_input.problem) == message
    assert parse_input(f"{ID} {page[:-7]}".encode()).problem


@pytest.mark.parametrize(
    "answer",
    [
        json.dumps(CREATED),
        json.dumps(job_object("queued")),
        json.dumps({"url": "u", **job_object("queued")}),
        json.dumps({"ticket": {"id": 1}, **CREATED}),
        json.dumps([CREATED], indent=2),
        ID,
        ID.removeprefix("V3-"),
        f"https://acme.zendesk.com/api/v2/job_statuses/{ID}.json",
    ],
)
def test_truncated_web_page_ends_at_the_next_job(answer: str) -> None:
    page = "<html><body>502 Bad Gateway</body>\nSee https://acme.zendesk.com {"
    job_input = parse_input(f"{page}\n{answer}\n{OTHER}".encode())
    first, second = (reference.id for reference in job_input.jobs)
    assert first.removeprefix("V3-") == ID.removeprefix("V3-")
    assert second == OTHER
    assert "a web page instead of an answer" in str(job_input.problem)


@pytest.mark.parametrize(
    "words",
    ["Bad Gateway", "502 Bad Gateway", "Not Found", "Unauthorized", "Gateway Timeout."],
)
def test_http_reason_phrase_is_reported_as_a_refused_request(words: str) -> None:
    job_input = parse_input(f"{ID}\n{words}\r\n{OTHER} a b".encode())
    assert [reference.id for reference in job_input.jobs] == [ID, OTHER, "a", "b"]
    assert str(job_input.problem) == f"Zendesk refused a request: {words.rstrip('.')}"


@pytest.mark.parametrize("words", ["Gone Fishing", "not found", "OK", "Not Founded"])
def test_words_that_are_not_a_reason_phrase_are_job_ids(words: str) -> None:
    assert [job.id for job in parse_input(words.encode()).jobs] == words.split()


@pytest.mark.parametrize(
    ("count", "rest"),
    [(3, ""), (4, "; and 1 more reason"), (9, "; and 6 more reasons")],
)
def test_problem_quotes_three_reasons_and_counts_the_others(
    count: int, rest: str
) -> None:
    errors = [{"error": f"Reason{number}"} for number in range(count)]
    job_input = parse_input("\n".join(map(json.dumps, errors)).encode())
    assert str(job_input.problem) == (
        f"Zendesk refused {count} requests: Reason0; Reason1; Reason2{rest}"
    )


@pytest.mark.parametrize("text", ["", " \n\t\n", "[]", '{"job_statuses": []}'])
def test_empty_input_has_no_jobs(text: str) -> None:
    assert parse_input(text.encode()) == JobInput(())


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("[1, 2, 3]", 1, "this JSON names no job: it is a number"),
        (f"{ID}\n\n[[]]", 3, "this JSON names no job: it is a list of lists"),
        (f'{ID}\n{{"ticket": {{}}}}', 2, "an object without job_status"),
        ('{"job_status": {"id": "a', 1, "this JSON is cut off or broken"),
        ('{"job_status": null}', 1, "a job status has no id: it is null"),
        ('{"job_status": {"id": 7}}', 1, "not a job id: 7"),
        ('{"job_status": {"id": %s}}' % ("[" * 9 + "]" * 9), 1, "id: it is not a text"),
        ('{"job_status": {"id": "../users"}}', 1, "not a job id: '../users'"),
        ('{"error": "TooManyJobs", "current_job_ids": ["a b"]}', 1, "not a job id"),
        ('{"error": ""}', 1, "an object without job_status"),
        ('{"job_statuses": {}}', 1, "job_statuses must be a list, but is an object"),
        (f'{ID}\n{{"job_status":{{"id":"a"}},"job_status":{{"id":"b"}}}}', 2, "twice"),
        ('[{"job_status":{"id":"a","id":"b"}}]', 1, "an object with a name twice"),
        ("a\nb\n../c", 3, "not a job id: '../c'"),
        ("a\0b", 1, r"not a job id: 'a\x00b'"),
        ("null", 1, "not a job id: null"),
        ("HTTP/2 200", 1, "the headers of an HTTP answer"),
        ("[" * 100_000, 1, "this JSON is cut off or broken"),
        ("[" + "9" * 5000 + "]", 1, "this JSON is cut off or broken"),
        ("9" * 5000, 1, "not a job id: '999"),
        ("https://acme.zendesk.com/", 1, "not the URL of a job status"),
    ],
)
def test_invalid_input_raises_a_usage_error_with_its_line_number(
    text: str, line: int, message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        parse_input(text.encode())
    assert str(caught.value).startswith(f"standard input, line {line}: ")
    assert message in str(caught.value)
    assert len(str(caught.value)) < 200


def test_binary_input_of_5_mib_raises_a_usage_error() -> None:
    noise = random.Random(1).randbytes(5 * 2**20)
    with pytest.raises(UsageError, match="not text in UTF-8"):
        parse_input(noise)


def test_invalid_utf_8_raises_an_error_with_its_line_number() -> None:
    with pytest.raises(UsageError, match="line 3: this is not text in UTF-8"):
        parse_input(b"a\nb\n\xff")


def test_ten_thousand_ids_are_read() -> None:
    many = [f"V3-{number:032x}" for number in range(10_000)]
    assert ids(*many) == many


@given(st.binary())
def test_any_bytes_are_parsed_or_raise_a_usage_error(content: bytes) -> None:
    try:
        job_input = parse_input(content)
    except UsageError:
        return
    for reference in job_input.jobs:
        assert parse_reference(reference.id).id == reference.id


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: (
        st.lists(inner)
        | st.dictionaries(
            st.sampled_from(
                [
                    "job_status",
                    "job_statuses",
                    "id",
                    "status",
                    "error",
                    "current_job_ids",
                ]
            ),
            inner,
        )
    ),
)


@given(values)
def test_any_json_is_parsed_or_raises_a_usage_error(value: object) -> None:
    try:
        parse_input(json.dumps(value).encode())
    except UsageError as problem:
        assert str(problem)  # noqa: PT017 - either is fine


def test_long_input_is_parsed_in_linear_time() -> None:
    """Each word could begin a sentence, and would be read again to its end."""
    with pytest.raises(UsageError, match="standard input"):
        parse_input(b"Ab " * 100_000 + b"1!")
    assert parse_input(b"<html>" + b"\n" * 10**6 + b"</html>").refused


def test_job_inside_another_job_raises_a_usage_error() -> None:
    inner = {"job_status": {"id": OTHER}}
    for answer in (
        {"id": ID, "status": "queued"} | inner,
        {"job_statuses": [{"id": ID, "status": "queued"} | inner]},
        {"id": ID, "status": "queued", "job_statuses": []},
    ):
        with pytest.raises(UsageError, match=r"inside another|where job_status should"):
            parse_input(json.dumps(answer).encode())


@pytest.mark.parametrize(
    "beside",
    [
        {"jobStatus": {"id": OTHER}},
        {"Job_Statuses": [{"id": OTHER}]},
        {"next": {"job_status": {"id": OTHER}}},
        {"more": [{"x": 1}, {"job_status": {"id": OTHER}}]},
        {"jobs": [{"id": OTHER, "status": "queued"}]},
        {"job_ids": [OTHER]},
    ],
)
def test_job_in_an_unexpected_place_raises_a_usage_error(
    beside: dict[str, Any],
) -> None:
    for answer in (
        CREATED | beside,
        CREATED["job_status"] | beside,
        {"job_status": CREATED["job_status"] | beside},
    ):
        with pytest.raises(UsageError, match="where job_status should be"):
            parse_input(json.dumps(answer).encode())


@pytest.mark.parametrize("depth", [70, 300, 900])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_json_nested_deeper_than_64_raises_a_usage_error(
    depth: int, opening: str, closing: str
) -> None:
    deep = opening * depth + "1" + closing * depth
    text = f'{ID}\n{{"job_status": {{"id": "A", "status": "queued"}}, "x": {deep}}}'
    with pytest.raises(UsageError, match="line 2: this JSON is nested deeper than 64"):
        parse_input(text.encode())


NEXT = "https://acme.zendesk.com/api/v2/job_statuses.json?page[after]=x"


@pytest.mark.parametrize(
    "more",
    [
        {"meta": {"has_more": True, "after_cursor": "x"}, "links": {"next": NEXT}},
        {"next_page": NEXT, "count": 150},
        {"has_more": True},
    ],
)
def test_job_list_without_its_last_page_raises_a_usage_error(
    more: dict[str, Any],
) -> None:
    page = {"job_statuses": [job_object()]}
    with pytest.raises(
        UsageError, match="line 2: the list of jobs is incomplete"
    ) as caught:
        parse_input(f"{OTHER}\n{json.dumps(page | more)}".encode())
    assert "watch --all" in str(caught.value.hint)
    last = page | {"meta": {"has_more": False}}
    all_pages = [page | more, last]
    for text in ("\n".join(map(json.dumps, all_pages)), json.dumps(all_pages)):
        assert [job.id for job in parse_input(text.encode()).jobs] == [ID]
    # A list that does not mention pages is not the last page.
    for pages in ([page | more], [page | more, page]):
        with pytest.raises(UsageError, match="line 1: the list of jobs is incomplete"):
            parse_input(json.dumps(pages).encode())


def test_number_in_a_jobs_field_is_ignored() -> None:
    assert parse_input(json.dumps(CREATED | {"jobs": 3}).encode()).jobs
