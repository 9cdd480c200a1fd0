import { asking } from '../../host/call.ts';
import { type BoundCheck, type CheckIo, type Memory, NO_MEMORY } from '../../model/check.ts';
import { type CheckResult, type Failure, fail, ok, type Result } from '../../model/outcome.ts';
import type { Transport } from '../../transport/transport.ts';
import { pause } from '../../util/async.ts';
import type { OpenHost } from '../open.ts';
import type { HostRun } from '../run.ts';
import { type Found, scrubbed } from './scrub.ts';

/** What checks may use of an open host. Nothing is remembered there: a deploy asks what is. */
export function checkIo(
  { transport, site }: Pick<OpenHost, 'transport' | 'site'>,
  { signal, now }: Pick<HostRun, 'signal' | 'now'>,
  memory: Memory = NO_MEMORY,
): CheckIo {
  return {
    signal,
    memory,
    async ask({ script, withinMs }) {
      const from = now();
      const reply = await transport.run(asking(site, script), { signal, timeoutMs: withinMs });
      if (!reply.ok) return reply;
      if (reply.value.code === 0) return ok({ text: reply.value.stdout, from, to: now(), up: null });
      return fail({ kind: 'step-failed', step: 'read what a check asks', exit: reply.value });
    },
    dial: (address, port, timeoutMs) => transport.dial(address, port, { signal, timeoutMs }),
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
      memory: io.memory,
      ask: async (question) => seen(await io.ask(question)),
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
        const { io, lost } = watchful(checkIo({ ...host, transport }, run));
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
