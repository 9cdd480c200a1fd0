// Every fault of test/e2e/faults at every step, instead of the sample that `npm test` takes: hours of real hosts.
// Usage: node scripts/sweep.mjs [1/N] [vitest options]; 1/N tries every Nth fault, FLEET_SEED says which ones.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const [first = '', ...rest] = process.argv.slice(2);
const share = /^1\/\d+$/.test(first) ? first : 'full';
const options = share === 'full' && first !== '' ? [first, ...rest] : rest;

const steps = [
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
  ['scripts/bundle.mjs'],
  ['scripts/engine.mjs'],
  ['node_modules/vitest/vitest.mjs', 'run', '--project=hosts', 'test/e2e/faults', ...options],
];
for (const step of steps) {
  const env = { ...process.env, FLEET_SWEEP: share };
  const { status } = spawnSync(process.execPath, step, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
}
