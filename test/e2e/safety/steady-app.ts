import type { ProjectParts } from '../fleet.ts';
import { docker } from '../rig/docker.ts';
import type { TestHost } from '../rig/index.ts';

/** An app that says its version in its own command line, so that it needs no disk to be asked. */
export type SteadyApp = {
  readonly name: string;
  readonly root: string;
  readonly unit: string;
  readonly state: string;
  readonly parts: Omit<ProjectParts, 'hosts'>;
  /** `changes` replace whole keys of the playbook. */
  playbook(changes?: object): object;
};

const TASKS = [
  { sync: { from: 'app' } },
  { env: { from: 'secrets/app.env' } },
  { units: { from: 'units', enable: true } },
] as const;

/** For one host, which is called `it` in the inventory. */
export function steadyApp(name: string, changes: object = {}, serve = ''): SteadyApp {
  const root = `/opt/${name}`;
  const unit = `${name}.service`;
  const tasks = [TASKS[0], TASKS[1], { units: { from: 'units', enable: [unit] } }];
  const playbook = (replaced: object = {}) => ({
    ...{ name, root, hosts: ['it'], deploy: { settle: '1s', deadline: '20s' }, tasks, health: [{ unit }] },
    ...changes,
    ...replaced,
  });
  return {
    ...{ name, root, unit, playbook, state: `/var/lib/fleet/${name}` },
    parts: {
      playbook: playbook(),
      units: {
        [unit]: `[Service]\nWorkingDirectory=${root}/current\nEnvironmentFile=${root}/.env\nExecStart=/bin/sh serve.sh\nRestart=on-failure\nRestartSec=1\n[Install]\nWantedBy=multi-user.target\n`,
      },
      env: { MARKER: 'one' },
      files: {
        'app/VERSION': 'one\n',
        'app/serve.sh': `v=$(cat VERSION)\n[ "$v" != broken ] || exit 1\n${serve}\nexec sh -c 'while :; do sleep 1; done' serving-${name}-$v\n`,
      },
    },
  };
}

/** What runs, as `pid version`, one line each. */
export const running = (host: TestHost, { name }: SteadyApp) =>
  host.out(
    `for p in /proc/[0-9]*; do tr '\\0' ' ' <$p/cmdline 2>/dev/null | sed -n "s|^sh -c while .* serving-${name}-\\(.*\\) $|\${p#/proc/} \\1|p"; done`,
  );

/** All of the app that is live: what runs, what it was made of, and what starts it; and no work of ours left over. */
export async function live(host: TestHost, app: SteadyApp): Promise<readonly string[]> {
  const places = [
    `${app.root}/current`,
    `${app.root}/.env`,
    `${app.root}/releases/1`,
    '/etc/systemd',
    '/var/spool/cron',
  ];
  const phase = await host.out(`sed -n 's/^phase //p' ${app.state}/state`);
  const left = await host.out(
    `find / -xdev -name '.fleet.*' 2>/dev/null; find ${app.root} ${app.state} -name '.fleet.*' -o -name '.staging-*' -o -name ballast -o -name .before`,
  );
  return [await running(host, app), phase, left, ...(await host.manifest(places, [/\/\.\.fill$/]))];
}

/** Mounts need more privilege than a command in a container has: a helper beside the host enters its view of the disks. */
export async function asHost(host: TestHost, command: string): Promise<string> {
  const image = await docker(['inspect', '--format', '{{.Image}}', host.id]);
  const caps = ['SYS_ADMIN', 'SYS_PTRACE', 'SYS_CHROOT'].flatMap((name) => ['--cap-add', name]);
  const enter = ['nsenter', '--target', '1', '--mount', 'sh', '-ec', command];
  return docker(['run', '--rm', '--network', 'none', `--pid=container:${host.id}`, ...caps, image, ...enter]);
}
