# bash completion for jobstat, written by: jobstat completion bash

_jobstat() {
  local current=${COMP_WORDS[COMP_CWORD]} command='' words='' paths='' i
  local previous=${COMP_WORDS[COMP_CWORD-1]}
  if [[ $current == = ]]; then
    current=''
  elif [[ $previous == = ]]; then
    previous=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case "$command ${COMP_WORDS[i]}" in
      ' show'|' watch'|' list'|' retry-file'|' auth'|'auth login'|'auth status'|'auth logout'|' demo'|' completion'|' help')
        command="${command:+$command }${COMP_WORDS[i]}" ;;
    esac
  done
  case $command:$previous in
    'show:--subdomain') words='' ;;
    'show:--base-url') words='' ;;
    'show:--results') words='all failed summary' ;;
    'show:--color') words='auto always never' ;;
    'watch:--interval') words='' ;;
    'watch:--timeout') words='' ;;
    'watch:--retry-for') words='' ;;
    'watch:--subdomain') words='' ;;
    'watch:--base-url') words='' ;;
    'watch:--results') words='all failed summary' ;;
    'watch:--color') words='auto always never' ;;
    'list:--status') words='queued working completed failed killed items-failed' ;;
    'list:--limit') words='' ;;
    'list:--subdomain') words='' ;;
    'list:--base-url') words='' ;;
    'list:--color') words='auto always never' ;;
    'retry-file:--output') words=''; paths=directory ;;
    'retry-file:--batch') words='' ;;
    'retry-file:--subdomain') words='' ;;
    'retry-file:--base-url') words='' ;;
    'auth login:--client-id') words='' ;;
    'auth login:--email') words='' ;;
    'auth login:--port') words='' ;;
    'auth login:--timeout') words='' ;;
    'auth login:--subdomain') words='' ;;
    'auth login:--base-url') words='' ;;
    'auth status:--subdomain') words='' ;;
    'auth status:--base-url') words='' ;;
    'auth status:--color') words='auto always never' ;;
    'auth logout:--subdomain') words='' ;;
    'auth logout:--base-url') words='' ;;
    'demo:--port') words='' ;;
    'demo:--duration') words='' ;;
    'demo:--failures') words='' ;;
    'demo:--token-life') words='' ;;
    'demo:--token-delay') words='' ;;
    *)
      case $command:$current in
        ':-'*) words='--version -h --help' ;;
        ':'*) words='show watch list retry-file auth demo completion help' ;;
        'show:-'*) words='--subdomain --base-url --json --csv --results -q --quiet --plain --color --exit-zero --debug -h --help' ;;
        'watch:-'*) words='--all --interval --timeout --retry-for --stream --fail-fast --bell --subdomain --base-url --json --csv --results -q --quiet --plain --color --exit-zero --debug -h --help' ;;
        'list:-'*) words='--status --limit --subdomain --base-url --json --color --debug -h --help' ;;
        'retry-file:-'*) words='--output --batch --with-errors --all-of-failed-jobs --subdomain --base-url --debug -h --help' ;;
        'retry-file:'*) paths=file ;;
        'auth:-'*) words='-h --help' ;;
        'auth:'*) words='login status logout' ;;
        'auth login:-'*) words='--client-id --with-secret --with-token --email --port --timeout --default --subdomain --base-url --debug -h --help' ;;
        'auth status:-'*) words='--offline --json --subdomain --base-url --color --debug -h --help' ;;
        'auth logout:-'*) words='--subdomain --base-url --debug -h --help' ;;
        'demo:-'*) words='--serve --port --duration --failures --token-life --token-delay -h --help' ;;
        'completion:-'*) words='-h --help' ;;
        'completion:'*) words='bash zsh fish powershell' ;;
        'help:-'*) words='-h --help' ;;
        'help:'*) words='auth environment exit-codes failures output polling scripting show watch list retry-file auth demo completion help' ;;
      esac ;;
  esac
  if [[ $paths ]]; then
    local IFS=$'\n'
    compopt -o filenames 2> /dev/null  # bash 3 has no compopt
    COMPREPLY=($(compgen -A "$paths" -- "$current"))
  else
    COMPREPLY=($(compgen -W "$words" -- "$current"))
  fi
}
complete -F _jobstat jobstat
