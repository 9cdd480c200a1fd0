import type { ProbeReply } from '../../host/facts.ts';
import type { RuntimeName } from '../../model/facts.ts';
import type { Layout } from '../../model/layout.ts';
import type { Aside, Namesake } from '../../model/namesake.ts';
import type { UnitFile } from '../../model/plan.ts';
import type { BoundTask } from '../../model/task.ts';
import { prefixOf, unitType } from '../../unit/syntax/name.ts';

type Occupied = { readonly what: string; readonly fix: string };

/** What a plan would put in the place of something of the host: refused, or replaced until it comes back. */
export type Takeovers = {
  readonly refused: readonly Occupied[];
  readonly replaced: readonly Namesake[];
  readonly returning: readonly Aside[];
};

/** Names of the units that the tasks install, drop-ins left out. */
export const unitNames = (tasks: readonly BoundTask[]): readonly string[] => [
  ...new Set(
    tasks.flatMap(({ declares }) => declares?.units ?? []).flatMap(({ path }) => (isUnit(path) ? [path] : [])),
  ),
];

const isUnit = (path: string) => !path.includes('/');

/** Pure: what is wanted against what the host itself has at those places. */
export function takeovers(
  { root }: Layout,
  units: readonly UnitFile[],
  runtime: RuntimeName,
  { namesakes, aside, currentTaken }: Pick<ProbeReply, 'namesakes' | 'aside' | 'currentTaken'>,
): Takeovers {
  // Without systemd a unit of ours is no unit of the host.
  const names = new Set(runtime === 'systemd' ? units.map(({ path }) => path) : []);
  const met = namesakes.filter(({ unit }) => names.has(unit));
  return {
    refused: [...current(root, currentTaken), ...met.flatMap(refusal)],
    replaced: met,
    returning: aside.filter(({ unit }) => !names.has(unit)),
  };
}

const current = (root: string, taken: string | null): readonly Occupied[] =>
  taken === null
    ? []
    : [
        {
          what: `${root}/current is ${taken}, where fleet needs a link of its own`,
          fix: `Move it away on the host (\`mv ${root}/current ${root}/current.before\`), or choose another root; then run the same command again.`,
        },
      ];

/** Where what the system manager looks at comes before what is installed in /etc. */
const BEFORE_OURS = /^\/(run\/systemd\/(transient|generator\.early|system\.control)|etc\/systemd\/system\.control)\//;

/** Who lets logins in, whatever this connection came through. */
const LOGIN = /^(sshd?|dropbear)$/;

/** What systemd is, and what all services talk through. */
const SYSTEM = /^(systemd-.*|dbus|dbus-broker|user|user-runtime-dir|getty|serial-getty|init)$/;

function refusal(one: Namesake): readonly Occupied[] {
  const { unit, aliasOf, state, path, running } = one;
  const rename = 'Give the unit another name.';
  const name = prefixOf(aliasOf ?? unit);
  if (one.carries || LOGIN.test(name) || LOGIN.test(prefixOf(unit)))
    return [{ what: `${named(one)} of the host lets logins in, fleet's own too`, fix: rename }];
  if (state.startsWith('masked'))
    return [
      {
        what: `${unit} is masked on this host: somebody wants it not to run`,
        fix: `\`systemctl unmask ${unit}\` there if it shall, or give the unit another name.`,
      },
    ];
  if (path === '')
    return [
      {
        what: `${unit} runs on this host and its file is gone, so that it could never be put back`,
        fix: `\`systemctl stop ${unit}\` there if it is not needed, or give the unit another name.`,
      },
    ];
  if (BEFORE_OURS.test(path))
    return [
      {
        what: `${unit} is ${path} on this host, which comes before all that is installed and cannot be put back`,
        fix: `Take it away there (\`systemctl stop ${unit}\` ends one of systemd-run), or give the unit another name.`,
      },
    ];
  // When such a name comes back, systemd takes the other unit for stopped, and loses sight of what runs.
  if (aliasOf !== null) return [{ what: `${unit} is another name of ${aliasOf} on this host`, fix: rename }];
  // What somebody has put into /etc by hand is theirs to replace.
  if (byHand(path)) return [];
  if (one.early || SYSTEM.test(name) || !SERVING.has(unitType(unit)))
    return [{ what: `${named(one)} is part of the host's own start${running > 0 ? ', and up' : ''}`, fix: rename }];
  return [];
}

const SERVING: ReadonlySet<string> = new Set(['service', 'socket', 'timer', 'path']);

const byHand = (path: string) => path.startsWith('/etc/systemd/system/');

const named = ({ unit, aliasOf }: Namesake) => (aliasOf === null ? unit : `${unit} (which is ${aliasOf})`);
