// `node scripts/bench-start.mjs`: what a start costs, against node alone: --version, --help, and completion at a TAB with
// its names kept. Runs on dist/. Not a test, since a busy machine takes many times as long.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const cli = join(fileURLToPath(new URL('../', import.meta.url)), 'dist/bin/fleet.js');
const home = mkdtempSync(join(tmpdir(), 'fleet-start-'));
const project = join(home, 'project');
for (const folder of ['inventory', 'playbooks']) mkdirSync(join(project, folder), { recursive: true });
const hosts = Array.from({ length: 200 }, (_, i) => `  host-${i}: {}\n`).join('');
writeFileSync(join(project, 'inventory/hosts.yaml'), `hosts:\n${hosts}`);
writeFileSync(join(project, 'playbooks/app.yaml'), 'name: app\n');

const ROUNDS = 21;
const starts = {
  node: ['-e', '0'],
  '--version': [cli, '--version'],
  '--help': [cli, '--help'],
  'deploy --host TAB': [cli, '__complete', 'zsh', 'deploy', '--host', ''],
};
const taken = Object.fromEntries(Object.keys(starts).map((name) => [name, []]));
// In turns, so that what else the machine does meets all of them alike; the first round fills the caches.
for (let round = 0; round <= ROUNDS; round += 1) {
  for (const [name, words] of Object.entries(starts)) {
    const begun = process.hrtime.bigint();
    const { status } = spawnSync(process.execPath, words, {
      cwd: project,
      env: { HOME: home, PATH: process.env.PATH },
    });
    if (status !== 0) throw new Error(`${name} ended with ${status}`);
    if (round > 0) taken[name].push(Number(process.hrtime.bigint() - begun) / 1e6);
  }
}
rmSync(home, { recursive: true });
const at = (all, share) => all.toSorted((a, b) => a - b)[Math.floor(all.length * share)].toFixed(0);
for (const [name, all] of Object.entries(taken))
  process.stdout.write(`${name.padEnd(18)} median ${at(all, 0.5)} ms, fastest ${at(all, 0)} ms\n`);
