import { fleetProject, type Project, type ProjectParts } from '../fleet.ts';
import type { TestHost } from '../rig/index.ts';

export const APP = 'keeper';
export const ROOT = `/opt/${APP}`;
export const UNIT = `${APP}.service`;
export const STATE = `/var/lib/fleet/${APP}`;
export const LIMITS = '/etc/keeper.limits';

export const unit = (more = '') =>
  `[Service]\nUser=${APP}\nWorkingDirectory=${ROOT}/current\nEnvironmentFile=${ROOT}/.env\nExecStart=/bin/sh serve.sh\nRestart=on-failure\nRestartSec=1\n${more}[Install]\nWantedBy=multi-user.target\n`;

/** A second service, in the same style. */
export const helper = (name: string) =>
  `[Service]\nUser=${APP}\nWorkingDirectory=${ROOT}/current\nExecStart=/usr/bin/tail -f /dev/null serve.${name}\n[Install]\nWantedBy=multi-user.target\n`;

export const logrotate = (days: number) => `${ROOT}/logs/*.log {\n  rotate ${days}\n  daily\n  missingok\n}\n`;

// One process that never forks once it serves, so that whoever counts copies counts no child by mistake.
const SERVE = `read -r v <VERSION
[ "$v" != broken ] || { echo "VERSION is broken" >&2; exit 1; }
[ ! -e data/refuse ] || { echo "data is damaged" >&2; exit 1; }
exec tail -f /dev/null serve.keeper
`;

const tasks = [
  { user: { name: APP, home: ROOT, system: true } },
  { sync: { from: 'app' } },
  { env: { from: 'secrets/app.env' } },
  { units: { from: 'units', enable: [UNIT] } },
  { logrotate: 'config/keeper.logrotate' },
];

export const playbook = (hosts: readonly string[], changes: object = {}) => ({
  ...{ name: APP, root: ROOT, user: APP, data: ['data', 'logs'], hosts },
  deploy: { settle: '1s', deadline: '12s' },
  tasks,
  health: [{ unit: UNIT }],
  ...changes,
});

export const parts = (hosts: readonly string[], changes: object = {}): Omit<ProjectParts, 'hosts'> => ({
  playbook: playbook(hosts, changes),
  units: { [UNIT]: unit(), [`${UNIT}.d/nice.conf`]: '[Service]\nNice=1\n' },
  files: {
    'app/VERSION': 'one\n',
    'app/serve.sh': SERVE,
    'app/serve.keeper': '',
    'app/serve.alpha': '',
    'app/serve.beta': '',
    'config/keeper.logrotate': logrotate(1),
  },
  env: { KEEPER_TOKEN: 'canary-keeper-1f7' },
});

export const enabling = (...units: readonly string[]) =>
  tasks.map((task) => ('units' in task ? { units: { from: 'units', enable: units } } : task));
export const withTasks = (...more: readonly object[]) => [...tasks, ...more];

/** A project for one host that is called `it`. */
export const keeperOn = (host: TestHost, changes: object = {}): Promise<Project> =>
  fleetProject({ ...parts(['it'], changes), hosts: { it: host } });

/** Another version of the code. */
export const version = (project: Project, text: string) => project.write('app/VERSION', `${text}\n`);

/** The last word of a serving process, of a unit or of one that was started by hand; nothing else has it. */
const COPIES = "grep -lzE '^(serve|hand)\\.keeper$' /proc/[0-9]*/cmdline 2>/dev/null";

/** Where the app's processes run, one line each: `releases/2`, or the path of one that was started by hand. */
export async function serving(host: TestHost): Promise<string[]> {
  const script = `for p in $(${COPIES}); do
    p=\${p%/cmdline}; setpriv --reuid=$(stat -c %u $p) --regid=$(stat -c %g $p) --clear-groups readlink $p/cwd; done; true`;
  return (await host.out(script))
    .split('\n')
    .filter(Boolean)
    .map((path) => path.replace(`${ROOT}/`, ''))
    .sort();
}

/** Everything that makes up the live version: files byte for byte with owner and mode, and what the service manager says. */
export async function standing(host: TestHost, units: readonly string[]): Promise<string[]> {
  const files = await host.manifest(
    ['/etc/systemd/system', '/etc/logrotate.d', LIMITS, ROOT, '/var/spool/cron', '/etc/rc.local', '/etc/crontab'],
    [/^\/opt\/keeper\/(data|logs)\//, /^\/opt\/keeper\/releases(\/|$)/],
  );
  const code = await host.manifest([`${ROOT}/current/`]);
  const asked = host.systemd
    ? await host.out(
        units
          .map(
            (name) => `echo ${name} $(systemctl is-enabled ${name} 2>/dev/null) $(systemctl is-active ${name})
            systemctl show -p FragmentPath -p DropInPaths -p NeedDaemonReload ${name}`,
          )
          .join('\n'),
      )
    : '';
  return [...files, ...code, ...asked.split('\n'), ...(await serving(host))];
}

/** Inode and all times of everything below the data folders. */
export const dataOf = (host: TestHost) =>
  host.out(
    `find ${ROOT}/data ${ROOT}/logs -exec stat -c '%n %F %i %a %u %g %s %y %z' {} + | sort; find ${ROOT}/data ${ROOT}/logs -type f -exec sha256sum {} +`,
  );

/** What a host holds apart from what changes by itself. */
export const wholeHost = (host: TestHost) =>
  host.manifest(
    ['/etc', '/opt', '/var/lib', '/var/spool', '/home', '/root', '/usr/local', '/srv', '/usr/lib/systemd'],
    [
      // Backups that the account tools make, and what systemd and apt keep for themselves.
      /^\/etc\/(passwd|group|shadow|gshadow|subuid|subgid)-$/,
      /^\/etc\/\.pwd\.lock$/,
      /^\/var\/lib\/(systemd|apt|dpkg|logrotate)(\/|$)/,
    ],
  );

/** Watches from inside the host, as fast as it can, how many copies of the app run at once. */
export async function countCopies<T>(
  host: TestHost,
  during: () => Promise<T>,
): Promise<{ most: number; looks: number; value: T }> {
  const stop = `/tmp/stop-${Math.random().toString(36).slice(2)}`;
  const loop = host.out(
    `most=0 looks=0
    while [ ! -e ${stop} ]; do
      n=$(${COPIES} | wc -l)
      [ $n -le $most ] || most=$n
      looks=$((looks + 1))
    done
    echo $most $looks`,
    { timeoutMs: 120_000 },
  );
  let value: T;
  try {
    value = await during();
  } finally {
    await host.out(`touch ${stop}`);
  }
  const [most = 0, looks = 0] = (await loop).split(' ').map(Number);
  return { most, looks, value };
}
