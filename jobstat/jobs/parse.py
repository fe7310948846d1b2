"""Parse the JSON of a job status.

Parsing is total: any bytes give a Job or raise InvalidResponse.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from collections.abc import Set as AbstractSet
from math import floor, inf, isfinite
from typing import Any, NoReturn

from jobstat.errors import InvalidResponse
from jobstat.jobs.job import MAX_COUNT, Item, Job
from jobstat.jobs.signs import is_about_all_items, is_failed_item, shows_any_failure
from jobstat.jobs.vocabulary import is_failed_code, is_failed_group, is_key, plain_name

# Plain names of fields that decide a verdict or hold a job. A field with such a name in
# another spelling or place could contradict the field that is read.
_VERDICT_FIELDS = frozenset({"status", "results"})
_COUNT_FIELDS = frozenset({"total", "progress"})
_JOB_FIELDS = frozenset({"jobstatus", "jobstatuses"})

_CAPPED_COUNT = MAX_COUNT + 1
"""The result for every larger count. No job has so many items."""

MAX_DIGITS = 20
"""Digits of a count in a text. A longer count is too large: MAX_COUNT has 16."""

_NUMBER = re.compile(r"([+-]?)([0-9]+)(?:\.[0-9]*)?", re.ASCII)
_THOUSANDS_COMMA = re.compile(r",(?=[0-9]{3}(?![0-9]))", re.ASCII)
"""The comma in "1,000", not the ambiguous one in "5,5"."""

_NOT_ZENDESK_HINT = "Check the address of the account and the proxy settings."

MAX_VALUES = 1_000_000
"""Values in a body, by its commas and brackets. An answer about 100 jobs of 100 items
has 100,000. More could turn a body of a few MiB into gigabytes of Python objects."""

MAX_DEPTH = 64
"""Levels of nesting in JSON. A real answer has 4."""


def parse_answer(body: bytes) -> Job:
    """Parse the answer to ``GET /api/v2/job_statuses/{id}.json``.

    Zendesk wraps the job: ``{"job_status": {...}}``. Its documentation of 2012 shows
    the bare object, and servers written after it send that. Raise InvalidResponse
    for anything else.
    """
    document = decode_json(body)
    if isinstance(document, dict) and "job_status" in document:
        check_fields_beside(document, "job_status")
        document = document["job_status"]
    elif not (isinstance(document, dict) and {"id", "status"} <= document.keys()):
        raise _invalid(f"{describe_type(document)} without job_status")
    return parse_job(document)


def parse_job(value: object) -> Job:
    """Parse a decoded job_status object.

    The fields that decide the verdict (id, status, results) are strict: raise
    InvalidResponse if one is wrong. The others are lenient: a total that is not a
    number is an unknown total.
    """
    if not isinstance(value, dict):
        raise _invalid(f"a job_status that is {describe_type(value)}")
    for name in ("id", "status"):
        if not (isinstance(value.get(name), str) and value[name].strip()):
            raise _invalid(f"a job_status without {name}")
    # A "Status" beside "status" could contradict it.
    expected = _VERDICT_FIELDS | _COUNT_FIELDS
    if other := _find_misplaced(value, expected | _JOB_FIELDS, expected):
        raise _invalid(f"a job_status with {other!r}")
    return Job(
        id=value["id"],
        status=value["status"].strip(),
        job_type=_parse_text(value.get("job_type")),
        url=_parse_text(value.get("url")),
        total=_parse_count(value.get("total")),
        progress=_parse_count(value.get("progress")),
        message=_parse_text(value.get("message")),
        items=_parse_results(value.get("results")),
        fields=value,
    )


def check_fields_beside(document: dict[str, Any], jobs_field: str) -> None:
    """Raise InvalidResponse if a field beside the jobs could contradict them.

    ``jobs_field`` is the name of the field that holds the jobs.
    """
    deciding = _VERDICT_FIELDS | _JOB_FIELDS
    if name := _find_misplaced(document, deciding, {jobs_field}):
        raise _invalid(f"a field {name!r} beside {jobs_field!r}")
    beside = {name: value for name, value in document.items() if name != jobs_field}
    if shows_any_failure(beside):
        raise _invalid(f"an error beside {jobs_field!r}")


def _find_misplaced(
    document: dict[str, Any], deciding: AbstractSet[str], expected: AbstractSet[str]
) -> str | None:
    """Return the first name that decides a verdict but is not expected here."""
    names = (name for name in document if plain_name(name) in deciding)
    return next((name for name in names if name not in expected), None)


def decode_json(body: bytes) -> object:
    """Decode JSON in UTF-8, with or without a byte order mark.

    Raise InvalidResponse for text that is not strict JSON: NaN, infinite numbers,
    broken UTF-8, integers beyond Python's limit of 4,300 digits. Also raise it for
    nesting beyond MAX_DEPTH, more than MAX_VALUES values, and an object that has a
    name twice, because either value could be the true one.
    """
    if not body.strip():
        raise _invalid("an empty body")
    if body.lstrip()[:1] == b"<":
        raise _invalid("a web page instead of JSON", _NOT_ZENDESK_HINT)
    if sum(map(body.count, (b",", b"[", b"{"))) > MAX_VALUES:
        raise _invalid(f"JSON of more than {MAX_VALUES:,} values")
    try:
        document: object = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_build_object,
            parse_constant=_reject_constant,
            parse_float=_parse_finite_float,
        )
    except (ValueError, RecursionError) as error:
        raise _invalid("something that is not JSON", _NOT_ZENDESK_HINT) from error
    if is_too_deep(document):
        raise _invalid(f"JSON nested deeper than {MAX_DEPTH} levels")
    return document


def _build_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        raise _invalid("an object with a name twice")
    return fields


def _reject_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _parse_finite_float(text: str) -> float:
    number = float(text)
    if number in (inf, -inf):
        # json.dumps would write 1e400 as Infinity, which is not JSON.
        raise ValueError(text)
    return number


def is_too_deep(document: object) -> bool:
    """Return whether a decoded value is nested deeper than MAX_DEPTH."""
    level = [document]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for value in level
            if isinstance(value, (dict, list))
            for child in (value.values() if isinstance(value, dict) else value)
            if isinstance(child, (dict, list))  # only these are nested deeper
        ]
        if not level:
            return False
    return True


def _parse_results(results: object) -> tuple[Item, ...]:
    """Return the items in ``results``: a list, one object for all, or groups."""
    if results is None:
        return ()
    if isinstance(results, list):
        return tuple(_parse_item(entry, place) for place, entry in enumerate(results))
    if not isinstance(results, dict):
        raise _invalid(f"results that are {describe_type(results)}")
    return tuple(_parse_groups(results))


def _parse_groups(
    results: dict[str, Any], *, all_failed: bool = False
) -> Iterator[Item]:
    """Yield the items in an object of groups. The object may also be one item.

    A group is an item, a list of items, such as ``{"created": [...]}``, or an object
    of groups. If the name of an item is a number, it is the item's index. Other fields
    of the object are about all its items.
    """
    common = {name: v for name, v in results.items() if is_about_all_items(name, v)}
    groups = {name: v for name, v in results.items() if name not in common}
    if common and not any(map(_may_hold_items, groups.values())):
        yield _parse_item(results, 0, failed=all_failed)
        return
    for name, group in groups.items():
        index, failed = _parse_count(name), all_failed or is_failed_group(name)
        if _is_empty(group) and not (group is None and is_key(name)):
            if all_failed and (group == {} or is_key(name)):
                yield _parse_item({}, index, failed=True)
        elif isinstance(group, list):
            failed = failed or is_failed_code(name)
            yield from (_parse_item(entry, None, failed=failed) for entry in group)
        elif index is None and _holds_groups(group):
            yield from _parse_groups(group, all_failed=failed)
        else:
            yield _parse_item(group, index, failed=failed, may_be_group=index is None)
    if is_failed_item(common):
        yield _parse_item(common, None)


def _may_hold_items(value: object) -> bool:
    """Return whether a value may be an item, a list of items, or groups.

    A plain list is a field of an item, such as ``"tags": ["a", "b"]``.
    """
    if isinstance(value, list):
        return not value or any(isinstance(entry, list | dict) for entry in value)
    return isinstance(value, dict)


def _holds_groups(value: object) -> bool:
    """Return whether a value holds groups, as ``{"tickets": {"created": [...]}}``."""
    if not isinstance(value, dict):
        return False
    groups = [v for name, v in value.items() if not is_about_all_items(name, v)]
    holds_any = any(isinstance(v, list | dict) for v in groups)
    return holds_any and all(_is_empty(v) or isinstance(v, list | dict) for v in groups)


def _is_empty(group: object) -> bool:
    """Return whether a group has no items: null, a count of 0, an empty list."""
    return not group and group is not False and group != ""


def _parse_item(
    entry: object,
    position: int | None,
    *,
    failed: bool = False,
    may_be_group: bool = False,
) -> Item:
    if not isinstance(entry, dict):
        kind = describe_type(entry)
        raise _invalid(f"results that hold {kind} where an item should be")
    index = _parse_count(entry.get("index"))
    failed = failed or is_failed_item(entry, may_be_group=may_be_group)
    return Item(position if index is None else index, entry, failed)


def _parse_count(value: object) -> int | None:
    """Return a count, also from a text or a number with a fraction."""
    if type(value) is int and 0 <= value <= MAX_COUNT:  # nearly always
        return value
    if isinstance(value, str):
        number = _NUMBER.fullmatch(_THOUSANDS_COMMA.sub("", value.strip()))
        if number is None:
            return None
        digits = number[2].lstrip("0") or "0"
        value = int(digits) if len(digits) <= MAX_DIGITS else _CAPPED_COUNT
        value = -value if number[1] == "-" else value
    if isinstance(value, float) and isfinite(value):
        value = floor(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return min(max(value, -_CAPPED_COUNT), _CAPPED_COUNT)


def _parse_text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


_TYPES = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "a truth value",
    int: "a number",
    float: "a number",
    type(None): "null",
}


def describe_type(value: object) -> str:
    """Return the type of a JSON value in words, such as "a list"."""
    return _TYPES[type(value)]


def _invalid(reason: str, hint: str | None = None) -> InvalidResponse:
    message = f"the account sent an invalid answer: {reason}"
    return InvalidResponse(message, hint=hint)
