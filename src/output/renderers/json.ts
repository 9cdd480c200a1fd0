import type { Summary } from '../../model/events.ts';
import { cleanAll, cleanJson } from '../../util/sanitize.ts';
import { endWord, explainOutcome, failureOf } from '../messages/outcome.ts';
import { generationOf } from '../messages/plan.ts';
import { checksOf } from '../tables/checks.ts';
import { interrupted } from '../tables/interrupted.ts';
import { PLAIN } from '../text/paint.ts';
import type { Sink } from '../text/sink.ts';
import type { Renderer } from './renderer.ts';

/** Version of the lines; it goes up when a field changes its meaning or goes away. */
const VERSION = 1;

/** One JSON object per line on standard output, nothing else there; people read the failures on standard error. Quiet: the last line only. */
export function jsonRenderer(stdout: Sink, stderr: Sink, quiet: boolean): Renderer {
  return {
    on({ type, at, host, app, ...rest }) {
      if (quiet) return;
      stdout.write(`${cleanJson({ type, at, host, app, ...rest, v: VERSION })}\n`);
    },
    close(summary) {
      stdout.write(`${cleanJson(summaryObject(summary))}\n`);
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

/** The last line of a run, as scripts read it. */
function summaryObject(summary: Summary) {
  const hosts = summary.hosts.map(({ host, app, outcome, durationMs }) => {
    const failure = failureOf(outcome);
    const why = explainOutcome(outcome, { hosts: [host], app });
    const checks = checksOf(outcome);
    return {
      host,
      app,
      outcome: endWord(outcome),
      generation: generationOf(outcome),
      durationMs: Math.round(durationMs),
      failure: failure === null ? null : { ...failure, message: why?.what ?? '', next: why?.next ?? [] },
      ...(outcome.end === 'planned' ? { pending: outcome.pending } : {}),
      ...(outcome.end === 'reverted' && outcome.left !== undefined ? { left: outcome.left } : {}),
      ...(outcome.end === 'stuck' ? { revert: outcome.revert } : {}),
      ...(checks.length > 0 ? { checks } : {}),
      ...(outcome.end === 'reported' ? { report: outcome.report } : {}),
    };
  });
  return { type: 'summary', command: summary.command, exitCode: summary.exitCode, hosts, v: VERSION };
}
