from __future__ import annotations

from itertools import combinations_with_replacement

import pytest

from jobstat.exits import Exit, combine

# The contract's order for several jobs.
ORDER = [4, 3, 6, 5, 7, 124, 8, 0]


@pytest.mark.parametrize("pair", list(combinations_with_replacement(ORDER, 2)))
def test_the_gravest_of_several_wins(pair: tuple[int, int]) -> None:
    gravest = min(pair, key=ORDER.index)
    assert combine([Exit(code) for code in pair]) == gravest
    assert combine([Exit(code) for code in reversed(pair)]) == gravest


def test_no_job_is_no_trouble() -> None:
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
def test_forgiving_forgives_only_the_jobs_own_state(
    codes: list[int], code: int
) -> None:
    assert combine([Exit(code) for code in codes], exit_zero=True) == code


def test_the_codes_are_the_contracts() -> None:
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
