# The journal: one small file that says how far a transaction has come, replaced by rename before each step.
#
#   IDLE ─ activate ─> ACTIVATING ─> SETTLING ─> AWAIT_CONFIRM ─ confirm ─> COMMITTED ─> IDLE
#                          │             │             │ deadline, abort
#                          └─────────────┴─────────────┴──> REVERTING ─> IDLE | REVERT_FAILED
#
# BEFORE_START comes before ACTIVATING where a playbook runs something there; nothing live has changed in it, so its way
# back is straight to IDLE.
#
# A transaction that is found without a living runner is finished by `recover`, at the next contact or at boot: COMMITTED
# goes forward, and so does AWAIT_CONFIRM when its decision says commit; everything else goes back. REVERT_FAILED is tried
# once more by whoever comes next, who is meant to have put right what was in the way.

journal_read() {
  PHASE=IDLE TXN=- FROM=0 TO=0 SETTLE=10 DEADLINE=0 KEEP=5 ATTEMPT=0 RUNNER=0 RUNNER_START=0 BY=- ACTION=deploy PATIENCE=$GRACE WHY=''
  [ -f "$S/state" ] || return 0
  while read -r key value; do
    case $key in
      phase) PHASE=$value ;; txn) TXN=$value ;; from) FROM=$value ;; to) TO=$value ;; settle) SETTLE=$value ;;
      deadline) DEADLINE=$value ;; keep) KEEP=$value ;; attempt) ATTEMPT=$value ;; runner) RUNNER=$value ;;
      runner_start) RUNNER_START=$value ;; by) BY=$value ;; action) ACTION=$value ;; patience) PATIENCE=$value ;; why) WHY=$value ;;
      version) [ "$value" = 1 ] || die 78 "the journal in $S/state has version $value; this fleet reads version 1" ;;
    esac
  done <"$S/state"
}

# The next step is taken only after this has reached the disk.
journal_write() { # PHASE
  journal_try "$1" || die 74 "cannot write $S/state: is the disk full or read-only?"
}

journal_try() { # PHASE
  PHASE=$1
  j_text=''
  set -- version 1 phase "$PHASE" txn "$TXN" from "$FROM" to "$TO" settle "$SETTLE" deadline "$DEADLINE" keep "$KEEP" \
    attempt "$ATTEMPT" runner "$RUNNER" runner_start "$RUNNER_START" by "$BY" action "$ACTION" patience "$PATIENCE"
  [ -z "${WHY:-}" ] || set -- "$@" why "$WHY"
  while [ $# -gt 0 ]; do
    j_text="$j_text$1 $2$NL"
    shift 2
  done
  becomes_text "$S/state" "$j_text" && return
  rm -f "$S/ballast"
  becomes_text "$S/state" "$j_text"
}

# The heart of the protocol: link(2) lets exactly one verdict exist, and whoever comes second learns what it is.
decide() { # TXN commit|revert
  undecided "$1" || { decision "$1"; return; }
  t=$(mktemp "$S/.decision.XXXXXX") && say "$2" >"$t" && sync "$t" || {
    # The room that was kept for the way back.
    rm -f "$S/ballast"
    t=$(mktemp "$S/.decision.XXXXXX") && say "$2" >"$t" && sync "$t" || die 74 "cannot write in $S"
  }
  ln "$t" "$S/decision.$1" 2>/dev/null && sync "$S"
  rm -f "$t"
  decision "$1"
}

decision() {
  decided=none
  { read -r decided <"$S/decision.$1"; } 2>/dev/null || :
  say "$decided"
}
undecided() { [ ! -e "$S/decision.$1" ]; }

# Append-only history: time, transaction, action, from, to, result, operator, and behind a tab why the host did it by itself.
history_add() {
  told_why=${WHY:+"$(printf '\t')$WHY"}
  # A run that dies behind this line comes by here again.
  case $(tail -n 1 "$S/log" 2>/dev/null) in *" $TXN $ACTION $FROM $TO $1 $BY$told_why") return 0 ;; esac
  size=$(wc -c 2>/dev/null <"$S/log" || say 0)
  printf '%s %s %s %s %s %s %s\n' "$(date -u +%Y-%m-%dT%H:%M:%SZ)" "$TXN" "$ACTION" "$FROM" "$TO" "$1" "$BY$told_why" >>"$S/log" || {
    # Half a line would spoil the next one.
    dd if=/dev/null of="$S/log" bs=1 seek="$size" 2>/dev/null
    return 74
  }
}
