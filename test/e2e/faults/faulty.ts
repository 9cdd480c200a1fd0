import { setTimeout as sleep } from 'node:timers/promises';
import { type Exit, type Failure, fail, type Result } from '../../../src/model/outcome.ts';
import { Script } from '../../../src/shell/sh.ts';
import type { Connect, Transport } from '../../../src/transport/transport.ts';
import type { Between } from './operator.ts';

/**
 * What happens at a call:
 *
 *   cut-before, cut-after  the link breaks before the host is asked, or after it has done its work and before it says so
 *   gone-before, gone-after  the same, and the operator's machine never reaches the host again
 *   fails  the host refuses with 74, as it does when its disk is full
 *   killed  the command is killed on the host a moment after it began; where there is no command, the link is cut then
 */
export const HOWS = ['cut-before', 'cut-after', 'gone-before', 'gone-after', 'fails', 'killed'] as const;
export type Fault = { readonly at: number; readonly how: (typeof HOWS)[number]; readonly delayMs: number };

export type Faulty = Between & {
  /** What was called so far, in order. */
  readonly calls: readonly string[];
  /** The call that the fault hit. */
  readonly hit: () => string | null;
};

const CUT: Failure = { kind: 'connection-lost', detail: 'cut by the test' };
const UNREACHABLE: Failure = { kind: 'unreachable', detail: 'cut by the test' };

/** Real connections that have one fault, at the call with the number `at`, from 1 on. */
export function faulty(fault: Fault | null): Faulty {
  const calls: string[] = [];
  let hit: string | null = null;
  const gone = () => hit !== null && fault?.how.startsWith('gone') === true;
  const isAt = (name: string) => {
    calls.push(name);
    if (fault?.at !== calls.length) return null;
    hit = name;
    return fault.how.replace('gone', 'cut') as 'cut-before' | 'cut-after' | 'fails' | 'killed';
  };

  const around = (real: Transport): Transport => {
    const cut = async () => {
      await real[Symbol.asyncDispose]();
      return fail(CUT);
    };
    /** @param killed the call's own way of dying half-way */
    const guard = async <T>(
      name: string,
      work: () => Promise<Result<T>>,
      failed: () => Result<T>,
      killed: () => Promise<Result<T>>,
    ): Promise<Result<T>> => {
      if (gone()) return fail(CUT);
      switch (isAt(name)) {
        case null:
          return work();
        case 'cut-before':
          return cut();
        case 'cut-after':
          await work();
          return cut();
        case 'fails':
          return failed();
        case 'killed':
          return killed();
      }
    };
    const cutSoon = async <T>(work: Promise<Result<T>>): Promise<Result<T>> => {
      await Promise.race([work, sleep((fault?.delayMs ?? 0) / 10)]);
      return cut();
    };
    const full = (): Result<Exit> => ({ ok: true, value: { code: 74, stdout: 'error no space left', stderr: '' } });
    return {
      run(script, io) {
        const name = nameOf(script);
        const doomed = Script.ofProgram(
          `( sleep ${(fault?.delayMs ?? 0) / 1000}; pkill -KILL -P $$; kill -KILL $$ ) >/dev/null 2>&1 &\n${script.text}`,
        );
        // What was said before the cut was lost with it.
        const quiet = fault?.at === calls.length + 1 && fault.how.endsWith('after') ? { ...io, onLine: () => {} } : io;
        return guard(
          name,
          () => real.run(script, quiet),
          full,
          () => real.run(doomed, io),
        );
      },
      ahead: () => real.ahead(),
      unpack: (parts, into, io) =>
        guard(
          typeof into === 'string' ? 'unpack' : nameOf(into),
          () => real.unpack(parts, into, io),
          full,
          () => cutSoon(real.unpack(parts, into, io)),
        ),
      sync: (request, method, io) =>
        guard(
          'sync',
          () => real.sync(request, method, io),
          full,
          () => cutSoon(real.sync(request, method, io)),
        ),
      dial: (host, port, io) =>
        guard(
          'dial',
          () => real.dial(host, port, io),
          () => fail(CUT),
          cut,
        ),
      noRoot: () => real.noRoot(),
      [Symbol.asyncDispose]: () => real[Symbol.asyncDispose](),
    };
  };

  return {
    calls,
    hit: () => hit,
    // Who never comes back need not be waited for.
    now: () => Date.now() + (gone() ? 600_000 : 0),
    wrap:
      (connect: Connect): Connect =>
      async (signal) => {
        if (gone()) return fail(UNREACHABLE);
        const how = isAt('connect');
        if (how === 'cut-before' || how === 'fails') return fail(UNREACHABLE);
        const real = await connect(signal);
        if (!real.ok) return real;
        if (how === null) return { ok: true, value: around(real.value) };
        await real.value[Symbol.asyncDispose]();
        return fail(UNREACHABLE);
      },
  };
}

/** The verb of the host program that a script calls, or what else it is. */
const nameOf = (script: Script): string =>
  /^exec sh \S+\/host-\S+ \S+ \S+ (\S+)/m.exec(script.text)?.[1] ??
  (/ begin 0/.test(script.text) ? 'prepare' : /^set -- /.test(script.text) ? 'probe' : 'run');
