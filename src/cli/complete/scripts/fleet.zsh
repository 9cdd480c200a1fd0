#compdef fleet
# zsh completion for fleet: eval "$(fleet completion zsh)" in ~/.zshrc behind compinit,
# or keep this as _fleet in a folder of $fpath
_fleet() {
  local line paths=
  local -a found
  while IFS= read -r line; do
    case $line in
      (:*) paths=${line#:} ;;
      (*$'\t'*) found+=("${${line%%$'\t'*}//:/\\:}:${line#*$'\t'}") ;;
      (*) found+=("${line//:/\\:}") ;;
    esac
  done < <(fleet __complete zsh "${(@Q)words[2,CURRENT-1]}" "${(Q)PREFIX}" 2>/dev/null)
  case $paths in
    (file) _files ;;
    (dir) _files -/ ;;
    (*) (( $#found )) && _describe -V fleet found ;;
  esac
}
if [[ $funcstack[1] == _fleet ]]; then
  _fleet "$@"
else
  compdef _fleet fleet
fi
