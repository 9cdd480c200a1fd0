case $VERB in
  probe | history | unit | checks | activate | watch | runner | recover | confirm | abort | boot | supervise | \
    enter | stage | scrub | lend | reclaim | exec | seal | drop | clone | estate | purge | forget | hold | release) "verb_$VERB" "$@" ;;
  *) die 64 "unknown verb $VERB" ;;
esac
