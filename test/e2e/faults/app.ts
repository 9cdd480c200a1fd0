import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { fleetProject, type Project } from '../fleet.ts';
import type { TestHost } from '../rig/index.ts';

export const APP = 'faulty';
export const ROOT = `/opt/${APP}`;
export const STATE = `/var/lib/fleet/${APP}`;
export const UNIT = `${APP}.service`;
/** A service that only version two has. */
export const SIDE = `${APP}-side.service`;

/** `broken` exits with 3 as soon as it is started. */
export type Version = 'one' | 'two' | 'broken';

const SERVE = `v=$(cat VERSION)
[ "$v" != broken ] || exit 3
while :; do sleep 1; done
`;

const service = (script: string, env: string) => `[Service]
User=${APP}
WorkingDirectory=${ROOT}/current
EnvironmentFile=${ROOT}/.env
Environment=UNIT_OF=${env}
ExecStart=/bin/sh ${script}
Restart=on-failure
RestartSec=1
TimeoutStopSec=5
[Install]
WantedBy=multi-user.target
`;

/** Everything that can differ between two generations does: code, units, a drop-in, settings, files, what is enabled. */
export function become(project: Project, version: Version): void {
  const two = version !== 'one';
  project.write('app/VERSION', `${version}\n`);
  project.write(`units/${UNIT}`, service('serve.sh', version));
  project.write(`units/${UNIT}.d/nice.conf`, `[Service]\nNice=${two ? 2 : 1}\n`);
  if (two) project.write(`units/${SIDE}`, service('side.sh', version));
  else rmSync(join(project.folder, 'units', SIDE), { force: true });
  project.write('rotate', `${ROOT}/data/log {\n  rotate ${two ? 2 : 1}\n  missingok\n}\n`);
  project.env({ MARK: `mark-${version}` });
  project.playbook({
    ...{ name: APP, root: ROOT, hosts: ['it'], user: APP, data: ['data'], keep: 5 },
    deploy: { settle: '1s', deadline: '12s' },
    tasks: [
      { user: { name: APP } },
      { sync: { from: 'app' } },
      { env: { from: 'secrets/app.env', required: ['MARK'] } },
      {
        files: [
          { content: `${version}\n`, to: 'config.toml' },
          ...(two ? [{ content: 'two\n', to: `/etc/${APP}.conf` }] : []),
        ],
      },
      { run: { command: ['sh', '-c', 'cp VERSION built'] } },
      { units: { from: 'units', enable: two ? [UNIT, SIDE] : [UNIT] } },
      { logrotate: 'rotate' },
    ],
    health: [{ unit: UNIT }],
  });
}

/** The project of this app for one host, at version one. */
export async function faultyProject(host: TestHost): Promise<Project> {
  const files = { 'app/serve.sh': SERVE, 'app/side.sh': SERVE, 'app/VERSION': 'one\n' };
  const project = await fleetProject({ hosts: { it: host }, playbook: {}, files });
  become(project, 'one');
  return project;
}

/** Makes a folder and an account for a deploy that is about to be switched to, as its steps do; repeating it is harmless. */
export const madeFor = `set -- ${ROOT} ${APP} lib; . ${STATE}/host.sh; set +u; umask 022
note_undo t.0 folder /etc/systemd/system/made.d 'create it' 'folders_gone /etc/systemd/system/made.d'
mkdir -p /etc/systemd/system/made.d
note_undo t.1 account made 'create the account made' '! id made >/dev/null 2>&1 || userdel made'
id made >/dev/null 2>&1 || useradd --system made`;

/** Sets up by hand what the first deploy is going to replace; on a host without systemd, a process of the account with a pid file. */
export const byHand = (kind: 'systemd' | 'plain'): string => `
cd ${ROOT}
printf 'MARK=mark-hand\\nUNIT_OF=hand\\n' >.env; chmod 640 .env
echo '# by hand' >/etc/logrotate.d/${APP}
printf 'while :; do sleep 1; done\\n' >hand.sh
${
  kind === 'systemd'
    ? `printf '[Service]\\nWorkingDirectory=${ROOT}\\nEnvironmentFile=${ROOT}/.env\\nExecStart=/bin/sh hand.sh\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/${UNIT}
systemctl daemon-reload; systemctl enable -q --now ${UNIT}`
    : `chgrp ${APP} .env
MARK=mark-hand UNIT_OF=hand setpriv --reuid=${APP} --regid=${APP} --init-groups setsid sh -c "exec /bin/sh hand.sh" >/dev/null 2>&1 </dev/null & echo $! >app.pid; sleep 0.3`
}`;
