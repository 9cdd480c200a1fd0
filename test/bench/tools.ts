import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cli } from '../e2e/fleet.ts';
import type { TestHost } from '../e2e/rig/index.ts';
import type { Job } from './job.ts';

/** A host as the tools see it: through its door. */
export type Reached = { readonly host: TestHost; readonly address: string; readonly port: number };

export type Command = { readonly words: readonly string[]; readonly env: NodeJS.ProcessEnv };

export type Tool = {
  readonly name: string;
  /** Whether it is installed. */
  here(): boolean;
  /** Run in the folder of the job. */
  command(job: Job, hosts: readonly Reached[]): Command;
};

/** Hosts; the script and the other tools say the same in words of their own. */
const AT_ONCE = 50;

const atOnce = (hosts: readonly Reached[]) => String(Math.min(hosts.length, AT_ONCE));

const peer = (file: string) => fileURLToPath(new URL(`peers/${file}`, import.meta.url));

const answers = (...[program, ...words]: readonly [string, ...string[]]) =>
  spawnSync(program, words, { stdio: 'ignore' }).status === 0;

const names = (hosts: readonly Reached[]) => hosts.map(({ host }) => host.name);

/** Nothing of the operator's own account takes part. */
const environment = ({ folder }: Job): NodeJS.ProcessEnv => ({
  ...{ PATH: process.env.PATH, HOME: join(folder, 'home'), LANG: 'C.UTF-8', NO_COLOR: '1' },
  FLEET_SSH_CONFIG: join(folder, 'home/ssh_config'),
});

const ansible = (job: Job, hosts: readonly Reached[], tuned: boolean): Command => ({
  words: ['ansible-playbook', '--inventory', 'hosts.ini', '--forks', atOnce(hosts), peer('ansible.yml')],
  env: {
    ...environment(job),
    ANSIBLE_LOCALHOST_WARNING: '0',
    ANSIBLE_SSH_ARGS: `-F ${join(job.folder, 'ssh_config')} -o ControlMaster=auto -o ControlPersist=60s`,
    ANSIBLE_SSH_CONTROL_PATH_DIR: join(job.folder, 'home'),
    ...(tuned && {
      ANSIBLE_PIPELINING: '1',
      ANSIBLE_GATHERING: 'explicit',
      ANSIBLE_PYTHON_INTERPRETER: '/usr/bin/python3',
    }),
  },
});

export const TOOLS: readonly Tool[] = [
  {
    name: 'raw',
    here: () => true,
    command: (job, hosts) => ({ words: ['bash', peer('raw.sh'), ...names(hosts)], env: environment(job) }),
  },
  {
    name: 'fleet',
    here: () => true,
    command: (job, hosts) => ({
      words: [process.execPath, cli, 'deploy', '--all', '--yes', '--parallel', atOnce(hosts)],
      env: environment(job),
    }),
  },
  {
    name: 'Fabric',
    here: () => answers('fab', '--version'),
    command: (job, hosts) => ({
      words: ['fab', '--search-root', peer(''), 'job', '--names', names(hosts).join(',')],
      env: environment(job),
    }),
  },
  {
    name: 'Capistrano',
    here: () => answers('cap', '--version'),
    command: (job, hosts) => ({
      words: ['cap', '--rakefile', peer('Capfile'), 'bench', 'job'],
      env: { ...environment(job), JOB_HOSTS: names(hosts).join(' ') },
    }),
  },
  {
    name: 'Ansible tuned',
    here: () => answers('ansible-playbook', '--version'),
    command: (job, hosts) => ansible(job, hosts, true),
  },
  {
    name: 'Ansible',
    here: () => answers('ansible-playbook', '--version'),
    command: (job, hosts) => ansible(job, hosts, false),
  },
];

/** Programs that are only started; and the least that a connection costs. */
export const STARTS: readonly Tool[] = [
  ['node -e 0', '-e', '0'] as const,
  ['fleet --version', cli, '--version'] as const,
  ['fleet --help', cli, '--help'] as const,
].map(
  ([name, ...words]): Tool => ({
    ...{ name, here: () => true },
    command: (job) => ({ words: [process.execPath, ...words], env: environment(job) }),
  }),
);

export const CONNECTIONS: readonly Tool[] = [
  {
    ...{ name: 'ssh true', here: () => true },
    command: (job, hosts) => ({
      words: ['ssh', '-F', 'ssh_config', ...names(hosts).slice(0, 1), 'true'],
      env: environment(job),
    }),
  },
  {
    ...{ name: 'node ssh2 true', here: () => true },
    command(job, [first]) {
      if (first === undefined) throw new Error('a connection to no host');
      const { host, address, port } = first;
      const key = host.hostKeys.find((one) => one.startsWith('ssh-ed25519')) ?? '';
      return {
        words: [process.execPath, peer('bare.cjs'), address, String(port), host.identityFile, key],
        env: environment(job),
      };
    },
  },
];

const PLAYBOOK = {
  ...{ name: 'job', root: '/opt/job', user: 'job', data: ['data'] },
  // The hand-written script waits for no window either.
  deploy: { settle: '1ms', batch: AT_ONCE },
  tasks: [
    { user: { name: 'job', home: '/opt/job', system: true } },
    { sync: { from: 'app' } },
    { env: { from: 'secrets/job.env' } },
    { units: { from: 'units', enable: ['job.service'] } },
    { logrotate: 'job.logrotate' },
  ],
  health: [{ unit: 'job.service' }, { http: { url: 'http://127.0.0.1:8000/health', status: 200, retryFor: '5s' } }],
};

/** Writes down where the hosts are, for each of the tools. */
export function introduce(job: Job, hosts: readonly Reached[]): void {
  const [first] = hosts;
  if (first === undefined) throw new Error('a job without a host');
  const knownHosts = join(job.folder, 'known_hosts');
  const common = `Host *\n  User root\n  IdentityFile ${first.host.identityFile}\n  IdentitiesOnly yes\n  IdentityAgent none\n`;
  const strict = `  UserKnownHostsFile ${knownHosts}\n  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n  BatchMode yes\n`;
  const each = hosts.map(({ host, address, port }) => `Host ${host.name}\n  HostName ${address}\n  Port ${port}\n`);
  job.write('ssh_config', [...each, common, strict].join(''));
  const keys = hosts.flatMap(({ host, address, port }) => host.hostKeys.map((key) => `[${address}]:${port} ${key}\n`));
  job.write('known_hosts', keys.join(''));
  job.write('home/ssh_config', `UserKnownHostsFile ${knownHosts}\n`);
  // A stage, without which Capistrano begins nothing.
  for (const file of ['deploy.rb', 'deploy/bench.rb']) job.write(`config/${file}`, '');
  job.write('hosts.ini', `[job]\n${names(hosts).join('\n')}\n`);
  job.write('playbooks/job.yaml', JSON.stringify({ ...PLAYBOOK, hosts: names(hosts) }, null, 2));
  const inventory = hosts.map(({ host, address, port }) => {
    const { identityFile, hostKeys } = host;
    return [host.name, { address, port, user: 'root', identityFile, hostKey: hostKeys }];
  });
  job.write('inventory/hosts.yaml', JSON.stringify({ hosts: Object.fromEntries(inventory) }, null, 2));
}
