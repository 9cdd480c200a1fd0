import { sha256 } from '../../model/digest.ts';
import type { Content, StageStep } from '../../model/plan.ts';
import { Secret } from '../../model/secret.ts';

const digestOf = (content: Content): string => (content instanceof Secret ? content.digest() : sha256(content));

/** Python keeps compiled sources there; the host leaves them out of its lists, too. */
const kept = (path: string) => !/(^|\/)__pycache__/.test(path);

/**
 * What a release has to hold once all has arrived and before any build runs, in the lines that the host makes of what it
 * finds (tree.sh): `HASH ./path` for each file, `x ./path` for each program, `l ./path -> target` for each link. Who
 * comes later replaces what was there.
 */
export function sentList(steps: readonly StageStep[]): string {
  const lines = new Map<string, readonly string[]>();
  const file = (path: string, hash: string, program: boolean) =>
    lines.set(path, kept(path) ? [`${hash} ./${path}`, ...(program ? [`x ./${path}`] : [])] : []);
  for (const step of steps) {
    if (step.do === 'put') file(step.to, digestOf(step.content), (step.mode & 0o100) !== 0);
    if (step.do !== 'sync') continue;
    for (const entry of step.tree.entries) {
      const path = step.to === '' ? entry.path : `${step.to}/${entry.path}`;
      if (entry.type === 'file') file(path, entry.digest, entry.executable);
      if (entry.type === 'symlink') lines.set(path, [`l ./${path} -> ${entry.target}`]);
    }
  }
  return [...lines.values()]
    .flat()
    .map((line) => `${line.replaceAll('\n', '\x01')}\n`)
    .join('');
}
