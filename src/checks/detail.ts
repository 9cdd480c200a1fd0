import type { Failure } from '../model/outcome.ts';
import { clean } from '../util/sanitize.ts';

const LONGEST = 200;

/** The beginning of foreign text on one line; nothing in it can move a cursor or reorder a line. */
export const excerpt = (text: string): string =>
  text.length > LONGEST ? `${clean(text.slice(0, LONGEST))}…` : clean(text);

/** Why the host could not be asked, for the detail of a check. */
export function reason(failure: Failure): string {
  if (failure.kind === 'timed-out') return `${failure.what} took longer than ${failure.ms} ms`;
  if (failure.kind === 'unsupported') return `the host lacks ${failure.needs}`;
  if (failure.kind === 'no-forwarding')
    return `sshd on the host does not let this login connect there (${failure.key === '' ? 'AllowTcpForwarding, PermitOpen' : `restrict or the like in ${failure.key}`})`;
  if (failure.kind === 'cancelled') return 'cancelled';
  if ('detail' in failure && failure.detail !== '') return `${failure.kind}: ${failure.detail}`;
  return failure.kind;
}

/** Why a connection made by the host did not come about. */
export function dialTrouble(failure: Failure, place: string, timeout: string): string {
  if (failure.kind === 'unreachable') return `nothing listens on ${place} (${excerpt(failure.detail)})`;
  if (failure.kind === 'timed-out') return `no connection to ${place} within ${timeout}`;
  return `${place}: ${reason(failure)}`;
}

/** `127.0.0.1:80`, `[::1]:80`. */
export const placeOf = (host: string, port: number) => `${host.includes(':') ? `[${host}]` : host}:${port}`;

/** Whether a connection stays on the host. */
export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127\.[\d.]+$/.test(host);
