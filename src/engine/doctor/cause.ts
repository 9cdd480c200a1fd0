import type { Ailing } from '../../host/doctor.ts';
import type { UnitState } from '../../model/facts.ts';
import type { Cause, Need } from '../../model/finding.ts';
import { explain } from '../../runtime/diagnose/diagnose.ts';
import type { Seen } from './look.ts';

/** How a service's last run ended. */
type Ending = { readonly result: string; readonly status: number };
const UNKNOWN: Ending = { result: '', status: 0 };

/**
 * Pure: why a service is not well. What the host could not give it, then what it said last, then how it ended.
 * @param ports those that the playbook's checks connect to on the host
 */
export function causeOf(unit: UnitState, ailing: Ailing | undefined, seen: Seen, ports: readonly number[]): Cause {
  const { needs = [], said = [], stranger = null, load = 'loaded', limit = null } = ailing ?? {};
  if (unit.active === 'taken') return { why: 'neighbour', app: unit.sub };
  if (unit.sub === 'orphaned' || unit.sub === 'unrecorded') return { why: 'supervisor' };
  if (load !== 'loaded' && load !== '') return { why: 'not-loaded', load };
  if (stranger !== null) return { why: 'account', name: stranger };
  const end = endingOf(unit, said);
  if (end.result === 'oom-kill') return { why: 'memory', of: 'limit' };
  if (end.result === 'watchdog') return { why: 'watchdog' };
  if (wasKilled(end)) {
    const line = killedByKernel(unit.unit, needs, seen.oom);
    if (line !== null) return { why: 'memory', of: OF_A_GROUP.test(line) ? 'limit' : 'host' };
    if (limit !== null && seen.oom.includes('hidden')) return { why: 'memory', of: 'likely' };
  }
  const lack = needs.find(({ role, state }) => state !== 'ok' && role !== 'named' && role !== 'write');
  if (unit.active !== 'active' && lack !== undefined) return { why: 'need', need: lack };
  // One that was killed by somebody or ended well had nothing to say of it.
  const told = wasKilled(end) || end.result === 'success' ? null : causeIn(said, needs);
  if (told !== null) return told.why === 'port' || told.why === 'peer' ? located(told, unit.unit, seen, ports) : told;
  if (end === UNKNOWN) return { why: 'unknown' };
  if (end.result === 'success' || end.result === '' || end.result === '-') {
    if (unit.active === 'inactive' || unit.active === 'failed') return { why: 'stopped' };
    if (unit.active === 'activating') return ended({ result: 'timeout', status: 0 });
  }
  return ended(end);
}

function ended({ result, status }: Ending): Cause {
  const { cause, fix } = explain(result, status);
  return { why: 'ended', result, status, says: { cause, cure: fix } };
}

/** That a unit has given up, or is up again, says nothing of why its last run ended: systemd has said that in its log. */
function endingOf({ active, result, status }: UnitState, said: readonly string[]): Ending {
  if (active !== 'active' && result !== 'start-limit-hit') return { result, status };
  const results = said.flatMap((line) => /Failed with result '([\w-]+)'/.exec(line)?.[1] ?? []);
  const last = results.filter((word) => word !== 'start-limit-hit').at(-1);
  const exits = said.flatMap((line) => /process exited, code=\w+, status=(\d{1,3})/i.exec(line)?.[1] ?? []);
  if (last !== undefined) return { result: last, status: Number(exits.at(-1) ?? status) };
  return active === 'active' ? UNKNOWN : { result: status === 0 ? result : 'exit-code', status };
}

/** Without what systemd itself says at each start and end, where the program has said something too. */
export function ownWords(said: readonly string[], unit: string): readonly string[] {
  const own = said.filter(
    (line) =>
      !line.startsWith(`${unit}: `) && !/^(Started|Stopped|Starting|Stopping|Failed to start) \S.*\.$/.test(line),
  );
  return own.length === 0 ? said : own;
}

const wasKilled = ({ result, status }: Ending) =>
  (result === 'signal' && status === 9) || (result === 'exit-code' && status === 137);

/** systemd itself does not learn of it where control groups are of the first version. */
const OF_A_GROUP = /Memory cgroup out of memory|CONSTRAINT_MEMCG/;

/** What the kernel says where it names the unit, or the program that it runs; null where it has killed neither. */
function killedByKernel(unit: string, needs: readonly Need[], oom: readonly string[]): string | null {
  const program = needs.find(({ role }) => role === 'program')?.part;
  const name = program === undefined ? '' : program.slice(program.lastIndexOf('/') + 1).slice(0, 15);
  const found = oom.find((line) => {
    if (line.includes(`/${unit}`)) return true;
    const killed = /[Kk]illed process \d+ \(([^)]*)\)/.exec(line)?.[1] ?? '';
    return killed !== '' && name !== '' && (killed.startsWith(name) || name.startsWith(killed));
  });
  return found ?? null;
}

const PLACE = String.raw`(?:\[[0-9a-fA-F:.]+\]|[\w.-]+):\d{1,5}`;

/** Where a line says why, what of it is the reason. The first that fits a line counts. */
const TOLD: readonly (readonly [pattern: RegExp, cause: (match: RegExpExecArray, line: string) => Cause])[] = [
  [/address (?:is )?already in use|EADDRINUSE/i, (_, line) => ({ why: 'port', port: portIn(line), by: null })],
  [/no space left on device|ENOSPC|disk quota exceeded|EDQUOT/i, () => ({ why: 'disk' })],
  [/read-only file ?system|EROFS/i, (_, line) => ({ why: 'read-only', path: pathIn(line) })],
  [/too many open files|\bEMFILE\b|\bENFILE\b/i, () => ({ why: 'open-files' })],
  [/exec format error|ENOEXEC/i, () => ({ why: 'processor' })],
  [
    /permission denied|\bEACCES\b|\bEPERM\b|operation not permitted/i,
    (_, line) => ({ why: 'permission', path: pathIn(line), need: null }),
  ],
  [
    /MemoryError|\bbad_alloc\b|heap (?:limit|out of memory)|out of memory|cannot allocate memory|\bENOMEM\b/i,
    () => ({ why: 'memory', of: 'program' }),
  ],
  [
    /No module named '?([\w.-]+)|Cannot find (?:module|package) '([^']+)'|error while loading shared libraries: ([^:\s]+)/,
    (match) => ({ why: 'dependency', name: match.slice(1).find((one) => one !== undefined) ?? '' }),
  ],
  [/terminated by other getUpdates/i, () => ({ why: 'conflict' })],
  [
    /\bECONNREFUSED\b|connection refused/i,
    (_, line) => ({ why: 'peer', place: new RegExp(PLACE).exec(line)?.[0] ?? null, listening: false }),
  ],
  [
    /KeyError: '([A-Z][A-Z0-9_]{2,})'|\b([A-Z][A-Z0-9]*_[A-Z0-9_]+)\b\S? (?:is |must be |was )?(?:not set|missing|required|unset|empty|undefined)|missing (?:required )?(?:environment variables?|settings?|keys?):? "?([A-Z][A-Z0-9_]{2,})/,
    (match) => ({ why: 'setting', name: match.slice(1).find((one) => one !== undefined) ?? '' }),
  ],
  [/no such file or directory|\bENOENT\b/i, (_, line) => ({ why: 'no-file', path: pathIn(line) ?? '' })],
];

/** The last line that says why: a program tells of its trouble at its end, and what it could do without before. */
function causeIn(said: readonly string[], needs: readonly Need[]): Cause | null {
  for (const line of said.toReversed()) {
    for (const [pattern, cause] of TOLD) {
      const match = pattern.exec(line);
      if (match === null) continue;
      const found = cause(match, line);
      if (found.why === 'no-file' && found.path === '') continue;
      if (found.why !== 'permission') return found;
      const need = needs.find(({ role, path }) => role === 'named' && path === found.path) ?? null;
      return { ...found, need };
    }
  }
  return null;
}

/** Not the minutes of a time, nor an error's number. */
const PORT = /\bport\D{0,3}(\d{1,5})\b|[\])\w*.:]:(\d{3,5})\b|', (\d{2,5})\)/i;

function portIn(line: string): number | null {
  const found = Number(
    PORT.exec(line)
      ?.slice(1)
      .find((one) => one !== undefined),
  );
  return found > 0 && found < 65_536 ? found : null;
}

const pathIn = (line: string): string | null => /(?<![\w.])\/[A-Za-z0-9._/@+-]+/.exec(line)?.[0] ?? null;

/** Who has the port; where the log names none, one of those that the playbook expects and another one listens on. */
function located(
  cause: Extract<Cause, { why: 'port' | 'peer' }>,
  unit: string,
  { ports }: Seen,
  expected: readonly number[],
): Cause {
  if (cause.why === 'peer') {
    const port = Number(cause.place?.slice(cause.place.lastIndexOf(':') + 1));
    return { ...cause, listening: ports.some((one) => one.port === port) };
  }
  const others = ports.filter(({ by }) => !by.includes(unit));
  const at = (port: number) => others.find((one) => one.port === port);
  const port = cause.port ?? expected.find((one) => at(one) !== undefined) ?? null;
  return { ...cause, port, by: port === null ? null : (at(port)?.words ?? null) };
}
