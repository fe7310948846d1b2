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
    from collections.abc import Callable, Iterator

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
    """A command as a shell sees it.

    ``words`` are its argument's choices, ``commands`` those of a group.
    """

    name: str
    help: str
    options: tuple[Option, ...]
    words: tuple[str, ...]
    commands: tuple[Command, ...] = ()


def script(shell: str, context: click.Context) -> str:
    """The completion script of ``bash``, ``zsh`` or ``fish``.

    ``context`` is the one of the whole command line.
    """
    return _WRITERS[shell](_command("jobstat", context))


def _command(name: str, context: click.Context) -> Command:
    command = context.command
    params = command.get_params(context)
    names = command.list_commands(context) if isinstance(command, click.Group) else []
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
        tuple(_command(inner, _inner(inner, context)) for inner in names),
    )


def _inner(name: str, context: click.Context) -> click.Context:
    group = context.command
    found = group.get_command(context, name) if isinstance(group, click.Group) else None
    if found is None:
        raise TypeError(group)
    return click.Context(found, context, info_name=name)


def _paths(group: Command, path: str = "") -> Iterator[tuple[str, Command]]:
    """A group, and all that is in it, by the words that lead there."""
    yield path, group
    for command in group.commands:
        yield from _paths(command, f"{path} {command.name}".lstrip())


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


def _bash(group: Command) -> str:
    paths = dict(_paths(group))
    # What stands before a command: nothing, or the group that it is in.
    steps = [f"'{path}'" if " " in path else f"' {path}'" for path in paths if path]
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
            '    case "$command ${COMP_WORDS[i]}" in',
            f"      {'|'.join(steps)})",
            '        command="${command:+$command }${COMP_WORDS[i]}" ;;',
            "    esac",
            "  done",
            "  case $command:$previous in",
            *(line for path, c in paths.items() for line in _bash_values(path, c)),
            "    *)",
            "      case $command:$current in",
            *(line for path, c in paths.items() for line in _bash_words(path, c)),
            "      esac ;;",
            "  esac",
            '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
            "}",
            "complete -F _jobstat jobstat",
            "",
        ]
    )


def _bash_values(path: str, command: Command) -> Iterator[str]:
    for option in command.options:
        if option.takes_value:
            places = "|".join(f"'{path}:{name}'" for name in option.names)
            yield f"    {places}) words='{' '.join(option.choices)}' ;;"


def _bash_words(path: str, command: Command) -> Iterator[str]:
    options = [name for option in command.options for name in option.names]
    words = [*command.words, *(inner.name for inner in command.commands)]
    yield f"        '{path}:-'*) words='{' '.join(options)}' ;;"
    if words:
        yield f"        '{path}:'*) words='{' '.join(words)}' ;;"


def _zsh(group: Command) -> str:
    lines = [
        "#compdef jobstat",
        "# zsh completion for jobstat, written by: jobstat completion zsh",
        "",
        "_jobstat() {",
        "  local curcontext=$curcontext state line",
        "  local -a commands",
        *(f"  {line}" for line in _zsh_group(group)),
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


def _zsh_group(group: Command) -> Iterator[str]:
    yield "commands=("
    for command in group.commands:
        yield f"  {_single(f'{command.name}:{command.help}')}"
    yield ")"
    yield "_arguments -C \\"
    for spec in _zsh_specs(group):
        yield f"  {spec} \\"
    yield "  '1:command:->command' \\"
    yield "  '*::argument:->argument'"
    yield "case $state in"
    yield "  command) _describe command commands ;;"
    yield "  argument)"
    yield "    case $words[1] in"
    for command in group.commands:
        inner = _zsh_group(command) if command.commands else _zsh_command(command)
        yield f"      {command.name})"
        for line in inner:
            yield f"        {line}"
        yield "        ;;"
    yield "    esac ;;"
    yield "esac"


def _zsh_command(command: Command) -> Iterator[str]:
    yield "_arguments \\"
    for spec in _zsh_specs(command):
        yield f"  {spec} \\"
    words = f"1:word:({' '.join(command.words)})" if command.words else "*:job: "
    yield f"  {_single(words)}"


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


def _fish(group: Command) -> str:
    lines = [
        "# fish completion for jobstat, written by: jobstat completion fish",
        "",
        "complete -c jobstat -f",
        *_fish_options(group, "__fish_use_subcommand"),
        *_fish_commands(group, "__fish_use_subcommand"),
    ]
    for path, command in _paths(group):
        if not path:
            continue
        seen = "; and ".join(f"__fish_seen_subcommand_from {w}" for w in path.split())
        if command.commands:
            inner = " ".join(inner.name for inner in command.commands)
            seen += f"; and not __fish_seen_subcommand_from {inner}"
        if command.words:
            lines.append(
                f"complete -c jobstat -n {_single(seen)}"
                f" -a {_single(' '.join(command.words))}"
            )
        lines += _fish_commands(command, seen)
        lines += _fish_options(command, seen)
    return "\n".join([*lines, ""])


def _fish_commands(group: Command, condition: str) -> Iterator[str]:
    for command in group.commands:
        yield (
            f"complete -c jobstat -n {_single(condition)}"
            f" -a {command.name} -d {_single(command.help)}"
        )


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


_WRITERS: dict[str, Callable[[Command], str]] = {
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
    standard_output().print(script(shell, ctx.find_root()))
    return 0
