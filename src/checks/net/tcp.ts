import { z } from 'zod';
import type { Place } from '../../model/check.ts';
import { duration, milliseconds } from '../../util/duration.ts';
import { defineCheck } from '../define.ts';
import { dialTrouble, isLoopback, placeOf } from '../detail.ts';
import { port, retries, retryForOf } from '../fields.ts';
import { verdictOf } from '../judge.ts';
import { type Latency, latency, latencyFinding } from './latency.ts';

const host = z.string().regex(/^[A-Za-z0-9_.:-]+$/, 'must be a host name or an address');

const ADDRESS = /^(?:\[([0-9A-Fa-f:.]+)\]|([A-Za-z0-9_.-]+)):(\d{1,5})$/;

const address = z
  .string()
  .refine((text) => port.safeParse(Number(ADDRESS.exec(text)?.[3])).success, 'must be host:port or [ipv6]:port');

const schema = z
  .union([
    port,
    address,
    z.strictObject({
      host: host.meta({ description: 'Where, seen from the host.' }).default('127.0.0.1'),
      port: port.meta({ description: 'Which one.' }),
      timeout: duration.meta({ description: 'For one try.' }).default('5s'),
      latency: latency.optional(),
      ...retries,
    }),
  ])
  .meta({ examples: ['127.0.0.1:6379'] });

function where(
  spec: z.infer<typeof schema>,
): Place & { readonly timeout: string; readonly latency?: Latency | undefined } {
  if (typeof spec === 'object') return spec;
  const [, ipv6, name = '127.0.0.1', number = String(spec)] = ADDRESS.exec(String(spec)) ?? [];
  return { host: ipv6 ?? name, port: Number(number), timeout: '5s' };
}

/** Whether something accepts TCP connections, seen from the host itself. */
export const tcp = defineCheck({
  kind: 'tcp',
  about: 'Something accepts connections: a port, `host:port` or the long form.',
  schema,
  label: (spec) => `tcp ${placeOf(where(spec).host, where(spec).port)}`,
  retryForMs: (spec) => retryForOf(spec),
  dials: (spec) => where(spec),
  quotes: 'never',
  recoverAfter: 2,

  alone(spec) {
    const { host, port } = where(spec);
    return isLoopback(host) ? ['ask_port', String(port)] : null;
  },

  async check(spec, io) {
    const { host, port, timeout, latency } = where(spec);
    const begun = performance.now();
    const dialled = await io.dial(host, port, milliseconds(timeout));
    if (!dialled.ok) return { ok: false, detail: dialTrouble(dialled.failure, placeOf(host, port), timeout) };
    // A service may answer with a reset while the connection is being closed; that is nobody's failure.
    dialled.value.on('error', () => {}).destroy();
    const slow = latencyFinding(`tcp ${placeOf(host, port)}`, performance.now() - begun, latency);
    return verdictOf([{ level: 'ok', text: 'accepts connections' }, slow], 'accepts connections');
  },
});
