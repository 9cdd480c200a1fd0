import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildCommand } from '../cli/built.ts';
import { type Bench, openBench, STORY } from '../runs/bench.ts';
import { type Job, playAction } from './runner.ts';

// The action for users, as a runner plays it, with the real command against the embedded host.

const ACTION = join(import.meta.dirname, '../../.github/actions/deploy');
let command: Awaited<ReturnType<typeof buildCommand>>;
beforeAll(async () => {
  command = await buildCommand();
}, 60_000);
afterAll(() => command[Symbol.asyncDispose]());

/** A project whose hosts are known and logged in at by what the action is given alone. */
async function projectWithAction() {
  const bench = await openBench('it');
  const inventory = join(bench.folder, 'inventory/hosts.yaml');
  const { hosts } = JSON.parse(readFileSync(inventory, 'utf8'));
  const { hostKey, identityFile, ...login } = hosts.it;
  writeFileSync(inventory, JSON.stringify({ hosts: { it: login } }));
  const bin = join(bench.folder, 'node_modules/.bin');
  mkdirSync(bin, { recursive: true });
  const started = join(bench.folder, 'started.txt');
  const script = `#!/bin/sh\nenv >>${started}\necho "$@" >>${started}\nexec ${process.execPath} ${command.file} "$@"\n`;
  writeFileSync(join(bin, 'fleet'), script, { mode: 0o755 });
  const given = {
    project: bench.folder,
    key: readFileSync(identityFile, 'utf8').trimEnd(),
    'known-hosts': `[${login.address}]:${login.port} ${hostKey}`,
  };
  return { bench, given, started: () => readFileSync(started, 'utf8') };
}

const end = ({ ok, ran, outputs, left }: Job) => ({ ok, ran, left, pending: outputs['plan.outputs.pending'] });
const current = async (bench: Bench<'it'>) => (await bench.hosts.it.standing())[1];

it('plans into the summary and deploys what has changed, and leaves no key behind', STORY, async () => {
  const { bench, given, started } = await projectWithAction();
  await using _ = bench;
  const only = await playAction(ACTION, bench.folder, { ...given, 'plan-only': 'true' });
  expect(end(only)).toEqual({ ok: true, ran: ['prepare', 'plan', 'report'], left: [], pending: 'true' });
  expect(only.summary).toMatch(/^### Plan\n\n<pre>\n[\s\S]*\+ unit app\.service[\s\S]*<\/pre>/);
  expect(await current(bench)).toBeNull();

  const deployed = await playAction(ACTION, bench.folder, given);
  expect(end(deployed)).toEqual({ ok: true, ran: ['prepare', 'plan', 'deploy', 'report'], left: [], pending: 'true' });
  expect(deployed.summary).toContain('deploy: 1 deployed');
  expect(await current(bench)).toBe('one');

  const again = await playAction(ACTION, bench.folder, given);
  expect(end(again)).toEqual({ ok: true, ran: ['prepare', 'plan', 'report'], left: [], pending: 'false' });

  // The key is in nobody's words and surroundings, nor in what is shown; that it was used shows in that they logged in.
  const secret = given.key.split('\n')[1] ?? '';
  expect(secret.length).toBeGreaterThan(20);
  for (const text of [started(), deployed.log, deployed.summary]) expect(text).not.toContain(secret);
  expect(started()).toContain('--identity');
});

it('a job that is cancelled ends with the version before, by itself', STORY, async () => {
  const { bench, given } = await projectWithAction();
  await using _ = bench;
  expect((await playAction(ACTION, bench.folder, given)).ok).toBe(true);
  bench.write('app/VERSION', 'two\n');
  bench.playbook({ deploy: { settle: '30s', deadline: '5m' } });
  const cancelled = await playAction(ACTION, bench.folder, given, {
    cancelWhen: () => bench.hosts.it.read('data/serving')?.startsWith('two') === true,
  });
  expect(end(cancelled)).toMatchObject({ ok: false, left: [], pending: 'true' });
  expect(cancelled.ran.at(-1)).toBe('report');
  expect(cancelled.summary).toContain('reverted');
  expect(await current(bench)).toBe('one');
});

it(
  'a plan that fails deploys nothing; what stands in the input is no code, and what hosts say is no command',
  STORY,
  async () => {
    const { bench, given } = await projectWithAction();
    await using _ = bench;
    const hostile = '--host $(touch$IFS./made) ;touch made; `touch made`';
    const failed = await playAction(ACTION, bench.folder, { ...given, select: hostile });
    expect(end(failed)).toEqual({ ok: false, ran: ['prepare', 'plan', 'report'], left: [], pending: undefined });
    expect(bench.hosts.it.read('made')).toBeNull();
    expect(() => readFileSync(join(bench.folder, 'made'))).toThrow('ENOENT');
    expect(failed.log).toMatch(/^::stop-commands::[\w-]{36}\n/m);

    const unknown = await playAction(ACTION, bench.folder, { ...given, 'known-hosts': '', select: '--all' });
    expect(end(unknown)).toMatchObject({ ok: false, ran: ['prepare', 'plan', 'report'], left: [] });
  },
);
