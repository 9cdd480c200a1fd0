import { wholeNumber } from './number.ts';

/** Linux signal names without SIG; the index is the number (x86 and arm). */
const NAMES = (
  ' HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG ' +
  'XCPU XFSZ VTALRM PROF WINCH IO PWR SYS'
).split(' ');

/** All names, by number from 1. */
export const SIGNALS: readonly string[] = NAMES.slice(1);

/** `SIGTERM`, `TERM` or `15` → `TERM`; null for what is no signal. Real-time signals stay as written. */
export function signalName(text: string): string | null {
  const number = wholeNumber(text);
  if (number !== null && number > SIGNALS.length) return number >= 34 && number <= 64 ? `RTMIN+${number - 34}` : null;
  if (number !== null) return NAMES[number] || null;
  const name = text.replace(/^SIG/, '');
  return SIGNALS.includes(name) || /^RTM(IN|AX)([+-]\d+)?$/.test(name) ? name : null;
}

/** `TERM` → 15; 0 for real-time signals, whose numbers differ. */
export function signalNumber(name: string): number {
  return Math.max(0, NAMES.indexOf(name));
}
