"""The start-up time of jobstat, as a ratio to an empty Python program.

Run by hand: ``python tests/benchmarks/startup.py [ROUNDS]``. Install jobstat as a user
does, not editable, and with a current pip: the launcher of pip 23 imports ``re``, which
takes half the time of an empty program.

Each round runs every command once, so a change of the machine's speed affects all of
them. The figures are the medians of the ratios within a round.
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

SHORT_SCRIPT = """
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
    """Return the seconds of real time and of CPU time that a command takes."""
    started = time.perf_counter()
    to_devnull = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawnp(command[0], command, env, file_actions=to_devnull)
    _, status, usage = os.wait4(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, command
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime


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
        ca_file, script = Path(folder, "ca.pem"), Path(folder, "show.py")
        authority.cert_pem.write_to_path(str(ca_file))
        script.write_text(SHORT_SCRIPT)
        env = environment(server.base_url, SSL_CERT_FILE=str(ca_file))
        commands = {
            "python -c pass": [python, "-c", "pass"],
            "jobstat --version": [jobstat, "--version"],
            "jobstat --help": [jobstat, "--help"],
            "jobstat show --json": [jobstat, "show", "--json", ID],
            "short script": [python, str(script), ID],
        }
        for command in commands.values():
            run(command, env)
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in commands}
        for _ in range(rounds):
            for name, command in commands.items():
                times[name].append(run(command, env))
    print(f"{rounds} rounds          seconds   ratio to python -c pass: clock, CPU")
    for name, runs in times.items():
        seconds = statistics.median(clock for clock, _ in runs)
        ratios = [
            statistics.median(
                own[index] / empty[index]
                for own, empty in zip(runs, times["python -c pass"], strict=True)
            )
            for index in (0, 1)
        ]
        print(f"{name:<20} {seconds:>10.4f}   {ratios[0]:>6.2f} {ratios[1]:>6.2f}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 30)
