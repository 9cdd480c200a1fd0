/**
 * One way in which a value may stand in a text. What is next to a value in base64 shares a character with it: `before` and
 * `after` say on which side there is such a character, which has to go too.
 */
export type Form = { readonly text: string; readonly before: boolean; readonly after: boolean };

/** Values of fewer bytes are left alone, or ordinary words would be torn apart. */
const SHORTEST = 6;

const ALWAYS = /[A-Za-z0-9._-]/;
/** What different programs leave as it is in a URL besides `ALWAYS`; a blank is a plus sign in a form. */
const URL_DIALECTS = [/[!~*'()]/, /~/, /[~/]/, /\*/].flatMap((kept) => [
  { kept, blank: '%20' },
  { kept, blank: '+' },
]);

/** Lengths at which `base64`, `openssl` and `xxd` break their lines; a rest that is shorter is no sign of the value. */
const BASE64_LINES = { sizes: [76, 64], least: 8 };
const HEX_LINES = { sizes: [60], least: 12 };

/**
 * Every form of one line of a value that is looked for. The host's own program looks for the same ones (`scrub.sh`);
 * a test compares them.
 */
export function formsOf(line: string): readonly Form[] {
  const bytes = Buffer.from(line);
  if (bytes.length < SHORTEST) return [];
  const slashed = line.replaceAll('\\', '\\\\');
  const hex = bytes.toString('hex');
  const plain = [
    line,
    JSON.stringify(line).slice(1, -1),
    slashed.replaceAll('"', '\\"'),
    // As shells and the env file itself write a single quote, and as Python shows a text that has both quotes.
    line.replaceAll("'", `'"'"'`),
    line.replaceAll("'", `'\\''`),
    slashed.replaceAll("'", "\\'"),
    ...URL_DIALECTS.flatMap(({ kept, blank }) => {
      const coded = inUrl(bytes, kept, blank);
      return [coded, coded.replace(/%../g, (code) => code.toLowerCase())];
    }),
    ...[hex, hex.toUpperCase()].flatMap((text) => [text, ...pieces(text, HEX_LINES)]),
  ];
  const inside = [0, 1, 2].flatMap((shift) => inBase64(bytes, shift));
  return [...plain.map((text) => ({ text, before: false, after: false })), ...inside];
}

function inUrl(bytes: Buffer, kept: RegExp, blank: string): string {
  return Array.from(bytes, (byte) => {
    const char = byte < 128 ? String.fromCharCode(byte) : '';
    if (char === ' ') return blank;
    return ALWAYS.test(char) || kept.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }).join('');
}

/** The characters that nothing but the value decides, when `shift` bytes modulo 3 stand before it. */
function inBase64(bytes: Buffer, shift: number): readonly Form[] {
  const first = Math.ceil((8 * shift) / 6);
  const end = Math.floor((8 * (shift + bytes.length)) / 6);
  const whole = Buffer.concat([Buffer.alloc(shift), bytes])
    .toString('base64')
    .slice(first, end);
  const after = (8 * (shift + bytes.length)) % 6 !== 0;
  const broken = shift === 0 ? pieces(whole, BASE64_LINES) : [];
  return [
    { text: whole, before: shift > 0, after },
    ...broken.map((text) => ({ text, before: false, after: after && whole.endsWith(text) })),
  ].flatMap((form) => [form, { ...form, text: form.text.replaceAll('+', '-').replaceAll('/', '_') }]);
}

/** A long text as it stands on several lines. */
function pieces(text: string, { sizes, least }: typeof BASE64_LINES): readonly string[] {
  return sizes.flatMap((size) =>
    text.length <= size
      ? []
      : Array.from({ length: Math.ceil(text.length / size) }, (_, i) => text.slice(i * size, (i + 1) * size)).filter(
          (piece) => piece.length >= least,
        ),
  );
}
