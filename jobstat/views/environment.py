"""The environment variables that say which output a terminal or a CI takes."""

from __future__ import annotations

import re
from collections.abc import Mapping


def has_color(choice: str, environ: Mapping[str, str], *, interactive: bool) -> bool:
    """Return whether to color the output. The choice is auto, always or never."""
    if choice != "auto":
        return choice == "always"
    if environ.get("NO_COLOR"):
        return False
    if any(
        environ.get(name, "0") not in {"", "0"}
        for name in ("FORCE_COLOR", "CLICOLOR_FORCE")
    ):
        return True
    return interactive


def has_progress_indicator(environ: Mapping[str, str]) -> bool:
    """Return whether the terminal is known to take the sequence OSC 9;4.

    Other terminals may show the sequence as a message. Within tmux, screen and zellij,
    the variables describe the outer terminal.
    """
    if any(environ.get(name) for name in ("TMUX", "STY", "ZELLIJ")):
        return False
    # iTerm2 lists its features, each with a capital letter: P is the progress.
    has_feature = re.search("P(?![a-z0-9])", environ.get("TERM_FEATURES", ""))
    ptyxis_version = environ.get("PTYXIS_VERSION", "").partition(".")[0]
    return bool(
        has_feature
        or environ.get("TERM_PROGRAM") in {"ghostty", "WezTerm"}
        or environ.get("WT_SESSION")
        or environ.get("ConEmuANSI") == "ON"
        or (ptyxis_version.isdecimal() and int(ptyxis_version) >= 48)  # noqa: PLR2004 - the first with an indicator
    )


def runs_workflow_commands(environ: Mapping[str, str]) -> bool:
    """Return whether GitHub Actions, or a CI like it, reads the output."""
    return environ.get("GITHUB_ACTIONS") == "true"


def step_summary_path(environ: Mapping[str, str]) -> str | None:
    """Return the file for the report of this step of GitHub Actions."""
    return environ.get("GITHUB_STEP_SUMMARY") or None
