"""How long jobstat takes to start, as ratios to an empty Python program.

Run by hand: ``python tests/benchmarks/startup.py [ROUNDS]``, where jobstat is
installed as a user would have it (not editable, by a current pip: the launcher
that pip 23 writes imports ``re``, which alone costs half an empty program).
Each round runs every command once, so that a machine whose speed drifts drifts
for all of them; the figures are the medians of the ratios within a round.
"""

from __future__ import annotations

import os
import shutil
import ssl
import statistics
import sys
import tempfile
import time
from pathlib import Path

import trustme

sys.path.insert(0, str(Path(__file__).parents[1]))
from raw_server import http, raw_server
from support import ID, SUCCESS, body, completed, environment

LEAST = """
import json, os, sys
import click, httpx

@click.command()
@click.argument("id")
def show(id):
    url = f"{os.environ['JOBSTAT_BASE_URL']}/api/v2/job_statuses/{id}.json"
    token = os.environ["ZENDESK_OAUTH_TOKEN"]
    response = httpx.get(url, headers={"Authorization": f"Bearer {token}"})
    response.raise_for_status()
    print(json.dumps(response.json()["job_status"]))

show()
"""


def run(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Seconds by the clock, and of the processor, that a command takes."""
    began = time.perf_counter()
    nowhere = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawnp(command[0], command, env, file_actions=nowhere)
    _, status, usage = os.wait4(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, command
    return time.perf_counter() - began, usage.ru_utime + usage.ru_stime


def main(rounds: int) -> None:
    python = sys.executable
    jobstat = shutil.which("jobstat", path=str(Path(python).parent))
    assert jobstat, "jobstat is not installed beside this Python"
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with (
        tempfile.TemporaryDirectory() as folder,
        raw_server(http(content=body(completed(SUCCESS))), tls=tls) as server,
    ):
        named_by_user, least = Path(folder, "ca.pem"), Path(folder, "least.py")
        authority.cert_pem.write_to_path(str(named_by_user))
        least.write_text(LEAST)
        env = environment(server.base_url, SSL_CERT_FILE=str(named_by_user))
        commands = {
            "python -c pass": [python, "-c", "pass"],
            "jobstat --version": [jobstat, "--version"],
            "jobstat --help": [jobstat, "--help"],
            "jobstat show --json": [jobstat, "show", "--json", ID],
            "least script": [python, str(least), ID],
        }
        for command in commands.values():
            run(command, env)
        taken: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                taken[name].append(run(command, env))
    print(f"{rounds} rounds          seconds   ratio to python -c pass: clock, CPU")
    for name, times in taken.items():
        seconds = statistics.median(clock for clock, _ in times)
        ratios = [
            statistics.median(
                mine[kind] / empty[kind]
                for mine, empty in zip(times, taken["python -c pass"], strict=True)
            )
            for kind in (0, 1)
        ]
        print(f"{name:<20} {seconds:>10.4f}   {ratios[0]:>6.2f} {ratios[1]:>6.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
