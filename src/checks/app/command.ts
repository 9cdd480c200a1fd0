import { z } from 'zod';
import type { DeclaredFolder } from '../../model/declared.ts';
import type { Layout } from '../../model/layout.ts';
import { sh } from '../../shell/sh.ts';
import { duration, milliseconds } from '../../util/duration.ts';
import { programsOf } from '../../util/programs.ts';
import { defineCheck } from '../define.ts';
import { excerpt } from '../detail.ts';
import { retries, retryForOf } from '../fields.ts';
import { linesOf } from '../judge.ts';

const argv = z
  .array(z.string().refine((word) => !word.includes('\0'), 'must not contain NUL'))
  .min(1)
  .refine((words) => words[0] !== '', 'must begin with the name of a command');

const warnOn = z
  .array(z.int().min(1).max(125))
  .min(1)
  .meta({ description: 'Exit statuses that pass with a warning.', examples: [[1]] });

const long = {
  command: argv.meta({ description: 'Words; no shell reads them.' }),
  timeout: duration.meta({ description: 'For one try.' }).default('10s'),
  warnOn: warnOn.optional(),
  ...retries,
};

type Spec =
  | readonly string[]
  | {
      readonly command: readonly string[];
      readonly timeout: string;
      readonly warnOn?: readonly number[] | undefined;
      readonly retryFor?: string | undefined;
      readonly within?: string | undefined;
      readonly as: 'user' | 'root' | 'either';
    };

const schema: z.ZodType<Spec> = z
  .union([
    argv,
    z.strictObject({
      ...long,
      as: z
        .enum(['user', 'root'])
        .meta({
          description:
            'The service user; or root: the privilege of the deploy, without the `.env`. Root runs no program that the app or anybody else could replace.',
        })
        .default('user'),
    }),
  ])
  .meta({ examples: [['pg_isready', '-q']] });

/** What an older fleet has kept does not say as whom: it ran with the deploy's privilege. */
const kept: z.ZodType<Spec> = z.union([
  argv.transform((command) => normal(command, 'either')),
  z.strictObject({ ...long, as: z.enum(['user', 'root', 'either']).default('either') }),
]);

const normal = (spec: Spec, as: 'user' | 'either' = 'user') =>
  'command' in spec ? spec : { command: spec, timeout: '10s', warnOn: undefined, as };

const isBelow = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

/** Whether a command on the host exits with 0. It runs as the service user and is expected to change nothing. */
export const command = defineCheck<'command', Spec>({
  kind: 'command',
  about:
    "A command on the host exits with 0. It runs as the service user, in `<root>/current` (before the first deploy in `/`), with the app's `.env` and else a clean environment.",
  schema,
  kept,
  keep: (spec) => normal(spec),
  label: (spec) => excerpt(`command ${normal(spec).command.join(' ')}`),
  retryForMs: (spec) => retryForOf(spec),
  quotes: 'never',
  recoverAfter: 2,

  refuses(spec, layout, folders) {
    const { command, as } = normal(spec);
    if (as !== 'root') return null;
    const trouble = programsOf(command).flatMap((program) => withinReach(program, layout, folders) ?? []);
    return trouble[0] ?? null;
  },

  alone(spec, { user }) {
    const { command, timeout, as, warnOn = [] } = normal(spec);
    const programs = programsOf(command);
    const count = String(programs.length);
    return [
      ...['ask_command', warnOn.join(' '), as, user ?? '-', String(secondsFor(timeout)), count],
      ...programs,
      ...command,
    ];
  },

  asks(spec, { layout }) {
    const { command, timeout, as } = normal(spec);
    const programs = programsOf(command);
    const limit = secondsFor(timeout);
    const script = sh`tell_command ${as} ${layout.user ?? '-'} ${limit} ${programs.length} ${programs} ${command}`;
    // What it leaves running keeps it for some seconds more.
    return { script, withinMs: limit * 1000 + 20_000, slow: true };
  },

  judge(spec, { text }) {
    const { timeout, warnOn = [] } = normal(spec);
    const [, code = '', took = ''] = /^ended (\d+) (\d+)$/m.exec(text) ?? [];
    if (code === '') return { ok: false, detail: 'the host did not tell how it ended' };
    const said = excerpt((linesOf(text, 'out')[0] ?? linesOf(text, 'err')[0] ?? '').trim());
    if (code === '0') return { ok: true, detail: said || 'exit 0' };
    if (KILLED.includes(code) && Number(took) >= secondsFor(timeout) * 100 - 20) {
      return { ok: false, detail: `no end within ${timeout}` };
    }
    const detail = `exit ${code}${said && `: ${said}`}`;
    return warnOn.includes(Number(code)) ? { ok: true, warning: true, detail } : { ok: false, detail };
  },
});

/** How what was ended for taking too long ends. */
const KILLED = ['124', '137', '143'];

/** Hosts count in whole seconds. */
const secondsFor = (timeout: string) => Math.ceil(milliseconds(timeout) / 1000);

/** How the app could change what root would run. */
function withinReach(program: string, { root }: Layout, folders: readonly DeclaredFolder[]): string | null {
  if (isBelow(program, root)) return `${program} lies in the folder of the app`;
  const open = folders.find(
    ({ path, owner, mode }) => isBelow(program, path) && (owner !== 'root' || (mode & 0o022) !== 0),
  );
  if (open !== undefined) return `${program} lies in ${open.path}, where others than root can write`;
  const temporary = /^\/(tmp|var\/tmp|dev\/shm)\//.exec(program);
  return temporary === null ? null : `${program} lies where everybody can write`;
}
