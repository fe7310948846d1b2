"""Failed items grouped by cause, which is the error that they share."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from jobstat.jobs.folding import fold
from jobstat.jobs.job import Item, Job, item_counts
from jobstat.jobs.signs import find_errors, is_failed_item
from jobstat.jobs.text import collapse_blanks, flatten
from jobstat.jobs.vocabulary import plain_name

NO_REASON = "no reason given"
"""The error of an item that has none, in a group that is named after a failure."""

_OWN_NAME = re.compile(".*(?:id|name|email|title|subject|phone|alias|url|address|key)")
"""The plain names of fields that identify an item, such as ``external_id``."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed item, and the variable parts of its error."""

    job: Job
    item: Item
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cause:
    """Failed items with the same error.

    The variable parts of the error are folded: ``Name: * has already been taken``.
    """

    text: str
    failures: tuple[Failure, ...]

    @property
    def count(self) -> int:
        """How many items failed. One result may stand for all items of a job."""
        return sum(
            item_counts(failure.job)[0] if failure.job.has_one_result else 1
            for failure in self.failures
        )


def group_failures(jobs: Iterable[Job]) -> tuple[Cause, ...]:
    """Group the failed items of all jobs by cause, the most frequent cause first.

    Causes with equal counts are in order of appearance.
    """
    groups: dict[str, list[Failure]] = {}
    for job in jobs:
        for item in job.failed:
            text, values = _fold_error(item)
            groups.setdefault(text, []).append(Failure(job, item, values))
    causes = [Cause(text, tuple(failures)) for text, failures in groups.items()]
    return tuple(sorted(causes, key=lambda cause: -cause.count))


def error_text(item: Item) -> str:
    """Return the error of a failed item on one line, unsanitized and never empty.

    If no field describes the error, name the field that shows the failure:
    ``status: Failed``.
    """
    return collapse_blanks(": ".join(_error_parts(item.fields))) or NO_REASON


def _fold_error(item: Item) -> tuple[str, tuple[str, ...]]:
    text, error = error_text(item), item.fields.get("error")
    start = 0
    # The class of an error tells causes apart, even if it looks like a value.
    if isinstance(error, str) and text.startswith(error) and " " not in error:
        start = len(error)
    return _fold_cached(text, tuple(_own_values(item.fields, text)), start)


@lru_cache(maxsize=4096)
def _fold_cached(
    text: str, own_values: tuple[str, ...], start: int
) -> tuple[str, tuple[str, ...]]:
    return fold(text, own_values, start)


def _own_values(fields: Mapping[str, object], text: str) -> Iterator[str]:
    """Yield the values that identify the item, if the text contains them."""
    for name, value in fields.items():
        if isinstance(value, str | int) and _is_own_name(name):
            own = collapse_blanks(str(value))
            if len(own) > 1 and own in text:
                yield own


@lru_cache(maxsize=1024)
def _is_own_name(name: str) -> bool:
    return bool(_OWN_NAME.fullmatch(plain_name(name)))


def _error_parts(fields: Mapping[str, object]) -> Iterable[str]:
    errors = find_errors(fields)
    names = sorted(errors, key=_field_order) if len(errors) > 1 else errors
    parts = [_describe(name, errors[name]) for name in names]
    parts.append(flatten(fields.get("details")))
    return dict.fromkeys(filter(None, parts)) or _describe_signs(fields)


def _field_order(name: str) -> int:
    return {"error": 0, "errors": 1}.get(name, 2)


def _describe(name: str, value: object) -> str:
    return f"{name}: true" if value is True else flatten(value)


def _describe_signs(fields: Mapping[str, object]) -> list[str]:
    """Return the fields that show a failure, in words."""
    signs = [
        f"{name}: {_describe_sign(value)}"
        for name, value in fields.items()
        if is_failed_item({name: value})
    ]
    if not signs and is_failed_item(fields):  # only the fields together show it
        signs = [flatten(fields)]
    return [", ".join(signs)]


def _describe_sign(value: object) -> str:
    inner = _describe_signs(value) if isinstance(value, dict) else []
    text = "".join(inner) or flatten(value)
    return text or ("null" if value is None else "empty")
