"""Generate the completion scripts of four shells from the commands.

A script holds every command, option and choice, so that completing starts no Python.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True, slots=True)
class Option:
    """An option. ``choices`` is empty if the option takes any value.

    ``paths`` is "file" or "directory" if the option takes a path, else empty.
    """

    names: tuple[str, ...]
    summary: str
    takes_value: bool
    choices: tuple[str, ...]
    paths: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command. ``words`` are the choices of its argument.

    ``paths`` is "file" or "directory" if its argument may be a path, else empty.
    """

    name: str
    summary: str
    options: tuple[Option, ...]
    words: tuple[str, ...]
    paths: str
    subcommands: tuple[Command, ...] = ()


def generate(shell: str, root: click.Context) -> str:
    """Return the script for ``shell``; ``root`` is the context of ``jobstat``."""
    writers = {
        "bash": bash_script,
        "zsh": zsh_script,
        "fish": fish_script,
        "powershell": powershell_script,
    }
    return writers[shell](parse_command("jobstat", root))


def parse_command(name: str, context: click.Context) -> Command:
    command = context.command
    params = command.get_params(context)
    arguments = [param for param in params if isinstance(param, click.Argument)]
    return Command(
        name,
        command.get_short_help_str(limit=200),
        tuple(parse_option(p, context) for p in params if isinstance(p, click.Option)),
        tuple(c for argument in arguments for c in parse_choices(argument, context)),
        "".join(map(parse_paths, arguments)),
        tuple(parse_subcommands(context)),
    )


def parse_subcommands(context: click.Context) -> Iterator[Command]:
    group = context.command
    if not isinstance(group, click.Group):
        return
    for name in group.list_commands(context):
        subcommand = group.get_command(context, name)
        assert subcommand is not None
        yield parse_command(
            name, click.Context(subcommand, parent=context, info_name=name)
        )


def parse_option(option: click.Option, context: click.Context) -> Option:
    return Option(
        # click keeps -h and --help in a set, whose order varies.
        names=tuple(sorted(option.opts, key=len)),
        summary=re.split(r"\.(?: |$)|: ", option.help or "")[0],
        takes_value=not option.is_flag,
        choices=() if option.is_flag else parse_choices(option, context),
        paths=parse_paths(option),
    )


def parse_choices(param: click.Parameter, context: click.Context) -> tuple[str, ...]:
    items = param.shell_complete(context, "")
    return tuple(item.value for item in items if item.type == "plain")


def parse_paths(param: click.Parameter) -> str:
    if not isinstance(param.type, click.Path):
        return ""
    return "file" if param.type.file_okay else "directory"


def walk(command: Command, path: str = "") -> Iterator[tuple[str, Command]]:
    """Yield a command and its subcommands, each with its path: ``auth login``."""
    yield path, command
    for subcommand in command.subcommands:
        yield from walk(subcommand, f"{path} {subcommand.name}".lstrip())


def quote(text: str) -> str:
    """Put text between single quotes.

    Each shell escapes an apostrophe in another way. A typographic one needs none.
    """
    return "'" + text.replace("'", "\N{RIGHT SINGLE QUOTATION MARK}") + "'"


def bash_script(root: Command) -> str:
    commands = dict(walk(root))
    # The script matches "$command $word": the path so far, and the next word.
    paths = [f"'{path}'" if " " in path else f"' {path}'" for path in commands if path]
    return "\n".join(
        [
            "# bash completion for jobstat, written by: jobstat completion bash",
            "",
            "_jobstat() {",
            "  local current=${COMP_WORDS[COMP_CWORD]} command='' words='' paths='' i",
            "  local previous=${COMP_WORDS[COMP_CWORD-1]}",
            "  if [[ $current == = ]]; then",
            "    current=''",
            "  elif [[ $previous == = ]]; then",
            "    previous=${COMP_WORDS[COMP_CWORD-2]}",
            "  fi",
            "  for ((i = 1; i < COMP_CWORD; i++)); do",
            '    case "$command ${COMP_WORDS[i]}" in',
            f"      {'|'.join(paths)})",
            '        command="${command:+$command }${COMP_WORDS[i]}" ;;',
            "    esac",
            "  done",
            "  case $command:$previous in",
            *(line for path, c in commands.items() for line in bash_values(path, c)),
            "    *)",
            "      case $command:$current in",
            *(line for path, c in commands.items() for line in bash_words(path, c)),
            "      esac ;;",
            "  esac",
            "  if [[ $paths ]]; then",
            "    local IFS=$'\\n'",
            "    compopt -o filenames 2> /dev/null  # bash 3 has no compopt",
            '    COMPREPLY=($(compgen -A "$paths" -- "$current"))',
            "  else",
            '    COMPREPLY=($(compgen -W "$words" -- "$current"))',
            "  fi",
            "}",
            "complete -F _jobstat jobstat",
            "",
        ]
    )


def bash_values(path: str, command: Command) -> Iterator[str]:
    """Yield the cases that complete the value of an option."""
    for option in command.options:
        if option.takes_value:
            patterns = "|".join(f"'{path}:{name}'" for name in option.names)
            paths = f"; paths={option.paths}" if option.paths else ""
            yield f"    {patterns}) words='{' '.join(option.choices)}'{paths} ;;"


def bash_words(path: str, command: Command) -> Iterator[str]:
    """Yield the cases that complete an option, an argument or a subcommand."""
    options = [name for option in command.options for name in option.names]
    words = [*command.words, *(subcommand.name for subcommand in command.subcommands)]
    yield f"        '{path}:-'*) words='{' '.join(options)}' ;;"
    if words:
        yield f"        '{path}:'*) words='{' '.join(words)}' ;;"
    if command.paths:
        yield f"        '{path}:'*) paths={command.paths} ;;"


def zsh_script(root: Command) -> str:
    lines = [
        "#compdef jobstat",
        "# zsh completion for jobstat, written by: jobstat completion zsh",
        "",
        "_jobstat() {",
        "  local curcontext=$curcontext state line",
        "  local -a commands",
        *(f"  {line}" for line in zsh_group(root)),
        "}",
        "",
        # zsh either sources this file or autoloads it as the body of _jobstat.
        'if [ "$funcstack[1]" = _jobstat ]; then',
        '  _jobstat "$@"',
        "else",
        "  compdef _jobstat jobstat",
        "fi",
        "",
    ]
    return "\n".join(lines)


def zsh_group(group: Command) -> Iterator[str]:
    yield "commands=("
    for command in group.subcommands:
        yield f"  {quote(f'{command.name}:{command.summary}')}"
    yield ")"
    yield "_arguments -C \\"
    for option in group.options:
        yield f"  {zsh_option(option)} \\"
    yield "  '1:command:->command' \\"
    yield "  '*::argument:->argument'"
    yield "case $state in"
    yield "  command) _describe command commands ;;"
    yield "  argument)"
    yield "    case $words[1] in"
    for command in group.subcommands:
        lines = zsh_group(command) if command.subcommands else zsh_command(command)
        yield f"      {command.name})"
        for line in lines:
            yield f"        {line}"
        yield "        ;;"
    yield "    esac ;;"
    yield "esac"


ZSH_PATHS = {"file": "_files", "directory": "_files -/"}


def zsh_command(command: Command) -> Iterator[str]:
    yield "_arguments \\"
    for option in command.options:
        yield f"  {zsh_option(option)} \\"
    words = f"1:word:({' '.join(command.words)})" if command.words else "*:job: "
    if command.paths:
        words = f"*:job or file:{ZSH_PATHS[command.paths]}"
    yield f"  {quote(words)}"


def zsh_option(option: Option) -> str:
    """Return an option as ``_arguments`` takes it: ``--color=[When]:value:(a b)``."""
    summary = re.sub(r"([\[\]:\\])", r"\\\1", option.summary)
    value = ""
    if option.takes_value:
        choices = f"({' '.join(option.choices)})" if option.choices else " "
        value = f":value:{ZSH_PATHS.get(option.paths, choices)}"
    rest = quote(f"[{summary}]{value}")
    if len(option.names) > 1:
        exclusive = quote(f"({' '.join(option.names)})")
        return f"{exclusive}{{{','.join(option.names)}}}{rest}"
    return f"{option.names[0]}{'=' * option.takes_value}{rest}"


def fish_script(root: Command) -> str:
    lines = [
        "# fish completion for jobstat, written by: jobstat completion fish",
        "",
        "complete -c jobstat -f",
        *fish_options(root, "__fish_use_subcommand"),
        *fish_subcommands(root, "__fish_use_subcommand"),
    ]
    for path, command in walk(root):
        if not path:
            continue
        condition = "; and ".join(
            f"__fish_seen_subcommand_from {word}" for word in path.split()
        )
        if command.subcommands:
            names = " ".join(subcommand.name for subcommand in command.subcommands)
            condition += f"; and not __fish_seen_subcommand_from {names}"
        if command.words:
            lines.append(
                f"complete -c jobstat -n {quote(condition)}"
                f" -a {quote(' '.join(command.words))}"
            )
        if command.paths:
            lines.append(f"complete -c jobstat -n {quote(condition)} -F")
        lines += fish_subcommands(command, condition)
        lines += fish_options(command, condition)
    return "\n".join([*lines, ""])


def fish_subcommands(group: Command, condition: str) -> Iterator[str]:
    for command in group.subcommands:
        yield (
            f"complete -c jobstat -n {quote(condition)}"
            f" -a {command.name} -d {quote(command.summary)}"
        )


def fish_options(command: Command, condition: str) -> Iterator[str]:
    for option in command.options:
        names = "".join(
            f" -l {name[2:]}" if name.startswith("--") else f" -s {name[1:]}"
            for name in option.names
        )
        value = ""
        if option.takes_value:
            value = " -x"
            if option.choices:
                value += f" -a {quote(' '.join(option.choices))}"
            elif option.paths == "directory":
                value += " -a '(__fish_complete_directories)'"
        yield (
            f"complete -c jobstat -n {quote(condition)}{names}{value}"
            f" -d {quote(option.summary)}"
        )


POWERSHELL_CODE = """\
    $command, $previous, $prefix = '', 'jobstat', ''
    foreach ($element in $ast.CommandElements | Select-Object -Skip 1) {
        if ($element.Extent.EndOffset -ge $cursor) { break }
        $previous = $element.Extent.Text
        $path = "$command $previous".Trim()
        if ($options.ContainsKey($path)) { $command = $path }
    }
    if ($word -match '^(--[a-z-]+)=') {
        $previous, $prefix = $Matches[1], $Matches[0]
    }
    if ($values.ContainsKey("$command $previous")) {
        $offers = $values["$command $previous"]
    } elseif ($word.StartsWith('-')) {
        $offers = $options[$command]
    } else {
        $offers = $words[$command]
    }
    if ($null -eq $offers) { return }
    $found = @($offers.Keys | Where-Object { "$prefix$_".StartsWith($word, 'Ordinal') })
    if (-not $found) { return '' }  # after no result, PowerShell completes paths
    foreach ($offer in $found) {
        [Management.Automation.CompletionResult]::new(
            "$prefix$offer", $offer, 'ParameterValue', $offers[$offer])
    }
}
"""


def powershell_script(root: Command) -> str:
    commands = dict(walk(root))
    return "\n".join(
        [
            (
                "# PowerShell completion for jobstat,"
                " written by: jobstat completion powershell"
            ),
            "",
            "Register-ArgumentCompleter -Native -CommandName jobstat -ScriptBlock {",
            "    param($word, $ast, $cursor)",
            "",
            "    # $null stands for a path, which PowerShell completes itself.",
            "    $values = @{",
            *(line for path, c in commands.items() for line in ps_values(path, c)),
            "    }",
            "    $options = @{",
            *(line for path, c in commands.items() for line in ps_options(path, c)),
            "    }",
            "    $words = @{",
            *(line for path, c in commands.items() for line in ps_words(path, c)),
            "    }",
            POWERSHELL_CODE,
        ]
    )


def ps_values(path: str, command: Command) -> Iterator[str]:
    """Yield the entries that complete the value of an option."""
    for option in command.options:
        for name in option.names * option.takes_value:
            offers = {choice: choice for choice in option.choices}
            yield from ps_entry(f"{path} {name}", None if option.paths else offers)


def ps_options(path: str, command: Command) -> Iterator[str]:
    """Yield the entry that completes an option."""
    offers = {
        name: option.summary for option in command.options for name in option.names
    }
    yield from ps_entry(path, offers)


def ps_words(path: str, command: Command) -> Iterator[str]:
    """Yield the entry that completes an argument or a subcommand."""
    offers = {word: word for word in command.words}
    offers |= {inner.name: inner.summary for inner in command.subcommands}
    yield from ps_entry(path, None if command.paths else offers)


def ps_entry(key: str, offers: dict[str, str] | None) -> Iterator[str]:
    """Yield an entry of a hash table: each word that is offered, with its meaning."""
    if not offers:
        yield f"        {ps_quote(key)} = {'$null' if offers is None else '@{}'}"
        return
    yield f"        {ps_quote(key)} = [ordered]@{{"
    for word, meaning in offers.items():
        yield f"            {ps_quote(word)} = {ps_quote(meaning)}"
    yield "        }"


def ps_quote(text: str) -> str:
    """Put text between single quotes.

    A typographic apostrophe, as ``quote`` writes, would end the string in PowerShell.
    """
    return "'" + text.replace("'", "''") + "'"
