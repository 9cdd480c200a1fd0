import { type Failure, fail, ok, type Result } from '../../model/outcome.ts';
import type { Plan } from '../../model/plan.ts';
import type { HostTarget } from '../../model/target.ts';
import { sh } from '../../shell/sh.ts';
import type { Transport } from '../../transport/transport.ts';
import type { OpenHost } from '../open.ts';
import { sendsCode } from '../plan/plan.ts';
import { type HostRun, QUICK } from '../run.ts';

/** A second connection, logged in as the account that code is sent as. */
export type CodeLogin = AsyncDisposable & { readonly user: string; readonly transport: Transport };

/**
 * Opens the login for code and proves that it runs commands, before anything is begun on the host.
 * @returns null where code goes over the run's own connection, or none is sent
 */
export async function openCodeLogin(
  target: HostTarget,
  host: OpenHost,
  plan: Plan,
  run: HostRun,
): Promise<Result<CodeLogin | null>> {
  const { uploadUser } = target;
  if (uploadUser === null || run.connectCode === null || !sendsCode(plan)) return ok(null);
  if (host.probe.facts.uid !== 0) {
    const why = `root over \`user\`, to take over what \`uploadUser: ${uploadUser}\` sends; without root leave uploadUser out`;
    return fail({ kind: 'unsupported', needs: why });
  }
  const connected = await run.connectCode(run.signal);
  if (!connected.ok) return fail(refusal(connected.failure, uploadUser));
  const transport = connected.value;
  const close = () => transport[Symbol.asyncDispose]();
  const reply = await transport.run(sh`:`, { signal: run.signal, timeoutMs: QUICK });
  if (reply.ok && reply.value.code === 0) return ok({ user: uploadUser, transport, [Symbol.asyncDispose]: close });
  await close();
  return fail(
    reply.ok
      ? { kind: 'step-failed', step: `log in as ${uploadUser}`, exit: reply.value }
      : refusal(reply.failure, uploadUser),
  );
}

/** An account without a key, and one without a shell, are the same trouble with the same two fixes. */
const refusal = (failure: Failure, uploadUser: string): Failure => {
  if (failure.kind === 'auth-refused') return { kind: 'code-login-refused', uploadUser, detail: failure.detail };
  if (failure.kind === 'login-unusable') return { kind: 'code-login-refused', uploadUser, detail: '', login: failure };
  if (failure.kind === 'unsupported')
    return { kind: 'code-login-refused', uploadUser, detail: '', needs: failure.needs };
  return failure;
};
