"""A job status as Zendesk answers it, read into a job."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from math import floor, inf, isfinite
from typing import TYPE_CHECKING, Any, NoReturn

from jobstat.errors import InvalidResponse
from jobstat.jobs.signs import (
    counts_failures,
    hides_failure,
    is_failed_code,
    is_failed_group,
    is_failed_item,
    is_key,
    is_own_field,
    plain_name,
    shows_error,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

MAX_COUNT = 2**53
_OF_A_JOB = frozenset({"status", "results"})
_COUNTS = frozenset({"total", "progress"})
_DECIDING = _OF_A_JOB | {"jobstatus", "jobstatuses"}
"""Names of what decides a verdict, in any spelling: each is in its place, or amiss."""

ABSURD = MAX_COUNT + 1
"""Stands for any larger count: no job has as many items."""

MAX_DIGITS = 20
"""Digits of a count that are read; MAX_COUNT has 16."""

_NUMBER = re.compile(r"([+-]?)([0-9]+)(?:\.[0-9]*)?", re.ASCII)
_COMMA = re.compile(r",(?=[0-9]{3}(?![0-9]))", re.ASCII)
"""Separates thousands, as in "1,000". In "5,5" its meaning is unknown."""

MAX_VALUES = 1_000_000
"""Commas and brackets in an answer: one about 100 jobs of 100 items has 100,000.
Of that many, a body of a few MiB may become gigabytes of Python's objects."""

MAX_DEPTH = 64
"""How deep JSON may be nested; a real answer has 4 levels."""


@dataclass(frozen=True, slots=True)
class Item:
    """What became of one record of the bulk request.

    ``index`` is the record's place in the request, from 0: Zendesk's own
    ``index`` where it is given, else the place in the results, which are in
    the request's order. It is None where results are sorted into groups.
    """

    index: int | None
    fields: dict[str, Any]
    failed: bool


@dataclass(frozen=True, slots=True)
class Job:
    """A bulk job's state at one moment.

    ``total`` and ``progress`` count items and are None while unknown.
    ``items`` is empty until the job has ended, ``failed`` are those that failed,
    in their order. ``fields`` is the whole object
    as it was sent, with what jobstat does not know.
    """

    id: str
    status: str
    job_type: str | None
    url: str | None
    total: int | None
    progress: int | None
    message: str | None
    items: tuple[Item, ...]
    fields: dict[str, Any] = field(repr=False)
    failed: tuple[Item, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        failed = tuple(item for item in self.items if item.failed)
        object.__setattr__(self, "failed", failed)

    @property
    def state(self) -> str:
        """The status as it is compared: Zendesk's word in lower case."""
        return self.status.casefold()

    @property
    def has_one_result(self) -> bool:
        """Whether one result speaks for every item, as that of a permanent delete."""
        return len(self.items) == 1 and self.items[0].fields is self.fields["results"]


def parse_answer(body: bytes) -> Job:
    """The job in an answer to ``GET /api/v2/job_statuses/{id}.json``.

    Zendesk wraps the job: ``{"job_status": {...}}``. Its documentation of 2012
    shows the bare object, and so do servers written after it. Raises InvalidResponse
    for anything else.
    """
    document = decode(body)
    if isinstance(document, dict) and "job_status" in document:
        check_around(document, "job_status")
        document = document["job_status"]
    elif not (isinstance(document, dict) and {"id", "status"} <= document.keys()):
        _broken(f"{kind_of(document)} without job_status")
    return parse_job(document)


def parse_job(value: object) -> Job:
    """The job that a decoded job_status object tells of.

    What decides the verdict (id, status, results) is read strictly: anything
    amiss there raises InvalidResponse. What only adorns it is read leniently: a
    total that is no number is an unknown total.
    """
    if not isinstance(value, dict):
        _broken(f"a job_status that is {kind_of(value)}")
    for name in ("id", "status"):
        if not (isinstance(value.get(name), str) and value[name].strip()):
            _broken(f"a job_status without {name}")
    # Beside "status", a "Status" could contradict it.
    if other := _misplaced(value, _DECIDING | _COUNTS, _OF_A_JOB | _COUNTS):
        _broken(f"a job_status with {other!r}")
    return Job(
        id=value["id"],
        status=value["status"].strip(),
        job_type=_text(value.get("job_type")),
        url=_text(value.get("url")),
        total=_count(value.get("total")),
        progress=_count(value.get("progress")),
        message=_text(value.get("message")),
        items=_items(value.get("results")),
        fields=value,
    )


def check_around(document: dict[str, Any], expected: str) -> None:
    """Raise InvalidResponse where anything beside the jobs could contradict them.

    ``expected`` is the name that holds them.
    """
    if other := _misplaced(document, _DECIDING, {expected}):
        _broken(f"it has {other!r} beside {expected!r}")
    beside = {name: value for name, value in document.items() if name != expected}
    if any(
        is_sign(beside) for is_sign in (shows_error, counts_failures, hides_failure)
    ):
        _broken("it reports an error beside it")


def _misplaced(
    document: dict[str, Any], deciding: AbstractSet[str], expected: AbstractSet[str]
) -> str | None:
    """A name that decides a verdict, and is not expected there; None without one."""
    others = (name for name in document if plain_name(name) in deciding)
    return next((name for name in others if name not in expected), None)


def decode(body: bytes) -> object:
    """JSON in UTF-8, with or without a byte order mark, as Python values.

    Raises InvalidResponse for what is no JSON: NaN, infinities and numbers as large,
    broken UTF-8, integers beyond Python's limit of 4,300 digits, nesting beyond
    MAX_DEPTH; and for more than MAX_VALUES, or an object with a name twice, whose
    truth nobody can tell.
    """
    if not body.strip():
        _broken("an empty body")
    if body.lstrip()[:1] == b"<":
        _broken("a web page instead of JSON")
    if sum(map(body.count, (b",", b"[", b"{"))) > MAX_VALUES:
        _broken(f"JSON of more than {MAX_VALUES:,} values")
    try:
        document: object = json.loads(
            body.decode("utf-8-sig"),
            object_pairs_hook=_unique,
            parse_constant=_refuse_constant,
            parse_float=_finite,
        )
    except (ValueError, RecursionError):
        _broken("something that is not JSON")
    if is_too_deep(document):
        _broken(f"JSON nested deeper than {MAX_DEPTH} levels")
    return document


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        _broken("an object with a name twice")
    return fields


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(name)


def _finite(text: str) -> float:
    number = float(text)
    if number in (inf, -inf):
        # 1e400 would be written again as Infinity, which is no JSON.
        raise ValueError(text)
    return number


def is_too_deep(document: object) -> bool:
    """Whether a decoded value is nested deeper than MAX_DEPTH."""
    level = [document]
    for _ in range(MAX_DEPTH):
        level = [
            child
            for value in level
            if isinstance(value, (dict, list))
            for child in (value.values() if isinstance(value, dict) else value)
        ]
        if not level:
            return False
    return True


def _items(results: object) -> tuple[Item, ...]:
    """The items in ``results``: a list, one object for all, or an object of groups.

    A group is an item, a list of items, such as ``{"created": [...]}``, or an object
    of groups. A number as its name is the item's index. What else the object says is
    about all items.
    """
    if results is None:
        return ()
    if isinstance(results, list):
        return tuple(_item(entry, place) for place, entry in enumerate(results))
    if not isinstance(results, dict):
        _broken(f"results that are {kind_of(results)}")
    return tuple(_grouped(results))


def _grouped(results: dict[str, Any], *, failed: bool = False) -> Iterator[Item]:
    own = {name: v for name, v in results.items() if is_own_field(name, v)}
    others = {name: v for name, v in results.items() if name not in own}
    if own and not any(map(_may_hold_items, others.values())):
        yield _item(results, 0, failed=failed)
        return
    for name, group in others.items():
        index, all_failed = _count(name), failed or is_failed_group(name)
        if _is_empty(group) and not (group is None and is_key(name)):
            if failed and (group == {} or is_key(name)):
                yield _item({}, index, failed=True)
        elif isinstance(group, list):
            all_failed = all_failed or is_failed_code(name)
            yield from (_item(entry, None, failed=all_failed) for entry in group)
        elif index is None and _holds_groups(group):
            yield from _grouped(group, failed=all_failed)
        else:
            yield _item(group, index, failed=all_failed, may_be_group=index is None)
    if is_failed_item(own):
        yield _item(own, None)


def _may_hold_items(value: object) -> bool:
    """Whether it is not a field of an item, such as ``"tags": ["a", "b"]``."""
    if isinstance(value, list):
        return not value or any(isinstance(entry, list | dict) for entry in value)
    return isinstance(value, dict)


def _holds_groups(group: object) -> bool:
    """Whether it is an object of groups, as ``{"tickets": {"created": [...]}}`` has."""
    if not isinstance(group, dict):
        return False
    others = [v for name, v in group.items() if not is_own_field(name, v)]
    holds_any = any(isinstance(value, list | dict) for value in others)
    return holds_any and all(_is_empty(v) or isinstance(v, list | dict) for v in others)


def _is_empty(group: object) -> bool:
    """Whether a group has no items: a null, a count of 0, an empty list or object."""
    return not group and group is not False and group != ""


def _item(
    entry: object,
    place: int | None,
    *,
    failed: bool = False,
    may_be_group: bool = False,
) -> Item:
    if not isinstance(entry, dict):
        _broken(f"results that hold {kind_of(entry)} where an item should be")
    index = _count(entry.get("index"))
    failed = failed or is_failed_item(entry, may_be_group=may_be_group)
    return Item(place if index is None else index, entry, failed)


def _count(value: object) -> int | None:
    """A count, also where it is written as a text or with a fraction."""
    if isinstance(value, str):
        number = _NUMBER.fullmatch(_COMMA.sub("", value.strip()))
        if number is None:
            return None
        digits = number[2].lstrip("0") or "0"
        value = int(digits) if len(digits) <= MAX_DIGITS else ABSURD
        value = -value if number[1] == "-" else value
    if isinstance(value, float) and isfinite(value):
        value = floor(value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return min(max(value, -ABSURD), ABSURD)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value.strip() else None


_KINDS = {
    dict: "an object",
    list: "a list",
    str: "a text",
    bool: "a truth value",
    int: "a number",
    float: "a number",
    type(None): "null",
}


def kind_of(value: object) -> str:
    """What a JSON value is, in words: ``a list``."""
    return _KINDS[type(value)]


def _broken(what: str) -> NoReturn:
    raise InvalidResponse(f"the answer is not a job status: {what}")
