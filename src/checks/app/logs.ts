import { z } from 'zod';
import type { Before } from '../../model/check.ts';
import type { Reading } from '../../model/reading.ts';
import { Script, sh } from '../../shell/sh.ts';
import { defineCheck } from '../define.ts';
import { excerpt } from '../detail.ts';
import {
  bytes,
  bytesOf,
  limits,
  path,
  retries,
  retryForOf,
  seconds,
  secondsOf,
  size,
  span,
  unitNames,
} from '../fields.ts';
import {
  type Finding,
  levelOf,
  limitsInWords,
  linesOf,
  numberIn,
  reading,
  sizeInWords,
  timeInWords,
  verdictOf,
} from '../judge.ts';

/** A basic sanity check; the host's grep has the last word. */
function isPattern(text: string): boolean {
  try {
    return text.length > 0 && new RegExp(text.replace(/\[\[:\w+:\]\]/g, 'x')) instanceof RegExp;
  } catch {
    return false;
  }
}

const pattern = z
  .strictObject({
    match: z
      .string()
      .max(500)
      .refine(
        (text) => !/[\n\0]/.test(text) && isPattern(text),
        'must be an extended regular expression, as grep -E takes it',
      )
      .meta({ description: 'An extended regular expression, as `grep -E` takes it.', examples: ['ERROR|Traceback'] }),
    warn: z.int().min(1).meta({ description: 'So many matching lines pass with a warning.' }).optional(),
    critical: z.int().min(1).meta({ description: 'So many fail.' }).optional(),
  })
  .refine(({ warn, critical }) => warn !== undefined || critical !== undefined, 'needs warn, critical or both')
  .refine(({ warn, critical }) => warn === undefined || critical === undefined || warn < critical, {
    path: ['warn'],
    message: 'must be below critical',
  });

const schema = z
  .strictObject({
    path: path
      .meta({ description: 'A log file; * and ? stand for several.', examples: ['/var/log/jarvis/*.log'] })
      .optional(),
    unit: unitNames
      .meta({ description: 'In place of a path: what a service has said, in the journal or in its log.' })
      .optional(),
    size: limits(size, 'high', bytesOf)
      .meta({ description: 'Of each file.', examples: [{ warn: '100M' }] })
      .optional(),
    age: limits(span, 'high', secondsOf)
      .meta({ description: 'Since something was last written to it.', examples: [{ warn: '10m', critical: '1h' }] })
      .optional(),
    rotated: limits(span, 'high', secondsOf)
      .meta({ description: 'Since it was last rotated.', examples: [{ warn: '8d' }] })
      .optional(),
    patterns: z
      .array(pattern)
      .min(1)
      .max(20)
      .meta({
        description:
          'Lines since the last look that is remembered; where none is, those of the last 64 KiB, or 500 lines of a journal.',
      })
      .optional(),
    ...retries,
  })
  .check((context) => {
    const { path, unit, size, age, rotated, patterns } = context.value;
    const wrong = (key: string, message: string) =>
      context.issues.push({ code: 'custom', input: context.value, path: [key], message });
    if ((path === undefined) === (unit === undefined)) wrong('path', 'or unit must be there, and not both');
    if (unit !== undefined) {
      for (const [key, value] of Object.entries({ size, age, rotated }))
        if (value !== undefined) wrong(key, 'is of files; a unit has patterns only');
      if (patterns === undefined) wrong('unit', 'needs patterns to look for');
      if (Array.isArray(unit)) wrong('unit', 'must be one unit; write an entry for each');
    }
    if (path !== undefined && patterns !== undefined && /[*?[]/.test(path))
      wrong('patterns', 'need a path of one file, without * or ?');
    if ([size, age, rotated, patterns].every((value) => value === undefined))
      wrong('path', 'needs at least one of size, age, rotated and patterns');
  })
  .meta({
    examples: [{ path: '/var/log/jarvis/jarvis.log', size: { warn: '100M' }, patterns: [{ match: 'ERROR', warn: 1 }] }],
  });

type Spec = z.infer<typeof schema>;

const subject = ({ path, unit }: Spec) => path ?? String(unit);

/** Where the last look has ended, and in which file (its inode): numbers that only the host's next answer is made with. */
const placeOf = (spec: Spec) => `log position ${subject(spec)}`;
const fileOf = (spec: Spec) => `log file ${subject(spec)}`;

function positionBefore(spec: Spec, before: Before): string {
  const [bytes, inode] = [before(placeOf(spec)), before(fileOf(spec))];
  return bytes === null ? '-' : inode === null ? String(bytes) : `${bytes}:${inode}`;
}

/** Whether logs stay in bounds, are written to, are rotated, and hold nothing that they should not. */
export const logs = defineCheck({
  kind: 'logs',
  about: 'Nothing of a log is over its limit: its size, how long nothing was written to it, lines that match.',
  schema,
  label: (spec) => excerpt(`logs ${subject(spec)}`),
  retryForMs: (spec) => retryForOf(spec),
  // Lines of the log were cleared of secrets on the host.
  quotes: 'never',

  asks(spec, { before }) {
    const { path, unit, patterns = [] } = spec;
    const from = positionBefore(spec, before);
    const words = patterns.map(({ match }) => match);
    const parts = [
      ...(path === undefined ? [] : [sh`tell_logs ${path}`]),
      ...(path === undefined || words.length === 0 ? [] : [sh`tell_matches ${path} ${from} ${words}`]),
      ...(unit === undefined ? [] : [sh`tell_matches_of ${String(unit)} ${from} ${words}`]),
    ];
    return { script: Script.join(parts, '\n'), withinMs: 120_000 };
  },

  judge(spec, { text }, { before }) {
    const now = numberIn(/^now (\d+)$/m.exec(text)?.[1]) ?? 0;
    const files = linesOf(text, 'log').flatMap((line) => {
      const [, bytes = '', at = '', rotated = '', name = ''] = /^(\d+) (\d+) (\d+|-) (.*)$/.exec(line) ?? [];
      return name === ''
        ? []
        : [
            {
              name: excerpt(name),
              size: Number(bytes),
              age: now - Number(at),
              rotated: rotated === '-' ? null : now - Number(rotated),
            },
          ];
    });
    const none: readonly Finding[] =
      spec.path !== undefined && files.length === 0
        ? [{ level: spec.age?.critical !== undefined ? 'critical' : 'warn', text: `no file ${spec.path}` }]
        : [];
    const verdict = verdictOf([
      ...none,
      ...files.flatMap((file) => ofFile(spec, file)),
      ...(spec.patterns === undefined || none.length > 0 ? [] : matches(spec, text, before)),
    ]);
    const readings = [...(verdict.readings ?? []), ...memos(spec, text)];
    return readings.length === 0 ? verdict : { ...verdict, readings };
  },
});

type File = { readonly name: string; readonly size: number; readonly age: number; readonly rotated: number | null };

function ofFile({ size = {}, age = {}, rotated }: Spec, file: File): readonly Finding[] {
  const [ofSize, ofAge] = [inBytes(size), inSeconds(age)];
  const large = levelOf(file.size, ofSize);
  const old = levelOf(file.age, ofAge);
  const findings: Finding[] = [
    {
      level: large,
      text: `${file.name} ${sizeInWords(file.size)}${large === 'ok' ? '' : limitsInWords(size)}`,
      reading: reading(`log size ${file.name}`, file.size, 'bytes', ofSize),
    },
  ];
  if (old !== 'ok')
    findings.push({
      level: old,
      text: `${file.name}: nothing was written to it for ${timeInWords(file.age)}${limitsInWords(age)}`,
    });
  if (rotated !== undefined) findings.push(rotation(rotated, file));
  return findings;
}

function rotation(spans: NonNullable<Spec['rotated']>, { name, rotated, size }: File): Finding {
  if (rotated === null)
    return size === 0
      ? { level: 'ok', text: `${name} is empty and was never rotated` }
      : { level: 'warn', text: `${name}: no rotated file stands beside it` };
  const level = levelOf(rotated, inSeconds(spans));
  const text = `${name} was rotated ${timeInWords(rotated)} ago${level === 'ok' ? '' : limitsInWords(spans)}`;
  return { level, text, reading: reading(`log rotated ${name}`, rotated, 'seconds', inSeconds(spans)) };
}

function matches(spec: Spec, text: string, before: Before): readonly Finding[] {
  const unread = linesOf(text, 'unread')[0];
  const [position] = positionIn(text);
  const found = new Map(
    linesOf(text, 'matches').flatMap((line) => {
      const [, i = '', count = '', last = ''] = /^(\d+) (\d+) ?(.*)$/.exec(line) ?? [];
      return i === '' ? [] : [[Number(i), { count: Number(count), last }] as const];
    }),
  );
  if (position === null)
    return [
      { level: 'warn', text: `${subject(spec)} cannot be read${unread === undefined ? '' : `: ${excerpt(unread)}`}` },
    ];
  const since = before(placeOf(spec)) === null ? 'of late' : 'since the last look';
  const findings = (spec.patterns ?? []).map(({ match, ...limits }, i): Finding => {
    const { count = 0, last = '' } = found.get(i) ?? {};
    const level = levelOf(count, limits);
    const lines = count === 1 ? 'line matches' : 'lines match';
    const said = `${count} ${lines} ${excerpt(match)} ${since}`;
    return {
      level,
      text: level === 'ok' ? said : `${said}, the last: ${excerpt(last)}`,
      reading: reading(excerpt(`log lines ${match} in ${subject(spec)}`), count, 'count', limits),
    };
  });
  return [...findings, { level: 'ok', text: `read up to ${position}` }];
}

const positionIn = (text: string): readonly [bytes: number | null, inode: number | null] => {
  const [bytes, inode] = (linesOf(text, 'position')[0] ?? '').split(' ');
  return [numberIn(bytes), numberIn(inode)];
};

/** What the next look goes on from. */
function memos(spec: Spec, text: string): readonly Reading[] {
  const [bytes, inode] = positionIn(text);
  return [
    ...(bytes === null ? [] : [memo(placeOf(spec), bytes)]),
    ...(inode === null ? [] : [memo(fileOf(spec), inode)]),
  ];
}

const memo = (name: string, value: number): Reading => ({ ...reading(name, value, 'count'), memo: true });

type Words = { readonly warn?: string | undefined; readonly critical?: string | undefined };
const each =
  (of: (text: string) => number) =>
  ({ warn, critical }: Words) => ({
    warn: warn === undefined ? undefined : of(warn),
    critical: critical === undefined ? undefined : of(critical),
  });
const inBytes = each(bytes);
const inSeconds = each(seconds);
