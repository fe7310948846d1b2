"""What a watch shows while it lasts."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Self

from jobstat.jobs.loop import Observer

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


class Progress(Observer):
    """A view of a watch while it lasts, and a context manager around it.

    This one shows nothing. ``persistent`` tells whether a job's state stays readable
    after the view has shown it.
    """

    persistent = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def suspended(self) -> AbstractContextManager[None]:
        """Make room for other output on the same screen."""
        return nullcontext()
