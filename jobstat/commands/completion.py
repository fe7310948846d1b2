"""``jobstat completion``: the completion scripts, made from the commands.

What they offer is written into them, so that a shell completes commands,
options and choices without starting Python.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from jobstat.options import epilog
from jobstat.views.terminal import standard_output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

EXAMPLES = """
jobstat completion bash > ~/.jobstat.bash; echo '. ~/.jobstat.bash' >> ~/.bashrc
jobstat completion zsh > ~/.jobstat.zsh
echo 'autoload -Uz compinit; compinit; . ~/.jobstat.zsh' >> ~/.zshrc
mkdir -p ~/.config/fish/completions
jobstat completion fish > ~/.config/fish/completions/jobstat.fish
"""


@dataclass(frozen=True, slots=True)
class Option:
    """An option as a shell sees it: ``choices`` is empty where any value goes."""

    names: tuple[str, ...]
    help: str
    takes_value: bool
    choices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Command:
    """A command as a shell sees it; ``words`` are its argument's choices."""

    name: str
    help: str
    options: tuple[Option, ...]
    words: tuple[str, ...]


def script(shell: str, context: click.Context) -> str:
    """The completion script of ``bash``, ``zsh`` or ``fish``.

    ``context`` is the one of the whole command line.
    """
    group = context.command
    if not isinstance(group, click.Group):
        raise TypeError(group)
    commands = [
        _command(name, found, click.Context(found, context, info_name=name))
        for name in group.list_commands(context)
        if (found := group.get_command(context, name)) is not None
    ]
    return _WRITERS[shell](_command("jobstat", group, context), commands)


def _command(name: str, command: click.Command, context: click.Context) -> Command:
    params = command.get_params(context)
    return Command(
        name,
        command.get_short_help_str(limit=200),
        tuple(_option(param) for param in params if isinstance(param, click.Option)),
        tuple(
            choice
            for param in params
            if isinstance(param, click.Argument)
            for choice in _choices(param)
        ),
    )


def _option(option: click.Option) -> Option:
    return Option(
        # click keeps the names of --help in a set: their order would vary.
        names=tuple(sorted(option.opts, key=len)),
        help=re.split(r"\.(?: |$)|: ", option.help or "")[0],
        takes_value=not option.is_flag,
        choices=_choices(option),
    )


def _choices(param: click.Parameter) -> tuple[str, ...]:
    kind = param.type
    return tuple(map(str, kind.choices)) if isinstance(kind, click.Choice) else ()


def _bash(group: Command, commands: list[Command]) -> str:
    return "\n".join(
        [
            "# bash completion for jobstat, written by: jobstat completion bash",
            "",
            "_jobstat() {",
            "  local current=${COMP_WORDS[COMP_CWORD]} command='' words='' i",
            "  local previous=${COMP_WORDS[COMP_CWORD-1]}",
            "  if [[ $current == = ]]; then",
            "    current=''",
            "  elif [[ $previous == = ]]; then",
            "    previous=${COMP_WORDS[COMP_CWORD-2]}",
            "  fi",
            "  for ((i = 1; i < COMP_CWORD; i++)); do",
            "    case ${COMP_WORDS[i]} in",
            f"      {'|'.join(command.name for command in commands)})",
            "        command=${COMP_WORDS[i]}; break ;;",
            "    esac",
            "  done",
            "  case $command:$previous in",
            *_bash_values(commands),
            "    *)",
            "      case $command:$current in",
            *_bash_words("", group, [command.name for command in commands]),
            *(
                line
                for command in commands
                for line in _bash_words(command.name, command, command.words)
            ),
            "      esac ;;",
            "  esac",
            '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
            "}",
            "complete -F _jobstat jobstat",
            "",
        ]
    )


def _bash_values(commands: list[Command]) -> Iterator[str]:
    for command in commands:
        for option in command.options:
            if option.takes_value:
                places = "|".join(f"{command.name}:{name}" for name in option.names)
                yield f"    {places}) words='{' '.join(option.choices)}' ;;"


def _bash_words(name: str, command: Command, words: Sequence[str]) -> Iterator[str]:
    options = [name for option in command.options for name in option.names]
    yield f"        {name}:-*) words='{' '.join(options)}' ;;"
    if words:
        yield f"        {name}:*) words='{' '.join(words)}' ;;"


def _zsh(group: Command, commands: list[Command]) -> str:
    lines = [
        "#compdef jobstat",
        "# zsh completion for jobstat, written by: jobstat completion zsh",
        "",
        "_jobstat() {",
        "  local curcontext=$curcontext state line",
        "  local -a commands=(",
        *(f"    {_single(f'{c.name}:{c.help}')}" for c in commands),
        "  )",
        "  _arguments -C \\",
        *(f"    {spec} \\" for spec in _zsh_specs(group)),
        "    '1:command:->command' \\",
        "    '*::argument:->argument'",
        "  case $state in",
        "    command) _describe command commands ;;",
        "    argument)",
        "      case $words[1] in",
    ]
    for command in commands:
        words = f"1:word:({' '.join(command.words)})" if command.words else "*:job: "
        lines += [
            f"        {command.name})",
            "          _arguments \\",
            *(f"            {spec} \\" for spec in _zsh_specs(command)),
            f"            {_single(words)} ;;",
        ]
    lines += [
        "      esac ;;",
        "  esac",
        "}",
        "",
        # Sourced, the file names its function; autoloaded, it is the function.
        'if [ "$funcstack[1]" = _jobstat ]; then',
        '  _jobstat "$@"',
        "else",
        "  compdef _jobstat jobstat",
        "fi",
        "",
    ]
    return "\n".join(lines)


def _zsh_specs(command: Command) -> Iterator[str]:
    for option in command.options:
        shown = re.sub(r"([\[\]:\\])", r"\\\1", option.help)
        value = ""
        if option.takes_value:
            choices = f"({' '.join(option.choices)})" if option.choices else " "
            value = f":value:{choices}"
        rest = _single(f"[{shown}]{value}")
        if len(option.names) > 1:
            others = _single(f"({' '.join(option.names)})")
            yield f"{others}{{{','.join(option.names)}}}{rest}"
        else:
            yield f"{option.names[0]}{'=' * option.takes_value}{rest}"


def _fish(group: Command, commands: list[Command]) -> str:
    lines = [
        "# fish completion for jobstat, written by: jobstat completion fish",
        "",
        "complete -c jobstat -f",
        *_fish_options(group, "__fish_use_subcommand"),
    ]
    lines += [
        "complete -c jobstat -n __fish_use_subcommand"
        f" -a {command.name} -d {_single(command.help)}"
        for command in commands
    ]
    for command in commands:
        seen = f"__fish_seen_subcommand_from {command.name}"
        if command.words:
            lines.append(
                f"complete -c jobstat -n {_single(seen)}"
                f" -a {_single(' '.join(command.words))}"
            )
        lines += _fish_options(command, seen)
    return "\n".join([*lines, ""])


def _fish_options(command: Command, condition: str) -> Iterator[str]:
    for option in command.options:
        names = "".join(
            f" -l {name[2:]}" if name.startswith("--") else f" -s {name[1:]}"
            for name in option.names
        )
        value = ""
        if option.takes_value:
            value = " -x"
            if option.choices:
                value += f" -a {_single(' '.join(option.choices))}"
        yield (
            f"complete -c jobstat -n {_single(condition)}{names}{value}"
            f" -d {_single(option.help)}"
        )


def _single(text: str) -> str:
    """The text between single quotes; an apostrophe becomes a typographic one.

    Each shell has its own way to quote an apostrophe; the texts are for people.
    """
    return "'" + text.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}") + "'"


_WRITERS: dict[str, Callable[[Command, list[Command]], str]] = {
    "bash": _bash,
    "zsh": _zsh,
    "fish": _fish,
}


@click.command("completion", epilog=epilog(EXAMPLES))
@click.argument("shell", metavar="bash|zsh|fish", type=click.Choice(list(_WRITERS)))
@click.pass_context
def command(ctx: click.Context, /, shell: str) -> int:
    """Print the completion script of a shell.

    It completes commands, options and their choices, and starts no Python.
    """
    standard_output().write(script(shell, ctx.find_root()))
    return 0
