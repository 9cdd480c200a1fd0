import { services } from '../../checks/app/of-the-app.ts';
import { bindCheck, type CheckKind } from '../../checks/define.ts';
import { clock } from '../../checks/machine/clock.ts';
import { memory } from '../../checks/machine/memory.ts';
import { disk, inodes } from '../../checks/machine/space.ts';
import { temperature } from '../../checks/machine/temperature.ts';
import { type Listening, parsePorts } from '../../checks/net/ports.ts';
import type { Answers, Fragment } from '../../host/call.ts';
import {
  type Ailing,
  type LoginShell,
  parseAiling,
  parseLoginShell,
  parseNeeds,
  parseSshd,
  parseWrongFiles,
  type Sshd,
  toldOf,
  type WrongFile,
} from '../../host/doctor.ts';
import type { BoundCheck } from '../../model/check.ts';
import type { Machine, Need } from '../../model/finding.ts';
import type { Layout } from '../../model/layout.ts';
import type { HostTarget } from '../../model/target.ts';
import { type Script, sh } from '../../shell/sh.ts';
import { type Found as FoundFolder, parseFolders, probeFolders } from '../../tasks/folder.ts';

/** A folder that is there for the app. `data`: what is in it is the app's, and its mode is left to the app too. */
export type WantedFolder = {
  readonly path: string;
  readonly owner: string | null;
  readonly mode: number;
  readonly data: boolean;
};

/** The folders of the app, from the outermost inwards, as the playbook has them. The root itself is judged by the probe. */
export function wantedFolders({ layout, tasks }: HostTarget): readonly WantedFolder[] {
  const declared = tasks.flatMap(({ declares }) => declares?.folders ?? []);
  return [
    ...declared.map(({ path, owner, mode }) => ({ path, owner, mode, data: false })),
    ...layout.data.map((path) => ({ path: `${layout.root}/${path}`, owner: layout.user, mode: 0o750, data: true })),
  ]
    .filter(({ path }, i, all) => all.findIndex((one) => one.path === path) === i)
    .toSorted((a, b) => a.path.length - b.path.length);
}

/** Milliseconds that all of it may take, besides what checks ask. */
export const LOOK = 120_000;

const QUESTIONS = {
  ailing: () => sh`tell_ailing`,
  files: () => sh`tell_wrong_files`,
  ports: () => sh`tell_ports`,
  oom: () => sh`tell_oom`,
  shell: ({ connection }) => sh`tell_login_shell ${connection.user}`,
  sshd: ({ connection }) => sh`tell_sshd ${connection.user}`,
  left: () => sh`tell_left_units`,
  folders: (target) => probeFolders(wantedFolders(target).map(({ path }) => path)),
  reach: (target) => sh`tell_reach ${target.layout.user ?? '-'} ${wantedFolders(target).map(({ path }) => path)}`,
} as const satisfies Record<string, (target: HostTarget) => Script>;

type Question = keyof typeof QUESTIONS;
const NAMES = Object.keys(QUESTIONS) as readonly Question[];
const named = (question: Question) => `doctor ${question}`;

/** All that is asked besides what the probe and checks ask. */
export const doctorFragments = (target: HostTarget): readonly Fragment[] =>
  NAMES.map((question) => ({ name: named(question), probe: QUESTIONS[question](target) }));

/** Of the machine, as health has them; and with the temperatures at which seed 004 acts. */
export function machineChecks(layout: Layout): readonly (readonly [of: Machine, check: BoundCheck])[] {
  const bound = <Spec>(of: Machine, kind: CheckKind<string, Spec>, spec: unknown) =>
    [of, bindCheck(kind, kind.schema.parse(spec), layout)] as const;
  const path = [...new Set([layout.root, '/', '/var', '/tmp'])];
  return [
    bound('disk', disk, { path }),
    bound('inodes', inodes, { path }),
    bound('memory', memory, 'host'),
    bound('clock', clock, {}),
    bound('temperature', temperature, { warn: 75, critical: 85 }),
    bound('limits', services, { memory: [], rest: [] }),
  ];
}

/** What was read on a host, besides what its probe tells. */
export type Seen = {
  readonly ailing: ReadonlyMap<string, Ailing>;
  readonly files: readonly WrongFile[];
  readonly ports: readonly Listening[];
  readonly oom: readonly string[];
  readonly shell: LoginShell | null;
  readonly sshd: Sshd;
  readonly leftUnits: readonly string[];
  readonly folders: readonly (FoundFolder | undefined)[];
  readonly reach: readonly Need[];
};

/** Pure: what the fragments have printed. */
export function parseSeen(answers: Answers): Seen {
  const text = (question: Question) => answers.get(named(question)) ?? '';
  return {
    ailing: parseAiling(text('ailing')),
    files: parseWrongFiles(text('files')),
    ports: parsePorts(text('ports')),
    oom: toldOf(text('oom'), 'oom'),
    shell: parseLoginShell(text('shell')),
    sshd: parseSshd(text('sshd')),
    leftUnits: toldOf(text('left'), 'left-unit'),
    folders: parseFolders(text('folders')).map((parts) => parts.at(-1)),
    reach: parseNeeds(text('reach')),
  };
}
