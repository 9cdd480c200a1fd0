import type { BoundCheck } from '../../model/check.ts';
import type { Failure } from '../../model/outcome.ts';
import type { Transport } from '../../transport/transport.ts';

/** sshd refuses at once; one that has said nothing for so long, in milliseconds, is connecting, and so allows it. */
const PATIENCE = 2000;

/**
 * Whether the host lets the checks connect to what they ask. Found out by connecting before anything is written: after the
 * switch it would be an outage. Whether something answers there yet makes no difference.
 */
export async function forwardingTrouble(
  transport: Transport,
  checks: readonly BoundCheck[],
  signal: AbortSignal,
): Promise<Failure | null> {
  const places = new Map(
    checks.flatMap(({ dials }) => (dials === null ? [] : [[`${dials.host} ${dials.port}`, dials]])),
  );
  const refused = await Promise.all(
    [...places.values()].map(async ({ host, port }) => {
      const dialled = await transport.dial(host, port, { signal, timeoutMs: PATIENCE });
      if (dialled.ok) dialled.value.on('error', () => {}).destroy();
      return !dialled.ok && dialled.failure.kind === 'no-forwarding' ? [dialled.failure] : [];
    }),
  );
  const [first, ...more] = refused.flat();
  return first === undefined ? null : { ...first, to: [first, ...more].flatMap(({ to }) => to) };
}
