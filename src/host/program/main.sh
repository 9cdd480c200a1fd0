case $VERB in
  probe | history | unit | activate | watch | runner | recover | confirm | abort | boot | supervise | \
    stage | lend | reclaim | exec | seal | drop | clone | estate | purge | hold | release) "verb_$VERB" "$@" ;;
  *) die 64 "unknown verb $VERB" ;;
esac
