import { z } from 'zod';
import type { DeclaredFolder } from '../model/declared.ts';
import type { Layout } from '../model/layout.ts';
import { duration, milliseconds } from '../util/duration.ts';
import { programsOf } from '../util/programs.ts';
import { defineCheck } from './define.ts';
import { excerpt, reason } from './detail.ts';
import { retries, retryForOf } from './fields.ts';

const argv = z
  .array(z.string().refine((word) => !word.includes('\0'), 'must not contain NUL'))
  .min(1)
  .refine((words) => words[0] !== '', 'must begin with the name of a command');

const long = { command: argv, timeout: duration.default('10s'), ...retries };

type Spec =
  | readonly string[]
  | {
      readonly command: readonly string[];
      readonly timeout: string;
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
        .meta({ description: 'The service user, or the privilege of the deploy: root, where it was reached.' })
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
  'command' in spec ? spec : { command: spec, timeout: '10s', as };

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1)?.trim() ?? '';

const isBelow = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`);

/** Whether a command on the host exits with 0. It runs as the service user and is expected to change nothing. */
export const command = defineCheck<'command', Spec>({
  kind: 'command',
  schema,
  kept,
  keep: (spec) => normal(spec),
  label: (spec) => excerpt(`command ${normal(spec).command.join(' ')}`),
  retryForMs: (spec) => retryForOf(spec),
  quotes: true,
  recoverAfter: 2,

  refuses(spec, layout, folders) {
    const { command, as } = normal(spec);
    if (as !== 'root') return null;
    const trouble = programsOf(command).flatMap((program) => withinReach(program, layout, folders) ?? []);
    return trouble[0] ?? null;
  },

  async check(spec, io) {
    const { command, timeout, as } = normal(spec);
    const ran = await io.execute({ command, programs: programsOf(command), as }, milliseconds(timeout));
    if (!ran.ok) {
      return { ok: false, detail: ran.failure.kind === 'timed-out' ? `no end within ${timeout}` : reason(ran.failure) };
    }
    const { code, stdout, stderr } = ran.value;
    const said = excerpt(lastLine(stdout) || lastLine(stderr));
    if (code === 0) return { ok: true, detail: said || 'exit 0' };
    return { ok: false, detail: `exit ${code}${said && `: ${said}`}` };
  },
});

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
