"""The records of a file: whole, in order, and byte for byte as the user wrote them."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstat.errors import UsageError
from jobstat.jobs.records import Document, Format, merge
from jobstat.jobs.records_csv import add_errors
from jobstat.jobs.records_file import parse_records

BLANKS = st.text(" \t\r\n", max_size=3)
NUMBERS = st.sampled_from(
    ["0", "-0", "1.0", "1e400", "-1.50E-7", "12345678901234567890123", "9" * 5000]
)
CHARACTERS = st.characters(exclude_categories=["Cs"])
STRINGS = st.one_of(
    st.builds(json.dumps, st.text(CHARACTERS, max_size=8)),
    st.builds(
        lambda text: json.dumps(text, ensure_ascii=False),
        st.text(CHARACTERS, max_size=8),
    ),
    st.sampled_from([r'"\ud83d"', r'"\ud83d\ude00"', r'"\u0041\/"', '"\u2028\x85"']),
)
SCALARS = st.one_of(NUMBERS, STRINGS, st.sampled_from(["true", "false", "null"]))


def raw_list(values: list[str], blank: str) -> str:
    return "[" + ",".join(f"{blank}{value}" for value in values) + blank + "]"


def raw_object(members: dict[str, str], blank: str) -> str:
    parts = (
        f"{blank}{json.dumps(name)}{blank}:{value}" for name, value in members.items()
    )
    return "{" + ",".join(parts) + blank + "}"


def objects(values: st.SearchStrategy[str], blanks: Any = BLANKS) -> Any:
    names = st.text(CHARACTERS, max_size=5)
    return st.builds(raw_object, st.dictionaries(names, values, max_size=3), blanks)


VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.builds(raw_list, st.lists(inner, max_size=3), BLANKS), objects(inner)
    ),
    max_leaves=5,
)
LINE_BLANKS = st.text(" \t", max_size=2)
LINE_VALUES = st.recursive(
    SCALARS,
    lambda inner: st.one_of(
        st.builds(raw_list, st.lists(inner, max_size=3), LINE_BLANKS),
        objects(inner, LINE_BLANKS),
    ),
    max_leaves=5,
)
BYTE_ORDER_MARKS = st.sampled_from(["", "\ufeff"])
MASKS = st.lists(st.booleans(), min_size=8, max_size=8)


def parse(text: str, name: str = "input") -> Document:
    return parse_records(text.encode(), name)


def texts(document: Document) -> list[str]:
    return [record.text for record in document.records]


def split(document: Document, mask: list[bool]) -> tuple[Document, Document]:
    """Return the document with the chosen records, and with the others."""
    chosen = [r for r, keep in zip(document.records, mask, strict=False) if keep]
    others = [r for r, keep in zip(document.records, mask, strict=False) if not keep]
    return document.with_records(chosen), document.with_records(others)


def check_both_parts(document: Document, mask: list[bool], name: str = "input") -> None:
    """Check that both parts parse again, and together hold every record in order."""
    rest = []
    for part in split(document, mask):
        rest.append(texts(part))
        if part.records:
            again = parse(part.text, name)
            assert (again.format, again.shape) == (document.format, document.shape)
            assert texts(again) == texts(part)
    for text, keep in zip(texts(document), mask, strict=False):
        assert rest[0 if keep else 1].pop(0) == text
    assert rest == [[], []]


@given(
    st.lists(objects(VALUES), min_size=1, max_size=8),
    BLANKS,
    BLANKS,
    BYTE_ORDER_MARKS,
    MASKS,
)
def test_json_document_is_split_into_records_that_are_kept_byte_for_byte(
    records: list[str], before: str, after: str, mark: str, mask: list[bool]
) -> None:
    array = "[" + f"{after},{before}".join(records).join([before, after]) + "]"
    text = f'{mark}{{{before}"tickets"{after}:{array}{after}}}\n'
    document = parse(text)
    assert texts(document) == records
    assert document.text == text
    check_both_parts(document, mask)
    bare = parse(f"{mark}{array}\n")
    assert texts(bare) == records
    check_both_parts(bare, mask)


@given(
    st.lists(objects(LINE_VALUES, LINE_BLANKS), min_size=1, max_size=8),
    st.sampled_from(["\n", "\r\n", "\n\n", " \r\n\t\n"]),
    st.booleans(),
    BYTE_ORDER_MARKS,
    MASKS,
)
def test_json_lines_are_kept_byte_for_byte(
    records: list[str], newline: str, ended: bool, mark: str, mask: list[bool]
) -> None:
    text = mark + newline.join(records) + newline * ended
    document = parse(text, "input.jsonl")
    assert [record.strip(" \t\r\n") for record in texts(document)] == [
        record.strip() for record in records
    ]
    assert all(record.endswith("\n") for record in texts(document))
    kept = [line for line in document.text.splitlines(keepends=True) if line.strip()]
    if newline in {"\n", "\r\n"} and ended:
        assert document.text == text
    assert kept
    check_both_parts(document, mask, "input.jsonl")


CELLS = st.text(st.sampled_from(list('ab"\r\n,;\t é\u2028=\0')), max_size=5)


@st.composite
def csv_records(draw: st.DrawFn, delimiter: str) -> tuple[str, list[str]]:
    """Return a record of CSV as written, and its cells."""
    cells, written = draw(st.lists(CELLS, min_size=3, max_size=3)), []
    for cell in cells:
        must_quote = re.search(rf'[{delimiter}\r\n]|^"', cell)
        if must_quote or draw(st.booleans()):
            written.append('"{}"'.format(cell.replace('"', '""')))
        else:
            written.append(cell)
    return delimiter.join(written), cells


def read_csv(text: str, delimiter: str) -> list[list[str]]:
    lines = io.StringIO(text.removeprefix("\ufeff"), newline="")
    return [row for row in csv.reader(lines, delimiter=delimiter) if row]


@given(st.data(), st.sampled_from(",;\t"), BYTE_ORDER_MARKS, st.booleans(), MASKS)
def test_csv_is_kept_byte_for_byte(
    data: st.DataObject, delimiter: str, mark: str, ended: bool, mask: list[bool]
) -> None:
    records = data.draw(st.lists(csv_records(delimiter), max_size=8))
    newline = data.draw(st.sampled_from(["\n", "\r\n"]))
    header = ["id", "na me", '"no\nte"']
    lines = [delimiter.join(header), *(text for text, _ in records)]
    text = mark + newline.join(lines) + newline * ended
    document = parse(text)
    assert texts(document) == [f"{record}{newline}" for record, _ in records]
    last_break = newline if records or ended else "\n"
    assert document.text == text.removesuffix(newline) + last_break
    check_both_parts(document, mask)
    chosen = [cells for (_, cells), keep in zip(records, mask, strict=False) if keep]
    part, _ = split(document, mask)
    assert read_csv(part.text, delimiter)[1:] == chosen
    errors = [("=bad", f"x{delimiter}\n'\"{n}") for n in range(len(chosen))]
    for _ in range(2):  # the second round replaces the columns of the first
        part = parse(add_errors(part, errors).text)
        rows = read_csv(part.text, delimiter)
        assert rows[0] == ["id", "na me", "no\nte", "error", "details"]
        assert [row[:3] for row in rows[1:]] == chosen
        assert [row[3:] for row in rows[1:]] == [["'=bad", text] for _, text in errors]


@pytest.mark.parametrize(
    ("text", "expected", "count"),
    [
        ('{"tickets": []}', Format.JSON, 0),
        ('{\n"organizations": [{},\n{}]\n}', Format.JSON, 2),
        ("[]", Format.JSON, 0),
        ("[{}]", Format.JSON, 1),
        ('{"subject": "a"}', Format.JSON_LINES, 1),
        ('{"subject": "a", "tags": []}', Format.JSON_LINES, 1),
        ('{"id": 1, "custom": [{}]}\n{"id": 2}', Format.JSON_LINES, 2),
        ('{"custom": [{}, {}], "id": 1}', Format.JSON_LINES, 1),
        ("id\n1\n2", Format.CSV, 2),
        ("name\n\nAcme\n\n", Format.CSV, 1),
        ("id,name", Format.CSV, 0),
        ('id;note\n1;"a\n\nb"\n2;c', Format.CSV, 2),
        ("id\tnote\n1\ta,b;c", Format.CSV, 1),
        ('id;"a,b"\n1;2', Format.CSV, 1),
        ("id,name\r1,a\r2,b\r", Format.CSV, 2),
    ],
)
def test_format_is_found_by_content(text: str, expected: Format, count: int) -> None:
    for mark in ("", "\ufeff"):
        document = parse(mark + text)
        assert (document.format, len(document.records)) == (expected, count)


def test_file_name_decides_if_one_line_could_be_json_or_json_lines() -> None:
    line = '{"custom_fields": [{"id": 1}, {"id": 2}]}\n'
    assert len(parse(line, "batch.json").records) == 2
    assert texts(parse(line, "batch.jsonl")) == [line]


def test_array_beside_other_fields_holds_no_records() -> None:
    line = '{"subject": "a", "custom_fields": [{"id": 1}, {"id": 2}]}\n'
    assert texts(parse(line, "batch.json")) == [line]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "input: the file is empty"),
        (b" \n", "input: the file is empty"),
        (b"id,name\n1,M\xfcller", "input, line 2: this is not text in UTF-8"),
        (b"\xff\xfei\0d\0", "input, line 1: this is not text in UTF-8"),
        (
            b'{"tickets": [{"a": 1,\n "a": 2}]}',
            "input, line 1: an object has the name 'a' twice",
        ),
        (
            b'{"tickets": [{}],\n "tickets": [{}]}',
            "input, line 2: an object has the name 'tickets' twice",
        ),
        (b'[{"a": [{"b": 1, "b": 1}]}]', "input, line 1: an object has the name 'b'"),
        (
            b'{"id": 1}\n{"id": 1, "id": 2}',
            "line 2: an object has the name 'id'",
        ),
        (b'[{"a": NaN}]', "input, line 1: NaN is not JSON"),
        (b'[{"a":\n -Infinity}]', "input, line 1: -Infinity is not JSON"),
        (b"[" + b'{"a":' * 70 + b"1" + b"}" * 70 + b"]", "deeper than 64 levels"),
        (b'{"a":' * 70 + b"1" + b"}" * 70, "deeper than 64 levels"),
        (b"[" * 100_000, "nested deeper than 64 levels"),
        (b'{"tickets": [{}]', "input, line 1: broken JSON: ',' or '}' must stand here"),
        (
            b'{"tickets": [{}\n',
            "line 2: broken JSON: ',' or ']' must stand here",
        ),
        (b'{"tickets": [{},]}', "broken JSON: a value must stand here"),
        (b'{"tickets"; []}', "broken JSON: ':' must stand here, not something else"),
        (b"{'tickets': []}", "broken JSON: a name in quotes must stand here"),
        (b'{"tickets": [{}]} x', "input, line 1: the JSON goes on after its end"),
        (b"[{}] [{}]", "input, line 1: the JSON goes on after its end"),
        (b"[1, 2]", "input, line 1: this is not a record"),
        (b'{"a": [{}],\n"b": [{}]}', "input: the JSON is not an array of records, or"),
        (b'{\n"ids": [1, 2]\n}', "or an object with only such an array"),
        (b'{"subject": "a",\n"custom_fields": [{"id": 1}]}', "input: the JSON is not"),
        (b'{"id": 1}\n{"id": 2', "input, line 2: broken JSON"),
        (b'{"id": 1}\n{"id": 2} {"id": 3}', "input, line 2: this line goes on after"),
        (b'{"id": 1}\n3', "input, line 2: this is not a record"),
        (
            b'{"id": 1}\n{"id":\n2}',
            "line 2: this record is longer than one line",
        ),
        (b"35436\n35437\n", "its first line does not name the columns of CSV"),
        (b"1,2,3", "its first line does not name the columns of CSV"),
        (b"Hello there.\n", "its first line does not name the columns of CSV"),
        (b"<!doctype html>\n", "its first line does not name the columns of CSV"),
        (b",,\n1,2,3", "its first line does not name the columns of CSV"),
        (b"id,name\n1,a,b", "input, line 2: this record has 3 cells, but the header"),
        (b'"id,name\n1,2', "input: its first record is broken CSV"),
        (b'id,name\n1,"a"b', "input, line 2: broken CSV: ',' expected after '\"'"),
        (b'id,name\n1,"a\n2,b', "input, line 2: broken CSV: unexpected end of data"),
        (b"ID,name,id\n1,a,2", "input, line 1: the header has the column 'id' twice"),
    ],
)
def test_other_content_is_refused(content: bytes, message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        parse_records(content, "input")


def test_reason_of_broken_json_is_complete() -> None:
    with pytest.raises(UsageError) as caught:
        parse('[{"a": "b\n"}]')
    assert (
        caught.value.message == "input, line 1: broken JSON: Invalid control character"
    )


def test_field_of_a_mebibyte_in_csv_is_read() -> None:
    text = f'id,note\n1,"{"x" * 2**20}"\n'
    assert len(parse(text).records) == 1


def test_keys_are_compared_as_text() -> None:
    json_record = '{"id": 12, "external_id": null, "email": " Ada@Example.org"}'
    (record,) = parse(f"[{json_record}]").records
    assert record.keys == {"id": "12", "email": "ada@example.org"}
    (record,) = parse("E-mail;External ID;ID\nAda@Example.org; 7 ;12").records
    assert record.keys == {"id": "12", "external_id": "7", "email": "ada@example.org"}


def test_letter_case_of_an_email_address_is_all_that_does_not_matter() -> None:
    one, two = parse('[{"email": "straße@x.org"}, {"email": "STRASSE@x.org"}]').records
    assert (one.keys["email"], two.keys["email"]) == ("straße@x.org", "strasse@x.org")


def test_delimiter_is_the_one_that_shows_a_column_of_ids() -> None:
    (record,) = parse("id;name,x\n1;a,b").records
    assert record.keys == {"id": "1"}
    (record,) = parse("name,E-Mail;x;y\na,b@example.org;c;d").records
    assert record.keys == {}
    assert parse("a;b;c,d\n1;2;3,4").shape == (";", ["a", "b", "c,d"])


def test_quoted_delimiter_in_the_header_is_not_the_delimiter() -> None:
    (record,) = parse('id;"a,b"\n1;2').records
    assert record.keys == {"id": "1"}


def test_empty_json_document_has_no_blanks_inside() -> None:
    document = parse('{"tickets": [\n  {}\n]}\n')
    assert document.with_records([]).text == '{"tickets": []}\n'


def test_documents_are_merged_in_their_order() -> None:
    one, two = parse('{"tickets": [{"id": 1}]}'), parse('{"tickets":[{},  {"id":3}]}')
    assert merge([one, two]).text == '{"tickets": [{"id": 1},  {},  {"id":3}]}\n'
    lines = merge([parse('{"id": 1}'), parse('{"id": 2}\n{"id": 3}')])
    assert lines.text == '{"id": 1}\n{"id": 2}\n{"id": 3}\n'


def test_lines_of_several_files_end_as_those_of_the_first() -> None:
    one, two = parse("id,a\r\n1,x"), parse('id,a\n2,"y\n"\n3,z\r')
    assert merge([one, two]).text == 'id,a\r\n1,x\r\n2,"y\n"\r\n3,z\r\n'
    assert merge([two]).text == 'id,a\n2,"y\n"\n3,z\r'
    lines = merge([parse("{}\r\n{}"), parse('{"id": 2}\n{"id": 3}')])
    assert lines.text == '{}\r\n{}\r\n{"id": 2}\r\n{"id": 3}\r\n'


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        (
            '{"tickets": [{}]}',
            '{"users": [{}]}',
            "have different arrays of records: tickets and users",
        ),
        (
            '{"tickets": [{}]}',
            "[{}]",
            "have different arrays of records: tickets and unnamed",
        ),
        ("[{}]", "id\n1", "have different formats: JSON and CSV"),
        ("id,name", "name,id", "have different columns or delimiters"),
        ("id,name", "id;name", "have different columns or delimiters"),
    ],
)
def test_documents_of_different_shapes_are_not_merged(
    first: str, second: str, message: str
) -> None:
    with pytest.raises(UsageError, match=f"^one and two {message}"):
        merge([parse(first, "one"), parse(second, "two")])


def test_error_columns_in_another_place_are_refused() -> None:
    for header in ("id,error,name", "details,id", "id,details,error", "id,error"):
        document = parse(f"{header}\n")
        with pytest.raises(UsageError, match="is there already"):
            add_errors(document, [])


def test_error_columns_of_a_short_record_are_below_their_names() -> None:
    document = parse("id,name,note\r\n1\r\n")
    extended = add_errors(document, [("E", "")])
    assert extended.text == "id,name,note,error,details\r\n1,,,E,\r\n"
