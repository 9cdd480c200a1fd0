import { call } from '../../host/call.ts';
import { stagingFolder } from '../../host/layout.ts';
import { type GenerationRecord, recordFiles } from '../../host/record.ts';
import { textOf } from '../../host/reply.ts';
import { type Exit, fail, ok, type Result, unreachable } from '../../model/outcome.ts';
import type { Advance, StageStep } from '../../model/plan.ts';
import type { HostTarget } from '../../model/target.ts';
import { Script, sh } from '../../shell/sh.ts';
import type { BundleFile } from '../../transport/transport.ts';
import type { EnteredHost } from '../open.ts';
import { contentDigest } from '../plan/parts.ts';
import type { Planned } from '../plan/plan.ts';
import { type HostRun, QUICK } from '../run.ts';
import { stepFailed } from './claim.ts';
import type { CodeLogin } from './code-login.ts';
import { sendCode } from './send-code.ts';

/**
 * Fills a claimed release and its record, and seals them. Writes only below the claimed number. Commands see a complete
 * tree: files first, then commands in their own order.
 * @param code the login that carries the code; null for the host's own connection
 */
export async function fillGeneration(
  host: EnteredHost,
  target: HostTarget,
  { plan, method }: Pick<Planned<Advance>, 'plan' | 'method'>,
  record: GenerationRecord,
  run: HostRun,
  code: CodeLogin | null,
): Promise<Result<void>> {
  const id = record.generation;
  const user = target.layout.user ?? '-';
  const steps = plan.stage;
  const builds = steps.some((step) => step.do === 'run');
  const reuse = plan.base > 0 ? plan.base : null;

  // What is to arrive stands on the host before any of it does.
  const arriving = steps.filter((step) => step.do !== 'run');
  const files = [...recordFiles(record), { path: 'sent', content: sentList(arriving), mode: 0o600 }];
  const sent = await host.transport.unpack(files, stagingFolder(target.layout, host.site.uid, id), quick());
  const written = succeeded('write the generation record', sent);
  if (!written.ok) return written;
  const arrived = await inTurn(batches(arriving));
  if (!arrived.ok) return arrived;
  const built = await inTurn(batches(steps.filter((step) => step.do === 'run')));
  if (!built.ok) return built;
  return succeeded('seal the release', await host.transport.run(call(host.site, 'seal', id, user), quick()));

  async function inTurn(all: readonly (readonly StageStep[])[]): Promise<Result<void>> {
    for (const batch of all) {
      for (const step of batch) run.emit({ type: 'step', id: step.id, title: step.title, state: 'started' });
      const done = await stageBatch(batch);
      const state = done.ok ? ('done' as const) : ('failed' as const);
      for (const step of batch) run.emit({ type: 'step', id: step.id, title: step.title, state });
      if (!done.ok) return done;
    }
    return ok(undefined);
  }

  // Writing to a slow disk may take its time.
  function quick() {
    return { signal: run.signal, timeoutMs: 5 * QUICK };
  }

  async function stageBatch(batch: readonly StageStep[]): Promise<Result<void>> {
    const [step] = batch;
    if (step === undefined) return ok(undefined);
    switch (step.do) {
      case 'sync':
        return succeeded(
          step.title,
          await sendCode({ host, code, method, target, id, reuse, builds }, step, run, quick),
        );
      case 'put':
        return succeeded(
          step.title,
          await host.transport.unpack(batch.flatMap(bundleFile), call(host.site, 'within', id, ''), quick()),
        );
      case 'run': {
        const script = Script.join(
          [
            sh`( ${call(host.site, 'lend', id, user)} ) || exit`,
            call(host.site, 'exec', user, id, step.cwd, step.creates ?? '', ...step.argv),
          ],
          '\n',
        );
        const onLine = (stream: 'stdout' | 'stderr', line: string) =>
          run.emit({ type: 'output', id: step.id, stream, line });
        return succeeded(
          step.title,
          await host.transport.run(script, { signal: run.signal, timeoutMs: step.timeoutMs, onLine }),
        );
      }
      default:
        return unreachable(step);
    }
  }
}

/** Neighbouring small files travel together. */
function batches(steps: readonly StageStep[]): StageStep[][] {
  return steps.reduce<StageStep[][]>((all, step) => {
    const last = all.at(-1);
    if (step.do === 'put' && last?.[0]?.do === 'put') last.push(step);
    else all.push([step]);
    return all;
  }, []);
}

const bundleFile = (step: StageStep): BundleFile[] =>
  step.do === 'put' ? [{ path: step.to, content: step.content, mode: step.mode }] : [];

/** The host's own word for a release that is not what was read here. */
const CHANGED = 67;

function succeeded(step: string, reply: Result<Exit>): Result<void> {
  if (!reply.ok) return reply;
  if (reply.value.code === 0) return ok(undefined);
  const file = textOf(reply.value.stdout, 'changed');
  if (reply.value.code === CHANGED && file !== undefined) return fail({ kind: 'not-as-sent', file });
  return fail(stepFailed(step, reply.value));
}

/** Python keeps compiled sources there; the host leaves them out of its lists, too. */
const kept = (path: string) => !/(^|\/)__pycache__/.test(path);

/**
 * What a release has to hold once all has arrived and before any build runs, in the lines that the host makes of what it
 * finds (tree.sh): `HASH ./path` for each file, `x ./path` for each program, `l ./path -> target` for each link. Who
 * comes later replaces what was there.
 */
function sentList(steps: readonly StageStep[]): string {
  const lines = new Map<string, readonly string[]>();
  const file = (path: string, hash: string, program: boolean) =>
    lines.set(path, kept(path) ? [`${hash} ./${path}`, ...(program ? [`x ./${path}`] : [])] : []);
  for (const step of steps) {
    if (step.do === 'put') file(step.to, contentDigest(step.content), (step.mode & 0o100) !== 0);
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
