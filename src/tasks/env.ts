import { z } from 'zod';
import { type EnvEntry, isKey, KEY_RULE } from '../env/key.ts';
import { readEnv } from '../env/parse.ts';
import { isValue } from '../env/value.ts';
import { dotenvDiffers, systemdNeeded, writeEnv } from '../env/write.ts';
import { EMPTY_TASK_PLAN } from '../model/plan.ts';
import { Secret } from '../model/secret.ts';
import { defineTask, InputError, type SecretSource } from './define.ts';
import { argv, distinct, localPath } from './fields.ts';

const key = z.string().refine(isKey, KEY_RULE);

const fromEnv = z.strictObject({ env: key.meta({ description: 'A variable of your environment that holds it.' }) });

const fromCommand = z.strictObject({
  command: argv.meta({ description: 'A command that prints it.', examples: [['sops', '-d', 'secrets/jarvis.env']] }),
});

/** An `env` entry of a playbook. */
export const envSchema = z.strictObject({
  from: z.union([localPath, fromEnv, fromCommand]).meta({
    description: 'A file, `{ env: NAME }` or `{ command: [sops, -d, file] }`.',
    examples: ['secrets/jarvis.env'],
  }),
  required: distinct(key, (name) => name)
    .meta({ description: 'Keys without which no host is contacted.', examples: [['API_TOKEN']] })
    .default([]),
  set: z
    .record(
      key,
      z.union([z.string().refine(isValue, 'must be text that an environment can hold'), z.number(), z.boolean()]),
    )
    .meta({
      description:
        'Plain values on top of those that come from elsewhere; of a key that has both, this one counts. They are no secrets.',
      examples: [{ LOG_LEVEL: 'info', TELEGRAM_POLLING: true }],
    })
    .default({}),
});

/** How messages name a source; of a command only the program, since its other words may tell too much. */
function nameOf(from: SecretSource): string {
  if (typeof from === 'string') return from;
  return 'env' in from ? `the environment variable ${from.env}` : `the output of ${from.command[0]}`;
}

/** What a source holds stays a secret where `set` beats it, unless both say the same. */
export const secretsOf = ({ set }: Pick<z.output<typeof envSchema>, 'set'>, read: readonly EnvEntry[]) =>
  read
    .filter(({ key, value }) => value !== '' && !(key in set && String(set[key]) === value))
    .map(({ key, value }) => new Secret(key, value));

/** The app's `.env`: read by a strict grammar, written in the dialect that every reader agrees on. */
export const env = defineTask({
  kind: 'env',
  about: "Writes the app's `.env`, from a file, a variable of your environment or a command's output.",
  schema: envSchema,

  async local({ from, required, set }, io) {
    const parsed = readEnv(await io.secret(from));
    // The place goes into the message, not into `at`: a diagnostic there would print the line with its value.
    const place = (line: number) => (typeof from === 'string' ? `${from}:${line}` : `${nameOf(from)}, line ${line}`);
    if (!parsed.ok) throw new InputError(parsed.failure.map((p) => `${place(p.line)}: ${p.message}`).join('\n'));

    const { entries: read, loose } = parsed.value;
    if (loose.length > 0) {
      io.warn(
        `${nameOf(from)}: line${loose.length > 1 ? 's' : ''} ${loose.join(', ')}: \`export\`, blanks around = or blanks without quotes; fleet rewrites that, so that all readers of .env agree`,
      );
    }
    const plain = Object.entries(set).map(([name, value]) => [name, String(value)] as const);
    const values = new Map([...read.map((entry) => [entry.key, entry.value] as const), ...plain]);
    const entries = [...values].map(([name, value]) => ({ key: name, value }));
    const torn = entries.filter(({ value }) => dotenvDiffers(value)).map((entry) => entry.key);
    if (torn.length > 0) {
      io.hint(
        `${nameOf(from)}: systemd and shells read .env as it is meant, but node --env-file or python-dotenv would read ${torn.join(', ')} otherwise; let the app take the environment that it is started with`,
      );
    }
    const missing = required.filter((name) => !values.has(name));
    const empty = required.filter((name) => values.get(name) === '');
    if (missing.length + empty.length > 0) {
      const lacks = [
        missing.length > 0 && `lacks ${missing.join(', ')}`,
        empty.length > 0 && `has no value for ${empty.join(', ')}`,
      ];
      throw new InputError(`${nameOf(from)} ${lacks.filter(Boolean).join(' and ')}`);
    }

    return {
      text: new Secret('.env', writeEnv(entries)),
      values: secretsOf({ set }, read),
      demands: entries.map((entry) => ({ key: entry.key, systemd: systemdNeeded(entry.value) })),
    };
  },

  secrets: ({ values }) => values,
  declares: ({ local }) => ({ envKeys: local.demands.map(({ key }) => key) }),
  probe: () => null,
  parse: () => null,

  plan({ local }, _facts, { host, runtime }) {
    const tooNew = runtime === 'systemd' ? local.demands.filter(({ systemd }) => systemd > host.systemdVersion) : [];
    return {
      ...EMPTY_TASK_PLAN,
      env: local.text,
      warnings: tooNew.map(
        ({ key, systemd }) =>
          `the value of ${key} is read unchanged from systemd ${systemd} on; this host has ${host.systemdVersion}`,
      ),
    };
  },
});
