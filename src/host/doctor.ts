import type { Looks, Need } from '../model/finding.ts';
import { clean } from '../util/sanitize.ts';
import { textsOf } from './reply.ts';

/** A service that is not well, or was restarted. */
export type Ailing = {
  /** As whom it runs; null for root, and where systemd makes an account up. */
  readonly account: string | null;
  readonly load: string;
  /** Seconds that its process has been up; null where it has none. */
  readonly upFor: number | null;
  /** The account of its unit, where the host has no such account. */
  readonly stranger: string | null;
  /** Bytes of MemoryMax=; null where there is no limit. */
  readonly limit: number | null;
  readonly needs: readonly Need[];
  readonly said: readonly string[];
};

/** A file that is not as it is to be. */
export type WrongFile = { readonly state: string; readonly path: string; readonly is: Looks; readonly want: Looks };

/** Milliseconds for one command of a login shell, and for one of /bin/sh. */
export type LoginShell = { readonly name: string; readonly ms: number; readonly plainMs: number };

/** What sshd does with logins like ours: where we come from, what it is set to, whom it has turned away. */
export type Sshd = {
  readonly from: string | null;
  readonly set: ReadonlyMap<string, string>;
  readonly turned: readonly string[];
};

const words = (text: string) => clean(text).slice(0, 400);

/** The rest of each line that begins with a key, harmless and short. */
export const toldOf = (text: string, key: string): readonly string[] => textsOf(text, key).slice(0, 50).map(words);

export function parseAiling(text: string): ReadonlyMap<string, Ailing> {
  const found = new Map<string, Ailing>();
  for (const block of text.split(/^ailing /m).slice(1, 20)) {
    const end = block.indexOf('\n');
    const [unit = '', account = '-', load = '', up = ''] = (end < 0 ? block : block.slice(0, end)).trim().split(' ');
    found.set(words(unit), {
      account: account === '-' || account === 'root' ? null : words(account),
      load: words(load),
      upFor: /^\d{1,12}$/.test(up) ? Number(up) : null,
      stranger: toldOf(block, 'stranger')[0] ?? null,
      limit: Number(/^limit ([1-9]\d{0,14})$/m.exec(block)?.[1] ?? 0) || null,
      needs: parseNeeds(block),
      said: textsOf(block, 'said').slice(-30).map(words),
    });
  }
  return found;
}

const ROLES = ['cwd', 'env', 'program', 'named', 'write'] as const;
const STATES = ['ok', 'absent', 'closed', 'folder', 'file', 'noexec', 'interpreter'] as const;

/** Parses lines "need ROLE STATE MODE OWNER PART ^_ PATH". */
export const parseNeeds = (text: string): readonly Need[] =>
  textsOf(text, 'need')
    .slice(0, 200)
    .flatMap((line) => {
      const [head = '', path = ''] = line.split('\x1f');
      const [role, state, mode = '-', owner = '-', ...part] = head.split(' ');
      const [is, as] = [ROLES.find((one) => one === role), STATES.find((one) => one === state)];
      if (is === undefined || as === undefined) return [];
      const looks = { mode: words(mode), owner: words(owner) };
      return [{ role: is, state: as, ...looks, part: words(part.join(' ')), path: words(path) }];
    });

/** Parses lines "wrong STATE MODE OWNER MODE-TO-BE OWNER-TO-BE PATH". */
export const parseWrongFiles = (text: string): readonly WrongFile[] =>
  toldOf(text, 'wrong').flatMap((line) => {
    const [state = '', mode = '', owner = '', wantMode = '', wantOwner = '', ...path] = line.split(' ');
    const [is, want] = [
      { mode, owner },
      { mode: wantMode, owner: wantOwner },
    ];
    return path.length === 0 ? [] : [{ state, is, want, path: path.join(' ') }];
  });

/** Parses "shell NAME HUNDREDTHS HUNDREDTHS", which five of each took. */
export function parseLoginShell(text: string): LoginShell | null {
  const [, name = '', own, plain] = /^shell (\S+) (\d{1,6}) (\d{1,6})$/m.exec(text) ?? [];
  return own === undefined ? null : { name: words(name), ms: Number(own) * 2, plainMs: Number(plain) * 2 };
}

export function parseSshd(text: string): Sshd {
  const set = toldOf(text, 'sshd').map((line): readonly [string, string] => {
    const [key = '', ...value] = line.split(' ');
    return [key, value.join(' ')];
  });
  const from = /^from ([0-9A-Fa-f.:]{3,45})$/m.exec(text)?.[1] ?? null;
  return { from, set: new Map(set), turned: toldOf(text, 'turned') };
}

/** Why the host did not put right what it was asked for by this number; null where it has. */
export function notMended(reply: string, number: number): string | null {
  if (new RegExp(`^mended ${number}$`, 'm').test(reply)) return null;
  const why = new RegExp(`^unmended ${number} (.*)$`, 'm').exec(reply)?.[1];
  return why === undefined ? 'the host did not tell of it' : words(why);
}
