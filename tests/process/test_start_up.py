"""The start of the process: its imports and the version. The end of the process.

Each import costs time at the start of every command. The lists below are complete, so
that no import slips in. If a command needs another module, add it on purpose: measure
``tests/benchmarks/startup.py`` before and after.
"""

from __future__ import annotations

import os
import sys

from children import run
from support import JOBSTAT, LIST_MODULES, MAIN, environment, python

from jobstat import __version__

VERSION = {"__main__"}

HELP = VERSION | {
    *("cli", "critical", "errors", "exits", "invocation", "lazy_group", "process"),
    *("signals", "topics", "user"),
}

SHOW_JSON = HELP | {
    *("clock", "options", "commands", "commands._shared", "commands.show"),
    "jobs",
    *("jobs.batching", "jobs.duration", "jobs.error_body", "jobs.job", "jobs.loop"),
    *("jobs.parse", "jobs.policy", "jobs.poll", "jobs.progress", "jobs.rate_limit"),
    *("jobs.reference", "jobs.retry", "jobs.schedule", "jobs.signs", "jobs.text"),
    *("jobs.values", "jobs.vocabulary", "jobs.watch"),
    "views",
    *("views.environment", "views.output", "views.progress", "views.reporter"),
    *("views.sanitize", "views.stdin", "views.streams", "views.terminal"),
    *("views.wording", "views.writing"),
    "zendesk",
    *("zendesk.auth", "zendesk.auth.account", "zendesk.auth.credentials"),
    *("zendesk.auth.providers", "zendesk.auth.resolve", "zendesk.background"),
    *("zendesk.body", "zendesk.client", "zendesk.errors", "zendesk.exchange"),
    *("zendesk.http", "zendesk.proxy", "zendesk.redact", "zendesk.tls"),
}
"""The modules of jobstat that each command loads. It may load fewer."""

LIBRARIES = {"certifi", "click", "h11", "httpcore", "httpx", "idna"}
"""The libraries that ``show --json`` loads."""


def loaded(*arguments: str, env: dict[str, str] | None = None) -> set[str]:
    """Return the modules that a command has loaded at its end."""
    done = python(f"{LIST_MODULES}{MAIN}", *arguments, env=env)
    return set(done.stderr.splitlines()[-1].split())


def own(modules: set[str]) -> set[str]:
    return {name.removeprefix("jobstat.") for name in modules if "jobstat." in name}


def libraries(modules: set[str]) -> set[str]:
    """Return the installed packages, without those that a site loads for itself."""
    packages = {name.partition(".")[0] for name in modules}
    at_start = python("import sys; print(*sys.modules)").stdout.split()
    return packages - sys.stdlib_module_names - {"jobstat", *at_start}


def test_version_loads_nothing_but_its_module() -> None:
    modules = loaded("--version")
    assert own(modules) == VERSION
    assert libraries(modules) == set()
    assert not modules & {"enum", "functools", "re", "typing"}


def test_help_loads_only_click_and_its_modules() -> None:
    modules = loaded("--help")
    assert own(modules) - HELP == set()
    assert libraries(modules) == {"click"}
    assert not modules & {"dataclasses", "json", "random", "socket", "ssl"}


def test_show_json_loads_only_its_modules(demo: object) -> None:
    del demo
    modules = loaded("show", "--json", "nosuch", env=dict(os.environ))
    assert own(modules) - SHOW_JSON == set()
    assert libraries(modules) == LIBRARIES
    assert not modules & {"asyncio", "difflib", "httpx._main", "shlex", "tomllib"}


def test_show_for_people_does_not_load_rich(demo: object) -> None:
    del demo
    assert "rich" not in loaded("show", "nosuch", env=dict(os.environ))


def test_functions_of_atexit_run_at_the_end() -> None:
    program = f"import atexit; atexit.register(print, 'the end')\n{MAIN}"
    assert python(program, "--version").stdout.endswith("the end\n")
    assert python(program, "--nosuch").stdout == "the end\n"


def test_a_write_that_no_one_flushed_reaches_its_file() -> None:
    program = f"import atexit, sys; atexit.register(sys.stdout.write, 'x')\n{MAIN}"
    assert python(program, "--version").stdout.endswith("x")


def test_garbage_is_collected_from_the_first_request_on(demo: object) -> None:
    del demo
    state = "import atexit, gc; atexit.register(lambda: print(gc.isenabled()))\n"
    assert python(f"{state}{MAIN}", "--help").stdout.endswith("False\n")
    done = python(f"{state}{MAIN}", "show", "nosuch", env=dict(os.environ))
    assert done.stdout == "True\n"


def test_exit_code_is_that_of_the_run() -> None:
    assert python(MAIN, "--version").returncode == 0
    assert python(MAIN, "--nosuch").returncode == 2


def test_python_m_jobstat_prints_the_version() -> None:
    done = run([*JOBSTAT, "--version"], env=environment())
    assert done.stdout == f"jobstat {__version__}\n"
