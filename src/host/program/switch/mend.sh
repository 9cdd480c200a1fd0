# What `fleet doctor --fix` puts right: under the lock and the lease of a run, and never while a transaction is open. Each of
# these sets no more than the record of the active generation or the playbook says anyway, so there is nothing to take back.

# "mended NUMBER", or "unmended NUMBER WHY", of each in its turn.
verb_mend() { # BASE BY, then as often as it takes: folder PATH MODE OWNER GROUP, file PATH, reset UNIT
  verb_enter "$1" "$2"
  m_base=$1 m_number=0
  shift 2
  while [ $# -gt 0 ]; do
    m_code=0
    case $1 in
      folder) m_words=5 m_why=$(folder_set "$2" "$3" "$4" "$5" 2>&1) || m_code=$? ;;
      file) m_words=2 m_why=$(mend_file "$m_base" "$2" 2>&1) || m_code=$? ;;
      reset) m_words=2 m_why=$(systemctl reset-failed -- "$2" 2>&1) || m_code=$? ;;
      *) die 64 "nothing is known of $1" ;;
    esac
    if [ $m_code = 0 ]; then say "mended $m_number"; else say "unmended $m_number $(plain "${m_why:-it ended with status $m_code}")"; fi
    m_number=$((m_number + 1))
    shift $m_words
  done
}

# One that is missing comes from the record. What somebody has written into one stays, also where it is not what was deployed.
mend_file() { # GENERATION PATH
  rt=$(runtime_of "$1") ours=$(unit_files "$1") user=- group=''
  m_line=$(wanted_files "$1" | P=$2 awk '{ path = $0; sub(/^[^ ]* [^ ]* [^ ]* [^ ]* /, "", path) } path == ENVIRON["P"] { print; exit }')
  [ -n "$m_line" ] || { refuse "no file of generation $1 stands there"; return; }
  read -r m_mode m_owner m_group m_source _ <<END
$m_line
END
  m_spot=$(spot "$2")
  if [ ! -e "$m_spot" ] && [ ! -L "$m_spot" ]; then put_file "$2" "$m_mode" "$m_owner" "$m_group" <"$G/$1/$m_source"; else file_set "$2" "$m_mode" "$m_owner" "$m_group"; fi
}
