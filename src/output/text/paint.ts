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

/** Paint for a terminal: NO_COLOR turns colours off whatever its value, as long as it has one. */
export function terminalPaint(env: Env): Paint {
  const on = !env.NO_COLOR && env.TERM !== 'dumb';
  return {
    good: colour(on, 32, 39),
    bad: colour(on, 31, 39),
    warn: colour(on, 33, 39),
    dim: colour(on, 2, 22),
    strong: colour(on, 1, 22),
    ...(showsUnicode(env) ? UNICODE : ASCII),
  };
}

const same = (text: string) => text;
/** Paint for files, pipes and cron mail. */
export const PLAIN: Paint = { good: same, bad: same, warn: same, dim: same, strong: same, ...ASCII };
