import type { Act, Acts } from '../model/act.ts';
import type { BootLine, Bystander } from '../model/beside.ts';
import {
  type ByHand,
  type GenerationFacts,
  type HostFacts,
  type Observed,
  parseUnit,
  type UnitState,
} from '../model/facts.ts';
import type { OpenTransaction } from '../model/holder.ts';
import { digest, generationId } from '../model/ids.ts';
import type { Aside, Namesake } from '../model/namesake.ts';
import type { Use } from '../model/plan.ts';
import type { Probation } from '../model/probation.ts';
import type { Handled, HistoryEntry, Made } from '../model/report.ts';
import { capped, MOST } from '../util/capped.ts';
import { parseBootLine, parseBystander } from './beside.ts';
import { parseDrift } from './drift.ts';
import { parseKeeper } from './holder.ts';
import { parseAside, parseNamesakes } from './namesakes.ts';

/** Another app that is live on the host: what is its own. */
export type Neighbour = {
  readonly app: string;
  readonly active: number;
  /** Its service account; null when it has none. */
  readonly user: string | null;
  readonly root: string;
  /** Unit files and drop-ins, relative to the unit directory. */
  readonly units: readonly string[];
  /** Files outside of its release. */
  readonly files: readonly string[];
};

export type ProbeReply = {
  readonly facts: HostFacts;
  readonly open: OpenTransaction | null;
  /** Milliseconds, by the host's clock, until it must have ended, one way or the other; null where the host does not say. */
  readonly leftMs: number | null;
  /** What the host itself watches, or has gone back from by itself; null where there is nothing of the kind. */
  readonly probation: Probation | null;
  /** What the host does by itself while the app is live; null for nothing. */
  readonly acts: Acts | null;
  /** The root that the app is active in, where that is another one; null otherwise. */
  readonly elsewhere: string | null;
  /** Primary group of the service account; null when there is no such account yet. */
  readonly group: string | null;
  /** What runs the active generation: systemd, nohup, or `-` when there is none. */
  readonly runtime: string;
  /** Whether no other account ever could write in the active release, so that its files may be shared. */
  readonly sealed: boolean;
  /** Services of the active generation. */
  readonly units: readonly UnitState[];
  /** Parts of the active generation with their digests. */
  readonly parts: ReadonlyMap<string, string>;
  /** Which of them each unit uses; none where a fleet deployed it that did not know yet. */
  readonly uses: readonly Use[];
  /** The other apps of the host; none where only root could see them. */
  readonly neighbours: readonly Neighbour[];
  /** What the names of the wanted units lead to on the host, where they are not the app's already. */
  readonly namesakes: readonly Namesake[];
  /** Units of the host that those of the active generation have taken the place of. */
  readonly aside: readonly Aside[];
  /** What stands at the root's `current` and is neither fleet's nor a link that can be kept, in words; null otherwise. */
  readonly currentTaken: string | null;
  /** Processes of others that have to do with the root. */
  readonly bystanders: readonly Bystander[];
  /** Lines of crontabs and rc.local, of all those that have to do with it. */
  readonly bootLines: readonly BootLine[];
};

/** Parses what the verb `history` prints: transactions oldest first, and the generations on the host. */
export function parseHistory(
  text: string,
  generations: readonly GenerationFacts[],
): { entries: HistoryEntry[]; handled: Handled[]; made: Made[] } {
  const lines = text.split('\n').map((line) => line.split(' '));
  const entries = lines.flatMap(([word, at = '', txn = '', action = '', from, to, result, ...by]): HistoryEntry[] => {
    if (word !== 'event' || (result !== 'committed' && result !== 'reverted' && result !== 'revert-failed')) return [];
    const [who = '', because = ''] = by.join(' ').split('\t');
    const way = { from: generationId(Number(from)), to: generationId(Number(to)) };
    return [{ at, txn, action, ...way, result, by: who, ...(because === '' ? {} : { because }) }];
  });
  const handled = lines.flatMap(([word, at = '', , action = '', generation, , result, ...by]): Handled[] => {
    const [, verb = '', units = ''] = /^([a-z-]+):(.*)$/.exec(action) ?? [];
    if (word !== 'event' || verb === '' || (result !== 'done' && result !== 'failed')) return [];
    const known = { at, verb, units: units.split(','), generation: generationId(Number(generation)) };
    return [{ ...known, result, by: by.join(' ') }];
  });
  const made = lines.flatMap(([word, id, , at = '', by = '', ...source]): Made[] => {
    const facts = generations.find((one) => String(one.id) === id);
    return word === 'made' && facts !== undefined ? [{ ...facts, at, by, source: source.join(' ') }] : [];
  });
  return { entries, handled, made };
}

const BOOT = ['systemd', 'cron', 'rc.local', 'none'] as const;

/** Parses the probe's own section. Unknown lines are ignored, so an older fleet can read a newer program. */
export function parseFacts(text: string): ProbeReply {
  const many = new Map<string, string[]>();
  for (const line of text.split('\n')) {
    const [key = '', ...words] = line.split(' ');
    const before = many.get(key);
    if (before === undefined) many.set(key, [words.join(' ')]);
    else before.push(words.join(' '));
  }
  const all = (key: string) => many.get(key) ?? [];
  const one = (key: string) => all(key)[0] ?? '';
  const words = (key: string) => capped(all(key), MOST, (text) => text);
  const init: Observed<'systemd' | 'none'> =
    one('init') === 'systemd' || one('init') === 'none'
      ? { known: true, value: one('init') as 'systemd' | 'none' }
      : { known: false, why: one('init-unknown') || 'the probe did not say what PID 1 is' };
  const [txn = '', from, to, running, ...by] = one('open').split(' ');
  return {
    facts: {
      uid: Number(one('uid')),
      user: one('user'),
      machine: one('machine') || null,
      arch: one('arch'),
      os: one('os'),
      init,
      systemdVersion: Number(one('systemd')) || 0,
      tools: new Set(all('tool')),
      boot: BOOT.find((name) => name === one('boot')) ?? 'none',
      freeBytes: Number(one('free-kib')) * 1024,
      freeInodes: Number(one('free-inodes')) || 0,
      active: generationId(Number(one('active'))),
      generations: newest(all('generation').map(parseGeneration), Number(one('active'))),
      remains: one('remains') === 'yes',
      unrecorded: one('unrecorded') === 'yes',
      held: parseKeeper(one('held')),
      phase: one('phase') || 'IDLE',
      found: words('found'),
      drift: capped(all('drift').map(parseDrift), MOST, (text) => ({ kind: 'told', text })),
      byHand: all('by-hand').slice(0, MOST).flatMap(parseByHand),
      altered: words('altered'),
      unsafe: words('unsafe'),
      below: one('below') || null,
      externalDropIns: capped(
        all('foreign').map((line) => {
          const [unit = '', path = ''] = line.split(' ');
          return { unit, path };
        }),
        MOST,
        (text) => ({ unit: 'other units', path: text }),
      ),
    },
    open:
      txn === '' ? null : { txn, from: Number(from), to: Number(to), running: running === 'running', by: by.join(' ') },
    leftMs: /^-?\d+$/.test(one('over-in')) ? Number(one('over-in')) * 1000 : null,
    probation: parseProbation(one('probation')),
    acts: parseActs(one('act'), words('act-given-up'), all('acted').slice(-MOST)),
    elsewhere: one('elsewhere') || null,
    group: one('group') || null,
    runtime: one('runtime') || '-',
    sealed: one('sealed') === 'yes',
    units: capped(all('unit').map(parseUnit), MOST_UNITS, (text) => ({ ...parseUnit(''), unit: text })),
    parts: new Map(
      capped(all('part'), MOST_PARTS, (text) => `- ${text}`).map((line) => [
        line.slice(line.indexOf(' ') + 1),
        line.slice(0, line.indexOf(' ')),
      ]),
    ),
    uses: all('use').slice(0, MOST_USES).flatMap(parseUse),
    neighbours: all('neighbour').map((line) => parseNeighbour(line, all('neighbour-unit'), all('neighbour-file'))),
    namesakes: parseNamesakes(all('namesake').slice(0, MOST_UNITS), all('namesake-with').slice(0, MOST_UNITS)),
    aside: all('aside').slice(0, MOST_UNITS).map(parseAside),
    currentTaken: one('current-taken') || null,
    bystanders: all('beside-process').slice(0, MOST).flatMap(parseBystander),
    bootLines: all('beside-line').slice(0, MOST).map(parseBootLine),
  };
}

/** Parses "STATE FROM TO SECONDS-LEFT running|dead AT BY<tab>WHY". */
function parseProbation(line: string): Probation | null {
  const [state, from, to, seconds, running, at = '', ...rest] = line.split(' ');
  if (state !== 'on' && state !== 'going' && state !== 'back') return null;
  const [by = '', because = ''] = rest.join(' ').split('\t');
  const way = { from: generationId(Number(from)), to: generationId(Number(to)) };
  return { state, ...way, leftMs: (Number(seconds) || 0) * 1000, running: running === 'running', at, by, because };
}

/** Parses "cool|slow|off SINCE running|dead", units, and lines "SECONDS-AGO AT UNITS<tab>WHAT<tab>WHY". */
function parseActs(line: string, givenUp: readonly string[], acted: readonly string[]): Acts | null {
  const [state, since = '', running] = line.split(' ');
  if (state !== 'cool' && state !== 'slow' && state !== 'off') return null;
  const done = acted.map((one): Act => {
    const [first = '', what = '', because = ''] = one.split('\t');
    const [ago = '', at = '', ...units] = first.split(' ');
    const agoMs = /^\d+$/.test(ago) ? Number(ago) * 1000 : null;
    return { agoMs, at, units: units.join(' '), what, because };
  });
  return { state, since, running: running === 'running', givenUp, done };
}

/** Parses "UNIT WHAT TIME BY". */
function parseByHand(line: string): readonly ByHand[] {
  const [unit = '', what, at = '', ...by] = line.split(' ');
  return what === 'stopped' || what === 'disabled' ? [{ unit, what, at, by: by.join(' ') }] : [];
}

/** Parses "UNIT HOW PART". */
function parseUse(line: string): readonly Use[] {
  const [unit = '', how, ...part] = line.split(' ');
  return how === 'restart' || how === 'reload' || how === 'always' ? [{ unit, how, part: part.join(' ') }] : [];
}

function parseNeighbour(line: string, units: readonly string[], files: readonly string[]): Neighbour {
  const [app = '', active, user = '-', ...root] = line.split(' ');
  const own = (lines: readonly string[]) =>
    lines.filter((one) => one.startsWith(`${app} `)).map((one) => one.slice(app.length + 1));
  return {
    ...{ app, active: Number(active), user: user === '-' ? null : user, root: root.join(' ') },
    ...{ units: own(units), files: own(files) },
  };
}

/** More than an app has; what a host says beyond them is not kept, and the last entry says so. */
const MOST_UNITS = 1000;
const MOST_PARTS = 5000;
const MOST_USES = 50_000;
const MOST_GENERATIONS = 1000;

/** A generation that is not kept cannot be gone back to: the newest are, and the active one. */
const newest = (all: readonly GenerationFacts[], active: number): readonly GenerationFacts[] =>
  all.length <= MOST_GENERATIONS
    ? all
    : all.filter(({ id }, i) => id === active || i >= all.length - MOST_GENERATIONS).slice(-MOST_GENERATIONS - 1);

function parseGeneration(rest: string): GenerationFacts {
  const [id, verdict, base, hex = ''] = rest.split(' ');
  return {
    id: generationId(Number(id)),
    verdict: verdict === 'good' || verdict === 'bad' ? verdict : 'open',
    base: generationId(Number(base)),
    digest: digest(hex),
  };
}
