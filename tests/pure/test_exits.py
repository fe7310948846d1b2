from __future__ import annotations

from itertools import combinations_with_replacement

import pytest

from jobstat.exits import Exit, combine

# The most serious exit code of several jobs comes first.
ORDER = [4, 3, 6, 5, 7, 124, 8, 0]


@pytest.mark.parametrize("pair", list(combinations_with_replacement(ORDER, 2)))
def test_most_serious_of_two_exit_codes_wins(pair: tuple[int, int]) -> None:
    most_serious = min(pair, key=ORDER.index)
    assert combine([Exit(code) for code in pair]) == most_serious
    assert combine([Exit(code) for code in reversed(pair)]) == most_serious


def test_empty_list_of_exit_codes_combines_to_0() -> None:
    assert combine([]) is Exit.OK


@pytest.mark.parametrize(
    ("codes", "code"),
    [
        ([3], 0),
        ([6, 8, 3], 0),
        ([3, 5], 5),
        ([6, 7], 7),
        ([8, 124], 124),
        ([3, 4], 4),
    ],
)
def test_exit_zero_ignores_job_states_but_not_errors(
    codes: list[int], code: int
) -> None:
    assert combine([Exit(code) for code in codes], exit_zero=True) == code


def test_exit_codes_match_the_contract() -> None:
    assert {int(code): code.slug for code in Exit} == {
        0: "ok",
        1: "internal",
        2: "usage",
        3: "job-failed",
        4: "auth",
        5: "not-found",
        6: "items-failed",
        7: "unavailable",
        8: "unfinished",
        124: "timeout",
    }
