# bash completion for fleet: eval "$(fleet completion bash)" in ~/.bashrc,
# or keep this as ~/.local/share/bash-completion/completions/fleet
_fleet() {
  local line paths=
  COMPREPLY=()
  while IFS= read -r line; do
    case $line in
      :*) paths=${line#:} ;;
      *) COMPREPLY+=("$line") ;;
    esac
  done < <(fleet __complete bash "${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
  case $paths in
    file) compopt -o default ;;
    dir) compopt -o dirnames ;;
  esac
}
complete -o nosort -F _fleet fleet
