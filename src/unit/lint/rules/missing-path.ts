import { hint, warning } from '../finding.ts';
import { isBelow, isMade, ownFolders, pathsOf } from '../layout-paths.ts';
import type { Rule } from '../subject.ts';

/** What stands on every host with systemd. */
const STANDING = new RegExp(
  '^/(|tmp|var/tmp|dev|run|var|var/lib|var/log|var/cache|var/spool|etc|srv|opt|home|root|mnt|media|boot|bin|sbin|lib' +
    '|usr(/(bin|sbin|lib|share|local|local/(bin|sbin|lib|share)|src|include))?' +
    '|etc/(hosts|hostname|passwd|group|shadow|ssl|localtime|machine-id|resolv\\.conf|nsswitch\\.conf|systemd)' +
    '|dev/(log|shm|null|zero|full|random|urandom|tty|ptmx|pts|mqueue|fd|stdin|stdout|stderr|console|kmsg))$' +
    '|^/(sys|proc)(/|$)',
);

/** missing-path: a path that ReadWritePaths= or BindPaths= opens must be there before the service starts. */
export const missingPath: Rule = (subject) =>
  subject.services.flatMap((service) => {
    const listed = ['ReadWritePaths', 'BindPaths', 'BindReadOnlyPaths'].flatMap((key) => pathsOf(service, key));
    const paths = listed.map((one) => ({ ...one, path: one.path.replace(/:.*/, '') }));
    return paths.flatMap(({ path, optional, at }) => {
      const where = subject.place(at, 'value');
      if (isBelow(path, subject.layout.current) && at.key === 'ReadWritePaths')
        return [
          warning('missing-path', where, {
            message: `${at.key}= opens ${path}, which is in the release`,
            why: 'a release belongs to root and is replaced by the next one, so the service can write nothing there that lasts',
            fix: 'name a folder under data: in the playbook and open that one',
          }),
        ];
      if ((path === '/tmp' || path === '/var/tmp') && service.isOn('PrivateTmp'))
        return [
          hint('missing-path', where, {
            message: `${at.key}=${path} has no use beside PrivateTmp=`,
            why: 'the service writes to a /tmp of its own, which is open to it anyway',
            fix: `leave ${path} out`,
          }),
        ];
      const there =
        STANDING.test(path) ||
        isMade(path, subject) ||
        subject.services.flatMap(ownFolders).some((own) => isBelow(path, own));
      if (optional || there || path.startsWith('%') || isBelow(path, '/run')) return [];
      return [
        warning('missing-path', where, {
          message: `${at.key}= opens ${path}, and nothing in the playbook makes it`,
          why: 'when it is absent the service fails at once with 226/NAMESPACE',
          fix: `add it to data: or to a directories task, or write -${path} where it may be absent`,
        }),
      ];
    });
  });
