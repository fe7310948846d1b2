"""The pictures in the README, and screens drawn as SVG."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from package.docs import README, picture_files
from package.pictures import pictures
from package.svg import CELL, MARGIN, draw


def drawn(output: str, columns: int = 40) -> list[tuple[str, float, str | None]]:
    """Return the text or the tag, the column and the style of each shape."""
    svg = ET.fromstring(draw(output, columns, "Title", "Description"))
    return [
        (
            shape.text or shape.tag.rpartition("}")[2],
            round((float(shape.attrib["x"]) - MARGIN) / CELL, 3),
            shape.get("class"),
        )
        for shape in svg[6:]  # after the title, the style and the window
    ]


def test_each_column_of_a_line_begins_at_its_place() -> None:
    assert drawn("one two   three\n  four") == [
        ("one two", 0, None),
        ("three", 10, None),
        ("four", 2, None),
    ]


def test_text_after_wide_characters_begins_at_its_place() -> None:
    assert drawn("日本  ok") == [("日本", 0, None), ("ok", 6, None)]


def test_bars_are_rectangles() -> None:
    assert drawn("a ━━╸── b") == [
        ("a", 0, None),
        ("rect", 2, None),
        ("rect", 5, None),
        ("b", 8, None),
    ]


def test_colors_bold_and_dim_text_become_classes() -> None:
    assert drawn("\x1b[1;31mred\x1b[0m \x1b[2mdim\x1b[0m \x1b[33myellow\x1b[0m") == [
        ("red", 0, "bold red"),
        ("dim", 4, "dim"),
        ("yellow", 8, "brown"),
    ]


def test_markup_in_a_text_is_escaped() -> None:
    assert drawn("<b>&amp;</b>") == [("<b>&amp;</b>", 0, None)]


def test_picture_shows_the_last_of_several_frames() -> None:
    assert drawn("first\rlast!") == [("last!", 0, None)]


def test_pictures_show_the_screens_of_this_version() -> None:
    for path, content in picture_files():
        assert path.read_text() == content, "run: python tests/package/docs.py"


def test_readme_shows_each_picture_with_its_description() -> None:
    shown = re.findall(r"!\[(.*)\]\(\.github/(.*)\)", README.read_text())
    assert shown == [(picture.description, picture.name) for picture in pictures()]


def test_pictures_are_small_and_load_nothing() -> None:
    for path, content in picture_files():
        assert len(content.encode()) < 20_000, path
        assert not re.search(r"href|url\(|<script|@import", content), path
