import type { TestHost } from '../rig/index.ts';
import { eventually } from '../samples.ts';
import type { Change } from './project.ts';

export const BOTS = ['telegram', 'sentiment', 'twitter', 'buytracker', 'treasury'] as const;
export const bot = (name: string) => `jarvis-${name}.service`;
export const MEMBERS = BOTS.map(bot);

/** The ports of /health: the supervisor's, then one for each bot. */
export const port = (name: (typeof BOTS)[number]) => 8001 + BOTS.indexOf(name);

/** A deploy watches for a second in place of ten. Nothing else of the playbook changes. */
export const SHORT: Readonly<Record<string, Change>> = {
  'playbooks/jarvis.yaml': (text) => text.replace('settle: 10s', 'settle: 1s'),
};

/** Fields of a host of the inventory: in a mode of the shipped groups, with nothing of its own but these vars. */
export const inMode = (mode: string, vars: object = {}) => ({
  groups: ['jarvis', `jarvis-${mode}`],
  vars: { timers: undefined, ...vars },
});

/** Properties of a unit as systemd has them. */
export async function show(host: TestHost, unit: string, ...properties: readonly string[]) {
  const text = await host.out(`systemctl show ${properties.map((name) => `-p ${name}`).join(' ')} -- '${unit}'`);
  return Object.fromEntries(text.split('\n').map((line) => [line.split('=')[0], line.replace(/^[^=]*=/, '')]));
}

/** What `systemd-analyze security` on the host says of the running service; throws when it says nothing. */
export async function exposure(host: TestHost, unit: string): Promise<number> {
  const said = await host.out(`systemd-analyze security --no-pager ${unit}`);
  const level = /exposure level for .*: ([0-9.]+)/.exec(said)?.[1];
  if (level === undefined) throw new Error(`no exposure level of ${unit}:\n${said}`);
  return Number(level);
}

export type Health = { readonly mode: string; readonly polling: boolean; readonly pid: number };

/** What /health on this port of the host says; throws when nobody answers with 200. */
export const health = async (host: TestHost, at: number): Promise<Health> =>
  JSON.parse(
    await host.out(
      `python3 -c 'import urllib.request as r; print(r.urlopen("http://127.0.0.1:${at}/health", timeout=3).read().decode())'`,
    ),
  );

/** All processes of JARVIS that answer, whoever runs them: name by name, in the order of their ports. */
async function answering(host: TestHost): Promise<readonly Health[]> {
  const asked = await Promise.allSettled([8000, 8001, 8002, 8003, 8004, 8005].map((at) => health(host, at)));
  return asked.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
}

/** Waits until exactly these processes answer, and gives their answers. */
export const answers = (host: TestHost, modes: readonly string[]) =>
  eventually(async () => {
    const found = await answering(host);
    const names = found.map(({ mode }) => mode);
    if (names.join() !== modes.join()) throw new Error(`${names.join()} answer, not ${modes.join()}`);
    return found;
  });

/** Command lines of all processes of JARVIS, so that one that nobody expects is seen too. */
export const programs = async (host: TestHost) =>
  (await host.out(`ps -eo args= | sed -n 's#^/usr/bin/python3 bots/\\(.*\\)\\.py$#\\1#p' | sort`)).split('\n');

/** Positions as they are while a bot holds something: nothing may touch them, so inode and times stay. */
const OPEN = '{"positions": ["SOL"]}';
export async function openPositions(host: TestHost, root: string): Promise<string> {
  await host.out(`mkdir -p ${root}/.lifeos/trading && printf '%s' '${OPEN}' >${root}/.lifeos/trading/positions.json
    chown -R jarvis: ${root}/.lifeos`);
  return positions(host, root);
}
export const positions = (host: TestHost, root: string) =>
  host.out(`cd ${root}/.lifeos/trading && ls -A && stat -c '%i %Y %Z %U %a' positions.json && cat positions.json`);

/** Changes a running service's waits on the host, until the next reboot, as `systemctl edit --runtime` does. */
export async function shorten(host: TestHost, unit: string, lines: string): Promise<() => Promise<unknown>> {
  const folder = `/run/systemd/system/${unit}.d`;
  await host.writeFile(`${folder}/short.conf`, `[Service]\n${lines}\n`);
  await host.out('systemctl daemon-reload');
  return () => host.out(`rm -r ${folder} && systemctl daemon-reload`);
}

/** What of a host belongs to the live version, byte for byte: code, units, links, settings, what starts it at boot. */
export const standing = async (host: TestHost, root: string) =>
  host.manifest([
    `${root}/current`,
    await host.out(`readlink -f ${root}/current`),
    ...[`${root}/.env`, '/etc/systemd', '/etc/logrotate.d', '/etc/passwd', '/etc/group', '/var/spool/cron'],
  ]);
