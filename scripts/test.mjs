// `npm test`: set-up, build, type check, lint, what is packed, fast tests, then the tests on real hosts. Stops at the first
// failing section. On hosts it plays a sample, drawn by a seed: a fourth of the files, each story on one of the hosts that
// it is written for; `npm run test:all` leaves nothing out.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { leftOut } from './sample.mjs';

const root = fileURLToPath(new URL('../', import.meta.url));
const summaryFile = `${root}.cache/test-summary`;
const args = process.argv.slice(2);
const KNOWN = ['--no-hosts', '--all'];
const unknown = args.filter((arg) => !KNOWN.includes(arg));
if (unknown.length > 0) {
  process.stderr.write(`unknown: ${unknown.join(' ')} (known: ${KNOWN.join(' ')})\n`);
  process.exit(2);
}

let passed = 0;
let failed = 0;
const started = Date.now();
const say = (text) => process.stdout.write(`${text}\n`);

function finish(code) {
  // A build that fails is a failure too, though no test could say so.
  if (code !== 0) failed = Math.max(failed, 1);
  const summary = `${passed} passed, ${failed} failed`;
  writeFileSync(summaryFile, `${summary}\n`);
  say(`\n== ${code === 0 ? 'all sections passed' : 'failed'} in ${((Date.now() - started) / 1000).toFixed(0)} s`);
  say(summary);
  process.exit(code);
}

function section(name, command, options, env = {}) {
  say(`\n== ${name}`);
  const result = spawnSync(command, options, {
    ...{ cwd: root, stdio: ['ignore', 'inherit', 'inherit'] },
    env: { ...process.env, ...env },
  });
  if (result.error) process.stderr.write(`${result.error.message}\n`);
  return result.status === 0;
}

function node(name, script, ...options) {
  if (!section(name, process.execPath, [script, ...options])) finish(1);
}

function count(file) {
  try {
    const report = JSON.parse(readFileSync(file, 'utf8'));
    passed += report.numPassedTests;
    // A file that cannot even be loaded fails without a failed test of its own.
    const broken = report.testResults.filter(
      ({ status, assertionResults }) =>
        status === 'failed' && !assertionResults.some((test) => test.status === 'failed'),
    );
    failed += report.numFailedTests + broken.length;
    return report.numPassedTests + report.numFailedTests;
  } catch {
    return 0;
  }
}

function vitest(name, project, { options = [], env = {} } = {}) {
  const file = `${root}.cache/test-${project}.json`;
  rmSync(file, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const words = ['node_modules/vitest/vitest.mjs', 'run', `--project=${project}`, ...reporters, ...options];
  const ok = section(name, process.execPath, words, env);
  const ran = count(file);
  if (ok && ran === 0) process.stderr.write(`${name}: not a single test ran\n`);
  if (!ok || ran === 0) finish(1);
}

function sample() {
  const seed = Number(process.env.FLEET_SEED ?? Math.floor(Math.random() * 1e6));
  const left = leftOut(root, seed);
  vitest(`tests on hosts, a sample drawn with seed ${seed}: FLEET_SEED=${seed} draws the same`, 'hosts', {
    options: left.map((file) => `--exclude=${file}`),
    env: { FLEET_DRAW: String(seed) },
  });
  say(
    `left out by seed ${seed}: every story's other hosts, ${left.length} files (npm run test:all plays everything)\n  ${left.join('\n  ')}`,
  );
}

mkdirSync(`${root}.cache`, { recursive: true });
rmSync(summaryFile, { force: true });
const noHosts = args.includes('--no-hosts');
node('set-up', 'scripts/engine.mjs', ...args);
node('build', 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json');
node('bundle', 'scripts/bundle.mjs');
node('types', 'node_modules/typescript/bin/tsc', '-p', 'tsconfig.json');
node('lint', 'node_modules/@biomejs/biome/bin/biome', 'check');
node('dead code', 'node_modules/knip/bin/knip.js');
node('dead code of the command', 'node_modules/knip/bin/knip.js', '--production');
node('package', 'scripts/package.mjs', '--quick');
vitest('fast tests', 'fast');
if (noHosts) {
  say('\n== tests on hosts: skipped, as asked with --no-hosts');
} else if (args.includes('--all')) {
  vitest('tests on hosts, all of them', 'hosts');
} else {
  sample();
}
finish(0);
