"""The room that a frame of the live view may fill."""

from __future__ import annotations

from dataclasses import dataclass

from jobstat.views.layout import (
    GAP,
    StyledLine,
    draw_bar,
    ellipsis_sign,
    line_width,
    text_width,
    truncate,
    wrap,
)
from jobstat.views.terminal import Glyphs

NARROW = 60
"""Columns below which a job's whole id, its counts and a short bar have no room."""

WIDE = 100
"""Columns that have room for the account, and for the time left of each job."""


@dataclass(frozen=True, slots=True)
class Screen:
    """The columns and rows of a frame, and its signs and bars."""

    width: int
    height: int
    glyphs: Glyphs

    def bar(self, done: int, total: int | None, width: int, style: str) -> StyledLine:
        """Draw a bar of these columns, at most as many as the frame has."""
        width = min(width, self.width)
        return draw_bar(done, total, width, style, glyphs=self.glyphs)

    def fits(self, line: StyledLine) -> bool:
        """Return whether the line fits."""
        return line_width(line) <= self.width

    def clip(self, line: StyledLine) -> StyledLine:
        """Return the part of the line that fits."""
        return truncate(line, self.width, glyphs=self.glyphs)

    def clip_text(self, text: str, style: str, max_lines: int) -> list[StyledLine]:
        """Wrap the text, and cut it after ``max_lines`` lines."""
        lines = wrap(text, style, self.width)
        if len(lines) <= max_lines:
            return lines
        rest = " ".join(part for line in lines[max_lines - 1 :] for part, _ in line)
        return [*lines[: max_lines - 1], self.clip([(rest, style)])]

    def append_id(self, parts: StyledLine, id: str) -> StyledLine:
        """Append a job's id. Leave its middle out if there is no room."""
        room = self.width - line_width(parts) - len(GAP)
        if text_width(id) > room:
            ellipsis = ellipsis_sign(glyphs=self.glyphs)
            kept = room - len(ellipsis)
            if kept < 2:  # noqa: PLR2004 - a character at either end
                return parts
            tail = kept // 2
            id = id[: kept - tail] + ellipsis + id[len(id) - tail :]
        return [*parts, (f"{GAP}{id}", "")]
