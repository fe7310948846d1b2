"""The start-up time of jobstat beside other programs that send the same request.

Run by hand: ``python tests/benchmarks/startup.py [ROUNDS] [OTHER_CHECKOUT]``. It
installs jobstat as a user does: with a current pip, compiled, and not editable. With
another checkout, it compares both. It needs the network to install packages.

Each program asks a server on loopback for one job, over TLS. It reads as many
certificates as certifi has, from one file, or in one row from a directory of hashed
names. In two rows the token is from a login: in gnome-keyring, which jobstat reads
itself, or in a keyring that the keyring library has to choose.

Each round runs every command once, so that a change of the machine's speed affects all
of them. The figures are medians of the ratios in a round.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import venv
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import certifi
import trustme

sys.path.insert(0, str(Path(__file__).parents[1]))
from raw_server import RawServer, http, raw_server
from support import ID, SUCCESS, TOKEN, body, completed, environment

if TYPE_CHECKING:
    from collections.abc import Iterator

CHECKOUT = Path(__file__).parents[2]
EMPTY = "python -c pass"
LEAST_SCRIPT = "script of click, httpx"

CLICK_AND_HTTPX = """
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

HTTPX = """
import json, os, sys
import httpx

url = f"{os.environ['JOBSTAT_BASE_URL']}/api/v2/job_statuses/{sys.argv[1]}.json"
token = os.environ["ZENDESK_OAUTH_TOKEN"]
response = httpx.get(url, headers={"Authorization": f"Bearer {token}"})
response.raise_for_status()
print(json.dumps(response.json()["job_status"]))
"""

# Zenpy adds the domain to the subdomain: both together are the server's address.
ZENPY = """
import os, sys
from zenpy import Zenpy

address = os.environ["JOBSTAT_BASE_URL"].removeprefix("https://")
subdomain, domain = address.split(".", 1)
token = os.environ["ZENDESK_OAUTH_TOKEN"]
client = Zenpy(subdomain=subdomain, domain=domain, oauth_token=token)
print(client.job_status(id=sys.argv[1]).to_json())
"""

# A keyring of another package, which the library has to find.
FILE_KEYRING = """
import json, os
from keyring.backend import KeyringBackend

class FileKeyring(KeyringBackend):
    priority = 9

    def get_password(self, service, username):
        with open(os.environ["KEYRING_FILE"]) as file:
            return json.load(file).get(f"{service}/{username}")

    set_password = delete_password = None
"""

KEYRING_PROGRAMS = ("dbus-run-session", "gnome-keyring-daemon", "secret-tool")

# Prints the address of a D-Bus session with gnome-keyring, and ends with its input.
SECRET_SERVICE = """
printf secret | gnome-keyring-daemon --unlock --components=secrets > /dev/null
until secret-tool search a b; do sleep 0.1; done > /dev/null
echo $DBUS_SESSION_BUS_ADDRESS
cat > /dev/null
"""

Command = tuple[list[str], dict[str, str]]
"""The words of a command, and the variables that it needs more than the others."""

Times = dict[str, list[tuple[float, float]]]
"""The seconds of real time and of CPU time of each command, in each round."""


def main(rounds: int, other_checkout: str | None) -> None:
    authority = trustme.CA()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(tls)
    with (
        tempfile.TemporaryDirectory() as name,
        secret_service(Path(name)) as bus,
        raw_server(http(content=body(completed(SUCCESS))), tls=tls) as server,
    ):
        folder = Path(name)
        ca_file = folder / "ca.pem"
        ca_file.write_text(Path(certifi.where()).read_text())
        authority.cert_pem.write_to_path(str(ca_file), append=True)
        env = environment(
            server.base_url, SSL_CERT_FILE=str(ca_file), REQUESTS_CA_BUNDLE=str(ca_file)
        )
        own = install(folder / "own", str(CHECKOUT))
        commands = jobstat_commands(own, folder, server, bus)
        if other_checkout:
            other = install(folder / "other", other_checkout)
            commands = {
                row: command
                for own_row, other_row in zip(
                    commands.items(),
                    jobstat_commands(other, folder, server, bus).items(),
                    strict=True,
                )
                for row, command in (own_row, (other_name(other_row[0]), other_row[1]))
            }
        commands = {EMPTY: ([str(own / "python"), "-c", "pass"], {}), **commands}
        commands |= other_commands(own, folder, ca_file, server)
        print_table(measure(commands, env, rounds))


def install(folder: Path, *requirements: str) -> Path:
    """Install packages for a user. Return the folder of the programs."""
    venv.create(folder, with_pip=True, symlinks=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--upgrade", "pip"], check=True, stderr=subprocess.DEVNULL)
    subprocess.run([*pip, *requirements], check=True, stderr=subprocess.DEVNULL)
    return folder / "bin"


@contextmanager
def secret_service(folder: Path) -> Iterator[str | None]:
    """Run gnome-keyring, if it is installed. Yield the address of its D-Bus."""
    if not all(map(shutil.which, KEYRING_PROGRAMS)):
        print("gnome-keyring is not installed: skipped")
        yield None
        return
    directories = {"XDG_RUNTIME_DIR": str(folder), "XDG_DATA_HOME": str(folder)}
    with subprocess.Popen(
        ["dbus-run-session", "--", "sh", "-c", SECRET_SERVICE],
        env=environment(**directories),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            yield process.stdout.readline().strip()
        finally:
            process.stdin.close()


def jobstat_commands(
    programs: Path, folder: Path, server: RawServer, bus: str | None
) -> dict[str, Command]:
    """Return the commands of an installed jobstat."""
    jobstat = str(programs / "jobstat")
    show = [jobstat, "show", "--json", ID]
    commands: dict[str, Command] = {
        "--version": ([jobstat, "--version"], {}),
        "--help": ([jobstat, "--help"], {}),
        "show": ([jobstat, "show", ID], {}),
        "show --json": (show, {}),
    }
    directory = hashed_directory(folder)
    if directory:
        settings = {"SSL_CERT_FILE": "", "SSL_CERT_DIR": str(directory)}
        commands["- hashed directory"] = (show, settings)
    login = make_login(folder, server)
    if bus:
        store_secret(bus, server)
        service = {"DBUS_SESSION_BUS_ADDRESS": bus}
        commands["- Secret Service"] = (show, login | service)
    commands["- another keyring"] = (show, login | other_keyring(folder, server))
    return commands


def hashed_directory(folder: Path) -> Path | None:
    """Return a directory of certificates with hashed names, None without openssl."""
    directory = folder / "certs"
    if not directory.exists() and shutil.which("openssl"):
        directory.mkdir()
        bundle = (folder / "ca.pem").read_text()
        certificates = re.findall("-----BEGIN.*?-----END[^\n]*\n", bundle, re.DOTALL)
        for number, certificate in enumerate(certificates):
            (directory / f"{number}.pem").write_text(certificate)
        subprocess.run(["openssl", "rehash", directory], check=True)
    return directory if directory.exists() else None


def make_login(folder: Path, server: RawServer) -> dict[str, str]:
    """Make the profile of a login. Return the variables for its use."""
    profile = folder / "config" / "jobstat" / "accounts.toml"
    profile.parent.mkdir(parents=True, exist_ok=True)
    profile.write_text(f'[accounts."{server.base_url}"]\nkind = "token"\n')
    return {
        "ZENDESK_OAUTH_TOKEN": "",
        "PYTHON_KEYRING_BACKEND": "",
        "XDG_CONFIG_HOME": str(folder / "config"),
    }


def store_secret(bus: str, server: RawServer) -> None:
    subprocess.run(
        [
            *("secret-tool", "store", "--label=jobstat", "service", "jobstat"),
            *("username", server.base_url.removeprefix("https://")),
        ],
        env=environment(DBUS_SESSION_BUS_ADDRESS=bus),
        input=json.dumps({"token": TOKEN}).encode(),
        check=True,
    )


def other_keyring(folder: Path, server: RawServer) -> dict[str, str]:
    """Make a package with a keyring. Return the variables for its use."""
    packages = folder / "packages"
    metadata = packages / "file_keyring-1.dist-info"
    metadata.mkdir(parents=True, exist_ok=True)
    (packages / "file_keyring.py").write_text(FILE_KEYRING)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: file-keyring\n")
    (metadata / "entry_points.txt").write_text(
        "[keyring.backends]\nfile=file_keyring\n"
    )
    entries = folder / "keyring.json"
    entry = f"jobstat/{server.base_url.removeprefix('https://')}"
    entries.write_text(json.dumps({entry: json.dumps({"token": TOKEN})}))
    return {"PYTHONPATH": str(packages), "KEYRING_FILE": str(entries)}


def other_commands(
    programs: Path, folder: Path, ca_file: Path, server: RawServer
) -> dict[str, Command]:
    """Return the commands of other programs. Skip those that are not installed."""

    def script(name: str, text: str) -> str:
        path = folder / f"{name}.py"
        path.write_text(text)
        return str(path)

    python = str(programs / "python")
    commands: dict[str, Command] = {
        LEAST_SCRIPT: ([python, script("click_httpx", CLICK_AND_HTTPX), ID], {}),
        "script of httpx": ([python, script("only_httpx", HTTPX), ID], {}),
    }
    url = f"{server.base_url}/api/v2/job_statuses/{ID}.json"
    if shutil.which("curl"):
        commands["curl"] = (["curl", "-sf", "--cacert", str(ca_file), url], {})
    if shutil.which("gh"):
        commands["gh --version"] = (["gh", "--version"], {})
        token = {"GH_TOKEN": TOKEN, "HOME": str(folder)}
        commands["gh api"] = (["gh", "api", url], token)
    try:
        zenpy = install(folder / "zenpy", "zenpy")
    except subprocess.CalledProcessError:
        pass
    else:
        command = [str(zenpy / "python"), script("only_zenpy", ZENPY), ID]
        commands["script of zenpy"] = (command, {})
    for name in ("curl", "gh", "zenpy"):
        if not any(name in row for row in commands):
            print(f"{name} is not installed: skipped")
    return commands


def measure(commands: dict[str, Command], env: dict[str, str], rounds: int) -> Times:
    """Run every command once in each round, after a round that is not measured."""
    times: Times = {name: [] for name in commands}
    for round_number in range(rounds + 1):
        for name, (words, settings) in commands.items():
            seconds = run(words, env | settings)
            if round_number > 0:
                times[name].append(seconds)
    return times


def run(command: list[str], env: dict[str, str]) -> tuple[float, float]:
    """Return the seconds of real time and of CPU time that a command takes."""
    env = {name: value for name, value in env.items() if value}
    started = time.perf_counter()
    to_devnull = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
    pid = os.posix_spawnp(command[0], command, env, file_actions=to_devnull)
    _, status, usage = os.wait4(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0, command
    return time.perf_counter() - started, usage.ru_utime + usage.ru_stime


def print_table(times: Times) -> None:
    """Print the ratios to an empty program, the least script and the other checkout."""

    def ratios(name: str, base: str) -> str:
        if base not in times:
            return " " * 16
        rounds = list(zip(times[name], times[base], strict=True))
        clock, cpu = (
            statistics.median(run[index] / base_run[index] for run, base_run in rounds)
            for index in (0, 1)
        )
        return f"{clock:8.2f}{cpu:8.2f}"

    print(f"{len(times[EMPTY])} rounds; ratios of clock and of CPU time")
    heads = [f"to {EMPTY}", "to least script", "to other checkout"]
    print(f"{'':24}{'ms':>8}{''.join(f'{head:>20}' for head in heads)}")
    for name, runs in times.items():
        milliseconds = statistics.median(clock for clock, _ in runs) * 1000
        columns = [ratios(name, b) for b in (EMPTY, LEAST_SCRIPT, other_name(name))]
        print(f"{name:24}{milliseconds:8.1f}{''.join(f'{c:>20}' for c in columns)}")


def other_name(row: str) -> str:
    """Return the name of a row of the other checkout."""
    return f"  other {row}"


if __name__ == "__main__":
    main(
        int(sys.argv[1]) if len(sys.argv) > 1 else 30,
        sys.argv[2] if len(sys.argv) > 2 else None,
    )
