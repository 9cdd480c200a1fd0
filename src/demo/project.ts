import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { DemoHost } from './server.ts';

export type DemoProject = {
  /** The project folder, as `fleet -C` takes it. */
  readonly folder: string;
  /** The app's root on the demo host. */
  readonly appRoot: string;
  /** Where the app answers on this machine. */
  readonly url: string;
  /** Rewrite the app's source, so that the next deploy brings that version. */
  firstVersion(): Promise<void>;
  /** Version 2 with a bug: /health answers 500. */
  brokenVersion(): Promise<void>;
  secondVersion(): Promise<void>;
};

/** The same relative path from `src/demo` and `dist/bin`. */
const APP_SOURCE = new URL('./app/server.mjs', import.meta.url);

/**
 * Writes a small fleet project for a demo host into its folder: inventory, playbook, unit, env and the app.
 * @param appPort free port of 127.0.0.1 that the app is to listen on
 * @param node absolute path of the node that is to run the app
 */
export async function writeDemoProject(host: DemoHost, appPort: number, node: string): Promise<DemoProject> {
  const folder = join(host.root, 'project');
  const appRoot = join(host.root, 'host', 'app');
  const source = await readFile(APP_SOURCE, 'utf8');
  const write = async (path: string, text: string) => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text, { mode: 0o600 });
  };
  const version = (name: string, healthy: boolean) => {
    const versioned = source.replace("VERSION = '1'", `VERSION = '${name}'`);
    return write('app/server.mjs', versioned.replace('HEALTHY = true', `HEALTHY = ${healthy}`));
  };

  await mkdir(dirname(appRoot), { recursive: true });
  await write('inventory/hosts.yaml', inventory(host));
  await write('playbooks/demo.yaml', playbook(appRoot, appPort));
  await write('units/demo/demo.service', unit(appRoot, node));
  await write('secrets/demo.env', `PORT=${appPort}\nGREETING='hello from a demo host'\n`);
  await version('1', true);
  return {
    folder,
    appRoot,
    url: `http://127.0.0.1:${appPort}`,
    firstVersion: () => version('1', true),
    brokenVersion: () => version('2', false),
    secondVersion: () => version('2', true),
  };
}

/** JSON is YAML too, so a string written this way means itself whatever it holds. */
const text = (value: string) => JSON.stringify(value);

const inventory = (host: DemoHost) => `# The embedded demo host: everything on it lives in ${host.root}
hosts:
  demo:
    address: ${host.address}
    port: ${host.port}
    user: ${text(host.user)}
    identityFile: ${text(host.identityFile)}
    hostKey: ${text(host.hostKey)}
    become: none
    runtime: nohup
`;

const playbook = (appRoot: string, appPort: number) => `name: demo
hosts: [demo]
root: ${text(appRoot)}
data: [data]
keep: 3
deploy: { settle: 1s, deadline: 30s }
tasks:
  - sync: { from: app }
  - env: { from: secrets/demo.env, required: [PORT, GREETING] }
  - units: { from: units/demo, enable: [demo.service] }
health:
  - unit: demo.service
  - http: { url: "http://127.0.0.1:${appPort}/health", status: 200, retryFor: 3s }
`;

/** In a unit file `%` starts a specifier, and a space ends a word of ExecStart. */
const percent = (path: string) => path.replaceAll('%', '%%');
const word = (path: string) => (/\s/.test(path) ? `"${percent(path)}"` : percent(path));

const unit = (appRoot: string, node: string) => `[Unit]
Description=Demo web app

[Service]
ExecStart=${word(node)} server.mjs
WorkingDirectory=${percent(appRoot)}/current
EnvironmentFile=${percent(appRoot)}/.env
Restart=always
RestartSec=0.5

[Install]
WantedBy=multi-user.target
`;
