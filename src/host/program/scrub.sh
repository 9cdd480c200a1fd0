# Services print their secrets, and what they print is shown to the operator. For a rollback the controller does not know
# the secrets, so they are cleared out here, with the values of every generation's env.
verb_scrub() { scrub; }

scrub() {
  set --
  for f in "$G"/*/env; do [ ! -f "$f" ] || set -- "$@" "$f"; done
  [ $# -gt 0 ] || { cat; return; }
  awk "$SCRUB" "$@" printed=1 -
}

# Values of six bytes and more, line by line, as they are and as JSON, Python, shells and the env file itself write them.
# shellcheck disable=SC2016
SCRUB='
function know(text) {
  if (length(text) < 6 || text in mark) return
  mark[text] = "[secret " key "]"
  for (at = ++count; at > 1 && length(word[at - 1]) < length(text); at--) word[at] = word[at - 1]
  word[at] = text
}
# What was cut off ("…") may end in the beginning of a value.
function without_cut(text,   end, head, n, size) {
  if ((end = index(text, "\342\200\246")) == 0) return text
  head = substr(text, 1, end - 1)
  for (n = 1; n <= count; n++)
    for (size = length(word[n]) - 1; size >= 4; size--)
      if (size <= end - 1 && substr(head, end - size) == substr(word[n], 1, size))
        return substr(head, 1, end - 1 - size) mark[word[n]] substr(text, end)
  return text
}
function swap(text, from, to,   done, p) {
  done = ""
  while ((p = index(text, from)) > 0) {
    done = done substr(text, 1, p - 1) to
    text = substr(text, p + length(from))
  }
  return done text
}
!printed {
  line = $0
  if (quote == "") { p = index(line, "="); key = substr(line, 1, p - 1); line = substr(line, p + 1) }
  value = ""
  for (i = 1; i <= length(line); i++) {
    c = substr(line, i, 1)
    if (c == quote) quote = ""
    else if (quote == "" && (c == "\047" || c == "\"")) quote = c
    else value = value c
  }
  know(value)
  know(swap(swap(value, "\\", "\\\\"), "\"", "\\\""))
  know(swap(value, "\047", "\047\"\047\"\047"))
  know(swap(swap(value, "\\", "\\\\"), "\047", "\\\047"))
  know(swap(value, "\047", "\047\\\047\047"))
  next
}
{
  text = $0
  for (n = 1; n <= count; n++) text = swap(text, word[n], mark[word[n]])
  print without_cut(text)
}'
