import { call, type InstalledSite, programFile } from '../../host/call.ts';
import { releaseFolder } from '../../host/layout.ts';
import type { GenerationRecord } from '../../host/record.ts';
import { parseRunnerLine } from '../../host/reply.ts';
import type { GenerationId } from '../../model/ids.ts';
import type { Only } from '../../model/only.ts';
import { type Failure, fail, type HostOutcome, type Left, ok, type Result } from '../../model/outcome.ts';
import type { Advance, Plan } from '../../model/plan.ts';
import type { Watch } from '../../model/probation.ts';
import type { HostTarget } from '../../model/target.ts';
import { accountsOf } from '../../runtime/accounts.ts';
import { Script, sh } from '../../shell/sh.ts';
import type { Transport } from '../../transport/transport.ts';
import { MOST } from '../../util/capped.ts';
import { clean } from '../../util/sanitize.ts';
import { ownChecks } from '../checks/own.ts';
import type { EnteredHost, OpenHost } from '../open.ts';
import { dataFolders } from '../plan/ownership.ts';
import type { PlannedPart } from '../plan/partial.ts';
import type { Planned } from '../plan/plan.ts';
import { type HostRun, QUICK } from '../run.ts';
import { isArriving } from '../stage/arriving.ts';
import { claimGeneration, enter, varyGeneration } from '../stage/claim.ts';
import { type CodeLogin, openCodeLogin } from '../stage/code-login.ts';
import { type Prepared, prepare } from '../stage/prepare.ts';
import { fillGeneration } from '../stage/stage.ts';
import { activate } from '../switch/activate.ts';
import { askAhead, type Foretold, onePart, showPlan, whole, withPlannedHost } from './planned-host.ts';

type Repair = Extract<Plan, { to: 'repair' }>;

/**
 * Brings one host to what its target wants:
 *
 *   open ─> plan ─ nothing to do ─────────────────────────> unchanged
 *             ├─ a precondition does not hold ────────────> untouched
 *             └─> prepare ─> stage ─> activate (see there) ─> deployed | reverted | stuck | unknown
 *
 * Whatever fails before the switch is taken back from here; what fails in it, by the host. Both by the ledger on the host,
 * and what has to stay is told.
 */
export const deployHost = (target: HostTarget, run: HostRun): Promise<HostOutcome> =>
  withPlannedHost(target, run, 'finish', whole(target), (host, planned) =>
    carryOut(host, target, planned, run, (plan) => advance(host, target, { ...planned, plan }, run)),
  );

/** The same with a generation that is the active one but for one part; it is proved by the checks that the active one has. */
export const deployPart = (given: HostTarget, only: Only, run: HostRun): Promise<HostOutcome> =>
  withPlannedHost(given, run, 'finish', onePart(given, only), async (host, planned) => {
    const { active } = host.probe.facts;
    const target = { ...given, checks: await ownChecks(host, given, active, run) };
    return carryOut(host, target, planned, run, (plan) => vary(host, target, { ...planned, plan }, only, run));
  });

async function carryOut(
  host: OpenHost,
  target: HostTarget,
  planned: Foretold,
  run: HostRun,
  further: (plan: Advance) => Promise<HostOutcome>,
): Promise<HostOutcome> {
  const { plan } = planned;
  showPlan(planned, target, run);
  if (plan.to === 'nothing') return { end: 'unchanged', generation: plan.generation };
  const room = enoughRoom(host, plan.to === 'advance' ? plan : null);
  if (!room.ok) return { end: 'untouched', failure: room.failure };
  // Each command starts the shell of the next.
  if (plan.to === 'advance') host.transport.ahead();
  const asked = await askAhead(host, target, run);
  if (!asked.ok) return { end: 'untouched', failure: asked.failure };
  if (run.signal.aborted) return { end: 'untouched', failure: { kind: 'cancelled', phase: 'plan' } };
  const checks = asked.value;
  for (const result of checks) run.emit({ type: 'check', result });
  if (checks.some((result) => !result.ok)) return { end: 'untouched', failure: { kind: 'precondition', checks } };
  return plan.to === 'repair' ? await repair(host, target, plan, run) : await further(plan);
}

/** The same generation again, on a host that somebody or something changed. */
async function repair(host: OpenHost, target: HostTarget, plan: Repair, run: HostRun): Promise<HostOutcome> {
  const entered = await enter(host, plan.generation, run);
  if (!entered.ok) return { end: 'untouched', failure: entered.failure };
  const there = entered.value;
  run.emit({ type: 'phase', phase: 'prepare' });
  const prepared = await prepare(there, plan.prepare, run);
  if (!prepared.result.ok) return takeBack(there, null, prepared, prepared.result.failure, run);
  const change = { from: plan.generation, to: plan.generation, keep: target.keep, action: 'repair' } as const;
  const outcome = await activate(there, target, change, { end: 'deployed', generation: plan.generation }, run);
  return outcome.end === 'untouched' && prepared.touched
    ? takeBack(there, null, prepared, outcome.failure, run)
    : outcome;
}

/** A new generation. */
async function advance(
  host: OpenHost,
  target: HostTarget,
  planned: Planned<Advance>,
  run: HostRun,
): Promise<HostOutcome> {
  const { plan } = planned;
  const login = await openCodeLogin(target, host, plan, run);
  if (!login.ok) return { end: 'untouched', failure: login.failure };
  await using code = login.value;
  run.emit({ type: 'phase', phase: 'prepare' });
  host.transport.ahead();
  const record = recordOf(target, planned, run);
  const arriving = plan.stage.filter(isArriving);
  const claimed = await claimGeneration(host, record, arriving, takes(host, planned, code), run);
  if (!claimed.ok) return { end: 'untouched', failure: claimed.failure };
  const { there, id } = claimed.value;
  const prepared = await prepare(there, plan.prepare, run);
  if (!prepared.result.ok) return takeBack(there, id, prepared, prepared.result.failure, run);

  run.emit({ type: 'phase', phase: 'stage' });
  there.transport.ahead();
  const filled = await fillGeneration(claimed.value, target, planned, run, code);
  if (!filled.ok) return takeBack(there, id, prepared, filled.failure, run);
  if (run.signal.aborted) return takeBack(there, id, prepared, { kind: 'cancelled', phase: 'stage' }, run);
  const change = { from: plan.base, to: id, keep: target.keep, action: 'deploy', before: plan.before } as const;
  const outcome = await activate(there, target, change, { end: 'deployed', generation: id }, run);
  if (outcome.end !== 'untouched') return outcome;
  // The host refused to begin: what was made ready for it goes again.
  const back = await takeBack(there, id, prepared, outcome.failure, run);
  return prepared.touched ? back : outcome;
}

/** A new generation that shares the code of the one before, and all of its record but for one part. */
async function vary(
  host: OpenHost,
  target: HostTarget,
  { plan, edit }: PlannedPart & { readonly plan: Advance },
  only: Only,
  run: HostRun,
): Promise<HostOutcome> {
  run.emit({ type: 'phase', phase: 'stage' });
  host.transport.ahead();
  const varied = await varyGeneration(host, plan, edit, run);
  if (!varied.ok) return { end: 'untouched', failure: varied.failure };
  const { there, id } = varied.value;
  if (run.signal.aborted) return takeBack(there, id, NOTHING, { kind: 'cancelled', phase: 'stage' }, run);
  const change = { from: plan.base, to: id, keep: target.keep, action: only.part } as const;
  const outcome = await activate(there, target, change, { end: 'deployed', generation: id }, run);
  if (outcome.end === 'untouched') await takeBack(there, id, NOTHING, outcome.failure, run);
  return outcome;
}

const NOTHING: Prepared = { result: ok(undefined), touched: false, begun: [] };

/**
 * How the host may take from the release before what of the code is as it was. Build steps write in theirs, so that no file of it may
 * be another's too; another login sends all of it, and compares for itself.
 */
const takes = ({ probe }: OpenHost, { plan, anew }: Planned<Advance>, code: CodeLogin | null) =>
  code !== null || anew || !probe.sealed ? 'nothing' : plan.stage.some((step) => step.do === 'run') ? 'copy' : 'link';

function recordOf(
  target: HostTarget,
  { plan, parts, launch, uses, anew }: Planned<Advance>,
  run: HostRun,
): GenerationRecord {
  return {
    ...{ base: plan.base, digest: plan.digest, runtime: plan.runtime, layout: target.layout },
    ...{ by: run.by, at: new Date(run.now()).toISOString(), source: target.source, parts },
    ...{ units: plan.units, enable: launch.enable, wanted: plan.enable, start: launch.start, services: launch.files },
    ...{ files: plan.files, env: plan.env, before: plan.before, exposure: plan.exposure, uses, anew },
    accounts: accountsOf(plan.units, plan.enable),
    folders: dataFolders(target),
    checks: target.checks.map((check) => check.written),
    watch: watchOf(target),
    act: target.act,
  };
}

/** What its host goes on with by itself. */
const watchOf = ({ policy, checks }: HostTarget): Watch | null =>
  policy.watch === null
    ? null
    : {
        ...policy.watch,
        checks: checks.flatMap(({ label, alone }) =>
          alone === undefined ? [] : [{ label: clean(label), words: alone }],
        ),
      };

/** Space for the release and some to work in, before anything is sent. */
function enoughRoom(host: OpenHost, plan: Advance | null): Result<void> {
  const trees = plan?.stage.flatMap((step) => (step.do === 'sync' ? [step.tree] : [])) ?? [];
  const bytes = trees.reduce((sum, tree) => sum + tree.bytes, 0) * 1.2 + 64 * 1024 * 1024;
  const inodes = trees.reduce((sum, tree) => sum + tree.entries.length, 0) + 100;
  const { freeBytes, freeInodes } = host.probe.facts;
  const mib = (n: number) => `${Math.ceil(n / 1024 / 1024)} MiB`;
  if (freeBytes < bytes)
    return fail({ kind: 'unsupported', needs: `${mib(bytes)} of free disk space; ${mib(freeBytes)} are left` });
  if (freeInodes > 0 && freeInodes < inodes)
    return fail({ kind: 'unsupported', needs: `${inodes} free inodes; ${freeInodes} are left` });
  return ok(undefined);
}

/**
 * Drops what was staged and undoes what was prepared, over the same connection or a new one, under a signal of its own.
 * When the host cannot be reached any more, what was prepared may be there still: the outcome says so.
 */
async function takeBack(
  host: EnteredHost,
  staged: GenerationId | null,
  prepared: Prepared,
  failure: Failure,
  run: HostRun,
): Promise<HostOutcome> {
  run.emit({ type: 'phase', phase: 'revert' });
  const signal = AbortSignal.timeout(2 * QUICK);
  const base = host.probe.facts.active;
  const reverted = (left: readonly Left[]): HostOutcome => ({
    ...{ end: 'reverted', failure, generation: base },
    ...(left.length === 0 ? {} : { left }),
  });
  const here = await clean(host.transport);
  if (here !== null) return reverted(here);
  const fresh = await run.connect(signal);
  if (fresh.ok) {
    await using transport = fresh.value;
    const there = await clean(transport);
    if (there !== null) return reverted(there);
  }
  // A release on its way is nothing that the host would notice; an account or a folder is.
  if (prepared.touched)
    return reverted([{ kind: 'unknown', name: '', because: 'the host could not be reached again' }]);
  run.emit({
    type: 'note',
    text: 'the host could not be reached again to clean up; nothing live had changed, and the next deploy removes the rest',
  });
  return { end: 'untouched', failure };

  /** @returns what stays, or null when the host cannot be asked; one that fails never stops the other */
  async function clean(transport: Transport): Promise<readonly Left[] | null> {
    const left: Left[] = [];
    for (const [verb, what, words] of [
      ...(staged === null
        ? []
        : [['drop', { kind: 'release', name: releaseFolder(host.site.layout, staged) }, [staged]] as const]),
      ['undo', { kind: 'unknown', name: '' }, []] as const,
    ]) {
      const reply = await transport.run(takingBack(host.site, verb, words), { signal, timeoutMs: QUICK });
      if (!reply.ok) return null;
      const { code, stdout, stderr } = reply.value;
      const lines = `${stdout}\n${stderr}`.trim().split('\n');
      if (code !== 0) left.push({ ...what, because: lines.at(-1) ?? '' });
      for (const line of lines.slice(0, MOST).map(parseRunnerLine)) if (line.say === 'left') left.push(line.left);
    }
    // What fleet notes of it is none of the steps.
    if (left.every(({ kind }) => kind === 'state'))
      for (const step of prepared.begun) run.emit({ type: 'step', id: step.id, title: step.title, state: 'undone' });
    return left;
  }
}

/** Where the program is not any more, all was taken back before somebody could say so. */
const takingBack = (site: InstalledSite, verb: string, words: readonly number[]): Script =>
  Script.join([sh`[ -e ${programFile(site)} ] || exit 0`, call(site, verb, ...words)], '\n');
