"""The documentation says what the program does."""

from __future__ import annotations

import ast
import os
import re
import shutil
from typing import TYPE_CHECKING

import click
import pytest
from children import run
from package.docs import (
    CHANGELOG,
    MAN_PAGE,
    README,
    ROOT,
    TOPIC_FOLDER,
    WIDTH,
    commands,
    context,
    generated_files,
    help_text,
)
from package.manual import ESCAPES, text_lines

from jobstat import __version__
from jobstat.exits import Exit
from jobstat.topics import TOPICS, load_topic

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONTRACT = ROOT.parent / "shared" / "CONTRACT.md"
needs_contract = pytest.mark.skipif(
    not CONTRACT.is_file(), reason="the contract is not beside the project"
)


def relative(path: object) -> str | None:
    return str(path.relative_to(ROOT)) if isinstance(path, type(ROOT)) else None


@pytest.mark.parametrize(("path", "content"), list(generated_files()), ids=relative)
def test_generated_files_are_up_to_date(path: Path, content: str) -> None:
    assert path.read_text() == content, "run: python tests/package/docs.py"


def test_readme_begins_with_the_commands_for_the_demo_and_the_tests() -> None:
    blocks = re.findall(r"```sh\n(.*?)```", README.read_text(), re.DOTALL)
    demo, tests = (block.splitlines() for block in blocks[:2])
    assert len(demo) == len(tests) == 1
    assert demo[0].endswith("jobstat demo")
    assert "pytest" in tests[0]


def test_readme_has_at_most_200_lines() -> None:
    assert len(README.read_text().splitlines()) <= 200


def test_readme_names_each_top_level_command_and_each_topic() -> None:
    text = README.read_text()
    for path, _ in commands():
        assert f"jobstat {path}" in text or " " in path or path == "help"
    for topic in TOPICS:
        assert f"`{topic}`" in text


@pytest.mark.parametrize("block", ["script", "ci"])
def test_readme_scripts_are_also_in_the_scripting_topic(block: str) -> None:
    script = re.search(
        rf"<!-- begin {block} -->\n```sh\n(.*?)```", README.read_text(), re.DOTALL
    )
    assert script
    indented = "".join(f"    {line}\n" for line in script[1].splitlines())
    assert indented in load_topic("scripting")


@pytest.mark.parametrize(("path", "summary"), list(commands()))
def test_every_command_has_help_with_an_example(path: str, summary: str) -> None:
    text = help_text(path)
    assert "Examples:" in text
    assert re.search(rf"^ +(.* \| )?jobstat {path}", text, re.MULTILINE)
    assert "-h, --help" in text
    command = context(path).command
    assert command.get_short_help_str(limit=200) == summary
    for param in command.params:
        assert not isinstance(param, click.Option) or param.help


@pytest.mark.parametrize("path", ["", "show", "watch"])
def test_help_lists_the_exit_codes(path: str) -> None:
    text = " ".join(help_text(path).split())
    impossible = {"show": {Exit.TIMEOUT}, "watch": {Exit.UNFINISHED}}.get(path, set())
    for code in Exit:
        row = f"{code:d} {code.slug} {code.meaning}"
        assert (row in text) == (code not in impossible)


def test_help_lists_the_topics() -> None:
    text = " ".join(help_text().split())
    for topic, summary in TOPICS.items():
        assert f"{topic} {summary}" in text
    assert "jobstat help TOPIC" in text


def test_each_topic_has_a_file_and_each_file_is_a_topic() -> None:
    assert {path.stem for path in TOPIC_FOLDER.glob("*.txt")} == set(TOPICS)


@pytest.mark.parametrize("topic", TOPICS)
def test_topic_is_ascii_of_at_most_80_columns(topic: str) -> None:
    text = load_topic(topic)
    assert text.isascii()
    assert "\t" not in text
    assert text.endswith("\n")
    assert [line for line in text.splitlines() if len(line) > WIDTH] == []
    assert [line for line in text.splitlines() if line != line.rstrip()] == []


@pytest.mark.parametrize("topic", TOPICS)
def test_topic_refers_only_to_existing_topics_and_commands(topic: str) -> None:
    text = " ".join(load_topic(topic).split())
    assert set(re.findall(r"jobstat help ([a-z-]+)", text)) <= set(TOPICS)
    paths = {path.split()[0] for path, _ in commands()}
    for command in re.findall(r'"jobstat ([a-z-]+)', text):
        assert command in paths


VARIABLE = re.compile(r"[A-Z][A-Z0-9]*_?[A-Z0-9_]*[A-Z0-9]")

OTHER_NAMES = {
    "GET",
    "KDE",
    "ON",
    "POST",
    "POSIX",
    "SIGHUP",
    "SIGINT",
    "SIGQUIT",
    "SIGTERM",
}
"""Strings in capitals that are not variables."""


def variables_in_the_code() -> Iterator[str]:
    """Yield the strings in capitals of each module that reads the environment."""
    for module in sorted((ROOT / "jobstat").rglob("*.py")):
        source = module.read_text()
        if "environ" not in source:
            continue
        for node in ast.walk(ast.parse(source)):
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and VARIABLE.fullmatch(node.value)
            ):
                yield node.value


def test_environment_topic_names_every_variable_that_the_code_reads() -> None:
    documented = set(VARIABLE.findall(load_topic("environment")))
    metavars = {
        word
        for path, _ in commands()
        for param in context(path).command.params
        for word in VARIABLE.findall(param.metavar or "")
    }
    used = set(variables_in_the_code()) - metavars - OTHER_NAMES
    assert "ZENDESK_OAUTH_TOKEN" in used
    assert used - documented == set()


def test_contributing_names_existing_files() -> None:
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text()
    names = set(re.findall(r"[\w./]+\.py\b", text))
    assert "jobs/watch.py" in names
    places = (ROOT, ROOT / "jobstat", ROOT / "tests")
    for name in names:
        assert any((place / name).is_file() for place in places), name


def test_contributing_names_each_folder_and_helper_of_the_tests() -> None:
    text = (ROOT / ".github" / "CONTRIBUTING.md").read_text()
    folders = {path.name for path in (ROOT / "tests").iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} <= set(re.findall(r"\| `(\w+)` \|", text))
    helpers = {path.name for path in (ROOT / "tests").glob("*.py")}
    assert helpers - {"conftest.py"} <= set(re.findall(r"`(\w+\.py)`", text))


def test_files_of_the_package_have_at_most_300_lines() -> None:
    for module in (ROOT / "jobstat").rglob("*.py"):
        assert len(module.read_text().splitlines()) <= 300, module


def options() -> Iterator[tuple[str, click.Option]]:
    for path, _ in commands():
        for param in context(path).command.params:
            if isinstance(param, click.Option):
                yield path, param


def test_readme_or_a_topic_names_every_option() -> None:
    text = README.read_text() + "".join(map(load_topic, TOPICS))
    words = set(re.findall(r"(?<!\S)-[a-z-]+", re.sub("[`(]", " ", text)))
    for path, option in options():
        assert words.intersection(option.opts), f"{path} {option.opts}"


def test_shared_option_has_the_same_help_in_every_command() -> None:
    helps: dict[str, set[str | None]] = {}
    for path, option in options():
        # auth has options of its own under these names.
        if not path.startswith("auth") or option.opts[0] in {"--subdomain", "--debug"}:
            helps.setdefault(option.opts[0], set()).add(option.help)
    assert {name: texts for name, texts in helps.items() if len(texts) > 1} == {}


DURATIONS = {"--token-life", "--token-delay"}


def test_no_option_takes_a_secret() -> None:
    for _, option in options():
        name = " ".join(option.opts)
        if re.search("token|password|secret|key", name) and name not in DURATIONS:
            assert option.is_flag, name


def test_changelog_has_a_section_for_this_version() -> None:
    assert f"## [{__version__}]" in CHANGELOG.read_text()


@needs_contract
def test_exit_codes_match_the_contract() -> None:
    rows = re.findall(r"^\| (\d+) \| ([a-z-]+) \| ", CONTRACT.read_text(), re.MULTILINE)
    assert {(int(code), slug) for code, slug in rows} == {
        (int(code), code.slug) for code in Exit
    }


@needs_contract
def test_every_command_and_option_of_the_contract_exists() -> None:
    text = CONTRACT.read_text()
    names = {name for _, option in options() for name in option.opts}
    assert set(re.findall("--[a-z][a-z-]+", text)) - {"--version", "--help"} <= names
    paths = {path for path, _ in commands()}
    assert set(re.findall("^jobstat ([a-z-]+)", text, re.MULTILINE)) <= paths


def shown(page: str) -> str:
    """Return the text of a man page, as a reader sees it."""
    lines = [line for line in page.splitlines() if not line.startswith(".\\")]
    text = " ".join(re.sub(r"^\.[A-Z]+ ?", "", line) for line in lines)
    text = re.sub(r"\\f[BRI]|\\&", "", text)
    for character, escaped in ESCAPES.items():
        if character != "\\":
            text = text.replace(escaped, character)
    return " ".join(text.replace(r"\e", "\\").split())


def test_man_page_has_every_command_option_and_topic() -> None:
    page = MAN_PAGE.read_text()
    text = shown(page)
    sections = re.split(r"^\.SS ", page, flags=re.MULTILINE)
    for path, _ in commands():
        section = next(s for s in sections if shown(s).startswith(f"jobstat {path} "))
        for param in context(path).command.params:
            if isinstance(param, click.Option):
                assert ", ".join(param.opts) in shown(section)
                assert " ".join((param.help or "").split()) in shown(section)
    for topic in TOPICS:
        for paragraph in re.split(r"\n\n", load_topic(topic))[1:]:
            words = re.sub(r"^ *(?:-|\d\.) |\n +- ", " ", paragraph).split()
            assert " ".join(words[:4]) in re.sub(r"\\\(bu \d ", "", text)


def test_man_page_escapes_all_that_roff_reads() -> None:
    for line in MAN_PAGE.read_text().splitlines():
        if line.startswith("."):
            assert re.match(r"\.(\\\"|[A-Za-z]{1,2}( |$))", line), line
        else:
            assert not line.startswith("'")
        assert re.sub(r"\\(e|-|&|\([a-z]{2}|f[BIR])", "", line).count("\\") == (
            line.startswith(".\\")
        )
        assert line.isascii()


@pytest.mark.parametrize(
    "command",
    [["groff", "-man", "-Tutf8", "-ww"], ["mandoc", "-T", "lint", "-W", "warning"]],
)
def test_man_page_has_no_warnings(command: list[str]) -> None:
    if not shutil.which(command[0]):
        pytest.skip(f"needs {command[0]}")
    done = run([*command, str(MAN_PAGE)], env=dict(os.environ))
    assert done.stderr == ""
    if command[0] == "mandoc":
        assert done.stdout == ""


def test_man_page_fits_80_columns() -> None:
    if not shutil.which("groff"):
        pytest.skip("needs groff")
    command = ["groff", "-man", "-Tascii", "-P-cbou", "-rLL=80n", str(MAN_PAGE)]
    page = run(command, env=dict(os.environ)).stdout
    assert "EXAMPLES" in page
    assert [line for line in page.splitlines() if len(line) > 80] == []


def test_man_page_hides_no_line_that_begins_with_a_dot_or_quote() -> None:
    lines = list(text_lines("Title\n\n  .TH is text\n  'so is this\n\n    .code\n"))
    assert lines == [
        ".SH TITLE",
        ".PP",
        r"\&.TH is text",
        r"\(aqso is this",
        *(".PP", ".RS 4", ".EX", r"\&.code", ".EE", ".RE"),
    ]
