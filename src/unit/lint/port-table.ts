import { isTemplate, templateOf } from '../syntax/name.ts';
import { allowedIn } from './allowed.ts';
import { error, type Finding, warning } from './finding.ts';
import { collide, type Listening, portsOf } from './listening.ts';
import type { LintedService, Subject } from './subject.ts';

/** One line of a host's port table. */
export type Listener = {
  /** Null where only one app is looked at. */
  readonly app: string | null;
  readonly subject: Subject;
  readonly service: LintedService;
  readonly at: Listening;
  /** Whether a deploy starts it: it is enabled, or an enabled unit wants it. */
  readonly runs: boolean;
};

/** What the services of an app listen on. A oneshot does not listen, and a file may keep its unit out of the table. */
export function listenersOf(app: string | null, subject: Subject): readonly Listener[] {
  const running = started(subject);
  const allowed = new Set(
    subject.units.flatMap(({ path, text }) => (allowedIn(text).has('port-conflict') ? [path] : [])),
  );
  return subject.services.flatMap((service) => {
    const runs = running.has(service.name);
    if ((isTemplate(service.unit.file) && !runs) || service.service.type === 'oneshot') return [];
    if (allowed.has(service.unit.file)) return [];
    return portsOf(service.service, subject.envKeys).map((at) => ({ app, subject, service, at, runs }));
  });
}

/** port-conflict: services that want the same port and may run at the same time; an error where it is certain. @param counts which pairs are looked at */
export function portClashes(
  all: readonly Listener[],
  counts: (a: Listener, b: Listener) => boolean = () => true,
): readonly Finding[] {
  return all.flatMap((one, i) => {
    const other = all.slice(0, i).find((owner) => counts(owner, one) && clash(owner, one));
    return other === undefined ? [] : [finding(one, other, all)];
  });
}

const clash = (a: Listener, b: Listener): boolean =>
  a.service !== b.service &&
  collide(a.at, b.at) &&
  !conflict(a.service, b.service.name) &&
  !conflict(b.service, a.service.name);

function finding({ app, subject, service, at, runs }: Listener, owner: Listener, all: readonly Listener[]): Finding {
  const certain = runs && owner.runs && at.sure && owner.at.sure;
  const start = service.all('ExecStart').at(-1) ?? { file: service.unit.file, line: 0 };
  const template = templateOf(service.name);
  const twins = template !== null && template === templateOf(owner.service.name);
  return (certain ? error : warning)('port-conflict', subject.place(start, 'value'), {
    message:
      app === owner.app
        ? `${service.name} and ${owner.service.name} both listen on port ${at.port}`
        : `${service.name} listens on port ${at.port}, as ${owner.service.name} of the app ${owner.app} does on the same host`,
    why: `the one that starts second ends with "address already in use"; ports known here: ${table(all)}`,
    fix: twins
      ? 'build the port from the instance, such as --port 80%i with instances 01 and 02, or set it in a drop-in of each instance'
      : 'give one of them another port, for instance by a drop-in or a var of the host, or let the units name each other in Conflicts=',
  });
}

function table(all: readonly Listener[]): string {
  const ports = [...new Set(all.map(({ at }) => at.port))].sort((a, b) => a - b);
  return ports
    .map((port) => {
      const names = all
        .filter(({ at }) => at.port === port)
        .map(({ app, service }) => `${service.name}${app === null ? '' : ` (${app})`}`);
      return `${port} ${[...new Set(names)].join(', ')}`;
    })
    .join('; ');
}

const conflict = ({ unit }: LintedService, other: string) =>
  unit.assignments.some(({ key, value }) => key === 'Conflicts' && value.split(/\s+/).includes(other));

const PULLS = new Set(['Wants', 'Requires', 'BindsTo', 'Upholds']);

/** The units that run after a deploy: what is enabled, and what that pulls in. */
function started({ enable, effective }: Subject): ReadonlySet<string> {
  const found = new Set<string>();
  const queue = [...enable];
  for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    const unit = effective.find((one) => one.name === name);
    for (const { key, value } of unit?.assignments ?? []) if (PULLS.has(key)) queue.push(...value.split(/\s+/));
  }
  return found;
}
