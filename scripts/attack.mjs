// The attacks of test/e2e/attacks, with 200 rounds of the one at random instead of the few that `npm test` takes.
// Usage: node scripts/attack.mjs [ROUNDS] [vitest options]; FLEET_SEED says which rounds.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const [first = '', ...rest] = process.argv.slice(2);
const counted = /^\d+$/.test(first);
const rounds = counted ? first : '200';
const options = counted || first === '' ? rest : [first, ...rest];

const steps = [
  ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'],
  ['scripts/bundle.mjs'],
  ['scripts/engine.mjs'],
  ['node_modules/vitest/vitest.mjs', 'run', '--project=hosts', 'test/e2e/attacks', ...options],
];
for (const step of steps) {
  const env = { ...process.env, FLEET_ATTACK: rounds, FLEET_TEST_MINUTES: 'Infinity' };
  const { status } = spawnSync(process.execPath, step, { cwd: root, env, stdio: ['ignore', 'inherit', 'inherit'] });
  if (status !== 0) process.exit(status ?? 1);
}
