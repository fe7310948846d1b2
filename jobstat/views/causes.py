"""The causes of failures as lines: a count, the error, and the first items."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from typing import TYPE_CHECKING

from jobstat.views.layout import GAP, NO_BREAK, StyledLine, wrap
from jobstat.views.sanitize import MAX_NAME, sanitize
from jobstat.views.spoken import speak_cause
from jobstat.views.terminal import Glyphs
from jobstat.views.wording import BAD, format_verdict, job_id, pluralize

if TYPE_CHECKING:
    from jobstat.jobs.failures import Cause, Failure
    from jobstat.jobs.job import Job

MAX_CAUSES = 10
"""Causes in a report. The others are counted."""

MAX_EXAMPLES = 3
"""Items named for each cause."""

MAX_CAUSE = 300
"""Characters shown of an error."""

MAX_VALUE = 40
"""Characters shown of a variable part of an error."""

_NUMBERED = re.compile("\\b(index|id) (?=[0-9])")
"""A word and the space before its number, which stay on one line."""

_ROOMY = 40
"""Columns that have room for a column of counts."""


def cause_lines(
    causes: Sequence[Cause],
    width: int | None,
    *,
    glyphs: Glyphs,
    names_jobs: bool = False,
    jobs: Sequence[Job] = (),
) -> list[StyledLine]:
    """Return the most frequent causes, with the items of each named by index and id.

    With ``names_jobs``, the items are named by their jobs, too. ``jobs`` are jobs with
    an error of their own, which are listed below the causes. Without glyphs, each
    cause is a sentence.
    """
    is_spoken = glyphs is Glyphs.NONE
    entries = [
        (
            pluralize(cause.count, "item") if is_spoken else f"{cause.count:,}",
            speak_cause(cause) if is_spoken else cause.text,
            format_examples(cause, names_jobs=names_jobs),
        )
        for cause in causes[:MAX_CAUSES]
    ]
    errors = _job_errors(jobs)
    entries += [
        (pluralize(len(ids), "job"), error, format_first(ids))
        for error, ids in errors[:MAX_CAUSES]
    ]
    lines = _sentences(entries) if is_spoken else _entry_lines(entries, width)
    if hidden := causes[MAX_CAUSES:]:
        items = pluralize(sum(cause.count for cause in hidden), "item")
        lines += _count_lines(
            f"{pluralize(len(hidden), 'more cause')} of {items}", width
        )
    if other := errors[MAX_CAUSES:]:
        count = sum(len(ids) for _, ids in other)
        lines += _count_lines(f"errors of {pluralize(count, 'more job')}", width)
    return lines


def _count_lines(counts: str, width: int | None) -> list[StyledLine]:
    room = None if width is None else max(width - len(GAP), 1)
    return [[(GAP, ""), *line] for line in wrap(f"and {counts}", "dim", room)]


def _sentences(entries: Sequence[tuple[str, str, str]]) -> list[StyledLine]:
    """Return the entries as they are read aloud."""
    lines: list[StyledLine] = []
    for count, text, examples in entries:
        sentence = f"{count}: {sanitize(text, MAX_CAUSE)}"
        lines.append([(". ".join(filter(None, [sentence, examples])), "")])
    return lines


def _entry_lines(
    entries: Sequence[tuple[str, str, str]], width: int | None
) -> list[StyledLine]:
    """Return lines of counts, and of texts and examples in a second column."""
    is_roomy = width is None or width >= _ROOMY
    count_width = max((len(count) for count, _, _ in entries), default=0)
    lines: list[StyledLine] = []
    for count, text, examples in entries:
        number = f"{GAP}{count:>{count_width}}{GAP}" if is_roomy else f"{count}{GAP}"
        indent = " " * len(number) if is_roomy else GAP
        room = None if width is None else max(width - len(number), 1)
        first, *rest = wrap(sanitize(text, MAX_CAUSE), "bold", room)
        whole = _NUMBERED.sub(rf"\1{NO_BREAK}", examples)
        below = [*rest, *(wrap(whole, "dim", room) if whole else [])]
        lines += [
            [(number, BAD.style), *first],
            *([(indent, ""), *line] for line in below),
        ]
    return lines


def _job_errors(jobs: Sequence[Job]) -> list[tuple[str, list[str]]]:
    """Group the ids of the jobs by verdict, the most frequent verdict first."""
    ids: dict[str, list[str]] = {}
    for job in jobs:
        ids.setdefault(format_verdict(job), []).append(job_id(job))
    return sorted(ids.items(), key=lambda error: -len(error[1]))


def format_first(examples: Sequence[str], separator: str = ", ") -> str:
    """Return the first examples, and how many more there are."""
    hidden = len(examples) - MAX_EXAMPLES
    more = f" and {hidden:,} more" if hidden > 0 else ""
    return separator.join(examples[:MAX_EXAMPLES]) + more


def format_examples(cause: Cause, *, names_jobs: bool) -> str:
    """Return the first items of a cause, and how many more there are.

    ``index 3 (id 616): Acme; index 9 (id 617): Globex; and 1,202 more``
    """
    failures = cause.failures[:MAX_EXAMPLES]
    has_values = any(map(_format_values, failures))
    separator = "; " if has_values else ", "
    parts = []
    for id, group in groupby(failures, key=lambda failure: job_id(failure.job)):
        items = [_format_item(failure) for failure in group]
        if not has_values:
            # Say "index" once: "index 3, 17, 45"
            items[1:] = [item.removeprefix("index ") for item in items[1:]]
        named = separator.join(filter(None, items))
        parts.append(": ".join(filter(None, [id * names_jobs, named])))
    examples = "; ".join(filter(None, parts))
    hidden = len(cause.failures) - len(failures)
    if not (examples and hidden):
        return examples
    return f"{examples}{';' * (has_values or len(parts) > 1)} and {hidden:,} more"


def _format_item(failure: Failure) -> str:
    item, id = failure.item, failure.item.fields.get("id")
    names = [
        "all items" if failure.job.has_one_result else "",
        ""
        if item.index is None or failure.job.has_one_result
        else f"index {item.index}",
        "" if id in (None, "") else f"id {sanitize(str(id), MAX_NAME)}",
    ]
    first, *rest = [*filter(None, names)] or [""]
    name = first + "".join(f" ({text})" for text in rest)
    return ": ".join(filter(None, [name, _format_values(failure)]))


def _format_values(failure: Failure) -> str:
    """Return the variable parts of an error, except for the item's id."""
    id = str(failure.item.fields.get("id"))
    return ", ".join(
        sanitize(value if len(value) <= MAX_VALUE else f"{value[:MAX_VALUE]}...")
        for value in dict.fromkeys(failure.values)
        if value != id
    )
