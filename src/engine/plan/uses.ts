import { stateFolder } from '../../host/layout.ts';
import type { Layout } from '../../model/layout.ts';
import { type Part, partName } from '../../model/part.ts';
import type { TaskPlan, UnitFile, Use } from '../../model/plan.ts';
import { triggersOf } from '../../unit/graph/trigger.ts';
import { effectiveUnit, filesOf } from '../../unit/settings/effective.ts';
import { READ_BY_ROOT } from '../../unit/settings/opened.ts';
import { type Settings, settingsOf } from '../../unit/settings/settings.ts';
import { dropInFolder, templateOf, unitType } from '../../unit/syntax/name.ts';
import { SYSTEM_SPECIFIERS } from '../../unit/syntax/specifiers.ts';
import { beforePart, stagePart } from './parts.ts';

type Wanted = Pick<TaskPlan, 'units' | 'files' | 'stage' | 'before' | 'env' | 'restart'>;

/** A service with all that is written in its files, specifiers filled. */
type Service = {
  readonly name: string;
  readonly text: string;
  /** Of that, what systemd itself reads when the service starts: it does not read it again for a reload. */
  readonly atStart: string;
  readonly workingDirectory: string;
  /** Whether it may run something of the release. */
  readonly runsCode: boolean;
};

/** A file that the generation puts on the host, with the paths by which a unit may name it, or a folder that it is in. */
type Readable = {
  readonly part: Part;
  readonly paths: readonly string[];
  readonly program: boolean;
  /** Who reads it where no unit names it: what runs the code, each service, or nobody of the app. */
  readonly otherwise: 'code' | 'all' | 'nobody';
  /** The unit that it is for. */
  readonly of?: string | undefined;
};

/**
 * Which inputs each unit uses, so that it restarts when one of them changes, and is left alone else. Units say much of it:
 * their own files, programs, folders, settings files. Where they do not say, a unit counts as using it: a restart too many
 * costs a moment, and old code that runs on costs the deploy.
 * @param start the units that the generation starts
 */
export function usesOf(wanted: Wanted, start: readonly string[], layout: Layout): readonly Use[] {
  const { units } = wanted;
  const files = units.map(({ path }) => path).filter((path) => dropInFolder(path) === null);
  const names = [...new Set([...start, ...files])].filter((name) => filesOf(units, name).length > 0);
  const services = new Map(
    names.flatMap((name) => (unitType(name) === 'service' ? [[name, serviceOf(name, wanted, layout)] as const] : [])),
  );
  const readables = readablesOf(wanted, layout);
  const code = codeParts(wanted);
  const policy = (name: string) =>
    wanted.restart.find(({ unit }) => unit === name || unit === templateOf(name))?.how ?? 'changed';

  const direct = (name: string): readonly Use[] => {
    const use = (part: Part, how: Use['how'] = 'restart'): Use => ({ unit: name, part: partName(part), how });
    const own = filesOf(units, name).map(({ path }) => use({ kind: 'unit', name: path }));
    const service = services.get(name);
    const always = policy(name) === 'always' ? [{ unit: name, part: '-', how: 'always' } as const] : [];
    const all = [...always, use({ kind: 'runtime' }), use({ kind: 'layout' }), ...own];
    if (service === undefined) return all;
    const read = readables.filter((file) => reads(service, file, [...services.values()]));
    return [
      ...all,
      ...(service.runsCode ? code.map((part) => use(part)) : []),
      ...read.map((file) => {
        const settings = policy(name) === 'reload' && !file.program && !mentions(service.atStart, file.paths);
        return use(file.part, settings ? 'reload' : 'restart');
      }),
    ];
  };
  // A unit that stops when another does comes back with it, so what the other uses counts for it, too.
  const needs = needsOf(units, names, start);
  const reached = (name: string, seen: Set<string>): ReadonlySet<string> => {
    if (seen.has(name)) return seen;
    seen.add(name);
    for (const other of needs.get(name) ?? []) reached(other, seen);
    return seen;
  };
  return names.flatMap((name) => {
    const uses = new Map<string, Use>();
    for (const other of reached(name, new Set()))
      for (const use of direct(other)) {
        const strong = use.how === 'reload' && other !== name ? 'restart' : use.how;
        if (uses.get(use.part)?.how !== 'restart') uses.set(use.part, { unit: name, part: use.part, how: strong });
      }
    return [...uses.values()];
  });
}

const NEEDS = ['Requires', 'Requisite', 'BindsTo', 'PartOf'];

/** Units of the set that take each one down with them; a target is never restarted. */
function needsOf(units: readonly UnitFile[], names: readonly string[], start: readonly string[]) {
  const triggers = triggersOf(units, start);
  return new Map(
    names.map((name) => {
      const unit = effectiveUnit(units, name);
      const settings = unit === null ? null : settingsOf(unit, SYSTEM_SPECIFIERS);
      const words = (section: string, key: string) => settings?.words(section, key) ?? [];
      // A socket that is made anew does not take a service that holds the old one.
      const sockets = triggers.filter((one) => one.unit === name).map(({ trigger }) => trigger);
      const asked = [...NEEDS.flatMap((key) => words('Unit', key)), ...words('Service', 'Slice')];
      const all = [...asked, ...words('Service', 'Sockets'), ...sockets.filter((one) => unitType(one) === 'socket')];
      return [name, all.filter((other) => names.includes(other) && unitType(other) !== 'target')] as const;
    }),
  );
}

function serviceOf(name: string, { units, files }: Wanted, { root }: Layout): Service {
  const unit = effectiveUnit(units, name);
  const settings = unit === null ? null : settingsOf(unit, SYSTEM_SPECIFIERS);
  const textOf = (keys: (key: string) => boolean) =>
    (unit?.assignments ?? [])
      .filter(({ key }) => keys(key))
      .map(({ value }) => settings?.resolve(value) ?? value)
      .join('\n');
  const text = textOf(() => true);
  const commands = textOf((key) => key.startsWith('Exec'));
  const workingDirectory = (lastWord(settings, 'WorkingDirectory') ?? '').replace(/^-/, '');
  // What the app keeps beside its code: to name that is no sign of running any.
  const beside = (path: string) => path === `${root}/.env`;
  const scripts = files.filter(({ path }) => mentions(commands, [path])).map(({ content }) => content.toString());
  const runsCode =
    [text, ...scripts].some((one) => pathsIn(one).some((path) => isIn(path, root) && !beside(path))) ||
    (workingDirectory.length > 1 && isIn(root, workingDirectory)) ||
    workingDirectory === '~' ||
    // What a variable stands for is not known here.
    commands.includes('$');
  return { name, text, atStart: textOf((key) => READ_BY_ROOT.includes(key)), workingDirectory, runsCode };
}

const lastWord = (settings: Settings | null, key: string) => settings?.words('Service', key).at(-1);

const isIn = (path: string, folder: string) =>
  path === folder || path.startsWith(folder.endsWith('/') ? folder : `${folder}/`);

const pathsIn = (text: string): readonly string[] => text.match(/\/[^\s"'`=:;,|&<>(){}[\]]*/g) ?? [];

/** Folders whose files other programs of the host read. */
const OF_OTHERS =
  /^\/etc\/(logrotate|cron|sudoers|tmpfiles|sysusers|sysctl|modules-load|modprobe|profile|rsyslog|ufw|fail2ban|nginx|apache2|apt|polkit-1|udev)(\.d|-|\/)/;

function readablesOf({ files, stage, env }: Wanted, layout: Layout): readonly Readable[] {
  const { root, current } = layout;
  return [
    ...files.map(({ path, mode, notify, of }): Readable => {
      const otherwise = notify !== null || OF_OTHERS.test(path) ? 'nobody' : 'all';
      return { part: { kind: 'file', name: path }, paths: [path], program: (mode & 0o111) !== 0, otherwise, of };
    }),
    ...stage.flatMap((step): Readable[] =>
      step.do !== 'put'
        ? []
        : [
            {
              part: stagePart(step),
              paths: [`${current}/${step.to}`, step.to, step.to.slice(step.to.lastIndexOf('/') + 1)],
              program: (step.mode & 0o111) !== 0,
              otherwise: 'code',
            },
          ],
    ),
    ...(env === null
      ? []
      : [
          {
            part: { kind: 'env' } as const,
            paths: [`${root}/.env`, `${stateFolder(layout, 0)}/env`],
            program: false,
            otherwise: 'code' as const,
          },
        ]),
  ];
}

/** Whether a text names a file: by one of its paths, as a word of its own, or by a folder of its own that it is in. */
function mentions(text: string, paths: readonly string[]): boolean {
  const words = text.split(/[\s"'`=:;,|&<>(){}[\]]+/).map((word) => word.replace(/^[-+!@]+(?=\/)/, ''));
  return paths.some((path) => words.includes(path));
}

function reads(service: Service, file: Readable, all: readonly Service[]): boolean {
  // Instances of a template name the folder of them all, each for its own file.
  const sibling = (name: string) =>
    file.of !== undefined && name !== file.of && (templateOf(name) ?? name) === templateOf(file.of);
  const names = (one: Service) =>
    one.name === file.of || mentions(one.text, file.paths) || (!sibling(one.name) && mentions(one.text, folders(file)));
  if (names(service)) return true;
  if (file.part.kind === 'env' && file.paths.includes(`${service.workingDirectory}/.env`)) return true;
  if (all.some(names)) return false;
  return file.otherwise === 'all' || (file.otherwise === 'code' && service.runsCode);
}

/** The folders of a file that hold it among few others: not `/etc`, and not the release itself. */
function folders({ paths: [path = ''], otherwise }: Readable): readonly string[] {
  const parts = path.split('/');
  const least = otherwise === 'code' ? Number.POSITIVE_INFINITY : 3;
  return parts.flatMap((_, i) => (i >= least && i < parts.length ? [parts.slice(0, i).join('/')] : []));
}

const codeParts = ({ stage, before }: Wanted): readonly Part[] => [
  ...stage.filter((step) => step.do !== 'put').map(stagePart),
  ...before.map(beforePart),
];
