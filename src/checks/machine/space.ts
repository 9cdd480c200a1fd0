import { z } from 'zod';
import type { Verdict } from '../../model/check.ts';
import { sh } from '../../shell/sh.ts';
import { defineCheck, type Look } from '../define.ts';
import { excerpt } from '../detail.ts';
import { brief, brieflyFor, inOrder, paths, pathsOf, percent, wrongWay } from '../fields.ts';
import { type Finding, levelOf, limitsInWords, numberIn, reading, shares, sizeInWords, verdictOf } from '../judge.ts';

/** Of a disk or of its inodes: what is full is full. */
const PRESET = { warn: 85, critical: 95 } as const;

const long = z
  .strictObject({
    path: paths.meta({ description: "Paths on the file systems that count; by default the app's root." }).optional(),
    warn: percent
      .meta({ description: 'From here on it passes with a warning, in percent in use.' })
      .default(PRESET.warn),
    critical: percent
      .meta({ description: 'From here on the check fails, in percent in use.' })
      .default(PRESET.critical),
    ...brief,
  })
  .refine(inOrder('high'), wrongWay('high', ` (they are ${PRESET.warn} and ${PRESET.critical} when they are not set)`));

const schema = z.union([paths, long]).meta({ examples: ['/var', { path: ['/', '/srv'], warn: 80, critical: 90 }] });

type Spec = z.infer<typeof schema>;

function normal(spec: Spec, root: string) {
  const { path, warn, critical } =
    typeof spec === 'object' && !Array.isArray(spec) ? (spec as z.infer<typeof long>) : long.parse({ path: spec });
  return { paths: path === undefined ? [root] : pathsOf(path), limits: { warn, critical } };
}

/** A file system as `df` shows it; null for what it does not tell. */
type Space = { readonly used: number; readonly free: number; readonly at: string } | 'absent' | 'hidden' | null;

const ROW = /^.*?\s(\d+|-)\s+(\d+|-)\s+(-?\d+|-)\s+(?:\d+%|-)\s+(\/.*)$/;

function parseSpace(line: string): Space {
  if (line === 'absent' || line === 'hidden') return line;
  const [, , used = '', free = '', at = ''] = ROW.exec(line) ?? [];
  const [inUse, left] = [numberIn(used), numberIn(free)];
  return inUse === null || left === null || inUse + left === 0 ? null : { used: inUse, free: left, at };
}

/** Lines of `tell_space`, in the order of what was asked. */
const spaces = (text: string): readonly Space[] =>
  text.split('\n').flatMap((line) => {
    if (line === 'absent' || line === 'hidden') return [line];
    return line.startsWith('space ') ? [parseSpace(line.slice(6))] : [];
  });

function judge(of: 'disk' | 'inodes', spec: Spec, text: string, { layout }: Look): Verdict {
  const { paths, limits } = normal(spec, layout.root);
  const found = spaces(text);
  const seen = new Set<string>();
  const findings = paths.flatMap((path, i): readonly Finding[] => {
    const space = found[i] ?? null;
    if (space === 'absent') return [{ level: 'critical', text: `${path} is not there` }];
    if (space === 'hidden') return [{ level: 'warn', text: `${path} cannot be looked at by this login` }];
    if (space === null)
      return [
        of === 'inodes'
          ? { level: 'ok', text: `${path} has no limit` }
          : { level: 'warn', text: `${path}: df tells nothing of it` },
      ];
    // Two paths of one file system are one thing that can be full.
    if (seen.has(space.at)) return [];
    seen.add(space.at);
    const used = (space.used * 100) / (space.used + space.free);
    const level = levelOf(used, limits);
    const left = of === 'disk' ? `${sizeInWords(space.free * 1024)} free` : `${space.free} free`;
    const said = `${excerpt(space.at)} ${Math.floor(used)} % in use, ${left}`;
    return [
      {
        level,
        text: `${said}${level === 'ok' ? '' : limitsInWords(limits, ' %')}`,
        reading: reading(`${of} ${excerpt(space.at)}`, used / 100, 'ratio', shares(limits), 1),
      },
    ];
  });
  return verdictOf(findings);
}

const ABOUT = {
  disk: 'File systems have room. What root keeps for itself is not free.',
  inodes: 'File systems can take more files; some have no such limit.',
} as const;

const kindOf = <Kind extends 'disk' | 'inodes'>(kind: Kind) =>
  defineCheck<Kind, Spec>({
    kind,
    about: ABOUT[kind],
    schema,
    label: (spec, { root }) => excerpt(`${kind} ${normal(spec, root).paths.join(', ')}`),
    retryForMs: (spec) => brieflyFor(spec),
    quotes: 'never',
    asks: (spec, { layout }) => ({
      script: sh`tell_space ${kind === 'disk' ? 'k' : 'i'} ${normal(spec, layout.root).paths}`,
      withinMs: 60_000,
    }),
    judge: (spec, { text }, look) => judge(kind, spec, text, look),
  });

/** How full file systems are. What root keeps for itself is not free. */
export const disk = kindOf('disk');

/** The same of how many files they can still take; some have no such limit. */
export const inodes = kindOf('inodes');
