import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { startDemoHost } from '../../src/demo/server.ts';

const UNIT = (program: string) => `[Service]
WorkingDirectory={{ root }}/current
ExecStart=/bin/sh ${program}.sh
Restart=always
RestartSec=1

[Install]
WantedBy=multi-user.target
`;

/** They end by themselves, for a test whose process was killed. */
const PROGRAMS = {
  'app/api.sh': "trap 'echo told to look again' USR1\necho listening\nfor i in $(seq 600); do sleep 1; done\n",
  'app/worker.sh': 'echo waiting for work\nexec sleep 600\n',
};

/** The project that pages tell of: an app with an API and two workers, on the demo's host as shop-1. */
export async function shopProject(folder: string): Promise<AsyncDisposable> {
  const demo = await startDemoHost();
  const { address, port, user, identityFile, hostKey } = demo;
  const root = join(demo.root, 'host/shop');
  mkdirSync(dirname(root), { recursive: true });
  const host = { address, port, user, identityFile, hostKey, become: 'none', runtime: 'nohup', groups: ['vps'] };
  const playbook = {
    ...{ name: 'shop', hosts: ['vps'], root, data: ['data'], deploy: { settle: '1ms', deadline: '5m' } },
    tasks: [
      { sync: { from: 'app' } },
      { units: { from: 'units', enable: ['api.service', 'worker@1.service', 'worker@2.service'], template: true } },
    ],
    health: [{ unit: 'api.service' }],
  };
  const files = {
    ...PROGRAMS,
    'inventory/hosts.yaml': JSON.stringify({ groups: { vps: {} }, hosts: { 'shop-1': host } }),
    'playbooks/shop.yaml': JSON.stringify(playbook),
    'units/api.service': UNIT('api'),
    'units/worker@.service': UNIT('worker'),
  };
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return demo;
}
