"""Helpers that many tests share: sample jobs, and running jobstat in a process."""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from children import CLEAN, run
from forks import run_forked

from jobstat.jobs.parse import parse_job

if TYPE_CHECKING:
    import subprocess

    from jobstat.demo.server import DemoServer
    from jobstat.jobs.job import Job

Run = Callable[..., tuple[int, str, str]]
"""Run jobstat with arguments. Return its exit code, stdout and stderr."""

ID = "V3-0123456789abcdef0123456789abcdef"
OTHER = "V3-fedcba9876543210fedcba9876543210"
TOKEN = "s3cret-t0ken"
SUCCESS = {"index": 0, "id": 35436, "account_id": 9}
FAILURE = {"index": 1, "error": "TicketCreateFailed", "details": "Description: blank"}

DOCUMENTED_ID = "8b726e606741012ffc2d782bcb7848fe"
DOCUMENTED: dict[str, Any] = {
    "id": DOCUMENTED_ID,
    "url": f"https://company.zendesk.com/api/v2/job_statuses/{DOCUMENTED_ID}.json",
    "total": 2,
    "progress": 2,
    "status": "completed",
    "message": "Completed at Fri Apr 13 02:51:53 +0000 2012",
    "results": [
        {
            "title": "I accidentally the whole bottle",
            "action": "update",
            "errors": "",
            "id": 380,
            "success": True,
            "status": "Updated",
        },
        {
            "title": "The printer is on fire",
            "action": "update",
            "errors": "",
            "id": 381,
            "success": True,
            "status": "Updated",
        },
    ],
}
"""The example in Zendesk's documentation of 2012: the answer is the bare object."""


def job_object(status: str = "queued", **fields: Any) -> dict[str, Any]:
    """Return a job_status object as Zendesk sends it."""
    id = fields.pop("id", ID)
    return {
        "id": id,
        "job_type": "Bulk Create Ticket",
        "url": f"https://acme.zendesk.com/api/v2/job_statuses/{id}.json",
        "total": 2,
        "progress": None,
        "status": status,
        "message": None,
        "results": None,
        **fields,
    }


def job(status: str = "queued", **fields: Any) -> Job:
    return parse_job(job_object(status, **fields))


def completed(*items: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return job_object(
        "completed",
        total=len(items),
        progress=len(items),
        message="Completed at 2026-11-23 12:00:00 +0000",
        results=list(items),
        **fields,
    )


def body(job_status: object) -> bytes:
    return json.dumps({"job_status": job_status}).encode()


def environment(base_url: str | None = None, **settings: str) -> dict[str, str]:
    """Return the environment of a child process, without the user's settings."""
    env = dict(CLEAN)
    if base_url:
        env |= {"JOBSTAT_BASE_URL": base_url, "ZENDESK_OAUTH_TOKEN": TOKEN}
    return env | settings


JOBSTAT = [sys.executable, "-m", "jobstat"]
MAIN = "from jobstat.__main__ import main; main()"
"""Runs jobstat at the end of a program that patches it."""
LIST_MODULES = (
    "import atexit, sys\n"
    "atexit.register(lambda: print(*sys.modules, file=sys.stderr))\n"
)
"""Prints the names of the loaded modules when the program ends."""


def jobstat(
    *arguments: str, env: dict[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run jobstat in its own process, and wait for it.

    The process is forked, unless it needs streams or settings of its own from the
    start.
    """
    env = environment() if env is None else env
    if options.keys() <= {"typed"} and not _python_settings(env):
        return run_forked(*arguments, env=env, **options)
    return run([*JOBSTAT, *arguments], env=env, **options)


def _python_settings(env: dict[str, str]) -> set[tuple[str, str]]:
    """Return the settings that Python reads when it starts, other than the tests'."""
    return {
        (name, value)
        for name, value in env.items() - CLEAN.items()
        if name.startswith(("PYTHON", "LC_", "LANG"))
    }


def python(
    program: str, *arguments: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a Python program, and wait for it."""
    env = environment() if env is None else env
    return run([sys.executable, "-c", program, *arguments], env=env)


def sh(
    script: str, *arguments: str, env: dict[str, str] | None = None, **options: Any
) -> subprocess.CompletedProcess[str]:
    """Run a line of sh in which ``$@`` is jobstat with these arguments."""
    env = environment() if env is None else env
    return run(["sh", "-c", script, "sh", *JOBSTAT, *arguments], env=env, **options)


def bash(script: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run lines of bash in which ``jobstat`` is the jobstat under test."""
    function = f'jobstat() {{ {sys.executable} -m jobstat "$@"; }}'
    return run(["bash", "-c", f"{function}\n{script}"], env={**os.environ, **env})


def start_job(
    demo: DemoServer, tickets: int = 4, failures: float = 0.0, duration: float = 600.0
) -> str:
    """Start a job of ``duration`` seconds at the demo server. Return its id."""
    demo.account.failure_share, demo.account.duration = failures, duration
    ticket = {"comment": {"body": "Help!"}}
    return str(demo.account.create_tickets([ticket] * tickets, time.time())["id"])


def finish_jobs(demo: DemoServer) -> None:
    """End every job of the demo server now."""
    jobs = demo.account._jobs  # noqa: SLF001 - a job's end is fixed when it starts
    for id, job in jobs.items():
        jobs[id] = replace(
            job, duration=min(job.duration, time.time() - job.created_at)
        )
