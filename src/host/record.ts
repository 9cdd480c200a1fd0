import type { ActRules } from '../model/act.ts';
import type { RuntimeName } from '../model/facts.ts';
import type { Digest, GenerationId } from '../model/ids.ts';
import type { Layout } from '../model/layout.ts';
import type { BeforeStep, Content, ExposureGate, LiveFile, UnitFile, Use } from '../model/plan.ts';
import type { Watch } from '../model/probation.ts';
import type { Secret } from '../model/secret.ts';
import { accountLine, type DataFolder, type ServiceAccount } from '../model/service-account.ts';
import type { Source } from '../model/target.ts';
import { quote } from '../shell/sh.ts';
import { wildcardPattern } from '../util/glob.ts';

/** Everything that makes a generation besides its code. */
export type GenerationRecord = {
  readonly base: GenerationId;
  readonly digest: Digest;
  readonly runtime: RuntimeName;
  readonly layout: Layout;
  /** Who deployed it, from where, e.g. `alice@laptop`. */
  readonly by: string;
  /** ISO 8601, UTC, of the operator's clock: information only, never an order. */
  readonly at: string;
  readonly source: Source | null;
  /** Digest of each part, so that a plan can say what differs without fetching anything. */
  readonly parts: ReadonlyMap<string, Digest>;
  readonly units: readonly UnitFile[];
  readonly enable: readonly string[];
  /** What was asked to be enabled, which the runtime has made `enable` of. */
  readonly wanted: readonly string[];
  /** Services to start and watch, in order. */
  readonly start: readonly string[];
  readonly files: readonly LiveFile[];
  readonly env: Secret | null;
  readonly before: readonly BeforeStep[];
  readonly exposure: readonly ExposureGate[];
  /** Which parts each unit uses. */
  readonly uses: readonly Use[];
  /** Whether it has the code of the generation before it once more, since what lay on the host was no more that. */
  readonly anew: boolean;
  /** As whom its services run. */
  readonly accounts: readonly ServiceAccount[];
  readonly folders: readonly DataFolder[];
  /** What it is proved with, one check a line (see `BoundCheck.written`). */
  readonly checks: readonly string[];
  /** How its host watches it behind the commit; null where it does not. */
  readonly watch: Watch | null;
  /** What its host does by itself while it is live; null for nothing. */
  readonly act: ActRules | null;
  /** The runtime's own files, e.g. what the nohup supervisor reads. */
  readonly services: readonly { readonly path: string; readonly text: string; readonly mode: number }[];
};

export type RecordFile = { readonly path: string; readonly content: Content; readonly mode: number };

const list = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join('');

const text = (path: string, content: string | Uint8Array, mode = 0o600): RecordFile => ({ path, content, mode });

/** What of a record a deploy of one part writes anew, each as the host program reads it. */
type Varied = Pick<
  GenerationRecord,
  'parts' | 'uses' | 'enable' | 'wanted' | 'start' | 'accounts' | 'units' | 'services'
> &
  Pick<GenerationRecord, 'env'>;

const VARIED: { readonly [K in keyof Varied]: (value: Varied[K]) => readonly RecordFile[] } = {
  parts: (parts) => [text('parts', list([...parts].map(([name, digest]) => `${digest} ${name}`)))],
  uses: (uses) => [text('uses', list(uses.map(({ unit, how, part }) => `${unit} ${how} ${part}`)))],
  enable: (enable) => [text('enable', list(enable))],
  wanted: (wanted) => [text('wanted', list(wanted))],
  start: (start) => [text('start', list(start))],
  accounts: (accounts) => [text('accounts', list(accounts.map(accountLine)))],
  units: (units) => units.map((unit) => text(`units/${unit.path}`, unit.text, 0o644)),
  services: (services) => services.map((file) => text(file.path, file.text, file.mode)),
  env: (env) => (env === null ? [] : [{ path: 'env', content: env, mode: 0o600 }]),
};

/** The files of some parts of a record. */
export const variedFiles = (changed: Partial<Varied>): readonly RecordFile[] =>
  (Object.keys(VARIED) as (keyof Varied)[]).flatMap((key) => filesOf(key, changed));

function filesOf<K extends keyof Varied>(key: K, changed: Partial<Varied>): readonly RecordFile[] {
  const value = changed[key];
  return value === undefined ? [] : VARIED[key](value as Varied[K]);
}

/** Folders and files of a record that are the runtime's own. */
export const SERVICES = ['services', 'nohup', 'verify', 'expect', 'triggered'] as const;

/** A line of `files.list`, which is about `files/INDEX`. */
export const fileLine = (index: number, { mode, owner, group, path }: Omit<LiveFile, 'content' | 'notify'>): string =>
  `${index} ${mode.toString(8)} ${owner} ${group} ${path}`;

/** The files of a record as the host program reads them (see record.sh); the host adds which generation it is. */
export function recordFiles(record: GenerationRecord): RecordFile[] {
  const source = record.source === null ? '-' : `${record.source.commit}${record.source.dirty ? ' dirty' : ''}`;
  return [
    text(
      'manifest',
      list([
        'version 1',
        `base ${record.base}`,
        `digest ${record.digest}`,
        `runtime ${record.runtime}`,
        `user ${record.layout.user ?? '-'}`,
        `root ${record.layout.root}`,
        `by ${record.by}`,
        `at ${record.at}`,
        `source ${source}`,
        ...(record.anew ? ['anew yes'] : []),
      ]),
    ),
    ...variedFiles(record),
    text('data', list(record.layout.data)),
    text('checks', list(record.checks)),
    text('folders', list(record.folders.map(({ look, path }) => `${look} ${path}`))),
    text('files.list', list(record.files.map((file, i) => fileLine(i, file)))),
    ...record.files.map((file, i) => text(`files/${i}`, file.content)),
    text(
      'notify',
      list(record.files.flatMap(({ notify }, i) => (notify === null ? [] : [`${i} ${notify.verb} ${notify.unit}`]))),
    ),
    text('exposure', list(record.exposure.map(({ unitFile, most }) => `${unitFile} ${most}`))),
    ...record.before.map(({ argv, cwd, timeoutMs }, i) =>
      text(`before/${i}`, `${[String(Math.ceil(timeoutMs / 1000)), cwd, ...argv].map(quote).join(' ')}\n`),
    ),
    ...(record.act === null ? [] : actFiles(record.act)).map(({ path, content }) => text(path, content)),
    ...(record.watch === null ? [] : watchFiles(record.watch)).map(({ path, content }) => text(path, content)),
  ];
}

const seconds = (ms: number) => Math.max(1, Math.ceil(ms / 1000));

/** As act.sh reads them. */
function actFiles({ everyMs, heat, hung }: ActRules) {
  /** What no board is hot enough for. */
  const never = 999;
  const zones = heat?.zones.map((zone) => wildcardPattern(zone.toLowerCase()).source.slice(1, -1)) ?? [];
  const rules = [
    `every ${seconds(everyMs)}`,
    ...(heat === null ? [] : [`heat ${heat.throttle ?? never} ${heat.stop ?? never} ${heat.below} ${heat.quota}`]),
    ...(zones.length === 0 ? [] : [`zones ^(${zones.join('|')})$`]),
    ...(heat === null || heat.units.length === 0 ? [] : [`units ${heat.units.join(' ')}`]),
  ];
  return [
    { path: 'act/rules', content: list(rules) },
    ...hung.map(({ unit, failures, label, words }, i) => ({
      path: `act/hung-${i}`,
      content: `${unit} ${failures}\n${label}\n${words.map(quote).join(' ')}\n`,
    })),
  ];
}

/** As probation.sh reads them. */
function watchFiles({ forMs, everyMs, restarts, failures, checks }: Watch) {
  return [
    { path: 'watch/policy', content: `${[seconds(forMs), seconds(everyMs), restarts, failures].join(' ')}\n` },
    ...checks.map(({ label, words }, i) => ({
      path: `watch/${i}`,
      content: `${label}\n${words.map(quote).join(' ')}\n`,
    })),
  ];
}
