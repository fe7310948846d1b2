"""How a count of items has moved on, and when it will be through at that pace."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class ProgressEstimate:
    """What was seen of a count on its way to a total.

    Times are seconds on the loop's clock. ``idle_at`` is when it was last seen
    not to have begun; ``first`` and ``latest`` are times with the count at them,
    ``latest`` when it was seen to change last. ``steps`` is how often it was.
    """

    total: int | None = None
    idle_at: float | None = None
    first: tuple[float, int] | None = None
    latest: tuple[float, int] | None = None
    steps: int = 0

    def update(self, total: int | None, done: int | None, now: float) -> None:
        """Take in what is seen now; None for what is not known, or not begun."""
        self.total = total
        if done is None or done < 0:
            self.idle_at, self.first, self.latest, self.steps = now, None, None, 0
        elif self.first is None and self.idle_at is not None:
            # It began at some time between two answers: half-way, for all that
            # is known. So the first count tells a pace already.
            self.first, self.latest = ((self.idle_at + now) / 2, 0), (now, done)
            self.steps = int(done > 0)
        elif self.latest is None or done < self.latest[1]:
            self.first = self.latest = (now, done)
            self.steps = 0
        elif done > self.latest[1]:
            self.latest = (now, done)
            self.steps += 1

    def time_left(self, now: float) -> float | None:
        """Seconds to the end at the pace seen, less than 0 when it is overdue.

        None while there is no total, or no pace yet.
        """
        if not (self.total and self.first and self.latest):
            return None
        (began, before), (latest, done) = self.first, self.latest
        if done <= before or latest <= began:
            return None
        pace = (done - before) / (latest - began)
        return (self.total - done) / pace - (now - latest)

    def eta(self, now: float) -> float | None:
        """The same for people: not before it is known from more than one step."""
        left = self.time_left(now)
        return max(left, 0.0) if left is not None and self.steps > 1 else None
