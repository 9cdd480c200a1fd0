import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { HostSummary, Project, Run } from '../fleet.ts';
import { only } from '../fleet.ts';
import type { TestHost } from '../rig/index.ts';
import { shippedProject } from './project.ts';

export const HOST = 'xswarm-1';
export const ROOT = '/opt/xswarm';
export const VOICE = 'xswarm-voice.service';
export const DASHBOARD = 'xswarm-dashboard.service';
const TOKEN = 'canary-xswarm_api_token';
export const PROGRAMS = ['voice', 'dashboard'].map((name) => `${ROOT}/current/target/release/xswarm-${name}`);

/** xSwarm as it is shipped, on a test host; only the waits are shorter. */
export const xswarmOn = (host: TestHost) =>
  shippedProject({
    app: 'xswarm',
    hosts: { [HOST]: { host, fields: { hostKey: host.hostKeys.filter((key) => key.startsWith('ssh-ed25519')) } } },
    changes: {
      'playbooks/xswarm.yaml': (text) => text.replace('settle: 10s', 'settle: 1s').replace('150s', '45s'),
    },
  });

/** Sets vars of the host, or with `group` makes it a member of that group only. */
export function setHost(project: Project, change: { readonly vars?: object; readonly groups?: readonly string[] }) {
  const inventory = JSON.parse(readFileSync(join(project.folder, 'inventory/hosts.yaml'), 'utf8'));
  const shipped = inventory.hosts[HOST];
  inventory.hosts[HOST] = { ...shipped, ...change, vars: change.vars ?? {} };
  project.write('inventory/hosts.yaml', JSON.stringify(inventory));
}

export type Ended = HostSummary & { readonly code: number; readonly run: Run };

export async function ended(run: Promise<Run>): Promise<Ended> {
  const done = await run;
  return { ...only(done), code: done.code, run: done };
}

/** What a page on the host's loopback answers: its status, and its body when that is JSON. */
export async function ask(host: TestHost, port: number): Promise<{ status: number } & Record<string, unknown>> {
  const script = `import json, urllib.request as r, urllib.error as e
try: a = r.urlopen("http://127.0.0.1:${port}/health", timeout=3)
except e.HTTPError as error: a = error
print(json.dumps({"status": a.status if hasattr(a, "status") else a.code, **json.loads(a.read())}))`;
  return JSON.parse(await host.out(`python3 -c '${script}'`));
}

type Calls = { readonly calls: readonly object[]; readonly meanwhile: string };

/** Makes real calls from the host itself; `meanwhile` is run there while they are going on. */
export async function call(
  host: TestHost,
  options: { port?: number; calls?: number; token?: string; meanwhile?: string },
) {
  const { port = 9998, calls = 1, token = TOKEN, meanwhile = 'true' } = options;
  const words = `--port ${port} --calls ${calls} --token ${token} --meanwhile '${meanwhile}'`;
  return JSON.parse(await host.out(`python3 ${ROOT}/current/call.py ${words}`)) as Calls;
}

/** Properties of a unit as its systemd says them. */
export async function show(host: TestHost, unit: string, names: readonly string[]): Promise<Record<string, string>> {
  const lines = await host.out(`systemctl show -p ${names.join(',')} ${unit}`);
  return Object.fromEntries(lines.split('\n').map((line) => line.split(/=(.*)/s).slice(0, 2)));
}
