import type { Declared } from '../../model/declared.ts';
import type { Layout } from '../../model/layout.ts';
import { error, type Finding, warning } from './finding.ts';
import { listenersOf, portClashes } from './port-table.ts';
import { twiceRotated } from './same-log.ts';
import { subjectOf } from './subject.ts';

export type App = { readonly app: string; readonly layout: Layout; readonly declared: Declared };

/** What apps of one host take from each other: unit files by name, ports (port-conflict), and log files. Each is right by itself. */
export function betweenApps(apps: readonly App[]): readonly Finding[] {
  const listeners = apps.flatMap(({ app, layout, declared }) => listenersOf(app, subjectOf(declared, layout)));
  const rotating = apps.flatMap(({ app, declared }) => declared.logrotate.map((source) => ({ app, source })));
  return [
    ...sameUnits(apps),
    ...portClashes(listeners, (a, b) => a.app !== b.app),
    ...twiceRotated(rotating, (a, b) => a.app !== b.app),
  ];
}

function sameUnits(apps: readonly App[]): readonly Finding[] {
  const files = new Map<string, { readonly app: string; readonly text: string }>();
  return apps.flatMap(({ app, declared }) =>
    declared.units.flatMap(({ path, file, text }) => {
      const owner = files.get(path);
      files.set(path, owner ?? { app, text });
      if (owner === undefined || owner.app === app) return [];
      const differ = owner.text !== text;
      return [
        (differ ? error : warning)(
          'same-unit',
          { file, line: 0, column: 0 },
          {
            message: `${path} belongs to the app ${owner.app} too, on the same host`,
            why: differ
              ? 'each deploy of one would put its own file in place of the other app’s'
              : 'a full rollback of one takes the unit away from the other',
            fix: 'give each app a folder of units of its own, and its units names of their own',
          },
        ),
      ];
    }),
  );
}
