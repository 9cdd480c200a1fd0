/** Colours and signs of a terminal; the plain form changes nothing and uses ASCII. */
export type Paint = {
  readonly good: (text: string) => string;
  readonly bad: (text: string) => string;
  readonly warn: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly sign: { readonly ok: string; readonly bad: string; readonly run: string; readonly wait: string };
  readonly dot: string;
  readonly arrow: string;
};

type Env = Readonly<Record<string, string | undefined>>;

const ASCII = { sign: { ok: 'ok', bad: 'x', run: '>', wait: '.' }, dot: ', ', arrow: '->' } as const;
const UNICODE = { sign: { ok: '✔', bad: '✖', run: '▸', wait: '·' }, dot: ' · ', arrow: '→' } as const;

const colour = (on: boolean, code: number, end: number) => (text: string) =>
  on && text !== '' ? `\x1b[${code}m${text}\x1b[${end}m` : text;

/** A locale that was set and is not UTF-8 cannot show more than ASCII; none set says nothing. */
function showsUnicode(env: Env): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  return env.TERM !== 'linux' && (locale === '' || /utf-?8/i.test(locale));
}

/**
 * FORCE_COLOR decides where it says something, as Node itself has it; then NO_COLOR, whatever its value; then whether a
 * terminal is at the other end.
 */
export function wantsColour({ FORCE_COLOR, NO_COLOR, TERM }: Env, isTTY: boolean): boolean {
  if (FORCE_COLOR) return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return isTTY && !NO_COLOR && TERM !== 'dumb';
}

const colours = (on: boolean) => ({
  good: colour(on, 32, 39),
  bad: colour(on, 31, 39),
  warn: colour(on, 33, 39),
  dim: colour(on, 2, 22),
  strong: colour(on, 1, 22),
});

/** Paint for the live view of a terminal. */
export const terminalPaint = (env: Env): Paint => ({
  ...colours(wantsColour(env, true)),
  ...(showsUnicode(env) ? UNICODE : ASCII),
});

/** Paint for lines, which end in files, pipes and cron mail as well. */
export const linePaint = (env: Env, isTTY: boolean): Paint => ({ ...colours(wantsColour(env, isTTY)), ...ASCII });

/** Changes nothing. */
export const PLAIN: Paint = { ...colours(false), ...ASCII };
