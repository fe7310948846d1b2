"""Only views write raw text to a terminal. Everything else is sanitized."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import jobstat

PACKAGE = Path(jobstat.__file__).parent

RAW = {"write", "write_exactly", "write_quietly", "run_command"}
"""The methods of Terminal that do not sanitize."""

VIEWS_THAT_PAINT = frozenset(
    {
        "accounts",
        "bell",
        "csv_output",
        "files",
        "github",
        "job_list",
        "list_progress",
        "live",
        "log",
        "output",
        "report",
    }
)
"""These views write colors and control sequences, and sanitize the rest themselves."""

OTHER_WRITES = {
    "__main__.py": "sys.stdout.write",  # the version
    "demo/server.py": "self.wfile.write",
    "zendesk/auth/callback.py": "self.wfile.write",
    "zendesk/auth/profiles.py": "file.write",
    "zendesk/auth/store.py": "keyring.write",
}
"""Calls of ``write`` that do not write to a Terminal."""

MODULES = sorted(PACKAGE.rglob("*.py"))


def module_name(module: Path) -> str:
    return str(module.relative_to(PACKAGE))


def calls(module: Path) -> list[str]:
    tree = ast.parse(module.read_text("utf-8"))
    return [ast.unparse(n.func) for n in ast.walk(tree) if isinstance(n, ast.Call)]


@pytest.mark.parametrize("module", MODULES, ids=module_name)
def test_only_listed_views_write_raw_text_to_the_terminal(module: Path) -> None:
    name = module_name(module)
    if name in {"views/terminal.py", "views/writing.py"}:
        return
    raw_calls = {c for c in calls(module) if c.rpartition(".")[2] in RAW and "." in c}
    raw_calls -= {OTHER_WRITES.get(name, "")}
    if module.parent.name == "views" and module.stem in VIEWS_THAT_PAINT:
        return
    assert {call for call in raw_calls if call != "self._output.write"} == set()


@pytest.mark.parametrize("module", MODULES, ids=module_name)
def test_modules_print_only_through_the_terminal_object(module: Path) -> None:
    for call in calls(module):
        assert call not in {"print", "click.echo", "click.secho", "sys.stderr.write"}
        assert call != "sys.stdout.write" or module_name(module) == "__main__.py"
