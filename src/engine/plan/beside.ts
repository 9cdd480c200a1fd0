import type { Beside, BootLine, Bystander } from '../../model/beside.ts';
import type { HostFacts, RuntimeName } from '../../model/facts.ts';
import type { Layout } from '../../model/layout.ts';
import type { Failure } from '../../model/outcome.ts';
import type { TaskPlan } from '../../model/plan.ts';
import { expandServices } from '../../unit/graph/graph.ts';
import { triggersOf } from '../../unit/graph/trigger.ts';
import { commandWords } from '../../unit/lint/command-words.ts';
import { effectiveUnit } from '../../unit/settings/effective.ts';
import { readService } from '../../unit/settings/read-service.ts';
import { templateOf, unitType } from '../../unit/syntax/name.ts';
import { commandLine } from '../../util/command-line.ts';
import { isInterpreter, programsOf } from '../../util/programs.ts';

type Wanted = Pick<TaskPlan, 'units' | 'enable'>;
type Found = { readonly bystanders: readonly Bystander[]; readonly bootLines: readonly BootLine[] };

/** Pure: what else is at work below the root of an app, or will be; second copies of its services first. */
export function besides(root: string, wanted: Wanted, runtime: RuntimeName, found: Found): readonly Beside[] {
  if (found.bystanders.length + found.bootLines.length === 0) return [];
  const services = servicesOf(wanted, root);
  const copiesIn = (programs: readonly string[]) =>
    services.flatMap(({ name, runs }) => (runs.some((program) => programs.includes(program)) ? [name] : []));
  // What has the name of one of our units makes room for it.
  const replaced = new Set(runtime === 'systemd' ? wanted.units.map(({ path }) => path) : []);
  const others = found.bystanders.filter(
    (one) =>
      isNear(one, root) && !(one.unit !== null && (replaced.has(one.unit) || replaced.has(templateOf(one.unit) ?? ''))),
  );
  const all = [...processes(others, root, copiesIn), ...lines(found.bootLines, root, copiesIn)];
  return [...all.filter(isCopy), ...all.filter((one) => !isCopy(one))];
}

/** Why a first deploy must not start the app beside itself; null where it would not. */
export function secondCopy(
  all: readonly Beside[],
  { root, app, user }: Layout,
  login: Pick<HostFacts, 'user'>,
): Extract<Failure, { kind: 'second-copy' }> | null {
  const copies = all.filter(isCopy);
  if (copies.length === 0) return null;
  // One that the service's account has started in the folder is taken over with all that it has started itself.
  const [one] = copies.filter(({ by }) => by === 'process');
  const hers =
    one?.by === 'process' && one.unit === null && one.account === (user ?? login.user) && below(one.cwd, root);
  return { kind: 'second-copy', copies, pidFile: hers ? { pid: one.pid, path: `${root}/${app}.pid` } : null };
}

const isCopy = ({ copyOf }: Beside): boolean => copyOf.length > 0;

const below = (path: string, root: string) => path === root || path.startsWith(`${root}/`);
const names = (text: string, root: string) => text.split(root).some((rest, i) => i > 0 && !/^[\w.@+-]/.test(rest));

const isNear = ({ cwd, program, argv }: Bystander, root: string) =>
  below(cwd, root) || below(program, root) || argv.some((word) => names(word, root));

type CopiesIn = (programs: readonly string[]) => readonly string[];

function processes(all: readonly Bystander[], root: string, copiesIn: CopiesIn): readonly Beside[] {
  const judged = new Map(
    all.flatMap((one) => {
      const copyOf = copiesIn([
        ...programsIn(one.argv.join(' '), [one.cwd], root),
        ...programsIn(one.program, [], root),
      ]);
      return isPerson(one, copyOf.length > 0) ? [] : [[one.pid, { one, copyOf }] as const];
    }),
  );
  const parentOf = ({ parent }: Bystander) => judged.get(parent);
  // What has started a copy may start the next one.
  const keeps = new Map<number, readonly string[]>();
  for (const { one, copyOf } of judged.values())
    if (copyOf.length > 0)
      for (let up = parentOf(one); up !== undefined && !keeps.has(up.one.pid); up = parentOf(up.one))
        keeps.set(up.one.pid, copyOf);
  return [...judged.values()].flatMap(({ one, copyOf }): Beside[] => {
    const { by, account, pid, unit, cwd, argv } = { ...one, by: 'process' as const };
    const parent = parentOf(one);
    const copies = copyOf.length > 0 ? copyOf : (keeps.get(pid) ?? []);
    // Whose end ends with its parent: workers, and what a program runs that is told of.
    if (parent !== undefined && (copies.length === 0 || same(parent.one.argv, argv))) return [];
    return [{ by, account, pid, unit, cwd, copyOf: copies, command: commandLine(argv) }];
  });
}

const same = (a: readonly string[], b: readonly string[]) => a.join('\0') === b.join('\0');

const SHELL = /^-|^(ba|da|a|k|z|fi|c|tc)?sh$/;
/** What a person looks at files with, or works on them, at a terminal. */
const TOOL =
  /^(n?vim?|view|nano|emacs|pico|joe|micro|mc|less|more|most|tail|head|cat|watch|h?top|man|git|ssh|su|sudo|doas)$/;
/** What keeps a person's session and all that they have begun in it, or waits for what stands beside it in the list. */
const SESSION =
  /^(timeout|tmux|screen|zellij|byobu|mosh-server|sshd|sshd-session|dropbear|sftp-server|ssh-agent|gpg-agent|systemd|\(sd-pam\)|dbus-daemon)\b/i;

/** A person who merely stands in the folder. */
function isPerson({ argv, terminal }: Bystander, copy: boolean): boolean {
  const [first = '', ...rest] = argv;
  // Some write more than their name there: `sshd: bob@pts/0`.
  const name = first.replace(/[ :].*/, '').replace(/.*\//, '');
  if (SESSION.test(name)) return true;
  if (SHELL.test(name)) return rest.every((word) => /^-[^c]*$/.test(word)) && (terminal || first.startsWith('-'));
  return !copy && terminal && TOOL.test(name);
}

function lines(all: readonly BootLine[], root: string, copiesIn: CopiesIn): readonly Beside[] {
  const settings = new Map<string, Map<string, string>>();
  return all.flatMap(({ account, file, home, text }): Beside[] => {
    const set = settings.get(file) ?? new Map(home === null ? [] : [['HOME', home]]);
    settings.set(file, set);
    const setting = /^\s*(\w+)\s*=\s*(.*)$/.exec(text);
    if (setting !== null) set.set(setting[1] ?? '', (setting[2] ?? '').replace(/^(["'])(.*)\1$/, '$2'));
    const line = setting === null ? commandOf(text, file, account) : null;
    if (line === null) return [];
    const command = line.command
      .replace(/(^|\s)~\//g, '$1$HOME/')
      .replace(/\$(?:\{(\w+)\}|(\w+))/g, (all, a: string, b: string) => set.get(a ?? b) ?? all);
    const programs = programsIn(command, home === null ? [] : [home], root);
    const copyOf = copiesIn(programs);
    if (copyOf.length === 0 && !names(command, root) && !programs.some((one) => one.startsWith('/'))) return [];
    return [{ by: 'line', account: line.account, file, copyOf, command: text.trim() }];
  });
}

const WHEN = '\\s*(?:@\\w+|(?:\\S+\\s+){4}\\S+)\\s+';
const OWN_LINE = new RegExp(`^${WHEN}(.*)$`);
const SYSTEM_LINE = new RegExp(`^${WHEN}(\\S+)\\s+(.*)$`);

function commandOf(text: string, file: string, owner: string | null) {
  if (file === '/etc/rc.local') return { account: 'root', command: text };
  const [, first, second] = (owner === null ? SYSTEM_LINE : OWN_LINE).exec(text) ?? [];
  if (first === undefined) return null;
  return owner === null ? { account: first, command: second ?? '' } : { account: owner, command: first };
}

/** What the services of a plan run, in the words of `programsIn`. */
function servicesOf({ units, enable }: Wanted, root: string) {
  const { start } = expandServices(units, enable);
  const triggered = triggersOf(units, start).map(({ unit }) => unit);
  return [...new Set([...start, ...triggered])].flatMap((name) => {
    const unit = unitType(name) === 'service' ? effectiveUnit(units, name) : null;
    if (unit === null) return [];
    const { execStart, workingDirectory } = readService(unit).service;
    const runs = execStart.flatMap((one) => programsIn(commandWords(one).join(' '), [workingDirectory.path], root));
    return [{ name, runs }];
  });
}

/** Words that say as whom, where and when the rest is run. */
const LAUNCHER = new RegExp(
  [
    String.raw`(?:sudo|doas|runuser|setpriv)\s+(?:(?:-[ug]|--user|--group)[\s=]*\S+\s+|-\S+\s+)*`,
    String.raw`su\s+(?:-l?\s+)?(?:[\w.-]+\s+)?(?:-s\s+\S+\s+)?-c\s+`,
    String.raw`(?:ba|da|a)?sh\s+(?:-\w+\s+)*-\w*c\s+`,
    String.raw`(?:screen|tmux\s+new\S*)\s+(?:-\w*[Ss]\s+\S+\s+|-\S+\s+)*`,
    String.raw`flock\s+(?:-\S+\s+(?:\d+\s+)?)*\S+\s+`,
    String.raw`start-stop-daemon\s[^;&|]*?\s(?:-x|--exec|-a|--startas)[\s=]+`,
    String.raw`(?:nohup|setsid|exec|env|nice|ionice|time|stdbuf)\s+(?:-\S+\s+|\w+=\S*\s+|\d+\s+)*`,
  ]
    .map((one) => `(?:^|(?<=[\\s/;&|"'(]))${one}`)
    .join('|'),
  'g',
);
const REDIRECTION = /\d*(?:<|>>?)\s*(?:&\d|[^\s;&|]+)/g;
/** What a shell does itself, or with files. */
const HOUSEKEEPING =
  /^(cd|echo|test|\[|sleep|export|set|trap|wait|true|umask|ulimit|mkdir|touch|rm|chown|chmod|exit|source|\.)$/;

/**
 * The files below the root that a command runs, `/` before their path in a release; and, for what names its program in
 * another way (`python3 -m app`), each command itself that is run there. A helper for what people mean, not a reading of all that shells can do.
 */
function programsIn(text: string, folders: readonly string[], root: string): readonly string[] {
  const plain = text.replace(REDIRECTION, ' ').replace(LAUNCHER, '; ');
  const inText = plain.match(/\/[^\s;&|"'()]*/g) ?? [];
  const bases = [...folders, ...inText].filter((path) => below(path, root)).slice(0, 10);
  return plain.split(/[;&|(){}`\n]+/).flatMap((piece) => {
    const argv = piece.split(/\s+/).flatMap((word) => word.replace(/^["']+|["']+$/g, '') || []);
    const files = programsOf(['sh', '-c', piece])
      .slice(1)
      .filter((file, i) => i > 0 || file.includes('/'))
      .flatMap((file) =>
        [file, ...bases.map((base) => `${base}/${file}`)].flatMap((path) => inRelease(path, root) ?? []),
      )
      .filter((file) => !isInterpreter(file.slice(file.lastIndexOf('/') + 1)));
    if (files.length > 0) return files;
    const [first = '', ...args] = argv;
    const name = first.slice(first.lastIndexOf('/') + 1).replace(/[\d.]+$/, '');
    if (bases.length === 0 || args.length === 0 || HOUSEKEEPING.test(name)) return [];
    return [[name, ...args.map((word) => inRelease(word, root) ?? word)].join(' ')];
  });
}

/** `/x` for `ROOT/x`, `ROOT/current/x` and `ROOT/releases/N/x`; null for a path that does not lie below the root. */
function inRelease(path: string, root: string): string | null {
  const parts: string[] = [];
  for (const part of path.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  const whole = `/${parts.join('/')}`;
  if (!path.startsWith('/') || !whole.startsWith(`${root}/`)) return null;
  return whole.slice(root.length).replace(/^\/(current|releases\/\d+)(?=\/)/, '');
}
