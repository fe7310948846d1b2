"""The data that other programs read in a step of GitHub Actions."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from raw_server import http, raw_server
from support import FAILURE, ID, SUCCESS, body, completed, environment, jobstat, sh

if TYPE_CHECKING:
    from pathlib import Path

TEXT = "##[add-mask]x\n::error::y"
JOB = completed({**FAILURE, "details": TEXT}, SUCCESS) | {"message": TEXT}


def test_file_gets_data_without_escapes(tmp_path: Path) -> None:
    files = {}
    for option in ("--json", "--csv"):
        path = tmp_path / option
        with raw_server(http(content=body(JOB))) as server:
            env = environment(server.base_url, GITHUB_ACTIONS="true")
            done = sh(f'"$@" > {path}', "show", option, ID, env=env)
        assert done.returncode == 6
        files[option] = path.read_text()
    assert json.loads(files["--json"]) == JOB
    assert r"\u005b" not in files["--json"]
    assert TEXT in files["--csv"]


def test_pipe_gets_json_with_escapes_and_the_records_of_a_retry_as_they_are(
    tmp_path: Path,
) -> None:
    records = tmp_path / "records.csv"
    records.write_text(f'subject\nfine\n"{TEXT}"\n')
    job = completed(SUCCESS, FAILURE) | {"message": TEXT}
    answers = [http(content=body(job))] * 2
    with raw_server(*answers) as server:
        env = environment(server.base_url, GITHUB_ACTIONS="true")
        shown = jobstat("show", "--json", ID, env=env)
        retried = jobstat("retry-file", ID, str(records), env=env)
    assert json.loads(shown.stdout) == job
    assert r"##\u005badd-mask]" in shown.stdout
    assert retried.returncode == 0, retried.stderr
    assert retried.stdout == f'subject\n"{TEXT}"\n'
