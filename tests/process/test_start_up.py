"""The start of the process: its imports, and the version."""

from __future__ import annotations

import os

from children import run
from support import JOBSTAT, environment, python

from jobstat import __version__


def test_commands_do_not_import_modules_they_do_not_need(demo: object) -> None:
    del demo
    program = (
        "import sys\n"
        "sys.argv = ['jobstat', *sys.argv[1:]]\n"
        "from jobstat.__main__ import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sorted(sys.modules), file=sys.stderr)\n"
    )

    def loaded(*arguments: str) -> set[str]:
        done = python(program, *arguments, env=dict(os.environ))
        return set(done.stderr.splitlines()[-1].split())

    assert not loaded("--version") & {"click", "re", "enum", "jobstat.process"}
    assert not loaded("--help") & {
        "httpx",
        "rich",
        "dataclasses",
        "jobstat.commands.show",
    }
    assert not loaded("show", "nosuch") & {"rich"}
    modules = loaded("show", "--json", "nosuch")
    assert "httpx" in modules
    assert not modules & {
        "asyncio",
        "httpx._main",
        "jobstat.jobs.input",
        "jobstat.jobs.listing",
        "jobstat.views.summary",
        "jobstat.zendesk.auth.profiles",
        "keyring",
        "oauthlib",
        "platformdirs",
        "pygments",
        "rich",
        "secretstorage",
        "tomllib",
    }


def test_python_m_jobstat_prints_the_version() -> None:
    done = run([*JOBSTAT, "--version"], env=environment())
    assert done.stdout == f"jobstat {__version__}\n"
