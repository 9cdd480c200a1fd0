import { commandWords } from '../command-words.ts';
import { PLAYBOOK, warning } from '../finding.ts';
import { isBelow, ownFolders, pathsOf } from '../layout-paths.ts';
import type { Rule } from '../subject.ts';

/** Folders below /run that the system itself makes. */
const SYSTEM =
  /^\/run\/(systemd|user|lock|dbus|udev|credentials|mount|log|shm|docker\.sock|containerd|postgresql|mysqld|redis)(\/|$)/;
const BELOW_RUN = /(?:^|[=:,])(?:\/var)?(\/run\/[\w.@-]+)/;

/** T27: /run is empty after every boot. */
export const runtimeFolder: Rule = ({ services, folders, place }) => [
  ...services.flatMap((service) => {
    const texts = [
      ...service.service.execStart.flatMap((command) =>
        commandWords(command).map((text) => ({ key: 'ExecStart', text })),
      ),
      ...['PIDFile', 'ReadWritePaths', 'WorkingDirectory'].flatMap((key) =>
        pathsOf(service, key).map(({ path }) => ({ key, text: path })),
      ),
      ...service.service.environment.map(([, text]) => ({ key: 'Environment', text })),
    ];
    const found = new Map<string, string>();
    for (const { key, text } of texts) {
      const path = BELOW_RUN.exec(text)?.[1];
      const made = path === undefined || ownFolders(service).some((own) => isBelow(path, own)) || SYSTEM.test(path);
      // A file right below /run needs no folder, though root alone can make it.
      if (path !== undefined && !made && !found.has(path) && !(/\.\w+$/.test(path) && key === 'PIDFile'))
        found.set(path, key);
    }
    return [...found].map(([path, key]) =>
      warning('T27', place(service.last(key) ?? { file: service.unit.file, line: 0 }), {
        message: `${path} is used, and no RuntimeDirectory= makes it`,
        why: '/run is emptied by every boot, so what a deploy or a person made there is gone after the next one',
        cure: `add RuntimeDirectory=${path.slice('/run/'.length)}; the service then owns it while it runs`,
      }),
    );
  }),
  ...folders
    .filter(({ path }) => /^(\/var)?\/run\//.test(path))
    .map(({ path }) =>
      warning('T27', PLAYBOOK, {
        message: `a directories task makes ${path}`,
        why: '/run is emptied by every boot, and no deploy comes after it',
        cure: `use RuntimeDirectory=${path.replace(/^(\/var)?\/run\//, '')} in the unit that needs it`,
      }),
    ),
];
