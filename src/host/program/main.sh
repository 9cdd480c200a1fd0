# Where the root cannot be trusted, only what does not touch it goes on; the probe tells of it.
obstacle=''
[ "$VERB" != runner ] || TXN=$1
root_enter || case $VERB in
  probe | stage | enter | drop | undo | hold | release | logs | history | said | scrub | checks | watch | confirm | abort | activate | probation | act | supervise | lib) ;;
  *) die 65 "$obstacle" ;;
esac
case $VERB in
  # The functions alone, for scripts of the controller.
  lib) ;;
  probe | history | said | checks | ownership | shared | activate | watch | runner | recover | confirm | abort | boot | probation | act | supervise | \
    enter | stage | vary | fill | scrub | within | lend | take | exec | seal | drop | clone | owned_data | purge | undo | hold | release | service | logs | verify | mend) "verb_$VERB" "$@" ;;
  *) die 64 "unknown verb $VERB" ;;
esac
