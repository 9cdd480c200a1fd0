import { spawn } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../../src/demo/port.ts';
import { type DemoProject, writeDemoProject } from '../../src/demo/project.ts';
import { type DemoHost, startDemoHost } from '../../src/demo/server.ts';
import { jsonLines } from '../json-lines.ts';
import { cli, environment } from './fleet.ts';

let host: DemoHost;
let project: DemoProject;
beforeAll(async () => {
  host = await startDemoHost();
  project = await writeDemoProject(host, await freePort(), process.execPath);
});
afterAll(() => host?.[Symbol.asyncDispose]());

/** The exit code of a run, and the last object that it printed for scripts. */
async function fleet(...args: readonly string[]) {
  const env = { ...environment(join(host.root, 'home')), FLEET_SSH_CONFIG: 'none', NO_COLOR: '1' };
  const child = spawn(process.execPath, [cli, ...args, '--json'], {
    cwd: project.folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const closed = new Promise<number>((resolve) => child.on('close', (code) => resolve(code ?? -1)));
  const [code, stdout, stderr] = await Promise.all([closed, text(child.stdout), text(child.stderr)]);
  return { code, stderr, summary: jsonLines(stdout).at(-1) };
}

it('of a plan says the exit code that the process has, with --exit-code and without', async () => {
  expect(await fleet('plan', '--all', '--exit-code')).toMatchObject({
    code: 5,
    summary: { type: 'summary', command: 'plan', exitCode: 5, hosts: [{ outcome: 'planned', pending: true }] },
  });
  expect(await fleet('plan', '--all')).toMatchObject({ code: 0, summary: { exitCode: 0, hosts: [{ pending: true }] } });
});

it('is printed where nothing was contacted too, with every error and its place', async () => {
  writeFileSync(join(project.folder, 'units/demo/bad.service'), '[Service]\nExecStart=bin/demo\n');
  const found = await fleet('check');
  expect(found).toMatchObject({
    code: 2,
    summary: { v: 1, type: 'summary', command: 'check', exitCode: 2, hosts: [] },
  });
  expect(found.summary.errors).toContainEqual(
    expect.objectContaining({ file: 'units/demo/bad.service', line: 2, message: expect.stringContaining('bin/demo') }),
  );
  expect(found.stderr).toContain('units/demo/bad.service:2');
  rmSync(join(project.folder, 'units/demo/bad.service'));
  expect(await fleet('check')).toMatchObject({ code: 0, summary: { exitCode: 0 } });
});

it.each([
  ['an unknown host', ['plan', '--host', 'nobody'], 'plan'],
  ['an unknown flag', ['deploy', '--nonsense'], 'deploy'],
  ['no project', ['check', '-C', '/'], 'check'],
])('is printed for %s too', async (_, args, command) => {
  const { code, summary } = await fleet(...args);
  expect({ code, ...summary }).toMatchObject({
    code: 2,
    command,
    exitCode: 2,
    errors: [{ message: expect.any(String) }],
  });
});
