# bash completion for jobstat, written by: jobstat completion bash

_jobstat() {
  local current=${COMP_WORDS[COMP_CWORD]} command='' words='' i
  local previous=${COMP_WORDS[COMP_CWORD-1]}
  if [[ $current == = ]]; then
    current=''
  elif [[ $previous == = ]]; then
    previous=${COMP_WORDS[COMP_CWORD-2]}
  fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      show|watch|list|demo|completion)
        command=${COMP_WORDS[i]}; break ;;
    esac
  done
  case $command:$previous in
    show:--subdomain) words='' ;;
    show:--base-url) words='' ;;
    show:--color) words='auto always never' ;;
    watch:--interval) words='' ;;
    watch:--timeout) words='' ;;
    watch:--retry-for) words='' ;;
    watch:--subdomain) words='' ;;
    watch:--base-url) words='' ;;
    watch:--color) words='auto always never' ;;
    list:--status) words='queued working completed failed killed' ;;
    list:--limit) words='' ;;
    list:--subdomain) words='' ;;
    list:--base-url) words='' ;;
    list:--color) words='auto always never' ;;
    demo:--port) words='' ;;
    demo:--duration) words='' ;;
    demo:--failures) words='' ;;
    *)
      case $command:$current in
        :-*) words='--version -h --help' ;;
        :*) words='show watch list demo completion' ;;
        show:-*) words='--subdomain --base-url --json -q --quiet --color --exit-zero --debug -h --help' ;;
        watch:-*) words='--all --interval --timeout --retry-for --stream --fail-fast --plain --subdomain --base-url --json -q --quiet --color --exit-zero --debug -h --help' ;;
        list:-*) words='--status --limit --subdomain --base-url --json --color --debug -h --help' ;;
        demo:-*) words='--serve --port --duration --failures -h --help' ;;
        completion:-*) words='-h --help' ;;
        completion:*) words='bash zsh fish' ;;
      esac ;;
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _jobstat jobstat
