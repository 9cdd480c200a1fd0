// What the live view costs: 50 hosts, 20 at a time, 5 steps each, 25 lines of output per host, 4.6 s of pretended work.
// Usage: npm run build, then node scripts/bench-output.mjs [--show] [--hosts N] [--seconds S] [--dist DIR]
// --show draws on this terminal; without it the view draws 80x24 into a stream that only counts. Fails above 5 % CPU.

import { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

const { values } = parseArgs({
  options: {
    show: { type: 'boolean', default: false },
    hosts: { type: 'string', default: '50' },
    seconds: { type: 'string', default: '4.6' },
    dist: { type: 'string', default: new URL('../dist', import.meta.url).pathname },
  },
});
const { createReporter } = await import(`${values.dist}/output/reporter.js`);

const AT_ONCE = 20;
const STEPS = ['python3 and logrotate', 'sync of ../app', 'pip install -r requirements.txt', 'units', 'logrotate'];
const hosts = Array.from({ length: Number(values.hosts) }, (_, i) => ({ host: `host-${i + 1}`, app: 'jarvis' }));
const perStep = (Number(values.seconds) * 1000) / Math.ceil(hosts.length / AT_ONCE) / STEPS.length;

const drawn = { writes: 0, bytes: 0 };
const counting = new Writable({
  write(chunk, _encoding, done) {
    drawn.writes += 1;
    drawn.bytes += chunk.length;
    done();
  },
});

const nothing = { on() {}, async close() {} };
const idle = await measure(nothing);
const reporter = await createReporter({
  mode: 'auto',
  verbose: false,
  quiet: false,
  stdout: values.show ? process.stdout : counting,
  stderr: process.stderr,
  isTTY: true,
  size: () =>
    values.show ? { columns: process.stdout.columns, rows: process.stdout.rows } : { columns: 80, rows: 24 },
  env: process.env,
  hosts,
  clock: Date.now,
});
process.on('exit', () => reporter.abandon());
const busy = await measure(reporter);
const cpu = busy.cpu - idle.cpu;
const share = (100 * cpu) / busy.wall;
process.stdout.write(
  `${JSON.stringify({
    hosts: hosts.length,
    wallMs: Math.round(busy.wall),
    viewCpuMs: Math.round(cpu),
    sharePercent: Number(share.toFixed(2)),
    ...drawn,
  })}\n`,
);
process.exitCode = share < 5 ? 0 : 1;

async function measure(target) {
  const queue = hosts.map((row, i) => ({ ...row, i }));
  const ends = [];
  const started = performance.now();
  const before = process.cpuUsage();
  const worker = async () => {
    for (let row = queue.shift(); row !== undefined; row = queue.shift()) ends[row.i] = await deploy(target, row);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await target.close({ command: 'deploy', exitCode: 1, hosts: ends });
  const used = process.cpuUsage(before);
  return { cpu: (used.user + used.system) / 1000, wall: performance.now() - started };
}

async function deploy(target, { host, app, i }) {
  const began = Date.now();
  const on = (event) => target.on({ at: Date.now(), host, app, ...event });
  const end = (outcome) => {
    const durationMs = Date.now() - began;
    on({ type: 'ended', outcome, durationMs });
    return { host, app, outcome, durationMs };
  };
  on({ type: 'phase', phase: 'connect' });
  if (i % 17 === 5) return end({ end: 'untouched', failure: { kind: 'unreachable', detail: 'connection refused' } });
  for (const [n, title] of STEPS.entries()) {
    on({ type: 'step', id: `s${n}`, title, state: 'started' });
    for (let line = 0; line < 5; line += 1) {
      await sleep(perStep / 5);
      if (n === 1) on({ type: 'progress', id: 's1', percent: line * 25, rate: '3.1MB/s' });
      on({ type: 'output', id: `s${n}`, stream: 'stdout', line: `Collecting package-${n}-${line} from the index` });
    }
    if (i % 13 === 7 && n === 2) return end(stepFailed(title));
    on({ type: 'step', id: `s${n}`, title, state: 'done' });
  }
  return end({ end: 'deployed', generation: 5 });
}

function stepFailed(step) {
  const exit = { code: 1, stdout: '', stderr: 'ERROR: No matching distribution found for flask==99' };
  return { end: 'reverted', generation: 4, failure: { kind: 'step-failed', step, exit } };
}
