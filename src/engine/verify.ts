import { look } from '../host/call.ts';
import { parseUnit } from '../host/facts.ts';
import type { BoundCheck, CheckIo } from '../model/check.ts';
import { type CheckResult, fail, ok } from '../model/outcome.ts';
import type { OpenHost } from './open.ts';
import { type HostRun, pause, QUICK } from './run.ts';
import { scrubbed } from './scrub.ts';

/** What checks may use of an open host. */
export function checkIo(host: OpenHost, signal: AbortSignal): CheckIo {
  const { transport, site } = host;
  return {
    signal,
    run: (script, timeoutMs) => transport.run(script, { signal, timeoutMs }),
    dial: (address, port, timeoutMs) => transport.dial(address, port, { signal, timeoutMs }),
    async units(names) {
      const reply = await transport.run(look(site, 'unit', ...names), { signal, timeoutMs: QUICK });
      if (!reply.ok) return reply;
      const lines = reply.value.stdout.split('\n').filter((text) => text.startsWith('unit '));
      if (lines.length === names.length) return ok(lines.map((line) => parseUnit(line.slice(5))));
      return fail({ kind: 'step-failed', step: `look at ${names.join(', ')}`, exit: reply.value });
    },
  };
}

/** Runs a check once. */
export async function checkOnce(check: BoundCheck, io: CheckIo, now: () => number): Promise<CheckResult> {
  const begun = now();
  const verdict = await check.check(io);
  return { check: check.label, ...verdict, ms: now() - begun };
}

/** Repeats each check until it passes, its own time is up, or `until` (milliseconds since the epoch) has come. */
export async function verify(
  host: OpenHost,
  checks: readonly BoundCheck[],
  until: number,
  run: HostRun,
): Promise<readonly CheckResult[]> {
  const io = checkIo(host, run.signal);
  const begun = run.now();
  return Promise.all(
    checks.map(async (check) => {
      const end = Math.min(until, begun + check.withinMs);
      for (;;) {
        const result = await checkOnce(check, io, run.now);
        if (result.ok || run.now() >= end || run.signal.aborted) {
          const [shown = result] = await scrubbed([result], host, run.signal);
          run.emit({ type: 'check', result: shown });
          return shown;
        }
        await pause(Math.min(500, Math.max(0, end - run.now())), run.signal);
      }
    }),
  );
}
