"""``jobstat completion``: print the completion script of a shell."""

from __future__ import annotations

from importlib.resources import files

import click

from jobstat.options import epilog
from jobstat.views.terminal import standard_output

SCRIPTS = {
    "bash": "jobstat.bash",
    "zsh": "_jobstat",
    "fish": "jobstat.fish",
    "powershell": "jobstat.ps1",
}
"""Each shell's file in ``jobstat/completions``. tests/package/docs.py writes them."""

EXAMPLES = """
jobstat completion bash > ~/.jobstat.bash; echo '. ~/.jobstat.bash' >> ~/.bashrc
jobstat completion zsh > ~/.jobstat.zsh
echo 'autoload -Uz compinit; compinit; . ~/.jobstat.zsh' >> ~/.zshrc
mkdir -p ~/.config/fish/completions
jobstat completion fish > ~/.config/fish/completions/jobstat.fish
jobstat completion powershell > ~/.jobstat.ps1
New-Item -Force -ItemType Directory (Split-Path $PROFILE)
Add-Content $PROFILE '. $HOME/.jobstat.ps1'
"""


@click.command("completion", epilog=epilog(EXAMPLES))
@click.argument("shell", metavar="|".join(SCRIPTS), type=click.Choice(list(SCRIPTS)))
def command(shell: str) -> int:
    """Print the completion script of a shell.

    The script completes commands, options and their choices. It does not start Python.
    """
    script = files("jobstat").joinpath("completions", SCRIPTS[shell])
    standard_output().print(script.read_text("utf-8"))
    return 0
