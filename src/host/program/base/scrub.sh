# Services print their secrets, and what they print is shown to the operator. For a rollback the controller does not know
# the secrets, so they are cleared out here, with the values of every generation's env.
verb_scrub() { scrub; }

scrub() {
  set --
  for f in "$G"/*/env; do [ ! -f "$f" ] || set -- "$@" "$f"; done
  [ $# -gt 0 ] || { cat; return; }
  awk "$SCRUB" "$@" printed=1 -
}

# Values of six bytes and more, line by line, in the forms of model/secret-forms.ts, which looks for the same ones.
# shellcheck disable=SC2016
SCRUB='
# A form in base64 shares a character with what is next to it: `before` and `after` say on which side.
function know(text, before, after,   size) {
  if (text in mark) return
  mark[text] = "[secret " key "]"
  left[text] = before
  right[text] = after
  size = length(text)
  if (size > longest) longest = size
  sized[size, ++number[size]] = text
}
function longest_first(   size, i) {
  for (size = longest; size > 0; size--)
    for (i = 1; i <= number[size]; i++) word[++count] = sized[size, i]
  sorted = 1
}
# What was cut off ("…") may end in the beginning of a value, or begin with the end of one.
function without_cuts(text,   done, at) {
  done = ""
  while ((at = index(text, CUT)) > 0) {
    done = done without_beginning(substr(text, 1, at - 1)) CUT
    text = without_end(substr(text, at + length(CUT)))
  }
  return done text
}
function without_beginning(text,   n, rest, last, p) {
  for (n = 1; n <= count; n++) {
    rest = text
    while ((p = index(rest, substr(word[n], 1, 4))) > 0) {
      last = substr(rest, p)
      if (length(last) < length(word[n]) && last == substr(word[n], 1, length(last)))
        return substr(text, 1, length(text) - length(last)) mark[word[n]]
      rest = substr(rest, p + 1)
    }
  }
  return text
}
function without_end(text,   n, rest, p) {
  if (length(text) < 4) return text
  for (n = 1; n <= count; n++) {
    rest = substr(word[n], 2)
    while ((p = index(rest, substr(text, 1, 4))) > 0) {
      rest = substr(rest, p)
      if (rest == substr(text, 1, length(rest))) return mark[word[n]] substr(text, length(rest) + 1)
      rest = substr(rest, 2)
    }
  }
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
function clear(text, from,   done, p, head) {
  done = ""
  while ((p = index(text, from)) > 0) {
    head = substr(text, 1, p - 1)
    text = substr(text, p + length(from))
    if (left[from]) sub(/[-A-Za-z0-9+\/_]$/, "", head)
    # One by one: mawk does not find the longest match of what may also be nothing.
    if (right[from]) { sub(/^[-A-Za-z0-9+\/_]/, "", text); sub(/^=/, "", text); sub(/^=/, "", text) }
    done = done head mark[from]
  }
  return done text
}
function json(text,   coded, i, c) {
  coded = ""
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    if (c in escape) c = escape[c]
    coded = coded c
  }
  return coded
}
function url(text, kept, blank, form,   coded, i, c) {
  coded = ""
  for (i = 1; i <= length(text); i++) {
    c = substr(text, i, 1)
    coded = coded (c == " " ? blank : index(KEPT kept, c) ? c : sprintf(form, byte[c]))
  }
  return coded
}
function urls(text, kept) {
  know(url(text, kept, "%20", "%%%02X"))
  know(url(text, kept, "%20", "%%%02x"))
  know(url(text, kept, "+", "%%%02X"))
  know(url(text, kept, "+", "%%%02x"))
}
function hex(text, form,   coded, i) {
  coded = ""
  for (i = 1; i <= length(text); i++) coded = coded sprintf(form, byte[substr(text, i, 1)])
  know(coded)
  pieces(coded, 60, 12)
}
# The characters that nothing but the value decides, when `skip` of its first bits share one with what is before it.
function base64(text, skip,   coded, i, bits, left_over) {
  coded = ""
  for (i = 1; i <= length(text); i++) {
    bits = bits * 256 + byte[substr(text, i, 1)]
    left_over += 8
    if (i == 1) bits %= power[left_over -= skip]
    while (left_over >= 6) {
      coded = coded digit(bits / power[left_over -= 6])
      bits %= power[left_over]
    }
  }
  know_both(coded, skip > 0, left_over > 0)
  if (skip > 0) return
  pieces(coded, 76, 8, left_over > 0)
  pieces(coded, 64, 8, left_over > 0)
}
function know_both(text, before, after) {
  know(text, before, after)
  know(swap(swap(text, "+", "-"), "/", "_"), before, after)
}
# A long text as it stands on several lines; short rests are no sign of the value.
function pieces(text, size, least, after,   i, piece) {
  if (length(text) <= size) return
  for (i = 1; i <= length(text); i += size)
    if (length(piece = substr(text, i, size)) >= least) know_both(piece, 0, after && i + size > length(text))
}
function digit(n) { return substr("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", int(n) + 1, 1) }
BEGIN {
  CUT = "\342\200\246"
  KEPT = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"
  # Some busybox has no arithmetic with ^.
  for (i = power[0] = 1; i < 16; i++) power[i] = 2 * power[i - 1]
  for (i = 1; i < 256; i++) byte[c = sprintf("%c", i)] = i
  for (i = 1; i < 32; i++) escape[sprintf("%c", i)] = sprintf("\\u%04x", i)
  escape["\b"] = "\\b"; escape["\f"] = "\\f"; escape["\r"] = "\\r"; escape["\t"] = "\\t"
  escape["\""] = "\\\""; escape["\\"] = "\\\\"
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
  # Generations have most values in common.
  if (length(value) < 6 || value in known) next
  known[value]
  slashed = swap(value, "\\", "\\\\")
  know(value)
  know(json(value))
  know(swap(slashed, "\"", "\\\""))
  know(swap(value, "\047", "\047\"\047\"\047"))
  know(swap(value, "\047", "\047\\\047\047"))
  know(swap(slashed, "\047", "\\\047"))
  urls(value, "!~*\047()"); urls(value, "~"); urls(value, "~/"); urls(value, "*")
  hex(value, "%02x"); hex(value, "%02X")
  base64(value, 0); base64(value, 4); base64(value, 2)
  next
}
{
  if (!sorted) longest_first()
  text = $0
  for (n = 1; n <= count; n++) text = clear(text, word[n])
  print without_cuts(text)
}'
