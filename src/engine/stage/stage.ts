import { call } from '../../host/call.ts';
import { textOf } from '../../host/reply.ts';
import { type Exit, fail, ok, type Result, unreachable } from '../../model/outcome.ts';
import type { Advance, StageStep } from '../../model/plan.ts';
import type { HostTarget } from '../../model/target.ts';
import { Script, sh } from '../../shell/sh.ts';
import type { Planned } from '../plan/plan.ts';
import { type HostRun, QUICK } from '../run.ts';
import { codeBytes, isArriving, leftOf, partOf } from './arriving.ts';
import { type Claimed, stepFailed } from './claim.ts';
import type { CodeLogin } from './code-login.ts';
import { sendCode, UNHURRIED } from './send-code.ts';

/** More code than this goes by rsync, which shows how far it is and sends of a big file only what is another; bytes. */
const AT_ONCE = 4 * 1024 * 1024;

/**
 * Fills a claimed release and seals it. Writes only below the claimed number. Commands see a complete tree: files first,
 * then commands in their own order.
 * @param code the login that carries the code; null for the host's own connection
 */
export async function fillGeneration(
  { there: host, id, missing }: Claimed,
  target: HostTarget,
  { plan, method }: Pick<Planned<Advance>, 'plan' | 'method'>,
  run: HostRun,
  code: CodeLogin | null,
): Promise<Result<void>> {
  const user = target.layout.user ?? '-';
  const steps = plan.stage;
  const left = leftOf(steps.filter(isArriving), missing);
  const builds = steps.some((step) => step.do === 'run');
  const gzip = host.probe.facts.tools.has('gzip');
  const reuse = plan.base > 0 ? plan.base : null;
  const sealed = (reply: Result<Exit>) => succeeded('seal the release', reply);

  if (code === null && codeBytes(left) <= AT_ONCE) {
    const into = builds ? call(host.site, 'within', id, '') : call(host.site, 'fill', id, user);
    const io = { signal: run.signal, timeoutMs: UNHURRIED, gzip };
    const came = await together(left, async () => sealed(await host.transport.unpack(left.map(partOf), into, io)));
    if (!came.ok || !builds) return came;
  } else {
    const arrived = await inTurn(batches(left));
    if (!arrived.ok) return arrived;
  }
  const built = await inTurn(batches(steps.filter((step) => step.do === 'run')));
  if (!built.ok) return built;
  return sealed(await host.transport.run(call(host.site, 'seal', id, user), quick()));

  async function together(batch: readonly StageStep[], work: () => Promise<Result<void>>): Promise<Result<void>> {
    for (const step of batch) run.emit({ type: 'step', id: step.id, title: step.title, state: 'started' });
    const done = await work();
    const state = done.ok ? ('done' as const) : ('failed' as const);
    for (const step of batch) run.emit({ type: 'step', id: step.id, title: step.title, state });
    return done;
  }

  async function inTurn(all: readonly (readonly StageStep[])[]): Promise<Result<void>> {
    for (const batch of all) {
      const done = await together(batch, () => stageBatch(batch));
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
          await host.transport.unpack(batch.filter(isArriving).map(partOf), call(host.site, 'within', id, ''), {
            ...quick(),
            gzip,
          }),
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

/** The host's own word for a release that is not what was read here. */
const CHANGED = 67;

function succeeded(step: string, reply: Result<Exit>): Result<void> {
  if (!reply.ok) return reply;
  if (reply.value.code === 0) return ok(undefined);
  const file = textOf(reply.value.stdout, 'changed');
  if (reply.value.code === CHANGED && file !== undefined) return fail({ kind: 'not-as-sent', file });
  return fail(stepFailed(step, reply.value));
}
