import { spawn } from 'node:child_process';
import { text } from '../text.ts';
import { blocksOf } from './pages.ts';

/** A line of a page that is typed, and what the page shows of what comes out. */
export type Typed = { readonly at: number; readonly command: string; readonly shown: readonly string[] };

/** What stands behind a prompt in the `console` blocks of a page, in its order. */
export const typedIn = (page: string): readonly Typed[] =>
  blocksOf(page)
    .filter(({ word }) => word === 'console')
    .flatMap(({ lines, at }) => {
      const starts = [...lines.keys()].filter((i) => lines[i]?.startsWith('$ ') === true);
      return starts.map((i, n) => ({
        ...{ at: at + i, command: (lines[i] ?? '').slice(2) },
        shown: lines.slice(i + 1, starts[n + 1] ?? lines.length),
      }));
    });

type World = {
  /** The command as a file that node runs. */
  readonly cli: string;
  readonly folder: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds for all of it. */
  readonly limitMs: number;
};

const MARK = '\x01';

/** Types all lines into one shell, as one person would. @returns what each of them printed, both streams together */
export async function type(lines: readonly Typed[], { cli, folder, env, limitMs }: World): Promise<readonly string[]> {
  const script = [
    'exec 2>&1',
    `fleet() { '${process.execPath}' '${cli}' "$@"; }`,
    ...lines.flatMap(({ command }) => [`printf '\\001'`, command]),
  ];
  const child = spawn('sh', ['-s'], {
    ...{ cwd: folder, env, stdio: ['pipe', 'pipe', 'inherit'], signal: AbortSignal.timeout(limitMs) },
  });
  const ended = new Promise<void>((resolve, reject) => child.on('error', reject).on('close', () => resolve()));
  child.stdin.end(`${script.join('\n')}\n`);
  const [said] = await Promise.all([text(child.stdout), ended]);
  return said.split(MARK).slice(1);
}

/** What varies from run to run, as pages have it, and what may stand there. */
const VARYING: readonly (readonly [RegExp, string])[] = [
  [/…/, '.*'],
  [/ {2,}/, ' {2,}'],
  [/\d+(?:\.\d+)?m?s\b/, '(?:[\\d.]+(?:ms|[smhd]) ?)+'],
  [/pid \d+/, 'pid \\d+'],
  [/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d/, '\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d'],
  [/203\.0\.113\.10/, '\\S+'],
  [/alice@laptop/, '\\S+@\\S+'],
];

const escaped = (text: string) => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

function patternOf(line: string): RegExp {
  const any = new RegExp(VARYING.map(([seen]) => `(${seen.source})`).join('|'), 'g');
  let pattern = '';
  let from = 0;
  for (const found of line.matchAll(any)) {
    pattern += escaped(line.slice(from, found.index));
    pattern += VARYING[found.slice(1).findIndex((one) => one !== undefined)]?.[1] ?? '';
    from = found.index + found[0].length;
  }
  return new RegExp(`^${pattern}${escaped(line.slice(from))}\\s*$`);
}

/** The first line of a page that did not come, or null; `…` alone stands for any number of lines. */
export function missing(shown: readonly string[], came: string): string | null {
  const lines = came.trimEnd().split('\n');
  let next = 0;
  let skips = false;
  for (const line of shown) {
    if (line.trim() === '…') {
      skips = true;
      continue;
    }
    const wanted = patternOf(line);
    const at = lines.findIndex((one, i) => i >= next && wanted.test(one));
    if (at < 0 || (!skips && at !== next)) return line;
    next = at + 1;
    skips = false;
  }
  return skips || next >= lines.length || (shown.length === 0 && came === '')
    ? null
    : `nothing more than ${shown.at(-1)}`;
}
