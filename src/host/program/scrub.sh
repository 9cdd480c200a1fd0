# Services print their secrets, and what they print is shown to the operator. For a rollback the controller does not know
# the secrets, so they are cleared out here, with the values of every generation's env.
verb_scrub() { scrub; }

scrub() {
  set --
  for f in "$G"/*/env; do [ ! -f "$f" ] || set -- "$@" "$f"; done
  [ $# -gt 0 ] || { cat; return; }
  awk "$SCRUB" "$@" printed=1 -
}

# Values of six bytes and more, line by line, as they are and as they stand in JSON, Python, shells, URLs, base64 and the env.
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
function url(text,   coded, i, c) {
  coded = ""
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    coded = coded (c ~ /[A-Za-z0-9_.!~*()\047-]/ ? c : sprintf("%%%02X", byte[c]))
  }
  return coded
}
function base64(text,   coded, i, bits, left) {
  coded = ""
  for (i = 1; i <= length(text); i += 3) {
    left = length(text) - i + 1
    bits = byte[substr(text, i, 1)] * 65536 + (left > 1 ? byte[substr(text, i + 1, 1)] * 256 : 0) + (left > 2 ? byte[substr(text, i + 2, 1)] : 0)
    coded = coded digit(bits / 262144) digit(bits / 4096 % 64) (left > 1 ? digit(bits / 64 % 64) : "=") (left > 2 ? digit(bits % 64) : "=")
  }
  return coded
}
function digit(n) { return substr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", int(n) + 1, 1) }
BEGIN { for (i = 1; i < 256; i++) byte[sprintf("%c", i)] = i }
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
  if (length(value) < 6) next
  know(value)
  know(url(value))
  know(base64(value))
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
