import { isTemplate, templateOf } from '../../name.ts';
import { warning } from '../finding.ts';
import { portsOf } from '../listening.ts';
import type { LintedService, Rule } from '../subject.ts';

/** T19: two services that want the same port. Instances of one template most of all. */
export const samePort: Rule = ({ services, enable, place }) => {
  const owners = new Map<number, LintedService>();
  return services.flatMap((service) => {
    if (isTemplate(service.unit.file) && !enable.includes(service.name)) return [];
    return portsOf(service.service).flatMap((port) => {
      const owner = owners.get(port);
      if (owner === undefined) owners.set(port, service);
      if (owner === undefined || conflict(owner, service.name) || conflict(service, owner.name)) return [];
      const at = service.all('ExecStart').at(-1) ?? { file: service.unit.file, line: 0 };
      const template = templateOf(service.name);
      const twins = template !== null && template === templateOf(owner.name);
      return [
        warning('T19', place(at, 'value'), {
          message: `${service.name} and ${owner.name} both listen on port ${port}`,
          why: 'the one that starts second ends with "address already in use"',
          cure: twins
            ? 'build the port from the instance, such as --port 80%i with instances 01 and 02, or set it in a drop-in of each instance'
            : 'give one of them another port, or let the units name each other in Conflicts=',
        }),
      ];
    });
  });
};

const conflict = ({ unit }: LintedService, other: string) =>
  unit.assignments.some(({ key, value }) => key === 'Conflicts' && value.split(/\s+/).includes(other));
