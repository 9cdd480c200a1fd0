import type { ProjectParts } from './fleet.ts';
import type { TestHost } from './rig/index.ts';

/** An app that starts at once and needs nothing of the host, for tests that are about something else than the app. */
export type Little = {
  readonly name: string;
  readonly root: string;
  readonly unit: string;
  readonly parts: Omit<ProjectParts, 'hosts'>;
  /** The playbook for these hosts; `changes` replace whole keys. */
  playbook(hosts: readonly string[], changes?: object): { readonly tasks: readonly object[] };
};

export function little(name: string, hosts: readonly string[], changes: object = {}): Little {
  const root = `/opt/${name}`;
  const unit = `${name}.service`;
  const playbook = (on: readonly string[], replaced: object = {}) => ({
    ...{ name, root, hosts: on, deploy: { settle: '1s', deadline: '20s' } },
    tasks: [{ sync: { from: 'app' } }, { units: { from: 'units', enable: [unit] } }],
    health: [{ unit }],
    ...replaced,
  });
  return {
    ...{ name, root, unit, playbook },
    parts: {
      playbook: playbook(hosts, changes),
      units: {
        [unit]: `[Service]\nWorkingDirectory=${root}/current\nExecStart=/bin/sh serve.sh\nRestart=on-failure\nRestartSec=1\n[Install]\nWantedBy=multi-user.target\n`,
      },
      files: { 'app/VERSION': 'one\n', 'app/serve.sh': serve(root) },
    },
  };
}

/** Says its version in a file, and fails at once when its version is "broken". */
const serve = (root: string) =>
  `v=$(cat VERSION)\n[ "$v" != broken ] || exit 1\necho "$v" >${root}/serving\nwhile :; do sleep 1; done # ${root}\n`;

/** What is live there: the generation, the version that the running service read, and what the host is busy with. */
export async function standing(host: TestHost, { name, root }: Little) {
  const text = await host.out(`readlink ${root}/current 2>/dev/null; cat ${root}/serving 2>/dev/null
    sed -n 's/^phase[ =]//p' /var/lib/fleet/${name}/state 2>/dev/null; true`);
  return text.split('\n');
}

/** Everything of the app on a host that a deploy that fails has to leave as it was. */
export const wholeOf = (host: TestHost, { name, root }: Little) =>
  host.manifest(
    [root, `/etc/systemd/system/${name}.service`, `/var/lib/fleet/${name}`],
    [/\/history$/, /\/log$/, /\/serving$/],
  );
