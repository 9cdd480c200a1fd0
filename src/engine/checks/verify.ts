import { look } from '../../host/call.ts';
import { parseUnit } from '../../host/facts.ts';
import { textsOf } from '../../host/reply.ts';
import type { BoundCheck, CheckIo } from '../../model/check.ts';
import { type CheckResult, type Failure, fail, ok, type Result } from '../../model/outcome.ts';
import type { Transport } from '../../transport/transport.ts';
import { pause } from '../../util/async.ts';
import type { OpenHost } from '../open.ts';
import { type HostRun, QUICK } from '../run.ts';
import { type Found, scrubbed } from './scrub.ts';

/** What checks may use of an open host. */
export function checkIo(host: Pick<OpenHost, 'transport' | 'site'>, signal: AbortSignal): CheckIo {
  const { transport, site } = host;
  return {
    signal,
    run: (script, timeoutMs) => transport.run(script, { signal, timeoutMs }),
    execute({ command, programs, as }, timeoutMs) {
      // The transport's own limit comes first; this one ends what it could not reach.
      const limit = String(Math.ceil(timeoutMs / 1000) + 2);
      const words = [as, site.layout.user ?? '-', limit, String(programs.length), ...programs, ...command];
      return transport.run(look(site, 'command', ...words), { signal, timeoutMs });
    },
    dial: (address, port, timeoutMs) => transport.dial(address, port, { signal, timeoutMs }),
    async units(names) {
      const reply = await transport.run(look(site, 'unit', ...names), { signal, timeoutMs: QUICK });
      if (!reply.ok) return reply;
      const units = textsOf(reply.value.stdout, 'unit').map(parseUnit);
      if (units.length === names.length) return ok(units);
      return fail({ kind: 'step-failed', step: `look at ${names.join(', ')}`, exit: reply.value });
    },
  };
}

/** Runs a check once. */
export async function checkOnce(check: BoundCheck, io: CheckIo, now: () => number): Promise<Found> {
  const begun = now();
  const verdict = await check.check(io);
  return { check: check.label, ...verdict, ms: now() - begun, quotes: check.quotes };
}

/** The same, which remembers that the link broke: whatever a check says then, it has not seen the app. */
function watchful(io: CheckIo): { readonly io: CheckIo; readonly lost: () => Failure | null } {
  let lost: Failure | null = null;
  const seen = <T>(result: Result<T>): Result<T> => {
    if (!result.ok && result.failure.kind === 'connection-lost') lost = result.failure;
    return result;
  };
  return {
    io: {
      signal: io.signal,
      run: async (script, timeoutMs) => seen(await io.run(script, timeoutMs)),
      execute: async (order, timeoutMs) => seen(await io.execute(order, timeoutMs)),
      units: async (names) => seen(await io.units(names)),
      dial: async (address, port, timeoutMs) => seen(await io.dial(address, port, timeoutMs)),
    },
    lost: () => lost,
  };
}

/**
 * Repeats each check until it passes, its own time is up, or `until` (milliseconds since the epoch) has come. A check that
 * the link broke under is asked again over a new one.
 * @param line the connection in use; a new one takes its place there
 * @param renew opens a new connection
 * @param gone whether the host has decided without us, so that there is nothing to wait for
 * @returns the results, or why the host could not be asked any more
 */
export async function verify(
  host: Pick<OpenHost, 'site'>,
  line: { transport: Transport },
  checks: readonly BoundCheck[],
  until: number,
  run: HostRun,
  renew: () => Promise<Result<Transport>>,
  gone: () => Promise<boolean>,
): Promise<Result<readonly CheckResult[]>> {
  const begun = run.now();
  let renewing: Promise<Result<Transport>> | null = null;
  /** All checks lose their link at once, and share the next one. */
  async function renewed(broken: Transport): Promise<Failure | null> {
    if (line.transport !== broken) return null;
    renewing ??= renew().finally(() => {
      renewing = null;
    });
    const fresh = await renewing;
    if (fresh.ok) line.transport = fresh.value;
    return fresh.ok ? null : fresh.failure;
  }

  const results = await Promise.all(
    checks.map(async (check): Promise<Result<readonly CheckResult[]>> => {
      const own = begun + (check.retryForMs ?? Number.POSITIVE_INFINITY);
      const end = Math.min(until, own);
      for (;;) {
        const { transport } = line;
        const { io, lost } = watchful(checkIo({ ...host, transport }, run.signal));
        const result = await checkOnce(check, io, run.now);
        const broken = result.ok ? null : lost();
        if (broken !== null && !run.signal.aborted) {
          if (run.now() >= until) return fail(broken);
          const failure = await renewed(transport);
          if (failure !== null) return fail(failure);
          continue;
        }
        const over = run.now() >= end;
        if (result.ok || over || run.signal.aborted || (await gone())) {
          const waited = { ms: run.now() - begun, until: own < until ? ('within' as const) : ('deadline' as const) };
          const last = result.ok || !over ? result : { ...result, waited };
          const shown = await scrubbed([last], { ...host, transport: line.transport }, run.signal);
          for (const one of shown) run.emit({ type: 'check', result: one });
          return ok(shown);
        }
        await pause(Math.min(500, Math.max(0, end - run.now())), run.signal);
      }
    }),
  );
  const found: CheckResult[] = [];
  for (const result of results) {
    if (!result.ok) return result;
    found.push(...result.value);
  }
  return ok(found);
}
