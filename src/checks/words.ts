import type { Failure } from '../model/outcome.ts';

const LONGEST = 200;

/** The beginning of foreign text on one line; nothing in it can move a cursor or reorder a line. */
export function excerpt(text: string): string {
  const shown = text.slice(0, LONGEST).replace(/[\p{Cc}\p{Cf}\u2028\u2029]/gu, (c) => {
    if (c === '\n') return '\\n';
    if (c === '\t') return '\\t';
    if (c === '\r') return '\\r';
    return `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`;
  });
  return text.length > LONGEST ? `${shown}…` : shown;
}

/** Why the host could not be asked, for the detail of a check. */
export function reason(failure: Failure): string {
  if (failure.kind === 'timed-out') return `${failure.what} took longer than ${failure.ms} ms`;
  if (failure.kind === 'unsupported') return `the host lacks ${failure.needs}`;
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
