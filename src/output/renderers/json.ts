import type { EventBody, FleetEvent, Summary } from '../../model/events.ts';
import type { Finding } from '../../model/finding.ts';
import { fixAs, NAMES } from '../../model/former-names.ts';
import type { Failure, HostOutcome } from '../../model/outcome.ts';
import { partName } from '../../model/part.ts';
import type { HostReport } from '../../model/report.ts';
import { cleanAll, cleanJson } from '../../util/sanitize.ts';
import {
  type EventJson,
  type EventLine,
  type FailureJson,
  type FindingJson,
  type HostJson,
  type OutcomeJson,
  type ReportJson,
  type SummaryLine,
  VERSION,
} from '../json-line.ts';
import { changeText } from '../messages/change.ts';
import { explainFinding } from '../messages/doctor/finding.ts';
import { drifted } from '../messages/drift.ts';
import type { Place } from '../messages/explanation.ts';
import { refusedBy } from '../messages/failures/connection.ts';
import { holder, unfinished } from '../messages/holder.ts';
import { endWord, explainOutcome, failureOf } from '../messages/outcome.ts';
import { generationOf } from '../messages/plan.ts';
import { checksOf } from '../tables/checks.ts';
import { interrupted } from '../tables/interrupted.ts';
import { PLAIN } from '../text/paint.ts';
import type { Sink } from '../text/sink.ts';
import type { Renderer } from './renderer.ts';

/** One JSON object per line on standard output, nothing else there; people read the failures on standard error. Quiet: the last line only. */
export function jsonRenderer(stdout: Sink, stderr: Sink, quiet: boolean): Renderer {
  return {
    on(event) {
      if (!quiet) stdout.write(`${cleanJson(eventLine(event))}\n`);
    },
    close(summary) {
      stdout.write(`${cleanJson(summaryLine(summary))}\n`);
      const safe = cleanAll(summary);
      for (const { host, app, outcome } of safe.hosts) {
        const why = explainOutcome(outcome, { hosts: [host], app });
        if (why !== null) stderr.write(`${host} (${app}): ${outcome.end}: ${why.what}\n`);
      }
      for (const line of interrupted(safe, PLAIN, Number.POSITIVE_INFINITY)) if (line !== '') stderr.write(`${line}\n`);
    },
    suspend() {},
    resume() {},
    abandon() {},
  };
}

function eventLine({ at, host, app, ...event }: FleetEvent): EventLine {
  const { type, ...rest } = eventObject(event, { hosts: [host], app });
  return { type, at, host, app, ...rest, v: VERSION } as EventLine;
}

/** The last line of a run, as scripts read it. */
function summaryLine(summary: Summary): SummaryLine {
  const hosts = summary.hosts.map(({ host, app, outcome, durationMs }): HostJson => {
    const failure = failureOf(outcome);
    const why = explainOutcome(outcome, { hosts: [host], app });
    const checks = checksOf(outcome);
    return {
      host,
      app,
      outcome: endWord(outcome),
      generation: generationOf(outcome),
      durationMs: Math.round(durationMs),
      failure:
        failure === null
          ? null
          : { ...failureObject(failure), message: why?.what ?? '', [NAMES.explanation]: why?.fix ?? [] },
      ...(outcome.end === 'planned' ? { pending: outcome.pending } : {}),
      ...(outcome.end === 'reverted' && outcome.left !== undefined ? { left: outcome.left } : {}),
      ...(outcome.end === 'stuck' ? { revert: failureObject(outcome.revert) } : {}),
      ...(checks.length > 0 ? { checks } : {}),
      ...('work' in outcome ? { work: outcome.work } : {}),
      ...(outcome.end === 'reported' ? { report: reportObject(outcome.report, { hosts: [host], app }) } : {}),
    };
  });
  return { type: 'summary', command: summary.command, exitCode: summary.exitCode, hosts, v: VERSION };
}

// Records have taken the place of sentences since scripts first read these lines: they find the sentence where it was, and
// the record beside it where it says more.

function eventObject(event: EventBody, place: Place): EventJson {
  if (event.type === 'ended') return { ...event, outcome: outcomeObject(event.outcome, place) };
  if (event.type === 'finding') return { ...event, finding: findingObject(event.finding, place) };
  if (event.type !== 'planned') return event;
  const changes = event.plan.changes.map((change) => ({ sign: change.sign, text: changeText(change) }));
  const { to } = event.plan;
  const units = event.plan.units.map((one) => {
    if (!('because' in one)) return one;
    const { because } = one;
    return { ...one, because: typeof because === 'string' ? because : partName(because) };
  });
  return { ...event, plan: { ...event.plan, to: to === 'repair' ? 'reactivate' : to, changes, units } };
}

function outcomeObject(outcome: HostOutcome, place: Place): OutcomeJson {
  if (outcome.end === 'reported') return { ...outcome, report: reportObject(outcome.report, place) };
  if (!('failure' in outcome)) return outcome;
  const failure = failureObject(outcome.failure);
  return outcome.end === 'stuck'
    ? { ...outcome, failure, revert: failureObject(outcome.revert) }
    : { ...outcome, failure };
}

function failureObject(failure: Failure): FailureJson {
  const { kind } = failure;
  if (kind === 'code-login-refused') {
    const { uploadUser: codeUser, ...rest } = failure;
    return { ...rest, codeUser, detail: refusedBy(failure) };
  }
  if (kind === 'not-settled') return { ...failure, units: failure.units.map(fixAs(NAMES.cause)) };
  if (kind === 'taken') return { ...failure, taken: failure.taken.map(fixAs(NAMES.cause)) };
  if (kind === 'occupied') return { ...failure, occupied: failure.occupied.map(fixAs(NAMES.cause)) };
  if (kind !== 'locked') return failure;
  const { holder: heldBy } = failure;
  return { kind, holder: holder(heldBy), hold: heldBy.kind === 'hold', heldBy };
}

/** A finding with its words, which people read; `fix` is what `--fix` would do. */
function findingObject(finding: Finding, place: Place): FindingJson {
  const { what, evidence, fix } = explainFinding(finding, place);
  return { ...finding, what, evidence, [NAMES.cause]: fix };
}

function reportObject(report: HostReport, place: Place): ReportJson {
  if (report.kind === 'history') return report;
  if (report.kind === 'doctor') return { ...report, findings: report.findings.map((one) => findingObject(one, place)) };
  const { held, open } = report;
  const locks = {
    ...{ open: open === null ? null : unfinished(open), transaction: open },
    ...{ held: held === null ? null : holder(held), heldBy: held },
  };
  if (report.kind === 'lock') return { ...report, ...locks };
  const { externalDropIns: foreign, ...rest } = report;
  return { ...rest, foreign, ...locks, drift: report.drift.map(drifted), drifted: report.drift };
}
