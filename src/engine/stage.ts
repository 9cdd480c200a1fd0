import { call } from '../host/call.ts';
import { releaseFolder, stagingFolder } from '../host/layout.ts';
import { type GenerationRecord, recordFiles } from '../host/record.ts';
import { type Exit, fail, ok, type Result, unreachable } from '../model/outcome.ts';
import type { Advance, StageStep } from '../model/plan.ts';
import type { HostTarget } from '../model/target.ts';
import { Script, sh } from '../shell/sh.ts';
import type { BundleFile } from '../transport/transport.ts';
import { stepFailed } from './claim.ts';
import type { CodeLogin } from './code-login.ts';
import type { OpenHost } from './open.ts';
import { type HostRun, QUICK } from './run.ts';
import { sendCode } from './send-code.ts';

/**
 * Fills a claimed release and its record, and seals them. Writes only below the claimed number.
 * @param host after the claim, which has put the program there
 * @param code the login that carries the code; null for the host's own connection
 */
export async function fillGeneration(
  host: OpenHost,
  target: HostTarget,
  plan: Advance,
  record: GenerationRecord,
  run: HostRun,
  code: CodeLogin | null,
): Promise<Result<void>> {
  const id = record.generation;
  const release = releaseFolder(target.layout, id);
  const user = target.layout.user ?? '-';
  const steps = runLater(plan.stage);
  const builds = steps.some((step) => step.do === 'run');
  const reuse = plan.base > 0 ? releaseFolder(target.layout, plan.base) : null;

  for (const batch of batches(steps)) {
    const first = batch[0];
    if (first === undefined) continue;
    for (const step of batch) run.emit({ type: 'step', id: step.id, title: step.title, state: 'started' });
    const done = await stageBatch(batch);
    const state = done.ok ? ('done' as const) : ('failed' as const);
    for (const step of batch) run.emit({ type: 'step', id: step.id, title: step.title, state });
    if (!done.ok) return done;
  }
  const sent = await host.transport.unpack(
    recordFiles(record),
    stagingFolder(target.layout, host.site.uid, id),
    quick(),
  );
  const checked = succeeded('write the generation record', sent);
  if (!checked.ok) return checked;
  const seal = Script.join(
    [
      ...(builds && target.layout.user !== null ? [sh`( ${call(host.site, 'reclaim', id, user, user)} ) || exit`] : []),
      call(host.site, 'seal', id, user),
    ],
    '\n',
  );
  return succeeded('seal the release', await host.transport.run(seal, quick()));

  // Writing to a slow disk may take its time.
  function quick() {
    return { signal: run.signal, timeoutMs: 5 * QUICK };
  }

  async function stageBatch(batch: readonly StageStep[]): Promise<Result<void>> {
    const [step] = batch;
    if (step === undefined) return ok(undefined);
    switch (step.do) {
      case 'sync':
        return succeeded(step.title, await sendCode({ host, code, target, id, reuse, builds }, step, run, quick));
      case 'put':
        return succeeded(step.title, await host.transport.unpack(batch.flatMap(bundleFile), release, quick()));
      case 'run': {
        const lend = target.layout.user === null ? [] : [sh`( ${call(host.site, 'lend', id, user)} ) || exit`];
        const guard =
          step.creates === null
            ? []
            : [
                sh`if [ -e ${step.creates.startsWith('/') ? step.creates : `${release}/${step.creates}`} ]; then exit 0; fi`,
              ];
        const script = Script.join(
          [...guard, ...lend, call(host.site, 'exec', user, `${release}/${step.cwd}`, ...step.argv)],
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

/** Commands see a complete tree: files first, then commands in their own order. */
const runLater = (steps: readonly StageStep[]) => [
  ...steps.filter((step) => step.do !== 'run'),
  ...steps.filter((step) => step.do === 'run'),
];

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

const succeeded = (step: string, reply: Result<Exit>): Result<void> =>
  !reply.ok ? reply : reply.value.code === 0 ? ok(undefined) : fail(stepFailed(step, reply.value));
