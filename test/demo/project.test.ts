import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadProject } from '../../src/config/project.ts';
import { resolveTargets } from '../../src/config/resolve.ts';
import { EVERYTHING } from '../../src/config/select.ts';
import { freePort } from '../../src/demo/port.ts';
import { type DemoProject, writeDemoProject } from '../../src/demo/project.ts';
import { type DemoHost, startDemoHost } from '../../src/demo/server.ts';

let host: DemoHost;
let project: DemoProject;
beforeAll(async () => {
  host = await startDemoHost();
  project = await writeDemoProject(host, await freePort(), process.execPath);
});
afterAll(async () => {
  await host[Symbol.asyncDispose]();
});

/** Runs the app as it stands in the project, asks it, and ends it. */
async function ask(path: string) {
  const port = new URL(project.url).port;
  const env = { PORT: port, GREETING: 'good day' };
  const app = spawn(process.execPath, [join(project.folder, 'app', 'server.mjs')], { cwd: host.root, env });
  const [line] = await once(app.stdout, 'data');
  const response = await fetch(`${project.url}${path}`, { headers: { connection: 'close' } });
  const body = await response.json();
  const ended = once(app, 'exit');
  app.kill('SIGTERM');
  await ended;
  return { said: String(line), status: response.status, body };
}

test('the project is one that fleet reads without a complaint, with the demo host as its only target', async () => {
  const invoker = { env: process.env, cwd: project.folder, home: join(host.root, 'home'), user: host.user };
  const loaded = await loadProject(project.folder, { invoker, sshConfigFile: 'none' });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.failure, null, 2));
  const targets = await resolveTargets(loaded.value, EVERYTHING);
  if (!targets.ok) throw new Error(JSON.stringify(targets.failure, null, 2));
  expect(targets.value.warnings).toEqual([]);
  expect(targets.value.targets).toMatchObject([
    {
      host: 'demo',
      app: 'demo',
      runtime: 'nohup',
      connection: { address: '127.0.0.1', port: host.port, become: 'none', hostKeys: [host.hostKey] },
      layout: { root: project.appRoot, user: null, data: ['data'] },
    },
  ]);
  expect(targets.value.targets[0]?.tasks.map(({ name }) => name)).toEqual([
    'tasks.0.sync',
    'tasks.1.env',
    'tasks.2.units',
  ]);
});

test('everything of the demo lies in its temporary folder', async () => {
  for (const path of [project.folder, project.appRoot, host.identityFile])
    expect(path.startsWith(`${host.root}/`)).toBe(true);
  const unit = await readFile(join(project.folder, 'units', 'demo', 'demo.service'), 'utf8');
  expect(unit).toContain(`ExecStart=${process.execPath} server.mjs\n`);
  expect(unit).toContain(`EnvironmentFile=${project.appRoot}/.env\n`);
});

test('the first version is healthy, the broken one is not, and the second one is', async () => {
  expect(await ask('/health')).toMatchObject({ status: 200, body: { ok: true, version: '1' } });
  await project.brokenVersion();
  expect(await ask('/health')).toMatchObject({ status: 500, body: { ok: false, version: '2' } });
  await project.secondVersion();
  expect(await ask('/health')).toMatchObject({ status: 200, body: { ok: true, version: '2' } });
  await project.firstVersion();
  expect(await ask('/health')).toMatchObject({ status: 200, body: { ok: true, version: '1' } });
});

test('the app greets as its environment says and counts its visits in the data folder', async () => {
  expect(await ask('/')).toMatchObject({ status: 200, body: { greeting: 'good day', visits: 1 } });
  expect(await ask('/')).toMatchObject({ status: 200, body: { visits: 2 } });
  expect(await readFile(join(host.root, 'data', 'visits'), 'utf8')).toBe('2');
});
