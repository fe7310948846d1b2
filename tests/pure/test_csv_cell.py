"""The cells of a CSV table."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobstat.jobs.csv_cell import defuse, format_cell

SIGNS = "=+-@\t\r\n\uff1d\uff0b\uff0d\uff20"
TEXTS = st.text(st.characters(codec=None) | st.sampled_from("=+-@\t\r\n'\" \0\ud800a"))


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        (None, ""),
        ("", ""),
        (True, "true"),
        (False, "false"),
        (-5, "-5"),
        (12345678901234567890123, "12345678901234567890123"),
        (0.1, "0.1"),
        (-1e22, "-1e+22"),
        ({"a": ["ü", None]}, '{"a":["ü",null]}'),
        ([], "[]"),
        (["=1"], '["=1"]'),
        (" two\nlines, ", " two\nlines, "),
        ("Name: a=b", "Name: a=b"),
        ("NaN", "NaN"),
    ],
)
def test_json_value_becomes_the_text_of_a_cell(value: Any, cell: str) -> None:
    assert format_cell(value) == cell


@pytest.mark.parametrize("sign", SIGNS)
@pytest.mark.parametrize(
    "before", ["", " ", "'", '"', "\u200b", "\xa0\u3000", "\ufeff"]
)
def test_text_that_starts_a_formula_gets_an_apostrophe(before: str, sign: str) -> None:
    text = f"{before}{sign}1+1"
    assert format_cell(text) == defuse(text) == f"'{text}"


@pytest.mark.parametrize("text", ["a=1", "1-2", "(+1)", "x\t=1", "\u20135", "\u2026"])
def test_sign_within_a_text_does_not_change_it(text: str) -> None:
    assert format_cell(text) == text


def test_nul_before_a_formula_becomes_an_escape() -> None:
    """LibreOffice drops a NUL, and would then run the formula."""
    assert defuse("\0=1+1") == r"\x00=1+1"


@pytest.mark.parametrize("value", ["a\ud800b", {"\udfff": "\ud800"}, ["\udc80"]])
def test_lone_surrogate_becomes_an_escape(value: object) -> None:
    cell = format_cell(value)
    assert cell.encode()
    assert r"\ud" in cell
    if not isinstance(value, str):
        assert json.loads(cell) == value


@given(TEXTS)
def test_cell_is_the_text_but_for_escapes_and_an_apostrophe(text: str) -> None:
    cell = defuse(text)
    escaped = text.replace("\0", r"\x00").encode("utf-8", "backslashreplace").decode()
    assert cell in {escaped, f"'{escaped}"}
    assert cell[:1] not in set(SIGNS)


@given(TEXTS, TEXTS)
def test_apostrophe_does_not_make_two_texts_equal(first: str, second: str) -> None:
    for other in (second, f"'{first}", defuse(first)):
        if "\\" not in first + other:
            assert (defuse(first) == defuse(other)) == (first == other)
