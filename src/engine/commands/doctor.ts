import { call } from '../../host/call.ts';
import { notMended } from '../../host/doctor.ts';
import { holderIn } from '../../host/holder.ts';
import { numberOf } from '../../host/reply.ts';
import type { Finding, Fix, Fixed } from '../../model/finding.ts';
import { generationId } from '../../model/ids.ts';
import { fail, type HostOutcome, ok, type Result } from '../../model/outcome.ts';
import type { HostTarget } from '../../model/target.ts';
import { sh } from '../../shell/sh.ts';
import { scrubbed } from '../checks/scrub.ts';
import { checkIo, checkOnce } from '../checks/verify.ts';
import { findings } from '../doctor/findings.ts';
import { doctorFragments, LOOK, machineChecks, parseSeen, wantedFolders } from '../doctor/look.ts';
import { type OpenHost, openAgain, openHost } from '../open.ts';
import { besides } from '../plan/beside.ts';
import { type HostRun, QUICK } from '../run.ts';
import { stepFailed } from '../stage/claim.ts';
import { answered, askedOf, gathered } from './health.ts';

/**
 * `fleet doctor` on one host: why the app does not work there, and what will be in its way. One connection, and one command
 * for all that is read.
 * @param agreed what may be put right; nothing is where it is empty
 */
export async function doctorHost(target: HostTarget, run: HostRun, agreed: readonly Fix[] = []): Promise<HostOutcome> {
  const look = lookFor(target);
  const opened = await openHost(target, [], run, look.asks);
  if (!opened.ok) return { end: 'untouched', failure: opened.failure };
  await using host = opened.value;
  run.emit({ type: 'phase', phase: 'verify' });
  const found = await look.read(host, run);
  const fixes = found.flatMap(({ fix }) => (fix !== null && agreed.some((one) => same(one, fix)) ? [fix] : []));
  if (fixes.length === 0) return reported(host, found, [], run);
  const mended = await mend(host, fixes, run);
  if (!mended.ok) return { end: 'untouched', failure: mended.failure };
  for (const fixed of mended.value) run.emit({ type: 'fixed', fixed });
  const again = await openAgain(host, target, [], run, look.asks);
  if (!again.ok) return { end: 'untouched', failure: again.failure };
  return reported(again.value, await look.read(again.value, run), mended.value, run);
}

const same = (one: Fix, other: Fix) => JSON.stringify(one) === JSON.stringify(other);

function reported({ probe }: OpenHost, found: readonly Finding[], fixed: readonly Fixed[], run: HostRun): HostOutcome {
  for (const finding of found) run.emit({ type: 'finding', finding });
  return { end: 'reported', report: { kind: 'doctor', generation: probe.facts.active, findings: found, fixed } };
}

/** What is asked of a host for an app, and how what it says is read. */
function lookFor(target: HostTarget) {
  const machine = machineChecks(target.layout);
  const questions = gathered([...machine.map(([, check]) => check), ...target.checks], () => null);
  const asks = {
    fragments: [...questions.fragments, ...doctorFragments(target)],
    withinMs: questions.withinMs + LOOK,
  };
  async function read(host: OpenHost, run: HostRun): Promise<readonly Finding[]> {
    const { facts } = host.probe;
    const io = answered(checkIo(host, run), questions, host);
    const checks = askedOf(target.checks, facts.active);
    const [verdicts, own, tripMs] = await Promise.all([
      Promise.all(machine.map(async ([of, check]) => [of, await check.check(io)] as const)),
      facts.active === 0 ? [] : Promise.all(checks.map((check) => checkOnce(check, io, run.now))),
      roundTrip(host, run),
    ]);
    return findings({
      layout: target.layout,
      account: target.connection.user,
      probe: host.probe,
      seen: parseSeen(host.answers),
      wanted: wantedFolders(target),
      machine: verdicts,
      checks: await scrubbed(own, facts.generations.length === 0 ? null : host, run.signal),
      ports: target.checks.flatMap(({ dials }) => (dials === null ? [] : [dials.port])),
      beside: besides(target.layout.root, { units: [], enable: [] }, 'systemd', host.probe),
      tripMs,
    });
  }
  return { asks, read };
}

/** Milliseconds of a command that does nothing; the better of two, since a first one may have to wait for the network. */
async function roundTrip({ transport }: OpenHost, { signal, now }: HostRun): Promise<number> {
  const one = async () => {
    const from = now();
    const reply = await transport.run(sh`:`, { signal, timeoutMs: QUICK });
    return reply.ok ? now() - from : 0;
  };
  return Math.min(await one(), await one());
}

/** Under the host's lock, which the host gives only where nobody else is at work and no transaction is open. */
async function mend(host: OpenHost, fixes: readonly Fix[], run: HostRun): Promise<Result<readonly Fixed[]>> {
  const { active } = host.probe.facts;
  const script = call(host.site, 'mend', active, run.by, ...fixes.flatMap(wordsOf));
  const reply = await host.transport.run(script, { signal: run.signal, timeoutMs: QUICK });
  if (!reply.ok) return reply;
  const { code, stdout } = reply.value;
  if (code === 75) return fail({ kind: 'locked', holder: holderIn(stdout) });
  if (code === 76)
    return fail({ kind: 'base-moved', expected: active, found: generationId(numberOf(stdout, 'found') ?? 0) });
  if (code !== 0) return fail(stepFailed('mend', reply.value));
  return ok(fixes.map((fix, i) => ({ fix, why: notMended(stdout, i) })));
}

const wordsOf = (fix: Fix): readonly string[] => {
  switch (fix.do) {
    case 'folder':
      return ['folder', fix.path, fix.mode, fix.owner, '-'];
    case 'file':
      return ['file', fix.path];
    case 'reset-failed':
      return ['reset', fix.unit];
  }
};
