import { sha256 } from '../../model/digest.ts';
import type { RuntimeName } from '../../model/facts.ts';
import type { Digest } from '../../model/ids.ts';
import type { Layout } from '../../model/layout.ts';
import { unreachable } from '../../model/outcome.ts';
import { type Part, parsePart, partName } from '../../model/part.ts';
import type { BeforeStep, Change, Content, StageStep, TaskPlan } from '../../model/plan.ts';
import { Secret } from '../../model/secret.ts';

/** A deploy's inputs by name: two deploys with the same parts want the same, and a differing part names the change. */
export type Parts = ReadonlyMap<string, Digest>;

export const contentDigest = (content: Content): string =>
  content instanceof Secret ? content.digest() : sha256(content);

/** Text as it is; bytes that are none by their digest. */
const writtenOut = (content: string | Uint8Array) =>
  typeof content === 'string' ? content : { bytes: sha256(content) };

/** What a step puts into a release goes by, in the digests and in what units use. */
export const stagePart = (step: StageStep): Part => {
  switch (step.do) {
    case 'sync':
      return { kind: 'code', name: step.to || '.' };
    case 'put':
      return { kind: 'file', name: step.to };
    case 'run':
      return { kind: 'run', name: inOneLine(step.argv) };
    default:
      return unreachable(step);
  }
};

export const beforePart = ({ argv }: BeforeStep): Part => ({ kind: 'before', name: inOneLine(argv) });

const inOneLine = (argv: readonly string[]) => argv.join(' ').replaceAll('\n', ' ');

export function inputDigests(plan: TaskPlan, layout: Layout, runtime: RuntimeName): Parts {
  const parts = new Map<string, Digest>();
  const add = (part: Part, value: unknown) => {
    const name = partName(part);
    parts.set(name, sha256(JSON.stringify([parts.get(name) ?? null, value])));
  };
  add({ kind: 'runtime' }, runtime);
  add({ kind: 'layout' }, layout);
  for (const step of plan.stage) {
    const part = stagePart(step);
    if (step.do === 'sync') add(part, step.tree.digest);
    if (step.do === 'put') add(part, [step.mode, contentDigest(step.content)]);
    if (step.do === 'run') add(part, [step.argv, step.cwd, step.creates]);
  }
  for (const step of plan.before) add(beforePart(step), [step.argv, step.cwd]);
  for (const unit of plan.units) add({ kind: 'unit', name: unit.path }, unit.text);
  for (const { path, mode, owner, group, content, notify } of plan.files)
    add({ kind: 'file', name: path }, [
      ...[mode, owner, group, writtenOut(content)],
      ...(notify === null ? [] : [notify]),
    ]);
  if (plan.env !== null) add({ kind: 'env' }, plan.env.digest());
  add({ kind: 'enabled' }, plan.enable);
  if (plan.exposure.length > 0) add({ kind: 'exposure' }, plan.exposure);
  return parts;
}

export const digestOf = (parts: Parts): Digest =>
  sha256(JSON.stringify([...parts].sort(([a], [b]) => (a < b ? -1 : 1))));

/** What differs, in the order of the names: `+` comes, `-` goes, `~` changes. */
export function compareParts(before: ReadonlyMap<string, string>, after: Parts): readonly Change[] {
  const names = [...new Set([...before.keys(), ...after.keys()])].sort();
  return names.flatMap((name): Change[] => {
    const [was, is] = [before.get(name), after.get(name)];
    if (was === is) return [];
    return [{ sign: was === undefined ? '+' : is === undefined ? '-' : '~', part: parsePart(name) }];
  });
}
