"""The documentation says what the program does."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import click
import pytest
from package.docs import (
    COMPLETIONS,
    README,
    ROOT,
    commands,
    completion,
    context,
    help_of,
    readme,
)

from jobstat import __version__
from jobstat.exits import Exit

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTRACT = ROOT.parent / "shared" / "CONTRACT.md"


def test_the_generated_parts_of_the_readme_are_current() -> None:
    text = README.read_text()
    assert readme(text) == text, "run: python tests/package/docs.py"


@pytest.mark.parametrize("shell", COMPLETIONS)
def test_the_completions_are_current(shell: str) -> None:
    assert COMPLETIONS[shell].read_text() == completion(shell), (
        "run: python tests/package/docs.py"
    )


def test_the_first_two_blocks_are_the_two_commands() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL)
    demo, tests = (block.splitlines() for block in blocks[:2])
    assert len(demo) == len(tests) == 1
    assert demo[0].endswith("jobstat demo")
    assert "pytest" in tests[0]


@pytest.mark.parametrize(("path", "summary"), list(commands()))
def test_every_command_has_help_with_an_example_and_says_what_the_list_says(
    path: str, summary: str
) -> None:
    shown = help_of(path)
    assert "Examples:" in shown
    assert re.search(rf"^ +(.* \| )?jobstat {path}", shown, re.MULTILINE)
    assert "-h, --help" in shown
    command = context(path).command
    assert command.get_short_help_str(limit=200) == summary
    for param in command.params:
        assert not isinstance(param, click.Option) or param.help


@pytest.mark.parametrize("path", ["", "show", "watch"])
def test_help_has_the_exit_codes(path: str) -> None:
    shown = " ".join(help_of(path).split())
    absent = {"show": {Exit.TIMEOUT}, "watch": {Exit.UNFINISHED}}.get(path, set())
    for code in Exit:
        row = f"{code:d} {code.slug} {code.meaning}"
        assert (row in shown) == (code not in absent)


def options() -> Iterator[tuple[str, click.Option]]:
    for path, _ in commands():
        for param in context(path).command.params:
            if isinstance(param, click.Option):
                yield path, param


def test_a_shared_option_is_the_same_in_every_command() -> None:
    helps: dict[str, set[str | None]] = {}
    for path, option in options():
        # What they have of their own has another meaning in each.
        if not path.startswith("auth") or option.opts[0] in {"--subdomain", "--debug"}:
            helps.setdefault(option.opts[0], set()).add(option.help)
    assert {name: texts for name, texts in helps.items() if len(texts) > 1} == {}


_TIMES = {"--token-life", "--token-delay"}


def test_no_option_takes_a_secret() -> None:
    for _, option in options():
        name = " ".join(option.opts)
        if re.search("token|password|secret|key", name) and name not in _TIMES:
            assert option.is_flag, name


def test_the_changelog_has_this_version() -> None:
    assert f"## [{__version__}]" in (ROOT / "CHANGELOG.md").read_text()


@pytest.mark.skipif(
    not CONTRACT.is_file(), reason="the contract is not beside the project"
)
def test_the_exit_codes_are_those_of_the_contract() -> None:
    rows = re.findall(r"^\| (\d+) \| ([a-z-]+) \| ", CONTRACT.read_text(), re.MULTILINE)
    assert {(int(code), word) for code, word in rows} == {
        (int(code), code.slug) for code in Exit
    }
