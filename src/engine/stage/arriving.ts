import type { Missing } from '../../host/reply.ts';
import type { StageStep, Tree, TreeEntry } from '../../model/plan.ts';
import type { Part } from '../../transport/transport.ts';
import { contentDigest } from '../plan/parts.ts';

/** Steps that bring something into a release. */
export type Arriving = Exclude<StageStep, { do: 'run' }>;

export const isArriving = (step: StageStep): step is Arriving => step.do !== 'run';

/** Python keeps compiled sources there; the host leaves them out of its lists, too. */
const kept = (path: string) => !/(^|\/)__pycache__/.test(path);

/** A name is a line on the host. */
const asLine = (text: string) => text.replaceAll('\n', '\x01');

const at = (to: string, path: string) => (to === '' ? path : `${to}/${path}`);

/**
 * What a release has to hold once all has arrived and before any build runs, in the lines that the host makes of what it
 * finds (tree.sh): `HASH ./path` for each file, `x ./path` for each program, `l ./path -> target` for each link. Who
 * comes later replaces what was there.
 */
export function sentList(steps: readonly Arriving[]): string {
  const lines = new Map<string, readonly string[]>();
  const file = (path: string, hash: string, program: boolean) =>
    lines.set(path, kept(path) ? [`${hash} ./${path}`, ...(program ? [`x ./${path}`] : [])] : []);
  for (const step of steps) {
    if (step.do === 'put') file(step.to, contentDigest(step.content), (step.mode & 0o100) !== 0);
    if (step.do !== 'sync') continue;
    for (const entry of step.tree.entries) {
      const path = at(step.to, entry.path);
      if (entry.type === 'file') file(path, entry.digest, entry.executable);
      if (entry.type === 'symlink') lines.set(path, [`l ./${path} -> ${entry.target}`]);
    }
  }
  return [...lines.values()]
    .flat()
    .map((line) => `${asLine(line)}\n`)
    .join('');
}

/** What goes of a tree: a folder only where nothing else brings it along. */
function missingOf(tree: Tree, to: string, missing: Missing): Tree {
  if (missing === null) return tree;
  const isMissing = (path: string) => missing.has(asLine(at(to, path))) || !kept(path);
  const there = new Set<string>();
  for (const entry of tree.entries) if (entry.type === 'file' && !isMissing(entry.path)) addFolders(entry.path, there);
  const goes = (entry: TreeEntry) => (entry.type === 'directory' ? !there.has(entry.path) : isMissing(entry.path));
  const entries = tree.entries.filter(goes);
  const bytes = entries.reduce((sum, entry) => sum + (entry.type === 'file' ? entry.size : 0), 0);
  return { ...tree, entries, bytes };
}

function addFolders(path: string, to: Set<string>): void {
  for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
    if (to.has(path.slice(0, end))) return;
    to.add(path.slice(0, end));
  }
}

/** The same steps, with what is missing and nothing else. */
export const leftOf = (steps: readonly Arriving[], missing: Missing): readonly Arriving[] =>
  steps.flatMap((step): readonly Arriving[] => {
    if (step.do === 'sync') return [{ ...step, tree: missingOf(step.tree, step.to, missing) }];
    return missing === null || missing.has(asLine(step.to)) || !kept(step.to) ? [step] : [];
  });

export const partOf = (step: Arriving): Part =>
  step.do === 'sync' ? { tree: step.tree, to: step.to } : { path: step.to, content: step.content, mode: step.mode };

/** Of code; small files do not count. */
export const codeBytes = (steps: readonly Arriving[]): number =>
  steps.reduce((sum, step) => sum + (step.do === 'sync' ? step.tree.bytes : 0), 0);
