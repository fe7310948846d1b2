"""Match the items of a job to the records that were sent.

Every item is evidence, failed or not: one that contradicts the file shows that the file
is another one, or that it is in doubt which records failed.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from jobstat.errors import UsageError
from jobstat.jobs.job import Item, Job
from jobstat.jobs.records import KEYS, Document, comparable

_MAX_VALUE = 60
"""Characters of a value in an error."""


def doubt(job: Job, reason: str) -> UsageError:
    """Return the error that the failed records are unknown."""
    return UsageError(
        f"it is unknown which records of {job.id} failed: {reason}",
        hint=f"See its results with: jobstat show {job.id} --json",
    )


def wrong_file(job: Job, document: Document, reason: str) -> UsageError:
    """Return the error that a file is not the one that was sent for a job."""
    return UsageError(
        f"{document.name} does not fit {job.id}: {reason}",
        hint="Give each job the file that was sent for it.",
    )


@dataclass(frozen=True, slots=True)
class _Column:
    """The places of the records by a field's value, and of those without a value."""

    places: dict[str, frozenset[int]]
    blank: frozenset[int]


def match_items(job: Job, document: Document) -> dict[int, Item]:
    """Return the failed items by the places of their records, from 0.

    Each item must fit a record, and no two items the same one. Raise UsageError if
    they do not, or if a failed item fits several records.
    """
    columns = _index_records(document, with_index=_counts_all_records(job))
    owners: dict[int, Item] = {}
    shared: Counter[frozenset[int]] = Counter()
    for item in job.items:
        places = _find_places(job, document, item, columns)
        if len(places) > 1:
            shared[places] += 1
            continue
        for place in places:
            if place in owners:
                reason = f"two results are about the record with the index {place}"
                raise doubt(job, reason)
            owners[place] = item
    for places, count in shared.items():
        if count > len(places - owners.keys()):
            raise doubt(job, "it has more results for some records than there are")
    return {place: owners[place] for place in sorted(owners) if owners[place].failed}


def _counts_all_records(job: Job) -> bool:
    """Return whether an item's index is its record's place in the file.

    In results that are sorted into groups, it may be the place in the group. The places
    in two groups would be the same, which ``match_items`` refuses.
    """
    is_list = isinstance(job.fields.get("results"), list)
    return is_list or all(_value("index", item) for item in job.items)


def _index_records(document: Document, *, with_index: bool) -> dict[str, _Column]:
    """Return the columns of the fields that identify records, if any has a value."""
    columns: dict[str, _Column] = {}
    if with_index:
        places = {str(n): frozenset({n}) for n in range(len(document.records))}
        columns["index"] = _Column(places, frozenset())
    for name in KEYS:
        lists: dict[str, list[int]] = {}
        for place, record in enumerate(document.records):
            lists.setdefault(record.keys.get(name, ""), []).append(place)
        blank = frozenset(lists.pop("", ()))
        if lists:
            places = {value: frozenset(found) for value, found in lists.items()}
            columns[name] = _Column(places, blank)
    return columns


def _find_places(
    job: Job, document: Document, item: Item, columns: dict[str, _Column]
) -> frozenset[int]:
    """Return the places of the records that have all identifiers of an item.

    A record without a value in a field fits each value that no record has. The result
    is empty if nothing identifies the record of a succeeded item.
    """
    found: frozenset[int] | None = None
    is_exact = is_known = False
    given = ""
    for name, column in columns.items():
        value = _value(name, item)
        places = column.places.get(value, frozenset())
        if not value or (not places and is_known):
            continue  # an update may change the fields after the one that matched
        if not places and name == "id" and _is_new(item):
            continue
        given += f"{' and' if given else ''} the {name} {_shorten(value)}"
        is_exact = is_exact or bool(places)
        is_known = is_known or bool(places and name != "index")
        places = places or column.blank
        found = places if found is None else found & places
        if not found:
            raise wrong_file(job, document, f"no record has{given}")
    if not item.failed:
        return found or frozenset()
    if not found:
        names = " or ".join(columns) or "index or id"
        raise doubt(job, f"a failed result has no {names} to find its record by")
    if not is_exact:
        raise wrong_file(job, document, f"no record has{given}")
    if len(found) > 1:
        raise doubt(job, f"{len(found)} records have{given}")
    return found


def _value(name: str, item: Item) -> str:
    """Return the value of an item's field as text, empty if there is none."""
    value = item.fields.get(name)
    if name == "index" and value is not None:
        return str(value).strip()  # also a truth value or a list, which fit no record
    return comparable(name, value)


def _is_new(item: Item) -> bool:
    """Return whether Zendesk created the record of an item, and gave it a new id.

    Results of created tickets have no status.
    """
    status = item.fields.get("status")
    if isinstance(status, str):
        return status.strip().lower() == "created"
    return not item.failed and {"action", "success"}.isdisjoint(item.fields)


def _shorten(value: str) -> str:
    return value if len(value) <= _MAX_VALUE else f"{value[: _MAX_VALUE - 3]}..."
