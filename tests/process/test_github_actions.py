"""The data that other programs read in a step of GitHub Actions."""

from __future__ import annotations

import json
import signal
import subprocess
from typing import TYPE_CHECKING

from children import child
from raw_server import http, raw_server
from support import (
    FAILURE,
    ID,
    JOBSTAT,
    SUCCESS,
    body,
    completed,
    environment,
    job_object,
    jobstat,
    sh,
)

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


def test_interrupted_watch_writes_a_summary(tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    settings = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    with raw_server(http(content=body(job_object("working")))) as server:
        env = environment(server.base_url, **settings)
        command = [*JOBSTAT, "watch", ID]
        with child(command, env=env, stdout=subprocess.PIPE) as process:
            assert process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            assert process.wait() == -signal.SIGTERM
    assert "0 of 1 job succeeded, 1 did not end." in summary.read_text()
