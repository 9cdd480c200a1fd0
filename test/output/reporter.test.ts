import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Writable } from 'node:stream';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { createReporter } from '../../src/output/reporter.ts';
import { jsonLines } from '../json-lines.ts';
import { deployScript, HOSTS, Script, START } from './events.ts';
import { onTerminal, play } from './run.ts';
import { Kept } from './terminal.ts';

const size = () => ({ columns: 80, rows: 24 });
const common = {
  verbose: false,
  quiet: false,
  reads: false,
  isTTY: false,
  env: {},
  hosts: HOSTS,
  clock: () => START,
  size,
} as const;

describe('which renderer is chosen', () => {
  const live = async (options: object) => {
    const { terminal, reporter } = await onTerminal(80, 24, options);
    const drawn = terminal.bytes > 0;
    reporter.abandon();
    return drawn;
  };

  test('the live view on a terminal, and only there', async () => {
    expect(await live({})).toBe(true);
    expect(await live({ isTTY: false })).toBe(false);
    expect(await live({ mode: 'plain' })).toBe(false);
    expect(await live({ verbose: true })).toBe(false);
    expect(await live({ quiet: true })).toBe(false);
    expect(await live({ env: { TERM: 'dumb' } })).toBe(false);
  });

  test('listr2 is loaded for the live view and not for --json or plain lines', async () => {
    let loaded = 0;
    vi.resetModules();
    vi.doMock('listr2', async (original) => {
      loaded += 1;
      return await original();
    });
    const { createReporter: fresh } = await import('../../src/output/reporter.ts');
    const [stdout, stderr] = [new Kept(), new Kept()];
    for (const mode of ['json', 'plain'] as const) await fresh({ ...common, mode, isTTY: true, stdout, stderr });
    expect(loaded).toBe(0);
    (await fresh({ ...common, mode: 'auto', isTTY: true, stdout, stderr })).abandon();
    expect(loaded).toBe(1);
    vi.doUnmock('listr2');
  });

  test('nobody listens for signals', async () => {
    const before = ['SIGINT', 'SIGTERM', 'exit'].map((name) => process.listenerCount(name));
    const { reporter } = await onTerminal(80, 24);
    expect(['SIGINT', 'SIGTERM', 'exit'].map((name) => process.listenerCount(name))).toEqual(before);
    reporter.abandon();
  });
});

describe('--json', () => {
  test('every line is an object with its version, and the last one is the summary of the contract', async () => {
    const script = new Script();
    script.end('jarvis-main', { end: 'deployed', generation: 2 as never }, 1234);
    const { stdout } = await play(script, 'deploy', 0, { mode: 'json' });
    const lines = jsonLines(stdout);
    expect(lines.map((line) => line.v)).toEqual([1, 1]);
    const host = {
      host: 'jarvis-main',
      app: 'jarvis',
      outcome: 'deployed',
      generation: 2,
      durationMs: 1234,
      failure: null,
    };
    expect(lines.at(-1)).toEqual({ type: 'summary', command: 'deploy', exitCode: 0, hosts: [host], v: 1 });
  });

  test('with --quiet it is the summary alone', async () => {
    const { stdout } = await play(deployScript(), 'deploy', 1, { mode: 'json', quiet: true });
    expect(jsonLines(stdout).map(({ type }) => type)).toEqual(['summary']);
  });

  test('a host with nothing to change is unchanged, one with pending changes says so', async () => {
    const script = new Script();
    script.end('a', { end: 'planned', pending: true, generation: 2 as never }, 1);
    script.end('b', { end: 'planned', pending: false, generation: 2 as never }, 1);
    const { stdout } = await play(script, 'plan', 0, { mode: 'json' });
    const { hosts } = jsonLines(stdout).at(-1);
    expect(hosts).toMatchObject([
      { outcome: 'planned', pending: true },
      { outcome: 'unchanged', pending: false },
    ]);
  });

  test('an event that cannot be written is named on standard error, and the others are written', async () => {
    const [stdout, stderr] = [new Kept(), new Kept()];
    const reporter = await createReporter({ ...common, mode: 'json', stdout, stderr });
    const [first, ...rest] = deployScript().events;
    reporter.on({ ...first, at: 1n as never } as never);
    for (const event of rest) reporter.on(event);
    await reporter.close(deployScript().summary('deploy', 1));
    expect(stderr.text).toContain('the display failed');
    expect(stdout.text.trimEnd().split('\n')).toHaveLength(rest.length + 1);
  });
});

test('many runs on one stream leave one listener each for its errors and its end', async () => {
  const [stdout, stderr] = [new Kept(), new Kept()];
  for (let i = 0; i < 20; i += 1) await createReporter({ ...common, mode: 'plain', stdout, stderr });
  expect([stdout.listenerCount('error'), stderr.listenerCount('close')]).toEqual([1, 1]);
});

describe('a reader that goes away', () => {
  afterEach(() => vi.useRealTimers());

  /** Takes some bytes and then fails as a closed pipe does. */
  class ClosedPipe extends Writable {
    taken = 0;
    override _write(chunk: Buffer, _encoding: string, done: (error?: Error) => void): void {
      this.taken += chunk.length;
      done(this.taken > 100 ? Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }) : undefined);
    }
  }

  test.each(['json', 'plain', 'auto'] as const)('does not stop a run that is told by %s', async (mode) => {
    const [stdout, stderr] = [new ClosedPipe(), new Kept()];
    const reporter = await createReporter({ ...common, mode, isTTY: mode === 'auto', stdout, stderr });
    for (const event of deployScript().events) {
      reporter.on(event);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await reporter.close(deployScript().summary('deploy', 1));
    expect(stdout.taken).toBeGreaterThan(100);
    expect(stdout.taken).toBeLessThan(4000);
  });

  test('is a real `head -n 1` that has seen enough', async () => {
    const head = spawn('head', ['-n', '1'], { stdio: ['pipe', 'pipe', 'ignore'] });
    const [seen, stderr] = [head.stdout.toArray(), new Kept()];
    const reporter = await createReporter({ ...common, mode: 'plain', stdout: head.stdin, stderr });
    const [first, ...rest] = deployScript().events;
    if (first !== undefined) reporter.on(first);
    await once(head, 'close');
    for (let i = 0; i < 100; i += 1) for (const event of rest) reporter.on(event);
    await reporter.close(deployScript().summary('deploy', 1));
    expect(Buffer.concat(await seen).toString()).toBe('web-1 | connecting\n');
    expect(stderr.text).toBe('');
  });
});
