"""The base class of the views of a running watch."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Self

from jobstat.jobs.loop import Observer


class Progress(Observer):
    """A view of a running watch, and a context manager. This base shows nothing.

    ``persistent`` is true if the statuses that the view showed stay on the screen.
    """

    persistent = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Erase the view, and stop drawing it."""

    def suspended(self) -> AbstractContextManager[None]:
        """Erase the view while other output is written to the same screen."""
        return nullcontext()
