import { z } from 'zod';
import { sh } from '../shell/sh.ts';
import { defineCheck } from './define.ts';
import { duration, milliseconds, within, withinOf } from './fields.ts';
import { excerpt, reason } from './words.ts';

const argv = z
  .array(z.string().refine((word) => !word.includes('\0'), 'must not contain NUL'))
  .min(1)
  .refine((words) => words[0] !== '', 'must begin with the name of a command');

const schema = z
  .union([argv, z.strictObject({ command: argv, timeout: duration.default('10s'), within })])
  .meta({ examples: [['pg_isready', '-q']] });

const normal = (spec: z.infer<typeof schema>) => ('command' in spec ? spec : { command: spec, timeout: '10s' });

const lastLine = (text: string) => text.trimEnd().split('\n').at(-1)?.trim() ?? '';

/** Whether a command on the host exits with 0. It runs with the deploy's privilege and is expected to change nothing. */
export const command = defineCheck({
  kind: 'command',
  schema,
  label: (spec) => excerpt(`command ${normal(spec).command.join(' ')}`),
  within: (spec) => withinOf(spec),

  async check(spec, io) {
    const { command, timeout } = normal(spec);
    const ran = await io.run(sh`${command}`, milliseconds(timeout));
    if (!ran.ok) {
      return { ok: false, detail: ran.failure.kind === 'timed-out' ? `no end within ${timeout}` : reason(ran.failure) };
    }
    const { code, stdout, stderr } = ran.value;
    const said = excerpt(lastLine(stdout) || lastLine(stderr));
    if (code === 0) return { ok: true, detail: said || 'exit 0' };
    return { ok: false, detail: `exit ${code}${said && `: ${said}`}` };
  },
});
