import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { fleetProject, type Project } from './fleet.ts';
import { little } from './little.ts';
import { startHost, type TestHost } from './rig/index.ts';

// What `fleet health` writes for Prometheus, read by Prometheus's own tool, which one of the hosts has.

const app = little('measured', ['it', 'away']);
const golden = fileURLToPath(new URL('../output/golden/health.prom.txt', import.meta.url));
let host: TestHost;
let project: Project;

beforeAll(async () => {
  host = await startHost('it', 'plain');
  const away = { host, fields: { port: 1 } };
  const health = [
    { unit: app.unit },
    { command: ['sh', '-c', 'echo \'it is "well" \\ é 🚀\''] },
    { disk: { path: '/', warn: 99, critical: 100 } },
  ];
  project = await fleetProject({
    ...app.parts,
    hosts: { it: host, away },
    playbook: app.playbook(['it', 'away'], { health }),
  });
  expect((await project.fleet('deploy', '--host', 'it')).code).toBe(0);
});
afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
  await host?.[Symbol.asyncDispose]();
});

/** Nothing, where it finds nothing wrong. */
async function promtool(metrics: string): Promise<{ readonly code: number; readonly says: string }> {
  await host.writeFile('/tmp/metrics', metrics);
  const { code, stdout, stderr } = await host.sh('promtool check metrics </tmp/metrics');
  return { code, says: stdout + stderr };
}
const NOTHING_WRONG = { code: 0, says: '' };

it('refuses what is no metric, and finds fault with one that says nothing of itself', async () => {
  const text = readFileSync(golden, 'utf8');
  const twice = await promtool(`${text.replace('# EOF\n', '')}${text}`);
  expect(twice).toMatchObject({ code: 1, says: expect.stringContaining('second HELP line') });
  const open = await promtool(text.replace('"} 1', '} 1'));
  expect(open).toMatchObject({ code: 1, says: expect.stringContaining('text format parsing error') });
  const bare = await promtool(text.replaceAll(/^# HELP .*\n/gm, ''));
  expect(bare).toMatchObject({ code: 3, says: expect.stringContaining('no help text') });
});

it('finds nothing wrong with what the golden file has', async () => {
  expect(await promtool(readFileSync(golden, 'utf8'))).toEqual(NOTHING_WRONG);
});

it('finds nothing wrong with what is written of hosts, one of which does not answer', async () => {
  const run = await project.human('health', '--all', '--format', 'prometheus', '--output', 'fleet.prom');
  expect(run).toMatchObject({ code: 3, stdout: '' });
  const text = readFileSync(join(project.folder, 'fleet.prom'), 'utf8');
  for (const words of [
    'fleet_host_checked{host="away",app="measured"} 0',
    'it is \\"well\\" \\\\',
    'fleet_reading_ratio',
  ])
    expect(text).toContain(words);
  expect(await promtool(text)).toEqual(NOTHING_WRONG);
});
