import { z } from 'zod';
import { sh } from '../../shell/sh.ts';
import { defineCheck } from '../define.ts';
import { excerpt } from '../detail.ts';
import { bytes, bytesOf, limits, path, retries, retryForOf, seconds, secondsOf, size, span } from '../fields.ts';
import { differences, parseFile, type Seen } from '../file-state.ts';
import {
  type Finding,
  type Level,
  levelOf,
  limitsInWords,
  reading,
  sizeInWords,
  timeInWords,
  verdictOf,
} from '../judge.ts';

const account = z.string().regex(/^[a-z_][a-z0-9_-]*\$?$/i, 'must be the name of an account or a group');

const schema = z
  .union([
    path,
    z.strictObject({
      path: path.meta({ description: 'Which file.' }),
      absent: z.boolean().meta({ description: 'Whether it must not be there.' }).default(false),
      mode: z
        .string()
        .regex(/^0?[0-7]{3,4}$/, 'must be a mode such as "0600"')
        .meta({ description: 'The mode that it must have.', examples: ['0600'] })
        .optional(),
      owner: account.meta({ description: 'The account that it must belong to.' }).optional(),
      group: account.meta({ description: 'The group that it must belong to.' }).optional(),
      age: limits(span, 'high', secondsOf)
        .meta({ description: 'Since it was last changed.', examples: [{ warn: '25h', critical: '3d' }] })
        .optional(),
      size: limits(size, 'high', bytesOf).meta({ description: 'What is too large.' }).optional(),
      least: limits(size, 'low', bytesOf).meta({ description: 'What is too small.' }).optional(),
      otherwise: z
        .enum(['warn', 'critical'])
        .meta({ description: 'How bad it is when it is missing, or has another mode, owner or group.' })
        .default('critical'),
      ...retries,
    }),
  ])
  .meta({
    examples: [
      '/etc/jarvis/key.pem',
      { path: '/srv/backup/last.tar', age: { warn: '25h' }, least: { critical: '1M' } },
    ],
  });

const normal = (spec: z.infer<typeof schema>) =>
  typeof spec === 'string' ? { path: spec, absent: false, otherwise: 'critical' as const } : spec;

/** Whether a file is there, as it should be, and not too old, large or small. Of a link, what it leads to. */
export const file = defineCheck({
  kind: 'file',
  about: 'A file is there, and as it should be. Of a link, what it leads to.',
  schema,
  label: (spec) => excerpt(`file ${normal(spec).path}`),
  retryForMs: (spec) => retryForOf(spec),
  quotes: 'never',
  asks: (spec) => ({ script: sh`tell_file ${normal(spec).path}`, withinMs: 60_000 }),

  judge(spec, { text }) {
    const { path, absent, otherwise, ...want } = normal(spec);
    const seen = parseFile(text);
    const one = (level: Level, text: string) => verdictOf([{ level, text }]);
    if (seen === null) return one('warn', `the host tells nothing of ${path}`);
    if (seen === 'hidden') return one('warn', `${path} cannot be looked at by this login`);
    if (seen === 'absent') return absent ? one('ok', 'not there') : one(otherwise, 'it is not there');
    if (absent) return one(otherwise, 'it is there');
    if (seen === 'dangling') return one(otherwise, 'it is a link to what is not there');
    const wrong = differences(seen, want).map((text): Finding => ({ level: otherwise, text }));
    return verdictOf(
      [...wrong, ...measured(path, seen, want)],
      `${seen.mode} ${excerpt(`${seen.owner}:${seen.group}`)}, ${sizeInWords(seen.size)}`,
    );
  },
});

type Bounds = { readonly warn?: string | undefined; readonly critical?: string | undefined };
type Wanted = { readonly [key in 'age' | 'size' | 'least']?: Bounds | undefined };

function measured(path: string, seen: Seen, { age, size, least }: Wanted): readonly Finding[] {
  const name = excerpt(path);
  const of = (bounds: Bounds, value: (text: string) => number) => ({
    warn: bounds.warn === undefined ? undefined : value(bounds.warn),
    critical: bounds.critical === undefined ? undefined : value(bounds.critical),
  });
  const findings: Finding[] = [];
  if (age !== undefined) {
    const limits = of(age, seconds);
    findings.push({
      level: levelOf(seen.age, limits),
      text: `changed ${timeInWords(seen.age)} ago${limitsInWords(age)}`,
      reading: reading(`age ${name}`, seen.age, 'seconds', limits),
    });
  }
  for (const [bounds, bad] of [
    [size, 'high'],
    [least, 'low'],
  ] as const) {
    if (bounds === undefined) continue;
    const limits = of(bounds, bytes);
    findings.push({
      level: levelOf(seen.size, limits, bad),
      text: `${sizeInWords(seen.size)}${limitsInWords(bounds)}`,
      reading: reading(`size ${name}`, seen.size, 'bytes', limits),
    });
  }
  return findings;
}
