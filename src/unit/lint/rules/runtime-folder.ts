import { commandWords } from '../command-words.ts';
import { type Finding, PLAYBOOK, warning } from '../finding.ts';
import { isBelow, ownFolders, pathsOf } from '../layout-paths.ts';
import type { LintedService, Rule, Subject } from '../subject.ts';

/** Folders below /run that the system itself makes. */
const SYSTEM =
  /^\/run\/(systemd|user|lock|dbus|udev|credentials|mount|log|shm|docker\.sock|containerd|postgresql|mysqld|redis)(\/|$)/;
const BELOW_RUN = /(?:^|[=:,])(?:\/var)?(\/run\/[\w.@-]+)(\/?)/;

/** runtime-folder: /run is empty after every boot. */
export const runtimeFolder: Rule = (subject) => [
  ...subject.services.flatMap((service) => inService(service, subject)),
  ...subject.folders
    .filter(({ path }) => /^(\/var)?\/run\//.test(path))
    .map(({ path }) =>
      warning('runtime-folder', PLAYBOOK, {
        message: `a directories task makes ${path}`,
        why: '/run is emptied by every boot, and no deploy comes after it',
        fix: `use RuntimeDirectory=${path.replace(/^(\/var)?\/run\//, '')} in the unit that needs it`,
      }),
    ),
];

function inService(service: LintedService, { services, effective, place }: Subject): readonly Finding[] {
  const texts = [
    ...service.service.execStart.flatMap((command) =>
      commandWords(command).map((text) => ({ key: 'ExecStart', text })),
    ),
    ...['PIDFile', 'ReadWritePaths', 'WorkingDirectory'].flatMap((key) =>
      pathsOf(service, key).map(({ path }) => ({ key, text: path })),
    ),
    ...service.service.environment.map(([, text]) => ({ key: 'Environment', text })),
  ];
  const made = services.flatMap(ownFolders);
  const sockets = effective.flatMap(({ assignments }) =>
    assignments.filter(({ key }) => /^Listen/.test(key)).map(({ value }) => value.replace(/^\/var(?=\/run)/, '')),
  );
  const found = new Map<string, { readonly key: string; readonly isFile: boolean }>();
  for (const { key, text } of texts) {
    const [, path, inside] = BELOW_RUN.exec(text) ?? [];
    if (path === undefined || made.some((own) => isBelow(path, own)) || SYSTEM.test(path)) continue;
    if (found.has(path) || sockets.includes(path)) continue;
    found.set(path, { key, isFile: inside === '' && (key === 'PIDFile' || /\.\w+$/.test(path)) });
  }
  const { user } = service.service;
  return [...found].flatMap(([path, { key, isFile }]) => {
    const name = path.slice('/run/'.length);
    const at = place(service.last(key) ?? { file: service.unit.file, line: 0 });
    if (!isFile)
      return [
        warning('runtime-folder', at, {
          message: `${path} is used, and no RuntimeDirectory= makes it`,
          why: '/run is emptied by every boot, so what a deploy or a person made there is gone after the next one',
          fix: `add RuntimeDirectory=${name}; the service then owns it while it runs`,
        }),
      ];
    // A file right below /run needs no folder, though root alone can make it.
    if (user === '' || user === 'root' || user === '0') return [];
    const folder = name.replace(/\.\w+$/, '');
    return [
      warning('runtime-folder', at, {
        message: `${path} is used, and ${user} cannot make a file right below /run`,
        why: '/run belongs to root; the service fails when it comes to that file',
        fix: `add RuntimeDirectory=${folder} and write /run/${folder}/${name}`,
      }),
    ];
  });
}
