"""The signs of failure: names are looked at once, not for each item."""
# ruff: noqa: SLF001 - the plain definition consists of the same private parts

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from jobstat.jobs import signs
from jobstat.jobs.vocabulary import plain_name

NAMES = st.sampled_from(
    [
        "index",
        "id",
        "status",
        "Status",
        "success",
        "ok",
        "error",
        "errors",
        "details",
        "total",
        "timeout",
        "skipped",
        "code",
        "result",
        "failed",
        "a@b.c",
        "tags",
    ]
)
SCALARS = st.sampled_from(
    [
        None,
        True,
        False,
        0,
        1,
        1.0,
        0.0,
        3,
        404,
        "",
        "0",
        "Updated",
        "Failed",
        "no",
        "x" * 99,
        "failed " * 20,
    ]
)
OBJECTS = st.recursive(
    st.dictionaries(NAMES, SCALARS),
    lambda inner: st.dictionaries(NAMES, SCALARS | inner | st.lists(inner, max_size=2)),
    max_leaves=8,
)


def has_sign(value: Any, kind: signs._Kind) -> bool:
    """Decide by the plain definition: look at each field of each object."""
    if isinstance(value, list):
        return any(has_sign(entry, kind) for entry in value)
    return isinstance(value, dict) and (
        any(
            has_sign(inner, kind.of_inner(name, plain_name(name)))
            or signs._decide_value(name, inner, kind)
            for name, inner in value.items()
        )
        or signs._has_error_details(value, kind)
        or signs._counts_too_few(value)
    )


@given(OBJECTS, st.sampled_from(signs._Kind))
@example({"timeout": 1}, signs._Kind.ITEM)
@example({"timeout": True}, signs._Kind.ITEM)
@example({"status": False}, signs._Kind.ITEM)
@example({"status": 0}, signs._Kind.ITEM)
def test_item_fails_as_by_the_plain_definition(
    fields: dict[str, Any], kind: signs._Kind
) -> None:
    assert signs._contains_sign(fields, kind) == has_sign(fields, kind)
