case $VERB in
  probe | activate | watch | runner | recover | confirm | abort | boot | stage | lend | reclaim | exec | seal | drop | unit | supervise) "verb_$VERB" "$@" ;;
  *) die 64 "unknown verb $VERB" ;;
esac
