"""The workflows of GitHub Actions are pinned, have least rights, and test each Python.

The files are matched as text: a YAML parser would be a dependency of its own.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from typing import TYPE_CHECKING

import pytest
from children import CLEAN, run
from package.docs import ROOT

if TYPE_CHECKING:
    import subprocess
    from pathlib import Path

FOLDER = ROOT / ".github" / "workflows"
WORKFLOWS = sorted(FOLDER.glob("*.yml"))
each_workflow = pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)


def jobs(path: Path) -> dict[str, str]:
    """Return the text of each job of a workflow."""
    text = path.read_text().partition("\njobs:\n")[2]
    _, *parts = re.split(r"^  (\w+):\n", text, flags=re.MULTILINE)
    return dict(zip(parts[::2], parts[1::2], strict=True))


@each_workflow
def test_actions_are_pinned_by_commit_and_name_their_version(path: Path) -> None:
    uses = re.findall(r"uses: *(.*)", path.read_text())
    assert uses
    pinned = re.compile(r"[\w-]+/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+")
    of_this_repository = re.compile(r"\$/\.github/workflows/\w+\.yml")
    for action in uses:
        assert pinned.fullmatch(action) or of_this_repository.fullmatch(action), action


@each_workflow
def test_an_action_has_one_version(path: Path) -> None:
    pins = re.findall(r"uses: ([\w/-]+)@(\w+)", path.read_text())
    assert len(dict(pins)) == len(set(pins))


@each_workflow
def test_a_workflow_has_no_permissions_but_those_of_its_jobs(path: Path) -> None:
    assert "\npermissions: {}\n" in path.read_text()
    for job in jobs(path).values():
        assert re.search(r"^    permissions:\n      [\w-]+: \w+ #", job, re.MULTILINE)


@each_workflow
def test_a_job_with_steps_has_a_timeout(path: Path) -> None:
    for job in jobs(path).values():
        assert ("    steps:\n" in job) == ("    timeout-minutes: " in job)


@each_workflow
def test_checkouts_leave_no_credential_behind(path: Path) -> None:
    text = path.read_text()
    assert text.count("actions/checkout@") == text.count("persist-credentials: false")


@each_workflow
def test_scripts_take_values_from_the_environment_alone(path: Path) -> None:
    scripts = re.findall(
        r"^( +)run: (.*\n(?:\1 .*\n)*)", path.read_text(), re.MULTILINE
    )
    assert scripts
    assert not [script for _, script in scripts if "${{" in script]


def test_only_the_jobs_that_publish_may_write() -> None:
    rights = {
        (path.stem, name, right)
        for path in WORKFLOWS
        for name, job in jobs(path).items()
        for right in re.findall(r"([\w-]+): write", job)
    }
    assert rights == {
        ("release", "pypi", "id-token"),
        ("release", "github", "contents"),
    }
    assert "run:" not in jobs(FOLDER / "release.yml")["pypi"]


def test_continuous_integration_covers_each_supported_python() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    matrix = re.search(r"python: \[(.*)\]", (FOLDER / "ci.yml").read_text())
    assert matrix
    tested = re.findall(r"[\d.]+", matrix[1])
    assert project["requires-python"] == f">={tested[0]}"
    classifiers = re.findall(r"Python :: (3\.\d+)", "\n".join(project["classifiers"]))
    assert set(classifiers) <= set(tested)


CHANGELOG = """# Changelog

## [1.10.0] - 2026-12-01

- Newer.

## [1.1.0] - 2026-11-30

### Added

- `watch`.

## [1.1.0rc1] - 2026-11-29

- A candidate.

## [1.0.0] - unreleased

- Older.
"""


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A project with several versions, in which nothing can be built."""
    for folder in (".ci", "jobstat", "bin"):
        (tmp_path / folder).mkdir()
    shutil.copy(ROOT / ".ci" / "release", tmp_path / ".ci")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    (tmp_path / "bin" / "python3").write_text("#!/bin/sh\nexit 99\n")
    (tmp_path / "bin" / "python3").chmod(0o755)
    return tmp_path


def release(
    checkout: Path, version: str, *arguments: str
) -> subprocess.CompletedProcess[str]:
    (checkout / "jobstat" / "__init__.py").write_text(f'__version__ = "{version}"\n')
    path = f"{checkout / 'bin'}:{CLEAN['PATH']}"
    return run(
        ["bash", str(checkout / ".ci" / "release"), *arguments],
        env={**CLEAN, "PATH": path},
    )


def test_release_notes_are_the_section_of_the_version(checkout: Path) -> None:
    done = release(checkout, "1.1.0", "v1.1.0")
    assert done.returncode == 99, done.stderr
    notes = (checkout / "build" / "notes.md").read_text()
    assert notes.strip() == "### Added\n\n- `watch`."


@pytest.mark.parametrize(
    ("version", "arguments", "reason"),
    [
        ("1.1.0", (), "usage: .ci/release TAG"),
        ("1.1.0", ("1.1.0",), "the tag is 1.1.0, but the version is 1.1.0"),
        ("1.1.0", ("v1.10.0",), "the tag is v1.10.0, but the version is 1.1.0"),
        ("1.0.0", ("v1.0.0",), "CHANGELOG.md has no date for 1.0.0"),
        ("1.2.0", ("v1.2.0",), "CHANGELOG.md has no date for 1.2.0"),
    ],
)
def test_release_without_its_tag_or_its_changes_is_refused(
    checkout: Path, version: str, arguments: tuple[str, ...], reason: str
) -> None:
    done = release(checkout, version, *arguments)
    assert (done.returncode, done.stderr) == (1, f".ci/release: {reason}\n")
    assert not (checkout / "build").exists()
