import type { Declared } from '../../model/declared.ts';
import type { Layout } from '../../model/target.ts';
import { isTemplate } from '../name.ts';
import { error, type Finding, warning } from './finding.ts';
import { portsOf } from './listening.ts';
import { subjectOf } from './subject.ts';

export type App = { readonly app: string; readonly layout: Layout; readonly declared: Declared };

/** What apps of one host take from each other: unit files by name, and ports (T19). */
export function betweenApps(apps: readonly App[]): readonly Finding[] {
  const files = new Map<string, { readonly app: string; readonly text: string }>();
  const ports = new Map<number, { readonly app: string; readonly unit: string }>();
  return apps.flatMap(({ app, layout, declared }) => {
    const subject = subjectOf(declared, layout);
    const same = declared.units.flatMap(({ path, file, text }) => {
      const owner = files.get(path);
      files.set(path, owner ?? { app, text });
      if (owner === undefined || owner.app === app) return [];
      const differ = owner.text !== text;
      return [
        (differ ? error : warning)(
          'T20',
          { file, line: 0, column: 0 },
          {
            message: `${path} belongs to the app ${owner.app} too, on the same host`,
            why: differ
              ? 'each deploy of one would put its own file in place of the other app’s'
              : 'a full rollback of one takes the unit away from the other',
            cure: 'give each app a folder of units of its own, and its units names of their own',
          },
        ),
      ];
    });
    const taken = subject.services.flatMap((service) => {
      if (isTemplate(service.unit.file) && !declared.enable.includes(service.name)) return [];
      return portsOf(service.service).flatMap((port) => {
        const owner = ports.get(port);
        ports.set(port, owner ?? { app, unit: service.name });
        if (owner === undefined || owner.app === app) return [];
        const at = service.all('ExecStart').at(-1) ?? { file: service.unit.file, line: 0 };
        return [
          warning('T19', subject.place(at, 'value'), {
            message: `${service.name} listens on port ${port}, as ${owner.unit} of the app ${owner.app} does on the same host`,
            why: 'the one that starts second ends with "address already in use"',
            cure: 'give one of them another port, for instance by a drop-in or a var of the host',
          }),
        ];
      });
    });
    return [...same, ...taken];
  });
}
