"""The commands in README.md and the scripting topic, run against the demo server."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from requirements import needs_curl, needs_jq
from support import bash

from jobstat.topics import load_topic

if TYPE_CHECKING:
    from collections.abc import Callable

    from jobstat.demo.server import DemoServer

README = (Path(__file__).parents[2] / "README.md").read_text()
API = "https://acme.zendesk.com/api/v2"
SEND = """curl -sS -H 'Content-Type: application/json' \
    -H "Authorization: Bearer $ZENDESK_OAUTH_TOKEN" """


def readme_script(name: str) -> str:
    """Return the code below the comment ``begin NAME``."""
    match = re.search(rf"<!-- begin {name} -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert match
    return match[1]


def write_batches(folder: Path) -> None:
    """Write 3 files of 10 tickets. Three tickets in each have no description."""
    for number in range(1, 4):
        tickets = [
            {"subject": f"{number}-{n}"} | ({"description": "Help!"} if n % 4 else {})
            for n in range(10)
        ]
        content = json.dumps({"tickets": tickets})
        (folder / f"batch-{number}.json").write_text(content)


@needs_jq
@needs_curl
def test_readme_commands_import_files_and_write_the_records_that_failed(
    demo: DemoServer, tmp_path: Path
) -> None:
    demo.account.duration = 0.5
    write_batches(tmp_path)
    script = readme_script("import").replace(API, f"{demo.base_url}/api/v2")
    imported = bash(f"cd {tmp_path}\n{script.replace('curl …', SEND)}")
    assert imported.returncode == 6, imported.stderr
    assert "9 of 30 items failed" in imported.stdout

    done = bash(
        f"cd {tmp_path}; ID=$(jq -r .job_status.id answers.jsonl | head -n 1)\n"
        f"{readme_script('failures')}{readme_script('retry')}"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count('"error": "TicketCreateFailed"') == 9
    table = (tmp_path / "results.csv").read_text().splitlines()
    assert len(table) == 31
    one = json.loads((tmp_path / "retry.json").read_text())
    assert [ticket["subject"] for ticket in one["tickets"]] == ["1-0", "1-4", "1-8"]
    (file,) = (tmp_path / "retry").iterdir()
    assert len(json.loads(file.read_text())["tickets"]) == 9


@pytest.mark.parametrize(
    ("duration", "failures", "out", "code"),
    [
        (0, 0.0, "all imported", 0),
        (0, 0.5, "2 of 4 items failed", 6),
        (600, 0.0, "still running; the job goes on", 124),
        (0, 1.0, "the job failed", 3),
    ],
)
def test_readme_script_handles_each_exit_code(
    new_job: Callable[..., str],
    tmp_path: Path,
    duration: float,
    failures: float,
    out: str,
    code: int,
) -> None:
    script = readme_script("script").replace("2h", "2s")
    batch = {"tickets": [{"subject": str(n)} for n in range(4)]}
    (tmp_path / "batch.json").write_text(json.dumps(batch))
    id = new_job(failures=failures, duration=duration)
    done = bash(f"cd {tmp_path}\n{script}", ID=id)
    assert done.returncode == code, done.stderr
    assert out in done.stdout
    retry = tmp_path / "retry.json"
    assert retry.exists() == (code == 6)
    if code == 6:
        assert len(json.loads(retry.read_text())["tickets"]) == 2


@needs_jq
@pytest.mark.parametrize(
    ("line", "failures", "out", "code"),
    [
        (0, 0.0, r"(queued|working|completed)\n", 0),
        (
            1,
            0.5,
            r'({"index":[13],"error":"TicketCreateFailed","details":"[^"]*"}\n){2}',
            0,
        ),
        (2, 0.0, "", 0),
        (2, 0.5, "", 6),
    ],
)
def test_documented_script_lines_print_and_exit_as_described(
    new_job: Callable[..., str], line: int, failures: float, out: str, code: int
) -> None:
    lines = re.findall("^    (.*jobstat .*)", load_topic("scripting"), re.MULTILINE)
    script = lines[line].replace("jq ", "jq -c ")
    done = bash(f"set -e\n{script}", ID=new_job(failures=failures))
    assert re.fullmatch(out, done.stdout)
    assert (done.returncode, done.stderr) == (code, "")
