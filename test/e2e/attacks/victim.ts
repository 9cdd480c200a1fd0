import { fleetProject, only, type Project, type Run } from '../fleet.ts';
import type { TestHost } from '../rig/index.ts';
import type { Build } from './attack.ts';

/** An app whose account the attacker has, on a host with things of root that he wants. */
export type Victim = AsyncDisposable & {
  readonly name: string;
  readonly host: TestHost;
  readonly root: string;
  readonly project: Project;
  /** What is root's alone: a folder and, below it, files f0 to f199 and folders p0 to p39. */
  readonly canary: string;
  /** Runs a command as the account. */
  as(command: string): Promise<string>;
  /** One deploy, whatever comes of it. */
  deploy(): Promise<Deployed>;
  /** Writes a playbook with these tasks and other keys. */
  tasks(tasks: readonly object[], changes?: object): void;
  /** Writes the app's unit and the script that it runs; the task that installs it, and its name. */
  service(lines: readonly string[], script: string): { readonly unit: string; readonly task: object };
  /** What of root's things is no longer as it was. */
  harm(): Promise<readonly string[]>;
};

export type Deployed = { readonly outcome: string; readonly words: string; readonly run: Run };

export type VictimParts = {
  readonly root?: string;
  readonly home?: string;
  readonly fields?: Readonly<Record<string, unknown>>;
  /** Made by root before the canary is looked at. */
  readonly before?: string;
};

export async function victim(host: TestHost, build: Build, id: string, parts: VictimParts = {}): Promise<Victim> {
  const name = `${id.toLowerCase()}-${build.tag}`;
  const root = parts.root ?? `/opt/${name}`;
  const canary = `/etc/canary-${name}`;
  await account(host, name, parts.home ?? `/opt/${name}`);
  await host.out(`mkdir -p ${canary} && cd ${canary}
    i=0; while [ $i -lt 200 ]; do echo "root's" >f$i; chmod 640 f$i; i=$((i + 1)); done
    i=0; while [ $i -lt 40 ]; do mkdir -p -m 700 p$i; i=$((i + 1)); done
    mkdir -m 700 precious && echo precious >precious/file; echo >open; chmod 666 open; chmod 755 .
    ${parts.before ?? ''}`);
  const before = await host.manifest([canary]);
  const project = await fleetProject({
    hosts: { it: { host, fields: parts.fields ?? {} } },
    playbook: '',
    files: { 'app/VERSION': 'one\n', 'app/held': 'as it was sent\n' },
    cli: build.cli,
  });
  let version = 0;
  const tasks: Victim['tasks'] = (list, changes = {}) =>
    project.playbook({
      ...{ name, root, user: name, hosts: ['it'], data: ['data'], deploy: { settle: '1s', deadline: '20s' } },
      tasks: [{ sync: { from: 'app' } }, ...list],
      ...changes,
    });
  tasks([]);
  return {
    ...{ name, host, root, project, canary, tasks },
    service: (lines, script) => {
      const unit = `${name}.service`;
      const service = [`User=${name}`, `WorkingDirectory=${root}/current`, 'ExecStart=/bin/sh serve.sh', ...lines];
      project.write(`units/${unit}`, `[Service]\n${service.join('\n')}\n[Install]\nWantedBy=multi-user.target\n`);
      project.write('app/serve.sh', script);
      return { unit, task: { units: { from: 'units', enable: [unit] } } };
    },
    as: (command) => host.out(command, { user: name }),
    deploy: async () => {
      version += 1;
      project.write('app/VERSION', `${version}\n`);
      const run = await project.fleet('deploy', '--all');
      return { outcome: only(run).outcome, words: only(run).failure?.message ?? '', run };
    },
    harm: async () => {
      const now = await host.manifest([canary]);
      return [
        ...now.filter((line) => !before.includes(line)).map((line) => `now ${line}`),
        ...before.filter((line) => !now.includes(line)).map((line) => `was ${line}`),
      ];
    },
    [Symbol.asyncDispose]: () => project[Symbol.asyncDispose](),
  };
}

let uids = 3000;

/** A system account, on a busybox host too. */
export async function account(host: TestHost, name: string, home: string): Promise<void> {
  uids += 1;
  await host.out(`echo '${name}:x:${uids}:${uids}::${home}:/bin/sh' >>/etc/passwd
    echo '${name}:x:${uids}:' >>/etc/group
    echo '${name}:!:19000:0:99999:7:::' >>/etc/shadow`);
}
